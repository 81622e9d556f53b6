//! The reference books: eight commands each, from one table. Status and shape of every reply are in a snapshot per
//! book; the samples of the document (they are all of `service`) are typed in.

use serde_json::{Map, Value, json};

use super::client::{Client, no_errors};
use crate::support::Bench;

type Row = (&'static str, &'static str, i64, Value, Value, Option<&'static str>);

/// A book, a row that is there, a new row, a change to it, and the name by which it is found then.
#[rustfmt::skip]
fn table() -> Vec<Row> {
    vec![
        (
            "operation",
            "Operation",
            3,
            json!({"name": "Печать", "regulated_sec": "60"}),
            json!({"danger_sec": 120}),
            Some("Печать"),
        ),
        (
            "service",
            "Service",
            3,
            json!({"name": "Выдача наличных", "priority": 50, "ticket_range_id": 3, "operations": {"50": [5], "100": [2]}}),
            json!({"name": "Консультация", "priority": 100, "description": "Новое описание"}),
            Some("Консультация"),
        ),
        (
            "ticketRange",
            "TicketRange",
            2,
            json!({"name": "Новый", "prefix": "Н"}),
            json!({"ticketMax": "99"}),
            Some("Новый"),
        ),
        (
            "workplace",
            "Workplace",
            11,
            json!({"name": "Окно 3", "operations": ["1", 2]}),
            json!({"alias": "3"}),
            Some("Окно 3"),
        ),
        (
            "userRole",
            "UserRole",
            1,
            json!({"name": "Кассир", "clerk": {"operations": [10]}}),
            json!({"clerk": {"all_operations": true}}),
            Some("Кассир"),
        ),
        (
            "user",
            "User",
            3,
            json!({"login": "ivanova", "password": "827ccb0eea8a706c4c34a16891f84e7b", "surname": "Иванова", "role_id": 2, "clerk": {}}),
            json!({"name": "Анна"}),
            Some("ivanova"),
        ),
        ("qBoard", "QBoard", 1, json!({"name": "Зал 2"}), json!({"description": "у входа"}), Some("Зал 2")),
        ("scoreBoard", "ScoreBoard", 1, json!({"name": "Окно 11"}), json!({"disabled": 1}), Some("Окно 11")),
        (
            "registrator",
            "Registrator",
            1,
            json!({"name": "terminal2", "priority": -10}),
            json!({"priority": "5"}),
            Some("terminal2"),
        ),
        (
            "consumer",
            "Consumer",
            29,
            json!({"services": [4], "priority": 0}),
            json!({"priority": 10, "comment": "с ребёнком"}),
            Some("Г002"),
        ),
        (
            "consumerPreRegistered",
            "ConsumerPreRegistered",
            1,
            json!({"services": [3], "time": "2026-11-21T12:30:00.000Z", "pin_code": 1234}),
            json!({"name": "Петров"}),
            Some("Петров"),
        ),
        (
            "serviceGroup",
            "ServiceGroup",
            1,
            json!({"root": {"services": [{"id": 4}], "children": [{"services": [{"id": 5}]}]}}),
            json!({"root": {"services": [1]}}),
            None,
        ),
    ]
}

/// Rows of the books of which the documented world has none.
async fn prepare(client: &mut Client) {
    client.data("newConsumer", json!({"services": [4]})).await;
    client.data("newConsumerPreRegistered", json!({"services": [4], "time": "2026-11-21T10:00:00Z"})).await;
    client.data("newServiceGroup", json!({"root": {"services": [{"id": 3}], "children": []}})).await;
}

#[proves(
    "QU-006", "QU-014", "QU-015", "QU-016", "QU-017", "QU-018", "QU-019", "QU-020", "QU-021", "QU-022", "QU-023",
    "QU-024", "QU-025", "QU-027", "QU-028", "QU-029", "QU-032", "QU-034", "QU-151", "QU-152", "Q14", "Q15", "Q27"
)]
#[tokio::test]
async fn eight_commands_of_every_book() {
    for (lower, title, there, new, change, name) in table() {
        let bench = Bench::start().await;
        let mut client = Client::admin(&bench).await;
        prepare(&mut client).await;
        let mut replies = Map::new();
        let mut note = |command: String, reply: &Value| replies.insert(command, reply.clone());

        let list = client.ask(&format!("{lower}List"), json!({})).await;
        note(format!("{lower}List"), &list);
        let got = client.ask(&format!("get{title}"), json!({"id": there.to_string()})).await;
        note(format!("get{title}"), &got);
        let rows = list["data"].as_array().unwrap();
        assert!(rows.contains(&got["data"]), "{title}: what get gives is in the list");

        let subscribed = client.ask(&format!("subscribe{title}s"), json!({})).await;
        assert_eq!(subscribed["data"], no_errors());
        note(format!("subscribe{title}s"), &subscribed);
        let made = client.ask(&format!("new{title}"), new).await;
        note(format!("new{title}"), &made);
        let id = made["data"]["id"].as_i64().unwrap();
        let push = client.push().await;
        assert_eq!(push["command"], format!("{lower}List"));
        assert_eq!(push["data"].as_array().unwrap().len(), rows.len() + 1, "{title}: the push is the whole list");
        assert_eq!(push["data"], client.data(&format!("{lower}List"), json!({})).await);

        let mut data = change;
        data["id"] = json!(id);
        let set = client.ask(&format!("set{title}"), data).await;
        assert_eq!(set["data"], no_errors());
        note(format!("set{title}"), &set);
        client.push().await;
        if let Some(name) = name {
            let found = client.ask(&format!("get{title}"), json!({ "name": name })).await;
            assert_eq!(found["data"]["id"], id, "{title} by name: {found}");
            note(format!("get{title} by name"), &found);
        }
        let unsubscribed = client.ask(&format!("unsubscribe{title}s"), json!({})).await;
        assert_eq!(unsubscribed["data"], no_errors());
        note(format!("unsubscribe{title}s"), &unsubscribed);

        let removed = client.ask(&format!("remove{title}"), json!({ "id": id })).await;
        assert_eq!(removed["data"], no_errors());
        note(format!("remove{title}"), &removed);
        client.fails(&format!("get{title}"), json!({ "id": id })).await;
        assert_eq!(client.data(&format!("{lower}List"), json!({})).await.as_array().unwrap().len(), rows.len());
        let all = client.ask(&format!("removeAll{title}s"), json!({})).await;
        note(format!("removeAll{title}s"), &all);
        client.nothing_came().await;

        // What every book refuses.
        for (command, data) in [
            (format!("get{title}"), json!({"id": 9999})),
            (format!("get{title}"), json!({"id": "x"})),
            (format!("get{title}"), json!({})),
            (format!("set{title}"), json!({"id": 9999})),
            (format!("set{title}"), json!({"name": "x"})),
            (format!("new{title}"), json!({})),
            (format!("remove{title}"), json!({"id": 9999})),
            (format!("remove{title}"), json!({})),
        ] {
            client.fails(&command, data).await;
        }
        insta::assert_json_snapshot!(format!("book_{lower}"), Value::Object(replies));
    }
}

