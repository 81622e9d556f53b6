//! What exchanges show: the things in a reply, and the values that a world's section takes from them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stend_core::journal::Channel;

use super::matching::{Seen, pairs};
use super::rules::Taking;
use crate::matcher::{find, path};

/// A thing with the section's names for its keys.
pub(super) fn renamed(thing: &Value, taking: &Taking) -> Value {
    match thing {
        Value::Object(map) => {
            let is_empty = |value: &Value| taking.drop_empty && value == "";
            let known = map.iter().filter(|(key, value)| !taking.without.contains(key) && !is_empty(value));
            let entry = |(key, value): (&String, &Value)| {
                (taking.rename.get(key).unwrap_or(key).clone(), renamed(value, taking))
            };
            Value::Object(known.map(entry).collect())
        }
        Value::Array(items) => items.iter().map(|item| renamed(item, taking)).collect(),
        other => other.clone(),
    }
}

/// A thing whose maps are held as the section holds them.
pub(super) fn wrapped(mut thing: Value, taking: &Taking) -> Value {
    for (key, wrap) in &taking.wrap {
        let beside: Vec<(&String, Value)> =
            wrap.with.iter().filter_map(|(name, from)| Some((name, find(&path(from).ok()?, from, &thing)?))).collect();
        for (_, value) in thing.get_mut(key).and_then(Value::as_object_mut).into_iter().flatten() {
            let mut made: Map<String, Value> =
                beside.iter().map(|(name, value)| ((*name).clone(), value.clone())).collect();
            made.insert(wrap.under.clone(), value.take());
            *value = Value::Object(made);
        }
    }
    thing
}

/// What the client asked with: the JSON of the body or frame, or its form, and the fields of the query beside it.
pub(super) fn asked(seen: &Seen) -> Value {
    let given = |fields: BTreeMap<String, String>| fields.into_iter().map(|(key, value)| (key, Value::String(value)));
    match seen.request_json() {
        Value::Null if seen.channel == Channel::Http => {
            let body = String::from_utf8_lossy(&seen.request).into_owned();
            Value::Object(given(pairs(&seen.query)).chain(given(pairs(&body))).collect())
        }
        Value::Object(body) if seen.channel == Channel::Http => {
            Value::Object(given(pairs(&seen.query)).chain(body).collect())
        }
        other => other,
    }
}

pub(super) fn value_of(from: &str, thing: &Value, seen: &Seen, request: &Value, reply: &Value) -> Option<Value> {
    let look = |text: &str, value: &Value| find(&path(text).ok()?, text, value).filter(|found| !found.is_null());
    if from.starts_with('$') {
        return look(from, thing);
    }
    if let Some(constant) = from.strip_prefix('=') {
        return Some(json!(constant));
    }
    match from {
        "@at" => return seen.at.map(|at| json!(at)),
        "@bearer" => {
            let header = seen.headers.iter().find(|(known, _)| known == "authorization")?;
            return header
                .1
                .split_once(' ')
                .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
                .map(|(_, token)| json!(token));
        }
        _ => {}
    }
    let (place, name) = from.strip_prefix('@')?.split_once('.')?;
    let plain = |text: &String| match text.parse::<i64>() {
        Ok(number) if number.to_string() == *text => json!(number),
        _ => json!(text),
    };
    match place {
        "path" => seen.params.get(name).map(plain),
        "query" => seen.fields().get(name).map(plain),
        "header" => seen.headers.iter().find(|(known, _)| known == name).map(|(_, value)| json!(value)),
        "request" => look(name, request),
        "reply" => look(name, reply),
        "hundredth" => {
            let whole = look(name, thing)?.as_i64()?;
            Some(if whole % 100 == 0 { json!(whole / 100) } else { json!(whole as f64 / 100.0) })
        }
        _ => None,
    }
}
