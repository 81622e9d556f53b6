//! The schema of faults: one effect, its values, and what it can be done to.

use serde_json::{Map, Value, json};
use stend_core::Registry;
use stend_core::fault::effects;

use super::entries::{add_aliases, retype, ways_by_service, with_sockets};
use super::matchers::refer;
use super::words::{
    also, any_of, exactly_one, headers, lacks, method, needs, optional, pattern_of_names, services, some_time, text,
    with,
};

/// Headers that follow from the body and the connection.
const FRAMING: &str =
    "^([Cc]onnection|[Cc]ontent-[Ll]ength|[Kk]eep-[Aa]live|[Tt][Ee]|[Tt]railer|[Tt]ransfer-[Ee]ncoding|[Uu]pgrade)$";

/// Refines `Fault`, `Match` and what stands in them.
pub(super) fn refine(definitions: &mut Map<String, Value>, registry: &Registry) {
    if let Some(matching) = definitions.get_mut("Match") {
        refine_match(matching, registry);
    }
    if let Some(fault) = definitions.get_mut("Fault") {
        refine_fault(fault, registry);
    }
    if let Some(respond) = definitions.get_mut("Respond") {
        let value = text("^([!-~]([ -~\\t]*[!-~])?)?$", "one line of ASCII without spaces around it");
        let mut names = headers(&value);
        names["propertyNames"]["not"] = json!({ "pattern": FRAMING });
        retype(respond, "status", json!({ "type": "integer", "minimum": 200, "maximum": 599 }));
        retype(respond, "headers", names);
        also(
            respond,
            json!({
                "if": {"properties": {"status": {"enum": [204, 205, 304]}}},
                "then": lacks(["body"], "a reply with this status has no body"),
            }),
        );
    }
    if let Some(quota) = definitions.get_mut("Quota") {
        retype(quota, "window", some_time());
    }
    if let Some(dribble) = definitions.get_mut("Dribble") {
        retype(dribble, "bytes", json!({ "type": "integer", "minimum": 1 }));
    }
    if let Some(delay) = definitions.get_mut("Delay") {
        delay["anyOf"][0] = some_time();
        delay["anyOf"][1]["properties"]["fixed"] = some_time();
        delay["anyOf"][3]["properties"]["lognormal"]["properties"]["sigma"]["maximum"] = json!(10);
    }
}

