//! The deserializer: lenient, path by path, and with placeholders for what is wrong.
//!
//! A wrong scalar is noted and replaced on the spot. Where a type itself returns an error, or lacks a required field,
//! serde gives up; the tree is then read once more with a placeholder there, so that the rest is looked at too.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::{Invalid, Read, Reason, Style, Unknown, scalar};
use crate::problem::{Path, Step};

/// The most times that one request is read; mistakes beyond them are not listed.
const PASSES: usize = 40;

pub(super) fn read<T: DeserializeOwned>(value: &Value, style: Style) -> Read<T> {
    let mut known = Known::default();
    let mut passes = 0;
    loop {
        passes += 1;
        let found = Found::default();
        let cx = Cx { style, known: &known, found: &found };
        let result = T::deserialize(Reader::new(value, Place::Root, &cx));
        let (mut invalid, unknown) = (found.invalid.into_inner(), found.unknown.into_inner());
        let stop = match result {
            Ok(value) => return Read { value: Some(value), invalid, unknown },
            Err(stop) => stop.at(&Place::Root),
        };
        let goes_on = known.learn(&stop, &invalid) && passes < PASSES;
        if !goes_on {
            let path = stop.path();
            if !invalid.iter().any(|one| one.path == path) {
                invalid.push(Invalid { path, reason: stop.reason });
            }
            return Read { value: None, invalid, unknown };
        }
    }
}

/// What earlier passes have found and this one works around.
#[derive(Default)]
struct Known {
    /// Values that their types refuse, why, and how many placeholders were refused too.
    refused: BTreeMap<String, (Reason, u8)>,
    /// Fields that are required and were missing somewhere: paths without indices.
    required: BTreeSet<String>,
}

impl Known {
    /// Takes note of what ended a pass; returns whether another one can get further.
    fn learn(&mut self, stop: &Stop, invalid: &[Invalid]) -> bool {
        let path = stop.path();
        if stop.missing {
            return self.required.insert(pattern(&path));
        }
        // The first mistake of a value is the one that counts.
        let first = invalid.iter().find(|one| one.path == path).map(|one| one.reason.clone());
        let entry = self.refused.entry(path.to_string());
        let mut is_new = false;
        let (_, tried) = entry.or_insert_with(|| {
            is_new = true;
            (first.unwrap_or_else(|| stop.reason.clone()), 0)
        });
        if !is_new {
            *tried += 1;
        }
        *tried < 2
    }
}

/// A path without its indices.
fn pattern(path: &Path) -> String {
    let keys: Vec<&str> =
        path.0.iter().filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None }).collect();
    keys.join("\u{0}")
}

/// What this pass finds.
#[derive(Default)]
struct Found {
    invalid: RefCell<Vec<Invalid>>,
    unknown: RefCell<Vec<Unknown>>,
}

struct Cx<'a> {
    style: Style,
    known: &'a Known,
    found: &'a Found,
}

/// Where a value stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(&self) -> Path {
        let mut steps = Vec::new();
        let mut place = self;
        loop {
            place = match place {
                Place::Root => break,
                Place::Key(parent, key) => {
                    steps.push(Step::Key((*key).to_owned()));
                    parent
                }
                Place::Index(parent, index) => {
                    steps.push(Step::Index(*index));
                    parent
                }
            };
        }
        steps.reverse();
        Path(steps)
    }
}

/// What ends a pass.
#[derive(Debug)]
struct Stop {
    reason: Reason,
    /// The field that is missing from the object at the path.
    field: Option<&'static str>,
    missing: bool,
    path: Option<Path>,
}

impl Stop {
    fn of(reason: Reason) -> Self {
        Self { reason, field: None, missing: false, path: None }
    }

    /// Adds the path, unless an inner value has done so.
    fn at(mut self, place: &Place<'_>) -> Self {
        if self.path.is_none() {
            let mut path = place.path();
            path.0.extend(self.field.map(Step::from));
            self.path = Some(path);
        }
        self
    }