fn printed_services() -> Value {
    json!([
        {
            "id": 1, "name": "Оплата практических занятий", "priority": 50, "ticket_range_id": 1, "disabled": 0,
            "description": null, "operations": {"10": [10], "20": [3]}, "pin_code": null
        },
        {
            "id": 3, "name": "Консультация / Первичная запись в автошколу / Активация купона", "priority": 50,
            "ticket_range_id": 3, "disabled": 0, "description": null, "operations": {"10": [7], "20": [8]}, "pin_code": null
        }
    ])
}

/// To the letter: keys in the order of the print.
fn assert_printed(got: &Value, printed: &Value) {
    assert_eq!(serde_json::to_string_pretty(got).unwrap(), serde_json::to_string_pretty(printed).unwrap());
}

#[proves("QU-028", "QU-030")]
#[tokio::test]
async fn the_printed_samples_of_services() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    let list = client.data("serviceList", json!({})).await;
    assert_printed(&json!(list.as_array().unwrap()[..2]), &printed_services());
    assert_printed(&client.data("getService", json!({"id": 3})).await, &printed_services()[1]);
    let new =
        json!({"name": "Выдача наличных", "priority": 50, "ticket_range_id": 3, "operations": {"50": [5], "100": [2]}});
    let made = client.data("newService", new).await;
    let printed = json!({
        "id": 12, "name": "Выдача наличных", "priority": 50, "ticket_range_id": 3, "disabled": 0, "description": null,
        "operations": {"50": [5], "100": [2]}, "pin_code": null
    });
    assert_printed(&made, &printed);
    let set = json!({"id": 3, "name": "Консультация", "priority": 100, "description": "Новое описание"});
    assert_printed(&client.data("setService", set).await, &no_errors());
    let changed = client.data("getService", json!({"name": "Консультация"})).await;
    assert_eq!(changed["priority"], 100);
    assert_eq!(changed["operations"], json!({"10": [7], "20": [8]}), "what is not given stays");
    assert_printed(&client.data("removeService", json!({"id": 12})).await, &no_errors());
}

#[proves("QU-030")]
#[tokio::test]
async fn a_part_that_was_not_there_is_whole_when_it_comes() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    let user = json!({"login": "x", "password": "827ccb0eea8a706c4c34a16891f84e7b", "role_id": 2});
    let made = client.data("newUser", user).await;
    assert!(made.get("clerk").is_none(), "no clerk: {made}");
    client.data("setUser", json!({"id": made["id"], "clerk": {"priority": 10}})).await;
    let clerk = client.data("getUser", json!({"id": made["id"]})).await["clerk"].clone();
    assert_eq!(clerk, json!({"id": made["id"], "priority": 10, "default_workplace": null, "all_operations": 0}));
    // One field of a part changes that field alone; `null` takes the part away.
    client.data("setUser", json!({"id": made["id"], "clerk": {"all_operations": 1}})).await;
    assert_eq!(client.data("getUser", json!({"name": "x"})).await["clerk"]["priority"], 10);
    client.data("setUser", json!({"id": made["id"], "clerk": null})).await;
    assert!(client.data("getUser", json!({"name": "x"})).await.get("clerk").is_none());
}

