//! The cells of a table.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Title;

/// What a badge's colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// All is well, or done.
    Ok,
    /// Under way.
    Busy,
    /// Somebody should look.
    Warn,
    /// Broken, refused.
    Bad,
    /// Nothing happens.
    Idle,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Chart {
    /// A line.
    Line,
    /// Bars.
    Bar,
}

/// A cell, as its column's type has it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Cell {
    /// `text`: a string.
    Text(String),
    /// `money`: whole kopecks.
    Money(i64),
    /// `number`: a number.
    Number(f64),
    /// `number`: a whole number.
    Whole(i64),
    /// `time`: RFC 3339.
    Time(#[schemars(with = "String", extend("format" = "date-time"))] Timestamp),
    /// `span`: whole seconds.
    Span(i64),
    /// `badge`: a word with a tone.
    Badge {
        /// The word, in English where it is one of ours.
        text: String,
        /// The word in both languages, where it is one of ours.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<Title>,
        /// What its colour says.
        tone: Tone,
    },
    /// `meter`: how full something is.
    Meter {
        /// What is there.
        value: f64,
        /// What there could be.
        max: f64,
    },
    /// `picture`: the path of a picture on the control port.
    Picture(String),
    /// `link`: a row of another table of the same service.
    Link {
        /// What it says.
        text: String,
        /// The table.
        table: &'static str,
        /// The row.
        key: String,
    },
    /// `series`: a small chart, the oldest value first.
    Series {
        /// How it is drawn.
        chart: Chart,
        /// The values.
        points: Vec<f64>,
    },
}

impl Cell {
    /// A badge with a text of the state's.
    pub fn badge(tone: Tone, text: impl Into<String>) -> Self {
        Self::Badge { text: text.into(), title: None, tone }
    }

    /// A badge with a word of ours.
    pub fn word(tone: Tone, en: &'static str, ru: &'static str) -> Self {
        Self::Badge { text: en.to_owned(), title: Some(Title { en, ru }), tone }
    }

    /// How full something is.
    pub const fn meter(value: f64, max: f64) -> Self {
        Self::Meter { value, max }
    }

    /// A link to a row of another table.
    pub fn link(text: impl Into<String>, table: &'static str, key: impl ToString) -> Self {
        Self::Link { text: text.into(), table, key: key.to_string() }
    }

    /// How long ago something was, in whole seconds; nothing lies ahead.
    pub fn since(then: Timestamp, now: Timestamp) -> Self {
        Self::Span(now.duration_since(then).as_secs().max(0))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}
