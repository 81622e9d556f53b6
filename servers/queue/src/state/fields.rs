//! Fields that clients send, read leniently: numbers as strings are numbers (G1).

use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde_json::{Map, Value, json};

use crate::errors::Error;

/// A field of a row or a command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) need: Need,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Int,
    /// 0 or 1; `true` and `false` are read too.
    Flag,
    Text,
    MaybeText,
    MaybeInt,
    Ints,
    /// Stage to operations.
    Stages,
    Moment,
    Object(&'static [Field]),
    /// A tree of services.
    Tree,
    /// An object that is kept and not looked into.
    Opaque,
}

/// Who fills a field in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    Optional,
    /// The server alone; a client's value is ignored with a warning.
    Server,
}

/// How deep a tree of services may grow.
const DEPTH: usize = 16;

impl Kind {
    /// The value as this kind has it.
    pub(crate) fn read(self, name: &str, value: &Value) -> Result<Value, Error> {
        let wrong = |wanted: &str| Err(Error::Value(format!("Parameter '{name}': expected {wanted}, found {value}")));
        match self {
            Self::Int => int(value).map(Value::from).map_or_else(|| wrong("a whole number"), Ok),
            Self::Flag => match (value, int(value)) {
                (Value::Bool(flag), _) => Ok(json!(i64::from(*flag))),
                (_, Some(flag @ 0..=1)) => Ok(json!(flag)),
                _ => wrong("0 or 1"),
            },
            Self::Text => match value {
                Value::String(_) => Ok(value.clone()),
                Value::Number(number) => Ok(json!(number.to_string())),
                Value::Null => Ok(json!("")),
                _ => wrong("a string"),
            },
            Self::MaybeText => match value {
                Value::Null => Ok(Value::Null),
                _ => Self::Text.read(name, value),
            },
            Self::MaybeInt => match value {
                Value::Null => Ok(Value::Null),
                _ => Self::Int.read(name, value),
            },
            Self::Ints => match value {
                Value::Array(items) => match items.iter().map(int).collect::<Option<Vec<i64>>>() {
                    Some(ids) => Ok(json!(ids)),
                    None => wrong("a list of whole numbers"),
                },
                _ => wrong("a list of whole numbers"),
            },
            Self::Stages => match value {
                Value::Object(stages) => {
                    let mut read = Map::new();
                    for (stage, operations) in stages {
                        let Ok(stage) = stage.trim().parse::<i64>() else { return wrong("stages as whole numbers") };
                        // Two spellings of one stage are one stage: the later wins, as in any JSON object.
                        read.insert(stage.to_string(), Self::Ints.read(name, operations)?);
                    }
                    Ok(Value::Object(read))
                }
                _ => wrong("an object of stages with lists of operations"),
            },
            Self::Moment => match value.as_str().and_then(moment) {
                Some(moment) => Ok(json!(stamp::print(moment))),
                None => wrong("a moment like 2015-06-17T00:00:00.000Z"),
            },
            Self::Object(fields) => match value {
                Value::Null => Ok(Value::Null),
                Value::Object(given) => {
                    let mut read = Map::new();
                    for field in fields {
                        if let Some(value) = given.get(field.name) {
                            read.insert(field.name.to_owned(), field.kind.read(field.name, value)?);
                        }
                    }
                    Ok(Value::Object(read))
                }
                _ => wrong("an object"),
            },
            Self::Tree => tree(value, DEPTH).map_or_else(|| wrong("{services: [{id}], children: [...]}"), Ok),
            Self::Opaque => match value {
                Value::Object(map) if map.keys().all(|key| key.parse::<i64>().is_ok()) => Ok(value.clone()),
                _ => wrong("an object with whole numbers for keys"),
            },
        }
    }
}

/// Keys in a value that its kind does not know, by their paths below it, each with the keys that are known there.
pub(crate) fn odd(kind: Kind, value: &Value) -> Vec<(String, Vec<&'static str>)> {
    match (kind, value) {
        (Kind::Object(fields), Value::Object(given)) => {
            let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
            let odd = given.keys().filter(|key| !known.contains(&key.as_str()));
            odd.map(|key| (key.clone(), known.clone())).collect()
        }
        (Kind::Tree, Value::Object(node)) => {
            let mut found = Vec::new();
            odd_in_tree(node, "", DEPTH, &mut found);
            found
        }
        _ => Vec::new(),
    }
}

fn odd_in_tree(node: &Map<String, Value>, at: &str, left: usize, found: &mut Vec<(String, Vec<&'static str>)>) {
    const KEYS: [&str; 2] = ["services", "children"];
    found
        .extend(node.keys().filter(|key| !KEYS.contains(&key.as_str())).map(|key| (format!("{at}{key}"), KEYS.into())));
    let items = |key: &str| node.get(key).and_then(Value::as_array).into_iter().flatten().enumerate();
    for (i, member) in items("services") {
        let odd = member.as_object().into_iter().flatten().filter(|(key, _)| *key != "id");
        found.extend(odd.map(|(key, _)| (format!("{at}services[{i}].{key}"), vec!["id"])));
    }
    for (i, child) in items("children").filter(|_| left > 0) {
        if let Value::Object(child) = child {
            odd_in_tree(child, &format!("{at}children[{i}]."), left - 1, found);
        }
    }
}

/// A moment as clients send it; a date or a time without zone is UTC.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let civil = || {
        let date = text.parse::<civil::DateTime>().or_else(|_| text.parse::<civil::Date>().map(Into::into));
        date.ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    text.parse().ok().or_else(civil)
}

