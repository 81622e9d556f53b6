//! How saved worlds are written: JSON with one row a line, streamed, so that a million rows need no tree in memory.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

/// Levels that are broken into lines: the document, a section, a table. A row of a table stands on one line.
const BROKEN: usize = 3;

/// Writes one value of a document as JSON. `level` is the number of levels that the value lies under.
///
/// # Errors
/// What the writer says.
pub(crate) fn write(writer: &mut dyn Write, value: &dyn erased_serde::Serialize, level: usize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(writer, Rows { level, empty: true });
    value.serialize(&mut serializer).map_err(io::Error::from)
}

/// Breaks lines down to the rows of tables.
struct Rows {
    level: usize,
    empty: bool,
}

impl Rows {
    fn open<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.level += 1;
        self.empty = true;
        writer.write_all(bracket)
    }

    fn item<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        if self.level > BROKEN {
            return writer.write_all(if first { b"" } else { b", " });
        }
        writer.write_all(if first { b"\n" } else { b",\n" })?;
        self.indent(writer)
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        let broken = !self.empty && self.level <= BROKEN;
        self.level -= 1;
        if broken {
            writer.write_all(b"\n")?;
            self.indent(writer)?;
        }
        self.empty = false;
        writer.write_all(bracket)
    }

    fn indent<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        (0..self.level).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Rows {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.item(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::node::Node;

    fn json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "\\PC{0,12}",
            "[\\x00-\\x7f]{0,12}",
            "[-?:,\\[\\]{}#&*!|>'\"%@`~ ]{1,6}",
            "(yes|no|null|~|<<|1e3|0x1)"
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e12..1e12).prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 60, 6, move |inner| {
            let entries = proptest::collection::vec((text.clone(), inner.clone()), 0..6);
            prop_oneof![
                proptest::collection::vec(inner, 0..6).prop_map(Value::from),
                entries.prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_saved_loads(sections in proptest::collection::btree_map("[a-z_]{1,8}", json(), 1..5)) {
            let whole: Value = sections.clone().into_iter().collect::<serde_json::Map<_, _>>().into();
            let mut text = Vec::new();
            write(&mut text, &whole, 0).expect("a vector takes all");
            let text = String::from_utf8(text).expect("UTF-8");
            prop_assert_eq!(&Node::parse(&text).expect("JSON").to_json(), &whole);

            let mut lines = Vec::new();
            for (key, value) in &sections {
                lines.extend(format!("{key}: ").into_bytes());
                write(&mut lines, value, 1).expect("a vector takes all");
                lines.push(b'\n');
            }
            let lines = String::from_utf8(lines).expect("UTF-8");
            prop_assert_eq!(&Node::parse(&lines).expect("lines").to_json(), &whole);
            prop_assert!(crate::node_json::split(&lines).is_some_and(|parts| parts.len() == sections.len()));
        }
    }

    #[test]
    fn what_is_saved_as_yaml_is_yaml() {
        let row = serde_json::json!({"name": "Чай: \"a\" # & * \u{85}", "n": [1, -2.5, null, true], "none": {}});
        let value = serde_json::json!({"rows": [row, row], "y": "no", "long": "x".repeat(5_000)});
        let mut text = b"a: ".to_vec();
        write(&mut text, &value, 1).expect("a vector takes all");
        text.push(b'\n');
        let text = String::from_utf8(text).expect("UTF-8");
        assert_eq!(Node::parse_yaml(&text).expect("YAML").to_json(), serde_json::json!({ "a": value }));
    }

    #[test]
    fn a_row_stands_on_one_line() {
        let value = serde_json::json!({"a": {"rows": [{"x": [1, 2], "y": {}}, {"x": []}], "none": []}, "b": {}});
        let mut text = Vec::new();
        write(&mut text, &value, 0).expect("a vector takes all");
        let expected = r#"{
  "a": {
    "rows": [
      {"x": [1, 2], "y": {}},
      {"x": []}
    ],
    "none": []
  },
  "b": {}
}"#;
        assert_eq!(String::from_utf8_lossy(&text), expected);
        assert_eq!(serde_json::from_slice::<Value>(&text).expect("JSON"), value);
    }
}
