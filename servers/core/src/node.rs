//! A document as a tree whose every value and key knows where it stands, read from YAML or JSON.

use std::fmt;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;
use serde_saphyr::Spanned;

use crate::node_de::NodeDeserializer;
use crate::node_json::{self, Fail};
use crate::problem::{Path, Position, Problem, Step};
use crate::yaml_errors;

/// A value of a document and where it stands.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub position: Position,
}

/// What a [`Node`] can be: what JSON can say.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number or a fraction.
    Number(Number),
    /// A string.
    Text(String),
    /// Items in order.
    List(Vec<Node>),
    /// Keys in the order written.
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub position: Position,
    /// What stands under it.
    pub value: Node,
}

/// How deep YAML may nest.
const DEPTH: usize = 32;

/// The most YAML that is read by the YAML parser, and the longest of its lines, in bytes.
const MOST_YAML: usize = 64 * 1024 * 1024;
const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// Plain JSON written as YAML, a block a level.
///
/// # Errors
/// What the writer says; it takes all that JSON can say.
pub fn to_yaml(json: &serde_json::Value) -> Result<String, Problem> {
    serde_saphyr::to_string(json).map_err(|error| Problem::invalid(error.to_string()))
}

impl Node {
    /// Reads YAML, or JSON, which is YAML too.
    ///
    /// # Errors
    /// What the parser says of the text, with its place.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if node_json::looks_like_json(text) {
            match node_json::parse(text) {
                Ok(node) => return Ok(node),
                Err(Fail::Problem(problem)) => return Err(problem),
                // `{a: 1}` is YAML.
                Err(Fail::Syntax) => {}
            }
        } else if let Some(parsed) = node_json::parse_lines(text) {
            return parsed;
        }
        Self::parse_yaml(text)
    }

    /// Reads YAML with the YAML parser, JSON too.
    pub(crate) fn parse_yaml(text: &str) -> Result<Self, Problem> {
        // The parser takes some ten times the memory of its text, and most for one long scalar.
        let longest = text.lines().map(str::len).max().unwrap_or(0);
        if text.len() > MOST_YAML || longest > LONGEST_LINE {
            return Err(Problem::new(
                "malformed",
                format!("YAML of {} MiB in lines of up to {} MiB", text.len() >> 20, longest >> 20),
            )
            .hint(
                "write it as JSON, or as `--save` writes it: at most 64 MiB of other YAML are read, in lines of 4 MiB",
            ));
        }
        // Without aliases a text has no more nodes than bytes; what aliases repeat has limits of its own.
        let most = text.len() + 16;
        // A level takes tens of kilobytes of stack without optimisation, and worker threads have 2 MiB.
        let options = serde_saphyr::options! {
            with_snippet: false,
            // As YAML 1.2 has it: only `true` and `false`, so that `prefix: N` is a text and `on` a key like any other.
            strict_booleans: true,
            budget: serde_saphyr::budget! {
                max_depth: DEPTH, max_nodes: most, max_events: 4 * most, max_total_scalar_bytes: most,
            },
        };
        let node: Self = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let error = error.without_snippet();
            let mut problem = yaml_errors::translate(&error.to_string(), DEPTH);
            problem.position = error.location().map(|location| anchored(position(&location), text));
            problem
        })?;
        node.check_depth(DEPTH)?;
        Ok(node)
    }

    fn check_depth(&self, left: usize) -> Result<(), Problem> {
        if left == 0 {
            let mut problem = Problem::new("too_deep", format!("nested deeper than {DEPTH} levels"));
            problem.position = Some(self.position);
            return Err(problem);
        }
        match &self.value {
            Value::List(items) => items.iter().try_for_each(|item| item.check_depth(left - 1)),
            Value::Map(entries) => entries.iter().try_for_each(|entry| entry.value.check_depth(left - 1)),
            _ => Ok(()),
        }
    }

    /// As a typed value.
    ///
    /// # Errors
    /// What does not fit, with its path and place: unknown and missing keys, wrong types.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        T::deserialize(NodeDeserializer::new(self, false))
    }

    /// Whether it would read as `T` once every `${…}` in it is filled in: placeholders fit any scalar type.
    ///
    /// # Errors
    /// As [`Node::read`].
    pub fn check<T: DeserializeOwned>(&self) -> Result<(), Problem> {
        match T::deserialize(NodeDeserializer::new(self, true)) {
            Err(problem) if problem.code != crate::node_de::HOLE => Err(problem),
            _ => Ok(()),
        }
    }

    /// As plain JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => serde_json::Value::Bool(*value),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::Text(text) => serde_json::Value::String(text.clone()),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => serde_json::Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect(),
            ),
        }
    }

    /// From plain JSON: a tree that stands nowhere.
    pub fn from_json(json: &serde_json::Value) -> Self {
        let value = match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => Value::Bool(*value),
            serde_json::Value::Number(number) => Value::Number(number.clone()),
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(items) => Value::List(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(map) => {
                let entry = |(key, value): (&String, &_)| Entry {
                    key: key.clone(),
                    position: Position::default(),
                    value: Self::from_json(value),
                };
                Value::Map(map.iter().map(entry).collect())
            }
        };
        Self { value, position: Position::default() }
    }

    /// The entries of a map; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// A map with this entry added where it has none of that key; anything else as it is.
    #[must_use]
    pub fn with_default(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        let position = self.position;
        if let Value::Map(entries) = &mut self.value
            && !entries.iter().any(|entry| entry.key == key)
        {
            entries.push(Entry { key: key.to_owned(), position, value: Self::from_json(&value.into()) });
        }
        self
    }

    /// Adds an entry to a map; anything else stays as it is.
    pub(crate) fn push(&mut self, key: &str, value: Self) {
        if let Value::Map(entries) = &mut self.value {
            entries.push(Entry { key: key.to_owned(), position: value.position, value });
        }
    }

    /// Nothing as an empty map: an action without arguments; anything else as it is.
    #[must_use]
    pub fn or_empty_map(mut self) -> Self {
        if matches!(self.value, Value::Null) {
            self.value = Value::Map(Vec::new());
        }
        self
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for sentences: "a number", "a map".
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// Gives a problem the place that its path leads to, or the nearest place on the way.
    #[must_use]
    pub fn locate(&self, mut problem: Problem) -> Problem {
        if problem.position.is_none_or(|position| position.line == 0) {
            problem.position = Some(self.place_of(&problem.path, problem.at_key));
        }
        problem
    }

    fn place_of(&self, path: &Path, at_key: bool) -> Position {
        let mut node = self;
        let mut position = self.position;
        for (i, step) in path.0.iter().enumerate() {
            let last = i + 1 == path.0.len();
            match (step, &node.value) {
                (Step::Key(key), Value::Map(entries)) => match entries.iter().find(|entry| entry.key == *key) {
                    Some(entry) => {
                        position = if last && at_key { entry.position } else { entry.value.position };
                        node = &entry.value;
                    }
                    None => return position,
                },
                (Step::Index(index), Value::List(items)) => match items.get(*index) {
                    Some(item) => {
                        position = item.position;
                        node = item;
                    }
                    None => return position,
                },
                _ => return position,
            }
        }
        position
    }
}