fn refine_match(matching: &mut Value, registry: &Registry) {
    let names: Vec<&str> = registry.services().iter().map(|kind| kind.name()).collect();
    retype(matching, "fake", optional(any_of([json!({ "enum": names }), pattern_of_names()])));
    let filled = text(r"[*$]", "a method of HTTP, or a command");
    retype(matching, "method", optional(any_of([method(registry), filled])));
    retype(matching, "path", optional(text(r"^[/*]|\$\{", "a path begins with /; * stands for any characters")));
    retype(matching, "header", headers(&json!({ "type": "string" })));
    retype(matching, "nth", json!({ "type": ["integer", "null"], "minimum": 1 }));
    retype(matching, "probability", json!({ "type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1 }));
    for key in ["from", "until"] {
        retype(matching, key, optional(super::words::moment()));
    }
    add_aliases(matching);
    also(matching, refer("OperationsByService"));
    also(matching, ways_by_service(registry));
}

fn refine_fault(fault: &mut Value, registry: &Registry) {
    let id = text(r"^[^/*\u0000-\u001f\u007f]{1,100}$", "1 to 100 characters without / and *");
    retype(fault, "id", optional(json!({ "allOf": [id], "not": {"enum": [".", ".."]} })));
    for key in ["drop", "duplicate", "no_pong"] {
        retype(fault, key, json!({ "enum": [true, null] }));
    }
    let whole = |least: u32, most: u32| json!({ "type": ["integer", "null"], "minimum": least, "maximum": most });
    retype(fault, "times", json!({ "type": ["integer", "null"], "minimum": 1 }));
    retype(fault, "truncate", whole(0, 99));
    retype(fault, "garbage", whole(1, 1 << 20));
    retype(fault, "reorder", whole(1, 1_000));
    // RFC 6455, 7.4.
    retype(fault, "close", any_of([whole(1000, 1003), whole(1007, 1014), whole(3000, 4999)]));
    let keys: Vec<&str> = effects().map(|effect| effect.key).collect();
    let none = format!("a fault needs one effect: {}", keys.join(", "));
    exactly_one(fault, &keys, &none, "a fault has one effect; write a fault for each");
    let matching = |schema: Value| json!({ "properties": {"match": schema} });
    let sockets = with_sockets(registry);
    for effect in effects() {
        let mut ways: Vec<Value> = effect.channels.iter().map(|channel| json!(channel.word())).collect();
        ways.push(Value::Null);
        let mut then = json!({ "way": {"enum": ways}, "channel": {"enum": ways} });
        if !effect.channels.iter().any(|channel| channel.word() == "http") {
            then["fake"] = sockets["properties"]["fake"].clone();
            then["service"] = sockets["properties"]["service"].clone();
        }
        also(fault, json!({ "if": {"required": [effect.key]}, "then": matching(json!({ "properties": then })) }));
    }
    // A ping has neither.
    let silent = matching(lacks(["operation", "method"], "a ping has no operation and no method"));
    also(fault, with(["no_pong"], &silent));
    // A push and a handshake do no work after which a connection could be reset.
    let is = |key: &str, word: &str| json!({ "required": [key], "properties": {key: {"const": word}} });
    let way = |word: &str| any_of([is("way", word), is("channel", word)]);
    let socket = |key: &str| json!({ "required": [key], "properties": {key: {"enum": services(registry, true)}} });
    let handshake = json!({ "allOf": [way("http"), any_of([socket("fake"), socket("service")])] });
    let of = |schema: Value| json!({ "required": ["match"], "properties": {"match": schema} });
    let not_after = json!({ "properties": {"reset": {"enum": ["before", true, null]}} });
    also(fault, json!({ "if": of(any_of([way("push"), handshake.clone()])), "then": not_after }));
    let on_handshakes = effects().filter(|effect| effect.on_handshake).map(|effect| effect.key);
    let mut then = needs(on_handshakes, "delay, respond, quota and reset can be done to a socket's handshake");
    then["properties"] = json!({ "match": lacks(["operation"], "a socket's handshake has no operation") });
    also(fault, json!({ "if": of(handshake), "then": then }));
}

/// A fault of a step: switched on; with `on`, it applies to what it reacts to.
pub(super) fn refine_step(step: &mut Value) {
    let fault = json!({ "allOf": [refer("Fault"), {"properties": {"off": {"const": false}}}] });
    retype(step, "fault", optional(fault));
    let late = "a fault is matched before bodies and statuses are known";
    let requests = lacks(["status", "request", "reply", "remarked", "warned", "fault"], late);
    let pushes = lacks(["json", "fault"], late);
    let then = json!({ "properties": {
        "fault": lacks(["match"], "a fault with `on` applies to what it reacts to"),
        "on": {"properties": {"request": requests, "frame": requests, "push": pushes}},
    } });
    also(step, json!({ "if": {"required": ["fault", "on"]}, "then": then }));
    for (kind, ways) in [("request", &["http", "frame"][..]), ("frame", &["frame"]), ("push", &["push"])] {
        let others = effects().filter(|effect| !effect.channels.iter().any(|channel| ways.contains(&channel.word())));
        let otherwise = format!("this cannot be done to a {kind}");
        let then = json!({ "properties": {"fault": lacks(others.map(|effect| effect.key), &otherwise)} });
        let on = json!({ "required": ["fault", "on"], "properties": {"on": {"required": [kind]}} });
        also(step, json!({ "if": on, "then": then }));
    }
}
