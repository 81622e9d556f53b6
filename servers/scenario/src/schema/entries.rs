//! Schemas of what is meant by journal entries, pushes and happenings, each with the keys that it takes where it stands.

use serde_json::{Map, Value, json};
use stend_core::Registry;

use super::matchers::refer;
use super::words::{
    PLACEHOLDER, also, any_of, at_most_one, exactly_one, headers, method, needs, one, operations, optional,
    pattern_of_names, services, text,
};

/// Other names of keys, which the reader takes, too.
const ALIASES: [(&str, &str); 3] = [("fake", "service"), ("way", "channel"), ("remarked", "warned")];

/// Adds the other names of a definition's keys; both at once are refused.
pub(super) fn add_aliases(definition: &mut Value) {
    for (key, alias) in ALIASES {
        let Some(schema) = definition["properties"].get(key).cloned() else { continue };
        definition["properties"][alias] = schema;
        at_most_one(definition, &[key, alias], "two names of one key");
        // What is needed may come by either name.
        let required = definition.get_mut("required").and_then(Value::as_array_mut);
        if let Some(keys) = required.filter(|keys| keys.iter().any(|known| *known == key)) {
            keys.retain(|known| *known != key);
            also(definition, needs([key, alias], "which service?"));
        }
    }
}

/// Gives a key another schema, its description kept.
pub(super) fn retype(definition: &mut Value, key: &str, mut schema: Value) {
    let Some(property) = definition["properties"].get_mut(key) else { return };
    if let (Some(about), Some(map)) = (property.get("description").cloned(), schema.as_object_mut()) {
        map.insert("description".into(), about);
    }
    *property = schema;
}

/// That the operation is one of the service, where one is named, or else of any.
pub(super) fn operations_by_service(registry: &Registry) -> Value {
    let known = |service: Option<&str>| {
        let known = any_of([
            json!({ "enum": operations(registry, service) }),
            json!({ "type": "string", "pattern": format!(r"\*|{PLACEHOLDER}") }),
            json!({ "type": "null" }),
        ]);
        json!({ "properties": {"operation": known} })
    };
    let of = |otherwise: Value, name: &str| {
        let named = |key: &str| json!({ "required": [key], "properties": {key: {"const": name}} });
        json!({ "if": any_of([named("fake"), named("service")]), "then": known(Some(name)), "else": otherwise })
    };
    registry.services().iter().map(|kind| kind.name()).fold(known(None), of)
}

/// That what travels over a socket is of a service that has sockets.
pub(super) fn ways_by_service(registry: &Registry) -> Value {
    let over = |key: &str| json!({ "required": [key], "properties": {key: {"enum": ["frame", "push", "ping"]}} });
    json!({ "if": any_of([over("way"), over("channel")]), "then": with_sockets(registry) })
}

/// That the service, if one is named, has sockets.
pub(super) fn with_sockets(registry: &Registry) -> Value {
    let named = optional(any_of([json!({ "enum": services(registry, true) }), pattern_of_names()]));
    json!({ "properties": {"fake": named, "service": named} })
}

/// What is meant where a key stands: journal entries, or pushes.
pub(super) struct Kinds<'a> {
    registry: &'a Registry,
    entries: Value,
    pushes: Value,
}

impl<'a> Kinds<'a> {
    /// From the definitions of the types, which are refined.
    pub(super) fn new(registry: &'a Registry, definitions: &mut Map<String, Value>) -> Self {
        let names: Vec<&str> = registry.services().iter().map(|kind| kind.name()).collect();
        let mut entries = definitions.remove("Entries").unwrap_or_default();
        let mut pushes = definitions.remove("Pushes").unwrap_or_default();
        let named = json!({ "type": ["string", "null"], "minLength": 1 });
        for definition in [&mut entries, &mut pushes] {
            retype(definition, "client", named.clone());
            retype(definition, "fault", named.clone());
            retype(definition, "nth", json!({ "type": ["integer", "null"], "minimum": 1 }));
            for key in ["request", "reply", "json"] {
                retype(definition, key, optional(refer("Paths")));
            }
            retype(definition, "status", optional(refer("ExpectedStatus")));
            retype(definition, "count", optional(refer("ExpectedCount")));
            retype(definition, "method", optional(any_of([method(registry), text(PLACEHOLDER, "an HTTP method")])));
            retype(
                definition,
                "path",
                optional(text(&format!(r"^[/*]|{PLACEHOLDER}"), "a path begins with /; * stands for any characters")),
            );
            retype(definition, "header", headers(&json!({ "type": "string" })));
        }
        retype(&mut entries, "fake", optional(json!({ "enum": names })));
        let sockets = services(registry, true);
        let commands: Vec<&str> = sockets.iter().flat_map(|name| operations(registry, Some(name))).collect();
        retype(&mut pushes, "fake", optional(json!({ "enum": sockets })));
        let known = any_of([json!({ "enum": commands }), pattern_of_names(), text(PLACEHOLDER, "a command")]);
        retype(&mut pushes, "command", optional(known));
        for definition in [&mut entries, &mut pushes] {
            add_aliases(definition);
        }
        also(&mut entries, refer("OperationsByService"));
        also(&mut entries, ways_by_service(registry));
        Self { registry, entries, pushes }
    }

    /// Entries of any way, without these keys.
    pub(super) fn journal(&self, without: &[&str]) -> Value {
        less(&self.entries, without)
    }

