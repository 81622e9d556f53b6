//! The closed sets that matchers ask about: what may stand in a matcher for each of them.

use serde_json::Value;
use stend_core::Problem;

use super::{Matcher, short};

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
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Any => "value",
            Self::Text => "text",
            Self::Status => "status",
            Self::Count => "count",
        }
    }

    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Text => "a text",
            Self::Status => "a number such as 200, a class such as 4xx, or a matcher such as {ge: 400}",
            Self::Count => "a whole number from 0, or a matcher such as {ge: 2}",
        }
    }

    /// A value that is expected as it is. Numbers in quotes are numbers where only numbers can be.
    pub(super) fn value(self, value: &Value) -> Result<Matcher, Problem> {
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
    pub(super) fn check(self, matcher: &Matcher, written: &Value) -> Result<(), Problem> {
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
pub(super) fn is_placeholder(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("${"))
}

/// Whether something in a value is filled in later.
pub(super) fn has_placeholder(value: &Value) -> bool {
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
