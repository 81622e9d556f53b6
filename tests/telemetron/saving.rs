//! A saved world is the same world: tokens, ids, deadlines and draws go on where they were.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

/// What two copies of a world must answer alike.
async fn answers(api: &Api<'_>) -> Vec<String> {
    let mut answers = Vec::new();
    for path in [
        "/v2/vending_machines?local=1",
        "/v2/vending_machines/10",
        "/v2/vending_machines/10/loading",
        "/v2/vending_machines/10/loading_tx",
        "/v2/vending_machines/10/events",
        "/v2/vending_machines/10/reports",
        "/v2/vending_machines/10/reports/last_errors",
        "/v2/vending_machines/10/stats/vends/products",
        "/v2/stats/vends/payments/summary",
        "/v2/stats/crt",
        "/v2/stats/crt/correction",
        "/v2/reports/collections",
        "/v2/vending_machines/10/request/1",
        "/v2/products",
        "/v2/planograms?full=1",
    ] {
        let answer = api.send(Method::GET, path, Value::Null).await;
        answers.push(format!("{path} {} {}", answer.status, answer.text));
    }
    answers
}

/// Goes on: a refreshed token, sales by the seed, a duplicate, a new id, and the modem's answer.
async fn go_on(api: &Api<'_>, refresh: &Value) -> Vec<String> {
    let mut seen = Vec::new();
    let wish = json!({
        "grant_type": "refresh_token", "refresh_token": refresh, "client_id": "client-key", "client_secret": "client-secret"
    });
    seen.push(api.send(Method::POST, "/auth", wish).await.text);
    let load = json!({"data": [{"component_id": 1, "add": 10}]});
    seen.push(api.send(Method::POST, "/v2/vending_machines/10/loading", load).await.text);
    seen.push(api.send(Method::POST, "/v2/components", json!({"name": "Новое", "unit": 1})).await.text);
    seen.push(api.act("telemetron.seed_sales", json!({"count": 40, "over": "1h"})).await.to_string());
    api.act("telemetron.modem_online", json!({"machine": 11})).await;
    api.advance("1m").await;
    seen.extend(answers(api).await);
    seen
}

#[tokio::test]
async fn a_saved_world_goes_on_as_the_one_it_was_saved_from() {
    let bench = Bench::start().await;
    let mut own = world();
    own["modems"] = json!([{"id": 5, "imei": "999999999123456"}, {"id": 6, "imei": "999999999123457"}]);
    own["requisites"] = json!([{"id": 1, "title": "Т"}]);
    own["machines"][0]["modem_id"] = json!(5);
    own["machines"][0]["is_crt_active"] = json!(true);
    own["machines"][0]["tz"] = json!("Asia/Vladivostok");
    let mut second = own["machines"][0].clone();
    second["id"] = json!(11);
    second["modem_id"] = json!(6);
    own["machines"] = json!([own["machines"][0], second]);
    let mut api = Api::world(&bench, "one", NOON, &own).await;
    let pair = api.log_in("me@example.com").await;
    for step in [
        json!({"telemetron.seed_sales": {"count": 60, "over": "5h"}}),
        json!({"telemetron.sell": {"machine": 10, "layout": "1", "payment": "cashless", "discount": 2.5}}),
        json!({"telemetron.insert_note": {"machine": 10, "value": 100}}),
        json!({"telemetron.collect": {"machine": 10}}),
        json!({"telemetron.fail": {"machine": 10, "code": "D54"}}),
        json!({"telemetron.issue_correction": {"machine": 10, "cash": 25, "vat": 20, "doc_date": "2026-11-20", "doc_name": "Чек", "doc_number": "1"}}),
        json!({"telemetron.modem_offline": {"machine": 11}}),
        json!({"telemetron.sell": {"machine": 11, "layout": "A1"}}),
        json!({"telemetron.event": {"machine": 11, "code": "EGS"}}),
        json!({"advance": "1s"}),
    ] {
        api.step(step.as_object().expect("a step")).await;
    }
    let load = json!({"data": [{"component_id": 1, "add": 10}]});
    api.expect(201, Method::POST, "/v2/vending_machines/10/loading", load).await;
    api.expect(200, Method::POST, "/v2/vending_machines/10/request", json!({"report": true})).await;

    let saved = api.state().await;
    let other = Api::world(&bench, "two", NOON, &json!({})).await;
    other.restore(saved.clone()).await;
    assert_eq!(other.state().await["telemetron"], saved["telemetron"], "what goes in comes out");
    let mut other = other;
    other.bear(api.token());
    assert_eq!(answers(&other).await, answers(&api).await);
    let (one, two) = (go_on(&api, &pair["refresh_token"]).await, go_on(&other, &pair["refresh_token"]).await);
    for (one, two) in one.iter().zip(&two) {
        assert_eq!(one, two);
    }
    assert!(one[1].contains("L102"), "the duplicate is remembered: {}", one[1]);
    assert!(one.iter().any(|line| line.starts_with("/v2/vending_machines/10/request/1 404")), "the modem answered");
}
