//! Schemas of single values: texts of a form, spans and moments, names from the registry.

use serde_json::{Map, Value, json};
use stend_core::Registry;

/// A text that is filled in later, in part or as a whole.
pub(super) const PLACEHOLDER: &str = r"\$\{";

/// The name of a header (RFC 9110, 5.6.2).
pub(super) const HEADER: &str = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

/// Methods that any expectation may name.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/// A text of this form; editors show the sentence where it is another.
pub(super) fn text(pattern: &str, otherwise: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "patternErrorMessage": otherwise })
}

/// A placeholder in the place of a whole value.
pub(super) fn placeholder() -> Value {
    json!({ "type": "string", "pattern": r"^\$\{.*\}$" })
}

/// One of these.
pub(super) fn any_of(all: impl IntoIterator<Item = Value>) -> Value {
    json!({ "anyOf": all.into_iter().collect::<Vec<_>>() })
}

/// The same, or `null` for nothing.
pub(super) fn optional(schema: Value) -> Value {
    any_of([schema, json!({ "type": "null" })])
}

/// A map with one of these keys.
pub(super) fn one(properties: &Value) -> Value {
    json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1 })
}

/// That one of these keys is there, at least.
pub(super) fn some_of<'k>(keys: impl IntoIterator<Item = &'k str>) -> Value {
    any_of(keys.into_iter().map(|key| json!({ "required": [key] })))
}

/// The same, with the sentence that editors show where none is.
pub(super) fn needs<'k>(keys: impl IntoIterator<Item = &'k str>, otherwise: &str) -> Value {
    any_of(keys.into_iter().map(|key| json!({ "required": [key], "errorMessage": otherwise })))
}

/// That none of these keys is there, with the sentence that editors show where one is.
pub(super) fn lacks<'k>(keys: impl IntoIterator<Item = &'k str>, otherwise: &str) -> Value {
    let none: Map<String, Value> = keys.into_iter().map(|key| (key.to_owned(), json!(false))).collect();
    json!({ "properties": none, "errorMessage": otherwise })
}

/// Where one of these keys is there, this holds.
pub(super) fn with<'k>(keys: impl IntoIterator<Item = &'k str>, then: &Value) -> Value {
    json!({ "if": some_of(keys), "then": then })
}

/// Adds a condition.
pub(super) fn also(definition: &mut Value, condition: Value) {
    match definition.get_mut("allOf").and_then(Value::as_array_mut) {
        Some(all) => all.push(condition),
        None => definition["allOf"] = json!([condition]),
    }
}

/// Adds that exactly one of these keys is there, with the sentences that editors show.
pub(super) fn exactly_one(definition: &mut Value, keys: &[&str], none: &str, several: &str) {
    also(definition, needs(keys.iter().copied(), none));
    at_most_one(definition, keys, several);
}

/// Adds that no two of these keys are there.
pub(super) fn at_most_one(definition: &mut Value, keys: &[&str], several: &str) {
    for (place, key) in keys.iter().enumerate() {
        let later = keys[place + 1..].iter().copied();
        if later.len() > 0 {
            also(definition, with([*key], &lacks(later, several)));
        }
    }
}

/// A span of time as it is written: letters of units, digits, and what stands between them.
const SPAN: &str = "^[A-Za-z+ ]*[0-9][0-9A-Za-zµμ.,:+ ]*$";

/// A span of time.
pub(super) fn span() -> Value {
    json!({
        "description": "A span of virtual time: `30s`, `1m30s`, `250ms`, or a number of seconds.",
        "anyOf": [text(SPAN, "write a span of time like 30s, 1m30s, 250ms or 2d"), {"type": "number", "minimum": 0}],
        "examples": ["30s", "1m30s"],
    })
}

/// A span that is some time.
pub(super) fn some_time() -> Value {
    let some = "write a span of time like 30s, 1m30s, 250ms or 2d; no time at all does nothing";
    let mut written = text(SPAN, some);
    written["allOf"] = json!([text("[1-9]", some)]);
    json!({ "anyOf": [written, {"type": "number", "exclusiveMinimum": 0}] })
}

/// A moment of RFC 3339.
pub(super) fn moment() -> Value {
    text(
        r"^[-+]?[0-9]{4,6}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.,]+ ?([Zz]|[-+][0-9:]+)(\[.*\])?$",
        "write a moment like 2026-11-21T12:00:00+03:00",
    )
}

/// Names with `*` for any run of characters.
pub(super) fn pattern_of_names() -> Value {
    json!({ "type": "string", "pattern": r"\*" })
}

/// The names of services; those whose clients open a socket, or the others.
pub(super) fn services(registry: &Registry, with_sockets: bool) -> Vec<&'static str> {
    let kinds = registry.services().iter().filter(|kind| kind.envelope().is_some() == with_sockets);
    kinds.map(|kind| kind.name()).collect()
}

/// The ids of operations, of all services or of one.
pub(super) fn operations(registry: &Registry, service: Option<&str>) -> Vec<&'static str> {
    let kinds = registry.services().iter().filter(|kind| service.is_none_or(|service| service == kind.name()));
    let mut ids: Vec<&str> = kinds.flat_map(|kind| kind.operations()).map(|operation| operation.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// A method of HTTP in any case, or a command of a socket.
pub(super) fn method(registry: &Registry) -> Value {
    let commands = registry.services().iter().flat_map(|kind| kind.operations()).filter_map(|one| one.command);
    let mut known: Vec<&str> = METHODS.into_iter().chain(commands).collect();
    known.sort_unstable();
    known.dedup();
    let letters = |word: &str| -> String {
        word.chars().map(|c| format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())).collect()
    };
    let methods = METHODS.map(letters).join("|");
    any_of([json!({ "enum": known }), json!({ "type": "string", "pattern": format!("^({methods})$") })])
}

/// Headers with these values.
pub(super) fn headers(values: &Value) -> Value {
    json!({ "type": "object", "propertyNames": {"pattern": HEADER, "patternErrorMessage": "letters, digits and hyphens make the name of a header"}, "additionalProperties": values })
}
