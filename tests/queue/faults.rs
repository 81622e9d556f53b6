//! Faults on commands, pushes and pings, over real sockets.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::client::Client;
use crate::support::{Bench, eventually};

/// Adds a fault to the default world; gives its name.
async fn fault(bench: &Bench, body: Value) -> String {
    let answer = bench.steer(Method::POST, "/worlds/default/faults", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// The journal's entries of this kind: moment, status, fault.
async fn described(bench: &Bench, channel: &str) -> Vec<String> {
    let journal = bench.steer(Method::GET, "/worlds/default/journal?fake=queue&limit=1000", Value::Null).await.json();
    let entries = journal["entries"].as_array().unwrap().clone();
    let one = |entry: &Value| {
        let at = entry["at"].as_str().unwrap().trim_start_matches("2026-11-21T");
        format!(
            "{at} {} {} {}",
            entry["status"],
            entry["client"].as_str().unwrap_or("-"),
            entry["fault"].as_str().unwrap_or("-")
        )
    };
    entries.iter().filter(|entry| entry["way"] == channel).map(one).collect()
}

/// A board that hears of services, and a clerk who changes them.
async fn board_and_admin(bench: &Bench) -> (Client, Client) {
    let mut board = Client::connect(bench).await;
    board.login(json!({"component": "qboard", "login": "qboard"})).await;
    board.data("subscribeServices", json!({})).await;
    (board, Client::admin(bench).await)
}

/// Changes a service, which is one push; its priority tells it from others.
async fn change(admin: &mut Client, priority: i64) {
    admin.data("setService", json!({"id": 3, "priority": priority})).await;
}

async fn priority(board: &mut Client) -> i64 {
    board.push().await["data"][1]["priority"].as_i64().unwrap()
}

const PUSH: &str = "serviceList";

#[tokio::test]
async fn pushes_are_dropped_and_doubled_and_the_journal_says_by_which_fault() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    let drop = json!({"id": "lost", "match": {"fake": "queue", "operation": PUSH, "nth": 2}, "drop": true});
    fault(&bench, drop).await;
    fault(&bench, json!({"id": "twice", "match": {"operation": PUSH, "nth": 2}, "duplicate": true})).await;
    let mut seen = Vec::new();
    for n in 1..=4 {
        change(&mut admin, n).await;
        // The second is lost; the next of those that the second fault sees is the third.
        match n {
            2 => board.nothing_came().await,
            3 => seen.extend([priority(&mut board).await, priority(&mut board).await]),
            _ => seen.push(priority(&mut board).await),
        }
    }
    board.nothing_came().await;
    assert_eq!(seen, [1, 3, 3, 4]);
    let at = "09:00:00Z";
    let expected = ["200 qboard -", "0 qboard lost", "200 qboard twice", "200 qboard twice", "200 qboard -"];
    assert_eq!(described(&bench, "push").await, expected.map(|rest| format!("{at} {rest}")));
    let faults = bench.steer(Method::GET, "/worlds/default/faults", Value::Null).await.json();
    assert_eq!((&faults[0]["matched"], &faults[0]["applied"]), (&json!(4), &json!(1)));
}

#[tokio::test]
async fn a_reordered_push_comes_after_later_ones() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    fault(&bench, json!({"match": {"operation": PUSH, "nth": 1}, "reorder": 2})).await;
    change(&mut admin, 1).await;
    board.nothing_came().await;
    change(&mut admin, 2).await;
    assert_eq!(priority(&mut board).await, 2);
    board.nothing_came().await;
    change(&mut admin, 3).await;
    assert_eq!([priority(&mut board).await, priority(&mut board).await], [3, 1]);
    board.nothing_came().await;
}

#[tokio::test]
async fn a_reordered_push_that_nothing_follows_is_told_of_when_the_socket_ends() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    let id = fault(&bench, json!({"match": {"operation": PUSH}, "reorder": 1})).await;
    change(&mut admin, 1).await;
    board.raw(Message::Close(None)).await;
    while board.message().await.is_some() {}
    let pushes = async || Some(described(&bench, "push").await).filter(|pushes| !pushes.is_empty());
    assert_eq!(eventually("the journal holds no push", pushes).await, [format!("09:00:00Z 0 qboard {id}")]);
}

