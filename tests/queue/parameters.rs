//! The parameter tables of the document, row by row.

use serde_json::{Value, json};

use super::client::{Client, no_errors};
use crate::support::Bench;

fn here() -> Value {
    json!({"workplace": 11})
}

/// What stands at a place of a ticket.
fn step(ticket: &Value, service: &str, stage: &str, operation: &str) -> Value {
    ticket["services"][service][stage][operation].clone()
}

/// Every command of a window, its other parameters, and whether it speaks of who is served there.
fn commands() -> Vec<(&'static str, Value, bool)> {
    let operation = json!({"service": 4, "priority": 50, "operation": 3});
    vec![
        ("currentQueue", json!({"detailed": false}), false),
        ("subscribeCurrentQueue", json!({"detailed": false}), false),
        ("nextConsumer", json!({}), false),
        ("consumerFromQueueBody", json!({"id": 30}), false),
        ("retryCallConsumer", json!({}), true),
        ("serveOperation", operation.clone(), true),
        ("rejectOperation", operation, true),
        ("serveConsumer", json!({}), true),
        ("rejectConsumer", json!({}), true),
        ("rejectService", json!({"service": 4}), true),
        ("postponeConsumer", json!({"delay": 5}), true),
        ("skipConsumer", json!({}), true),
        ("addService", json!({"service": 1}), true),
    ]
}

#[proves(
    "QU-051", "QU-055", "QU-071", "QU-076", "QU-080", "QU-083", "QU-087", "QU-091", "QU-095", "QU-100", "QU-105",
    "QU-114", "QU-118"
)]
#[tokio::test]
async fn workplace_is_the_window_that_commands() {
    for (command, others, served) in commands() {
        // Its number may come as a string; left out, it is the window of the session.
        for number in [json!(11), json!("11"), Value::Null] {
            let bench = Bench::start().await;
            let mut clerk = Client::operator(&bench).await;
            let mut admin = Client::admin(&bench).await;
            bench.act("queue.take_ticket", json!({"services": [4]})).await;
            bench.act("queue.take_ticket", json!({"services": [5]})).await;
            if served {
                clerk.data("nextConsumer", here()).await;
            }
            let with = |number: &Value| {
                let mut data = others.clone();
                data["workplace"] = number.clone();
                data
            };
            let before = bench.state().await["queue"]["consumers"].clone();
            let error = clerk.fails(command, with(&json!(99))).await;
            assert_eq!(error["desc"], "Workplace 99 not found", "{command}");
            if !command.ends_with("CurrentQueue") && command != "currentQueue" {
                let error = admin.fails(command, with(&json!(11))).await;
                assert_eq!(error["desc"], "The clerk is not logged in at workplace 11", "{command}");
            }
            assert_eq!(bench.state().await["queue"]["consumers"], before, "{command}");
            let reply = clerk.data(command, with(&number)).await;
            match command {
                "currentQueue" => assert_eq!(reply[0]["ticket"], "Г001"),
                "subscribeCurrentQueue" | "retryCallConsumer" => assert_eq!(reply, no_errors()),
                "nextConsumer" => assert_eq!((&reply["workplace_id"], &reply["id"]), (&json!(11), &json!(29))),
                "consumerFromQueueBody" => assert_eq!((&reply["workplace_id"], &reply["id"]), (&json!(11), &json!(30))),
                "skipConsumer" => assert_eq!((&reply["workplace_id"], &reply["id"]), (&json!(11), &json!(30))),
                _ => assert_eq!(reply["id"], 29, "{command}: who is served at the window"),
            }
        }
    }
}

#[proves("QU-084", "QU-088", "QU-092", "QU-096", "QU-102")]
#[tokio::test]
async fn comment_is_optional_and_stands_on_the_operation() {
    for (command, others, times) in [
        ("serveOperation", json!({"service": 4, "priority": 50, "operation": 3}), 1),
        ("rejectOperation", json!({"service": 4, "priority": 50, "operation": 3}), 1),
        ("serveConsumer", json!({}), 1),
        ("rejectConsumer", json!({}), 2),
        ("rejectService", json!({"service": 4}), 1),
    ] {
        let bench = Bench::start().await;
        let mut clerk = Client::operator(&bench).await;
        for comment in [Value::Null, json!("Причина")] {
            bench.act("queue.take_ticket", json!({"services": [4]})).await;
            clerk.data("nextConsumer", here()).await;
            let mut data = others.clone();
            data["comment"] = comment.clone();
            let done = clerk.data(command, data).await;
            let expected = if comment.is_null() { Value::Null } else { json!(vec!["Причина"; times]) };
            let noted = step(&done, "4", "50", "3").get("comment").cloned().unwrap_or(Value::Null);
            assert_eq!(noted, expected, "{command}");
        }
    }
}

