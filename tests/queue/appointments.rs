//! Visitors by appointment, over the wire, and fields of the books that public clients send.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use crate::support::Bench;

/// The warnings of the latest exchange of an operation.
async fn warnings(bench: &Bench, operation: &str) -> Value {
    let path = format!("/worlds/default/journal?fake=queue&operation={operation}");
    let entries = bench.steer(Method::GET, &path, Value::Null).await.json()["entries"].clone();
    entries.as_array().expect("entries").last().expect("an entry")["remarks"].clone()
}

#[proves("QU-162")]
#[tokio::test]
async fn who_enters_the_code_of_an_appointment_takes_its_ticket() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let mut terminal = Client::terminal(&bench).await;
    admin.data("setService", json!({"id": 5, "pin_code": "1111"})).await;
    let mut made = Vec::new();
    for (services, time, code) in [
        (json!([5]), "2026-11-23T10:00:00", "4321"),
        (json!([5, 4]), "2026-11-21T12:00:00Z", "4321"),
        (json!([4]), "2026-11-21T11:00:00Z", ""),
    ] {
        let row =
            json!({"name": "Петров", "services": services, "time": time, "pin_code": code, "comment": "с паспортом"});
        made.push(admin.data("newConsumerPreRegistered", row).await["id"].clone());
    }
    admin.data("subscribeConsumerPreRegistereds", json!({})).await;
    // The one of today comes first; a service's own code is not asked for again.
    let taken = terminal.data("registrateConsumer", json!({"pin_code": "4321", "noprint": true})).await;
    let ticket = &taken["consumer"];
    assert!(taken["preview"].is_string());
    assert_eq!(ticket["services"].as_object().unwrap().keys().collect::<Vec<_>>(), ["4", "5"]);
    assert_eq!((&ticket["comment"], &ticket["pin_code"]), (&json!("с паспортом"), &json!("4321")));
    let push = admin.push().await;
    assert_eq!(push["command"], "consumerPreRegisteredList");
    assert_eq!((&push["data"][1]["consumer_id"], &push["data"][0]["consumer_id"]), (&ticket["id"], &json!(-1)));
    // The other by naming its service; what is named must be the appointment's.
    let other = terminal.data("registrateConsumer", json!({"services": [4], "pin_code": "4321"})).await;
    assert_eq!(other["consumer"]["pin_code"], "", "an ordinary ticket");
    let taken = terminal.data("newConsumer", json!({"services": [5], "pin_code": 4321, "comment": "сам"})).await;
    assert_eq!((&taken["ticket"], &taken["comment"]), (&json!("H002"), &json!("сам")));
    assert_eq!(admin.data("getConsumerPreRegistered", json!({"id": made[0]})).await["consumer_id"], taken["id"]);
    // A code takes one ticket; an appointment without a code cannot be taken by code.
    for data in [json!({"pin_code": "4321"}), json!({"pin_code": ""}), json!({})] {
        let before = bench.state().await["queue"].clone();
        let error = terminal.fails("registrateConsumer", data).await;
        assert_eq!(error["desc"], "Consumer: parameter 'services' is required");
        assert_eq!(bench.state().await["queue"], before);
    }
    // What is changed of an appointment whose ticket was taken does not reach the ticket.
    admin.data("setConsumerPreRegistered", json!({"id": made[2], "services": [5], "pin_code": "9"})).await;
    assert_eq!(warnings(&bench, "setConsumerPreRegistered").await, Value::Null);
    let change = json!({"id": made[0], "services": [4], "consumer_id": 7, "phone": "+7"});
    admin.data("setConsumerPreRegistered", change).await;
    let mut said: Vec<String> =
        serde_json::from_value(warnings(&bench, "setConsumerPreRegistered").await).expect("warnings");
    said.sort();
    let expected = [
        "field `consumer_id` is the server's; ignored",
        "the appointment's ticket H002 was taken already; it stays as it is",
        "unknown field `phone` kept",
    ];
    assert_eq!(said, expected);
}

