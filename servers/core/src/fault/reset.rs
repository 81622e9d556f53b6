//! When a connection is reset: before the work of a request is done, or after it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// When a connection is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// Without the state being asked: nothing changes.
    Before,
    /// When the work is done: it is stored, and the answer is lost.
    After,
}

const WORDS: [&str; 2] = ["before", "after"];

impl<'de> Deserialize<'de> for Reset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ResetVisitor;
        impl Visitor<'_> for ResetVisitor {
            type Value = Reset;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`before` or `after`, the work that is asked for")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Reset, E> {
                match on {
                    true => Ok(Reset::Before),
                    false => Err(E::custom("`reset: false` does nothing")),
                }
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Reset, E> {
                match word {
                    "before" => Ok(Reset::Before),
                    "after" => Ok(Reset::After),
                    other => Err(E::unknown_variant(other, &WORDS)),
                }
            }
        }
        deserializer.deserialize_any(ResetVisitor)
    }
}

impl JsonSchema for Reset {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reset".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Before the work that is asked for, or when it is done; `true` is `before`.",
            "enum": ["before", "after", true]
        })
    }
}