#[proves("QU-108", "QU-110")]
#[tokio::test]
async fn a_postponing_comment_is_in_the_statistics() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    clerk.data("nextConsumer", here()).await;
    let data = json!({"delay": 5, "comment": "Заполнение документов", "workplace": 11});
    let postponed = clerk.data("postponeConsumer", data).await;
    assert_eq!(step(&postponed, "4", "50", "3"), json!({"user_id": 3, "state": "POSTPONE"}), "as printed");
    let rows = clerk.data("statistics", json!({"services": 1, "stages": 1, "operations": 1})).await;
    let states = rows[0]["services"][0]["stages"][0]["operations"][0]["states"].clone();
    let last = states.as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["state"], &last["comment"]), (&json!("POSTPONE"), &json!("Заполнение документов")));
}

/// The sample of `statistics` has a comment beside SERVING, and no entry for SERVED.
#[proves("QU-156")]
#[tokio::test]
async fn a_serving_comment_is_in_the_statistics() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    for command in ["serveOperation", "serveConsumer"] {
        bench.act("queue.take_ticket", json!({"services": [4]})).await;
        let ticket = clerk.data("nextConsumer", here()).await["ticket"].clone();
        let data = json!({"service": 4, "priority": 50, "operation": 3, "comment": "выдано", "workplace": 11});
        let data = if command == "serveConsumer" { json!({"comment": "выдано", "workplace": 11}) } else { data };
        clerk.data(command, data).await;
        let asked = json!({"ticket": ticket, "services": 1, "stages": 1, "operations": 1});
        let rows = clerk.data("statistics", asked).await;
        let states = &rows[0]["services"][0]["stages"][0]["operations"][0]["states"];
        let last = states.as_array().unwrap().last().unwrap();
        assert_eq!((&last["state"], &last["comment"]), (&json!("SERVING"), &json!("выдано")), "{command}");
    }
}

#[proves("QU-052", "QU-056")]
#[tokio::test]
async fn detailed_shows_the_operations() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    for (detailed, shown) in [(json!(true), true), (json!(false), false), (json!("true"), true), (Value::Null, false)] {
        let view = json!({"workplace": 11, "detailed": detailed});
        let queue = clerk.data("currentQueue", view.clone()).await;
        assert_eq!(queue[0].get("services").is_some(), shown, "{detailed}");
        // And so do the pushes of a subscription.
        clerk.data("subscribeCurrentQueue", view).await;
        bench.act("queue.take_ticket", json!({"services": [4]})).await;
        let push = clerk.push().await;
        assert_eq!(push["command"], "currentQueue");
        assert_eq!(push["data"][0].get("services").is_some(), shown, "{detailed}");
    }
}

#[proves("QU-094", "QU-099")]
#[tokio::test]
async fn a_service_is_rejected_alone_and_a_consumer_altogether() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    for _ in 0..2 {
        bench.act("queue.take_ticket", json!({"services": [4, 5, 1]})).await;
    }
    clerk.data("nextConsumer", here()).await;
    let left = clerk.data("rejectService", json!({"service": 4, "workplace": 11})).await;
    assert_eq!(step(&left, "4", "50", "3")["state"], "REJECTED");
    assert_eq!(step(&left, "5", "50", "4")["state"], "SERVING", "another service goes on");
    assert_eq!(left["state"], "SERVING");
    let done = clerk.data("rejectConsumer", json!({"workplace": 11, "comment": "c"})).await;
    // Stages that have not begun are rejected with the rest.
    for (service, stage, operation) in [("5", "50", "4"), ("1", "10", "10"), ("1", "20", "3")] {
        assert_eq!(step(&done, service, stage, operation)["state"], "REJECTED", "{service}");
    }
    assert_eq!((&done["state"], &done["active"]), (&json!("SERVED"), &json!(false)));
}