/// The parser reports line and column of a mistake, no byte offset.
fn anchored(mut position: Position, text: &str) -> Position {
    if position.start == 0 && position.line > 0 {
        let before: usize = text.split_inclusive('\n').take(position.line as usize - 1).map(str::len).sum();
        let line = text.get(before..).unwrap_or("");
        let column: usize = line.chars().take(position.column as usize - 1).map(char::len_utf8).sum();
        position.start = u32::try_from(before + column).unwrap_or(u32::MAX);
        position.len = 1;
    }
    position
}

fn position(location: &serde_saphyr::Location) -> Position {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Position {
        line: narrow(location.line()),
        column: narrow(location.column()),
        start: narrow(location.span().byte_offset().unwrap_or(0)),
        len: narrow(location.span().byte_len().unwrap_or(0)),
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(number) => number.serialize(serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Map(entries) => serializer.collect_map(entries.iter().map(|entry| (&entry.key, &entry.value))),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { value: spanned.value, position: position(&spanned.referenced) })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Value, E> {
        Number::from_i128(number).map(Value::Number).ok_or_else(|| E::custom(format!("{number} is too large a number")))
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Value, E> {
        Number::from_u128(number).map(Value::Number).ok_or_else(|| E::custom(format!("{number} is too large a number")))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| E::custom(format!("{number} is no number that JSON can say")))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            entries.push(Entry { position: position(&key.referenced), key: key.value, value: map.next_value()? });
        }
        Ok(Value::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Table {
        id: i64,
        name: String,
        #[serde(default)]
        guests: Vec<u8>,
    }

    fn place(text: &str) -> (u32, u32, Problem) {
        let problem = Node::parse(text).and_then(|node| node.read::<Table>()).expect_err("it is wrong");
        let position = problem.position.expect("it stands somewhere");
        (position.line, position.column, problem)
    }

    #[test]
    fn reads_yaml_and_json() {
        let yaml = Node::parse("id: 1\nname: \"6\"\nguests: [1, 2]\n").expect("good");
        let json = Node::parse(r#"{"id": 1, "name": "6", "guests": [1, 2]}"#).expect("good");
        assert_eq!(yaml.to_json(), json.to_json());
        assert_eq!(yaml.read::<Table>().expect("fits").guests, [1, 2]);
        assert_eq!(Node::from_json(&yaml.to_json()).to_json(), yaml.to_json());
    }

    #[test]
    fn only_true_and_false_are_booleans() {
        let words = ["N", "Y", "n", "y", "yes", "no", "on", "off", "Yes", "NO", "On", "OFF"];
        for word in words {
            let node = Node::parse(&format!("{{{word}: {word}}}")).expect("good");
            assert_eq!(node.to_json(), serde_json::json!({ word: word }));
        }
        assert_eq!(Node::parse("[true, False, TRUE]").expect("good").to_json(), serde_json::json!([true, false, true]));
        let written = to_yaml(&serde_json::json!({ "y": words })).expect("written");
        assert_eq!(Node::parse(&written).expect("good").to_json(), serde_json::json!({ "y": words }));
    }

    #[test]
    fn says_where_an_unknown_key_stands_and_what_was_meant() {
        let (line, column, problem) = place("id: 1\nnaem: \"6\"\n");
        assert_eq!((line, column), (2, 1));
        assert_eq!(problem.to_string(), "naem: unknown key `naem` (did you mean `name`?)");
    }

    #[test]
    fn says_where_a_wrong_type_stands() {
        let (line, column, problem) = place("id: 1\nname: x\nguests:\n  - 1\n  - many\n");
        assert_eq!((line, column), (5, 5));
        assert_eq!(problem.to_string(), "guests[1]: expected a whole number from 0 to 255, found the string `many`");
        let (_, column, problem) = place("{id: 1, name: 6}");
        assert_eq!(column, 15);
        assert_eq!(problem.to_string(), "name: expected a string, found the number 6 (put it in quotes: \"6\")");
    }

    #[test]
    fn says_what_is_missing() {
        let (_, _, problem) = place("id: 1\n");
        assert_eq!(problem.to_string(), "missing key `name`");
    }

    #[test]
    fn broken_text_and_deep_nesting_are_problems_with_a_place() {
        let problem = Node::parse("a: [1, 2\nb: 3\n").expect_err("broken");
        assert!(problem.position.is_some_and(|position| position.line > 0), "{problem:?}");
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(Node::parse(&deep).is_err());
        assert!(Node::parse("a: 1\na: 2\n").is_err(), "a key given twice is a mistake");
    }

    #[test]
    fn a_huge_scalar_is_refused_before_it_costs() {
        let text = format!("a: {}\n", "x".repeat(5 << 20));
        let problem = Node::parse(&text).expect_err("too long");
        assert!(problem.message.contains("lines of up to 5 MiB") && problem.hint.is_some(), "{problem}");
        assert!(Node::parse(&format!("{{\"a\": \"{}\"}}", "x".repeat(5 << 20))).is_ok(), "as JSON it costs little");
    }

    #[test]
    fn placeholders_fit_any_scalar_when_checked_only() {
        let node = Node::parse("id: \"${table}\"\nname: \"${name}\"\n").expect("good");
        assert!(node.check::<Table>().is_ok());
        assert!(node.read::<Table>().is_err());
        let wrong = Node::parse("idd: \"${table}\"\nname: x\n").expect("good");
        assert!(wrong.check::<Table>().is_err());
    }
}
