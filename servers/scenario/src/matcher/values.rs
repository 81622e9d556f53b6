//! JSON values beside each other, and in sentences.

use serde_json::Value;

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

pub(super) fn contains(value: &Value, part: &Value) -> bool {
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

pub(super) fn type_of(value: &Value) -> &'static str {
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
pub(super) const LONG: usize = 200;

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
