//! Worlds that are saved and loaded again: whatever was written can be read.

use reqwest::Method;
use serde_json::{Value, json};
use stend::Config;
use stend_core::{Source, WorldFile};

use crate::support::{Bench, NOON};

/// The default world as it is saved, in both forms.
async fn texts(bench: &Bench) -> [(String, Value); 2] {
    let url = format!("{}/worlds/default/state", bench.control());
    let yaml = bench.send(bench.client.get(&url).header("accept", "application/yaml")).await;
    let json = bench.send(bench.client.get(&url)).await;
    assert_eq!((yaml.status.as_u16(), json.status.as_u16()), (200, 200));
    let state = json.json();
    [(yaml.text, state.clone()), (json.text, state)]
}

/// Loads a text in each of the ways there are, and compares what comes out.
async fn loads(text: &str, state: &Value) {
    let (registry, library) = (stend::registry::services(), stend::library());
    let file: WorldFile =
        library.parse(Source::new("saved", text), &registry).unwrap_or_else(|wrong| panic!("{wrong}"));
    let bench = Bench::with(Config { world: Some(file), ..Config::default() }).await;
    assert_eq!(bench.state().await, *state, "as the world of a new process");
    let other = Bench::start().await;
    let url = format!("{}/worlds/default/state", other.control());
    let put = other.send(other.client.put(&url).body(text.to_owned())).await;
    assert_eq!((put.status.as_u16(), put.json()), (200, state.clone()), "put into a running one");
    let made = other.steer(Method::POST, "/worlds", json!({"id": "again", "world": state})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let again = other.steer(Method::GET, "/worlds/again/state", Value::Null).await;
    assert_eq!(again.json(), *state, "as a world of its own");
    other.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let reset = other.steer(Method::POST, "/worlds/default/reset", Value::Null).await;
    assert_eq!(reset.status, 200, "{}", reset.text);
    assert_eq!(other.state().await, *state, "after a reset");
}

#[tokio::test]
async fn a_large_world_loads_as_it_was_saved() {
    let bench = Bench::with(Config { clock: stend::ClockSetting::from_word(NOON), ..Config::default() }).await;
    // More than a quarter of a million nodes, where the YAML parser's own limit lay.
    bench.act("telemetron.seed_sales", json!({"count": 6_000, "over": "5d"})).await;
    for (text, state) in texts(&bench).await {
        assert!(text.len() > 1 << 20, "{} bytes are not many", text.len());
        loads(&text, &state).await;
    }
}

#[tokio::test]
async fn a_deep_bill_loads_as_it_was_saved() {
    let bench = Bench::with(Config { clock: stend::ClockSetting::from_word(NOON), ..Config::default() }).await;
    let mut deepest = None;
    for levels in [1, 10, 20, 40, 56] {
        let item = || json!({"orit_mitm_ID": crate::tillypad::SOUP, "orit_Count": 1, "orit_Price": 315});
        let mut tree = item();
        for _ in 1..levels {
            let mut over = item();
            over["orderItems"] = json!([tree]);
            tree = over;
        }
        let bill = json!({"gest_Name": "deep", "orders": [{"orderItems": [tree]}]});
        let posted = bench.send(bench.client.post(format!("{}/post-guest", bench.url("tillypad"))).json(&bill)).await;
        if posted.status.is_success() {
            deepest = Some(levels);
        }
    }
    println!("{deepest:?}");
    for (text, state) in texts(&bench).await {
        loads(&text, &state).await;
    }
}
