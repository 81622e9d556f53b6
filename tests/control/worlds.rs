//! Worlds, their state, and what is wrong with requests about them.

use reqwest::Method;
use serde_json::{Value, json};
use stend::Config;

use crate::support::{Bench, NOON, root};

/// Our own error: its code and message, and nothing but the documented keys.
pub fn error(answer: &crate::support::Answer) -> (u16, String, String) {
    let body = answer.json();
    let error = body["error"].as_object().unwrap_or_else(|| panic!("no error in {body}"));
    assert_eq!(body.as_object().unwrap().len(), 1);
    for key in error.keys() {
        assert!(["code", "message", "hint", "at", "nearest", "unmet"].contains(&key.as_str()), "{key}");
    }
    let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    (answer.status.as_u16(), text("code"), format!("{} [{}] {}", text("message"), text("at"), text("hint")))
}

#[tokio::test]
async fn health_tells_version_uptime_and_urls() {
    let bench = Bench::start().await;
    let health = bench.steer(Method::GET, "/health", Value::Null).await;
    assert_eq!(health.status, 200);
    let body = health.json();
    assert_eq!(body["status"], "ok");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert!(body["uptime_seconds"].as_f64().unwrap() >= 0.0);
    assert_eq!(body["urls"]["carbis"], bench.url("carbis"));
}

#[tokio::test]
async fn operations_list_what_each_fake_answers() {
    let bench = Bench::start().await;
    let operations = bench.steer(Method::GET, "/operations", Value::Null).await.json();
    let events = operations.as_array().unwrap().iter().find(|row| row["fake"] == "carbis").unwrap();
    let expected =
        json!({"fake": "carbis", "id": "events", "method": "GET", "path": "/api/v4/events", "kind": "documented"});
    assert_eq!(*events, expected);
    let actions = bench.steer(Method::GET, "/actions", Value::Null).await.json();
    let call = actions.as_array().unwrap().iter().find(|row| row["action"] == "carbis.call_waiter").unwrap();
    assert_eq!(call["arguments"]["required"], json!(["table"]));
}

