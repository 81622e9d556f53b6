//! GUIDs as Tillypad writes them: upper case, compared case-blind, sixteen bytes in memory.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// A GUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guid(Uuid);

impl Guid {
    /// The first of all GUIDs.
    pub(crate) const LOWEST: Self = Self(Uuid::nil());

    /// Reads `7BF665B0-2793-4B26-946E-D03A82E7EECB`, in braces or not, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // The forms without dashes and with `urn:` that the crate reads are not SQL Server's.
        let plain = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        if plain.len() == 36 { Uuid::try_parse(plain).ok().map(Self) } else { None }
    }

    /// The GUID of these bytes.
    pub(crate) const fn of(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id that `calc-discount` gives to the `n`th row of a bill that is not stored.
    pub(crate) fn draft(n: u32) -> Self {
        let mut bytes = [0xff; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Self::of(bytes)
    }

    /// How many of its digits are other than those of another.
    pub(crate) fn differs(self, other: Self) -> usize {
        let digits = |(one, two): (&u8, &u8)| usize::from(one >> 4 != two >> 4) + usize::from(one & 15 != two & 15);
        self.0.as_bytes().iter().zip(other.0.as_bytes()).map(digits).sum()
    }

    /// Whether it is an id that `calc-discount` gave: it names nothing that is stored.
    pub(crate) fn is_draft(self) -> bool {
        self.0.as_bytes()[4..].iter().all(|byte| *byte == 0xff)
    }
}

impl Guid {
    /// Its text, written into a buffer: bills are full of GUIDs.
    pub(crate) fn text(self, buffer: &mut [u8; 36]) -> &str {
        self.0.hyphenated().encode_upper(buffer)
    }
}

impl std::str::FromStr for Guid {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text(&mut [0; 36]))
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A visitor that refuses by itself: that is how a placeholder in an action's arguments is distinguished from a mistake.
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = Guid;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a GUID")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Guid, E> {
                Guid::parse(text).ok_or_else(|| {
                    E::custom(format!("`{text}` is no GUID; one looks like 7BF665B0-2793-4B26-946E-D03A82E7EECB"))
                })
            }
        }

        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Guid {
    fn schema_name() -> Cow<'static, str> {
        "Guid".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // No pattern: a scenario may have a placeholder here.
        json_schema!({ "type": "string", "description": "A GUID, in any case, in braces or not." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_case_and_braces_and_writes_upper_case() {
        let text = "7BF665B0-2793-4B26-946E-D03A82E7EECB";
        let guid = Guid::parse(text).expect("good");
        assert_eq!(guid.to_string(), text);
        assert_eq!(Guid::parse(&format!("{{{}}}", text.to_lowercase())), Some(guid));
        for bad in [
            "",
            "7BF665B0",
            "7BF665B0-2793-4B26-946E-D03A82E7EEC",
            "ZBF665B0-2793-4B26-946E-D03A82E7EECB",
            "ё",
            "7BF665B027934B26946ED03A82E7EECB",
        ] {
            assert_eq!(Guid::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn draft_ids_are_numbered_as_printed() {
        assert_eq!(Guid::draft(4).to_string(), "00000004-FFFF-FFFF-FFFF-FFFFFFFFFFFF");
        assert!(Guid::draft(0).is_draft());
    }
}
