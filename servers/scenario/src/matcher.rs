//! What a value is expected to be: itself, or a few matchers.

use regex_lite::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;
use stend_core::Problem;

/// The words that make a map a matcher and not a value.
pub(crate) const WORDS: [&str; 12] =
    ["equals", "matches", "exists", "gt", "ge", "lt", "le", "length", "contains", "one_of", "not", "type"];

/// What a value is expected to be.
#[derive(Debug, Clone)]
pub(crate) enum Matcher {
    Equals(Value),
    Matches(Regex),
    Exists(bool),
    Compare(&'static str, f64),
    Length(Box<Matcher>),
    Contains(Value),
    OneOf(Vec<Value>),
    Not(Box<Matcher>),
    Type(String),
    All(Vec<Matcher>),
}

impl Matcher {
    /// Reads a matcher: a map whose keys are all matcher words, or any other value, which is expected as it is.
    pub(crate) fn read(value: &Value) -> Result<Self, Problem> {
        let Value::Object(map) = value else { return Ok(Self::Equals(value.clone())) };
        if map.is_empty() || !map.keys().all(|key| WORDS.contains(&key.as_str())) {
            // One matcher word among others is a slip; a map with none is a value.
            if let Some(odd) = map.keys().find(|key| !WORDS.contains(&key.as_str()))
                && map.keys().any(|key| WORDS.contains(&key.as_str()) && key != "type" && key != "length")
            {
                return Err(Problem::unknown("unknown_key", "matcher", odd, WORDS)
                    .hint("to expect a map with such keys, write it under `equals`"));
            }
            return Ok(Self::Equals(value.clone()));
        }
        let mut all = map
            .iter()
            .map(|(word, value)| Self::word(word, value).map_err(|problem| problem.under(word.as_str())))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match all.len() {
            1 => all.remove(0),
            _ => Self::All(all),
        })
    }

    fn word(word: &str, value: &Value) -> Result<Self, Problem> {
        let wrong = |expected: &str| Problem::new("wrong_type", format!("`{word}` wants {expected}, found {value}"));
        Ok(match word {
            "equals" => Self::Equals(value.clone()),
            "matches" => {
                let pattern = value.as_str().ok_or_else(|| wrong("a regular expression"))?;
                Self::Matches(
                    Regex::new(pattern)
                        .map_err(|error| Problem::invalid(format!("`{pattern}` is no regular expression: {error}")))?,
                )
            }
            "exists" => Self::Exists(value.as_bool().ok_or_else(|| wrong("true or false"))?),
            "gt" | "ge" | "lt" | "le" => {
                let word = WORDS.into_iter().find(|known| *known == word).unwrap_or("gt");
                // A placeholder is a number by the time it counts.
                let number =
                    value.as_f64().or_else(|| value.as_str().is_some_and(|text| text.contains("${")).then_some(0.0));
                Self::Compare(word, number.ok_or_else(|| wrong("a number"))?)
            }
            "length" => Self::Length(Box::new(Self::read(value)?)),
            "contains" => Self::Contains(value.clone()),
            "one_of" => Self::OneOf(value.as_array().ok_or_else(|| wrong("a list"))?.clone()),
            "not" => Self::Not(Box::new(Self::read(value)?)),
            _ => {
                let name = value
                    .as_str()
                    .filter(|name| ["string", "number", "boolean", "null", "array", "object"].contains(name));
                Self::Type(name.ok_or_else(|| wrong("one of string, number, boolean, null, array, object"))?.to_owned())
            }
        })
    }

    /// Whether the value, or its absence, is what is expected; else a sentence that says what was.
    pub(crate) fn check(&self, value: Option<&Value>) -> Result<(), String> {
        let Some(value) = value else {
            return match self {
                Self::Exists(false) => Ok(()),
                Self::Not(inner) if inner.check(None).is_err() && !matches!(**inner, Self::Exists(_)) => Ok(()),
                Self::Not(inner) => match **inner {
                    Self::Exists(true) => Ok(()),
                    _ => Err("there is nothing".into()),
                },
                _ => Err(format!("expected {}, found nothing", self.describe())),
            };
        };
        let holds = match self {
            Self::Equals(expected) => same(expected, value),
            Self::Matches(pattern) => match value {
                Value::String(text) => pattern.is_match(text),
                Value::Null => false,
                other => pattern.is_match(&other.to_string()),
            },
            Self::Exists(wanted) => *wanted,
            Self::Compare(word, bound) => value.as_f64().is_some_and(|number| match *word {
                "gt" => number > *bound,
                "ge" => number >= *bound,
                "lt" => number < *bound,
                _ => number <= *bound,
            }),
            Self::Length(inner) => {
                let length = match value {
                    Value::Array(items) => items.len(),
                    Value::Object(map) => map.len(),
                    Value::String(text) => text.chars().count(),
                    _ => return Err(format!("expected something with a length, found {}", short(value))),
                };
                return inner.check(Some(&Value::from(length))).map_err(|why| format!("its length: {why}"));
            }
            Self::Contains(part) => contains(value, part),
            Self::OneOf(choices) => choices.iter().any(|choice| same(choice, value)),
            Self::Not(inner) => inner.check(Some(value)).is_err(),
            Self::Type(name) => type_of(value) == name,
            Self::All(all) => return all.iter().try_for_each(|matcher| matcher.check(Some(value))),
        };
        if holds { Ok(()) } else { Err(format!("expected {}, found {}", self.describe(), short(value))) }
    }