#[tokio::test]
async fn worlds_are_made_listed_and_removed() {
    let bench = Bench::start().await;
    let made = bench.steer(Method::POST, "/worlds", json!({"seed": 5, "clock": NOON})).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!((&made["id"], &made["seed"]), (&json!("w1"), &json!(5)));
    assert_eq!(made["clock"]["mode"], "frozen");
    let ids = || async {
        let list = bench.steer(Method::GET, "/worlds", Value::Null).await.json();
        list.as_array().unwrap().iter().map(|world| world["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, ["default", "w1"]);
    assert_eq!(bench.steer(Method::DELETE, "/worlds/w1", Value::Null).await.status, 204);
    assert_eq!(ids().await, ["default"]);
    assert_eq!(error(&bench.steer(Method::GET, "/worlds/w1", Value::Null).await).1, "unknown_world");
}

#[tokio::test]
async fn a_world_comes_from_a_name_inline_or_another_world() {
    let bench = Bench::with(Config { worlds_folder: Some(root().join("fixtures/worlds")), ..Config::default() }).await;
    let by_file = bench.steer(Method::POST, "/worlds", json!({"id": "file", "world": "documented.yaml"})).await;
    assert_eq!(by_file.status, 201, "{}", by_file.text);
    let inline = json!({"carbis": {"tables": [{"id": 1, "name": "A"}]}});
    let inline = bench.steer(Method::POST, "/worlds", json!({"id": "inline", "world": inline})).await;
    assert_eq!(inline.status, 201, "{}", inline.text);
    bench.act_in("inline", "carbis.call_waiter", json!({"table": 1})).await;
    let fork = bench.steer(Method::POST, "/worlds", json!({"id": "fork", "fork_of": "inline"})).await;
    assert_eq!(fork.status, 201, "{}", fork.text);
    let state = |world: &'static str| {
        let bench = &bench;
        async move {
            bench.steer(Method::GET, &format!("/worlds/{world}/state"), Value::Null).await.json()["carbis"].clone()
        }
    };
    assert_eq!(state("fork").await, state("inline").await);
    bench.act_in("fork", "carbis.call_waiter", json!({"table": 1})).await;
    assert_ne!(state("fork").await, state("inline").await);
}

#[tokio::test]
async fn reset_puts_back_the_whole_or_one_fake() {
    let bench = Bench::start().await;
    let fresh = bench.state().await;
    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    bench.advance("1h").await;
    bench.steer(Method::POST, "/worlds/default/faults", json!({"reset": true})).await;
    let reset = bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await;
    assert_eq!(reset.status, 200, "{}", reset.text);
    assert_eq!(reset.json()["generation"], 2);
    assert_eq!(bench.state().await, fresh);

    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    bench.advance("1h").await;
    let answer = bench.steer(Method::POST, "/worlds/default/reset", json!({"fake": "carbis"})).await;
    assert_eq!(answer.status, 200);
    let after = bench.state().await;
    assert_eq!(after["carbis"], fresh["carbis"]);
    assert_ne!(after["clock"], fresh["clock"], "the clock is not the fake's");
    let (status, code, message) =
        error(&bench.steer(Method::POST, "/worlds/default/reset", json!({"fake": "carbi"})).await);
    assert_eq!((status, code.as_str()), (422, "unknown_fake"));
    assert!(message.contains("did you mean `carbis`"), "{message}");
}

#[tokio::test]
async fn a_world_is_saved_and_restored_as_json_and_yaml() {
    let bench = Bench::start().await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let saved = bench.state().await;
    let request =
        bench.client.get(format!("{}/worlds/default/state", bench.control())).header("accept", "application/yaml");
    let yaml = bench.send(request).await;
    assert_eq!(yaml.headers["content-type"], "application/yaml");
    bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await;
    let put = bench.send(bench.client.put(format!("{}/worlds/default/state", bench.control())).body(yaml.text)).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(bench.state().await, saved);
}

#[tokio::test]
async fn mistakes_are_told_with_place_and_hint_and_change_nothing() {
    let bench = Bench::start().await;
    let before = bench.state().await;
    for (method, path, body, status, code, part) in [
        (Method::POST, "/worlds", json!({"idd": "x"}), 422, "unknown_key", "did you mean `id`"),
        (Method::POST, "/worlds", json!({"id": "a b"}), 422, "invalid", "letters, digits"),
        (Method::POST, "/worlds", json!({"id": "default"}), 409, "conflict", "already"),
        (Method::POST, "/worlds", json!({"world": "documentd"}), 404, "not_found", "did you mean `documented`"),
        (Method::POST, "/worlds", json!({"world": "../../etc/passwd"}), 404, "not_found", "no world file"),
        (Method::POST, "/worlds", json!({"world": {"carbs": {}}}), 422, "unknown_key", "did you mean `carbis`"),
        (Method::POST, "/worlds", json!({"fork_of": "nope"}), 404, "unknown_world", "nope"),
        (Method::POST, "/worlds", json!({"clock": "soon"}), 422, "invalid", "`soon` is no clock"),
        (Method::DELETE, "/worlds/default", Value::Null, 409, "conflict", "reset it instead"),
        (Method::PUT, "/worlds/default/state", json!({"carbis": {}}), 422, "missing_key", "stend: 1"),
        (Method::PUT, "/worlds/default/state", json!({"stend": 2}), 422, "invalid", "version 2"),
        (
            Method::PUT,
            "/worlds/default/state",
            json!({"stend": 1, "carbis": {"orders": [{"table": 5, "waiter": 1, "dishes": []}]}}),
            404,
            "not_found",
            "carbis.orders[0].table",
        ),
        (
            Method::PUT,
            "/worlds/default/state",
            json!({"stend": 1, "carbis": {"retention": "0s"}}),
            422,
            "invalid",
            "retention",
        ),
        (
            Method::POST,
            "/worlds/default/actions",
            json!({"carbis.call_waitr": {}}),
            422,
            "unknown_action",
            "did you mean `carbis.call_waiter`",
        ),
        (Method::POST, "/worlds/default/actions", json!({"a": 1, "b": 2}), 422, "wrong_type", "one action"),
        (Method::GET, "/world", Value::Null, 404, "unknown_path", "/control/v1/worlds"),
        (Method::PATCH, "/worlds", Value::Null, 405, "wrong_method", "GET, HEAD, POST, OPTIONS"),
    ] {
        let answer = bench.steer(method, path, body.clone()).await;
        let (got, got_code, message) = error(&answer);
        assert_eq!((got, got_code.as_str()), (status, code), "{path} {body}: {message}");
        assert!(message.contains(part), "{path} {body}: {part} is not in {message}");
    }
    let broken = bench.send(bench.client.post(format!("{}/worlds", bench.control())).body("{\"id\": ")).await;
    assert_eq!(error(&broken).1, "malformed");
    let deep = bench.send(bench.client.post(format!("{}/worlds", bench.control())).body("[".repeat(5000))).await;
    assert_eq!(deep.status, 400, "{}", deep.text);
    assert_eq!(bench.state().await, before);
}

#[tokio::test]
async fn a_control_token_is_asked_for() {
    let bench = Bench::with(Config { control_token: Some("s3cret".into()), ..Config::default() }).await;
    let worlds = format!("{}/worlds", bench.control());
    assert_eq!(bench.send(bench.client.get(&worlds)).await.status, 401);
    assert_eq!(bench.send(bench.client.get(&worlds).bearer_auth("wrong")).await.status, 401);
    assert_eq!(bench.send(bench.client.get(&worlds).bearer_auth("s3cret")).await.status, 200);
    // The services know nothing of it.
    let events = format!("{}/api/v4/events?hash=none", bench.url("carbis"));
    assert_eq!(bench.send(bench.client.get(events).header("token", "demo-token")).await.status, 200);
}

#[tokio::test]
async fn a_page_of_another_origin_steers_nothing() {
    let bench = Bench::start().await;
    let actions = format!("{}/worlds/default/actions", bench.control());
    let call = json!({"carbis.call_waiter": {"table": 1000028}}).to_string();
    let foreign =
        bench.send(bench.client.post(&actions).header("origin", "https://evil.example").body(call.clone())).await;
    assert_eq!(error(&foreign).1, "forbidden_origin");
    let own = bench.client.post(&actions).header("origin", bench.control().trim_end_matches("/control/v1")).body(call);
    assert_eq!(bench.send(own).await.status, 200);
}

#[tokio::test]
async fn many_worlds_in_one_process_keep_to_themselves() {
    let bench = Bench::start().await;
    for n in 0..200_u64 {
        let made = bench.steer(Method::POST, "/worlds", json!({"id": format!("m{n}"), "seed": n})).await;
        assert_eq!(made.status, 201);
        for _ in 0..n % 3 {
            bench.act_in(&format!("m{n}"), "carbis.call_waiter", json!({"table": 1000028})).await;
        }
    }
    for n in (0..200_u64).rev() {
        let url = format!("{}/w/m{n}/api/v4/events?hash=none", bench.url("carbis"));
        let answer = bench.send(bench.client.get(url).header("token", "demo-token")).await;
        assert_eq!(answer.json()["data"]["updates"].as_array().unwrap().len() as u64, n % 3, "m{n}");
    }
}

#[tokio::test]
async fn the_built_in_world_is_the_file_that_it_was_made_of() {
    let bench = Bench::start().await;
    let yaml = std::fs::read_to_string(root().join("fixtures/worlds/documented.yaml")).expect("the file");
    let yaml = format!("clock: {{mode: frozen, now: {NOON}}}\n{yaml}");
    let built_in = bench.state().await;
    let put = bench.send(bench.client.put(format!("{}/worlds/default/state", bench.control())).body(yaml)).await;
    assert_eq!(put.status, 200, "{}", put.text);
    assert_eq!(bench.state().await, built_in);
}

#[tokio::test]
async fn worlds_of_one_file_share_what_it_says_and_nothing_that_happens() {
    let bench = Bench::start().await;
    let world = json!({"carbis": {
        "tables": [{"id": 1, "name": "1", "max_guests": 2}], "waiters": [{"id": 1, "name": "Анна"}],
        "dishes": [{"id": 1, "name": "Борщ", "price": 300}],
    }});
    let made = bench.steer(Method::POST, "/worlds", json!({"id": "a", "world": world, "clock": NOON})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    bench.steer(Method::POST, "/worlds", json!({"id": "b", "fork_of": "a"})).await;
    bench.act_in("a", "carbis.order", json!({"table": 1, "dishes": [{"id": 1}]})).await;
    bench.act_in("b", "carbis.call_waiter", json!({"table": 1})).await;
    for world in ["a", "b"] {
        let reset = bench.steer(Method::POST, &format!("/worlds/{world}/reset"), Value::Null).await;
        assert_eq!(reset.status, 200, "{}", reset.text);
    }
    let state = |world: &'static str| {
        let bench = &bench;
        async move { bench.steer(Method::GET, &format!("/worlds/{world}/state"), Value::Null).await.json() }
    };
    assert_eq!(state("a").await["carbis"], state("b").await["carbis"]);
    assert_eq!(state("a").await["carbis"]["orders"], json!([]));
}

/// `serve --strict` is for the process: a world that is made later refuses warnings as the first does.
#[tokio::test]
async fn worlds_of_a_strict_process_are_strict() {
    let bench = Bench::with(Config { strict: true, ..Config::default() }).await;
    for body in [
        json!({"id": "a"}),
        json!({"id": "b", "world": "documented"}),
        json!({"id": "c", "world": {"stend": 1}}),
        json!({"id": "d", "world": {"stend": 1, "strict": false}}),
        json!({"id": "e", "fork_of": "default"}),
    ] {
        let made = bench.steer(Method::POST, "/worlds", body.clone()).await;
        assert_eq!((made.status.as_u16(), &made.json()["strict"]), (201, &json!(true)), "{body}: {}", made.text);
    }
    let lax = Bench::start().await;
    let strict = json!({"id": "a", "world": {"base": "documented", "strict": true}});
    assert_eq!(lax.steer(Method::POST, "/worlds", strict).await.json()["strict"], true);
    for (id, of, strict) in [("b", "a", true), ("c", "default", false)] {
        let fork = lax.steer(Method::POST, "/worlds", json!({"id": id, "fork_of": of})).await;
        assert_eq!(fork.json()["strict"], strict, "a fork keeps what its origin has");
    }
}
