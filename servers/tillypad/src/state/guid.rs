//! GUIDs as Tillypad writes them: upper case, compared case-blind, sixteen bytes in memory.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a character is worth as a hexadecimal digit; 255 if it is none.
const DIGITS: [u8; 256] = {
    let mut digits = [255; 256];
    let mut n = 0;
    while n < 16 {
        digits[b"0123456789abcdef"[n] as usize] = n as u8;
        digits[b"0123456789ABCDEF"[n] as usize] = n as u8;
        n += 1;
    }
    digits
};

/// A GUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guid([u8; 16]);

impl Guid {
    /// The first of all GUIDs.
    pub(crate) const LOWEST: Self = Self([0; 16]);

    /// Reads `7BF665B0-2793-4B26-946E-D03A82E7EECB`, in braces or not, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text).as_bytes();
        let text: &[u8; 36] = text.try_into().ok()?;
        if [8, 13, 18, 23].iter().any(|dash| text[*dash] != b'-') {
            return None;
        }
        // Bills are full of GUIDs: two digits at a time, and whether all were digits is asked once.
        const STARTS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        let mut bytes = [0_u8; 16];
        let mut all = 0;
        for (byte, at) in bytes.iter_mut().zip(STARTS) {
            let (high, low) = (DIGITS[usize::from(text[at])], DIGITS[usize::from(text[at + 1])]);
            all |= high | low;
            *byte = high << 4 | low & 15;
        }
        (all < 16).then_some(Self(bytes))
    }

    /// The GUID of these bytes.
    pub(crate) const fn of(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id that `calc-discount` gives to the `n`th row of a bill that is not stored.
    pub(crate) fn draft(n: u32) -> Self {
        let mut bytes = [0xff; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Self(bytes)
    }

    /// How many of its digits are other than those of another.
    pub(crate) fn differs(self, other: Self) -> usize {
        let digits = |(one, two): (&u8, &u8)| usize::from(one >> 4 != two >> 4) + usize::from(one & 15 != two & 15);
        self.0.iter().zip(&other.0).map(digits).sum()
    }

    /// Whether it is an id that `calc-discount` gave: it names nothing that is stored.
    pub(crate) fn is_draft(self) -> bool {
        self.0[4..].iter().all(|byte| *byte == 0xff)
    }
}

impl Guid {
    /// Its text, written into a buffer: bills are full of GUIDs.
    pub(crate) fn text(self, buffer: &mut [u8; 36]) -> &str {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut at = 0;
        for (i, byte) in self.0.iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                buffer[at] = b'-';
                at += 1;
            }
            buffer[at] = DIGITS[usize::from(byte >> 4)];
            buffer[at + 1] = DIGITS[usize::from(byte & 15)];
            at += 2;
        }
        std::str::from_utf8(buffer).unwrap_or_default()
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
        // A visitor that refuses by itself: that is how a placeholder in an action's arguments is told from a mistake.
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
        for bad in ["", "7BF665B0", "7BF665B0-2793-4B26-946E-D03A82E7EEC", "ZBF665B0-2793-4B26-946E-D03A82E7EECB", "ё"]
        {
            assert_eq!(Guid::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn draft_ids_are_numbered_as_printed() {
        assert_eq!(Guid::draft(4).to_string(), "00000004-FFFF-FFFF-FFFF-FFFFFFFFFFFF");
        assert!(Guid::draft(0).is_draft());
    }
}
