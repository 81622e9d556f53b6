//! Worlds, resets, faults and the journal, on sockets.

use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, assert_error};
use crate::support::Bench;

async fn closes(client: &mut Client) -> Option<u16> {
    loop {
        match client.message().await {
            None => return None,
            Some(Message::Close(frame)) => return frame.map(|frame| frame.code.into()),
            Some(_) => {}
        }
    }
}

#[tokio::test]
async fn a_reset_closes_sockets_and_brings_the_beginning_back() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    clerk.data("subscribeConsumers", json!({})).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    for body in [json!({}), json!({"fake": "queue"})] {
        let mut clerk = Client::operator(&bench).await;
        let answer = bench.steer(Method::POST, "/worlds/default/reset", body).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        assert_eq!(closes(&mut clerk).await, Some(1012), "service restart");
    }
    assert_eq!(closes(&mut clerk).await, Some(1012));
    let mut again = Client::operator(&bench).await;
    assert_eq!(again.data("consumerList", json!({})).await, json!([]));
}

#[tokio::test]
async fn worlds_never_see_each_other_and_a_removed_one_closes_its_sockets() {
    let bench = Bench::start().await;
    let made = bench.steer(Method::POST, "/worlds", json!({"id": "w1"})).await;
    assert!(made.status.is_success(), "{}", made.text);
    let mut here = Client::operator(&bench).await;
    here.data("subscribeConsumers", json!({})).await;
    let mut there = Client::to(&format!("{}/w/w1/", bench.url("queue"))).await;
    there.token = here.token.clone();
    there.login(json!({"component": "registrator", "login": "terminal"})).await;
    there.data("newConsumer", json!({"services": [4]})).await;
    here.nothing_came().await;
    assert_eq!(here.data("consumerList", json!({})).await, json!([]));
    let answer = bench.steer(Method::DELETE, "/worlds/w1", Value::Null).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    assert_eq!(closes(&mut there).await, Some(1012));
    here.data("info", json!({})).await;
}

#[tokio::test]
async fn a_saved_world_gives_the_same_answers() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    for service in [4, 5, 1, 4] {
        bench.act("queue.take_ticket", json!({"services": [service]})).await;
    }
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    clerk.data("postponeConsumer", json!({"workplace": 11, "delay": 5, "return2me": true})).await;
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    clerk.data("newService", json!({"name": "n", "ticket_range_id": 1, "operations": {"1": [1]}})).await;
    clerk.data("removeService", json!({"id": 12})).await;
    let saved = bench.state().await;
    let made = bench.steer(Method::POST, "/worlds", json!({"id": "copy", "world": saved.clone()})).await;
    assert!(made.status.is_success(), "{}", made.text);
    let copied = bench.steer(Method::GET, "/worlds/copy/state", Value::Null).await.json();
    assert_eq!(copied["queue"], saved["queue"]);
    // Tokens, ids, numbers, postponed tickets and random draws go on as in the original.
    let mut copy = Client::to(&format!("{}/w/copy/", bench.url("queue"))).await;
    copy.token = clerk.token.clone();
    bench.advance("5m").await;
    let answer = bench.steer(Method::POST, "/worlds/copy/clock/advance", json!({"by": "5m"})).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    for (command, data) in [
        ("serveConsumer", json!({"workplace": 11})),
        ("nextConsumer", json!({"workplace": 11})),
        ("newConsumer", json!({"services": [4]})),
        ("newService", json!({"name": "m", "ticket_range_id": 1, "operations": {"1": [1]}})),
        ("login", json!({"component": "registrator", "login": "terminal"})),
        ("currentQueue", json!({"workplace": 11, "detailed": true})),
        ("statistics", json!({"services": 1, "stages": 1, "operations": 1})),
        ("registrateConsumer", json!({"services": [5]})),
        ("workplaceList", json!({})),
    ] {
        let original = clerk.ask(command, data.clone()).await;
        assert_eq!(copy.ask(command, data).await, original, "{command}");
    }
}

