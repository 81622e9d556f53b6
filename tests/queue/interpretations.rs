//! Where the document allows two readings, the world's settings choose: each setting, each of its values, and that a
//! saved world keeps them.

use serde_json::{Value, json};

use super::client::{Client, PASSWORD, no_errors};
use crate::support::Bench;

/// A bench whose hall has these settings.
async fn bench(settings: Value) -> Bench {
    let bench = Bench::start().await;
    let mut world = bench.state().await;
    let there = world["queue"]["settings"].as_object_mut().expect("settings");
    there.extend(settings.as_object().expect("settings").clone());
    let answer = bench.steer(reqwest::Method::PUT, "/worlds/default/state", world.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(bench.state().await["queue"]["settings"], world["queue"]["settings"], "a saved world keeps them");
    bench
}

/// The keys of an object.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys().map(String::as_str).collect()
}

fn here() -> Value {
    json!({"workplace": 11})
}

/// A clerk at window 11 with a ticket for service 4 in service.
async fn serving(bench: &Bench) -> Client {
    let mut clerk = Client::operator(bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    assert_eq!(clerk.data("nextConsumer", here()).await["ticket"], "Г001");
    clerk
}

#[proves("Q2")]
#[tokio::test]
async fn an_error_stands_where_errors_in_says() {
    for (reading, places) in [("both", ["data", "error"].as_slice()), ("data", &["data"]), ("error", &["error"])] {
        let bench = bench(json!({"errors_in": reading})).await;
        let mut client = Client::connect(&bench).await;
        for command in ["info", "no such command"] {
            let reply = client.ask(command, json!({})).await;
            let mut expected = vec!["dateTime", "command"];
            expected.extend(places);
            assert_eq!(keys(&reply), expected, "{reading}");
            for place in places {
                assert_eq!(keys(&reply[place]), ["codeError", "codeModule", "code", "desc", "children"]);
            }
        }
        // So do errors that a fault makes, and those of frames that are no request.
        let fault = json!({"match": {"fake": "queue"}, "respond": {"status": 500}, "times": 1});
        let answer = bench.steer(reqwest::Method::POST, "/worlds/default/faults", fault).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        let reply = client.ask("info", json!({})).await;
        assert_eq!(keys(&reply)[2..], *places, "{reading}");
        client.raw(tokio_tungstenite::tungstenite::Message::binary(vec![1])).await;
        assert_eq!(keys(&client.frame().await)[2..], *places, "{reading}");
    }
}

#[proves("Q5")]
#[tokio::test]
async fn a_new_token_stands_where_login_token_in_says() {
    for (reading, inside, beside) in [("both", true, true), ("data", true, false), ("beside", false, true)] {
        let bench = bench(json!({"login_token_in": reading})).await;
        let mut client = Client::connect(&bench).await;
        let reply = client.ask("login", json!({"component": "registrator", "login": "terminal"})).await;
        assert_eq!(reply["data"].get("token").is_some(), inside, "{reading}: {reply}");
        assert_eq!(reply.get("token").is_some(), beside, "{reading}: {reply}");
        client.token = reply["data"].get("token").or(reply.get("token")).and_then(Value::as_str).map(str::to_owned);
        client.data("info", json!({})).await;
    }
}

#[proves("Q4", "Q24")]
#[tokio::test]
async fn the_terse_vintage_has_the_keys_of_2015() {
    let bench = bench(json!({"vintage": "terse"})).await;
    let mut clerk = serving(&bench).await;
    let reply = clerk.ask("nextConsumer", here()).await;
    assert_eq!(keys(&reply), ["dateTime", "command", "data"], "no token is echoed");
    let consumer = [
        "services",
        "id",
        "prefix",
        "number",
        "priority",
        "registration",
        "workplace_id",
        "last_call",
        "ticket",
        "workplace",
        "state",
    ];
    assert_eq!(keys(&reply["data"]), consumer);
    let mut window = [
        "id",
        "operations",
        "name",
        "alias",
        "disabled",
        "state_id",
        "all_operations",
        "currentOperations",
        "clerk_id",
        "consumer_id",
    ];
    window.sort_unstable();
    let mut got = keys(&reply["data"]["workplace"]);
    got.sort_unstable();
    assert_eq!(got, window);
    assert_eq!(clerk.data("consumerList", json!({})).await[0], reply["data"], "the book has it so too");
    let failed = clerk.ask("nextConsumer", json!({"workplace": 99})).await;
    assert_eq!(keys(&failed), ["dateTime", "command", "data", "error"]);
}

#[proves("Q11")]
#[tokio::test]
async fn the_reply_to_unsubscribe_names_what_unsubscribe_echo_says() {
    for (reading, named) in [("own", "unsubscribeServices"), ("printed", "subscribeServices")] {
        let bench = bench(json!({"unsubscribe_echo": reading})).await;
        let mut client = Client::admin(&bench).await;
        client.data("subscribeServices", json!({})).await;
        let mut frame = json!({"command": "unsubscribeServices", "token": client.token, "data": {}});
        client.raw(tokio_tungstenite::tungstenite::Message::text(frame.to_string())).await;
        let reply = client.frame().await;
        assert_eq!((&reply["command"], &reply["data"]), (&json!(named), &no_errors()), "{reading}");
        frame["command"] = json!("unsubscribeCurrentQueue");
        client.raw(tokio_tungstenite::tungstenite::Message::text(frame.to_string())).await;
        assert_eq!(client.frame().await["command"], "unsubscribeCurrentQueue", "an observed command has no slip");
        // It is unsubscribed either way.
        client.data("setService", json!({"id": 3, "priority": 1})).await;
        client.nothing_came().await;
    }
}

#[proves("QU-073")]
#[tokio::test]
async fn an_empty_queue_is_what_nobody_says() {
    for (reading, data) in [("object", json!({})), ("none", Value::Null), ("list", json!([]))] {
        let bench = bench(json!({"nobody": reading})).await;
        let mut clerk = Client::operator(&bench).await;
        assert_eq!(clerk.data("nextConsumer", here()).await, data, "{reading}");
    }
}

#[proves("Q19")]
#[tokio::test]
async fn a_rejected_ticket_ends_as_rejected_ends_says() {
    let operation = json!({"service": 4, "priority": 50, "operation": 3, "workplace": 11});
    for (reading, state, counted) in [("served", "SERVED", "served"), ("rejected", "REJECTED", "rejected")] {
        let bench = bench(json!({"rejected_ends": reading})).await;
        let mut clerk = serving(&bench).await;
        assert_eq!(clerk.data("rejectOperation", operation.clone()).await["state"], state);
        bench.act("queue.take_ticket", json!({"services": [5]})).await;
        clerk.data("nextConsumer", here()).await;
        assert_eq!(clerk.data("rejectConsumer", here()).await["state"], state);
        assert_eq!(bench.state().await["queue"]["totals"][counted], 2, "{reading}");
        // What is served is served.
        bench.act("queue.take_ticket", json!({"services": [4]})).await;
        clerk.data("nextConsumer", here()).await;
        assert_eq!(clerk.data("serveOperation", operation.clone()).await["state"], "SERVED");
    }
}

#[proves("Q22")]
#[tokio::test]
async fn a_ticket_whose_next_stage_the_window_serves_goes_where_next_stage_says() {
    let here = json!({"workplace": 18});
    let operation = json!({"workplace": 18, "service": 1, "priority": 10, "operation": 10});
    for (reading, command, state) in [
        ("queue", "serveOperation", "WAITING"),
        ("stay", "serveOperation", "SERVING"),
        ("queue", "serveConsumer", "WAITING"),
        ("stay", "serveConsumer", "SERVING"),
        ("stay", "rejectOperation", "SERVING"),
    ] {
        let bench = bench(json!({"next_stage": reading})).await;
        let mut admin = Client::admin(&bench).await;
        bench.act("queue.take_ticket", json!({"services": [1]})).await;
        admin.data("nextConsumer", here.clone()).await;
        let data = if command == "serveConsumer" { here.clone() } else { operation.clone() };
        let done = admin.data(command, data).await;
        assert_eq!(done["state"], state, "{reading}, {command}");
        assert_eq!(done["services"]["1"]["20"]["3"]["state"], state, "{reading}, {command}: {done}");
        let stays = if reading == "stay" { 18 } else { -1 };
        assert_eq!(done["workplace_id"], stays);
        let window = admin.data("getWorkplace", json!({"id": 18})).await;
        assert_eq!(window["consumer_id"], if reading == "stay" { done["id"].clone() } else { json!(-1) });
        admin.data("nextConsumer", here.clone()).await;
        assert_eq!(admin.data("serveConsumer", here.clone()).await["state"], "SERVED");
        // Where the window cannot serve the next stage, there is only the line.
        admin.data("setWorkplace", json!({"id": 18, "all_operations": 0, "operations": [10]})).await;
        bench.act("queue.take_ticket", json!({"services": [1]})).await;
        admin.data("nextConsumer", here.clone()).await;
        assert_eq!(admin.data("serveConsumer", here.clone()).await["state"], "WAITING", "{reading}");
    }
}

#[proves("QU-098")]
#[tokio::test]
async fn reject_consumer_writes_its_comment_as_often_as_reject_comment_says() {
    for (reading, comments) in [("twice", json!(["c", "c"])), ("once", json!(["c"]))] {
        let bench = bench(json!({"reject_comment": reading})).await;
        let mut clerk = serving(&bench).await;
        let done = clerk.data("rejectConsumer", json!({"workplace": 11, "comment": "c"})).await;
        assert_eq!(done["services"]["4"]["50"]["3"]["comment"], comments, "{reading}");
    }
}

#[proves("Q21")]
#[tokio::test]
async fn who_is_alone_is_skipped_as_skip_alone_says() {
    let bench = bench(json!({"skip_alone": "stays"})).await;
    let mut clerk = serving(&bench).await;
    let before = bench.state().await["queue"].clone();
    let stays = clerk.data("skipConsumer", here()).await;
    assert_eq!(stays, clerk.data("nextConsumer", here()).await, "as nextConsumer answers");
    assert_eq!(bench.state().await["queue"], before, "nothing has changed");
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    assert_eq!(clerk.data("skipConsumer", here()).await["ticket"], "Г002", "with somebody else it is skipped");
    // The other reading is the default: an error.
    let bench = Bench::start().await;
    let mut clerk = serving(&bench).await;
    assert_eq!(clerk.fails("skipConsumer", here()).await["desc"], "The queue has no other consumer");
}

#[proves("QU-111")]
#[tokio::test]
async fn a_consumer_is_postponed_by_what_postpone_by_says() {
    let bench = bench(json!({"postpone_by": "listed", "postpone_delays": [5, 15]})).await;
    let mut clerk = serving(&bench).await;
    let before = bench.state().await["queue"].clone();
    let error = clerk.fails("postponeConsumer", json!({"workplace": 11, "delay": "7"})).await;
    assert_eq!(error["desc"], "Cannot postpone by '7' minutes; one of 5, 15");
    assert_eq!(bench.state().await["queue"], before);
    clerk.data("postponeConsumer", json!({"workplace": 11, "delay": "15"})).await;
    let bench = Bench::start().await;
    let mut clerk = serving(&bench).await;
    clerk.data("postponeConsumer", json!({"workplace": 11, "delay": "7"})).await;
}

#[proves("QU-133")]
#[tokio::test]
async fn a_clerk_commands_where_other_windows_says() {
    let bench = bench(json!({"other_windows": "allowed"})).await;
    let mut admin = Client::admin(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    // Nobody sits at window 11: the administrator of window 18 serves there.
    let called = admin.data("nextConsumer", here()).await;
    assert_eq!((&called["ticket"], &called["workplace_id"]), (&json!("Г001"), &json!(11)));
    assert_eq!(called["services"]["4"]["50"]["3"]["user_id"], 1);
    assert_eq!(admin.data("serveConsumer", here()).await["state"], "SERVED");
    // The role of the one who commands limits what can be served, not that of the one who sits there.
    let role = admin.data("newUserRole", json!({"name": "Только 4", "clerk": {"operations": [4]}})).await["id"].clone();
    admin.data("newUser", json!({"login": "petrov", "password": PASSWORD, "role_id": role, "clerk": {}})).await;
    admin.data("newWorkplace", json!({"name": "Окно 3", "all_operations": 1})).await;
    let mut petrov = Client::connect(&bench).await;
    petrov.login(json!({"component": "workplace", "login": "petrov", "password": PASSWORD, "workplace": 19})).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    assert_eq!(petrov.data("nextConsumer", here()).await, json!({}));
    assert_eq!(admin.data("nextConsumer", here()).await["ticket"], "Г002");
    // By default each commands at his own window.
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let error = admin.fails("nextConsumer", here()).await;
    assert_eq!(error["desc"], "The clerk is not logged in at workplace 11");
}

#[proves("QU-139")]
#[tokio::test]
async fn who_is_bound_to_another_is_listed_as_bound_tickets_says() {
    for (reading, shown) in [("hidden", false), ("shown", true)] {
        let bench = bench(json!({"bound_tickets": reading})).await;
        let mut clerk = serving(&bench).await;
        let mut admin = Client::admin(&bench).await;
        clerk.data("postponeConsumer", json!({"workplace": 11, "delay": 1, "return2me": true})).await;
        bench.act("queue.take_ticket", json!({"services": [5]})).await;
        bench.advance("1m").await;
        let line = |queue: Value| -> Vec<(String, bool)> {
            let line = |one: &Value| (one["ticket"].as_str().unwrap().to_owned(), one["mayCall"].as_bool().unwrap());
            queue.as_array().unwrap().iter().map(line).collect()
        };
        let mine = line(clerk.data("currentQueue", here()).await);
        assert_eq!(mine, [("Г001".into(), true), ("H001".into(), true)], "who postponed it may call it");
        let theirs = line(admin.data("currentQueue", json!({"workplace": 18})).await);
        let mut expected = vec![("H001".to_owned(), true)];
        if shown {
            expected.insert(0, ("Г001".into(), false));
        }
        assert_eq!(theirs, expected, "{reading}");
        // Nobody else may call it, shown or not.
        assert_eq!(admin.data("nextConsumer", json!({"workplace": 18})).await["ticket"], "H001");
        assert_eq!(line(admin.data("currentQueue", json!({"workplace": 18})).await).len(), usize::from(shown));
    }
}

#[proves("QU-131")]
#[tokio::test]
async fn a_code_does_as_pin_code_says() {
    for (reading, does) in [("equal", false), ("any", true)] {
        let bench = bench(json!({"pin_code": reading})).await;
        let mut terminal = Client::terminal(&bench).await;
        let mut admin = Client::admin(&bench).await;
        admin.data("setService", json!({"id": 4, "pin_code": "1234"})).await;
        terminal.fails("registrateConsumer", json!({"services": [4]})).await;
        terminal.fails("registrateConsumer", json!({"services": [4], "pin_code": ""})).await;
        let other = json!({"services": [4], "pin_code": "79998887766"});
        if does {
            let reply = terminal.data("registrateConsumer", other).await;
            assert_eq!(reply["consumer"]["pin_code"], "79998887766");
        } else {
            terminal.fails("registrateConsumer", other).await;
        }
        let reply = terminal.data("registrateConsumer", json!({"services": [4], "pin_code": "1234"})).await;
        assert_eq!(reply["consumer"]["pin_code"], "1234");
    }
}

#[proves("QU-126")]
#[tokio::test]
async fn a_ticket_has_its_picture_when_preview_says() {
    for (reading, unasked) in [("always", true), ("noprint", false)] {
        let bench = bench(json!({"preview": reading})).await;
        let mut terminal = Client::terminal(&bench).await;
        for (noprint, drawn) in [(json!(true), true), (json!(false), unasked), (Value::Null, unasked)] {
            let reply = terminal.data("registrateConsumer", json!({"services": [4], "noprint": noprint})).await;
            assert_eq!(reply.get("preview").is_some(), drawn, "{reading}, {noprint}");
            assert_eq!(reply["consumer"]["state"], "WAITING");
        }
    }
}

#[proves("Q26")]
#[tokio::test]
async fn done_is_written_as_statistics_done_says() {
    for (reading, done) in [("bare", "2026-11-21T09:00:01"), ("full", "2026-11-21T09:00:00.500Z")] {
        let bench = bench(json!({"statistics_done": reading})).await;
        let mut clerk = serving(&bench).await;
        bench.advance("500ms").await;
        clerk.data("serveConsumer", here()).await;
        assert_eq!(clerk.data("statistics", json!({})).await[0]["done"], done, "{reading}");
    }
}

#[tokio::test]
async fn a_reading_that_there_is_not_is_refused_with_its_place() {
    let bench = Bench::start().await;
    let mut world = bench.state().await;
    world["queue"]["settings"]["errors_in"] = json!("dta");
    let answer = bench.steer(reqwest::Method::PUT, "/worlds/default/state", world).await;
    assert!(answer.status.is_client_error());
    assert!(answer.text.contains("dta") && answer.text.contains("errors_in"), "{}", answer.text);
}
