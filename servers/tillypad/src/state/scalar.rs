//! Scalars as clients send them: numbers as strings, flags as 0 and 1, dates with and without a time (G1).

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;
use stend_core::json::Json;

/// A whole number; `"606"` and `1.0` are ones.
pub(crate) fn int(json: &Json<'_>) -> Option<i64> {
    match json {
        Json::Bool(flag) => return Some(i64::from(*flag)),
        Json::Number(number) if number.is_i64() => return number.as_i64(),
        _ => {}
    }
    let number = number(json)?;
    if number.fract().is_zero() { i64::try_from(number.trunc()).ok() } else { None }
}

/// A decimal, exactly as it was written: never by way of a binary fraction.
pub(crate) fn number(json: &Json<'_>) -> Option<Decimal> {
    let text = match json {
        Json::Number(number) => match number.as_i64() {
            Some(whole) => return Some(whole.into()),
            None => number.to_string(),
        },
        Json::String(text) => text.trim().replace(',', "."),
        _ => return None,
    };
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// A text; a number or a flag is its own text.
pub(crate) fn text(json: &Json<'_>) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone().into_owned()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Yes or no.
pub(crate) fn flag(json: &Json<'_>) -> Option<bool> {
    match json {
        Json::Bool(flag) => Some(*flag),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => match int(json)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

/// Whether a zone stands behind a date and time.
pub(crate) fn has_zone(text: &str) -> bool {
    // The date has dashes of its own; behind its ten characters a sign begins a zone.
    text.trim().bytes().skip(11).any(|byte| matches!(byte, b'+' | b'-' | b'Z' | b'z' | b'['))
}

/// A date and time: the wall time that is written, whatever zone stands behind it, to the millisecond.
pub(crate) fn date_time(json: &Json<'_>) -> Option<DateTime> {
    parse_date_time(json.as_str()?)
}

/// As [`date_time`], from text.
pub(crate) fn parse_date_time(text: &str) -> Option<DateTime> {
    let text = text.trim();
    // jiff reads a moment in UTC as no civil time, to keep people from mixing them up; here the wall time is meant.
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let time = DateTime::from_str(text)
        .or_else(|_| DateTime::from_str(&text.replacen(' ', "T", 1)))
        .or_else(|_| Date::from_str(text).map(DateTime::from))
        .ok()?;
    // jiff takes a leap second for the one before it; SQL Server knows none.
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).skip(12).take(2).collect();
    if time.second() == 59 && (digits == b"60" || text.contains(":60")) {
        return None;
    }
    time.with().microsecond(0).nanosecond(0).build().ok()
}

/// The world's time as the application server's clock shows it.
pub(crate) fn local(now: Timestamp, zone: &TimeZone) -> DateTime {
    let time = zone.to_datetime(now);
    time.with().subsec_nanosecond(0).build().unwrap_or(time)
}

/// A value for a sentence: short, strings without quotes.
pub(crate) fn shown(json: &Json<'_>) -> String {
    let text = match json {
        Json::String(text) => text.clone().into_owned(),
        Json::Array(_) => "[…]".into(),
        Json::Object(_) => "{…}".into(),
        other => other.to_string(),
    };
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[proves("TP-005", "G1")]
    #[test]
    fn reads_what_clients_send() {
        assert_eq!(int(&(&json!("606")).into()), Some(606));
        assert_eq!(int(&(&json!(1.0)).into()), Some(1));
        assert_eq!(int(&(&json!(1.5)).into()), None);
        assert_eq!(number(&(&json!("1000,50")).into()), Some(Decimal::new(10005, 1)));
        assert_eq!(number(&(&json!(1e-7)).into()), Some(Decimal::new(1, 7)));
        assert_eq!(number(&(&json!("many")).into()), None);
        for odd in ["1e-999999999", "1e999999999", "9e28", "1e29", "-1e-29", "", "-", "1e", "e5", "٣"] {
            let _ = number(&(&json!(odd)).into());
        }
        assert_eq!(flag(&(&json!("1")).into()), Some(true));
        assert_eq!(flag(&(&json!(2)).into()), None);
    }

    #[proves("TP-012")]
    #[test]
    fn times_stay_as_they_are_written() {
        for (given, kept) in [
            ("2020-10-12T12:00:00", "2020-10-12T12:00:00"),
            ("2020-10-12 12:00:00", "2020-10-12T12:00:00"),
            ("2020-10-12T12:00:00.2509", "2020-10-12T12:00:00.25"),
            ("2020-10-12T12:00:00Z", "2020-10-12T12:00:00"),
            ("2020-10-12T12:00:00+05:00", "2020-10-12T12:00:00"),
            ("2020-10-12", "2020-10-12T00:00:00"),
        ] {
            assert_eq!(parse_date_time(given).map(|time| time.to_string()).as_deref(), Some(kept), "{given}");
        }
        for bad in ["", "12.10.2020", "2020-13-01", "yesterday", "2020-10-12T24:00:00", "2020-10-12T23:59:60"] {
            assert_eq!(parse_date_time(bad), None, "{bad}");
        }
        assert_eq!(parse_date_time("20201012T235960"), None);
        assert!(parse_date_time("2020-10-12T23:59:59.60").is_some());
    }

    #[test]
    fn zones_are_seen() {
        for with in
            ["2020-10-12T12:00:00Z", "2020-10-12 12:00:00+05:00", "2020-10-12T12:00-03", "2020-10-12T12:00[UTC]"]
        {
            assert!(has_zone(with), "{with}");
        }
        for without in ["2020-10-12T12:00:00.25", "2020-10-12", "", "2020"] {
            assert!(!has_zone(without), "{without}");
        }
    }
}
