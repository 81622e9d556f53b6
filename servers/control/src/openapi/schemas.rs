//! Schemas of bodies. Those of requests are closed, and come from the types that read them where there are such types.

use schemars::SchemaGenerator;
use serde_json::{Value, json};
use stend_core::fault::Fault;
use stend_core::{ClockSetting, Span};
use stend_scenario::awaited_schema;

const TIME: &str = "date-time";

pub(crate) fn error() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "additionalProperties": false,
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": { "type": "string", "description": "A stable word for programs." },
                    "message": { "type": "string", "description": "The sentence, naming the value and what was expected." },
                    "hint": { "type": "string", "description": "What to do about it." },
                    "at": { "type": "string", "description": "Where in the body." },
                },
            },
        },
    })
}

pub(crate) fn text(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "string" })
}

pub(crate) fn object(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "object" })
}

pub(crate) fn objects(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "array", "items": { "type": "object" } })
}

fn urls() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" } })
}

pub(crate) fn index(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["stend", "urls", "operations"],
        "properties": { "stend": { "type": "string" }, "urls": urls(), "operations": { "type": "array", "items": { "type": "object" } } },
    })
}

pub(crate) fn health(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["status", "version", "uptime_seconds", "urls", "hosts", "worlds"],
        "properties": {
            "status": { "const": "ok" },
            "version": { "type": "string" },
            "uptime_seconds": { "type": "number" },
            "urls": urls(),
            "hosts": { "type": "array", "items": { "type": "string" }, "description": "The hosts that the gateway maps to services." },
            "worlds": { "type": "integer", "minimum": 1 },
        },
    })
}

pub(crate) fn world(generator: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["id", "seed", "generation", "clock", "strict", "journal", "faults", "urls"],
        "properties": {
            "id": { "type": "string" },
            "seed": { "type": "integer", "minimum": 0 },
            "generation": { "type": "integer", "minimum": 0 },
            "clock": clock(generator),
            "strict": { "type": "boolean" },
            "journal": { "type": "object" },
            "faults": { "type": "integer", "minimum": 0 },
            "urls": urls(),
        },
    })
}

pub(crate) fn worlds(generator: &mut SchemaGenerator) -> Value {
    json!({ "type": "array", "items": world(generator) })
}

pub(crate) fn new_world(generator: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "id": { "type": ["string", "null"], "description": "Its name; left out, it gets one.", "pattern": "^[A-Za-z0-9_-]{1,64}$" },
            "seed": { "type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX },
            "world": { "description": "The name of a world file, or a world inline; left out, the documented one.", "type": ["string", "object", "null"] },
            "clock": { "description": "`real`, `frozen`, a time at which it stands, or a whole setting.", "anyOf": [{ "type": ["string", "null"] }, clock_setting(generator)] },
            "fork_of": { "type": ["string", "null"], "description": "The world that it is a copy of." },
        },
    })
}

pub(crate) fn reset(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "maxProperties": 1,
        "properties": { "service": { "type": ["string", "null"] }, "fake": { "type": ["string", "null"] } },
    })
}

pub(crate) fn world_file(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["stend"],
        "properties": { "stend": { "const": 1 } },
        "description": "`stend schema world` prints the whole schema.",
    })
}

pub(crate) fn clock(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["mode", "now"],
        "properties": {
            "mode": { "enum": ["real", "frozen", "scaled"] },
            "now": { "type": "string", "format": TIME },
            "scale": { "type": "number" },
            "next_due": { "type": "string", "format": TIME },
            "due": { "type": "array", "items": {
                "type": "object",
                "required": ["at", "fake", "rows"],
                "properties": {
                    "at": { "type": "string", "format": TIME },
                    "fake": { "type": "string", "description": "The service, or `world` for delayed replies and steps of a scenario." },
                    "rows": { "type": "array", "items": { "type": "object" }, "description": "The rows of its view that show this time." },
                },
            } },
        },
    })
}

pub(crate) fn clock_setting(generator: &mut SchemaGenerator) -> Value {
    json!(generator.subschema_for::<ClockSetting>())
}

pub(crate) fn advance(generator: &mut SchemaGenerator) -> Value {
    let span = json!(generator.subschema_for::<Span>());
    json!({
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1,
        "properties": { "by": span, "to": { "type": "string", "format": TIME } },
    })
}

pub(crate) fn advanced(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["now", "fired", "count"],
        "properties": {
            "now": { "type": "string", "format": TIME },
            "fired": { "type": "array", "items": { "type": "object" } },
            "count": { "type": "integer", "minimum": 0 },
        },
    })
}

pub(crate) fn action(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": { "pattern": "^[a-z0-9_]+\\.[a-z0-9_]+$" },
        "additionalProperties": { "type": ["object", "null"] },
    })
}

pub(crate) fn acted(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["at", "action", "result"],
        "properties": { "at": { "type": "string", "format": TIME }, "action": { "type": "string" }, "result": {} },
    })
}

