//! Replies that are kept are those that would be written anew.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Bench, NOON};
use crate::telemetron::api::Api;

fn world() -> Value {
    json!({
        "users": [
            {"id": 496, "email": "me@example.com", "password": "123456", "roles": ["admin"]},
            {"id": 497, "email": "other@example.com", "password": "123456", "roles": ["operator"]},
        ],
        "settings": {"low_change": 0, "no_sales": "1h", "access_tokens": "3h"},
        "modems": [{"id": 7, "imei": "123456789012345", "heard": NOON}],
        "machines": [{"id": 10, "name": "Старый", "modem_id": 7}]
    })
}

/// Asks twice, so that the second answer is the kept one if there is any; they are the same.
async fn machine(api: &Api<'_>) -> Value {
    let first = api.get("/v2/vending_machines").await;
    assert_eq!(api.get("/v2/vending_machines").await, first);
    first[0].clone()
}

#[tokio::test]
async fn a_kept_reply_follows_state_clock_user_and_token() {
    let bench = Bench::start().await;
    let mut api = Api::with(&bench, "w", NOON, &world()).await;
    let clock = async |body: Value| {
        let (method, path) = if body.get("by").is_some() { (Method::POST, "/advance") } else { (Method::PUT, "") };
        let set = bench.steer(method, &format!("/worlds/w/clock{path}"), body).await;
        assert_eq!(set.status, 200, "{}", set.text);
    };
    assert_eq!(machine(&api).await["name"], "Старый");

    // A rule changes the state; so does an action.
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"name": "Новый"})).await;
    assert_eq!(machine(&api).await["name"], "Новый");
    bench.act_in("w", "telemetron.modem_offline", json!({"machine": 10})).await;
    assert_eq!(machine(&api).await["state"], 3);
    bench.act_in("w", "telemetron.modem_online", json!({"machine": 10})).await;

    // Time alone sets a flag, and a clock that is set back takes it away.
    let flag = async || machine(&api).await["service"]["no_recent_sales"].clone();
    assert_eq!(flag().await, Value::Null);
    clock(json!({"by": "2h"})).await;
    assert_eq!(flag().await, true);
    clock(json!({"now": NOON})).await;
    assert_eq!(flag().await, Value::Null);

    // Another user sees what is his, whose token ends when it ends.
    let whole = api.token().to_owned();
    api.log_in("other@example.com").await;
    assert_eq!(api.get("/v2/vending_machines").await, json!([]));
    api.bear(&whole);
    machine(&api).await;
    clock(json!({"by": "4h"})).await;
    assert_eq!(api.send(Method::GET, "/v2/vending_machines", Value::Null).await.status, 401);
}

#[tokio::test]
async fn a_kept_reply_is_of_its_own_world_and_life() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    machine(&api).await;
    let fork = bench.steer(Method::POST, "/worlds", json!({"id": "f", "fork_of": "w"})).await;
    assert_eq!(fork.status, 201, "{}", fork.text);
    let base = fork.json()["urls"]["telemetron"].as_str().expect("a URL").to_owned();
    let in_fork = async || {
        let asked = bench.client.get(format!("{base}/v2/vending_machines")).bearer_auth(api.token());
        bench.send(asked).await.json()[0]["name"].clone()
    };
    assert_eq!(in_fork().await, "Старый");
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"name": "Новый"})).await;
    assert_eq!((machine(&api).await["name"].clone(), in_fork().await), (json!("Новый"), json!("Старый")));

    // The journal has kept replies as it has others, and a reset takes everything back.
    let journal = bench.steer(Method::GET, "/worlds/w/journal?operation=vending_machines", Value::Null).await.json();
    let bodies: Vec<&Value> =
        journal["entries"].as_array().into_iter().flatten().map(|entry| &entry["reply"][0]["name"]).collect();
    assert_eq!(bodies, ["Старый", "Старый", "Новый", "Новый"]);
    bench.steer(Method::POST, "/worlds/w/reset", Value::Null).await;
    assert_eq!(api.send(Method::GET, "/v2/vending_machines", Value::Null).await.status, 401, "the token is gone");
}
