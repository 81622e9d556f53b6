//! Whatever comes, an error reply goes, the socket stays open and the state as it was.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::client::{Client, PASSWORD, assert_error};
use crate::support::Bench;

#[proves("QU-002", "QU-004", "Q9")]
#[tokio::test]
async fn broken_frames_get_an_error_and_the_socket_stays_open() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    let before = bench.state().await["queue"].clone();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (message, part) in [
        (Message::text("hello"), "not a JSON object"),
        (Message::text(""), "not a JSON object"),
        (Message::text("[1, 2]"), "not a JSON object"),
        (Message::text(deep), "not a JSON object"),
        (Message::text("\u{feff}{\"command\": \"info\"}"), "a byte order mark (UTF-8)"),
        (Message::text("{}"), "'command' is required"),
        (Message::text(r#"{"command": ""}"#), "'command' is required"),
        (Message::text(r#"{"command": 7}"#), "'command': expected a string"),
        (Message::text(r#"{"command": "info", "token": 7}"#), "'token': expected a string"),
        (Message::text(r#"{"command": "info", "data": "x"}"#), "'data': expected an object"),
        (Message::binary(vec![0, 1, 2]), "binary frame"),
    ] {
        client.raw(message).await;
        let reply = client.frame().await;
        assert_error(&reply["error"]);
        assert_eq!(reply["error"], reply["data"]);
        assert!(reply["error"]["desc"].as_str().unwrap().contains(part), "{part}: {}", reply["error"]);
    }
    client.data("info", json!({})).await;
    assert_eq!(bench.state().await["queue"], before);
}

#[proves("Q9", "G4")]
#[tokio::test]
async fn an_unknown_command_names_the_nearest() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    let error = client.fails("servicesList", json!({})).await;
    assert_eq!(error["desc"], "Unknown command 'servicesList'; did you mean 'serviceList'?");
    assert_eq!(
        client.fails("nextConsummer", json!({})).await["desc"],
        "Unknown command 'nextConsummer'; did you mean 'nextConsumer'?"
    );
    assert_eq!(client.fails("xyzzy", json!({})).await["desc"], "Unknown command 'xyzzy'");
}

#[proves("QU-012", "QU-073", "QU-082", "QU-101", "QU-106", "QU-111", "QU-113", "QU-117", "QU-119", "Q21")]
#[tokio::test]
async fn service_commands_refuse_what_cannot_be_done() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    let here = || json!({"workplace": 11});
    // Nobody is at the window.
    for command in ["retryCallConsumer", "serveConsumer", "rejectConsumer", "skipConsumer"] {
        assert_eq!(clerk.fails(command, here()).await["desc"], "No consumer at workplace 11", "{command}");
    }
    assert_eq!(clerk.data("nextConsumer", here()).await, json!({}), "an empty queue");
    for service in [4, 5] {
        bench.act("queue.take_ticket", json!({"services": [service]})).await;
    }
    clerk.data("nextConsumer", here()).await;
    let before = bench.state().await["queue"].clone();
    let operation = json!({"service": 4, "priority": 50, "operation": 3, "workplace": 11});
    let with = |key: &str, value: Value| {
        let mut data = operation.clone();
        data[key] = value;
        data
    };
    let without = |key: &str| {
        let mut data = operation.clone();
        data.as_object_mut().unwrap().remove(key);
        data
    };
    for (command, data, part) in [
        ("nextConsumer", json!({"workplace": 99}), "Workplace 99 not found"),
        ("nextConsumer", json!({"workplace": 18}), "not logged in at workplace 18"),
        ("nextConsumer", json!({"workplace": "here"}), "expected a whole number"),
        ("serveOperation", with("service", json!(5)), "not in service here"),
        ("serveOperation", with("priority", json!(10)), "not in service here"),
        ("serveOperation", with("operation", json!("4")), "not in service here"),
        ("serveOperation", without("operation"), "'operation' is required"),
        ("rejectOperation", without("service"), "'service' is required"),
        ("rejectOperation", with("comment", json!({})), "'comment': expected a string"),
        ("rejectService", json!({"service": 5, "workplace": 11}), "no service 5"),
        ("rejectService", json!({"workplace": 11}), "'service' is required"),
        ("postponeConsumer", json!({"workplace": 11}), "'delay' is required"),
        ("postponeConsumer", json!({"workplace": 11, "delay": 0}), "from 1 to 1440"),
        ("postponeConsumer", json!({"workplace": 11, "delay": "soon"}), "expected a whole number"),
        ("postponeConsumer", json!({"workplace": 11, "delay": 5, "return2me": "maybe"}), "expected 0 or 1"),
        ("addService", json!({"workplace": 11, "service": 4}), "has service 4 already"),
        ("addService", json!({"workplace": 11, "service": 77}), "Service 77 not found"),
        ("addService", json!({"workplace": 11}), "'service' is required"),
        ("consumerFromQueueBody", json!({"workplace": 11}), "'id' is required"),
        ("consumerFromQueueBody", json!({"workplace": 11, "id": 30}), "is serving consumer Г001"),
        ("currentQueue", json!({"workplace": 99}), "Workplace 99 not found"),
        ("subscribeCurrentQueue", json!({"workplace": 99}), "Workplace 99 not found"),
        ("logout", json!({"workplace": 99}), "Workplace 99 not found"),
    ] {
        let error = clerk.fails(command, data.clone()).await;
        assert!(error["desc"].as_str().unwrap().contains(part), "{command} {data}: {error}");
    }
    assert_eq!(bench.state().await["queue"], before);
    // With nobody else waiting the current one cannot be skipped.
    clerk.data("serveConsumer", here()).await;
    clerk.data("nextConsumer", here()).await;
    let before = bench.state().await["queue"].clone();
    assert_eq!(clerk.fails("skipConsumer", here()).await["desc"], "The queue has no other consumer");
    assert_eq!(bench.state().await["queue"], before);
    // Window 11 cannot serve the first stage of service 3.
    let id = bench.act("queue.take_ticket", json!({"services": [3]})).await["id"].clone();
    clerk.data("serveConsumer", here()).await;
    let error = clerk.fails("consumerFromQueueBody", json!({"workplace": 11, "id": id})).await;
    assert_eq!(error["desc"], "Consumer К001 has no operation that workplace 11 can serve now");
}

#[proves("G1")]
#[tokio::test]
async fn unknown_fields_are_remarked_on_and_in_a_strict_world_refused() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    clerk.data("nextConsumer", json!({"workplace": 11, "wrokplace": 11})).await;
    let entries = bench
        .steer(reqwest::Method::GET, "/worlds/default/journal?fake=queue&operation=nextConsumer", Value::Null)
        .await;
    assert_eq!(
        entries.json()["entries"][0]["remarks"],
        json!(["unknown field `wrokplace` ignored; did you mean `workplace`?"])
    );
    // So are those within a field.
    let mut admin = Client::admin(&bench).await;
    admin.data("setUser", json!({"id": 3, "clerk": {"prioriti": 7, "priority": 10}})).await;
    let root = json!({"services": [{"id": 4, "nmae": "x"}], "children": [{"servces": [5]}]});
    admin.data("newServiceGroup", json!({ "root": root })).await;
    for (operation, warnings) in [
        ("setUser", json!(["unknown field `clerk.prioriti` ignored; did you mean `clerk.priority`?"])),
        (
            "newServiceGroup",
            json!([
                "unknown field `root.services[0].nmae` ignored",
                "unknown field `root.children[0].servces` ignored; did you mean `root.children[0].services`?"
            ]),
        ),
    ] {
        let path = format!("/worlds/default/journal?fake=queue&operation={operation}");
        let entries = bench.steer(reqwest::Method::GET, &path, Value::Null).await;
        assert_eq!(entries.json()["entries"][0]["remarks"], warnings);
    }
    // What books do not know is kept as it came, with a warning (Q15).
    admin.data("setService", json!({"id": 4, "priorty": 1})).await;
    let path = "/worlds/default/journal?fake=queue&operation=setService";
    let entries = bench.steer(reqwest::Method::GET, path, Value::Null).await;
    let warnings = json!(["unknown field `priorty` kept; did you mean `priority`?"]);
    assert_eq!(entries.json()["entries"][0]["remarks"], warnings);
    let world = json!({"id": "s", "world": {"stend": 1, "base": "documented", "strict": true}});
    let made = bench.steer(reqwest::Method::POST, "/worlds", world).await;
    assert!(made.status.is_success(), "{}", made.text);
    let mut strict = Client::to(&format!("{}/w/s/", bench.url("queue"))).await;
    strict.login(json!({"component": "registrator", "login": "terminal"})).await;
    let error = strict.fails("newConsumer", json!({"services": [4], "prio": 1})).await;
    assert!(error["desc"].as_str().unwrap().starts_with("unknown field `prio` ignored"), "{error}");
    assert_eq!(strict.data("consumerList", json!({})).await, json!([]));
}

#[tokio::test]
async fn messages_in_fragments_with_pings_between_are_one_message() {
    let bench = Bench::start().await;
    let mut client = Client::connect(&bench).await;
    let text = r#"{"command": "login", "data": {"component": "registrator", "login": "terminal"}, "id": "f"}"#;
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(7).collect();
    let last = pieces.len() - 1;
    for (i, piece) in pieces.into_iter().enumerate() {
        let code = if i == 0 { OpCode::Data(Data::Text) } else { OpCode::Data(Data::Continue) };
        client.raw(Message::Frame(Frame::message(piece.to_vec(), code, i == last))).await;
        if i % 3 == 0 && i != last {
            client.raw(Message::Ping(vec![i as u8].into())).await;
        }
    }
    let mut pongs = 0;
    loop {
        match client.message().await.expect("open") {
            Message::Pong(_) => pongs += 1,
            Message::Text(text) => {
                let reply: Value = serde_json::from_str(&text).unwrap();
                assert_eq!((&reply["id"], &reply["command"]), (&json!("f"), &json!("login")));
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(pongs >= 3, "{pongs} pongs");
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "how long others wait is what is tested")]
async fn a_flood_of_broken_frames_starves_nobody() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    let url = format!("{}/", bench.url("queue"));
    let flood = tokio::spawn(async move {
        use futures_util::{SinkExt, StreamExt};
        let (stream, _) = tokio_tungstenite::connect_async(url).await.expect("a connection");
        let (mut sink, mut replies) = stream.split();
        let reader = tokio::spawn(async move {
            let mut count = 0_u32;
            while count < 20_000 && replies.next().await.is_some_and(|reply| reply.is_ok()) {
                count += 1;
            }
            count
        });
        for _ in 0..20_000 {
            sink.feed(Message::text("{broken")).await.expect("it is sent");
        }
        sink.flush().await.expect("it is sent");
        reader.await.expect("it reads")
    });
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let began = Instant::now();
        clerk.data("info", json!({})).await;
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!(flood.await.unwrap(), 20_000, "every broken frame got its reply");
}

#[proves("QU-001")]
#[tokio::test]
async fn who_speaks_plain_http_is_told_what_this_is() {
    let bench = Bench::start().await;
    let url = bench.url("queue").replace("ws://", "http://");
    let answer = bench.send(bench.client.get(format!("{url}/"))).await;
    assert_eq!(answer.status, 426);
    assert_eq!(answer.headers["upgrade"], "websocket");
    // In the shape of the queue's own errors (G5).
    let error = &answer.json()["error"];
    assert!(
        error["desc"].as_str().is_some_and(|text| text.contains("connect with a WebSocket client to ws://")),
        "{error}"
    );
    assert!(error["codeModule"].is_u64(), "{error}");
    let answer = bench.send(bench.client.get(format!("{url}/w/nowhere/"))).await;
    assert_eq!(answer.status, 404);
}

/// What a new row needs cannot be taken from an old one, neither by a client nor by an action.
#[tokio::test]
async fn a_change_takes_no_name_away() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    admin.data("newQBoard", json!({"name": "hall 2"})).await;
    let before = bench.state().await["queue"].clone();
    for (book, id, field) in [
        ("Service", 4, "name"),
        ("Service", 4, "operations"),
        ("Operation", 3, "name"),
        ("Workplace", 11, "name"),
        ("TicketRange", 1, "name"),
        ("QBoard", 1, "name"),
        ("Registrator", 1, "name"),
        ("UserRole", 1, "name"),
        ("User", 1, "login"),
        ("User", 1, "password"),
        ("User", 1, "role_id"),
    ] {
        for nothing in [json!(""), Value::Null] {
            if nothing == "" && ["operations", "role_id"].contains(&field) {
                continue;
            }
            let error = admin.fails(&format!("set{book}"), json!({"id": id, field: nothing})).await;
            let (module, code) = (&error["codeModule"], &error["codeError"]);
            let kind = (module.as_i64(), code.as_i64());
            // A list and a number that are null are of a wrong kind before they are missing.
            assert!([(Some(3), Some(3)), (Some(0), Some(150))].contains(&kind), "{book} {field}: {error}");
            assert!(
                ["operations", "role_id"].contains(&field) || kind == (Some(3), Some(3)),
                "{book} {field}: {error}"
            );
        }
    }
    let action = json!({"queue.set": {"book": "service", "id": 4, "fields": {"name": ""}}});
    let answer = bench.steer(reqwest::Method::POST, "/worlds/default/actions", action).await;
    assert!(answer.text.contains("parameter 'name' is required"), "{}", answer.text);
    let mut after = bench.state().await["queue"].clone();
    // Sessions note their last command.
    after["sessions"] = before["sessions"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_user_without_a_clerk_is_told_so() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    admin.data("newUser", json!({"login": "ivanov", "password": PASSWORD, "role_id": 1})).await;
    let mut user = Client::connect(&bench).await;
    let login = json!({"component": "workplace", "login": "ivanov", "password": PASSWORD, "workplace": 18});
    let error = user.fails("login", login).await;
    assert_eq!(error["desc"], "User 'ivanov' has no 'clerk' and cannot log in at a workplace; setUser gives him one");
}
