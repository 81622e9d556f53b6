//! The readings of a world: what the document leaves open, each way. The other tests show the defaults.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::events::updates;
use crate::support::{Bench, NOON};

const EMPTY: &str = r#"{"result":true,"data":{"updates":[]}}"#;

fn get(bench: &Bench, query: &str, token: &str) -> RequestBuilder {
    bench.client.get(format!("{}/api/v4/events{query}", bench.url("carbis"))).header("token", token)
}

async fn steered(bench: &Bench, action: &str, args: Value) -> (u16, String) {
    let answer = bench.steer(Method::POST, "/worlds/default/actions", json!({ action: args })).await;
    (answer.status.as_u16(), answer.text)
}

#[proves("CB-023")]
#[tokio::test]
async fn a_paid_order_stays_until_a_waiter_closes_it() {
    let bench = Bench::start().await;
    bench.set("carbis", json!({"paid_order": "stays"})).await;
    let table = json!({"table": 1000028});
    assert_eq!(bench.act("carbis.pay_online", table.clone()).await["sum"], 186.0);
    let (status, text) = steered(&bench, "carbis.pay_online", table.clone()).await;
    assert_eq!(status, 409);
    assert!(text.contains("is paid") && text.contains("carbis.close_order"), "{text}");

    // What is added afterwards is unpaid, and a saved world knows it.
    let saved = bench.state().await;
    assert_eq!(saved["carbis"]["orders"][0]["paid"], 186.0);
    bench.steer(Method::PUT, "/worlds/default/state", saved).await;
    bench.act("carbis.additional_order", json!({"table": 1000028, "dishes": [{"id": 1000041}]})).await;
    let events = updates(&bench, "none").await;
    assert_eq!(events[0]["order"]["sum"], 186.0);
    assert_eq!((&events[1]["order"]["sum"], &events[1]["invoice"]["unpaid_sum"]), (&json!(336.0), &json!(150.0)));
    assert_eq!(bench.act("carbis.pay_online", table.clone()).await["sum"], 150.0);
    let totals = bench.state().await["carbis"]["totals"].clone();
    assert_eq!((&totals["orders_paid"], &totals["revenue"]), (&json!(1), &json!(336.0)));

    assert_eq!(bench.act("carbis.close_order", table.clone()).await, json!({"unpaid": 0.0}));
    assert_eq!(bench.state().await["carbis"]["orders"], json!([]));
    assert_eq!(updates(&bench, "none").await.len(), 3, "closing is no event");
    assert_eq!(steered(&bench, "carbis.close_order", table).await.0, 409);
}

#[proves("CB-023")]
#[tokio::test]
async fn simulated_guests_leave_no_paid_order_behind() {
    let bench = Bench::start().await;
    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    bench.set("carbis", json!({"paid_order": "stays"})).await;
    bench.act("carbis.seat_guests", json!({"parties": 3, "over": "5m"})).await;
    bench.advance("1h").await;
    let carbis = bench.state().await["carbis"].clone();
    assert_eq!(carbis["orders"], json!([]));
    assert_eq!(carbis["totals"]["orders_paid"], 4);
}

#[proves("C2")]
#[tokio::test]
async fn a_lost_place_gets_nothing_or_a_refusal() {
    for (reading, status) in [("nothing", 200), ("refused", 400)] {
        let bench = Bench::start().await;
        bench.set("carbis", json!({"lost_place": reading})).await;
        let described = bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
        assert_eq!(updates(&bench, "none").await.len(), 1);
        assert_eq!(updates(&bench, described["hash"].as_str().unwrap()).await.len(), 0);
        let lost = bench.send(get(&bench, "?hash=0x00000001", "demo-token")).await;
        assert_eq!(lost.status, status, "{}", lost.text);
        if status == 200 {
            assert_eq!(lost.text, EMPTY);
            bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
            let lost = bench.send(get(&bench, "?hash=0x00000001", "demo-token")).await;
            assert_eq!(lost.text, EMPTY, "still nothing, whatever happens");
        } else {
            assert_eq!(lost.json()["result"], false);
            assert!(lost.json()["error"].as_str().unwrap().contains("0x00000001"));
        }
    }
}

#[proves("CB-025")]
#[tokio::test]
async fn a_missing_hash_gets_all() {
    let bench = Bench::start().await;
    bench.set("carbis", json!({"missing_hash": "all"})).await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    for query in ["", "?hash="] {
        let answer = bench.send(get(&bench, query, "demo-token")).await;
        assert_eq!((answer.status.as_u16(), answer.json()["data"]["updates"].as_array().map(Vec::len)), (200, Some(1)));
    }
    assert_eq!(bench.send(get(&bench, "", "wrong")).await.status, 401);
}

#[proves("CB-026")]
#[tokio::test]
async fn a_refusal_is_told_by_the_result_alone() {
    let bench = Bench::start().await;
    bench.set("carbis", json!({"refusal": "ok", "lost_place": "refused"})).await;
    for (query, token, part) in
        [("?hash=none", "wrong", "token"), ("", "demo-token", "hash"), ("?hash=0x00000001", "demo-token", "0x00000001")]
    {
        let answer = bench.send(get(&bench, query, token)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["result"], false);
        assert!(answer.json()["error"].as_str().unwrap().contains(part), "{}", answer.text);
    }
    // What is no poll is no business of the menu's.
    assert_eq!(bench.send(bench.client.get(format!("{}/x", bench.url("carbis")))).await.status, 404);
}

#[proves("CB-012")]
#[tokio::test]
async fn opening_an_order_is_an_event_where_the_world_has_a_code_for_it() {
    let bench = Bench::start().await;
    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    bench.set("carbis", json!({"order_code": "new_order"})).await;
    let opened = bench.act("carbis.order", json!({"table": 1000028, "dishes": [{"id": 1000062}]})).await;
    let event = updates(&bench, "none").await[1].clone();
    assert_eq!((&event["code"], &event["invoice"]), (&json!("new_order"), &Value::Null));
    assert_eq!((&event["order"]["guid"], &event["order"]["sum"]), (&opened["guid"], &json!(12.0)));
    assert_eq!(event["table_repr"]["name"], "6");
}

#[tokio::test]
async fn a_reading_that_nobody_knows_is_named() {
    let bench = Bench::start().await;
    for (settings, part) in [
        (json!({"paid_order": "stay"}), "stays"),
        (json!({"order_code": " "}), "1 to 100 characters"),
        (json!({"paid_oder": "stays"}), "paid_order"),
    ] {
        let wish = json!({"id": "w1", "clock": NOON, "world": {"stend": 1, "carbis": {"settings": settings}}});
        let answer = bench.steer(Method::POST, "/worlds", wish).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains(part), "`{part}` is not in {}", answer.text);
    }
}
