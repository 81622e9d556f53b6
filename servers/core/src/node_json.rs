//! Reads JSON into a [`Node`], with positions, without the YAML parser: in one pass, whatever the keys are.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use crate::json::Key;
use crate::node::{Entry, Node, Value};
use crate::problem::{Position, Problem};

/// How many levels JSON may nest; `serde_json`, which reads the requests that worlds keep, has the same limit.
pub(crate) const DEPTH: usize = 127;

/// Why a text does not read as JSON.
#[derive(Debug)]
pub(crate) enum Fail {
    /// It is no JSON; it may be YAML.
    Syntax,
    /// It is JSON that is not accepted.
    Problem(Problem),
}

/// Whether a text looks like a JSON object or list, not like block YAML.
pub(crate) fn looks_like_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

/// Reads a whole JSON text.
pub(crate) fn parse(text: &str) -> Result<Node, Fail> {
    let mut reader = Reader { text, at: 0, place: Place::default() };
    let node = reader.value(DEPTH)?;
    reader.skip_space();
    if reader.at < text.len() { Err(Fail::Syntax) } else { Ok(node) }
}

/// Reads a document whose every top-level value is JSON, one key a line: YAML as we save it. `None` for any other text.
pub(crate) fn parse_lines(text: &str) -> Option<Result<Node, Problem>> {
    let parts = split_lines(text).filter(|parts| !parts.is_empty())?;
    let mut reader = Reader { text, at: 0, place: Place::default() };
    let mut entries = Vec::new();
    for (key, range) in parts {
        let line = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
        let mut position = reader.position(line);
        position.len = u32::try_from(key.len()).unwrap_or(u32::MAX);
        reader.at = range.start;
        match reader.value(DEPTH) {
            Ok(value) => entries.push(Entry { key, position, value }),
            Err(Fail::Syntax) => return None,
            Err(Fail::Problem(problem)) => return Some(Err(problem)),
        }
    }
    let position = Position { line: 1, column: 1, start: 0, len: 1 };
    Some(Ok(Node { value: Value::Map(entries), position }))
}

/// Reads the one JSON value that stands in `range` of a text; positions are those of the whole text.
pub(crate) fn parse_in(text: &str, range: &Range<usize>) -> Result<Node, Fail> {
    let text = text.get(..range.end).ok_or(Fail::Syntax)?;
    Reader { text, at: range.start, place: Place::default() }.value(DEPTH)
}

/// The message and the place that `serde_json` gives for a text that is no JSON.
pub(crate) fn complaint(text: &str) -> Problem {
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) else {
        return Problem::new("malformed", "not valid JSON");
    };
    let message = error.to_string();
    let what = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    let mut problem = Problem::new("malformed", format!("not valid JSON: {what}"));
    let (line, column) = (error.line(), error.column().max(1));
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let start = (before + column - 1).min(text.len());
    problem.position = Some(Position { line: narrow(line), column: narrow(column), start: narrow(start), len: 1 });
    problem
}

/// A line and a column, counted forward as positions are asked for.
#[derive(Debug, Default)]
struct Place {
    offset: usize,
    line: u32,
    column: u32,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    place: Place,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// The position of `start`, which never goes back.
    fn position(&mut self, start: usize) -> Position {
        let passed = self.text.get(self.place.offset..start).unwrap_or("");
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        if lines > 0 {
            self.place.line = self.place.line.saturating_add(narrow(lines));
            let last = passed.rfind('\n').map_or(0, |end| end + 1);
            self.place.column = narrow(passed[last..].chars().count());
        } else {
            self.place.column = self.place.column.saturating_add(narrow(passed.chars().count()));
        }
        self.place.offset = start;
        Position { line: self.place.line + 1, column: self.place.column + 1, start: narrow(start), len: 1 }
    }