    fn path(&self) -> Path {
        self.path.clone().unwrap_or_default()
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::of(Reason::Refused(text.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        match found {
            Unexpected::Unit | Unexpected::Option => Self::of(Reason::Required),
            _ => Self::of(Reason::Expected(expected.to_string())),
        }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        let text = expected.to_string();
        Self::of(text.parse().map_or_else(|_| Reason::Expected(text.clone()), Reason::TooLong))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::of(Reason::NotOneOf(expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { field: Some(field), missing: true, ..Self::of(Reason::Required) }
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Reader<'a, 'de> {
    value: &'de Value,
    place: Place<'a>,
    cx: &'a Cx<'a>,
    /// A placeholder is wanted in its place, the first or the second that a type may take.
    placeholder: Option<u8>,
}

impl<'a, 'de> Reader<'a, 'de> {
    fn new(value: &'de Value, place: Place<'a>, cx: &'a Cx<'a>) -> Self {
        let mut reader = Self { value, place, cx, placeholder: None };
        if !cx.known.refused.is_empty()
            && let Some((reason, tried)) = cx.known.refused.get(&place.path().to_string())
        {
            reader.note(reason.clone());
            reader.placeholder = Some(*tried);
        }
        reader
    }

    /// A placeholder for a field that its object lacks; noted unless the object is a placeholder itself.
    fn missing(place: Place<'a>, object: &Self) -> Self {
        let cx = object.cx;
        let reader = Self { value: &Value::Null, place, cx, placeholder: Some(0) };
        let tried = cx.known.refused.get(&place.path().to_string()).map(|(_, tried)| *tried);
        if object.placeholder.is_none() {
            reader.note(Reason::Required);
        }
        Self { placeholder: tried.or(Some(0)), ..reader }
    }

    fn note(&self, reason: Reason) {
        self.cx.found.invalid.borrow_mut().push(Invalid { path: self.place.path(), reason });
    }

    fn is_nothing(&self) -> bool {
        scalar::is_nothing(self.value, self.cx.style.blank_is_null)
    }

    /// The value as `read` reads it, or a placeholder and a note.
    fn scalar<T>(&self, read: impl FnOnce(&'de Value) -> Option<T>, reason: Reason, placeholders: [T; 2]) -> T {
        let [first, second] = placeholders;
        match self.placeholder {
            Some(0) => return first,
            Some(_) => return second,
            None => {}
        }
        if self.is_nothing() {
            self.note(Reason::Required);
            return first;
        }
        read(self.value).unwrap_or_else(|| {
            self.note(reason);
            first
        })
    }

    /// Whether the value is of the kind that is wanted; if not, that is noted.
    fn is(&self, fits: bool, reason: Reason) -> bool {
        if self.placeholder.is_some() {
            return false;
        }
        if !fits {
            self.note(if self.is_nothing() { Reason::Required } else { reason });
        }
        fits
    }
}

macro_rules! integers {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            if let (Some(large), None) = (self.value.as_u64().filter(|n| *n > i64::MAX as u64), self.placeholder) {
                return visitor.visit_u64(large);
            }
            visitor.visit_i64(self.scalar(scalar::integer, Reason::NotInteger, [0, 1]))
        }
    )* };
}

macro_rules! texts {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            visitor.visit_borrowed_str(self.scalar(Value::as_str, Reason::NotText, ["", "1"]))
        }
    )* };
}

impl<'de> Deserializer<'de> for Reader<'_, 'de> {
    type Error = Stop;

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    texts! { deserialize_str deserialize_string deserialize_char }

    forward_to_deserialize_any! { i128 u128 bytes byte_buf }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if let Some(tried) = self.placeholder {
            return visitor.visit_borrowed_str(if tried == 0 { "" } else { "1" });
        }
        match self.value {
            _ if self.is_nothing() => visitor.visit_unit(),
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_i64(number),
                (_, Some(number), _) => visitor.visit_u64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_bool(self.scalar(scalar::flag, Reason::NotFlag, [false, true]))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_f64(self.scalar(scalar::number, Reason::NotNumber, [0.0, 1.0]))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.placeholder {
            Some(_) => visitor.visit_none(),
            // `Patch` tells this from a field that is absent.
            None if self.is_nothing() => visitor.visit_unit(),
            None => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let items = self.value.as_array().map_or(&[][..], Vec::as_slice);
        let items = if self.is(self.value.is_array(), Reason::NotList) { items } else { &[] };
        visitor.visit_seq(Items { reader: self, items, next: 0 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let fields = self.is(self.value.is_object(), Reason::NotObject).then(|| self.value.as_object()).flatten();
        let entries = fields.into_iter().flatten().map(|(key, value)| (key.as_str(), Some(value))).collect();
        visitor.visit_map(Fields { reader: self, entries, value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let place = self.place;
        let fits = self.is(self.value.is_object(), Reason::NotObject);
        let Some(fields) = self.value.as_object().filter(|_| fits) else {
            // A placeholder has placeholders in all its fields.
            let reader = Self { placeholder: self.placeholder.or(Some(0)), ..self };
            let entries = names.iter().rev().map(|name| (*name, None)).collect();
            return visitor.visit_map(Fields { reader, entries, value: None }).map_err(|stop| stop.at(&place));
        };
        let mut entries = Vec::with_capacity(names.len());
        for name in names.iter().rev() {
            match fields.get(*name) {
                Some(value) => entries.push((*name, Some(value))),
                None if self.cx.known.required.is_empty() => {}
                None if self.cx.known.required.contains(&pattern(&Place::Key(&place, name).path())) => {
                    entries.push((*name, None));
                }
                None => {}
            }
        }
        for key in fields.keys().filter(|key| !names.contains(&key.as_str())) {
            let unknown = Unknown::new(Place::Key(&place, key).path(), key, names);
            self.cx.found.unknown.borrow_mut().push(unknown);
        }
        visitor.visit_map(Fields { reader: self, entries, value: None }).map_err(|stop| stop.at(&place))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let first = variants.first().copied().unwrap_or_default();
        let known = |value: &'de Value| value.as_str().filter(|text| variants.contains(text));
        let variant = self.scalar(known, Reason::NotOneOf(variants), [first, first]);
        let variant: StrDeserializer<'_, Stop> = variant.into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }
}

/// The items of a list.
struct Items<'a, 'de> {
    reader: Reader<'a, 'de>,
    items: &'de [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        let place = Place::Index(&self.reader.place, self.next);
        self.next += 1;
        seed.deserialize(Reader::new(item, place, self.reader.cx)).map(Some).map_err(|stop| stop.at(&place))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len() - self.next)
    }
}

/// The fields of an object, the next one last. One without a value is to be filled by a placeholder.
struct Fields<'a, 'de> {
    reader: Reader<'a, 'de>,
    entries: Vec<(&'de str, Option<&'de Value>)>,
    value: Option<(&'de str, Option<&'de Value>)>,
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        self.value = self.entries.pop();
        let Some((key, _)) = self.value else { return Ok(None) };
        let key: StrDeserializer<'_, Stop> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let (key, value) = self.value.take().unwrap_or_default();
        let place = Place::Key(&self.reader.place, key);
        let reader = match value {
            Some(value) => Reader::new(value, place, self.reader.cx),
            None => Reader::missing(place, &self.reader),
        };
        seed.deserialize(reader).map_err(|stop| stop.at(&place))
    }
}
