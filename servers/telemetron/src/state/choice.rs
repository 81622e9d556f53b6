//! Whole numbers of requests that stand for something.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de;
use serde::{Deserialize, Deserializer};

/// One of the whole numbers from `FROM` to `TO`, each of which stands for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice<const FROM: i64, const TO: i64>(pub(crate) i64);

impl<'de, const FROM: i64, const TO: i64> Deserialize<'de> for Choice<FROM, TO> {
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        let number = i64::deserialize(deserializer)?;
        let known = (FROM..=TO).contains(&number);
        known.then_some(Self(number)).ok_or_else(|| de::Error::custom("The selected :attribute is invalid."))
    }
}

impl<const FROM: i64, const TO: i64> JsonSchema for Choice<FROM, TO> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("From{FROM}To{TO}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": (FROM..=TO).collect::<Vec<_>>() })
    }
}