    /// What is expected, for a sentence.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Equals(value) => short(value),
            Self::Matches(pattern) => format!("a match of /{pattern}/"),
            Self::Exists(true) => "something".into(),
            Self::Exists(false) => "nothing".into(),
            Self::Compare(word, bound) => {
                let sign = match *word {
                    "gt" => "more than",
                    "ge" => "at least",
                    "lt" => "less than",
                    _ => "at most",
                };
                format!("{sign} {bound}")
            }
            Self::Length(inner) => format!("a length of {}", inner.describe()),
            Self::Contains(part) => format!("something that contains {}", short(part)),
            Self::OneOf(choices) => format!("one of {}", short(&Value::Array(choices.clone()))),
            Self::Not(inner) => format!("anything but {}", inner.describe()),
            Self::Type(name) => format!("type {name}"),
            Self::All(all) => all.iter().map(Self::describe).collect::<Vec<_>>().join(" and "),
        }
    }
}

/// Equality in which 1 and 1.0 are the same number, and the order of keys does not count.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(items), part) => {
            items.iter().any(|item| same(item, part) || part.is_object() && contains(item, part))
        }
        (Value::Object(map), Value::Object(part)) => {
            part.iter().all(|(key, part)| map.get(key).is_some_and(|value| same(value, part) || contains(value, part)))
        }
        _ => false,
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The most characters of a value in a sentence.
const LONG: usize = 200;

/// Whether a value is too long for a sentence.
pub(crate) fn is_long(value: &Value) -> bool {
    value.to_string().chars().count() > LONG
}

/// A value for a sentence: cut where it is long.
pub(crate) fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= LONG {
        return text;
    }
    let head: String = text.chars().take(LONG).collect();
    format!("{head}… ({} characters)", text.chars().count())
}

/// What a path finds: the value of a path to one place; a list for a path that can find many.
pub(crate) fn find(path: &JsonPath, text: &str, value: &Value) -> Option<Value> {
    let mut nodes = path.query(value).all();
    let can_find_many = text.contains(['*', '?', ':', ',']) || text.contains("..");
    match (can_find_many, nodes.len()) {
        (false, 0) => None,
        (false, _) => Some(nodes.remove(0).clone()),
        (true, _) => Some(nodes.into_iter().cloned().collect()),
    }
}

/// The longest JSONPath, in bytes.
const LONGEST: usize = 4096;
/// Brackets and parentheses in each other.
const LEVELS: usize = 32;
/// Filters in each other; the time to parse one doubles with each.
const FILTERS: usize = 4;
/// Steps to all descendants; each multiplies the time to search by the number of values.
const DESCENDANTS: usize = 3;

/// Whether the parser, and later the search, takes little time for this text, whatever it is.
fn is_bounded(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let (mut levels, mut filters, mut descendants) = (Vec::new(), 0, 0);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\'' | b'"' => {
                while let Some(inner) = bytes.next().filter(|inner| *inner != byte) {
                    if inner == b'\\' {
                        bytes.next();
                    }
                }
            }
            b'[' | b'(' => levels.push(false),
            // A filter, wherever it stands in its brackets.
            b'?' => {
                if let Some(filter @ false) = levels.last_mut() {
                    *filter = true;
                    filters += 1;
                }
            }
            b']' | b')' if levels.pop() == Some(true) => filters -= 1,
            b'.' if bytes.next_if_eq(&b'.').is_some() => descendants += 1,
            _ => {}
        }
        if levels.len() > LEVELS || filters > FILTERS || descendants > DESCENDANTS {
            return false;
        }
    }
    true
}

