//! Types of request fields that serde and the standard library do not have.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};

/// A field that tells "absent", "null" and "given" apart: absent stays as it was, `null` clears.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field was not sent.
    #[default]
    Absent,
    /// The field was sent as `null`, or blank where that counts as `null`.
    Null,
    /// The field was sent with a value.
    Given(T),
}

impl<T> Patch<T> {
    /// Whether the field was sent, as `null` or with a value.
    pub fn is_sent(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// The value, if one was sent.
    pub fn given(self) -> Option<T> {
        if let Self::Given(value) = self { Some(value) } else { None }
    }

    /// The value, if one was sent.
    pub fn as_given(&self) -> Option<&T> {
        if let Self::Given(value) = self { Some(value) } else { None }
    }

    /// Converts a value that was sent.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Given(value) => Patch::Given(convert(value)),
        }
    }

    /// Changes what was there: absent leaves it, `null` clears it.
    pub fn apply<U: From<T>>(self, to: &mut Option<U>) {
        match self {
            Self::Absent => {}
            Self::Null => *to = None,
            Self::Given(value) => *to = Some(value.into()),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Patch<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value or null")
            }

            // serde asks a field that is absent for an option; the reader of requests sends `null` as a unit.
            fn visit_none<E>(self) -> Result<Patch<T>, E> {
                Ok(Patch::Absent)
            }

            fn visit_unit<E>(self) -> Result<Patch<T>, E> {
                Ok(Patch::Null)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Patch<T>, D::Error> {
                T::deserialize(deserializer).map(Patch::Given)
            }
        }

        deserializer.deserialize_option(Read(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }

    fn _schemars_private_is_option() -> bool {
        true
    }
}

/// A field that may be left out and cannot be emptied: absent stays as it was, `null` is [`Required`].
///
/// [`Required`]: super::Reason::Required
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<T>(pub Option<T>);

impl<T> Default for Change<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Patch::deserialize(deserializer)? {
            Patch::Absent => Ok(Self(None)),
            Patch::Null => Err(de::Error::invalid_type(Unexpected::Unit, &"a value")),
            Patch::Given(value) => Ok(Self(Some(value))),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Change<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }

    fn _schemars_private_is_option() -> bool {
        true
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $kinds:tt;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name<const MOST: usize>(pub String);

        impl<const MOST: usize> From<$name<MOST>> for String {
            fn from(text: $name<MOST>) -> Self {
                text.0
            }
        }

        impl<const MOST: usize> Deref for $name<MOST> {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<const MOST: usize> JsonSchema for $name<MOST> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                format!("{}{MOST}", stringify!($name)).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": $kinds, "maxLength": MOST })
            }
        }
    )* };
}

texts! {
    /// A string of at most `MOST` characters.
    Text "string";
    /// A string of at most `MOST` characters, or a number that stands for its digits: an inventory number, a phone.
    Code ["number", "string"];
}

/// Checks a text's length.
fn short<E: de::Error>(text: String, most: usize) -> Result<String, E> {
    let length = text.chars().count();
    if length > most { Err(E::invalid_length(length, &Most(most))) } else { Ok(text) }
}

/// What the reader of requests finds in an error of length: the number alone.
struct Most(usize);

impl de::Expected for Most {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<'de, const MOST: usize> Deserialize<'de> for Text<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        short(String::deserialize(deserializer)?, MOST).map(Self)
    }
}

impl<'de, const MOST: usize> Deserialize<'de> for Code<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;

        impl Visitor<'_> for Read {
            type Value = String;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
                Ok(text.to_owned())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
                Ok(number.to_string())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
                Ok(number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
                Ok(serde_json::Number::from_f64(number).map(|number| number.to_string()).unwrap_or_default())
            }
        }

        short(deserializer.deserialize_any(Read)?, MOST).map(Self)
    }
}

/// Compares with whole numbers, for [`Between`].
pub trait Bounded {
    /// Whether it is less.
    fn is_below(&self, least: i64) -> bool;
    /// Whether it is more.
    fn is_above(&self, most: i64) -> bool;
}

impl Bounded for i64 {
    fn is_below(&self, least: i64) -> bool {
        *self < least
    }

    fn is_above(&self, most: i64) -> bool {
        *self > most
    }
}

#[expect(clippy::cast_precision_loss, reason = "bounds are small")]
impl Bounded for f64 {
    fn is_below(&self, least: i64) -> bool {
        *self < least as f64
    }

    fn is_above(&self, most: i64) -> bool {
        *self > most as f64
    }
}

/// A number from `LEAST` to `MOST`, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct Between<T, const LEAST: i64, const MOST: i64 = { i64::MAX }>(pub T);

impl<'de, T: Deserialize<'de> + Bounded, const LEAST: i64, const MOST: i64> Deserialize<'de>
    for Between<T, LEAST, MOST>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = T::deserialize(deserializer)?;
        if !number.is_below(LEAST) && !number.is_above(MOST) {
            return Ok(Self(number));
        }
        let expected =
            if MOST == i64::MAX { format!("at least {LEAST}") } else { format!("between {LEAST} and {MOST}") };
        Err(de::Error::invalid_value(Unexpected::Other("number"), &expected.as_str()))
    }
}

impl<T: JsonSchema, const LEAST: i64, const MOST: i64> JsonSchema for Between<T, LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}From{LEAST}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.insert("minimum".into(), LEAST.into());
        if MOST < i64::MAX {
            schema.insert("maximum".into(), MOST.into());
        }
        schema
    }
}
