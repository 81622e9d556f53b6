//! Subscriptions: once per change, the whole list, to every subscriber; slow ones get the newest and slow nobody.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;
use crate::support::Bench;

#[proves("QU-039", "QU-040", "Q3", "Q13")]
#[tokio::test]
async fn a_change_to_a_book_is_one_push_to_each_subscriber() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let mut boards = Vec::new();
    for _ in 0..3 {
        let mut board = Client::connect(&bench).await;
        board.login(json!({"component": "qboard", "login": "qboard"})).await;
        board.data("subscribeServices", json!({})).await;
        board.data("subscribeServices", json!({})).await;
        boards.push(board);
    }
    admin.data("setService", json!({"id": 3, "name": "Консультация"})).await;
    for board in &mut boards {
        let push = board.push().await;
        assert_eq!(push["command"], "serviceList");
        assert_eq!(push["data"][1]["name"], "Консультация");
        assert_eq!(push["data"], admin.data("serviceList", json!({})).await, "what serviceList would answer");
        board.nothing_came().await;
    }
    // What changes nothing is no change; a failure is none either.
    admin.data("setService", json!({"id": 3, "name": "Консультация"})).await;
    admin.fails("setService", json!({"id": 3, "priority": "x"})).await;
    boards[0].data("unsubscribeServices", json!({})).await;
    admin.data("newService", json!({"name": "n", "ticket_range_id": 1, "operations": {"1": [1]}})).await;
    boards[0].nothing_came().await;
    assert_eq!(boards[1].push().await["data"].as_array().unwrap().len(), 5);
    boards[1].nothing_came().await;
}

#[proves("QU-057", "QU-140")]
#[tokio::test]
async fn a_reply_comes_before_the_pushes_that_come_of_it() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    for command in ["subscribeConsumers", "subscribeWorkplaces"] {
        clerk.data(command, json!({})).await;
    }
    clerk.data("subscribeCurrentQueue", json!({"workplace": 11, "detailed": true})).await;
    let called = clerk.data("nextConsumer", json!({"workplace": 11})).await;
    assert_eq!(clerk.came_before(), 0);
    let mut pushes = [clerk.push().await, clerk.push().await, clerk.push().await];
    pushes.sort_by_key(|push| push["command"].to_string());
    let [consumers, queue, workplaces] = pushes;
    assert_eq!(consumers["command"], "consumerList");
    assert_eq!(consumers["data"][0], called);
    assert_eq!((&queue["command"], &queue["data"]), (&json!("currentQueue"), &json!([])));
    assert_eq!(workplaces["command"], "workplaceList");
    assert_eq!(workplaces["data"][0]["consumer_id"], called["id"]);
    clerk.nothing_came().await;
    // A ticket whose picture is drawn meanwhile is no exception.
    let taken = clerk.data("registrateConsumer", json!({"services": [4]})).await;
    assert_eq!(clerk.came_before(), 0);
    let pushes = [clerk.push().await, clerk.push().await];
    assert!(pushes.iter().any(|push| push["data"][1]["id"] == taken["consumer"]["id"]), "{pushes:?}");
}

#[proves("QU-054", "QU-057", "Q20")]
#[tokio::test]
async fn only_those_whose_queue_has_changed_are_told() {
    let bench = Bench::start().await;
    let mut operator = Client::operator(&bench).await;
    let mut admin = Client::admin(&bench).await;
    operator.data("subscribeCurrentQueue", json!({"workplace": 11, "detailed": false})).await;
    admin.data("subscribeCurrentQueue", json!({"detailed": true})).await;
    // Service 3 begins with an operation that window 11 does not have.
    bench.act("queue.take_ticket", json!({"services": [3]})).await;
    let push = admin.push().await;
    assert_eq!(
        push["data"][0]["services"],
        json!({"3": {"10": {"7": {"state": "WAITING"}}, "20": {"8": {"state": "WAITING"}}}})
    );
    assert_eq!(push["data"][0]["mayCall"], true);
    operator.nothing_came().await;
    // A postponed ticket comes back by itself, with pushes, when the world's clock says so.
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    assert_eq!(operator.push().await["data"].as_array().unwrap().len(), 1);
    operator.data("nextConsumer", json!({"workplace": 11})).await;
    assert_eq!(operator.push().await["data"], json!([]));
    operator.data("postponeConsumer", json!({"workplace": 11, "delay": 5})).await;
    bench.advance("4m59s").await;
    operator.nothing_came().await;
    bench.advance("1s").await;
    let push = operator.push().await;
    assert_eq!(push["dateTime"], "2026-11-21T09:05:00.000Z");
    assert_eq!(push["data"][0]["ticket"], "Г001");
}