    fn value(&mut self, left: usize) -> Result<Node, Fail> {
        self.skip_space();
        let start = self.at;
        let mut position = self.position(start);
        let value = match self.byte().ok_or(Fail::Syntax)? {
            opening @ (b'{' | b'[') => {
                if left == 0 {
                    let mut problem = Problem::new("too_deep", format!("nested deeper than {DEPTH} levels"));
                    problem.position = Some(position);
                    return Err(Fail::Problem(problem));
                }
                self.at += 1;
                let value = if opening == b'{' { self.map(left - 1)? } else { self.list(left - 1)? };
                return Ok(Node { value, position });
            }
            b'"' => Value::Text(self.string()?),
            _ => self.scalar()?,
        };
        position.len = u32::try_from(self.at - start).unwrap_or(u32::MAX);
        Ok(Node { value, position })
    }

    fn list(&mut self, left: usize) -> Result<Value, Fail> {
        let mut items = Vec::new();
        self.skip_space();
        if self.byte() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(left)?);
            if self.ends(b']')? {
                return Ok(Value::List(items));
            }
        }
    }

    fn map(&mut self, left: usize) -> Result<Value, Fail> {
        let mut entries: Vec<Entry> = Vec::new();
        self.skip_space();
        if self.byte() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(entries));
        }
        loop {
            self.skip_space();
            let start = self.at;
            if self.byte() != Some(b'"') {
                return Err(Fail::Syntax);
            }
            let mut position = self.position(start);
            let key = self.string()?;
            position.len = u32::try_from(self.at - start).unwrap_or(u32::MAX);
            self.skip_space();
            if self.byte() != Some(b':') {
                return Err(Fail::Syntax);
            }
            self.at += 1;
            entries.push(Entry { key, position, value: self.value(left)? });
            if self.ends(b'}')? {
                return check_keys(&entries).map(|()| Value::Map(entries));
            }
        }
    }

    /// After an item: whether the list or map ends here; a comma means that another item follows.
    fn ends(&mut self, closing: u8) -> Result<bool, Fail> {
        self.skip_space();
        let byte = self.byte().ok_or(Fail::Syntax)?;
        self.at += 1;
        if byte == closing {
            return Ok(true);
        }
        if byte == b',' { Ok(false) } else { Err(Fail::Syntax) }
    }

    fn string(&mut self) -> Result<String, Fail> {
        let start = self.at;
        let mut end = start + 1;
        loop {
            match self.text.as_bytes().get(end).ok_or(Fail::Syntax)? {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        self.at = end + 1;
        let token = self.text.get(start..self.at).ok_or(Fail::Syntax)?;
        serde_json::from_str(token).map_err(|_| Fail::Syntax)
    }

    fn scalar(&mut self) -> Result<Value, Fail> {
        let rest = &self.text[self.at..];
        let token = rest.split([',', ']', '}', ' ', '\t', '\n', '\r']).next().unwrap_or(rest);
        self.at += token.len();
        Ok(match token {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            number => Value::Number(exact(number).ok_or(Fail::Syntax)?),
        })
    }
}

/// A number in the grammar of JSON. `serde_json` alone may be off by the last digit of a long fraction.
fn exact(token: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(token).ok()?;
    if number.is_f64() { Number::from_f64(token.parse().ok()?) } else { Some(number) }
}

fn check_keys(entries: &[Entry]) -> Result<(), Fail> {
    const FEW: usize = 16;
    let twice = if entries.len() <= FEW {
        (1..entries.len()).find(|i| entries[..*i].iter().any(|before| before.key == entries[*i].key))
    } else {
        let mut seen = BTreeSet::new();
        entries.iter().position(|entry| !seen.insert(entry.key.as_str()))
    };
    let Some(twice) = twice.map(|i| &entries[i]) else { return Ok(()) };
    let mut problem = Problem::new("malformed", format!("the key `{}` is given twice", twice.key));
    problem.position = Some(twice.position);
    Err(Fail::Problem(problem))
}

/// A top-level key of a document, and where its JSON value stands.
pub(crate) type Part = (String, Range<usize>);

/// The top-level keys of a large document without reading their values: a JSON object, or the YAML that we write
/// ([`crate::saved`]), in which every top-level value is JSON. `None` for any other text.
pub(crate) fn split(text: &str) -> Option<Vec<Part>> {
    if text.trim_start().starts_with('{') { split_object(text) } else { split_lines(text) }
}

fn split_object(text: &str) -> Option<Vec<Part>> {
    struct Parts<'t>(Vec<(String, &'t RawValue)>);

    impl<'de> Deserialize<'de> for Parts<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(PartsVisitor)
        }
    }

    struct PartsVisitor;

    impl<'de> Visitor<'de> for PartsVisitor {
        type Value = Parts<'de>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
            let mut parts = Vec::new();
            while let Some(Key(key)) = map.next_key()? {
                parts.push((key.into_owned(), map.next_value()?));
            }
            Ok(Parts(parts))
        }
    }

    let Parts(parts) = serde_json::from_str(text).ok()?;
    let range = |raw: &RawValue| {
        let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        start..start + raw.get().len()
    };
    unique(parts.into_iter().map(|(key, raw)| (key, range(raw))).collect())
}

