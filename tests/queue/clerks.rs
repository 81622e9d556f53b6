//! Actions: simulated visitors and clerks, appointments, and what they refuse.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use crate::support::Bench;

#[proves("Q14")]
#[tokio::test]
async fn simulated_clerks_serve_visitors_at_their_pace() {
    let bench = Bench::start().await;
    bench.act("queue.clerk", json!({"user": "operator", "workplace": 11, "pace": "2m"})).await;
    for _ in 0..3 {
        bench.act("queue.take_ticket", json!({"services": [4]})).await;
    }
    let mut board = Client::terminal(&bench).await;
    let states = |list: Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(board.data("consumerList", json!({})).await), ["SERVING", "WAITING", "WAITING"]);
    bench.advance("2m").await;
    assert_eq!(states(board.data("consumerList", json!({})).await), ["SERVED", "SERVING", "WAITING"]);
    bench.act("queue.clerk_leaves", json!({"workplace": 11})).await;
    bench.advance("1h").await;
    assert_eq!(
        states(board.data("consumerList", json!({})).await),
        ["SERVED", "SERVED", "WAITING"],
        "he goes after the ticket at hand"
    );
    let totals = bench.state().await["queue"]["totals"].clone();
    assert_eq!((&totals["registered"], &totals["called"], &totals["served"]), (&json!(3), &json!(2), &json!(2)));
}

#[proves("QU-147")]
#[tokio::test]
async fn a_client_that_logs_in_takes_a_simulated_clerks_window_over() {
    let bench = Bench::start().await;
    bench.act("queue.clerk", json!({"user": "operator", "workplace": 11, "pace": "2m"})).await;
    for _ in 0..2 {
        bench.act("queue.take_ticket", json!({"services": [4]})).await;
    }
    let mut clerk = Client::operator(&bench).await;
    bench.advance("10m").await;
    assert_eq!(clerk.data("currentConsumer", json!({"workplace": 11})).await["ticket"], "Г001", "nobody else ends it");
    clerk.data("serveConsumer", json!({"workplace": 11})).await;
    assert_eq!(clerk.data("currentConsumer", json!({"workplace": 11})).await, Value::Null, "nobody else calls");
}

#[tokio::test]
async fn the_same_seed_makes_the_same_day_and_a_saved_one_goes_on() {
    let mut days = Vec::new();
    for split in [false, true] {
        let bench = Bench::start().await;
        bench
            .act(
                "queue.clerk",
                json!({"user": "operator", "workplace": 11, "pace": "1m", "spread": 0.5, "reject": 0.2}),
            )
            .await;
        bench.act("queue.visitors", json!({"count": 60, "over": "1h", "services": [4, 5]})).await;
        bench.advance("30m").await;
        if split {
            // Saved and restored half way, it comes out the same.
            let saved = bench.state().await;
            let answer = bench.steer(Method::PUT, "/worlds/default/state", saved.clone()).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(bench.state().await["queue"], saved["queue"], "what goes in comes out");
        }
        bench.advance("1h").await;
        days.push(bench.state().await["queue"].clone());
    }
    assert_eq!(days[0], days[1]);
    let totals = &days[0]["totals"];
    let count = |key: &str| totals[key].as_u64().unwrap();
    assert_eq!(count("registered"), 60);
    // rejectConsumer leaves a ticket SERVED (Q19), so all that were called end so.
    assert!(count("served") > 40 && count("rejected") == 0, "{totals}");
}

#[tokio::test]
async fn appointments_become_tickets() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    clerk.data("subscribeConsumerPreRegistereds", json!({})).await;
    let made = bench
        .act("queue.pre_register", json!({"services": [5], "time": "2026-11-21T12:30:00+03:00", "name": "Петров"}))
        .await;
    let push = clerk.push().await;
    assert_eq!(push["command"], "consumerPreRegisteredList");
    assert_eq!(push["data"][0]["time"], "2026-11-21T09:30:00.000Z");
    let taken = bench.act("queue.arrive", json!({"pre_registered": made["id"]})).await;
    assert_eq!(clerk.push().await["data"][0]["consumer_id"], taken["id"]);
    assert_eq!(clerk.data("nextConsumer", json!({"workplace": 11})).await["id"], taken["id"]);
    let done = bench.act("queue.serve", json!({"workplace": 11, "outcome": "reject", "comment": "нет"})).await;
    assert_eq!(done["ticket"], "H001");
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    assert_eq!(bench.act("queue.call_next", json!({"workplace": 11})).await["ticket"], "Г001");
}

#[tokio::test]
async fn actions_that_cannot_be_done_say_what_and_where() {
    let bench = Bench::start().await;
    let before = bench.state().await["queue"].clone();
    for (action, part) in [
        (json!({"queue.take_ticket": {"services": [9]}}), "there is no service 9"),
        (json!({"queue.take_ticket": {"services": []}}), "services"),
        (json!({"queue.take_ticket": {"service": [4]}}), "services"),
        (json!({"queue.clerk": {"user": "oprator", "workplace": 11}}), "did you mean `operator`?"),
        (json!({"queue.clerk": {"user": "operator", "workplace": 12}}), "there is no workplace 12"),
        (json!({"queue.set": {"book": "service", "id": 4, "fields": {"name": ""}}}), "parameter 'name' is required"),
        (json!({"queue.clerk": {"user": "operator", "workplace": 11, "spread": 2}}), "from 0 to 1"),
        (json!({"queue.clerk_leaves": {"workplace": 11}}), "not found"),
        (json!({"queue.call_next": {"workplace": 11}}), "nobody is logged in"),
        (json!({"queue.serve": {"workplace": 99}}), "Workplace 99 not found"),
        (json!({"queue.arrive": {"pre_registered": 1}}), "there is no appointment 1"),
        (json!({"queue.cancel_ticket": {"consumer": 1}}), "Consumer 1 not found"),
        (json!({"queue.visitors": {"count": 1_000_000, "over": "1h"}}), "at the most"),
        (json!({"queue.set": {"book": "servce", "id": 4, "fields": {}}}), "did you mean `service`?"),
        (json!({"queue.set": {"book": "service", "id": 4, "fields": {"prority": 1}}}), "did you mean `priority`?"),
        (json!({"queue.set": {"book": "service", "id": 4, "fields": {"priority": "x"}}}), "expected a whole number"),
    ] {
        let answer = bench.steer(Method::POST, "/worlds/default/actions", action.clone()).await;
        assert!(answer.status.is_client_error(), "{action}: {}", answer.text);
        assert!(answer.text.contains(part), "{action}: {}", answer.text);
    }
    assert_eq!(bench.state().await["queue"], before);
}
