//! What is refused, how, and that nothing is changed by it.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::Bench;

fn get(bench: &Bench, path: &str) -> RequestBuilder {
    bench.client.get(format!("{}{path}", bench.url("carbis")))
}

async fn refused(bench: &Bench, request: RequestBuilder, status: u16, part: &str) {
    let answer = bench.send(request).await;
    assert_eq!(answer.status, status, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["result"], false);
    assert!(body["error"].as_str().is_some_and(|text| text.contains(part)), "{part} is not in {body}");
    assert_eq!(body.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn wrong_tokens_and_missing_hashes() {
    let bench = Bench::start().await;
    let events = "/api/v4/events?hash=none";
    refused(&bench, get(&bench, events), 401, "token").await;
    refused(&bench, get(&bench, events).header("token", "demo-tokem"), 401, "token").await;
    refused(&bench, get(&bench, events).header("token", ""), 401, "token").await;
    refused(&bench, get(&bench, "/api/v4/events").header("token", "demo-token"), 400, "hash").await;
    refused(&bench, get(&bench, "/api/v4/events?hash=").header("token", "demo-token"), 400, "hash").await;
    // Without a token nothing is told of the hash.
    refused(&bench, get(&bench, "/api/v4/events"), 401, "token").await;
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let bench = Bench::start().await;
    refused(&bench, get(&bench, "/api/v4/event"), 404, "/api/v4/event").await;
    refused(&bench, get(&bench, "/"), 404, "/").await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let url = format!("{}/api/v4/events?hash=none", bench.url("carbis"));
        let answer = bench.send(bench.client.request(method, url)).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.headers["allow"], "GET");
    }
}

#[tokio::test]
async fn oversize_and_odd_bodies() {
    let bench = Bench::start().await;
    let request = get(&bench, "/api/v4/events?hash=none").header("token", "demo-token");
    refused(&bench, request.try_clone().unwrap().body(vec![b'x'; 2 * 1024 * 1024]), 413, "too large").await;
    // A small body is read past, with a remark.
    assert_eq!(bench.send(request.body("{}")).await.status, 200);
    let journal = bench.steer(Method::GET, "/worlds/default/journal?status=200", Value::Null).await.json();
    assert!(journal["entries"][0]["remarks"][0].as_str().unwrap().contains("ignored"), "{journal}");
}

#[tokio::test]
async fn a_slip_in_a_parameter_is_remarked_and_a_strict_world_refuses_it() {
    let bench = Bench::start().await;
    let slip = get(&bench, "/api/v4/events?hash=none&hahs=1").header("token", "demo-token");
    assert_eq!(bench.send(slip).await.status, 200);
    let journal = bench.steer(Method::GET, "/worlds/default/journal", Value::Null).await.json();
    assert_eq!(
        journal["entries"][0]["remarks"],
        json!(["unknown query parameter `hahs` ignored; did you mean `hash`?"])
    );

    let strict = bench
        .steer(Method::POST, "/worlds", json!({"id": "strict", "world": {"base": "documented", "strict": true}}))
        .await;
    assert_eq!(strict.status, 201, "{}", strict.text);
    let url = format!("{}/w/strict/api/v4/events?hash=none&hahs=1", bench.url("carbis"));
    let answer = bench.send(bench.client.get(url).header("token", "demo-token")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["code"], "strict");
}

#[tokio::test]
async fn an_unknown_world_is_named_with_the_nearest() {
    let bench = Bench::start().await;
    bench.steer(Method::POST, "/worlds", json!({"id": "checkout"})).await;
    let answer = bench.send(get(&bench, "/w/chekout/api/v4/events?hash=none")).await;
    assert_eq!(answer.status, 404);
    let error = &answer.json()["error"];
    assert_eq!(error["message"], "there is no world `chekout`");
    assert_eq!(error["hint"], "did you mean `checkout`?");
}

#[tokio::test]
async fn actions_that_cannot_be_done_say_why_and_change_nothing() {
    let bench = Bench::start().await;
    let before = bench.state().await;
    for (action, args, status, part) in [
        ("carbis.call_waiter", json!({"table": 5}), 404, "there is no table 5"),
        ("carbis.call_waiter", json!({}), 422, "missing key `table`"),
        ("carbis.call_waiter", json!({"table": "six"}), 422, "expected a whole number"),
        ("carbis.call_waiter", json!({"table": 1000028, "hash": "d8833dd3"}), 422, "is no hash"),
        (
            "carbis.additional_order",
            json!({"table": 1000028, "dishes": [{"id": 1000041}, {"id": 7}]}),
            404,
            "there is no dish 7",
        ),
        ("carbis.additional_order", json!({"table": 1000028, "dishes": []}), 422, "no dishes"),
        (
            "carbis.additional_order",
            json!({"table": 1000028, "dishes": [{"id": 1000041, "count": -1}]}),
            422,
            "a count of -1",
        ),
        ("carbis.order", json!({"table": 1000028, "dishes": [{"id": 1000041}]}), 409, "has an open order"),
        ("carbis.emit", json!({"code": " ", "table": 1000028}), 422, "code"),
        ("carbis.seat_guests", json!({"parties": 1, "over": "-5m"}), 422, "negative"),
    ] {
        let answer = bench.steer(Method::POST, "/worlds/default/actions", json!({action: args})).await;
        assert_eq!(answer.status, status, "{action}: {}", answer.text);
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{part} is not in {message}");
    }
    assert_eq!(bench.state().await, before);
}
