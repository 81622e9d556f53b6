//! Spans of virtual time as people write them: `5m`, `1m30s`, `250ms`.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A span of virtual time, never negative. Reads `2d`, `1h`, `1m30s`, `250ms`, ISO 8601 (`PT5M`), or a number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span(SignedDuration);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(SignedDuration::ZERO);

    /// This many whole seconds.
    pub const fn from_secs(seconds: u32) -> Self {
        Self(SignedDuration::from_secs(seconds as i64))
    }

    /// This many milliseconds.
    pub const fn from_millis(millis: u32) -> Self {
        Self(SignedDuration::from_millis(millis as i64))
    }

    /// From a duration; a negative one is nothing.
    pub fn from_signed(duration: SignedDuration) -> Self {
        Self(duration.max(SignedDuration::ZERO))
    }

    /// From seconds as a fraction; what is not a number or negative is nothing.
    pub fn from_secs_f64(seconds: f64) -> Self {
        Self::from_signed(SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO))
    }

    /// As `jiff` has it.
    pub fn signed(self) -> SignedDuration {
        self.0
    }

    /// In seconds, with their fraction.
    pub fn as_secs_f64(self) -> f64 {
        self.0.as_secs_f64()
    }

    /// Whether it is no time at all.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// This much after `at`, or the end of time.
    pub fn after(self, at: Timestamp) -> Timestamp {
        at.checked_add(self.0).unwrap_or(Timestamp::MAX)
    }

    /// This much before `at`, or the beginning of time.
    pub fn before(self, at: Timestamp) -> Timestamp {
        at.checked_sub(self.0).unwrap_or(Timestamp::MIN)
    }

    /// From one moment to a later one.
    pub fn between(from: Timestamp, to: Timestamp) -> Self {
        Self::from_signed(to.duration_since(from))
    }

    /// This many times over, or as long as can be said.
    pub fn times(self, n: u32) -> Self {
        Self(self.0.checked_mul(i32::try_from(n).unwrap_or(i32::MAX)).unwrap_or(SignedDuration::MAX))
    }

    /// Together with another, or as long as can be said.
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).unwrap_or(SignedDuration::MAX))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};
        let printer = SpanPrinter::new().designator(Designator::Compact).spacing(Spacing::None);
        f.write_str(&printer.duration_to_string(&self.0))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = || match latin(text) {
            Some(meant) => format!("`{text}` has Cyrillic letters; write it with Latin ones: `{meant}`"),
            None => format!("invalid duration `{text}`; write it like `30s`, `1m30s`, `250ms` or `2d`"),
        };
        let duration = match text.parse::<f64>() {
            Ok(seconds) => SignedDuration::try_from_secs_f64(seconds).map_err(|_| wrong())?,
            // A day is 24 hours here; months and years have no length of their own.
            Err(_) => text
                .parse::<jiff::Span>()
                .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
                .map_err(|_| wrong())?,
        };
        if duration.is_negative() {
            return Err(format!("`{text}` is negative; a span of time is not"));
        }
        Ok(Self(duration))
    }
}

/// A duration with Cyrillic units, as a Russian keyboard gives them, in Latin letters.
fn latin(text: &str) -> Option<String> {
    const UNITS: [(&str, &str); 12] = [
        ("мсек", "ms"),
        ("сек", "s"),
        ("мин", "m"),
        ("час", "h"),
        ("дн", "d"),
        ("мс", "ms"),
        ("нед", "w"),
        ("с", "s"),
        ("м", "m"),
        ("ч", "h"),
        ("д", "d"),
        ("н", "w"),
    ];
    let mut meant = text.to_lowercase();
    for (cyrillic, unit) in UNITS {
        meant = meant.replace(cyrillic, unit);
    }
    (meant != text.to_lowercase() && meant.parse::<Span>().is_ok()).then_some(meant)
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time like `1m30s`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Span, E> {
                self.visit_str(&seconds.to_string())
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Span, E> {
                self.visit_str(&seconds.to_string())
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Span, E> {
                self.visit_str(&seconds.to_string())
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A span of virtual time: `30s`, `1m30s`, `250ms`, or a number of seconds.",
            "type": ["string", "number"],
            "examples": ["30s", "1m30s"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write_and_prints_it_back() {
        for (text, seconds, printed) in [
            ("5m", 300.0, "5m"),
            ("1m30s", 90.0, "1m30s"),
            ("250ms", 0.25, "250ms"),
            ("12", 12.0, "12s"),
            ("2d", 172_800.0, "48h"),
            ("1w", 604_800.0, "168h"),
            ("PT5M", 300.0, "5m"),
        ] {
            let span: Span = text.parse().expect(text);
            assert_eq!(span.as_secs_f64(), seconds, "{text}");
            assert_eq!(span.to_string(), printed, "{text}");
        }
    }

    #[test]
    fn cyrillic_units_are_named() {
        for (text, meant) in [("5м", "5m"), ("1ч30м", "1h30m"), ("250мс", "250ms"), ("10 сек", "10 s"), ("5мин", "5m")]
        {
            let why = text.parse::<Span>().expect_err(text);
            assert_eq!(why, format!("`{text}` has Cyrillic letters; write it with Latin ones: `{meant}`"));
        }
        assert!("5ж".parse::<Span>().is_err_and(|why| why.contains("invalid duration")));
    }

    #[test]
    fn refuses_what_is_no_span() {
        for text in ["", "soon", "-5s", "NaN", "1e300", "1mo", "1y"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
