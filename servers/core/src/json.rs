//! JSON as a client sent it: a tree that borrows from its text. Requests are read once and thrown away, so what
//! `serde_json::Value` does for keeping (a hash map for every object, a copy of every string) is not done here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Cow<'t, str>),
    /// A list.
    Array(Vec<Json<'t>>),
    /// An object.
    Object(Object<'t>),
}

/// A JSON object, its keys in the order sent. A key that comes twice has its first place and its last value, as
/// `serde_json` has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object<'t>(Vec<(Cow<'t, str>, Json<'t>)>);

impl<'t> Json<'t> {
    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Its text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// Its fields, if it is an object.
    pub fn as_object(&self) -> Option<&Object<'t>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The same to be kept.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(number) => Value::Number(number.clone()),
            Self::String(text) => Value::String(text.clone().into_owned()),
            Self::Array(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(object) => Value::Object(object.to_map()),
        }
    }
}

impl<'t> Object<'t> {
    /// One without fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Json<'t>> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| &**key)
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    /// Takes a key's value out; the last field takes its place.
    pub fn swap_remove(&mut self, key: &str) -> Option<Json<'t>> {
        let place = self.0.iter().position(|(known, _)| known == key)?;
        Some(self.0.swap_remove(place).1)
    }

    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same to be kept.
    pub fn to_map(&self) -> Map<String, Value> {
        self.iter().map(|(key, value)| (key.to_owned(), value.to_value())).collect()
    }

    /// What was sent, each key once.
    fn of(fields: Vec<(Cow<'t, str>, Json<'t>)>) -> Self {
        // Of few fields each is compared with all before it, of many only with its neighbours in order.
        const FEW: usize = 24;
        let twice = if fields.len() <= FEW {
            (1..fields.len()).any(|i| fields[..i].iter().any(|(key, _)| *key == fields[i].0))
        } else {
            let mut keys: Vec<&str> = fields.iter().map(|(key, _)| &**key).collect();
            keys.sort_unstable();
            keys.windows(2).any(|pair| pair[0] == pair[1])
        };
        if !twice {
            return Self(fields);
        }
        let mut places: BTreeMap<Cow<'t, str>, usize> = BTreeMap::new();
        let mut once: Vec<(Cow<'t, str>, Json<'t>)> = Vec::new();
        for (key, value) in fields {
            match places.get(&key) {
                Some(place) => once[*place].1 = value,
                None => {
                    places.insert(key.clone(), once.len());
                    once.push((key, value));
                }
            }
        }
        Self(once)
    }
}

impl<'t> From<&'t Value> for Json<'t> {
    fn from(value: &'t Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::String(text.as_str().into()),
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(map) => {
                Self::Object(Object(map.iter().map(|(key, value)| (key.as_str().into(), value.into())).collect()))
            }
        }
    }
}

/// As it would be written.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            other => other.to_value().fmt(f),
        }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(object) => serializer.collect_map(object.iter()),
        }
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json<'de>, E> {
        Ok(Json::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            if fields.is_empty() {
                // Room for the first few at once.
                fields.reserve_exact(4);
            }
            fields.push((key, map.next_value()?));
        }
        Ok(Json::Object(Object::of(fields)))
    }
}

/// A key, borrowed where it has no escapes: for visitors that read an object without its tree.
#[derive(Debug)]
pub struct Key<'t>(pub Cow<'t, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads_and_fails_where_it_fails() {
        let many: String = (0..100).map(|n| format!("\"k{}\":{n},", n % 70)).collect();
        let deep = "[".repeat(1_000);
        for text in [
            "null",
            r#" {"a":1,"b":[true,-2,1.5,1e4],"c":"x\n\u0444","\u0061":{"a":{}},"b":"last"} "#,
            r#"{"a":1,"a":2,"b":3,"a":4}"#,
            &format!("{{{many}\"end\":1}}"),
            "18446744073709551616",
            "-0",
            "1e400",
            "[1,2",
            "[1,]",
            "{\"a\" 1}",
            "{1:2}",
            "\"\\ud800\"",
            "nul",
            "{} x",
            "",
            &deep,
        ] {
            let ours = serde_json::from_str::<Json<'_>>(text).map(|json| {
                assert_eq!(serde_json::to_string(&json).expect("JSON"), json.to_value().to_string());
                json.to_string()
            });
            let theirs = serde_json::from_str::<Value>(text).map(|json| json.to_string());
            assert_eq!(ours.map_err(|error| error.to_string()), theirs.map_err(|error| error.to_string()), "{text}");
        }
    }

    #[test]
    fn a_value_is_the_same_borrowed() {
        let value = serde_json::json!({"a": [1, "x", null, {"b": 2.5}], "c": true});
        let json = Json::from(&value);
        assert_eq!((json.to_value(), json.to_string()), (value.clone(), value.to_string()));
        assert_eq!(json.as_object().and_then(|object| object.get("c")), Some(&Json::Bool(true)));
    }
}
