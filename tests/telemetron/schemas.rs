//! The JSON schemas that the document prints, against what the operations answer in the documented world.

use serde_json::{Value, json};

use super::api::Api;
use crate::support::Bench;

fn text() -> Value {
    json!({"type": "string"})
}

fn number() -> Value {
    json!({"type": "number"})
}

fn object(properties: Value) -> Value {
    // Every documented key is present (G2), so all are required.
    let required: Vec<&String> = properties.as_object().expect("properties").keys().collect();
    json!({"type": "object", "required": required, "properties": properties})
}

fn check(schema: &Value, value: &Value, what: &str) {
    let validator = jsonschema::draft4::new(schema).expect("a schema");
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{} {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:?} in {value}");
}

#[proves("TM-093", "TM-113", "TM-143", "TM-148", "TM-321", "TM-573", "G2")]
#[tokio::test]
async fn answers_fit_the_printed_schemas() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    let nullable = json!({"type": ["number", "null"]});
    let machine = object(json!({
        "id": number(), "serial_number": text(), "name": text(), "planogram_id": number(), "state": number(),
        "service": {"type": "object", "additionalProperties": {"type": "boolean"}},
        "location": object(json!({"id": number(), "name": text(), "address": text()})),
        "type": object(json!({"id": number(), "label": text(), "name": text()})),
        "modem": object(json!({"id": number(), "imei": text(), "bus": text(), "sw_version": text(), "hw_version": text()})),
        "is_crt_active": {"type": "boolean"}, "inventory_number": text(), "mm_id": nullable,
        "money": {"type": ["object", "null"], "properties": {"change": number(), "revenue": number()}},
        "tz_id": nullable, "tz": {"type": ["string", "null"]}
    }));
    check(&machine, &api.get("/v2/vending_machines/123").await, "machine");
    let modem = object(json!({
        "id": number(), "imei": text(), "iccid": text(), "hw_version": text(), "boot_version": text(), "firmware": text(), "phone": text()
    }));
    check(&modem, &api.get("/v2/modems/2").await, "modem");
    let list = |item: Value| json!({"type": "array", "minItems": 1, "items": item});
    let requisites = list(object(json!({
        "id": number(), "title": text(), "title_short": text(), "addr_legal": text(), "addr_fact": text(), "inn": text(),
        "kpp": text(), "provider": {"type": ["string", "null"], "enum": ["od", "co", "ipro", null]}
    })));
    check(&requisites, &api.get("/v2/requisites").await, "requisites");
    api.act("telemetron.fail", json!({"machine": 123, "code": "D54"})).await;
    let errors = list(object(json!({
        "code": text(), "evadts_port": number(), "modem_time": text(), "created_at": text(), "value": text()
    })));
    check(&errors, &api.get("/v2/vending_machines/123/reports/last_errors").await, "last errors");
    api.act("telemetron.collect", json!({"machine": 123})).await;
    let collections = list(object(json!({
        "time": text(), "vm_id": number(), "hands_add": number(), "change": number(), "summary_coins": number(),
        "summary_banknotes": number()
    })));
    check(&collections, &api.get("/v2/reports/collections").await, "collections");
}