/// A whole number, also as a string.
pub(crate) fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15).map(|float| float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn tree(value: &Value, left: usize) -> Option<Value> {
    let given = value.as_object().filter(|_| left > 0)?;
    let empty = Vec::new();
    let list = |key: &str| given.get(key).map_or(Some(&empty), Value::as_array);
    // Members come as `{id}`; a bare id is read too.
    let member = |value: &Value| int(value.get("id").unwrap_or(value)).map(|id| json!({ "id": id }));
    let services: Vec<Value> = list("services")?.iter().map(member).collect::<Option<_>>()?;
    let children: Vec<Value> = list("children")?.iter().map(|child| tree(child, left - 1)).collect::<Option<_>>()?;
    Some(json!({ "services": services, "children": children }))
}

/// Moments as the document prints them: UTC, milliseconds, `Z`.
pub(crate) mod stamp {
    use super::{DateTimePrinter, TimeZone, Timestamp};
    use serde::{Deserializer, Serializer, de};

    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

    pub(crate) fn print(moment: Timestamp) -> String {
        let mut text = Vec::with_capacity(24);
        write(&mut text, moment);
        String::from_utf8(text).unwrap_or_default()
    }

    /// Writes it as it is printed. Every reply has one, so the years that people live in are written straight.
    pub(crate) fn write(out: &mut Vec<u8>, moment: Timestamp) {
        let time = TimeZone::UTC.to_datetime(moment);
        if !(1970..=9999).contains(&time.year()) {
            out.extend_from_slice(PRINTER.timestamp_to_string(&moment).as_bytes());
            return;
        }
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |at: usize, digits: usize, number: i32| {
            let mut rest = number.unsigned_abs();
            for place in text[at..at + digits].iter_mut().rev() {
                *place = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        };
        put(0, 4, time.year().into());
        put(5, 2, time.month().into());
        put(8, 2, time.day().into());
        put(11, 2, time.hour().into());
        put(14, 2, time.minute().into());
        put(17, 2, time.second().into());
        put(20, 3, time.subsec_nanosecond() / 1_000_000);
        out.extend_from_slice(&text);
    }

    pub(crate) fn serialize<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&print(*moment))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        deserializer.deserialize_str(Written)
    }

    /// Reads a moment, and says what one looks like.
    struct Written;

    impl de::Visitor<'_> for Written {
        type Value = Timestamp;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a moment like 2015-06-17T15:45:03.950Z")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
            let moment = text.parse();
            moment.map_err(|_| E::custom(format!("expected a moment like 2015-06-17T15:45:03.950Z, found `{text}`")))
        }
    }

    /// The same for what may be absent.
    pub(crate) mod maybe {
        use super::{Timestamp, print};
        use serde::{Deserialize, Deserializer, Serializer};

        #[derive(Deserialize)]
        struct Moment(#[serde(with = "super")] Timestamp);

        pub(crate) fn serialize<S: Serializer>(moment: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
            match moment {
                Some(moment) => serializer.serialize_some(&print(*moment)),
                None => serializer.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
            let moment = Option::<Moment>::deserialize(deserializer)?;
            Ok(moment.map(|Moment(moment)| moment))
        }
    }
}

/// As statistics print `done`: without zone and milliseconds (Q26).
pub(crate) fn bare(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// To the nearest second: the document prints registrations so (its 13:22:35.902 is registered at 13:22:36).
pub(crate) fn to_second(moment: Timestamp) -> Timestamp {
    let millis = moment.as_millisecond();
    Timestamp::from_second((millis + 500).div_euclid(1000)).unwrap_or(moment)
}

/// To the millisecond, as everything else is printed: what was saved must come back the same.
pub(crate) fn to_milli(moment: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(moment.as_millisecond()).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("G1")]
    #[test]
    fn numbers_as_strings_are_numbers() {
        assert_eq!(Kind::Int.read("id", &json!(" 15 ")), Ok(json!(15)));
        assert_eq!(Kind::Int.read("id", &json!(3.0)), Ok(json!(3)));
        assert_eq!(Kind::Ints.read("ids", &json!(["1", 2])), Ok(json!([1, 2])));
        assert_eq!(Kind::Stages.read("s", &json!({"50": ["3"]})), Ok(json!({"50": [3]})));
        assert_eq!(Kind::Flag.read("f", &json!(true)), Ok(json!(1)));
        for bad in [json!("x"), json!(1.5), json!([]), json!(null), json!({})] {
            assert!(Kind::Int.read("id", &bad).is_err(), "{bad}");
        }
    }

    #[proves("QU-130", "Q1", "G3")]
    #[test]
    fn moments_print_as_in_the_document() {
        let moment: Timestamp = "2015-06-17T15:45:03.95Z".parse().expect("a moment");
        assert_eq!(stamp::print(moment), "2015-06-17T15:45:03.950Z");
        assert_eq!(bare(moment), "2015-06-17T15:45:03");
        let last = "2026-12-31T23:59:59.999999999Z".parse().expect("a moment");
        for odd in [last, Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
            assert_eq!(stamp::print(odd), DateTimePrinter::new().precision(Some(3)).timestamp_to_string(&odd));
        }
        let registered: Timestamp = "2024-04-22T13:22:35.902Z".parse().expect("a moment");
        assert_eq!(stamp::print(to_second(registered)), "2024-04-22T13:22:36.000Z");
    }
}