#[proves("QU-090", "QU-154")]
#[tokio::test]
async fn serve_consumer_serves_what_this_clerk_can_serve_now() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4, 5, 1]})).await;
    let called = clerk.data("nextConsumer", here()).await;
    assert_eq!(called["ticket"], "Г001", "numbered in the range of the first service");
    assert_eq!(step(&called, "1", "10", "10"), json!({"state": "WAITING"}), "window 11 does not serve operation 10");
    let served = clerk.data("serveConsumer", here()).await;
    assert_eq!(step(&served, "4", "50", "3")["state"], "SERVED");
    assert_eq!(step(&served, "5", "50", "4")["state"], "SERVED");
    assert_eq!(step(&served, "1", "10", "10"), json!({"state": "WAITING"}));
    assert_eq!((&served["state"], &served["workplace_id"]), (&json!("WAITING"), &json!(-1)), "it waits for the rest");
}

#[proves("QU-081")]
#[tokio::test]
async fn a_repeated_call_is_the_newest_call() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    let called = clerk.data("nextConsumer", here()).await;
    bench.advance("30s").await;
    clerk.data("retryCallConsumer", here()).await;
    let again = clerk.data("nextConsumer", here()).await;
    assert_eq!(called["last_call"], "2026-11-21T09:00:00.000Z");
    assert_eq!(again["last_call"], "2026-11-21T09:00:30.000Z");
}

#[proves("QU-112", "QU-138", "Q21")]
#[tokio::test]
async fn a_skipped_ticket_keeps_its_place_and_is_counted() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    for _ in 0..3 {
        bench.act("queue.take_ticket", json!({"services": [4]})).await;
    }
    clerk.data("nextConsumer", here()).await;
    assert_eq!(clerk.data("skipConsumer", here()).await["ticket"], "Г002");
    let queue = clerk.data("currentQueue", json!({"workplace": 11, "detailed": true})).await;
    let line: Vec<_> = queue.as_array().unwrap().iter().map(|one| (&one["ticket"], &one["vanish_count"])).collect();
    assert_eq!(line, [(&json!("Г001"), &json!(1)), (&json!("Г003"), &json!(0))]);
    assert_eq!(queue[0]["last_call"], "2026-11-21T09:00:00.000Z", "it keeps its last call");
}

/// The one behind the skipped one comes, and behind the last the first: none is passed over.
#[proves("QU-112")]
#[tokio::test]
async fn skipping_goes_through_the_whole_line_and_round() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    for service in [4, 4, 5, 5] {
        bench.act("queue.take_ticket", json!({"services": [service]})).await;
    }
    assert_eq!(clerk.data("nextConsumer", here()).await["ticket"], "Г001");
    for ticket in ["Г002", "H001", "H002", "Г001", "Г002"] {
        assert_eq!(clerk.data("skipConsumer", here()).await["ticket"], ticket);
    }
    // Who was called out of the middle is skipped for the one behind him, too.
    clerk.data("serveConsumer", here()).await;
    let queue = clerk.data("currentQueue", here()).await;
    assert_eq!((&queue[1]["ticket"], queue.as_array().map(Vec::len)), (&json!("H001"), Some(3)));
    clerk.data("consumerFromQueueBody", json!({"workplace": 11, "id": queue[1]["id"]})).await;
    assert_eq!(clerk.data("skipConsumer", here()).await["ticket"], "H002");
}

/// What a ticket's priority is changed by is what its terminal has, unless the request says otherwise.
#[proves("QU-123", "QU-146")]
#[tokio::test]
async fn priority_is_that_of_the_terminal_unless_it_is_given() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    admin.data("newRegistrator", json!({"name": "vip", "priority": -10})).await;
    let mut vip = Client::connect(&bench).await;
    vip.login(json!({"component": "registrator", "login": "vip"})).await;
    assert_eq!(vip.data("me", json!({})).await["component"]["priority"], -10);
    for (given, priority) in [(Value::Null, 40), (json!(0), 50), (json!("5"), 55)] {
        let taken = vip.data("registrateConsumer", json!({"services": [4], "priority": given})).await;
        assert_eq!(taken["consumer"]["priority"], priority, "{given}");
    }
    let taken = admin.data("registrateConsumer", json!({"services": [4]})).await;
    assert_eq!(taken["consumer"]["priority"], 50, "a clerk has none");
}
