//! What a value is expected to be: itself, or a few matchers.

use regex_lite::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;
use stend_core::{Problem, near};

/// The words that make a map a matcher and not a value.
pub(crate) const WORDS: [&str; 12] =
    ["equals", "matches", "exists", "gt", "ge", "lt", "le", "length", "contains", "one_of", "not", "type"];

/// What other tools call our words.
const FOREIGN: [(&str, &str); 19] = [
    ("eq", "equals"),
    ("is", "equals"),
    ("value", "equals"),
    ("regex", "matches"),
    ("pattern", "matches"),
    ("like", "matches"),
    ("gte", "ge"),
    ("min", "ge"),
    ("at_least", "ge"),
    ("lte", "le"),
    ("max", "le"),
    ("at_most", "le"),
    ("size", "length"),
    ("count", "length"),
    ("include", "contains"),
    ("includes", "contains"),
    ("in", "one_of"),
    ("any_of", "one_of"),
    ("ne", "not"),
];

/// What a matcher is asked about: from a closed set everything is checked when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    /// Any JSON value.
    Any,
    /// A text: a body, a header, the sentence of an error.
    Text,
    /// The status of a reply: 100 to 599, or 0 where nothing was sent.
    Status,
    /// A number of things.
    Count,
}

impl Domain {
    fn noun(self) -> &'static str {
        match self {
            Self::Any => "value",
            Self::Text => "text",
            Self::Status => "status",
            Self::Count => "count",
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Text => "a text",
            Self::Status => "a number such as 200, a class such as 4xx, or a matcher such as {ge: 400}",
            Self::Count => "a whole number from 0, or a matcher such as {ge: 2}",
        }
    }

    /// A value that is expected as it is. Numbers in quotes are numbers where only numbers can be.
    fn value(self, value: &Value) -> Result<Matcher, Problem> {
        let wrong = || {
            let problem = Problem::invalid(format!("{} is no {}", short(value), self.noun()));
            Err(problem.hint(match (self, value) {
                (Self::Status | Self::Count, Value::Array(_)) => "one of several is written {one_of: […]}".to_owned(),
                _ => format!("expected {}", self.expected()),
            }))
        };
        if is_placeholder(value) {
            return Ok(Matcher::Equals(value.clone()));
        }
        match (self, value) {
            (Self::Any, _) | (Self::Text, Value::String(_)) => Ok(Matcher::Equals(value.clone())),
            (Self::Text, Value::Number(_) | Value::Bool(_)) => Ok(Matcher::Equals(value.to_string().into())),
            (Self::Text, _) => wrong(),
            (Self::Status, Value::String(text)) if class(text).is_some() => {
                Ok(Matcher::Class(class(text).unwrap_or_default()))
            }
            (Self::Status | Self::Count, _) => {
                let number = match value {
                    Value::Number(number) => number.as_u64(),
                    Value::String(text) => text.parse().ok(),
                    _ => None,
                };
                match number {
                    Some(number) if self == Self::Count || number == 0 || (100..=599).contains(&number) => {
                        Ok(Matcher::Equals(number.into()))
                    }
                    _ => wrong(),
                }
            }
        }
    }

    /// Refuses what no value meets, or every value: it cannot have been meant.
    fn check(self, matcher: &Matcher, written: &Value) -> Result<(), Problem> {
        let candidates: Vec<u64> = match self {
            Self::Status => [0].into_iter().chain(100..=599).collect(),
            Self::Count => {
                let mut numbers = Vec::new();
                bounds(written, &mut numbers);
                let around = numbers.into_iter().flat_map(|n| [n.saturating_sub(1), n, n.saturating_add(1)]);
                (0..=200).chain(around).collect()
            }
            Self::Any | Self::Text => return Ok(()),
        };
        let met = candidates.iter().filter(|n| matcher.check(Some(&Value::from(**n))).is_ok()).count();
        let noun = self.noun();
        if met == 0 {
            return Err(Problem::invalid(format!("no {noun} is {}", matcher.describe()))
                .hint(format!("expected {}", self.expected())));
        }
        if met == candidates.len() {
            return Err(Problem::invalid(format!("every {noun} is {}, so this expects nothing", matcher.describe()))
                .hint("leave it out"));
        }
        Ok(())
    }
}

/// A status class such as `4xx`, as its first digit.
fn class(text: &str) -> Option<u16> {
    let digit = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"))?;
    digit.parse().ok().filter(|digit| (1..=5).contains(digit) && text.len() == 3)
}

/// Whether a value is filled in later.
fn is_placeholder(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("${"))
}

