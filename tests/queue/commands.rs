//! Control commands and those of service: the samples that belong to other days than the afternoon, each in a world that
//! holds its own entities, and what public clients use beyond the document.

use serde_json::{Value, json};
use stend::Config;

use super::client::{Client, PASSWORD, assert_error, assert_holds, no_errors};
use crate::support::Bench;

async fn bench_at(moment: &str) -> Bench {
    let clock = stend::ClockSetting::frozen_at(moment.parse().unwrap());
    Bench::with(Config { clock: Some(clock), ..Config::default() }).await
}

async fn become_world(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut world = bench.state().await;
    change(&mut world["queue"]);
    let answer = bench.steer(reqwest::Method::PUT, "/worlds/default/state", world).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn at(bench: &Bench, to: &str) {
    let answer = bench.steer(reqwest::Method::POST, "/worlds/default/clock/advance", json!({ "to": to })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[proves("QU-042", "QU-047", "Q5", "Q6")]
#[tokio::test]
async fn login_and_logout_as_printed() {
    let bench = bench_at("2015-06-08T12:05:55.749Z").await;
    become_world(&bench, |queue| {
        queue["consumers"] = json!([{
            "id": 10, "number": 1, "registration": "2015-06-08T12:00:00.000Z", "state": "SERVING", "workplace_id": 18,
            "services": {"1": {"registration": "2015-06-08T12:00:00.000Z", "stages":
                {"10": {"10": {"state": "SERVING", "user_id": 1}}, "20": {"3": {}}}}}
        }]);
    })
    .await;
    let mut client = Client::connect(&bench).await;
    let reply =
        client.login(json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": 18})).await;
    let token = reply["token"].as_str().unwrap().to_owned();
    assert!(token.len() == 38 && token.starts_with('{') && token.ends_with('}'), "{token}");
    let printed = json!({
        "dateTime": "2015-06-08T12:05:55.749Z",
        "command": "login",
        "data": {
            "workplace": {
                "id": 18, "operations": [], "name": "Администратор", "alias": "Администратор", "disabled": 0,
                "state_id": 1, "clerk_id": 1, "consumer_id": 10, "all_operations": 1,
                "currentOperations": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
            },
            "user": {
                "id": 1, "login": "admin", "password": "827ccb0eea8a706c4c34a16891f84e7b", "surname": "admin",
                "name": "", "patronymic": "", "create_time": "2015-04-26T16:59:22.000Z", "disabled": 0, "role_id": 1,
                "clerk": {"id": 1, "priority": 50, "default_workplace": null, "all_operations": 0},
                "role": {
                    "id": 1, "name": "Администратор (полный доступ)", "disabled": 0, "description": null,
                    "administrator": {"id": 1},
                    "clerk": {"id": 1, "all_operations": 1, "operations": [1, 2, 3, 4, 5, 6, 7]}
                }
            },
            "token": token
        }
    });
    assert_holds(&reply, &printed, "login");
    assert_eq!(
        serde_json::to_string_pretty(&reply["data"]["user"]).unwrap(),
        serde_json::to_string_pretty(&printed["data"]["user"]).unwrap(),
        "to the letter: no newer vintage of it is known"
    );

    let reply = client.ask("logout", json!({"workplace": 18})).await;
    assert_eq!(reply["data"], no_errors());
    let error = client.fails("info", json!({})).await;
    assert_eq!(error["desc"], "Session not found");
}

#[tokio::test]
async fn info_and_postpone_delay_as_printed() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    let _other = Client::terminal(&bench).await;
    let info = client.data("info", json!({})).await;
    let printed = json!({
        "common": "1.0.3", "core": "1.0.5", "database": "1.0.1", "jsengine": "1.0.7", "wssserver": "1.0.6",
        "db": "1.0.0", "hasp": "1023919797", "sessions": 2
    });
    assert_eq!(info.to_string(), printed.to_string());
    let delays = client.data("postponeDelay", json!({})).await;
    assert_eq!(delays.to_string(), r#"["1","5","10","15","20","25"]"#);
}

#[proves("QU-058", "QU-059", "QU-060", "QU-061", "QU-062", "QU-063", "QU-064", "QU-066", "QU-067")]
#[tokio::test]
async fn statistics_as_printed() {
    let bench = bench_at("2015-06-17T15:34:32.000Z").await;
    become_world(&bench, |queue| {
        queue["next"]["consumers"] = json!(449);
        queue["numbers"] = json!([{"ticket_range": 2, "last": 1}]);
    })
    .await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    at(&bench, "2015-06-17T15:34:47.000Z").await;
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    at(&bench, "2015-06-17T15:34:51.000Z").await;
    clerk.data("serveConsumer", json!({"workplace": 11})).await;
    at(&bench, "2015-06-17T15:45:03.961Z").await;
    let whole = json!({
        "from": "2015-06-17T00:00:00.000Z", "to": "2015-06-18T00:00:00.000Z", "workplace": 11, "user": 3, "userRole": 2,
        "ticket": "Г002", "services": true, "stages": true, "operations": true
    });
    let printed = json!([{
        "consumer_id": 449, "ticket": "Г002", "registration": "2015-06-17T15:34:32.000Z", "done": "2015-06-17T15:34:51",
        "services": [{
            "service_id": 4, "name": "Назначение / Отмена занятий на тренажере", "priority": 25,
            "registration": "2015-06-17T15:34:32.000Z",
            "stages": [{
                "priority": 50, "registration": "2015-06-17T15:34:32.000Z",
                "operations": [{
                    "operation_id": 3, "name": "Назначение занятий на тренажере", "regulated_sec": 300,
                    "danger_sec": 300, "registration": "2015-06-17T15:34:32.000Z",
                    "states": [{
                        "state": "SERVING", "time_in": "2015-06-17T15:34:47.000Z", "comment": null, "user_id": 3,
                        "workplace_id": 11
                    }]
                }]
            }]
        }]
    }]);
    let got = clerk.ask("statistics", whole.clone()).await;
    assert_eq!(got["dateTime"], "2015-06-17T15:45:03.961Z");
    assert_eq!(got["data"].to_string(), printed.to_string());

    // Each part of the filter for itself.
    for (key, value, rows) in [
        ("from", json!("2015-06-17T15:34:33.000Z"), 0),
        ("to", json!("2015-06-17T15:34:32.000Z"), 0),
        ("workplace", json!(18), 0),
        ("user", json!("1"), 0),
        ("userRole", json!(1), 0),
        ("ticket", json!("Г001"), 0),
        ("from", json!("2015-06-17"), 1),
        ("user", json!("3"), 1),
    ] {
        let mut filter = whole.clone();
        filter[key] = value;
        let got = clerk.data("statistics", filter.clone()).await;
        assert_eq!(got.as_array().unwrap().len(), rows, "{filter}");
    }
    // How deep the rows go.
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let flat = clerk.data("statistics", json!({})).await;
    assert_eq!(keys(&flat[0]), ["consumer_id", "ticket", "registration", "done"]);
    let some = clerk.data("statistics", json!({"services": true})).await;
    assert_eq!(keys(&some[0]["services"][0]), ["service_id", "name", "priority", "registration"]);
    let more = clerk.data("statistics", json!({"services": true, "stages": true})).await;
    assert_eq!(keys(&more[0]["services"][0]["stages"][0]), ["priority", "registration"]);
    clerk.fails("statistics", json!({"from": "yesterday"})).await;
    clerk.fails("statistics", json!({"from": "2015-06-18", "to": "2015-06-17"})).await;
}

#[proves("QU-068", "QU-069", "QU-137", "Q23")]
#[tokio::test]
async fn statistics_outlive_the_day() {
    let bench = bench_at("2015-06-17T15:00:00.000Z").await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    clerk.data("rejectConsumer", json!({"workplace": 11, "comment": "нет"})).await;
    bench.advance("8h59m").await;
    assert_eq!(clerk.data("consumerList", json!({})).await.as_array().unwrap().len(), 2);
    bench.advance("1m").await;
    assert_eq!(clerk.data("consumerList", json!({})).await, json!([]), "today's tickets only");
    assert_eq!(clerk.data("currentQueue", json!({"workplace": 11})).await, json!([]));
    let rows = clerk.data("statistics", json!({"services": 1, "stages": 1, "operations": 1})).await;
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert_eq!(rows[1]["done"], Value::Null, "who was never called is not done");
    let states = &rows[0]["services"][0]["stages"][0]["operations"][0]["states"];
    let words: Vec<_> = states.as_array().unwrap().iter().map(|stay| stay["state"].as_str().unwrap()).collect();
    assert_eq!(words, ["WAITING", "SERVING", "REJECTED"]);
    assert_eq!(states[2]["comment"], "нет");
    // Numbers begin again.
    assert_eq!(bench.act("queue.take_ticket", json!({"services": [4]})).await["ticket"], "Г001");
}

#[proves("QU-121", "QU-122", "QU-124", "QU-125", "QU-131", "QU-136", "Q25")]
#[tokio::test]
async fn a_ticket_is_registered_as_printed_and_has_a_picture() {
    let bench = bench_at("2024-04-22T13:22:35.902Z").await;
    become_world(&bench, |queue| {
        queue["services"] = json!([
            {"id": 1, "name": "Приём", "ticket_range_id": 1, "operations": {"1": [1]}},
            {"id": 2, "name": "По коду", "ticket_range_id": 1, "operations": {"1": [1]}, "pin_code": "79998887766"},
            {"id": 3, "name": "Закрыта", "ticket_range_id": 1, "operations": {"1": [1]}, "disabled": 1}
        ]);
        queue["ticket_ranges"] = json!([{"id": 1, "name": "Все", "last": 448}]);
        queue["next"] = json!({"consumers": 32317});
        queue["numbers"] = json!([{"ticket_range": 1, "last": 446}]);
    })
    .await;
    let mut terminal = Client::terminal(&bench).await;
    let request = json!({
        "services": [1], "priority": 0, "pin_code": "79998887766", "photo": null, "noprint": true,
        "comment": "Какой-то комментарий"
    });
    let reply = terminal.ask("registrateConsumer", request).await;
    let printed = json!({
        "services": {"1": {"1": {"1": {"state": "WAITING"}}}},
        "id": 32317, "prefix": "", "number": 447, "priority": 50, "registration": "2024-04-22T13:22:36.000Z",
        "active": true, "workplace_id": -1, "vanish_count": 0, "comment": "Какой-то комментарий", "pin_code": "",
        "state_changed": "2024-04-22T13:22:35.902Z", "last_update": "2024-04-22T13:22:35.902Z", "ticket": "447",
        "state": "WAITING"
    });
    assert_eq!(reply["data"]["consumer"].to_string(), printed.to_string(), "to the letter");
    assert_eq!(reply["token"], json!(terminal.token), "the newer samples echo the token");
    let preview = reply["data"]["preview"].as_str().unwrap();
    // The eight bytes every PNG begins with, in base64, as the print shows them.
    assert!(preview.starts_with("image/png;base64,iVBORw0KGgo") && preview.len() > 1000, "{preview}");

    // A code is wanted where the service has one, and kept then; the priority is added to 50.
    let error = terminal.fails("registrateConsumer", json!({"services": [2], "pin_code": "1"})).await;
    assert_eq!(error["desc"], "Service 2 requires a pin code, and this one is wrong");
    terminal.fails("registrateConsumer", json!({"services": [2]})).await;
    terminal.fails("registrateConsumer", json!({"services": [3]})).await;
    terminal.fails("registrateConsumer", json!({})).await;
    let reply = terminal
        .data(
            "registrateConsumer",
            json!({"services": ["2"], "pin_code": 79_998_887_766_i64, "priority": "-20", "photo": "aGk="}),
        )
        .await;
    assert_eq!(reply["consumer"]["pin_code"], "79998887766");
    assert_eq!(reply["consumer"]["priority"], 30);
    assert_eq!(reply["consumer"]["photo"], "aGk=", "a photo reaches the clerk");
    assert_eq!(reply["consumer"]["ticket"], "448");
    let error = terminal.fails("registrateConsumer", json!({"services": [1]})).await;
    assert_eq!(error["desc"], "Ticket range 'Все' is used up for today");
}

#[proves("QU-074", "QU-075", "QU-078")]
#[tokio::test]
async fn a_call_from_the_middle_of_the_queue_as_printed() {
    let bench = bench_at("2022-06-28T10:20:50.000Z").await;
    become_world(&bench, |queue| {
        queue["ticket_ranges"] = json!([{"id": 1, "name": "B", "prefix": "B"}]);
        queue["services"] = json!([{"id": 3, "name": "Приём", "ticket_range_id": 1, "operations": {"1": [3]}}]);
        queue["workplaces"] = json!([{
            "id": 1, "name": "Окно 1", "alias": "1", "operations": [1, 2, 3], "state_id": 4, "description": "по умолчанию"
        }]);
        queue["users"] = json!([{"id": 2, "login": "clerk", "password": PASSWORD, "role_id": 2, "clerk": {"id": 2}}]);
        queue["sessions"] = json!([]);
        queue["next"] = json!({});
    })
    .await;
    let mut clerk = Client::connect(&bench).await;
    clerk.login(json!({"component": "workplace", "login": "clerk", "password": PASSWORD, "workplace": 1})).await;
    bench.act("queue.take_ticket", json!({"services": [3]})).await;
    at(&bench, "2022-06-28T10:20:51.000Z").await;
    bench.act("queue.take_ticket", json!({"services": [3]})).await;
    at(&bench, "2022-06-28T10:21:12.967Z").await;
    let reply = clerk.ask("consumerFromQueueBody", json!({"id": 2, "workplace": 1})).await;
    // Where the vendor's clock went on while it worked, ours stands: these print 10:21:12.967 throughout.
    let printed = json!({
        "command": "consumerFromQueueBody",
        "data": {
            "services": {"3": {"1": {"3": {"state": "SERVING", "user_id": 2}}}},
            "id": 2, "prefix": "B", "number": 2, "priority": 50, "registration": "2022-06-28T10:20:51.000Z",
            "active": true, "workplace_id": 1, "last_call": "2022-06-28T10:21:12.967Z", "vanish_count": 0,
            "comment": "", "pin_code": "", "state_changed": "2022-06-28T10:21:12.967Z",
            "last_update": "2022-06-28T10:21:12.967Z",
            "workplace": {
                "id": 1, "operations": [1, 2, 3], "services": {}, "state_id": 4, "name": "Окно 1", "alias": "1",
                "disabled": 0, "description": "по умолчанию", "all_operations": 0, "service_priority_enabled": 0,
                "audio_notification_enabled": 0, "department": 0, "auto_call": 0, "auto_call_timeout": 0,
                "auto_serve": 0, "auto_serve_timeout": 0, "last_update": "2022-06-28T10:21:12.967Z", "clerk_id": 2,
                "consumer_id": 2, "currentOperations": [1, 2, 3]
            },
            "ticket": "B002", "state": "SERVING"
        },
        "token": clerk.token,
        "dateTime": "2022-06-28T10:21:12.967Z"
    });
    assert_holds(&reply, &printed, "consumerFromQueueBody");
    assert_eq!(reply["data"]["workplace"].to_string(), printed["data"]["workplace"].to_string(), "to the letter");

    // The window is busy; nobody has this id; that one is not waiting.
    assert_eq!(
        clerk.fails("consumerFromQueueBody", json!({"id": 1, "workplace": 1})).await["desc"],
        "Workplace 1 is serving consumer B002"
    );
    clerk.data("serveConsumer", json!({"workplace": 1})).await;
    assert_eq!(
        clerk.fails("consumerFromQueueBody", json!({"id": 7, "workplace": 1})).await["desc"],
        "Consumer 7 not found"
    );
    assert_eq!(
        clerk.fails("consumerFromQueueBody", json!({"id": 2, "workplace": 1})).await["desc"],
        "Consumer B002 is not waiting: SERVED"
    );
}

#[proves("QU-146", "QU-147", "QU-148", "QU-149", "QU-150", "Q27")]
#[tokio::test]
async fn what_public_clients_use_beyond_the_document() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    let mut terminal = Client::terminal(&bench).await;
    let me = clerk.data("me", json!({})).await;
    assert_eq!((&me["workplace"]["id"], &me["user"]["id"]), (&json!(11), &json!(3)));
    assert!(me["user"]["role"]["clerk"].is_object());
    let component = terminal.data("me", json!({})).await["component"].clone();
    assert_eq!((&component["priority"], &component["serviceGroup_id"]), (&json!(0), &Value::Null));

    // Clients test the reply for emptiness: nobody there is `null`.
    assert_eq!(clerk.data("currentConsumer", json!({"workplace": 11})).await, Value::Null);
    terminal.data("newConsumer", json!({"services": [4], "priority": 0})).await;
    terminal.data("newConsumer", json!({"services": [5], "priority": 0})).await;
    terminal.data("newConsumer", json!({"services": [1], "priority": 0})).await;
    let called = clerk.data("nextConsumer", json!({"workplace": 11})).await;
    assert_eq!(clerk.data("currentConsumer", json!({"workplace": 11})).await, called);

    let tickets = |data: &Value| -> Vec<String> {
        data["list"].as_array().unwrap().iter().map(|one| one["ticket"].as_str().unwrap().to_owned()).collect()
    };
    let view = json!({"workplace": 11, "detailed": false, "size": 0});
    assert_eq!(tickets(&clerk.data("currentQueue2", view).await), ["H001"]);
    let board = json!({"servingOnly": true, "size": 0});
    assert_eq!(tickets(&clerk.data("currentQueue2", board.clone()).await), ["Г001"]);
    assert_eq!(tickets(&clerk.data("currentQueue2", json!({"size": 1})).await), ["H001"]);
    assert_eq!(tickets(&clerk.data("currentQueue2", json!({})).await), ["H001", "А001"]);

    terminal.data("subscribeCurrentQueue2", board).await;
    clerk.data("serveConsumer", json!({"workplace": 11})).await;
    let push = terminal.push().await;
    assert_eq!((&push["command"], &push["data"]), (&json!("currentQueue2"), &json!({"list": []})));
    // Each kind of subscription has its own end (Q29).
    terminal.data("subscribeCurrentQueue", json!({"workplace": 11})).await;
    terminal.data("unsubscribeCurrentQueue2", json!({})).await;
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    assert_eq!(terminal.push().await["command"], "currentQueue");
    terminal.data("subscribeCurrentQueue2", json!({"servingOnly": true})).await;
    terminal.data("unsubscribeCurrentQueue", json!({"workplace": 11})).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    terminal.nothing_came().await;
    clerk.data("serveConsumer", json!({"workplace": 11})).await;
    assert_eq!(terminal.push().await["command"], "currentQueue2");
    terminal.nothing_came().await;
    clerk.fails("currentQueue2", json!({"size": -1})).await;
    clerk.fails("currentConsumer", json!({"workplace": 99})).await;
}

#[proves("QU-003", "QU-010")]
#[tokio::test]
async fn every_command_needs_a_session_and_says_so() {
    let bench = Bench::start().await;
    let operations = bench.steer(reqwest::Method::GET, "/operations", Value::Null).await.json();
    let operations = operations.as_array().or_else(|| operations["operations"].as_array()).expect("a list").clone();
    let commands: Vec<(String, String)> = operations
        .iter()
        .filter(|operation| operation["fake"] == "queue")
        .map(|one| (one["command"].as_str().unwrap().to_owned(), one["kind"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(commands.iter().filter(|(_, kind)| kind == "documented").count(), 107);
    let before = bench.state().await["queue"].clone();
    let mut client = Client::connect(&bench).await;
    for (command, _) in commands.iter().filter(|(command, _)| command != "login") {
        client.token = None;
        let error = client.fails(command, json!({})).await;
        assert_eq!((&error["codeModule"], &error["desc"]), (&json!(2), &json!("Parameter 'token' is required")));
        client.token = Some("{00000000-0000-4000-8000-000000000000}".into());
        assert_eq!(client.fails(command, json!({})).await["desc"], "Session not found", "{command}");
    }
    assert_eq!(bench.state().await["queue"], before);
}

#[proves("QU-043", "Q7")]
#[tokio::test]
async fn logins_that_are_refused_open_nothing() {
    let bench = Bench::start().await;
    let mut client = Client::connect(&bench).await;
    let before = bench.state().await["queue"].clone();
    for (data, part) in [
        (json!({}), "'component' is required"),
        (json!({"component": "workplace"}), "'login' is required"),
        (json!({"component": "kiosk", "login": "admin"}), "Unknown component 'kiosk'"),
        (json!({"component": "workplace", "login": "admin", "workplace": 18}), "Wrong login or password"),
        (
            json!({"component": "workplace", "login": "admin", "password": "12345", "workplace": 18}),
            "Wrong login or password",
        ),
        (
            json!({"component": "workplace", "login": "nobody", "password": PASSWORD, "workplace": 18}),
            "Wrong login or password",
        ),
        (
            json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": 99}),
            "Workplace 99 not found",
        ),
        (json!({"component": "workplace", "login": "admin", "password": PASSWORD}), "'workplace' is required"),
        (json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": "x"}), "whole number"),
        (
            json!({"component": "registrator", "login": "nobody"}),
            "Registrator 'nobody' not found; it logs in with its name: {\"component\": \"registrator\", \"login\": ",
        ),
        (json!({"component": "qboard", "login": "terminal"}), "{\"component\": \"qboard\", \"login\": "),
        (
            json!({"component": "workplace", "login": "scoreboard"}),
            "the book ScoreBoard has this name: {\"component\": \"scoreboard\"",
        ),
        (json!({"component": "board", "login": "qboard"}), "qboard, scoreboard with login alone"),
        (json!({"component": "workplace", "login": {}, "password": PASSWORD}), "expected a string"),
    ] {
        let error = client.fails("login", data.clone()).await;
        assert!(error["desc"].as_str().unwrap().contains(part), "{data}: {error}");
        assert_error(&error);
    }
    assert_eq!(bench.state().await["queue"], before);
    // A password is compared as it stands (Q29); the number may be a string.
    let capitals =
        json!({"component": "workplace", "login": "admin", "password": PASSWORD.to_uppercase(), "workplace": 18});
    client.fails("login", capitals).await;
    client.login(json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": "18"})).await;
    for (component, login) in [("registrator", "terminal"), ("qboard", "qboard"), ("scoreboard", "scoreboard")] {
        client.login(json!({"component": component, "login": login})).await;
        client.data("consumerList", json!({})).await;
        let error = client.fails("nextConsumer", json!({"workplace": 11})).await;
        assert_eq!(error["desc"], "The session has no clerk; log in as component 'workplace'");
    }
}

/// The whole of the replies to the commands that the afternoon does not have, in the documented world.
#[proves("QU-139", "QU-145", "G2")]
#[tokio::test]
async fn control_commands_to_the_letter() {
    let bench = Bench::start().await;
    let mut clerk = Client::connect(&bench).await;
    let mut replies = Vec::new();
    let login = json!({"component": "workplace", "login": "operator", "password": PASSWORD, "workplace": 11});
    replies.push(clerk.login(login).await);
    for (command, data) in [
        ("me", json!({})),
        ("info", json!({})),
        ("postponeDelay", json!({})),
        ("newConsumer", json!({"services": [4]})),
        ("registrateConsumer", json!({"services": [5], "priority": 0, "noprint": true, "comment": "c"})),
        ("currentQueue", json!({"workplace": 11, "detailed": true})),
        ("currentQueue2", json!({"workplace": 11, "detailed": false, "size": 1})),
        ("consumerFromQueueBody", json!({"workplace": 11, "id": 30})),
        ("currentConsumer", json!({"workplace": 11})),
        ("subscribeCurrentQueue", json!({"workplace": 11, "detailed": false})),
        ("subscribeCurrentQueue2", json!({"workplace": 11, "detailed": false, "size": 0})),
        ("unsubscribeCurrentQueue", json!({"workplace": 11})),
        ("unsubscribeCurrentQueue2", json!({"workplace": 11})),
        ("statistics", json!({"services": true, "stages": true, "operations": true})),
        ("logout", json!({})),
    ] {
        let mut reply = clerk.ask(command, data).await;
        if let Some(preview) = reply["data"].get_mut("preview") {
            // The picture has tests of its own; its bytes may change with a version of the libraries that draw it.
            assert!(preview.as_str().unwrap().starts_with("image/png;base64,iVBORw0KGgo"));
            *preview = json!("image/png;base64,[picture]");
        }
        replies.push(reply);
    }
    insta::assert_json_snapshot!("control", replies);
}
