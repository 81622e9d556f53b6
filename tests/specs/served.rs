//! The control API hands out the specifications.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Bench;

#[tokio::test]
async fn every_fake_with_a_specification_serves_it() {
    let bench = Bench::start().await;
    let list = bench.steer(Method::GET, "/spec", Value::Null).await;
    assert_eq!(list.status, 200);
    let rows = list.json();
    assert_eq!(
        rows[0],
        json!({"fake": "carbis", "title": "Carbis QR menu, staff event feed", "format": "openapi", "version": "3.1.0", "path": "/control/v1/spec/carbis"})
    );
    for row in rows.as_array().unwrap() {
        let service = row["fake"].as_str().unwrap();
        let answer = bench.steer(Method::GET, &format!("/spec/{service}"), Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.json()[row["format"].as_str().unwrap()], row["version"], "{service}");
        // The same as is printed, but for where it is served.
        let served = answer.json();
        let printed = stend::spec(service).unwrap().unwrap();
        for key in printed.as_object().unwrap().keys().filter(|key| *key != "servers") {
            assert_eq!(served[key], printed[key], "{service}: {key}");
        }
    }
}

#[tokio::test]
async fn it_is_served_for_a_world_and_as_yaml() {
    let bench = Bench::start().await;
    let made = bench.steer(Method::POST, "/worlds", json!({"id": "w1"})).await;
    let url = made.json()["urls"]["carbis"].clone();
    let spec = bench.steer(Method::GET, "/spec/carbis?world=w1", Value::Null).await.json();
    assert_eq!(spec["servers"][0]["variables"]["base"]["default"], url);
    let spec = bench.steer(Method::GET, "/spec/carbis", Value::Null).await.json();
    assert_eq!(spec["servers"][0]["variables"]["base"]["default"], bench.url("carbis"));
    let request = bench.client.get(format!("{}/spec/carbis", bench.control())).header("accept", "application/yaml");
    let yaml = bench.send(request).await;
    assert_eq!(yaml.headers["content-type"], "application/yaml");
    assert_eq!(stend_core::Node::parse(&yaml.text).unwrap().to_json(), spec);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let bench = Bench::start().await;
    for (path, status, part) in [
        ("/spec/carbs", 404, "did you mean `carbis`?"),
        ("/spec/carbis?world=w9", 404, "w9"),
        ("/spec/carbis?wrld=w9", 422, "world"),
    ] {
        let answer = bench.steer(Method::GET, path, Value::Null).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.text.contains(part), "{path}: {}", answer.text);
    }
}