#[proves("Q15", "QU-158")]
#[tokio::test]
async fn fields_that_public_clients_send_are_kept_and_shown() {
    let bench = Bench::start().await;
    let mut admin = Client::admin(&bench).await;
    let operations = json!({"1": [1]});
    for (book, row) in [
        ("TicketRange", json!({"name": "r", "prefix": "Я", "ticketMin": "100", "ticketMax": 101})),
        (
            "Service",
            json!({"name": "s", "ticket_range_id": 1, "operations": operations, "registrable": 1, "dynamic": false}),
        ),
        ("Workplace", json!({"name": "w", "wpd_filter": {"a": [1]}, "audio_zone": "3"})),
    ] {
        let made = admin.data(&format!("new{book}"), row.clone()).await;
        assert_eq!(warnings(&bench, &format!("new{book}")).await, Value::Null, "{book}: these are known");
        let sent = row.as_object().expect("a row");
        for (key, value) in sent.iter().filter(|(key, _)| *key != "ticketMin") {
            assert_eq!(made[key], *value, "{book}.{key}: {made}");
        }
        assert_eq!(admin.data(&format!("get{book}"), json!({"id": made["id"]})).await, made);
    }
    assert_eq!(admin.data("getTicketRange", json!({"name": "r"})).await["ticketMin"], 100);
    // Numbers go by it.
    let service = json!({"name": "z", "ticket_range_id": 5, "operations": {"1": [1]}});
    let service = admin.data("newService", service).await["id"].clone();
    for ticket in ["Я100", "Я101"] {
        assert_eq!(admin.data("newConsumer", json!({"services": [service]})).await["ticket"], ticket);
    }
    admin.fails("newConsumer", json!({"services": [service]})).await;
    admin.data("setTicketRange", json!({"id": 5, "last": 200})).await;
    assert_eq!(warnings(&bench, "setTicketRange").await, Value::Null, "our older names are read too");
    assert_eq!(admin.data("getTicketRange", json!({"id": 5})).await["ticketMax"], 200);
    // Whatever else comes is kept in every book, shown behind the row's own fields, changed field by field, and saved.
    let many = json!({"id": 1, "icon": {"a": null}, "colour": "#fff"});
    for (set, get) in [
        ("setOperation", "getOperation"),
        ("setService", "getService"),
        ("setTicketRange", "getTicketRange"),
        ("setUserRole", "getUserRole"),
        ("setUser", "getUser"),
        ("setQBoard", "getQBoard"),
        ("setScoreBoard", "getScoreBoard"),
        ("setRegistrator", "getRegistrator"),
    ] {
        let before = admin.data(get, json!({"id": 1})).await;
        admin.data(set, many.clone()).await;
        assert_eq!(warnings(&bench, set).await.as_array().map(Vec::len), Some(2), "{set}");
        admin.data(set, json!({"id": 1, "icon": 2})).await;
        let after = admin.data(get, json!({"id": 1})).await;
        assert_eq!((&after["icon"], &after["colour"]), (&json!(2), &json!("#fff")), "{get}");
        for (key, value) in before.as_object().expect("a row") {
            if key != "role" {
                assert_eq!(after[key], *value, "{get}: {key}");
            }
        }
        let keys: Vec<&String> = after.as_object().expect("a row").keys().collect();
        assert!(!keys.contains(&&"further".to_owned()), "{keys:?}");
    }
    let users = admin.data("userList", json!({})).await;
    assert_eq!(users[0]["role"]["colour"], "#fff", "also where a row shows another");
    let saved = bench.state().await;
    let answer = bench.steer(Method::PUT, "/worlds/default/state", saved).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut again = Client::admin(&bench).await;
    assert_eq!(again.data("userList", json!({})).await, users);
    let set = json!({"queue.set": {"book": "service", "id": 4, "fields": {"registrable": 0}}});
    assert_eq!(bench.steer(Method::POST, "/worlds/default/actions", set).await.status, 200);
    assert_eq!(again.data("getService", json!({"id": 4})).await["registrable"], 0);
    let mut flood = json!({"id": 4});
    (0..65).for_each(|n| flood[format!("f{n}")] = json!(n));
    assert_eq!(again.fails("setService", flood).await["desc"], "Service: 64 further fields at most");
}

#[proves("QU-160")]
#[tokio::test]
async fn statistics_show_what_is_deeper_within_what_is_around_it() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    let whole = clerk.data("statistics", json!({"services": true, "stages": true, "operations": true})).await;
    assert!(whole[0]["services"][0]["stages"][0]["operations"][0]["states"].is_array(), "{whole}");
    assert_eq!(clerk.data("statistics", json!({"operations": true})).await, whole);
    let stages = clerk.data("statistics", json!({"stages": 1})).await;
    assert_eq!(stages[0]["services"][0]["stages"][0].get("operations"), None);
    assert_eq!(stages[0]["services"][0]["stages"][0]["priority"], 50);
    let services = clerk.data("statistics", json!({"services": 1})).await;
    assert_eq!(services[0]["services"][0].get("stages"), None);
    assert_eq!(clerk.data("statistics", json!({})).await[0].get("services"), None);
}
