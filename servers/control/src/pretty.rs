//! JSON laid out for people who ask by hand: what fits on a line stays on it, everything else has a line for each part.

use std::fmt::{self, Write as _};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The most characters of a line that has several values.
const WIDTH: usize = 160;

/// What is deeper stays on one line.
const DEEPEST: usize = 32;

/// A longer text, in bytes, is for programs: it stays as it is.
const LARGEST: usize = 256 * 1024;

/// The parts of an object with their keys, or of a list without; each as it is written.
enum Parts<'a> {
    Object(Vec<(String, &'a RawValue)>),
    List(Vec<&'a RawValue>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Parts<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = map.next_entry()? {
                    parts.push(part);
                }
                Ok(Parts::Object(parts))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = list.next_element()? {
                    parts.push(part);
                }
                Ok(Parts::List(parts))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// The same JSON, laid out, with a line's end; numbers and texts stay as they are written.
pub(crate) fn pretty(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 1);
    match json.len() {
        ..=LARGEST => lay(&mut text, json, 0, 0),
        _ => text.push_str(json),
    }
    text.push('\n');
    text
}

/// Writes a value at this depth; `before` characters stand in front of it on its line.
fn lay(text: &mut String, json: &str, depth: usize, before: usize) {
    let fits = 2 * depth + before + json.chars().take(WIDTH + 1).count() <= WIDTH;
    let is_whole = fits || depth == DEEPEST;
    let parts = if is_whole { None } else { serde_json::from_str::<Parts<'_>>(json).ok() };
    match parts {
        Some(Parts::Object(parts)) if !parts.is_empty() => {
            let named = parts.into_iter().map(|(key, value)| (format!("{}: ", serde_json::Value::String(key)), value));
            all(text, ['{', '}'], named, depth);
        }
        Some(Parts::List(parts)) if !parts.is_empty() => {
            all(text, ['[', ']'], parts.into_iter().map(|value| (String::new(), value)), depth);
        }
        _ => text.push_str(json),
    }
}

fn all<'a>(
    text: &mut String,
    [open, close]: [char; 2],
    parts: impl Iterator<Item = (String, &'a RawValue)>,
    depth: usize,
) {
    text.push(open);
    for (number, (name, value)) in parts.enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(text, "{comma}\n{:1$}{name}", "", 2 * (depth + 1));
        lay(text, value.get(), depth + 1, name.chars().count());
    }
    let _ = write!(text, "\n{:1$}{close}", "", 2 * depth);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_its_line() {
        assert_eq!(pretty(r#"{"passed":true}"#), "{\"passed\":true}\n");
        assert_eq!(pretty(""), "\n");
        let long = "я".repeat(150);
        let json = format!(r#"{{"b":1.50,"a":["{long}",{{"x":{{}},"y":[]}},"{long}"],"\"":null,"b":1e400}}"#);
        let laid = pretty(&json);
        let lines = [
            "{",
            "  \"b\": 1.50,",
            "  \"a\": [",
            &format!("    \"{long}\","),
            "    {\"x\":{},\"y\":[]},",
            &format!("    \"{long}\""),
            "  ],",
            "  \"\\\"\": null,",
            "  \"b\": 1e400",
            "}",
            "",
        ];
        assert_eq!(laid, lines.join("\n"), "numbers, order and doubled keys are as they were");
    }

    #[test]
    fn what_is_deep_large_or_no_json_stays_as_it_is() {
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        let laid = pretty(&deep);
        assert_eq!(laid.lines().count(), 2 * DEEPEST + 1);
        assert_eq!(laid.split_whitespace().collect::<String>(), deep);
        let large = format!("[{}0]", "0,".repeat(LARGEST / 2));
        assert_eq!(pretty(&large), format!("{large}\n"));
        let broken = "{".repeat(WIDTH + 1);
        assert_eq!(pretty(&broken), format!("{broken}\n"));
    }
}