#[tokio::test]
async fn a_delayed_push_is_held_by_the_worlds_clock_and_an_advance_waits_for_it() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    let id = fault(&bench, json!({"match": {"way": "push", "operation": PUSH}, "delay": "30s", "times": 1})).await;
    change(&mut admin, 1).await;
    board.nothing_came().await;
    // Later ones pass it: the client sees the past after the present, as on a bad line.
    change(&mut admin, 2).await;
    assert_eq!(priority(&mut board).await, 2);
    bench.advance("29s").await;
    board.nothing_came().await;
    bench.advance("10m").await;
    let expected = ["09:00:00Z 200 qboard -".to_owned(), format!("09:00:30Z 200 qboard {id}")];
    assert_eq!(described(&bench, "push").await, expected, "it was sent before the advance returned");
    let push = board.push().await;
    assert_eq!((&push["data"][1]["priority"], &push["dateTime"]), (&json!(1), &json!("2026-11-21T09:00:00.000Z")));
}

#[tokio::test]
async fn a_socket_of_which_too_much_is_held_back_is_closed() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    fault(&bench, json!({"match": {"way": "push"}, "delay": "1h"})).await;
    for n in 0..257 {
        change(&mut admin, n).await;
    }
    match board.message().await {
        Some(Message::Close(Some(frame))) => assert_eq!(u16::from(frame.code), 1008, "{frame:?}"),
        other => panic!("{other:?}"),
    }
    // Those that were held go nowhere when their time comes, and the journal says so.
    bench.advance("2h").await;
    let described = described(&bench, "push").await;
    let unsent = |at: &str| described.iter().filter(|described| described.starts_with(&format!("{at} 0 "))).count();
    assert_eq!((unsent("09:00:00Z"), unsent("10:00:00Z"), described.len()), (1, 256, 257), "{described:?}");
}

#[tokio::test]
async fn drawn_delays_are_the_same_for_the_same_seed() {
    async fn moments(seed: u64, delay: &Value) -> Vec<String> {
        let bench = Bench::with(stend::Config { seed: Some(seed), ..Default::default() }).await;
        let (_board, mut admin) = board_and_admin(&bench).await;
        fault(&bench, json!({"match": {"way": "push"}, "delay": delay})).await;
        for n in 0..5 {
            change(&mut admin, n).await;
        }
        bench.advance("1h").await;
        described(&bench, "push").await
    }
    for delay in [json!({"uniform": ["1s", "20s"]}), json!({"lognormal": {"median": "5s", "sigma": 0.5}})] {
        let first = moments(7, &delay).await;
        assert_eq!(first.len(), 5, "{first:?}");
        assert_eq!(first, moments(7, &delay).await);
        assert_ne!(first, moments(8, &delay).await);
    }
}

#[tokio::test]
async fn a_push_may_be_half_a_json_text_or_garbage() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    fault(&bench, json!({"match": {"way": "push", "nth": 1}, "truncate": 50})).await;
    fault(&bench, json!({"match": {"way": "push", "nth": 1}, "garbage": 12})).await;
    change(&mut admin, 1).await;
    match board.message().await.expect("open") {
        Message::Text(text) => {
            assert!(text.starts_with(r#"{"dateTime":"#) && serde_json::from_str::<Value>(&text).is_err(), "{text}");
        }
        other => panic!("{other:?}"),
    }
    change(&mut admin, 2).await;
    assert!(matches!(board.message().await, Some(Message::Binary(bytes)) if bytes.len() == 12));
    change(&mut admin, 3).await;
    assert_eq!(priority(&mut board).await, 3);
}

#[tokio::test]
async fn a_socket_is_closed_with_a_code_by_a_command_or_in_the_place_of_a_push() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    fault(&bench, json!({"match": {"way": "push", "client": "qboard"}, "close": 4000, "times": 1})).await;
    fault(&bench, json!({"match": {"operation": "removeService"}, "close": 1011})).await;
    change(&mut admin, 1).await;
    let code = |message: Option<Message>| match message {
        Some(Message::Close(Some(frame))) => u16::from(frame.code),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(board.message().await), 4000);
    admin
        .raw(Message::text(json!({"token": admin.token, "command": "removeService", "data": {"id": 3}}).to_string()))
        .await;
    assert_eq!(code(admin.message().await), 1011);
    let mut again = Client::admin(&bench).await;
    assert_eq!(again.data("getService", json!({"id": 3})).await["priority"], 1, "the state was not asked");
}

