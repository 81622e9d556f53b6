//! Values that nobody means, in every field of every operation: an answer of the API's own, and a world that goes on.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use crate::support::Bench;

/// Every field that some operation reads.
const FIELDS: [&str; 45] = [
    "phone",
    "cashless_mode",
    "cashless_address",
    "cashless_credit",
    "name",
    "mm_id",
    "serial_number",
    "planogram_id",
    "location_id",
    "modem_id",
    "imei",
    "is_crt_active",
    "inventory_number",
    "track_bus_vends",
    "requisite_id",
    "tz_id",
    "tz",
    "min_price",
    "max_price",
    "force",
    "number",
    "cup",
    "sugar",
    "discount",
    "amount",
    "data",
    "note",
    "created_at",
    "report",
    "config",
    "mode",
    "assign",
    "products",
    "composite",
    "vat",
    "components",
    "volume",
    "unit",
    "id",
    "address",
    "grant_type",
    "client_id",
    "client_secret",
    "username",
    "refresh_token",
];

const QUERY: [&str; 12] = [
    "since",
    "until",
    "local",
    "type",
    "vm_id",
    "port",
    "cp1251",
    "base64",
    "full",
    "force",
    "data[0][add]",
    "x[999999999999]",
];

fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!(-1e-300),
        json!(""),
        json!(" "),
        json!("1e999"),
        json!("NaN"),
        json!("\u{0}\u{202e}😀"),
        json!("x".repeat(70_000)),
        json!("2026-02-30T25:61:61+99:99"),
        json!("9999-12-31T23:59:59-14:00"),
        json!("-0001-01-01"),
        json!([]),
        json!([null, [], {}, "", -5]),
        json!([{"component_id": 1, "id": 1, "number": i64::MAX, "capacity": 1e12, "critical": 1e12, "add": -1e12, "loaded": 1e12, "volume": 1e12}]),
        json!({}),
        json!({"0": {"id": {}}}),
    ]
}

/// The answer is the API's: JSON, no 5xx, and a message or the printed status when it is refused.
fn check(answer: &crate::support::Answer, what: &str) {
    assert!(answer.status.as_u16() < 500, "{what}: {} {}", answer.status, answer.text);
    if answer.status.is_client_error() {
        let body = answer.json();
        assert!(body["message"].is_string() || body["status"] == "error", "{what}: {body}");
    }
}

#[proves("TM-016", "TM-019")]
#[tokio::test]
async fn no_value_in_any_field_brings_it_down() {
    let bench = Bench::start().await;
    let mut api = Api::documented(&bench).await;
    let kinds = stend::registry::services();
    let (_, kind) = kinds.find("telemetron").expect("the house");
    let values = values();
    for operation in kind.operations().iter().filter(|operation| operation.method != Some("GET")) {
        let path = operation.path.expect("a path").replace("{vm_id}", "123").replace("{component_id}", "42");
        let path = path.replace("{id}", "123");
        let method: Method = operation.method.expect("a method").parse().expect("a method");
        for (i, value) in values.iter().enumerate() {
            // All fields at once, and again with most of them good, so that rules behind the first are reached.
            let mut all: Value = FIELDS
                .iter()
                .map(|field| ((*field).to_owned(), value.clone()))
                .collect::<serde_json::Map<_, _>>()
                .into();
            let answer = api.send(method.clone(), &path, all.clone()).await;
            check(&answer, &format!("{} {value:.100}", operation.id));
            for (field, good) in [
                ("name", json!(format!("Имя {} {i}", operation.id))),
                ("mm_id", json!(1)),
                ("mode", json!("snack")),
                ("composite", json!(true)),
            ] {
                all[field] = good;
            }
            check(&api.send(method.clone(), &path, all).await, &format!("{} {value:.100}", operation.id));
            check(&api.send(method.clone(), &path, json!([value])).await, operation.id);
        }
    }
    // What was accepted can still be read, saved and restored.
    let state = api.state().await;
    api.restore(state).await;
    api.log_in("me@example.com").await;
    for operation in
        kind.operations().iter().filter(|operation| operation.method == Some("GET") && operation.id != "logout")
    {
        let path =
            operation.path.expect("a path").replace("{vm_id}", "123").replace("{id}", "123").replace("{code}", "D54");
        check(&api.send(Method::GET, &path, Value::Null).await, operation.id);
    }
}

#[proves("TM-016")]
#[tokio::test]
async fn no_query_brings_it_down() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    api.act("telemetron.ping", json!({"machine": 123, "report": true})).await;
    api.act("telemetron.sell", json!({"machine": 123, "layout": "A1"})).await;
    let kinds = stend::registry::services();
    let (_, kind) = kinds.find("telemetron").expect("the house");
    let texts = [
        "",
        "1",
        "-1",
        "99999999999999999999",
        "2026-11-21",
        "9999-12-31T23:59:59-14:00",
        "0000-01-01",
        "%ff%00",
        "+",
        "é",
    ];
    for operation in
        kind.operations().iter().filter(|operation| operation.method == Some("GET") && operation.id != "logout")
    {
        let path =
            operation.path.expect("a path").replace("{vm_id}", "123").replace("{id}", "last").replace("{code}", "%ff");
        let path = if path.starts_with("/v2/vending_machines/last") { path.replacen("last", "123", 1) } else { path };
        for text in texts {
            let query: Vec<String> = QUERY.iter().map(|name| format!("{name}={text}")).collect();
            check(&api.send(Method::GET, &format!("{path}?{}", query.join("&")), Value::Null).await, operation.id);
            for one in query {
                check(&api.send(Method::GET, &format!("{path}?{one}"), Value::Null).await, operation.id);
            }
        }
    }
}

#[tokio::test]
async fn clocks_at_the_ends_of_time_do_no_harm() {
    let bench = Bench::start().await;
    let own = json!({"generate": {"machines": 2, "fiscal_every": 1}});
    for (id, clock) in [("late", "9999-12-30T20:00:00Z"), ("early", "0001-01-01T00:00:00Z")] {
        let api = Api::with(&bench, id, clock, &own).await;
        for action in [
            json!({"telemetron.sell": {"machine": 2_000_001, "layout": "A1"}}),
            json!({"telemetron.ping": {"machine": 2_000_001, "report": true}}),
            json!({"telemetron.collect": {"machine": 2_000_001}}),
        ] {
            api.step(action.as_object().expect("an action")).await;
        }
        api.expect(200, Method::POST, "/v2/vending_machines/2000001/request", json!({"report": 1})).await;
        for path in [
            "/v2/vending_machines?local=1",
            "/v2/vending_machines/2000001/events",
            "/v2/vending_machines/2000001/reports",
            "/v2/stats/vends/summary?local=1",
            "/v2/stats/crt",
            "/v2/timezones",
        ] {
            api.get(path).await;
        }
    }
}
