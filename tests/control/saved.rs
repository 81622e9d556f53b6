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
#[allow(clippy::disallowed_methods, reason = "how long others wait is what is tested")]
async fn two_large_worlds_that_are_put_hold_no_other_world_up() {
    let bench = Bench::start().await;
    let row = |id: u32| json!({"id": id, "name": "x".repeat(1_000), "max_guests": 2});
    let tables: Vec<Value> = (1..60_000).map(row).collect();
    let text = json!({"stend": 1, "carbis": {"token": "demo-token", "tables": tables}}).to_string();
    assert!(text.len() > 60_000_000, "{} bytes", text.len());
    let puts: Vec<_> = ["a", "b"]
        .map(|id| {
            let (client, url) = (reqwest::Client::new(), format!("{}/worlds", bench.control()));
            let text = text.clone();
            tokio::spawn(async move {
                client.post(&url).json(&json!({"id": id})).send().await.unwrap();
                let began = std::time::Instant::now();
                let put = client.put(format!("{url}/{id}/state")).body(text).send().await.unwrap();
                let status = put.status().as_u16();
                put.bytes().await.unwrap();
                (status, began.elapsed())
            })
        })
        .into();
    let mut longest = std::time::Duration::ZERO;
    while !puts.iter().all(tokio::task::JoinHandle::is_finished) {
        let began = std::time::Instant::now();
        // A connection of its own, so that every worker is asked.
        let url = format!("{}/api/v4/events?hash=none", bench.url("carbis"));
        let poll = reqwest::Client::new().get(url).header("token", "demo-token").send().await.unwrap();
        assert_eq!(poll.status(), 200);
        longest = longest.max(began.elapsed());
    }
    let mut shortest = std::time::Duration::MAX;
    for put in puts {
        let (status, took) = put.await.unwrap();
        assert_eq!(status, 200);
        shortest = shortest.min(took);
    }
    // On a worker of its own a put would hold polls up for nearly as long as it takes.
    assert!(longest < shortest / 3, "a poll took {longest:?} while the puts took {shortest:?}");
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