#[tokio::test]
async fn no_pong_leaves_pings_unanswered_while_all_else_goes_on() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    let id = fault(&bench, json!({"match": {"fake": "queue", "client": "operator"}, "no_pong": true})).await;
    clerk.raw(Message::Ping("one".into())).await;
    clerk.data("serviceList", json!({})).await;
    assert_eq!(described(&bench, "ping").await, [format!("09:00:00Z 0 operator {id}")]);
    bench.steer(Method::DELETE, &format!("/worlds/default/faults/{id}"), Value::Null).await;
    clerk.raw(Message::Ping("two".into())).await;
    assert!(matches!(clerk.message().await, Some(Message::Pong(body)) if &body[..] == b"two"), "of `one` nothing came");
}

#[tokio::test]
async fn a_reset_socket_is_a_tcp_reset() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    for channel in ["frame", "push"] {
        let url = format!("{}/", bench.url("queue"));
        let (mut stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let login = json!({"command": "login", "data": {"component": "qboard", "login": "qboard"}});
        stream.send(Message::text(login.to_string())).await.unwrap();
        let reply = stream.next().await.unwrap().unwrap().into_text().unwrap();
        let token = serde_json::from_str::<Value>(&reply).unwrap()["token"].clone();
        let subscribe = json!({"token": token, "command": "subscribeServices"});
        stream.send(Message::text(subscribe.to_string())).await.unwrap();
        stream.next().await.unwrap().unwrap();
        fault(&bench, json!({"match": {"way": channel, "client": token}, "reset": true, "times": 1})).await;
        match channel {
            "frame" => stream.send(Message::text(subscribe.to_string())).await.unwrap(),
            // The socket is known by its login, not by its token, to a push.
            _ => {
                fault(&bench, json!({"match": {"way": "push", "client": "qboard"}, "reset": true, "times": 2})).await;
                change(&mut admin, 7).await;
            }
        }
        match stream.next().await {
            Some(Err(Error::Io(error))) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{channel}"),
            other => panic!("{channel}: {other:?}"),
        }
    }
    // The other board was told by the second fault too.
    assert!(board.message().await.is_none());
}

#[tokio::test]
async fn a_reset_after_the_command_has_carried_it_out_and_loses_the_reply() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    for (reset, priority_) in [("before", 7), ("after", 8)] {
        fault(&bench, json!({"match": {"operation": "setService"}, "reset": reset, "times": 1})).await;
        let command = json!({"command": "setService", "data": {"id": 3, "priority": priority_}, "token": admin.token});
        admin.raw(Message::text(command.to_string())).await;
        assert!(admin.message().await.is_none(), "{reset}: the connection ends without a reply");
        match reset {
            "before" => board.nothing_came().await,
            _ => assert_eq!(priority(&mut board).await, priority_, "others hear of it"),
        }
        admin = Client::admin(&bench).await;
        let kept = admin.data("getService", json!({"id": 3})).await["priority"] == priority_;
        assert_eq!(kept, reset == "after", "{reset}");
    }
    assert_eq!(described(&bench, "frame").await.iter().filter(|entry| entry.contains(" 0 admin ")).count(), 2);
}