#[tokio::test]
async fn faults_strike_frames() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    let fault = |body: Value| {
        let bench = &bench;
        async move {
            let answer = bench.steer(Method::POST, "/worlds/default/faults", body).await;
            assert!(answer.status.is_success(), "{}", answer.text);
        }
    };
    let next = json!({"fake": "queue", "operation": "nextConsumer"});
    fault(json!({"match": next, "respond": {"status": 500, "body": {"codeError": 7, "codeModule": 2, "desc": "DB is down"}}, "times": 1})).await;
    let error = clerk.fails("nextConsumer", json!({"workplace": 11})).await;
    assert_eq!((&error["code"], &error["desc"]), (&json!(8_589_934_599_i64), &json!("DB is down")));
    assert_eq!(clerk.data("currentConsumer", json!({"workplace": 11})).await, Value::Null, "the state was not asked");

    fault(json!({"match": {"fake": "queue", "operation": "info"}, "quota": {"limit": 1, "window": "1m"}})).await;
    clerk.data("info", json!({})).await;
    assert_eq!(clerk.fails("info", json!({})).await["desc"], "Too many requests; come again in 60 s");

    // A held reply goes when the world's time comes, and an advance waits for it; other commands pass it.
    fault(json!({"match": {"fake": "queue", "operation": "postponeDelay"}, "delay": "30s", "times": 1})).await;
    let frame = json!({"token": clerk.token, "command": "postponeDelay", "id": "held"});
    clerk.raw(Message::text(frame.to_string())).await;
    clerk.data("currentConsumer", json!({"workplace": 11})).await;
    bench.advance("30s").await;
    assert_eq!(clerk.frame().await["id"], "held");

    fault(json!({"match": {"fake": "queue", "operation": "serviceList"}, "truncate": 50, "times": 1})).await;
    clerk.raw(Message::text(json!({"token": clerk.token, "command": "serviceList"}).to_string())).await;
    match clerk.message().await.expect("open") {
        Message::Text(text) => assert!(text.len() > 100 && serde_json::from_str::<Value>(&text).is_err(), "{text}"),
        other => panic!("{other:?}"),
    }
    fault(json!({"match": {"fake": "queue", "operation": "userList"}, "reset": true, "times": 1})).await;
    clerk.raw(Message::text(json!({"token": clerk.token, "command": "userList"}).to_string())).await;
    assert_eq!(closes(&mut clerk).await, None, "without a word");

    let entries = bench.steer(Method::GET, "/worlds/default/journal?fake=queue", Value::Null).await.json();
    let faulty: Vec<(&Value, &Value)> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry.get("fault").is_some())
        .map(|entry| (&entry["operation"], &entry["status"]))
        .collect();
    assert_eq!(
        faulty,
        [
            (&json!("nextConsumer"), &json!(500)),
            (&json!("info"), &json!(429)),
            (&json!("postponeDelay"), &json!(200)),
            (&json!("serviceList"), &json!(200)),
            (&json!("userList"), &json!(0)),
        ]
    );
}

#[tokio::test]
async fn the_journal_tells_frames_from_pushes() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    client.data("subscribeServices", json!({})).await;
    client.data("setService", json!({"id": 3, "priority": 60})).await;
    client.push().await;
    client.fails("getService", json!({"id": 99})).await;
    let entries = bench.steer(Method::GET, "/worlds/default/journal?fake=queue", Value::Null).await.json();
    let described: Vec<String> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let word = |key: &str| entry[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {} {}", word("way"), word("operation"), word("method"), entry["status"])
        })
        .collect();
    assert_eq!(
        described,
        [
            "frame login login 200",
            "frame subscribeServices subscribeServices 200",
            "frame setService setService 200",
            "push serviceList serviceList 200",
            "frame getService getService 400",
        ]
    );
    assert_eq!(entries["entries"][2]["request"]["data"], json!({"id": 3, "priority": 60}));
    assert_error(&entries["entries"][4]["reply"]["error"]);
}

#[tokio::test]
async fn a_world_file_that_contradicts_itself_says_where() {
    let bench = Bench::start().await;
    for (queue, part) in [
        (json!({"services": [{"id": 1, "name": "n", "ticket_range_id": 7, "operations": {"1": [1]}}]}), "there is no"),
        (json!({"operations": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]}), "queue.operations[1].id"),
        (json!({"operations": [{"id": 1, "naem": "a"}]}), "did you mean `name`?"),
        (json!({"users": [{"id": 1, "login": "a", "password": ""}]}), "a password is not empty"),
        (json!({"settings": {"time_zone": "Mars"}}), "no time zone"),
        (json!({"next": {"service": 1}}), "did you mean `services`?"),
        (json!({"services": [{"id": 1, "name": "n", "operations": {"x": [1]}}]}), "whole number"),
    ] {
        let file = json!({"stend": 1, "queue": queue});
        let answer = bench.steer(Method::PUT, "/worlds/default/state", file).await;
        assert!(answer.status.is_client_error(), "{queue}: {}", answer.text);
        assert!(
            answer.text.contains(part) || answer.json()["error"]["message"].as_str().unwrap_or("").contains(part),
            "{queue}: {}",
            answer.text
        );
    }
}

#[proves("QU-141")]
#[tokio::test]
async fn a_silent_socket_is_pinged_and_closed_when_it_does_not_answer() {
    let bench = Bench::start().await;
    let mut world = bench.state().await;
    world["queue"]["settings"]["ping"] = json!("50ms");
    let answer = bench.steer(Method::PUT, "/worlds/default/state", world).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut alive = Client::admin(&bench).await;
    let mut dead = Client::admin(&bench).await;
    // Who reads answers pings, which is the library's part; who does not read answers nothing.
    for _ in 0..12 {
        assert!(matches!(alive.message().await, Some(Message::Ping(_))));
    }
    alive.data("info", json!({})).await;
    assert_eq!(closes(&mut dead).await, Some(1008));
}
