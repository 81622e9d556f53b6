//! Times as people write them into worlds: of a day, up to its end, and of the wall clock.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::{DateTime, Time};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::state::scalar;

/// A time of a day, from 00:00 to 24:00, which is its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour(Option<Time>);

impl Hour {
    /// The time; none at the end of the day.
    pub(crate) fn time(self) -> Option<Time> {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "24:00" | "24:00:00" => Some(Self(None)),
            // A leap second is no time at which a rule begins.
            text if text.contains(":60") => None,
            text => text.parse().ok().map(|time| Self(Some(time))),
        }
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(time) => time.fmt(f),
            None => f.write_str("24:00:00"),
        }
    }
}

impl Serialize for Hour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse =
            |text: &str| Self::parse(text).ok_or_else(|| format!("`{text}` is no time of a day; e.g. \"22:30\""));
        deserializer.deserialize_str(Text("a time of a day", parse))
    }
}

impl JsonSchema for Hour {
    fn schema_name() -> Cow<'static, str> {
        "Hour".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A time of a day, `22:30`; `24:00` is its end." })
    }
}

/// Reads what `parse` takes, and says what it does not.
struct Text<F>(&'static str, F);

impl<T, F: Fn(&str) -> Result<T, String>> de::Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(E::custom)
    }
}

/// Reads a date and time of the application server's clock.
pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime, D::Error> {
    let parse = |text: &str| {
        let time = scalar::parse_date_time(text).filter(|_| !scalar::has_zone(text));
        time.ok_or_else(|| format!("`{text}` is no date and time without a zone; e.g. \"2026-11-21T10:00:00\""))
    };
    deserializer.deserialize_str(Text("a date and time", parse))
}

/// The same, where it may be left out.
pub(crate) fn moment_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime>, D::Error> {
    #[derive(Deserialize)]
    struct Given(#[serde(deserialize_with = "moment")] DateTime);
    Ok(Option::<Given>::deserialize(deserializer)?.map(|Given(time)| time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_go_to_the_end_of_the_day_and_come_out_as_they_went_in() {
        for (given, kept) in
            [("22:30", "22:30:00"), ("24:00", "24:00:00"), ("00:00", "00:00:00"), ("09:15:30", "09:15:30")]
        {
            let hour: Hour = serde_json::from_value(given.into()).expect("a time");
            assert_eq!(serde_json::to_value(hour).expect("text"), kept);
        }
        for bad in ["25:00", "noon", "", "23:59:60", "24:01"] {
            let error = serde_json::from_value::<Hour>(bad.into()).expect_err("no time").to_string();
            assert!(error.contains(&format!("`{bad}` is no time of a day")), "{error}");
        }
    }
}
