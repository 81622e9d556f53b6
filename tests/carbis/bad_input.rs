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

#[proves("CB-006", "CB-025", "CB-026", "C4")]
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

#[proves("CB-027", "G4")]
#[tokio::test]
async fn unknown_paths_and_methods() {
    let bench = Bench::start().await;
    refused(&bench, get(&bench, "/api/v4/event"), 404, "/api/v4/event").await;
    refused(&bench, get(&bench, "/"), 404, "/").await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let url = format!("{}/api/v4/events?hash=none", bench.url("carbis"));
        let answer = bench.send(bench.client.request(method, url)).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.headers["allow"], "GET, HEAD, OPTIONS");
    }
}

#[proves("CB-027")]
#[tokio::test]
async fn oversize_and_odd_bodies() {
    let bench = Bench::start().await;
    let request = get(&bench, "/api/v4/events?hash=none").header("token", "demo-token");
    refused(&bench, request.try_clone().unwrap().body(vec![b'x'; 2 * 1024 * 1024]), 413, "too large").await;
    // A small body is read past, with a warning.
    assert_eq!(bench.send(request.body("{}")).await.status, 200);
    let journal = bench.steer(Method::GET, "/worlds/default/journal?status=200", Value::Null).await.json();
    assert!(journal["entries"][0]["remarks"][0].as_str().unwrap().contains("ignored"), "{journal}");
}

#[proves("G1")]
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
    let text = "refused because this world is strict: unknown query parameter `hahs` ignored; did you mean `hash`?";
    assert_eq!(answer.json(), json!({"result": false, "error": text}));
}

#[tokio::test]
async fn an_unknown_world_is_named_with_the_nearest() {
    let bench = Bench::start().await;
    bench.steer(Method::POST, "/worlds", json!({"id": "checkout"})).await;
    let answer = bench.send(get(&bench, "/w/chekout/api/v4/events?hash=none")).await;
    assert_eq!(answer.status, 404);
    let expected = json!({"result": false, "error": "there is no world `chekout`; did you mean `checkout`?"});
    assert_eq!(answer.json(), expected);
}

#[proves("C10")]
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

#[proves("G1")]
#[tokio::test]
async fn a_hash_that_is_none_is_remarked_on() {
    let bench = Bench::start().await;
    let strict = Bench::with(stend::Config { strict: true, ..stend::Config::default() }).await;
    for odd in ["NONE", "null", "d8833dd3", "0xd8833dd"] {
        let target = format!("/api/v4/events?hash={odd}");
        assert_eq!(bench.send(get(&bench, &target).header("token", "demo-token")).await.status, 200);
        let journal = bench.steer(Method::GET, "/worlds/default/journal", Value::Null).await;
        assert!(journal.text.contains(&format!("`{odd}` is no hash")), "{}", journal.text);
        assert_eq!(strict.send(get(&strict, &target).header("token", "demo-token")).await.status, 400);
    }
    for good in ["none", "0xd8833dd3", "0xD8833DD3"] {
        let target = format!("/api/v4/events?hash={good}");
        assert_eq!(strict.send(get(&strict, &target).header("token", "demo-token")).await.status, 200, "{good}");
    }
}

#[proves("C10")]
#[tokio::test]
async fn actions_name_the_field_and_what_there_is() {
    let bench = Bench::start().await;
    let mut state = bench.state().await;
    let dishes = state["carbis"]["dishes"].as_array_mut().unwrap();
    dishes.push(
        json!({"id": 7, "name": "С соусом", "price": 10.0, "modifiers": [{"id": 8, "name": "Соус", "price": 1.0}]}),
    );
    dishes.push(json!({"id": 9, "name": "Без соуса", "price": 10.0}));
    dishes.push(
        json!({"id": 10, "name": "Скидка", "price": 5.0, "modifiers": [{"id": 11, "name": "Минус", "price": -4.0}]}),
    );
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", state).await.status, 200);
    let dish = |id: i64, modifiers: Value| json!({"table": 1000028, "dishes": [{"id": id, "modifiers": modifiers}]});
    for (action, args, message, hint, at) in [
        (
            "carbis.additional_order",
            dish(9, json!([{"id": 8}])),
            "the dish 9 has no modifier 8",
            "it has no modifiers at all",
            "dishes[0].modifiers[0].id",
        ),
        (
            "carbis.additional_order",
            dish(7, json!([{"id": 8}, {"id": 80}])),
            "the dish 7 has no modifier 80",
            "did you mean `8`?",
            "dishes[0].modifiers[1].id",
        ),
        (
            "carbis.additional_order",
            dish(7, json!([{"id": 8, "count": 0}])),
            "a count of 0",
            "",
            "dishes[0].modifiers[0].count",
        ),
        (
            "carbis.additional_order",
            dish(10, json!([{"id": 11, "count": 2}])),
            "a line of the dish 10 comes to -3",
            "",
            "dishes[0].modifiers",
        ),
        (
            "carbis.seat_guests",
            json!({"parties": 1, "over": "1m", "tables": []}),
            "no tables to sit at",
            "leave it out for all tables",
            "tables",
        ),
    ] {
        let answer = bench.steer(Method::POST, "/worlds/default/actions", json!({action: args})).await;
        let error = answer.json()["error"].clone();
        assert!(answer.status.is_client_error(), "{}", answer.text);
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert_eq!(error["hint"].as_str().unwrap_or_default(), hint, "{error}");
        assert!(error["at"].as_str().unwrap_or_default().contains(at), "{error}");
    }
}
