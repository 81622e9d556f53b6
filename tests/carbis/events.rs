//! `GET /api/v4/events`: what happens at the tables, and who gets to know it from which hash on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Bench};

/// The feed after `hash`, with the documented token.
pub async fn poll(bench: &Bench, hash: &str) -> Answer {
    let url = format!("{}/api/v4/events?hash={hash}", bench.url("carbis"));
    bench.send(bench.client.get(url).header("token", "demo-token")).await
}

/// The updates after `hash`; the envelope around them is as printed.
pub async fn updates(bench: &Bench, hash: &str) -> Vec<Value> {
    let answer = poll(bench, hash).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/json");
    let body = answer.json();
    assert_eq!(keys(&body), ["result", "data"]);
    assert_eq!(body["result"], true);
    assert_eq!(keys(&body["data"]), ["updates"]);
    body["data"]["updates"].as_array().expect("a list").clone()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[proves("CB-007")]
#[tokio::test]
async fn the_feed_of_the_documented_world_is_empty_at_first() {
    let bench = Bench::start().await;
    assert_eq!(poll(&bench, "none").await.text, r#"{"result":true,"data":{"updates":[]}}"#);
}

#[proves("C5")]
#[tokio::test]
async fn a_hash_is_drawn_in_the_printed_form_and_told_by_the_action() {
    let bench = Bench::start().await;
    let described = bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let updates = updates(&bench, "none").await;
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0]["hash"], described["hash"]);
    let hash = described["hash"].as_str().expect("a hash");
    let digits = hash.strip_prefix("0x").expect("0x");
    assert!(digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{hash}");
}

#[proves("CB-018", "C9")]
#[tokio::test]
async fn additional_order_brings_the_order_from_186_to_336() {
    let bench = Bench::start().await;
    let unpaid = || async { bench.state().await["carbis"]["orders"][0]["dishes"].as_array().map(Vec::len) };
    assert_eq!(unpaid().await, Some(2));
    bench.act("carbis.additional_order", json!({"table": 1000028, "dishes": [{"id": 1000041, "count": 1}]})).await;
    assert_eq!(unpaid().await, Some(3));
    let update = updates(&bench, "none").await[0].clone();
    assert_eq!((&update["order"]["sum"], &update["invoice"]["unpaid_sum"]), (&json!(336.0), &json!(336.0)));
}

#[proves("CB-021", "CB-023")]
#[tokio::test]
async fn online_payment_closes_the_order() {
    let bench = Bench::start().await;
    let paid = bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    assert_eq!(paid["sum"], 186.0);
    assert_eq!(updates(&bench, "none").await[0]["order"]["sum"], 186.0);
    assert_eq!(bench.state().await["carbis"]["orders"], json!([]));
}

#[proves("CB-017", "C9")]
#[tokio::test]
async fn additions_append_and_the_session_holds_only_what_was_added() {
    let bench = Bench::start().await;
    for (id, count) in [(1000062, json!(2)), (1000062, json!(0.5))] {
        bench.act("carbis.additional_order", json!({"table": 1000028, "dishes": [{"id": id, "count": count}]})).await;
    }
    let updates = updates(&bench, "none").await;
    let last = &updates[1];
    assert_eq!(last["order"]["dishes"].as_array().unwrap().len(), 4, "never merged (C9)");
    assert_eq!(last["invoice"]["session"]["items"].as_array().unwrap().len(), 1);
    assert_eq!(last["invoice"]["session"]["items"][0]["count"], 0.5);
    assert_eq!(last["order"]["sum"], 216.0);
    assert_eq!(last["invoice"]["unpaid_sum"], 216.0);
}

#[proves("CB-004", "CB-005", "CB-008", "C1", "G1")]
#[tokio::test]
async fn a_poll_gets_what_came_after_its_hash_oldest_first() {
    let bench = Bench::start().await;
    let mut hashes = Vec::new();
    for _ in 0..3 {
        let described = bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
        hashes.push(described["hash"].as_str().unwrap().to_owned());
    }
    let after = |updates: Vec<Value>| {
        updates.iter().map(|event| event["hash"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(after(updates(&bench, "none").await), hashes);
    assert_eq!(after(updates(&bench, &hashes[0]).await), hashes[1..]);
    assert_eq!(after(updates(&bench, &hashes[0].to_uppercase().replace("0X", "0x")).await), hashes[1..]);
    assert!(updates(&bench, &hashes[2]).await.is_empty());
    assert_eq!(after(updates(&bench, "0x00000000").await), hashes, "a lost place gets all (C2)");
}

#[proves("C6")]
#[tokio::test]
async fn any_code_can_be_emitted_with_what_the_table_has() {
    let bench = Bench::start().await;
    bench.act("carbis.emit", json!({"code": "new_order", "table": 1000028, "invoice": true})).await;
    bench.act("carbis.emit", json!({"code": "bell", "table": 1000028, "order": false, "table_repr": false})).await;
    let updates = updates(&bench, "none").await;
    assert_eq!(updates[0]["code"], "new_order");
    assert_eq!(updates[0]["order"]["sum"], 186.0);
    assert_eq!(updates[0]["invoice"]["unpaid_sum"], 186.0);
    assert_eq!(keys(&updates[1]), ["hash", "code", "table", "invoice", "order"]);
    assert_eq!(updates[1]["order"], Value::Null);
}

#[proves("CB-012", "CB-019")]
#[tokio::test]
async fn an_order_is_opened_added_to_and_paid_at_a_free_table() {
    let bench = Bench::start().await;
    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    let opened = bench.act("carbis.order", json!({"table": 1000028, "dishes": [{"id": 1000062, "count": 2}]})).await;
    assert_eq!(opened["sum"], 24.0);
    assert_eq!(opened["invoice"], 123);
    bench.act("carbis.additional_order", json!({"table": 1000028, "dishes": [{"id": 1000041}]})).await;
    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    let updates = updates(&bench, "none").await;
    let codes: Vec<&str> = updates.iter().map(|event| event["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["online_payment", "additional_order", "online_payment"], "opening an order is no event");
    assert_eq!(updates[2]["order"]["sum"], 174.0);
    assert_eq!(updates[2]["order"]["guid"], opened["guid"]);
}

#[tokio::test]
async fn the_shapes_are_pinned() {
    let bench = Bench::start().await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.act("carbis.additional_order", json!({"table": 1000028, "dishes": [{"id": 1000041}]})).await;
    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    // The clock and the seed are fixed, so nothing needs masking.
    insta::assert_json_snapshot!("events", poll(&bench, "none").await.json());
}

#[proves("CB-020")]
#[tokio::test]
async fn a_dish_is_ordered_with_modifiers() {
    let bench = Bench::start().await;
    let dish = json!({"id": 1000041, "count": 2, "modifiers": [{"id": 1000043, "count": 3}]});
    bench.act("carbis.additional_order", json!({"table": 1000028, "dishes": [dish]})).await;
    let event = updates(&bench, "none").await[0].clone();
    let line = &event["order"]["dishes"][2];
    assert_eq!(line["sum"], 420.0, "two of 150 and three times 20 each");
    assert_eq!(
        line["modifiers"],
        json!([{"id": 1000043, "type": "modifier", "name": "Соус", "price": 20.0, "count": 3.0, "sum": 60.0, "modifiers": []}])
    );
    let added = &event["invoice"]["session"]["items"][0];
    assert_eq!(
        added["modifiers"][0],
        json!({"id": 1000043, "type": "modifier", "count": 3.0, "modifiers": [], "name": "Соус"})
    );
    assert_eq!(event["order"]["sum"], 606.0);
    let unknown = json!({"table": 1000028, "dishes": [{"id": 1000041, "modifiers": [{"id": 8}]}]});
    let refused =
        bench.steer(Method::POST, "/worlds/default/actions", json!({"carbis.additional_order": unknown})).await;
    assert_eq!(refused.status, 404, "{}", refused.text);
}

/// Ruling C9: each line's sum is rounded half up to kopecks, and the order's sums are the sums of its lines.
#[proves("C9")]
#[tokio::test]
async fn c9_sums_are_whole_kopecks_and_follow_from_the_rounded_lines() {
    let bench = Bench::start().await;
    let mut world = bench.state().await;
    world["carbis"]["dishes"] = json!([
        {"id": 1, "name": "Сыр на вес", "price": 0.99},
        {"id": 2, "name": "Салат на вес", "price": 33.33, "modifiers": [{"id": 7, "name": "Заправка", "price": 0.55}]},
    ]);
    world["carbis"]["orders"] = json!([]);
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", world).await.status, 200);
    // 0.99 × 0.5 = 0.495 and 33.33 × 0.333 = 11.09889; two lines of 0.495 come to 1.00, not to 0.99.
    let half = json!({"id": 1, "count": 0.5});
    let salad = json!({"id": 2, "count": 0.333});
    let opened = bench.act("carbis.order", json!({"table": 1000028, "dishes": [half, half, salad]})).await;
    assert_eq!(opened["sum"], 12.1);
    // The modifier comes to 0.55 × 0.7 = 0.385, shown as 0.39, and the line to (33.33 + 0.39) × 1.5 = 50.58.
    let dressed = json!({"id": 2, "count": 1.5, "modifiers": [{"id": 7, "count": 0.7}]});
    bench.act("carbis.additional_order", json!({"table": 1000028, "dishes": [dressed]})).await;
    let event = updates(&bench, "none").await[0].clone();
    let sums: Vec<&Value> = event["order"]["dishes"].as_array().unwrap().iter().map(|line| &line["sum"]).collect();
    assert_eq!(sums, [&json!(0.5), &json!(0.5), &json!(11.1), &json!(50.58)]);
    assert_eq!(event["order"]["dishes"][3]["modifiers"][0]["sum"], 0.39);
    for sum in [&event["order"]["sum"], &event["order"]["pricelist_sum"], &event["invoice"]["unpaid_sum"]] {
        assert_eq!(sum, &json!(62.68));
    }
    assert_eq!(bench.act("carbis.pay_online", json!({"table": 1000028})).await["sum"], 62.68);
}

/// Ruling C9: what simulated guests order comes to whole kopecks too, with the modifiers that they choose.
#[proves("C9")]
#[tokio::test]
async fn c9_simulated_guests_choose_modifiers_and_their_sums_add_up() {
    let bench = Bench::start().await;
    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    let mut modifiers = 0;
    for _ in 0..20 {
        bench.act("carbis.seat_guests", json!({"parties": 1, "over": "0s", "stay": "4m"})).await;
        bench.advance("6m").await;
        for event in updates(&bench, "none").await.iter().filter(|event| event["code"] == "online_payment") {
            let lines = event["order"]["dishes"].as_array().unwrap();
            let kopecks = |value: &Value| (value.as_f64().unwrap() * 100.0).round() as i64;
            assert_eq!(lines.iter().map(|line| kopecks(&line["sum"])).sum::<i64>(), kopecks(&event["order"]["sum"]));
            modifiers += lines.iter().filter(|line| line["modifiers"][0]["name"] == "Соус").count();
        }
    }
    assert!(modifiers > 0, "somebody takes the sauce");
}

#[proves("C5")]
#[tokio::test]
async fn the_printed_hash_is_taken_once() {
    let bench = Bench::start().await;
    let call = json!({"carbis.call_waiter": {"table": 1000028, "hash": "0xd8833dd3"}});
    let act = || bench.steer(Method::POST, "/worlds/default/actions", call.clone());
    assert_eq!(act().await.status, 200);
    let again = act().await;
    assert_eq!(again.status, 409, "{}", again.text);
    // Once the event has left the feed, its hash is free.
    bench.advance("5m").await;
    assert_eq!(act().await.status, 200);
}
