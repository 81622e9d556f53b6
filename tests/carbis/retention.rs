//! How long events stay, by the world's clock; and that worlds do not see each other.

use reqwest::Method;
use serde_json::{Value, json};

use super::events::{poll, updates};
use crate::support::Bench;

#[proves("CB-001", "CB-002", "C3")]
#[tokio::test]
async fn five_minutes_and_one_second_empty_the_feed() {
    let bench = Bench::start().await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.advance("4m59s").await;
    assert_eq!(updates(&bench, "none").await.len(), 1);
    let fired = bench.advance("2s").await;
    assert_eq!(fired["count"], 1);
    assert_eq!(fired["fired"][0]["fake"], "carbis");
    assert_eq!(poll(&bench, "none").await.text, r#"{"result":true,"data":{"updates":[]}}"#);
}

#[proves("CB-002", "C2")]
#[tokio::test]
async fn a_client_that_lost_its_place_gets_all_that_is_left() {
    let bench = Bench::start().await;
    let first = bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.advance("3m").await;
    let second = bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.advance("3m").await;
    let left = updates(&bench, first["hash"].as_str().unwrap()).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["hash"], second["hash"]);
}

#[proves("C3")]
#[tokio::test]
async fn retention_is_a_setting_of_the_world() {
    let bench = Bench::start().await;
    let mut state = bench.state().await;
    state["carbis"]["retention"] = json!("10s");
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", state).await.status, 200);
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.advance("9s").await;
    assert_eq!(updates(&bench, "none").await.len(), 1);
    bench.advance("1s").await;
    assert_eq!(updates(&bench, "none").await.len(), 0);
}

#[tokio::test]
async fn two_worlds_do_not_see_each_other() {
    let bench = Bench::start().await;
    let made = bench.steer(Method::POST, "/worlds", json!({"id": "w1", "clock": crate::support::NOON})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let other = made.json()["urls"]["carbis"].as_str().unwrap().to_owned();
    assert_eq!(other, format!("{}/w/w1", bench.url("carbis")));
    let poll_other = || async {
        let request = bench.client.get(format!("{other}/api/v4/events?hash=none")).header("token", "demo-token");
        bench.send(request).await.json()["data"]["updates"].as_array().unwrap().len()
    };

    bench.act_in("w1", "carbis.call_waiter", json!({"table": 1000028})).await;
    assert_eq!((poll_other().await, updates(&bench, "none").await.len()), (1, 0));
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    assert_eq!((poll_other().await, updates(&bench, "none").await.len()), (1, 2));
    // The clock of one does not move the other's.
    bench.advance("10m").await;
    assert_eq!((poll_other().await, updates(&bench, "none").await.len()), (1, 0));
    // Nor does a reset, nor the journal.
    bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await;
    assert_eq!(poll_other().await, 1);
    let journal = bench.steer(Method::GET, "/worlds/w1/journal?fake=carbis", Value::Null).await.json();
    assert_eq!(journal["matched"], 4);
}

#[proves("CB-024")]
#[tokio::test]
async fn a_restored_world_goes_on_with_the_same_bytes() {
    let bench = Bench::start().await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.advance("1m").await;
    bench.act("carbis.seat_guests", json!({"parties": 3, "over": "5m"})).await;
    let saved = bench.state().await;
    let go_on = || async {
        bench.act("carbis.pay_online", json!({"table": 1000028})).await;
        bench.advance("8m").await;
        (poll(&bench, "none").await.text, bench.state().await)
    };
    let once = go_on().await;
    let restored = bench.steer(Method::PUT, "/worlds/default/state", saved.clone()).await;
    assert_eq!(restored.json(), saved, "what PUTs in comes out the same");
    let again = go_on().await;
    assert_eq!(once.0, again.0);
    assert_eq!(once.1, again.1);
    let totals = &once.1["carbis"]["totals"];
    assert!(totals["orders_paid"].as_u64().unwrap() >= 1, "{totals}");
    assert_eq!(totals["orders_paid"], totals["events"]["online_payment"]);
}

#[proves("CB-002")]
#[tokio::test]
async fn an_event_goes_in_its_time_also_behind_a_later_one() {
    let bench = Bench::start().await;
    let first = bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let back = json!({"mode": "frozen", "now": "2026-11-21T11:00:00+03:00"});
    let set = bench.steer(Method::PUT, "/worlds/default/clock", back).await;
    assert!(set.status.is_success(), "{}", set.text);
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    assert_eq!(updates(&bench, "none").await.len(), 2);
    bench.advance("30m").await;
    let left = updates(&bench, "none").await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["hash"], first["hash"]);
    // So it is in a world that is saved and restored.
    let saved = bench.state().await;
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", saved.clone()).await.json(), saved);
    bench.advance("35m").await;
    assert_eq!(updates(&bench, "none").await.len(), 0);
}

#[tokio::test]
async fn an_order_of_a_file_keeps_its_guid_to_itself() {
    let bench = Bench::start().await;
    let mut file = bench.state().await;
    let tables = file["carbis"]["tables"].as_array_mut().unwrap();
    tables.extend([json!({"id": 1, "name": "A"}), json!({"id": 2, "name": "B"})]);
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", file).await.status, 200);
    let order = |table: i64| json!({"table": table, "dishes": [{"id": 1000041}]});
    let first = bench.act("carbis.order", order(1)).await;
    // Without how far they were drawn the streams begin anew.
    let mut file = bench.state().await;
    file["carbis"].as_object_mut().unwrap().remove("random");
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", file).await.status, 200);
    let second = bench.act("carbis.order", order(2)).await;
    assert_ne!(first["guid"], second["guid"]);
    let saved = bench.state().await;
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", saved).await.status, 200);
}