pub(crate) fn journal(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["entries", "matched", "dropped", "newest", "generation"],
        "properties": {
            "entries": { "type": "array", "items": {
                "type": "object",
                "required": ["seq", "at", "fake", "status"],
                "properties": {
                    "seq": { "type": "integer", "minimum": 1 },
                    "at": { "type": "string", "format": "date-time" },
                    "fake": { "type": "string" },
                    "status": { "type": "integer", "minimum": 0, "maximum": 599 },
                },
            } },
            "matched": { "type": "integer", "minimum": 0 },
            "dropped": { "type": "integer", "minimum": 0 },
            "newest": { "type": "integer", "minimum": 0, "description": "The number of the newest entry of all." },
            "generation": { "type": "integer", "minimum": 0, "description": "Grows with every reset and restore, after which entries are numbered anew." },
        },
    })
}

pub(crate) fn recording(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["scenario", "steps", "notes"],
        "properties": {
            "scenario": { "type": "string" },
            "steps": { "type": "integer", "minimum": 0 },
            "notes": { "type": "array", "items": { "type": "string" } },
        },
    })
}

pub(crate) fn expectation(generator: &mut SchemaGenerator) -> Value {
    json!(awaited_schema(generator))
}

pub(crate) fn passed(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "object", "required": ["passed"], "properties": { "passed": { "const": true } } })
}

pub(crate) fn fault(generator: &mut SchemaGenerator) -> Value {
    json!(generator.subschema_for::<Fault>())
}

pub(crate) fn faults(_: &mut SchemaGenerator) -> Value {
    let id = json!({ "id": { "type": "string" } });
    json!({ "type": "array", "items": { "type": "object", "required": ["id"], "properties": id } })
}

pub(crate) fn id(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } })
}

pub(crate) fn anything(_: &mut SchemaGenerator) -> Value {
    json!({ "description": "The text of a scenario, whatever is wrong with it." })
}

pub(crate) fn scenario(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "description": "A scenario (`stend schema scenario` prints the whole schema), or {name, scenario, world?, files?} with what it refers to.",
        "anyOf": [
            { "required": ["stend"], "properties": { "stend": { "const": 1 } } },
            {
                "required": ["name", "scenario"],
                "additionalProperties": false,
                "properties": {
                    "name": { "type": "string" }, "scenario": { "type": "string" }, "world": { "type": ["object", "null"] },
                    "files": { "type": "object" },
                },
            },
        ],
    })
}

pub(crate) fn pace(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["speed"],
        "additionalProperties": false,
        "properties": { "speed": { "anyOf": [{ "enum": ["paused", "max"] }, { "type": "number", "minimum": 0.001, "maximum": 100_000 }] } },
    })
}

pub(crate) fn switch(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "object", "required": ["off"], "additionalProperties": false, "properties": { "off": { "type": "boolean" } } })
}

pub(crate) fn checked(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["problems"],
        "properties": {
            "problems": { "type": "array", "items": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": { "type": "string" }, "message": { "type": "string" }, "hint": { "type": "string" },
                    "path": { "type": "string" }, "file": { "type": "string" },
                    "line": { "type": "integer", "minimum": 1 }, "column": { "type": "integer", "minimum": 1 },
                },
            } },
            "title": { "type": "string" }, "until": {}, "plan": { "type": "array", "items": { "type": "object" } },
        },
    })
}

pub(crate) fn changes(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["changes", "count", "too_large"],
        "properties": {
            "changes": { "type": "array", "items": {
                "type": "object",
                "required": ["path", "kind"],
                "properties": {
                    "path": { "type": "array", "items": { "type": "string" } },
                    "kind": { "enum": ["added", "removed", "changed"] },
                    "before": {}, "after": {},
                },
            } },
            "count": { "type": "integer", "minimum": 0 },
            "too_large": { "type": "array", "items": { "type": "string" }, "description": "Services whose state is too large to be compared." },
        },
    })
}

pub(crate) fn state(_: &mut SchemaGenerator) -> Value {
    json!({ "type": "object", "required": ["state"], "properties": { "state": { "const": "playing" } } })
}

pub(crate) fn progress(_: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "required": ["state", "title", "at", "of", "step"],
        "properties": {
            "state": { "enum": ["playing", "passed", "failed", "stopped"] },
            "title": { "type": "string" }, "at": {}, "of": {}, "step": { "type": "string" },
            "speed": { "description": "`paused`, `max`, or virtual seconds a real second.", "type": ["string", "number"] },
            "source": { "type": "string", "description": "The scenario's text." },
            "report": { "type": "object" }, "why": { "type": "string" }, "clock": { "type": "string" },
            "round": { "type": "integer", "description": "Of a scenario that `serve --loop` plays, the round under way." },
            "done": { "type": "integer" }, "plan": { "type": "array", "items": { "type": "object" } },
            "steps": { "type": "array", "items": { "type": "object" } },
        },
    })
}
