//! serde's view of a [`Node`]: typed values out of a tree, with the place of whatever does not fit.

use std::cell::RefCell;
use std::fmt::Display;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use crate::near;
use crate::node::{Entry, Node, Value};
use crate::problem::{Problem, Step};

/// The code of the problem that stands for "cannot be known before `${…}` is filled in".
pub(crate) const HOLE: &str = "placeholder";

/// The name by which [`Raw`] asks for the tree itself.
const RAW: &str = "$stend::Raw";

thread_local! {
    /// serde has no way to hand a tree through a visitor; it is laid here for the moment between two calls.
    static HANDED: RefCell<Option<Node>> = const { RefCell::new(None) };
}

/// A part of a document that is kept as it is, with its places, to be read later.
#[derive(Debug, Clone, Default)]
pub struct Raw(pub Node);

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawVisitor;
        impl<'de> Visitor<'de> for RawVisitor {
            type Value = Raw;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
                let handed = HANDED.with(|handed| handed.borrow_mut().take());
                handed.map(Raw).ok_or_else(|| E::custom("a part of a document that is read elsewhere"))
            }
        }
        deserializer.deserialize_newtype_struct(RAW, RawVisitor)
    }
}

impl JsonSchema for Raw {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Any".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

impl de::Error for Problem {
    fn custom<T: Display>(message: T) -> Self {
        Self::invalid(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let expected = expected.to_string();
        let mut problem =
            Self::new("wrong_type", format!("expected {}, found {}", plain(&expected), described(&found)));
        if expected.contains("string") {
            match found {
                Unexpected::Unsigned(number) => problem = problem.hint(format!("put it in quotes: \"{number}\"")),
                Unexpected::Signed(number) => problem = problem.hint(format!("put it in quotes: \"{number}\"")),
                // A number of many digits is not kept as it is written.
                Unexpected::Float(number) if number.abs() >= MANY_DIGITS => problem = problem.hint("put it in quotes"),
                Unexpected::Float(number) => problem = problem.hint(format!("put it in quotes: \"{number}\"")),
                _ => {}
            }
        }
        problem
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        // It is a number: only too large, or too fine, for a decimal.
        if matches!(found, Unexpected::Float(_)) && expected.to_string().contains("Decimal") {
            return Self::invalid(format!("expected a number of 28 digits at most, found {}", described(&found)));
        }
        Self::new("wrong_type", format!("expected {}, found {}", plain(&expected.to_string()), described(&found)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut problem = Self::unknown("unknown_key", "key", field, expected.iter().copied());
        problem.at_key = true;
        problem
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let mut problem = Self::unknown("unknown_name", "name", variant, expected.iter().copied());
        problem.at_key = true;
        problem
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("missing_key", format!("missing key `{field}`"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        let mut problem = Self::invalid(format!("the key `{field}` is given twice"));
        problem.at_key = true;
        problem
    }
}

fn plain(expected: &str) -> String {
    match expected {
        "i64" => "a whole number".into(),
        "u8" => "a whole number from 0 to 255".into(),
        "u16" => "a whole number from 0 to 65535".into(),
        "i32" | "u32" | "u64" | "usize" => {
            format!("a whole number{}", if expected.starts_with('u') { " from 0" } else { "" })
        }
        "f64" | "f32" => "a number".into(),
        decimal if decimal.contains("Decimal") => "a number".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list".into(),
        "unit" => "nothing".into(),
        other if other.starts_with("struct ") || other == "a map" => "a map".into(),
        other => other.to_owned(),
    }
}

/// From here on a number is written with its power of ten.
const MANY_DIGITS: f64 = 1e15;

/// A number as people write it: one of three hundred digits by its power of ten.
fn short(number: f64) -> String {
    if number.abs() < MANY_DIGITS { number.to_string() } else { format!("{number:e}") }
}

fn described(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {}", short(*number)),
        Unexpected::Str(text) => format!("the string `{text}`"),
        Unexpected::Unit | Unexpected::Option => "nothing".into(),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a map".into(),
        other => other.to_string(),
    }
}

pub(crate) struct NodeDeserializer<'n> {
    node: &'n Node,
    holes: bool,
}

impl<'n> NodeDeserializer<'n> {
    pub(crate) fn new(node: &'n Node, holes: bool) -> Self {
        Self { node, holes }
    }

    fn is_hole(&self) -> bool {
        self.holes && self.node.as_text().is_some_and(|text| text.starts_with("${") && text.ends_with('}'))
    }

    /// What serde reports without a place stands here.
    fn placed<T>(&self, result: Result<T, Problem>) -> Result<T, Problem> {
        result.map_err(|mut problem| {
            problem.position.get_or_insert(self.node.position);
            problem
        })
    }
}

macro_rules! or_hole {
    ($($method:ident => $visit:ident($placeholder:expr)),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            if self.is_hole() {
                return visitor.$visit($placeholder).map_err(|_: Problem| Problem::new(HOLE, "not known yet"));
            }
            self.deserialize_any(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let holes = self.holes;
        let result = match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(number) = number.as_u64() {
                    visitor.visit_u64(number)
                } else if let Some(number) = number.as_i64() {
                    visitor.visit_i64(number)
                } else {
                    visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
                }
            }
            Value::Text(_) if self.is_hole() => {
                visitor.visit_str("${}").map_err(|_: Problem| Problem::new(HOLE, "not known yet"))
            }
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(Items { items: items.iter().enumerate(), holes }),
            Value::Map(entries) => visitor.visit_map(Entries { entries: entries.iter(), current: None, holes }),
        };
        self.placed(result)
    }

    or_hole! {
        deserialize_bool => visit_bool(false),
        deserialize_i8 => visit_i64(1), deserialize_i16 => visit_i64(1), deserialize_i32 => visit_i64(1), deserialize_i64 => visit_i64(1),
        deserialize_u8 => visit_u64(1), deserialize_u16 => visit_u64(1), deserialize_u32 => visit_u64(1), deserialize_u64 => visit_u64(1),
        deserialize_f32 => visit_f64(1.0), deserialize_f64 => visit_f64(1.0),
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Problem> {
        if name == RAW {
            HANDED.with(|handed| *handed.borrow_mut() = Some(self.node.clone()));
            return visitor.visit_unit();
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        if self.is_hole() {
            return Err(Problem::new(HOLE, "not known yet"));
        }
        let holes = self.holes;
        let result = match &self.node.value {
            Value::Text(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            Value::Map(entries) => match entries.as_slice() {
                [entry] => visitor.visit_enum(Variant { entry, holes }),
                entries => Err(Problem::new(
                    "wrong_type",
                    format!("expected one key that names the kind, found {} keys", entries.len()),
                )),
            },
            _ => {
                let found = format!("expected a name or a map with one key, found {}", self.node.kind());
                let mut problem = Problem::new("wrong_type", found);
                problem.hint = near::hint("", names.iter().copied());
                Err(problem)
            }
        };
        self.placed(result)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        // serde would read a list into a struct, field by field; nobody means that.
        if matches!(self.node.value, Value::List(_)) {
            return self.placed(Err(Problem::new("wrong_type", "expected a map, found a list")));
        }
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'n> {
    items: std::iter::Enumerate<std::slice::Iter<'n, Node>>,
    holes: bool,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        let Some((index, node)) = self.items.next() else { return Ok(None) };
        seed.deserialize(NodeDeserializer::new(node, self.holes)).map(Some).map_err(|problem| problem.under(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'n> {
    entries: std::slice::Iter<'n, Entry>,
    current: Option<&'n Entry>,
    holes: bool,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        self.current = self.entries.next();
        let Some(entry) = self.current else { return Ok(None) };
        let key: de::value::StrDeserializer<'_, Problem> = entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|mut problem| {
            problem.position = Some(entry.position);
            problem.under(entry.key.clone())
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        let entry = self.current.ok_or_else(|| Problem::invalid("a value without a key"))?;
        seed.deserialize(NodeDeserializer::new(&entry.value, self.holes))
            .map_err(|problem| problem.under(entry.key.clone()))
    }
}

struct Variant<'n> {
    entry: &'n Entry,
    holes: bool,
}

impl<'de, 'n> EnumAccess<'de> for Variant<'n> {
    type Error = Problem;
    type Variant = Content<'n>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'n>), Problem> {
        let key: de::value::StrDeserializer<'_, Problem> = self.entry.key.as_str().into_deserializer();
        let variant = seed.deserialize(key).map_err(|mut problem| {
            problem.position = Some(self.entry.position);
            problem.under(self.entry.key.clone())
        })?;
        Ok((variant, Content { entry: self.entry, holes: self.holes }))
    }
}

struct Content<'n> {
    entry: &'n Entry,
    holes: bool,
}

impl Content<'_> {
    fn inner(&self) -> NodeDeserializer<'_> {
        NodeDeserializer::new(&self.entry.value, self.holes)
    }

    fn placed<T>(&self, result: Result<T, Problem>) -> Result<T, Problem> {
        result.map_err(|problem| problem.under(Step::Key(self.entry.key.clone())))
    }
}

impl<'de> VariantAccess<'de> for Content<'_> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        match self.entry.value.value {
            Value::Null | Value::Bool(true) => Ok(()),
            _ => self.placed(Err(Problem::new("wrong_type", format!("`{}` takes nothing, or `true`", self.entry.key)))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Problem> {
        self.placed(seed.deserialize(self.inner()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.placed(self.inner().deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Problem> {
        self.placed(self.inner().deserialize_struct("", fields, visitor))
    }
}