    /// Pushes, without these keys.
    pub(super) fn pushes(&self, without: &[&str]) -> Value {
        less(&self.pushes, without)
    }

    fn requests(&self, ways: &[&str], without: &[&str]) -> Value {
        let mut schema = less(&self.entries, without);
        for key in ["way", "channel"] {
            retype(&mut schema, key, optional(json!({ "enum": ways })));
        }
        if ways == ["frame"] {
            also(&mut schema, with_sockets(self.registry));
        }
        schema
    }

    /// The definitions of what happens, of several the n-th or not.
    pub(super) fn definitions(&self) -> Vec<(&'static str, Value)> {
        let single = ["count"];
        let in_order = ["count", "nth"];
        let happening = |request: &str, frame: &str, push: &str| {
            one(&json!({
                "request": {"description": "A request, over HTTP or as a frame, once it has been answered.", "allOf": [refer(request)]},
                "frame": {"description": "A command that a client sent over a socket, once it has been answered.", "allOf": [refer(frame)]},
                "push": {"description": "A push, once it has been sent.", "allOf": [refer(push)]},
            }))
        };
        vec![
            ("Journal", self.journal(&["nth"])),
            ("Never", self.journal(&["nth", "count"])),
            ("Pushes", self.pushes(&["nth"])),
            ("Request", self.requests(&["http", "frame"], &single)),
            ("Frame", self.requests(&["frame"], &single)),
            ("PushSent", self.pushes(&single)),
            ("Happening", happening("Request", "Frame", "PushSent")),
            ("RequestInOrder", self.requests(&["http", "frame"], &in_order)),
            ("FrameInOrder", self.requests(&["frame"], &in_order)),
            ("PushInOrder", self.pushes(&in_order)),
            ("HappeningInOrder", happening("RequestInOrder", "FrameInOrder", "PushInOrder")),
            ("OperationsByService", operations_by_service(self.registry)),
        ]
    }
}

fn less(definition: &Value, without: &[&str]) -> Value {
    let mut definition = definition.clone();
    if let Some(properties) = definition["properties"].as_object_mut() {
        properties.retain(|key, _| !without.contains(&key.as_str()));
    }
    definition
}

/// What is expected at the end.
pub(super) fn expectation() -> Value {
    let said = |about: &str, schema: Value| json!({ "description": about, "allOf": [schema] });
    one(&json!({
        "journal": said("So many journal entries of this kind.", refer("Journal")),
        "push": said("So many pushes of this kind were sent.", refer("Pushes")),
        "never": said("No journal entry of this kind.", refer("Never")),
        "order": {
            "description": "These happened in this order, whatever else happened between them.",
            "type": "array", "minItems": 2, "items": refer("HappeningInOrder"),
        },
        "before": said("One thing happened before another, or before a moment.", refer("Before")),
        "state": said("JSONPaths into the saved world, with what is expected there.", refer("Paths")),
    }))
}

/// A request over HTTP to this service, its paths proposed.
pub(super) fn http_call(call: &Value, registry: &Registry, service: &str) -> Value {
    let mut call = call.clone();
    let Some((_, kind)) = registry.find(service) else { return call };
    for key in ["get", "post", "put", "patch", "delete"] {
        let here =
            kind.operations().iter().filter(|one| one.method.is_some_and(|method| method.eq_ignore_ascii_case(key)));
        let mut paths: Vec<&str> = here.filter_map(|operation| operation.path).collect();
        paths.sort_unstable();
        paths.dedup();
        let free = text(r"^(/|\$\{)", "a path of the service, which begins with /");
        let proposed = if paths.is_empty() { free.clone() } else { any_of([json!({ "enum": paths }), free]) };
        retype(&mut call, key, optional(proposed));
    }
    let methods = ["get", "post", "put", "patch", "delete"];
    exactly_one(&mut call, &methods, "one of get, post, put, patch, delete with the path", "a request has one method");
    at_most_one(&mut call, &["json", "form", "body"], "a request has one body: json, form or body");
    call
}

/// A command over a socket of this service, the known ones proposed.
pub(super) fn command(call: &Value, registry: &Registry, service: &str) -> Value {
    let mut call = call.clone();
    let Some((_, kind)) = registry.find(service) else { return call };
    let known: Vec<&str> = kind.operations().iter().filter_map(|operation| operation.command).collect();
    // A scenario may send what no service knows, to see it refused.
    retype(&mut call, "command", any_of([json!({ "enum": known }), json!({ "type": "string" })]));
    call
}

/// What a step waits for.
pub(super) fn refine_waits(definitions: &mut Map<String, Value>, registry: &Registry) {
    let sockets = services(registry, true);
    if let Some(push) = definitions.get_mut("Push") {
        let kinds = registry.services().iter().flat_map(|kind| kind.operations());
        let commands: Vec<&str> = kinds.filter_map(|operation| operation.command).collect();
        retype(push, "fake", json!({ "enum": sockets }));
        retype(push, "command", any_of([json!({ "enum": commands }), text(PLACEHOLDER, "a command")]));
        add_aliases(push);
    }
    if let Some(wait) = definitions.get_mut("WaitFor") {
        retype(wait, "request", optional(refer("Request")));
        retype(wait, "frame", optional(refer("Frame")));
        retype(wait, "state", optional(refer("Paths")));
        let one = "wait for one thing: push, request, frame or state";
        exactly_one(wait, &["push", "request", "frame", "state"], one, one);
    }
}