#[tokio::test]
async fn an_advance_returns_when_pushes_are_sent() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    clerk.data("subscribeConsumers", json!({})).await;
    bench.act("queue.visitors", json!({"count": 20, "over": "10m", "services": [4]})).await;
    bench.advance("10m").await;
    let entries = bench
        .steer(reqwest::Method::GET, "/worlds/default/journal?fake=queue&operation=consumerList", Value::Null)
        .await;
    let entries = entries.json()["entries"].as_array().expect("entries").clone();
    assert!(!entries.is_empty() && entries.iter().all(|entry| entry["way"] == "push"));
    let last = entries.last().unwrap();
    assert_eq!(last["reply"]["data"].as_array().unwrap().len(), 20, "the last push was sent before advance returned");
}

#[proves("Q13")]
#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "how long others wait is what is tested")]
async fn a_subscriber_that_does_not_read_gets_the_newest_and_slows_nobody() {
    let bench = Bench::start().await;
    let mut lazy = Client::connect(&bench).await;
    lazy.login(json!({"component": "qboard", "login": "qboard"})).await;
    lazy.data("subscribeServices", json!({})).await;
    let mut keen = Client::connect(&bench).await;
    keen.login(json!({"component": "qboard", "login": "qboard"})).await;
    keen.data("subscribeServices", json!({})).await;
    let mut admin = Client::admin(&bench).await;
    let big = "д".repeat(100_000);
    let began = Instant::now();
    for n in 0..300 {
        admin.data("setService", json!({"id": 3, "description": format!("{n} {big}")})).await;
        let push = keen.push().await;
        assert!(push["data"][1]["description"].as_str().unwrap().starts_with(&format!("{n} ")));
    }
    // 300 lists of 200 kB would be 60 MB for the lazy one; the advance waits for nobody who does not read.
    bench.advance("1s").await;
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let mut seen = Vec::new();
    loop {
        let push = lazy.push().await;
        let n: u32 = push["data"][1]["description"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
        seen.push(n);
        if n == 299 {
            break;
        }
    }
    assert!(seen.is_sorted(), "never the past after the newer: {seen:?}");
    assert!(seen.len() < 200, "a backlog of {}", seen.len());
    lazy.nothing_came().await;
}

/// The part of Q29 about subscriptions.
#[tokio::test]
async fn a_session_that_ends_takes_its_subscriptions_along_on_every_socket() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let mut board = Client::connect(&bench).await;
    board.login(json!({"component": "qboard", "login": "qboard"})).await;
    // The same session on another socket, which another session uses, too.
    let mut second = Client::connect(&bench).await;
    second.token = board.token.clone();
    second.data("subscribeServices", json!({})).await;
    second.login(json!({"component": "registrator", "login": "terminal"})).await;
    second.data("subscribeOperations", json!({})).await;
    board.data("subscribeServices", json!({})).await;
    board.data("logout", json!({})).await;
    admin.data("setService", json!({"id": 3, "name": "Консультация"})).await;
    board.nothing_came().await;
    second.nothing_came().await;
    admin.data("setOperation", json!({"id": 1, "name": "Осмотр"})).await;
    assert_eq!(second.push().await["command"], "operationList", "the other session's go on");
    // So does the end of the board itself.
    let mut board = Client::connect(&bench).await;
    board.login(json!({"component": "qboard", "login": "qboard"})).await;
    board.data("subscribeServices", json!({})).await;
    admin.data("removeQBoard", json!({"id": 1})).await;
    admin.data("setService", json!({"id": 3, "name": "Приём"})).await;
    board.nothing_came().await;
}
