//! A world that is saved and restored, and a world that is forked, go on as the original: the same bytes to the same
//! requests, whatever happened before.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::worlds_player::{Player, world_events};
use crate::support::{Bench, NOON};

async fn state(bench: &Bench, world: &str) -> Value {
    let answer = bench.steer(Method::GET, &format!("/worlds/{world}/state"), Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn make(bench: &Bench, request: Value) {
    let made = bench.steer(Method::POST, "/worlds", request).await;
    assert_eq!(made.status, 201, "{}", made.text);
}

/// Adds a fault that says no name, and tells the one that it got.
async fn add(bench: &Bench, world: &str, fault: Value) -> String {
    let answer = bench.steer(Method::POST, &format!("/worlds/{world}/faults"), fault).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Faults of which one draws and one counts; the name of a third is used up.
async fn arm(bench: &Bench, world: &str) {
    for fault in [
        json!({"match": {"fake": "tillypad", "probability": 0.2}, "respond": {"status": 503}}),
        json!({"match": {"fake": "carbis"}, "quota": {"limit": 3, "window": "2m"}}),
    ] {
        add(bench, world, fault).await;
    }
    let gone = add(bench, world, json!({"match": {"fake": "carbis"}, "delay": "1s"})).await;
    bench.steer(Method::DELETE, &format!("/worlds/{world}/faults/{gone}"), Value::Null).await;
}

#[tokio::test]
async fn copies_of_a_world_go_on_as_the_original_does() {
    let bench = Bench::start().await;
    for seed in 0..6_u64 {
        let [original, restored, fork, forked_twice] =
            ["original", "restored", "fork", "again"].map(|name| format!("{name}-{seed}"));
        make(&bench, json!({"id": original, "seed": seed, "clock": NOON})).await;
        arm(&bench, &original).await;
        let mut first = Player::new(&bench, &original).await;
        for event in world_events(seed, 60) {
            first.play(&event).await;
        }
        let saved = state(&bench, &original).await;
        make(&bench, json!({"id": fork, "fork_of": original})).await;
        make(&bench, json!({"id": forked_twice, "fork_of": fork})).await;
        make(&bench, json!({"id": restored})).await;
        let put = bench.steer(Method::PUT, &format!("/worlds/{restored}/state"), saved.clone()).await;
        assert_eq!(put.status, 200, "{}", put.text);
        for copy in [&restored, &fork, &forked_twice] {
            assert_eq!(state(&bench, copy).await, saved, "{copy}");
        }

        let mut copies = [first.twin(&restored).await, first.twin(&fork).await, first.twin(&forked_twice).await];
        let mut answered = 0;
        for event in world_events(seed + 1000, 60) {
            let expected = first.play(&event).await;
            answered += usize::from(!expected.starts_with('4') && !expected.starts_with('5'));
            for copy in &mut copies {
                assert_eq!(copy.play(&event).await, expected, "{}, {event:?}", copy.world);
            }
        }
        assert!(answered > 40, "seed {seed}: too little happened to say anything");
        let late = json!({"match": {"fake": "queue"}, "reset": true});
        let expected = add(&bench, &original, late.clone()).await;
        for copy in [&restored, &fork, &forked_twice] {
            assert_eq!(add(&bench, copy, late.clone()).await, expected, "{copy}");
        }
        let after = state(&bench, &original).await;
        assert_ne!(after, saved);
        for copy in [&restored, &fork, &forked_twice] {
            assert_eq!(state(&bench, copy).await, after, "{copy}");
        }
        // A fork comes back to where it was forked, and the original to where it began.
        let reset = bench.steer(Method::POST, &format!("/worlds/{fork}/reset"), Value::Null).await;
        assert_eq!(reset.status, 200, "{}", reset.text);
        assert_eq!(state(&bench, &fork).await, saved);
        assert_eq!(state(&bench, &original).await, after, "a reset is its own world's");
        for world in [original, restored, fork, forked_twice] {
            bench.steer(Method::DELETE, &format!("/worlds/{world}"), Value::Null).await;
        }
    }
}

#[tokio::test]
async fn a_fork_and_its_original_diverge() {
    let bench = Bench::start().await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    let before = state(&bench, "default").await;
    make(&bench, json!({"id": "fork", "fork_of": "default"})).await;
    for (action, args) in [
        ("carbis.call_waiter", json!({"table": 1000028})),
        ("tillypad.seed_guests", json!({"count": 5})),
        ("queue.take_ticket", json!({"services": [4]})),
        ("telemetron.sell", json!({"machine": 123, "layout": "A1"})),
    ] {
        bench.act_in("fork", action, args).await;
    }
    assert_eq!(state(&bench, "default").await, before);
    let fork = state(&bench, "fork").await;
    for service in ["carbis", "tillypad", "queue", "telemetron"] {
        assert_ne!(fork[service], before[service], "{service}");
    }
    bench.act("carbis.pay_online", json!({"table": 1000028})).await;
    bench.act("queue.cancel_ticket", json!({"consumer": before["queue"]["consumers"][0]["id"]})).await;
    assert_eq!(state(&bench, "fork").await, fork);
}

/// The shortest of some forks of a world; the forks are removed again.
async fn fork_time(bench: &Bench, world: &str) -> Duration {
    let mut shortest = Duration::MAX;
    for _ in 0..10 {
        #[expect(clippy::disallowed_methods, reason = "a stopwatch")]
        let began = Instant::now();
        make(bench, json!({"id": "copy", "fork_of": world})).await;
        shortest = shortest.min(began.elapsed());
        bench.steer(Method::DELETE, "/worlds/copy", Value::Null).await;
    }
    shortest
}

#[tokio::test]
async fn a_fork_costs_no_more_in_a_large_world() {
    let bench = Bench::start().await;
    let small = fork_time(&bench, "default").await;
    make(&bench, json!({"id": "large", "fork_of": "default"})).await;
    bench.act_in("large", "tillypad.seed_guests", json!({"count": 100_000})).await;
    bench.act_in("large", "telemetron.seed_sales", json!({"count": 100_000, "over": "7d"})).await;
    bench.act_in("large", "queue.visitors", json!({"count": 100_000, "over": "1h"})).await;
    bench.act_in("large", "carbis.seat_guests", json!({"parties": 100_000, "over": "7d"})).await;
    let advanced = bench.steer(Method::POST, "/worlds/large/clock/advance", json!({"by": "1h"})).await;
    assert_eq!(advanced.status, 200, "{}", advanced.text);
    let large = fork_time(&bench, "large").await;
    // Copying 400,000 rows takes hundreds of times as long as this; a busy machine does not.
    assert!(large < small * 20 + Duration::from_millis(20), "{large:?} beside {small:?}");
}
