//! That the comparison of exchanges with specifications finds what it is there for.

use serde_json::{Value, json};
use stend_core::journal::Channel;

use super::contract::{self, Contract};

fn carbis() -> &'static Contract {
    contract::of("carbis").expect("a specification")
}

fn described(operation: Option<&str>, status: u16, reply: &Value) -> Vec<String> {
    let wrong = carbis().reply(operation, Channel::Http, status, reply.to_string().as_bytes());
    wrong.iter().map(|one| format!("{} {}", one.pointer, one.expected)).collect()
}

fn updates(event: Value) -> Value {
    json!({"result": true, "data": {"updates": [event]}})
}

fn call() -> Value {
    json!({
        "hash": "0xd8833dd3", "code": "waiter_call", "table": 1, "invoice": null, "order": null,
        "table_repr": {"id": 1, "name": "6", "max_guests": 50}
    })
}

#[test]
fn what_is_specified_passes() {
    assert_eq!(described(Some("events"), 200, &updates(call())), [""; 0]);
    assert_eq!(described(Some("events"), 401, &json!({"result": false, "error": "no"})), [""; 0]);
    assert_eq!(described(None, 404, &json!({"result": false, "error": "no"})), [""; 0]);
}

#[test]
fn unknown_and_missing_keys_wrong_types_and_statuses_are_told() {
    let with = |key: &str, value: Value| {
        let mut event = call();
        event[key] = value;
        described(Some("events"), 200, &updates(event))
    };
    let [unknown] = &with("waiter", json!(1))[..] else { panic!("one difference") };
    assert!(unknown.starts_with("/data/updates/0 ") && unknown.contains("waiter"), "{unknown}");
    assert!(with("table", json!("1"))[0].starts_with("/data/updates/0/table "));
    assert!(with("hash", json!("0xD8833DD3"))[0].starts_with("/data/updates/0/hash "));
    let mut event = call();
    event.as_object_mut().expect("an object").remove("order");
    let missing = described(Some("events"), 200, &updates(event));
    assert!(missing.iter().any(|one| one.contains("\"order\" is a required property")), "{missing:?}");
    assert_eq!(described(Some("events"), 418, &json!({})), [" a documented status"]);
    assert_eq!(described(None, 404, &json!({"message": "no"})).len(), 3, "two keys are missing, one is unknown");
    let broken = carbis().reply(Some("events"), Channel::Http, 200, b"{");
    assert!(broken[0].expected.starts_with("JSON ("), "{broken:?}");
}

#[test]
fn requests_are_held_against_it_too() {
    let contract = contract::of("telemetron").expect("a specification");
    let described = |body: Value| contract.request(Some("create_location"), body.to_string().as_bytes());
    assert_eq!(described(json!({"name": "Холл", "address": "Таежная, 41"})), []);
    assert_eq!(described(json!({"name": "Холл", "address": 41}))[0].pointer, "/address");
    assert_eq!(described(json!({"name": "Холл"})).len(), 1);
}
