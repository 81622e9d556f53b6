//! JSON Schema of scenarios and world files, for editors: generated from the types and the registry, and as strict as the
//! reader wherever a schema can be.

mod entries;
mod faults;
mod matchers;
mod words;

use std::collections::BTreeSet;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use stend_core::fault::Fault;
use stend_core::history::Entry;
use stend_core::journal::Limits;
use stend_core::random::Drawn;
use stend_core::{ClockSetting, Registry, Span};

use crate::call::{Command, HttpFile};
use crate::expect;
use crate::file::{ScenarioFile, StepFile};
use entries::{Kinds, retype};
use matchers::refer;
use words::{
    also, any_of, at_most_one, exactly_one, lacks, moment, needs, one, optional, placeholder, some_time, span, text,
    with,
};

/// The schema of scenario files.
pub fn scenario_schema(registry: &Registry) -> Value {
    let mut generator = SchemaGenerator::default();
    let mut root = generator.subschema_for::<ScenarioFile>().to_value();
    let http = generator.subschema_for::<HttpFile>().to_value();
    let command = generator.subschema_for::<Command>().to_value();
    expect::schema(&mut generator);
    generator.subschema_for::<StepFile>();
    generator.subschema_for::<ClockSetting>();
    let own: BTreeSet<String> = generator.definitions().keys().cloned().collect();
    let actions = actions(registry, &mut generator);
    let acted: BTreeSet<String> = generator.definitions().keys().cloned().collect();
    let world = world_properties(registry, &mut generator);
    let mut definitions = generator.take_definitions(true);
    for name in acted.difference(&own) {
        allow_placeholders(&mut definitions[name.as_str()]);
    }
    refine_common(&mut definitions, registry, &actions);
    let kinds = Kinds::new(registry, &mut definitions);
    definitions.extend(kinds.definitions().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    definitions.extend(matchers::definitions().map(|(name, schema)| (name.to_owned(), schema)));
    entries::refine_waits(&mut definitions, registry);
    let (http, command) = (taken(&mut definitions, &http), taken(&mut definitions, &command));
    let calls: Map<String, Value> = registry
        .services()
        .iter()
        .map(|kind| {
            let schema = match kind.envelope() {
                Some(_) => entries::command(&command, registry, kind.name()),
                None => entries::http_call(&http, registry, kind.name()),
            };
            (kind.name().to_owned(), schema)
        })
        .collect();
    if let Some(step) = definitions.get_mut("Step") {
        refine_step(step);
        step["properties"]["do"] = refer("Action");
        step["properties"]["call"] = one(&Value::Object(calls));
    }
    if let Some(reply) = definitions.get_mut("ExpectReply") {
        refine_reply(reply);
        let mut result = reply.clone();
        if let Some(properties) = result["properties"].as_object_mut() {
            properties.retain(|key, _| ["json", "error"].contains(&key.as_str()));
        }
        definitions.insert("ExpectResult".into(), result);
    }
    if let Some(before) = definitions.get_mut("Before") {
        let when = any_of([moment(), span(), text(words::PLACEHOLDER, "a moment")]);
        retype(before, "moment", optional(when));
        let none = "before what? give `then` with what comes after, or a `moment`";
        exactly_one(before, &["then", "moment"], none, "`then` and `moment` in one: write an expectation for each");
    }
    if let Some(start) = definitions.get_mut("Start") {
        retype(start, "start", optional(moment()));
    }
    if let Some(scenario) = definitions.get_mut("Scenario") {
        retype(scenario, "stend", json!({ "const": 1 }));
        retype(scenario, "seed", seed());
        scenario["properties"]["expect"]["items"] = refer("Expectation");
        scenario["properties"]["world"] = json!({ "description": "A world file's name, or a world inline.", "anyOf": [{"type": "string"}, {"type": "object", "properties": world, "additionalProperties": false}, {"type": "null"}] });
    }
    definitions.remove("Words");
    definitions.insert("Expectation".into(), entries::expectation());
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("stend scenario");
    root["$defs"] = Value::Object(definitions);
    without_formats(&mut root);
    root
}

/// The schema of world files.
pub fn world_schema(registry: &Registry) -> Value {
    let mut generator = SchemaGenerator::default();
    let actions = actions(registry, &mut generator);
    let mut schema = world(registry, &mut generator);
    if let Some(definitions) = schema["$defs"].as_object_mut() {
        refine_common(definitions, registry, &actions);
        definitions.insert("OperationsByService".into(), entries::operations_by_service(registry));
    }
    without_formats(&mut schema);
    schema
}

/// The keys that world files have, and what stands under them, without the conditions on values.
pub(crate) fn world_keys(registry: &Registry) -> Value {
    world(registry, &mut SchemaGenerator::default())
}

fn world(registry: &Registry, generator: &mut SchemaGenerator) -> Value {
    let properties = world_properties(registry, generator);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "stend world",
        "type": "object",
        "required": ["stend"],
        "properties": properties,
        "additionalProperties": false,
        "$defs": generator.take_definitions(true),
    })
}