fn split_lines(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(line) = text.get(at..).and_then(|rest| rest.split_inclusive('\n').next()) {
        if line.trim().is_empty() || line.starts_with('#') {
            at += line.len();
            continue;
        }
        let (key, _) = line.split_once(": ")?;
        if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return None;
        }
        let start = at + key.len() + 2;
        let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<&RawValue>();
        let value = values.next()?.ok()?;
        let end = start + values.byte_offset();
        let rest = text[end..].split_inclusive('\n').next().unwrap_or("");
        if !rest.trim().is_empty() {
            return None;
        }
        parts.push((key.to_owned(), end - value.get().len()..end));
        at = end + rest.len();
    }
    unique(parts)
}

fn unique(parts: Vec<Part>) -> Option<Vec<Part>> {
    let keys: BTreeSet<&str> = parts.iter().map(|(key, _)| key.as_str()).collect();
    (keys.len() == parts.len()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_json_whatever_its_keys() {
        let text = r#"{"<<": {"a": 1}, "*x": "&y", "y": [true, null, -1.5e3, "\u0444\ud83d\ude00\/"], "": {}}"#;
        let node = parse(text).expect("JSON");
        assert_eq!(node.to_json(), serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
        assert_eq!(Node::parse(text).expect("JSON").to_json(), node.to_json());
    }

    #[test]
    fn positions_are_those_of_the_text() {
        let text = "{\n  \"ф\": 1, \"b\": [true,\n \"x\"]}";
        let node = parse(text).expect("JSON");
        let place = |position: Position| (position.line, position.column, &text[position.start as usize..][..1]);
        let entries = node.entries();
        assert_eq!(place(entries[1].position), (2, 11, "\""));
        assert_eq!(place(entries[1].value.position), (2, 16, "["));
        let Value::List(items) = &entries[1].value.value else { panic!("a list") };
        assert_eq!(place(items[1].position), (3, 2, "\""));
    }

    #[test]
    fn what_is_no_json_or_too_deep_or_given_twice_is_refused() {
        for text in ["{", "[1,]", "{\"a\" 1}", "{a: 1}", "[1] x", "\"", "[\"\\ud800\"]", "[01]", "nul", "[tru]", "\"\\"]
        {
            assert!(matches!(parse(text), Err(Fail::Syntax)), "{text}");
        }
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(&deep), Err(Fail::Problem(problem)) if problem.code == "too_deep"));
        let twice = r#"{"a": 1, "b": {"c": 1, "c": 2}}"#;
        assert!(matches!(parse(twice), Err(Fail::Problem(problem)) if problem.message.contains("`c` is given twice")));
    }

    #[test]
    fn the_parts_of_a_document_are_found_without_reading_it() {
        let json = r#" {"stend": 1, "a": {"x": [1, 2]}, "b": "}"} "#;
        let yaml = "# saved\nstend: 1\n\na: {\n    \"x\": [1, 2]\n  }\nb: \"}\"\n";
        for text in [json, yaml] {
            let parts = split(text).expect("parts");
            let keys: Vec<&str> = parts.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!(keys, ["stend", "a", "b"]);
            assert!(text[parts[1].1.clone()].starts_with('{') && text[parts[1].1.clone()].ends_with('}'));
            assert_eq!(&text[parts[2].1.clone()], "\"}\"");
        }
        for other in ["a: 1\na: 2\n", "a:\n  b: 1\n", "a: 1 # x\n", "a: yes\n", "- 1\n", r#"{"a": 1, "a": 2}"#] {
            assert!(split(other).is_none(), "{other}");
        }
    }
}