/// Reads an RFC 9535 path.
pub(crate) fn path(text: &str) -> Result<JsonPath, Problem> {
    if !is_bounded(text) {
        let start: String = text.chars().take(LONG).collect();
        return Err(Problem::invalid(format!("a JSONPath that is too large: `{start}`")).hint(format!(
            "at most {LONGEST} characters, {LEVELS} levels of brackets, {FILTERS} filters in each other and {DESCENDANTS} times `..`"
        )));
    }
    let wrong = |error: serde_json_path::ParseError| {
        Problem::invalid(format!("`{text}` is no JSONPath: {error}"))
            .hint("paths begin with `$`, e.g. `$.data.updates[0].hash`")
    };
    JsonPath::parse(text).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(matcher: Value, value: Value) -> Result<(), String> {
        Matcher::read(&matcher).expect("a good matcher").check(Some(&value))
    }

    #[test]
    fn values_and_words() {
        for (matcher, good, bad) in [
            (json!(336), json!(336.0), json!(337)),
            (json!({"matches": "^0x[0-9a-f]{8}$"}), json!("0xd8833dd3"), json!("0xD8")),
            (json!({"gt": 1, "le": 3}), json!(3), json!(1)),
            (json!({"length": 2}), json!([1, 2]), json!([1])),
            (json!({"length": {"ge": 1}}), json!("x"), json!("")),
            (json!({"contains": "рщ"}), json!("Борщ"), json!("Уха")),
            (
                json!({"contains": {"code": "waiter_call"}}),
                json!([{"code": "waiter_call", "table": 1}]),
                json!([{"code": "x"}]),
            ),
            (json!({"one_of": [1, 2]}), json!(2), json!(3)),
            (json!({"not": {"matches": "x"}}), json!("y"), json!("x")),
            (json!({"type": "object"}), json!({}), json!([])),
            (json!({"a": 1, "b": [2]}), json!({"b": [2], "a": 1.0}), json!({"a": 1})),
            (json!({"equals": {"type": "dish"}}), json!({"type": "dish"}), json!("dish")),
        ] {
            assert_eq!(check(matcher.clone(), good), Ok(()), "{matcher}");
            assert!(check(matcher.clone(), bad).is_err(), "{matcher}");
        }
    }

    #[test]
    fn nothing_is_matched_by_its_absence_only() {
        assert!(Matcher::read(&json!({"exists": false})).expect("good").check(None).is_ok());
        assert!(Matcher::read(&json!({"exists": true})).expect("good").check(None).is_err());
        assert_eq!(Matcher::read(&json!(5)).expect("good").check(None), Err("expected 5, found nothing".into()));
    }

    #[test]
    fn slips_are_told() {
        assert!(Matcher::read(&json!({"matchs": "x"})).is_ok(), "a map that is a value");
        assert!(Matcher::read(&json!({"matches": "x", "leng": 1})).is_err());
        assert!(Matcher::read(&json!({"matches": "["})).is_err());
    }

    #[test]
    fn a_path_that_would_take_for_ever_is_refused_before_it_is_parsed() {
        let nested = |filter: &str, n: usize| format!("${}{}", filter.repeat(n), "]".repeat(n));
        for bad in [
            nested("[?@", 40),
            nested("[?@", 5),
            nested("[0, ?@.a && @", 5),
            nested("[?count(@", 30),
            nested("[?@['a\\'[']", 5),
            format!("$[?{}@.a{}]", "(".repeat(40), ")".repeat(40)),
            format!("$.{}", "a".repeat(5_000)),
            "$..a..b..c..d".to_owned(),
        ] {
            let problem = path(&bad).expect_err(&bad);
            assert!(problem.message.contains("too large") && problem.message.len() < 400, "{problem}");
        }
        for good in [
            "$..a[?@.b == '[[[[[[?' && @.c == \"]\"].d",
            "$[?@.a[?@.b[?@.c]]]",
            "$[?@.a]['b', 0][?@.c][?@.d][?@.e][?@.f]",
        ] {
            path(good).expect(good);
        }
    }

    #[test]
    fn paths_that_can_find_many_give_lists() {
        let value = json!({"updates": [{"code": "a"}]});
        let find = |text: &str| find(&path(text).expect("good"), text, &value);
        assert_eq!(find("$.updates[0].code"), Some(json!("a")));
        assert_eq!(find("$.updates[*].code"), Some(json!(["a"])));
        assert_eq!(find("$.nothing"), None);
        assert!(path("updates").is_err());
    }
}