#[proves("QU-013", "QU-035", "QU-036", "QU-037", "Q12")]
#[tokio::test]
async fn what_is_referred_to_stays() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    let error = client.fails("removeOperation", json!({"id": 3})).await;
    assert_eq!(error["desc"], "Operation 3 is in use");
    let users: Vec<&str> = error["children"].as_array().unwrap().iter().map(|c| c["desc"].as_str().unwrap()).collect();
    assert_eq!(users, ["Service 1", "Service 4", "Workplace 11", "UserRole 1"]);
    for (command, data) in [
        ("removeTicketRange", json!({"id": 2})),
        ("removeUserRole", json!({"id": 2})),
        ("removeAllOperations", json!({})),
        ("removeAllTicketRanges", json!({})),
        ("removeAllUserRoles", json!({})),
    ] {
        let before = bench.state().await["queue"].clone();
        client.fails(command, data).await;
        assert_eq!(bench.state().await["queue"], before, "{command} is all or nothing");
    }
    // A service goes once no ticket and no appointment is for it.
    let consumer = client.data("newConsumer", json!({"services": [4]})).await["id"].clone();
    client.fails("removeService", json!({"id": 4})).await;
    client.data("removeConsumer", json!({"id": consumer})).await;
    client.data("removeService", json!({"id": 4})).await;
    client.data("removeAllServices", json!({})).await;
    assert_eq!(client.data("serviceList", json!({})).await, json!([]));
    // A window at which somebody is served stays.
    let mut operator = Client::operator(&bench).await;
    client.data("newService", json!({"name": "n", "ticket_range_id": 2, "operations": {"1": [3]}})).await;
    let consumer = client.data("newConsumer", json!({"services": [12]})).await["id"].clone();
    operator.data("nextConsumer", json!({"workplace": 11})).await;
    client.fails("removeWorkplace", json!({"id": 11})).await;
    client.fails("removeUser", json!({"id": 3})).await;
    client.fails("removeConsumer", json!({ "id": consumer })).await;
    client.fails("removeAllConsumers", json!({})).await;
}

#[proves("QU-012", "QU-151")]
#[tokio::test]
async fn values_that_cannot_be_meant_change_nothing() {
    let bench = Bench::start().await;
    let mut client = Client::admin(&bench).await;
    client.data("newConsumer", json!({"services": [4]})).await;
    let before = bench.state().await["queue"].clone();
    for (command, data, part) in [
        ("setService", json!({"id": 3, "priority": "high"}), "'priority': expected a whole number"),
        ("setService", json!({"id": 3, "name": {}}), "'name': expected a string"),
        ("setService", json!({"id": 3, "ticket_range_id": 77}), "TicketRange 77 not found"),
        ("setService", json!({"id": 3, "operations": {"10": [99]}}), "Operation 99 not found"),
        ("setService", json!({"id": 3, "operations": {}}), "at least one stage"),
        ("setService", json!({"id": 3, "operations": [1]}), "stages"),
        ("newService", json!({"name": "n", "ticket_range_id": 1}), "'operations' is required"),
        ("newOperation", json!({"name": null}), "'name' is required"),
        (
            "newUser",
            json!({"login": "admin", "password": "827ccb0eea8a706c4c34a16891f84e7b", "role_id": 1}),
            "exists already",
        ),
        ("newUser", json!({"login": "x", "password": "", "role_id": 1}), "'password' is required"),
        (
            "newUser",
            json!({"login": "x", "password": "827ccb0eea8a706c4c34a16891f84e7b", "role_id": 9}),
            "UserRole 9 not found",
        ),
        ("setTicketRange", json!({"id": 1, "first": 5, "last": 4}), "from 5 to 4"),
        ("newConsumer", json!({"services": []}), "'services' is required"),
        ("newConsumer", json!({"services": [4, 4]}), "already"),
        ("newConsumer", json!({"services": [2]}), "Service 2 not found"),
        ("newConsumer", json!({"services": "4"}), "expected a list"),
        ("setConsumer", json!({"id": 29, "services": [5]}), "addService"),
        ("newConsumerPreRegistered", json!({"services": [4], "time": "tomorrow"}), "expected a moment"),
        ("newServiceGroup", json!({"root": {"services": "x"}}), "'root'"),
        ("newServiceGroup", json!({"root": {"services": [77]}}), "Service 77 not found"),
        ("setWorkplace", json!({"id": 11, "disabled": 2}), "expected 0 or 1"),
    ] {
        let error = client.fails(command, data.clone()).await;
        assert!(error["desc"].as_str().unwrap().contains(part), "{command} {data}: {error}");
    }
    assert_eq!(bench.state().await["queue"], before);
}
