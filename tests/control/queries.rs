//! One rule for the whole API: an unknown, empty or repeated parameter and an unknown key are errors.

use reqwest::Method;
use serde_json::{Value, json};

use super::worlds::error;
use crate::support::Bench;

/// Every operation of the API, with its path in the default world.
async fn operations(bench: &Bench) -> Vec<(Method, String)> {
    let document = bench.steer(Method::GET, "/openapi.json", Value::Null).await.json();
    let paths = document["paths"].as_object().unwrap().clone();
    let mut all = Vec::new();
    for (path, item) in paths {
        let path = path.replace("{world}", "default").replace("{service}", "carbis").replace("{id}", "f1");
        for method in item.as_object().unwrap().keys() {
            all.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    assert!(all.len() > 25);
    all
}

#[tokio::test]
async fn an_unknown_parameter_is_refused_by_every_operation() {
    let bench = Bench::start().await;
    let before = bench.state().await;
    for (method, path) in operations(&bench).await {
        let url = format!("{}{path}?no_such=1", bench.control().trim_end_matches("/control/v1"));
        let answer = bench.send(bench.client.request(method.clone(), url)).await;
        let (status, code, message) = error(&answer);
        assert_eq!((status, code.as_str()), (422, "unknown_key"), "{method} {path}: {message}");
        assert!(message.contains("unknown query parameter `no_such`"), "{message}");
    }
    assert_eq!(bench.state().await, before);
}

#[tokio::test]
async fn values_from_a_closed_set_are_looked_at() {
    let bench = Bench::start().await;
    for (path, part) in [
        ("/worlds/default/journal?statsu=200", "did you mean `status`?"),
        ("/worlds/default/journal?status=40x", "no status"),
        ("/worlds/default/journal?status=9xx", "no status"),
        ("/worlds/default/journal?status=", "an empty value"),
        ("/worlds/default/journal?status=200&status=404", "given twice"),
        ("/worlds/default/journal?fake=carbis&service=carbis", "given twice"),
        ("/worlds/default/journal?operation=evnts", "did you mean `events`?"),
        ("/worlds/default/journal?fake=tillypad&operation=events", "unknown operation `events`"),
        ("/worlds/default/journal?way=pushes", "did you mean `push`?"),
        ("/worlds/default/journal?limit=0", "a number from 1 to 10000"),
        ("/actions?fake=carbs", "did you mean `carbis`?"),
        ("/operations?service=carbs", "did you mean `carbis`?"),
        ("/spec/carbis?wrold=default", "did you mean `world`?"),
    ] {
        let (status, _, message) = error(&bench.steer(Method::GET, path, Value::Null).await);
        assert_eq!(status, 422, "{path}: {message}");
        assert!(message.contains(part), "{path}: {part} is not in {message}");
    }
    for (path, count) in [("/actions?fake=carbis", "carbis."), ("/actions?service=queue", "queue.")] {
        let actions = bench.steer(Method::GET, path, Value::Null).await.json();
        let names: Vec<&str> = actions.as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect();
        assert!(!names.is_empty() && names.iter().all(|name| name.starts_with(count)), "{path}: {names:?}");
    }
    let journal = bench
        .steer(Method::GET, "/worlds/default/journal?service=carbis&channel=http&operation=ev*&status=2xx", Value::Null)
        .await;
    assert_eq!(journal.status, 200, "{}", journal.text);
}

#[tokio::test]
async fn an_unknown_key_or_a_body_where_none_is_taken_is_refused() {
    let bench = Bench::start().await;
    for (method, path, body) in [
        (Method::POST, "/worlds", json!({"name": "a"})),
        (Method::POST, "/worlds/default/reset", json!({"fakes": "carbis"})),
        (Method::PUT, "/worlds/default/clock", json!({"mode": "frozen", "at": "x"})),
        (Method::POST, "/worlds/default/clock/advance", json!({"by": "1s", "speed": 2})),
        (Method::POST, "/worlds/default/verify", json!({"journal": {}, "within": "1s", "x": 1})),
        (Method::POST, "/worlds/default/faults", json!({"reset": true, "time": 1})),
        (Method::DELETE, "/worlds/default/journal", json!({"before": 5})),
        (Method::DELETE, "/worlds/default/faults", json!({"id": "f1"})),
    ] {
        let answer = bench.steer(method.clone(), path, body.clone()).await;
        let (status, _, message) = error(&answer);
        assert_eq!(status, 422, "{method} {path} {body}: {message}");
    }
}

/// What a test runner calls a test is the name that people give to its world.
#[tokio::test]
async fn a_name_that_cannot_be_a_worlds_is_answered_with_one_that_can() {
    let bench = Bench::start().await;
    let (status, _, message) =
        error(&bench.steer(Method::POST, "/worlds", json!({"id": "tests/test_cart.py::test_pays[card-1]"})).await);
    assert_eq!(status, 422);
    assert!(message.contains("write `tests-test_cart-py-test_pays-card-1`"), "{message}");
    let made = bench.steer(Method::POST, "/worlds", json!({"id": "tests-test_cart-py-test_pays-card-1"})).await;
    assert_eq!(made.status, 201, "{}", made.text);
}