/// Whether something in a value is filled in later.
fn has_placeholder(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_placeholder),
        Value::Object(map) => map.values().any(has_placeholder),
        value => is_placeholder(value),
    }
}

/// The numbers in a matcher as it is written.
fn bounds(value: &Value, into: &mut Vec<u64>) {
    match value {
        Value::Number(number) => into.extend(number.as_f64().map(|number| number.max(0.0) as u64)),
        Value::String(text) => into.extend(text.parse::<f64>().ok().map(|number| number.max(0.0) as u64)),
        Value::Array(items) => items.iter().for_each(|item| bounds(item, into)),
        Value::Object(map) => map.values().for_each(|value| bounds(value, into)),
        _ => {}
    }
}

/// What a value is expected to be.
#[derive(Debug, Clone)]
pub(crate) enum Matcher {
    Equals(Value),
    /// A status of this class, by its first digit.
    Class(u16),
    Matches(Regex),
    Exists(bool),
    Compare(&'static str, f64),
    /// The number that a text is.
    Number(Box<Matcher>),
    Length(Box<Matcher>),
    Contains(Value),
    OneOf(Vec<Matcher>),
    Not(Box<Matcher>),
    Type(String),
    All(Vec<Matcher>),
}

impl Matcher {
    /// Reads a matcher: a map whose keys are matcher words, or any other value, which is expected as it is.
    ///
    /// # Errors
    /// A map with an unknown word, a value that the word does not take, and what nothing or everything would meet.
    pub(crate) fn read(value: &Value, domain: Domain) -> Result<Self, Problem> {
        let map = match value {
            Value::Object(map) if !map.is_empty() => map,
            value => return domain.value(value),
        };
        if let Some(odd) = map.keys().find(|key| !WORDS.contains(&key.as_str())) {
            let ours = FOREIGN.iter().find(|(foreign, _)| foreign == odd).map(|(_, ours)| *ours);
            let near = ours.or_else(|| near::nearest(odd, WORDS));
            let equals = match domain {
                Domain::Any => "a map that is expected as it is stands under `equals`",
                _ => "known are `equals`, `one_of`, `not`, `gt`, `ge`, `lt`, `le`, `matches`, `contains`",
            };
            let hint = near.map_or(equals.to_owned(), |near| format!("did you mean `{near}`? {equals}"));
            let mut problem = Problem::new("unknown_matcher", format!("unknown matcher `{odd}`")).hint(hint);
            problem.at_key = true;
            return Err(problem.under(odd.as_str()));
        }
        let all = map
            .iter()
            .map(|(word, value)| Self::word(word, value, domain).map_err(|problem| problem.under(word.as_str())));
        let mut all = all.collect::<Result<Vec<_>, _>>()?;
        let matcher = match all.len() {
            1 => all.remove(0),
            _ => Self::All(all),
        };
        if !has_placeholder(value) {
            domain.check(&matcher, value)?;
            matcher.check_bounds()?;
        }
        Ok(matcher)
    }

    fn word(word: &str, value: &Value, domain: Domain) -> Result<Self, Problem> {
        let wrong =
            |expected: &str| Problem::new("wrong_type", format!("`{word}` takes {expected}, found {}", short(value)));
        Ok(match word {
            "equals" => domain.value(value)?,
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
                let quoted = || value.as_str()?.parse().ok().filter(|number: &f64| number.is_finite());
                // A placeholder is a number by the time it counts.
                let later = || is_placeholder(value).then_some(0.0);
                let number = value.as_f64().or_else(quoted).or_else(later).ok_or_else(|| wrong("a number"))?;
                match domain {
                    Domain::Text => Self::Number(Box::new(Self::Compare(word, number))),
                    _ => Self::Compare(word, number),
                }
            }
            "length" => Self::Length(Box::new(Self::read(value, Domain::Count)?)),
            "contains" => match (domain, value) {
                (Domain::Text, Value::String(_)) | (Domain::Any, _) => Self::Contains(value.clone()),
                (Domain::Text, Value::Number(_) | Value::Bool(_)) => Self::Contains(value.to_string().into()),
                _ => return Err(wrong("a text that is part of another")),
            },
            "one_of" => {
                let choices = value.as_array().filter(|choices| !choices.is_empty());
                let choices = choices
                    .ok_or_else(|| wrong("a list of values"))?
                    .iter()
                    .enumerate()
                    .map(|(i, choice)| domain.value(choice).map_err(|problem| problem.under(i)));
                Self::OneOf(choices.collect::<Result<_, _>>()?)
            }
            "not" => Self::Not(Box::new(Self::read(value, domain)?)),
            _ => {
                let name = value
                    .as_str()
                    .filter(|name| ["string", "number", "boolean", "null", "array", "object"].contains(name));
                let name = name.ok_or_else(|| wrong("one of string, number, boolean, null, array, object"))?;
                if domain != Domain::Any && (domain, name) != (Domain::Text, "string") {
                    return Err(Problem::invalid(format!("a {} has one type", domain.noun())));
                }
                Self::Type(name.to_owned())
            }
        })
    }

