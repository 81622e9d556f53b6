//! The comparison with a system elsewhere, tried on another bench of ours.

use reqwest::Method;
use serde_json::json;

use super::{Target, carbis, telemetron};
use crate::support::Bench;

#[tokio::test]
async fn a_system_elsewhere_is_asked_and_agrees() {
    let bench = Bench::start().await;
    let settings =
        [("CLIENT", "client-key"), ("SECRET", "client-secret"), ("USER", "me@example.com"), ("PASSWORD", "123456")];
    let mut target = Target::at("telemetron", &bench.url("telemetron"), &settings);
    telemetron::look(&mut target).await;
    let described = target.report().unwrap();
    assert!(described.contains("answers, 0 differences"), "{described}");
    let asked: usize = described.split(": ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(asked >= 30, "every operation that reads: {described}");
    // Nothing was changed: only a token was given out.
    let journal = bench.steer(Method::GET, "/worlds/default/journal?limit=1000", json!(null)).await.json();
    let entries = journal["entries"].as_array().unwrap();
    assert!(entries.len() >= asked);
    let changing = entries.iter().filter(|entry| entry["method"] != "GET" && entry["operation"] != "token");
    assert_eq!(changing.count(), 0);
}

#[tokio::test]
async fn what_differs_is_told_with_its_place() {
    let bench = Bench::start().await;
    let event = json!({"hash": "d8833dd3", "code": "bell", "table": "7", "invoice": null, "waiter": 1});
    let body = json!({"result": true, "data": {"updates": [event]}});
    let fault = json!({"match": {"fake": "carbis"}, "respond": {"status": 200, "body": body}, "times": 1});
    assert_eq!(bench.steer(Method::POST, "/worlds/default/faults", fault).await.status, 201);
    let mut target = Target::at("carbis", &bench.url("carbis"), &[("TOKEN", "demo-token")]);
    carbis::look(&mut target).await;
    let described = target.report().unwrap_err();
    for part in [
        "events, reply 200, at /data/updates/0/hash",
        "events, reply 200, at /data/updates/0/table",
        "\"order\" is a required property",
        "'waiter' was unexpected",
        "found:    \"7\"",
    ] {
        assert!(described.contains(part), "{part} is not in\n{described}");
    }
}

#[tokio::test]
#[should_panic(expected = "STEND_TARGET_CARBIS_TOKEN is not set")]
async fn a_setting_that_is_missing_is_named() {
    let mut target = Target::at("carbis", "http://127.0.0.1:1", &[]);
    carbis::look(&mut target).await;
}
