//! The AsyncAPI document, where it is made from the service's tables.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stend_core::Evidence;

fn spec() -> Value {
    stend::spec("queue").unwrap_or_else(|wrong| panic!("{wrong}")).expect("a document")
}

#[test]
fn every_command_is_an_operation_with_its_reply_and_its_failure() {
    let (services, spec) = (stend::registry::services(), spec());
    let (_, kind) = services.find("queue").expect("the house");
    for row in kind.operations() {
        let operation = &spec["operations"][row.id];
        let name = |name: &str| json!({ "$ref": format!("#/channels/socket/messages/{name}") });
        assert_eq!(operation["action"], "receive", "{}", row.id);
        assert_eq!(operation["messages"], json!([name(row.id)]));
        assert_eq!(operation["reply"]["messages"], json!([name(&format!("{}Reply", row.id)), name("error")]));
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{}: no summary", row.id);
        let evidence = if row.kind == Evidence::Documented { "documented" } else { "observed" };
        assert_eq!(operation["x-evidence"], evidence, "{}", row.id);
        assert_eq!(operation.get("security").is_some(), row.id != "login", "{}", row.id);
        let payload = &spec["components"]["messages"][row.id]["payload"];
        assert_eq!(payload["properties"]["command"]["const"], row.id);
        let token = payload["required"].as_array().expect("a list").contains(&json!("token"));
        assert_eq!(token, row.id != "login", "{}", row.id);
    }
}

#[test]
fn what_can_be_subscribed_to_is_sent() {
    let spec = spec();
    let operations = spec["operations"].as_object().expect("operations");
    let sent: BTreeSet<&str> = operations
        .iter()
        .filter(|(_, operation)| operation["action"] == "send")
        .map(|(id, _)| id.strip_suffix("Push").expect("the name of a push"))
        .collect();
    assert_eq!(sent.len(), 14, "twelve books and two views of the queue: {sent:?}");
    for command in sent {
        let part = |message: &str| &spec["components"]["messages"][message]["payload"]["properties"];
        let (push, reply) = (part(&format!("{command}Push")), part(&format!("{command}Reply")));
        assert_eq!(push["data"], reply["data"], "{command}: the same as the reply to it");
        assert_eq!(push.as_object().unwrap().keys().collect::<Vec<_>>(), ["dateTime", "command", "data"]);
    }
}

#[test]
fn what_a_book_takes_are_its_fields() {
    let spec = spec();
    let new = &spec["components"]["schemas"]["newServiceData"];
    assert_eq!(new["required"], json!(["name", "ticket_range_id", "operations"]));
    let keys = |schema: &Value| schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let set = &spec["components"]["schemas"]["setServiceData"];
    assert_eq!(set["required"], json!(["id"]));
    assert_eq!(keys(set)[1..], keys(new)[..], "the same fields");
}

#[test]
fn every_code_is_in_the_table_once() {
    let spec = spec();
    let rows = spec["components"]["schemas"]["Error"]["oneOf"].as_array().expect("rows").clone();
    let code = |row: &Value| {
        let part = |key: &str| row["properties"][key]["const"].as_i64().expect("a number");
        (part("codeModule"), part("codeError"))
    };
    let codes: BTreeSet<_> = rows.iter().map(code).collect();
    assert_eq!(codes.len(), rows.len());
    assert!(codes.contains(&(0, 150)), "the printed one");
    assert!(rows.iter().all(|row| row["description"].as_str().is_some_and(|text| text.len() > 10)));
}