    /// Refuses bounds that leave no number between them.
    fn check_bounds(&self) -> Result<(), Problem> {
        let Self::All(all) = self else { return Ok(()) };
        let (mut low, mut high, mut open) = (f64::NEG_INFINITY, f64::INFINITY, false);
        for matcher in all {
            let matcher = if let Self::Number(inner) = matcher { inner } else { matcher };
            let Self::Compare(word, bound) = matcher else { continue };
            match *word {
                "gt" | "ge" if *bound >= low => low = *bound,
                "lt" | "le" if *bound <= high => high = *bound,
                _ => {}
            }
            open |= matches!(*word, "gt" | "lt");
        }
        if low < high || (low == high && !open) {
            return Ok(());
        }
        Err(Problem::invalid(format!("no number is {}", self.describe())))
    }

    /// Whether the value, or its absence, is what is expected; else a sentence that says what was. What is not there
    /// meets nothing but `exists: false`.
    pub(crate) fn check(&self, value: Option<&Value>) -> Result<(), String> {
        let Some(value) = value else {
            return match self {
                Self::Exists(false) => Ok(()),
                Self::Not(inner) if matches!(**inner, Self::Exists(true)) => Ok(()),
                Self::All(all) => all.iter().try_for_each(|matcher| matcher.check(None)),
                _ => Err(format!("expected {}, found nothing", self.describe())),
            };
        };
        let holds = match self {
            Self::Equals(expected) => same(expected, value),
            Self::Class(digit) => value.as_u64().is_some_and(|status| status / 100 == u64::from(*digit)),
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
            Self::Number(inner) => {
                let number = value.as_str().and_then(|text| text.trim().parse::<f64>().ok());
                number.is_some_and(|number| inner.check(Some(&Value::from(number))).is_ok())
            }
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
            Self::OneOf(choices) => choices.iter().any(|choice| choice.check(Some(value)).is_ok()),
            Self::Not(inner) => inner.check(Some(value)).is_err(),
            Self::Type(name) => type_of(value) == name,
            Self::All(all) => return all.iter().try_for_each(|matcher| matcher.check(Some(value))),
        };
        if holds { Ok(()) } else { Err(format!("expected {}, found {}", self.describe(), short(value))) }
    }

    /// Whether a status is the expected one.
    pub(crate) fn check_status(&self, status: u16) -> Result<(), String> {
        self.check(Some(&Value::from(status)))
    }

    /// What is expected, for a sentence.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Equals(value) => short(value),
            Self::Class(digit) => format!("{digit}xx"),
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
            Self::Number(inner) => inner.describe(),
            Self::Length(inner) => format!("a length of {}", inner.describe()),
            Self::Contains(part) => format!("something that contains {}", short(part)),
            Self::OneOf(choices) => {
                format!("one of [{}]", choices.iter().map(Self::describe).collect::<Vec<_>>().join(","))
            }
            Self::Not(inner) => format!("anything but {}", inner.describe()),
            Self::Type(name) => format!("type {name}"),
            Self::All(all) => all.iter().map(Self::describe).collect::<Vec<_>>().join(" and "),
        }
    }
}

/// What a status is expected to be, for who asks outside of a scenario.
#[derive(Debug, Clone)]
pub struct StatusMatcher(Matcher);

impl StatusMatcher {
    /// Reads a status: a number, or a class such as `5xx`.
    ///
    /// # Errors
    /// What no status is, with what was expected.
    pub fn read(text: &str) -> Result<Self, Problem> {
        Matcher::read(&Value::from(text), Domain::Status).map(Self)
    }

