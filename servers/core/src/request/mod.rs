//! Reading requests into typed structs.
//!
//! A service declares one serde struct per operation, and [`read`] fills it from a JSON tree. The tree comes from a JSON
//! body or, by [`pairs`], from a query string or a form (PHP's `data[0][add]` included).
//!
//! ```
//! use serde::Deserialize;
//! use stend_core::request::{Patch, Reason, Style, Text, read};
//!
//! #[derive(Debug, Deserialize)]
//! struct LocationChange {
//!     name: Option<Text<255>>,
//!     note: Patch<Text<1000>>,
//!     group_id: Patch<i64>,
//! }
//!
//! let sent = serde_json::json!({ "nmae": "Hall", "note": null, "group_id": "480" });
//! let request = read::<LocationChange>(&sent, Style::default());
//! assert_eq!(request.unknown[0].to_string(), "unknown field `nmae` ignored; did you mean `name`?");
//! let change = request.valid().unwrap();
//! assert_eq!((change.note, change.group_id), (Patch::Null, Patch::Given(480)));
//!
//! let sent = serde_json::json!({ "name": 5, "group_id": "x" });
//! let wrong = read::<LocationChange>(&sent, Style::default()).valid().unwrap_err();
//! assert_eq!(wrong.len(), 2);
//! assert_eq!((wrong[0].path.to_string().as_str(), &wrong[0].reason), ("name", &Reason::NotText));
//! ```
//!
//! - **Scalars are lenient** (ruling G1) without special types: `i64` takes `"480"` and `4.0`, `f64` takes `"1.5"`, `bool`
//!   takes `1`, `"0"`, `"True"`. A `String` or [`Text`] takes strings only; [`Code`] also takes numbers, for their digits.
//!   The same rules as functions of a value are in [`scalar`], for services whose field tables are data.
//! - **Presence is in the type**: `T` is required, `Option<T>` may be absent or `null`, [`Patch`] tells absent, `null` and
//!   given apart, [`Change`] may be absent and not `null`.
//! - **All mistakes are found**: a wrong value is replaced by a placeholder and reading goes on. [`Read::invalid`] lists
//!   every mistake as path and [`Reason`], in the order in which the struct declares its fields; a service's error style
//!   turns them into its vendor's words. A type with rules of its own returns an error from `Deserialize`, best by
//!   `Error::invalid_value` with what it expects ([`Reason::Expected`]).
//! - **Unknown fields** of structs are listed with the nearest known name, for warnings. (Not with `#[serde(flatten)]`,
//!   which hides the names from the reader.)
//! - `#[serde(default)]`, `rename`, `alias` and `deserialize_with` mean what they usually mean.

mod de;
mod pairs;
pub mod scalar;
mod types;

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::near;
use crate::problem::Path;

pub use pairs::pairs;
pub use types::{Between, Bounded, Change, Code, Patch, Text};

/// How a vendor's platform treats what was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether a string without visible characters counts as `null`, as in Laravel.
    pub blank_is_null: bool,
}

/// A request that was read, with everything that was found on the way.
#[derive(Debug, Clone)]
pub struct Read<T> {
    /// The request, with placeholders for wrong values; `None` if a mistake leaves no way to build it.
    ///
    /// For further checks that belong into the same list of mistakes. [`Read::valid`] gives out only what was sent.
    pub value: Option<T>,
    /// What was wrong, in the order of declaration.
    pub invalid: Vec<Invalid>,
    /// Fields that no struct declares, in the order sent.
    pub unknown: Vec<Unknown>,
}

impl<T> Read<T> {
    /// Returns the request if nothing was wrong with it.
    ///
    /// # Errors
    /// All mistakes; at least one.
    pub fn valid(self) -> Result<T, Vec<Invalid>> {
        match self.value {
            Some(value) if self.invalid.is_empty() => Ok(value),
            _ => Err(self.invalid),
        }
    }
}

/// A value that was sent and cannot be taken, or is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The value's path from the request's root.
    pub path: Path,
    /// What is wrong with it.
    pub reason: Reason,
}

/// Why a value cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is absent, `null`, or blank where that counts as `null`.
    Required,
    /// It is no string.
    NotText,
    /// It is no number and no string that is one.
    NotNumber,
    /// It is a number with a fraction, or none at all.
    NotInteger,
    /// It is neither true nor false.
    NotFlag,
    /// It is no array.
    NotList,
    /// It is no object.
    NotObject,
    /// The text has more characters than this.
    TooLong(usize),
    /// It is none of these words.
    NotOneOf(&'static [&'static str]),
    /// The type expects something else, such as `between 0 and 4`.
    Expected(String),
    /// The type refuses it, in its own words.
    Refused(String),
}

/// Plain English, for logs and for vendors whose words are not known.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required => f.write_str("a value is required"),
            Self::NotText => f.write_str("expected a string"),
            Self::NotNumber => f.write_str("expected a number"),
            Self::NotInteger => f.write_str("expected an integer"),
            Self::NotFlag => f.write_str("expected true or false"),
            Self::NotList => f.write_str("expected an array"),
            Self::NotObject => f.write_str("expected an object"),
            Self::TooLong(most) => write!(f, "longer than {most} characters"),
            Self::NotOneOf(known) => write!(f, "expected one of: {}", known.join(", ")),
            Self::Expected(expected) => write!(f, "expected {expected}"),
            Self::Refused(text) => f.write_str(text),
        }
    }
}

/// A field that no struct declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The field's path from the request's root.
    pub path: Path,
    /// Its name.
    pub name: String,
    /// The declared name that was probably meant.
    pub nearest: Option<&'static str>,
}

impl Unknown {
    /// Finds the nearest of the declared names.
    pub fn new(path: Path, name: &str, known: &'static [&'static str]) -> Self {
        Self { path, name: name.to_owned(), nearest: near::nearest(name, known.iter().copied()) }
    }
}

/// The text of a warning.
impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown field `{}` ignored", self.name)?;
        match self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

/// Reads a tree into a type.
pub fn read<T: DeserializeOwned>(value: &Value, style: Style) -> Read<T> {
    de::read(value, style)
}

#[cfg(test)]
mod tests;
