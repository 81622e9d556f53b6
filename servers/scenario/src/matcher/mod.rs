//! What a value is expected to be: itself, or a few matchers.

mod domain;
mod path;
mod values;
mod words;

use regex_lite::Regex;
use serde_json::Value;
use stend_core::{Problem, near};

pub(crate) use domain::Domain;
use domain::{has_placeholder, is_placeholder};
pub(crate) use path::{find, path};
pub(crate) use values::same;
use values::{contains, type_of};
pub(crate) use values::{is_long, short};
pub use words::MATCHERS;

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
}