#[tokio::test]
async fn faults_match_by_the_handshakes_headers_and_by_who_the_client_is() {
    let bench = Bench::start().await;
    let mut request = format!("{}/", bench.url("queue")).into_client_request().unwrap();
    request.headers_mut().insert("user-agent", "kiosk/2".parse().unwrap());
    let (mut kiosk, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    fault(&bench, json!({"match": {"fake": "queue", "header": {"User-Agent": "kiosk/*"}}, "respond": {"status": 500}}))
        .await;
    fault(&bench, json!({"match": {"fake": "queue", "client": "admin"}, "respond": {"status": 503}})).await;
    kiosk.send(Message::text(r#"{"command": "login"}"#)).await.unwrap();
    let reply = kiosk.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(reply.contains("Fault 500"), "{reply}");
    let mut operator = Client::operator(&bench).await;
    operator.data("serviceList", json!({})).await;
    let mut admin = Client::connect(&bench).await;
    let login =
        json!({"component": "workplace", "login": "admin", "password": super::client::PASSWORD, "workplace": 18});
    assert_eq!(admin.fails("login", login).await["desc"], "Fault 503");
}

#[tokio::test]
async fn which_pushes_are_lost_is_drawn_from_the_seed_and_kept_by_a_save() {
    async fn lost(bench: &Bench, admin: &mut Client, from: i64) -> Vec<String> {
        let before = described(bench, "push").await.len();
        for n in from..from + 12 {
            change(admin, n).await;
            admin.nothing_came().await;
        }
        described(bench, "push").await.split_off(before)
    }
    let start = || Bench::with(stend::Config { seed: Some(11), ..Default::default() });
    let half = json!({"id": "half", "match": {"way": "push", "probability": 0.5}, "drop": true});
    let bench = start().await;
    let (_board, mut admin) = board_and_admin(&bench).await;
    fault(&bench, half).await;
    let first = lost(&bench, &mut admin, 100).await;
    let saved = bench.state().await;
    let second = lost(&bench, &mut admin, 200).await;
    assert_eq!((first.len(), second.len()), (12, 12));
    assert_ne!(first, second, "or nothing was drawn");
    // The saved world goes on where it was, in another process.
    let other = start().await;
    let restored = other.steer(Method::PUT, "/worlds/default/state", saved).await;
    assert!(restored.status.is_success(), "{}", restored.text);
    let (_board, mut admin) = board_and_admin(&other).await;
    assert_eq!(lost(&other, &mut admin, 200).await, second);
}

#[tokio::test]
async fn a_reply_may_come_in_pieces_which_hold_no_clock_or_be_garbage() {
    let bench = Bench::start().await;
    let (mut board, mut admin) = board_and_admin(&bench).await;
    let pieces = json!({"bytes": 100, "every": "10s"});
    let id = fault(&bench, json!({"match": {"operation": "postponeDelay"}, "dribble": pieces, "times": 1})).await;
    let frame = json!({"token": board.token, "command": "postponeDelay", "id": "slow"});
    board.raw(Message::text(frame.to_string())).await;
    while described(&bench, "frame").await.iter().all(|entry| !entry.ends_with(&id)) {}
    change(&mut admin, 7).await;
    tokio::time::timeout(Duration::from_secs(20), bench.advance("10s")).await.expect("nobody waits for the push");
    // Two pieces, and the push behind them.
    let reply = board.frame().await;
    assert_eq!((&reply["id"], &reply["command"]), (&json!("slow"), &json!("postponeDelay")));
    assert!(reply.to_string().len() > 100, "{reply}");
    assert_eq!(priority(&mut board).await, 7);

    // Garbage in the place of a reply: the state was asked, and what comes of it comes after.
    admin.data("subscribeServices", json!({})).await;
    fault(&bench, json!({"match": {"operation": "setService"}, "garbage": 12, "times": 1})).await;
    let data = json!({"id": 3, "priority": 8});
    admin.raw(Message::text(json!({"token": admin.token, "command": "setService", "data": data}).to_string())).await;
    assert!(matches!(admin.message().await, Some(Message::Binary(bytes)) if bytes.len() == 12));
    assert_eq!(priority(&mut admin).await, 8);
}
