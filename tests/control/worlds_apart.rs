//! Tests that share a process: each has its world, and sees only its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use stend::Config;
use tokio::time::Instant;

use super::worlds_player::{Player, WorldEvent, world_events};
use crate::support::{Bench, NOON};

/// Plays in a world of its own; gives all that was answered.
async fn play(bench: Arc<Bench>, task: u64, script: u64) -> Vec<String> {
    let id = format!("t{task}");
    let made = bench.steer(Method::POST, "/worlds", json!({"id": id, "seed": script, "clock": NOON})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let mut player = Player::new(&bench, &id).await;
    let script = world_events(script, 50);
    let mut answers = Vec::new();
    for event in &script {
        answers.push(player.play(event).await);
    }
    // The journal holds what this test has sent, and nothing of the 63 others.
    let journal = bench.steer(Method::GET, &format!("/worlds/{id}/journal?limit=1000"), Value::Null).await.json();
    let entries = journal["entries"].as_array().unwrap_or_else(|| panic!("no entries in {journal}"));
    let sent = script.iter().filter(|event| !matches!(event, WorldEvent::Act(..) | WorldEvent::Wait(_))).count();
    let received = entries.iter().filter(|entry| entry["way"] != "push").count();
    assert_eq!(received, sent + 2, "world {id}: its requests, and the two logins");
    answers
}

#[tokio::test]
async fn sixty_four_tests_at_once_see_only_their_own() {
    let bench = Arc::new(Bench::with(Config { workers: Some(4), ..Config::default() }).await);
    let tasks: Vec<_> =
        (0..64).map(|task| (task % 16, tokio::spawn(play(Arc::clone(&bench), task, task % 16)))).collect();
    let mut by_script: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for (script, task) in tasks {
        let answers = task.await.expect("it ran to its end");
        // The four tests of a script got the same bytes, whatever the sixty others did meanwhile.
        assert_eq!(by_script.entry(script).or_insert_with(|| answers.clone()), &answers, "script {script}");
    }
    let different: std::collections::BTreeSet<&Vec<String>> = by_script.values().collect();
    assert_eq!(different.len(), 16, "each script has answers of its own");
    let untouched = bench.steer(Method::GET, "/worlds/default/journal", Value::Null).await.json();
    assert_eq!(untouched["entries"], json!([]));
}

#[tokio::test]
async fn seed_clock_faults_and_journal_are_a_worlds_own() {
    let bench = Bench::start().await;
    for (id, seed) in [("one", 1), ("two", 2)] {
        bench.steer(Method::POST, "/worlds", json!({"id": id, "seed": seed, "clock": NOON})).await;
    }
    bench
        .steer(Method::POST, "/worlds/one/faults", json!({"match": {"fake": "carbis"}, "respond": {"status": 503}}))
        .await;
    bench.steer(Method::POST, "/worlds/one/clock/advance", json!({"by": "1h"})).await;
    let (mut one, mut two) = (Player::new(&bench, "one").await, Player::new(&bench, "two").await);
    assert!(one.play(&WorldEvent::Poll).await.starts_with("503"));
    assert!(two.play(&WorldEvent::Poll).await.starts_with("200"));
    let call = WorldEvent::Act("carbis.call_waiter", json!({"table": 1000028}));
    assert_ne!(one.play(&call).await, two.play(&call).await, "other seeds, other hashes");
    let described = |world: &'static str| {
        let bench = &bench;
        async move { bench.steer(Method::GET, &format!("/worlds/{world}"), Value::Null).await.json() }
    };
    let (one, two) = (described("one").await, described("two").await);
    assert_eq!((&one["seed"], &two["seed"]), (&json!(1), &json!(2)));
    assert_eq!((&one["faults"], &two["faults"]), (&json!(1), &json!(0)));
    assert_eq!(two["clock"]["now"], "2026-11-21T09:00:00Z");
    assert_eq!(one["clock"]["now"], "2026-11-21T10:00:00Z");
    // One world's reset is not the other's.
    bench.steer(Method::POST, "/worlds/one/reset", Value::Null).await;
    assert_eq!(
        (described("one").await["generation"].clone(), described("two").await["generation"].clone()),
        (json!(2), json!(1))
    );
    assert_eq!(described("one").await["journal"]["entries"], 0);
    assert_eq!(described("two").await["journal"]["entries"], two["journal"]["entries"]);
}

/// What takes long in one world, to be done or only to be read, holds nobody up in another (one worker thread, so that a
/// request that ran on it would).
#[tokio::test]
async fn long_work_in_one_world_holds_no_other_up() {
    let bench = Arc::new(Bench::with(Config { workers: Some(1), ..Config::default() }).await);
    bench.steer(Method::POST, "/worlds", json!({"id": "busy", "clock": NOON})).await;
    let many: Vec<Value> = (0..400_000).map(|n| json!({"n": n, "of": ["a", n]})).collect();
    for (path, body) in [
        ("actions", json!({"telemetron.seed_sales": {"count": 1_000_000, "over": "7d"}})),
        ("actions", json!({"carbis.call_waiter": {"table": many.clone()}})),
        ("faults", json!({"reset": many.clone()})),
        ("verify", json!({"never": many.clone()})),
        ("clock/advance", json!({"by": many.clone()})),
        ("scenario", json!({"timeline": many})),
    ] {
        let url = format!("{}/worlds/busy/{path}", bench.control());
        let request = bench.client.post(url).header("content-type", "application/json").body(body.to_string());
        let began = Instant::now();
        let long = tokio::spawn(request.send());
        let mut longest = Duration::ZERO;
        while !long.is_finished() {
            let asked = Instant::now();
            let poll = bench.client.get(format!("{}/api/v4/events?hash=none", bench.url("carbis")));
            assert_eq!(bench.send(poll.header("token", "demo-token")).await.status, 200);
            longest = longest.max(asked.elapsed());
        }
        let whole = began.elapsed();
        assert!(longest < whole / 3, "{path}: a request of another world took {longest:?} of {whole:?}");
        long.await.expect("it ran to its end").expect("answered");
    }
}