    /// Whether it is this status.
    pub fn matches(&self, status: u16) -> bool {
        self.0.check_status(status).is_ok()
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
/// The product of the selectors of all brackets: a path finds a value once for each way to it, and keeps them all.
const WAYS: u64 = 256;

/// Whether the parser, and later the search, takes little time for this text, whatever it is.
fn is_bounded(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    // Of each bracket whether it is a filter, and how many selectors it has so far.
    let (mut levels, mut filters, mut descendants, mut ways) = (Vec::new(), 0, 0, 1_u64);
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
            b'[' | b'(' => levels.push((false, 1_u64)),
            // A filter, wherever it stands in its brackets.
            b'?' => {
                if let Some((filter @ false, _)) = levels.last_mut() {
                    *filter = true;
                    filters += 1;
                }
            }
            b',' => {
                if let Some((_, selectors)) = levels.last_mut() {
                    *selectors += 1;
                }
            }
            b']' | b')' => {
                if let Some((is_filter, selectors)) = levels.pop() {
                    filters -= usize::from(is_filter);
                    ways = ways.saturating_mul(if byte == b']' { selectors } else { 1 });
                }
            }
            b'.' if bytes.next_if_eq(&b'.').is_some() => descendants += 1,
            _ => {}
        }
        if levels.len() > LEVELS || filters > FILTERS || descendants > DESCENDANTS || ways > WAYS {
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
            "at most {LONGEST} characters, {LEVELS} levels of brackets, {FILTERS} filters in each other, {DESCENDANTS} times `..`, and {WAYS} for the product of the selectors of its brackets"
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
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(matcher: Value, value: Value) -> Result<(), String> {
        Matcher::read(&matcher, Domain::Any).expect("a good matcher").check(Some(&value))
    }

    #[test]
    fn values_and_words() {
        for (matcher, good, bad) in [
            (json!(336), json!(336.0), json!(337)),
            (json!({"matches": "^0x[0-9a-f]{8}$"}), json!("0xd8833dd3"), json!("0xD8")),
            (json!({"gt": 1, "le": 3}), json!(3), json!(1)),
            (json!({"gt": "1"}), json!(3), json!(1)),
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
            (json!({}), json!({}), json!({"a": 1})),
            (json!({"equals": {"a": 1, "b": [2]}}), json!({"b": [2], "a": 1.0}), json!({"a": 1})),
            (json!({"equals": {"type": "dish"}}), json!({"type": "dish"}), json!("dish")),
        ] {
            assert_eq!(check(matcher.clone(), good), Ok(()), "{matcher}");
            assert!(check(matcher.clone(), bad).is_err(), "{matcher}");
        }
    }

    #[test]
    fn what_is_not_there_meets_nothing_but_its_absence() {
        let read = |value: Value| Matcher::read(&value, Domain::Any).expect("good");
        for good in [json!({"exists": false}), json!({"not": {"exists": true}})] {
            assert_eq!(read(good).check(None), Ok(()));
        }
        for bad in [
            json!({"exists": true}),
            json!({"not": 5}),
            json!({"not": {"exists": false}}),
            json!({"not": {"one_of": [1]}}),
        ] {
            assert!(read(bad.clone()).check(None).is_err(), "{bad}");
        }
        assert_eq!(read(json!(5)).check(None), Err("expected 5, found nothing".into()));
    }

    #[test]
    fn slips_are_refused_in_every_domain() {
        for (domain, slip, part) in [
            (Domain::Any, json!({"matchs": "x"}), "did you mean `matches`?"),
            (Domain::Any, json!({"matches": "x", "leng": 1}), "unknown matcher `leng`"),
            (Domain::Any, json!({"gte": 1}), "did you mean `ge`?"),
            (Domain::Any, json!({"in": [1]}), "did you mean `one_of`?"),
            (Domain::Any, json!({"frobnicate": 1}), "under `equals`"),
            (Domain::Any, json!({"matches": "["}), "no regular expression"),
            (Domain::Any, json!({"one_of": []}), "a list of values"),
            (Domain::Any, json!({"length": "long"}), "no count"),
            (Domain::Any, json!({"length": {"lt": 0}}), "no count is less than 0"),
            (Domain::Any, json!({"gt": 5, "lt": 5}), "no number is"),
            (Domain::Any, json!({"type": "text"}), "one of string"),
            (Domain::Status, json!("40x"), "no status"),
            (Domain::Status, json!("400-499"), "no status"),
            (Domain::Status, json!([401]), "{one_of: […]}"),
            (Domain::Status, json!({"gte": 400}), "did you mean `ge`?"),
            (Domain::Status, json!({"in": [400, 401]}), "did you mean `one_of`?"),
            (Domain::Status, json!({"one_of": [200, "40x"]}), "no status"),
            (Domain::Status, json!({"ge": 600}), "no status is at least 600"),
            (Domain::Status, json!({"not": {"ge": 600}}), "no status is at least 600"),
            (Domain::Status, json!({"exists": true}), "every status"),
            (Domain::Status, json!({"matches": "^4\\d\\d\\d"}), "no status"),
            (Domain::Status, json!(true), "no status"),
            (Domain::Status, Value::Null, "no status"),
            (Domain::Status, json!(4000), "no status"),
            (Domain::Status, json!(404.5), "no status"),
            (Domain::Count, json!(-1), "no count"),
            (Domain::Count, json!("many"), "no count"),
            (Domain::Count, json!({"lt": 0}), "no count"),
            (Domain::Count, json!({"ge": 0}), "every count"),
            (Domain::Count, json!([1, 2]), "{one_of: […]}"),
            (Domain::Text, json!(["a"]), "no text"),
            (Domain::Text, Value::Null, "no text"),
            (Domain::Text, json!({"type": "number"}), "one type"),
            (Domain::Status, json!({"type": "number"}), "one type"),
            (Domain::Text, json!({"contains": ["a"]}), "part of another"),
        ] {
            let problem = Matcher::read(&slip, domain).expect_err(&slip.to_string()).to_string();
            assert!(problem.contains(part), "{slip}: {part} is not in {problem}");
        }
    }

    #[test]
    fn numbers_in_quotes_are_numbers_and_classes_may_be_in_capitals() {
        for (domain, written, value) in [
            (Domain::Status, json!("401"), json!(401)),
            (Domain::Status, json!("4XX"), json!(401)),
            (Domain::Status, json!({"one_of": ["5xx", "401"]}), json!(401)),
            (Domain::Status, json!({"not": "5xx"}), json!(401)),
            (Domain::Status, json!({"matches": "^4"}), json!(401)),
            (Domain::Status, json!(0), json!(0)),
            (Domain::Count, json!("2"), json!(2)),
            (Domain::Count, json!({"ge": "2", "lt": 1000}), json!(999)),
            (Domain::Text, json!(12), json!("12")),
            (Domain::Text, json!({"ge": 12}), json!("12")),
            (Domain::Text, json!({"one_of": [1, "x"]}), json!("x")),
        ] {
            let matcher = Matcher::read(&written, domain).unwrap_or_else(|problem| panic!("{written}: {problem}"));
            assert_eq!(matcher.check(Some(&value)), Ok(()), "{written}");
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
            prop::sample::select(FOREIGN.map(|(word, _)| word).to_vec()).prop_map(str::to_owned),
            "[a-z_]{1,6}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-10_i64..700).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[0-9x-]{0,4}".prop_map(Value::from),
            "[1-6](xx|XX|x|Xx)".prop_map(Value::from),
            ".{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(word.clone(), inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// A `never` with a status, or a count, holds for ever only if the status never comes: whatever is read can be
        /// met, and can be missed.
        #[test]
        fn a_path_is_refused_or_parsed_and_searched_soon(
            pieces in proptest::collection::vec("\\[\\?|\\[|\\]|\\(|\\)|\\.\\.|\\.a|@|\\$|\\*|,|==1|!|&&|'b'|length\\(|1:2|\\[\\*,\\*,\\*\\]|\\[\\?@\\.\\.", 0..60),
        ) {
            let text = format!("${}", pieces.concat());
            let document = serde_json::json!({"a": [{"b": 1, "a": [1, 2, 3]}, {"b": [[1], [2]]}], "b": {"a": {"a": 1}}});
            #[expect(clippy::disallowed_methods, reason = "a stopwatch")]
            let began = std::time::Instant::now();
            if let Ok(path) = path(&text) {
                let _ = find(&path, &text, &document);
            }
            prop_assert!(began.elapsed() < std::time::Duration::from_secs(10), "{}", text);
        }

        #[test]
        fn what_is_read_for_a_closed_set_can_be_met_and_missed(written in json_value()) {
            if let Ok(matcher) = Matcher::read(&written, Domain::Status) {
                let met = (0..=599).filter(|status| *status == 0 || *status > 99);
                let (met, missed): (Vec<u16>, Vec<u16>) = met.partition(|status| matcher.check_status(*status).is_ok());
                prop_assert!(!met.is_empty() && !missed.is_empty(), "{} as {}", written, matcher.describe());
            }
            if let Ok(matcher) = Matcher::read(&written, Domain::Count) {
                let met = (0..=1_000_u64).any(|count| matcher.check(Some(&Value::from(count))).is_ok());
                prop_assert!(met, "{} as {}", written, matcher.describe());
            }
            for domain in [Domain::Any, Domain::Text] {
                if let Ok(matcher) = Matcher::read(&written, domain) {
                    let _ = (matcher.describe(), matcher.check(None), matcher.check(Some(&written)));
                }
            }
        }
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
