//! Lenient scalars: what a JSON value stands for (ruling G1).

use serde_json::{Number, Value};

/// Whether a value says nothing: `null`, or a string without visible characters where `blank_is_null`.
pub fn is_nothing(value: &Value, blank_is_null: bool) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => blank_is_null && text.trim().is_empty(),
        _ => false,
    }
}

/// The text of a string, or the digits of a number.
pub fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A finite number, or a string that is one.
pub fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// A number without a fraction: `480`, `"480"`, `4.0`. Beyond 2^53 only if written without point and exponent.
pub fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(whole) => whole.as_i64().or_else(|| from_f64(whole.as_f64()?)),
        Value::String(text) => text.trim().parse().ok().or_else(|| from_f64(number(value)?)),
        _ => None,
    }
}

fn from_f64(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// `true`, `1`, `"1"`, `"True"` and their opposites, in any case.
pub fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) if *number == Number::from(0) => Some(false),
        Value::Number(number) if *number == Number::from(1) => Some(true),
        Value::String(text) if text == "1" || text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text == "0" || text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_may_be_strings() {
        for (value, whole) in [
            (json!(480), Some(480)),
            (json!("480"), Some(480)),
            (json!(" -5 "), Some(-5)),
            (json!(4.0), Some(4)),
            (json!("1e3"), Some(1000)),
            (json!(i64::MAX.to_string()), Some(i64::MAX)),
            (json!(4.5), None),
            (json!("NaN"), None),
            (json!(1e300), None),
            (json!(u64::MAX), None),
            (json!(""), None),
            (json!(true), None),
        ] {
            assert_eq!(integer(&value), whole, "{value}");
        }
        assert_eq!(number(&json!("1.5")), Some(1.5));
        assert_eq!(number(&json!("inf")), None);
    }

    #[test]
    fn flags_come_in_many_spellings() {
        for (value, expected) in [
            (json!(true), Some(true)),
            (json!("True"), Some(true)),
            (json!("0"), Some(false)),
            (json!(0), Some(false)),
            (json!(2), None),
            (json!(1.5), None),
            (json!("yes"), None),
            (json!([]), None),
        ] {
            assert_eq!(flag(&value), expected, "{value}");
        }
    }
}
