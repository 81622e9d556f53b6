//! A saved world goes on as the one it was saved from.

use reqwest::Method;
use serde_json::{Value, json};

use super::post_guest::{printed, short};
use super::{CAFE, INTERNET, ask, get, post, store};
use crate::support::Bench;

/// What a client sees of a world, and what becomes of it when the same things happen in it.
async fn future(bench: &Bench, ids: &[String]) -> Vec<String> {
    let mut seen = Vec::new();
    for id in ids {
        seen.push(ask(bench, Method::GET, &format!("/get-guest?guest-id={id}"), None).await.text);
    }
    seen.push(post(bench, "/post-guest", &printed()).await.text);
    seen.push(post(bench, "/calc-discount", &short("черновик")).await.text);
    seen.push(ask(bench, Method::POST, &format!("/operate-archive?division-id={CAFE}"), None).await.text);
    let body = json!({ "Payment": { "gest_ID": ids[0], "payType_ID": INTERNET, "paySum": 2700 }, "DiscountSum": [{ "sum": 100 }] });
    seen.push(post(bench, "/pay-guest", &body).await.text);
    for _ in 0..3 {
        seen.push(serde_json::to_string(&bench.advance("40m").await["fired"]).unwrap());
        seen.push(get(bench, &format!("/get-guest-delivery-state?guest-id={}", ids[1])).await.to_string());
    }
    seen.push(get(bench, "/get-closed-guests-id?from=2026-11-21&to=2026-11-21").await.to_string());
    seen.push(bench.state().await["tillypad"].to_string());
    seen
}

#[tokio::test]
async fn a_saved_world_gives_the_same_answers() {
    let bench = Bench::start().await;
    let mut ids = vec![store(&bench, &printed()).await];
    let mut delivery = printed();
    delivery["gest_DateOpen"] = json!("2026-11-21T14:00:00");
    delivery["guestDeliveries"]["gsdlv_dlvrst_ID"] = json!(2);
    ids.push(store(&bench, &delivery).await);
    let mut registered = short("зарегистрирован");
    registered["gest_dvsn_ID"] = json!(CAFE);
    registered["orders"][0]["ordr_orst_ID"] = json!(1);
    ids.push(store(&bench, &registered).await);
    let mut points = short("на троих");
    points["orders"][0]["orderItems"][0]["orit_Count"] = json!(3);
    points["discountSum"] = json!([{ "sum": 100 }]);
    ids.push(store(&bench, &points).await);
    bench.act("tillypad.seed_guests", json!({ "count": 50, "closed": true })).await;
    bench.advance("5m").await;

    let saved = bench.state().await;
    let expected = future(&bench, &ids).await;
    let put = bench.steer(Method::PUT, "/worlds/default/state", saved.clone()).await;
    assert!(put.status.is_success(), "{}", put.text);
    assert_eq!(bench.state().await["tillypad"], saved["tillypad"]);
    let got = future(&bench, &ids).await;
    for (got, expected) in got.iter().zip(&expected) {
        assert_eq!(got, expected);
    }
    assert!(expected.iter().any(|text| text.contains("Начали готовить")), "the tasks have run");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids() {
    let (one, two) = (Bench::start().await, Bench::start().await);
    assert_eq!(store(&one, &printed()).await, store(&two, &printed()).await);
    // A request that is refused draws nothing.
    let bad = json!({ "gest_Name": "x", "orders": [{ "orderItems": [{ "orit_Count": 1 }] }] });
    assert_eq!(post(&one, "/post-guest", &bad).await.status, 500);
    assert_eq!(store(&one, &printed()).await, store(&two, &printed()).await);
}

#[proves("TP-014")]
#[tokio::test]
async fn mistakes_in_a_world_file_are_named_with_their_place() {
    let bench = Bench::start().await;
    let good = bench.state().await;
    let cases: [(&str, Value, &str); 6] = [
        ("/tillypad/guests/0/gest_Nmae", json!("x"), "gest_Nmae"),
        ("/tillypad/guests/0/gest_dvsn_ID", json!("11111111-2222-3333-4444-555555555555"), "gest_dvsn_ID"),
        ("/tillypad/time_zone", json!("Mars/Olympus"), "Mars/Olympus"),
        ("/tillypad/rules/0/programme", json!("Рубль с блюд"), "did you mean `Рубль с блюда`"),
        ("/tillypad/divisions/0/id", json!("7"), "no GUID"),
        ("/tillypad/menu/items/0/price", json!(-1), "price"),
    ];
    for (path, value, part) in cases {
        let mut bad = good.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[key] = value;
        let answer = bench.steer(Method::PUT, "/worlds/default/state", bad).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.text);
        assert!(answer.text.contains(part), "`{part}` is not in {}", answer.text);
    }
    assert_eq!(bench.state().await, good);
}
