//! JSON Schema of scenarios and world files, for editors: generated from the types and the registry.

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use stend_core::fault::Fault;
use stend_core::history::Entry;
use stend_core::journal::Limits;
use stend_core::random::Drawn;
use stend_core::{ClockSetting, Registry};

use crate::call::{Command, HttpFile};
use crate::expect;
use crate::file::{ScenarioFile, StepFile};

/// The schema of scenario files.
pub fn scenario_schema(registry: &Registry) -> Value {
    let mut generator = SchemaGenerator::default();
    let mut root = generator.subschema_for::<ScenarioFile>().to_value();
    let mut actions = Map::new();
    for kind in registry.services() {
        for action in kind.actions() {
            let short = action.name.split_once('.').map_or("", |(_, short)| short);
            if let Some(schema) = kind.action_schema(short, &mut generator) {
                // Placeholders are filled in later, so any argument may be one.
                actions.insert(
                    action.name.clone(),
                    json!({ "description": action.summary, "anyOf": [schema, {"type": "null"}] }),
                );
            }
        }
    }
    let http = generator.subschema_for::<HttpFile>();
    let command = generator.subschema_for::<Command>();
    let calls: Map<String, Value> = registry
        .services()
        .iter()
        .map(|kind| (kind.name().to_owned(), if kind.envelope().is_some() { json!(command) } else { json!(http) }))
        .collect();
    let expectation = expect::schema(&mut generator);
    generator.subschema_for::<StepFile>();
    let mut world = world_properties(registry, &mut generator);
    world.insert("stend".into(), json!({ "const": 1 }));
    let one = |properties: Map<String, Value>| json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1, "maxProperties": 1 });
    let mut definitions = generator.take_definitions(true);
    // What the reader asks for beyond types: one of these, and not two.
    let names: Vec<&str> = registry.services().iter().map(|kind| kind.name()).collect();
    for name in ["Entries", "Match", "Push"] {
        if let Some(schema) = definitions.get_mut(name) {
            let service = &mut schema["properties"]["fake"];
            let description = service["description"].take();
            *service = json!({ "description": description, "anyOf": [{"enum": names}, {"type": "string", "pattern": "[*$]"}, {"type": "null"}] });
        }
    }
    let one_of = |keys: &[&str]| keys.iter().map(|key| json!({ "required": [key] })).collect::<Value>();
    for (name, keys) in [
        ("Step", &["do", "call", "fault", "wait_for"][..]),
        ("HttpCall", &["get", "post", "put", "patch", "delete"]),
        ("WaitFor", &["push", "request", "frame", "state"]),
    ] {
        if let Some(schema) = definitions.get_mut(name) {
            schema["oneOf"] = one_of(keys);
        }
    }
    if let Some(step) = definitions.get_mut("Step") {
        step["properties"]["do"] = one(actions);
        step["properties"]["call"] = one(calls);
    }
    if let Some(scenario) = definitions.get_mut("Scenario") {
        scenario["properties"]["expect"]["items"] = json!(expectation);
        scenario["properties"]["world"] = json!({ "description": "A world file's name, or a world inline.", "anyOf": [{"type": "string"}, {"type": "object", "properties": world, "additionalProperties": false}] });
    }
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("stend scenario");
    allow_placeholders(&mut definitions);
    root["$defs"] = Value::Object(definitions);
    root
}

/// The schema of world files.
pub fn world_schema(registry: &Registry) -> Value {
    let mut generator = SchemaGenerator::default();
    let properties = world_properties(registry, &mut generator);
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
    put("seed", json!({ "type": "integer", "minimum": 0 }));
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
    for kind in registry.services() {
        let section: Schema = kind.section_schema(generator);
        let times =
            "A time may be relative to the beginning of the world: `now-15m`, `now+2h`, `day-3 14:05` (Moscow's days).";
        put(kind.name(), json!({ "description": format!("{}. {times}", kind.title()), "allOf": [section] }));
    }
    properties
}

/// In a scenario every scalar argument of an action may be a placeholder such as `${ticket}`.
fn allow_placeholders(definitions: &mut Map<String, Value>) {
    let own = [
        "Scenario",
        "Step",
        "Start",
        "ExpectReply",
        "HttpCall",
        "SocketCall",
        "Entries",
        "Pushes",
        "Happening",
        "Before",
        "Match",
        "Words",
        "Fault",
        "Span",
        "WaitFor",
        "Push",
    ];
    for (name, schema) in definitions.iter_mut() {
        if own.contains(&name.as_str()) {
            continue;
        }
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            for property in properties.values_mut() {
                let scalar =
                    property["type"].as_str().is_some_and(|kind| ["integer", "number", "boolean"].contains(&kind));
                if scalar {
                    let plain = property.take();
                    *property = json!({ "anyOf": [plain, {"type": "string", "pattern": "^\\$\\{.*\\}$"}] });
                }
            }
        }
    }
}
