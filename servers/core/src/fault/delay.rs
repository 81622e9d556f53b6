//! How long a reply is held.

use std::fmt;

use rand::{Rng, RngExt};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};

use crate::duration::Span;

/// How long a reply is held, in the world's time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// Always the same.
    Fixed(Span),
    /// Evenly between two.
    Uniform(Span, Span),
    /// Log-normal: half of all are shorter than the median.
    Lognormal {
        /// The median.
        median: Span,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
}

impl Delay {
    /// Whether it never holds anything.
    pub(super) fn is_none(&self) -> bool {
        match self {
            Self::Fixed(span) | Self::Uniform(_, span) | Self::Lognormal { median: span, .. } => span.is_zero(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum DelayWords {
    Fixed(Span),
    Uniform(Span, Span),
    Lognormal(Lognormal),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lognormal {
    median: Span,
    sigma: f64,
}

impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DelayVisitor;
        impl<'de> Visitor<'de> for DelayVisitor {
            type Value = Delay;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time, or one of `fixed`, `uniform`, `lognormal`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Delay, E> {
                text.parse().map(Delay::Fixed).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Delay, E> {
                self.visit_str(&seconds.to_string())
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Delay, E> {
                self.visit_str(&seconds.to_string())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Delay, A::Error> {
                Ok(match DelayWords::deserialize(MapAccessDeserializer::new(map))? {
                    DelayWords::Fixed(span) => Delay::Fixed(span),
                    DelayWords::Uniform(from, to) => Delay::Uniform(from, to),
                    DelayWords::Lognormal(Lognormal { median, sigma }) => Delay::Lognormal { median, sigma },
                })
            }
        }
        deserializer.deserialize_any(DelayVisitor)
    }
}

impl JsonSchema for Delay {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Delay".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let span = generator.subschema_for::<Span>();
        json_schema!({
            "description": "A span of the world's time, or a distribution of them.",
            "anyOf": [
                span,
                {"type": "object", "additionalProperties": false, "properties": {"fixed": span}, "required": ["fixed"]},
                {"type": "object", "additionalProperties": false, "required": ["uniform"],
                 "properties": {"uniform": {"type": "array", "items": span, "minItems": 2, "maxItems": 2}}},
                {"type": "object", "additionalProperties": false, "required": ["lognormal"], "properties": {"lognormal": {
                    "type": "object", "additionalProperties": false, "required": ["median", "sigma"],
                    "properties": {"median": span, "sigma": {"type": "number", "minimum": 0}}}}}
            ]
        })
    }
}

impl Delay {
    /// A delay drawn from this stream.
    pub(super) fn draw(&self, stream: &mut impl Rng) -> Span {
        match self {
            Self::Fixed(span) => *span,
            Self::Uniform(from, to) if from < to => {
                Span::from_secs_f64(stream.random_range(from.as_secs_f64()..to.as_secs_f64()))
            }
            Self::Uniform(from, _) => *from,
            Self::Lognormal { median, sigma } => {
                // Box and Muller: two even draws make a normal one.
                let (a, b): (f64, f64) = (stream.random(), stream.random());
                let normal = (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos();
                Span::from_secs_f64(median.as_secs_f64() * (sigma * normal).exp())
            }
        }
    }
}
