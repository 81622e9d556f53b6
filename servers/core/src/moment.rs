//! A time as people see it: with the offset from UTC in which they have written their times.

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A time and the offset from UTC in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time.
    pub at: Timestamp,
    /// The offset.
    pub offset: Offset,
}

/// The offset that a time is written with; `None` if there is none in the text, or it is `Z`.
pub fn written_offset(text: &str) -> Option<Offset> {
    Pieces::parse(text).ok()?.to_numeric_offset().filter(|offset| !offset.is_zero())
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.offset.is_zero() {
            true => self.at.fmt(f),
            false => self.at.display_with_offset(self.offset).fmt(f),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = text.parse().map_err(de::Error::custom)?;
        Ok(Self { at, offset: written_offset(&text).unwrap_or(Offset::UTC) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_with_its_offset_and_read_with_it() {
        for text in ["2026-11-21T12:00:00+03:00", "2026-11-21T09:00:00Z", "2026-11-21T12:00:00.5-05:30"] {
            let moment: Moment = serde_json::from_value(text.into()).expect("a time");
            assert_eq!(serde_json::to_value(moment).expect("a text"), text);
        }
    }
}