/// Takes out the formats of times: a time may also be relative, or in the vendor's own form.
fn without_formats(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("format").is_some_and(|format| format == "date-time") {
                map.remove("format");
            }
            map.values_mut().for_each(without_formats);
        }
        Value::Array(items) => items.iter_mut().for_each(without_formats),
        _ => {}
    }
}

/// The definition that a reference names, taken out of the others.
fn taken(definitions: &mut Map<String, Value>, reference: &Value) -> Value {
    let name = reference["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    definitions.remove(name).unwrap_or_default()
}

fn seed() -> Value {
    json!({ "type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX })
}

/// All actions with their arguments, and what each does.
fn actions(registry: &Registry, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut actions = Map::new();
    for kind in registry.services() {
        for action in kind.actions() {
            let short = action.name.split_once('.').map_or("", |(_, short)| short);
            if let Some(schema) = kind.action_schema(short, generator) {
                actions
                    .insert(action.name, json!({ "description": action.summary, "anyOf": [schema, {"type": "null"}] }));
            }
        }
    }
    actions
}

/// What scenarios and worlds have in common: spans, faults, clocks, actions.
fn refine_common(definitions: &mut Map<String, Value>, registry: &Registry, actions: &Map<String, Value>) {
    definitions.insert("Span".into(), span());
    let mut actions = actions.clone();
    for action in actions.values_mut() {
        let name = action["anyOf"][0]["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        // Without arguments goes only what needs none.
        if definitions.get(name).is_some_and(|of| of["required"].as_array().is_some_and(|keys| !keys.is_empty())) {
            *action = json!({ "description": action["description"], "allOf": [action["anyOf"][0]] });
        }
    }
    definitions.insert("Action".into(), one(&Value::Object(actions)));
    faults::refine(definitions, registry);
    if let Some(entry) = definitions.get_mut("Entry") {
        entry["properties"]["do"] = refer("Action");
    }
    if let Some(clock) = definitions.get_mut("ClockSetting") {
        retype(clock, "now", any_of([json!({ "enum": ["now", null] }), moment()]));
        clock["properties"]["start"] = clock["properties"]["now"].clone();
        retype(clock, "scale", json!({ "type": ["number", "null"], "minimum": 0.001, "maximum": 100_000 }));
        at_most_one(clock, &["now", "start"], "two names of one key");
        let scaled = json!({ "required": ["mode"], "properties": {"mode": {"const": "scaled"}} });
        let has = json!({ "required": ["scale"], "properties": {"scale": {"type": "number"}} });
        let has_none = json!({ "properties": {"scale": {"type": "null"}} });
        also(clock, json!({ "if": scaled, "then": has, "else": has_none }));
    }
}

/// Which keys of a step go together.
fn refine_step(step: &mut Value) {
    let one = "a step does one thing: do, call, fault or wait_for";
    exactly_one(step, &["do", "call", "fault", "wait_for"], one, one);
    retype(step, "every", optional(some_time()));
    retype(step, "for", optional(some_time()));
    retype(step, "times", json!({ "type": ["integer", "null"], "minimum": 1, "maximum": u32::MAX }));
    let path = text(r"^\$", "a JSONPath begins with $");
    retype(step, "capture", json!({ "type": "object", "additionalProperties": path }));
    retype(step, "expect", json!({}));
    faults::refine_step(step);
    at_most_one(step, &["at", "after"], "`at` counts from the start, `after` from the step before");
    at_most_one(step, &["for", "times"], "`every` ends by `for` or by `times`");
    also(step, with(["for", "times"], &needs(["every"], "`for` and `times` go with `every`")));
    also(step, with(["every"], &needs(["for", "times"], "add an end to `every`: `for: 10m` or `times: 20`")));
    also(step, with(["within"], &needs(["on"], "`within` goes with `on`")));
    also(step, with(["on"], &lacks(["wait_for", "every"], "a step with `on` does not wait, and is not repeated")));
    also(step, with(["fault"], &lacks(["expect", "capture"], "a fault gives nothing to expect or to capture")));
    let expect = |name: &str| json!({ "properties": {"expect": optional(refer(name))} });
    also(step, json!({ "if": {"required": ["call"]}, "then": expect("ExpectReply"), "else": expect("ExpectResult") }));
}

fn refine_reply(reply: &mut Value) {
    for (key, name) in [
        ("status", "ExpectedStatus"),
        ("json", "Paths"),
        ("headers", "ExpectedHeaders"),
        ("body", "ExpectedText"),
        ("error", "ExpectedText"),
    ] {
        retype(reply, key, optional(refer(name)));
    }
    reply["minProperties"] = json!(1);
}

/// The keys of a world.
fn world_properties(registry: &Registry, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut put = |name: &str, schema: Value| properties.insert(name.to_owned(), schema);
    put("stend", json!({ "const": 1, "description": "The version of the format." }));
    put("title", json!({ "type": "string" }));
    put(
        "base",
        json!({ "type": "string", "description": "The world that fills in what is not given here, e.g. `documented`." }),
    );
    put("seed", seed());
    put("strict", json!({ "type": "boolean", "description": "Whether remarks are errors." }));
    put("clock", json!(generator.subschema_for::<ClockSetting>()));
    put("journal", json!(generator.subschema_for::<Limits>()));
    put("faults", json!({ "type": "array", "items": generator.subschema_for::<Fault>() }));
    put(
        "fault_names",
        json!({
            "type": "integer", "minimum": 0, "maximum": u32::MAX,
            "description": "How many names were made up for faults so far: after 2 the next is `f3`.",
        }),
    );
    put("random", json!(generator.subschema_for::<Drawn>()));
    put(
        "history",
        json!({
            "type": "array", "items": generator.subschema_for::<Entry>(),
            "description": "What has happened before the world begins: actions, done in the order of their times with all that falls due meanwhile.",
        }),
    );
    generator.subschema_for::<Span>();
    for kind in registry.services() {
        let section: Schema = kind.section_schema(generator);
        let times =
            "A time may be relative to the beginning of the world: `now-15m`, `now+2h`, `day-3 14:05` (Moscow's days).";
        put(kind.name(), json!({ "description": format!("{}. {times}", kind.title()), "allOf": [section] }));
    }
    properties
}

/// In a scenario an argument of an action may be a placeholder such as `${ticket}`.
fn allow_placeholders(definition: &mut Value) {
    let Some(properties) = definition.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for property in properties.values_mut() {
        let is_text = property["type"] == "string" && property.get("pattern").is_none()
            || property["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("string")));
        if !is_text {
            let plain = property.take();
            *property = any_of([plain, placeholder()]);
        }
    }
}
