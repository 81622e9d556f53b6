//! The afternoon of 2015-06-17 as the document prints it (Q28): window 11, clerk 3, tickets 29 to 43.

use serde_json::{Value, json};
use stend::Config;

use super::client::{Client, assert_holds, no_errors};
use crate::support::Bench;

/// The documented world, whose clock stands at this moment of that day.
async fn bench() -> Bench {
    let clock = stend::ClockSetting::frozen_at("2015-06-17T15:09:14.000Z".parse().unwrap());
    Bench::with(Config { clock: Some(clock), ..Config::default() }).await
}

/// Moves the clock to a moment of that day.
async fn at(bench: &Bench, time: &str) {
    let to = format!("2015-06-17T{time}Z");
    let answer = bench.steer(reqwest::Method::POST, "/worlds/default/clock/advance", json!({ "to": to })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn ticket(bench: &Bench, time: &str, service: i64, id: i64) {
    at(bench, time).await;
    let taken = bench.act("queue.take_ticket", json!({"services": [service]})).await;
    assert_eq!(taken["id"], id, "{taken}");
}

/// The window as the samples of that day print it.
fn window(consumer: i64) -> Value {
    json!({
        "id": 11, "operations": [3, 4], "name": "Окно 2", "alias": "Окно 2", "disabled": 0, "state_id": 1,
        "all_operations": 0, "currentOperations": [3, 4], "clerk_id": 3, "consumer_id": consumer
    })
}

/// A command, and the whole printed reply that it must get.
async fn printed(
    replies: &mut Vec<Value>,
    client: &mut Client,
    command: &str,
    data: Value,
    date_time: &str,
    reply: Value,
) {
    let got = client.ask(command, data).await;
    let printed = json!({"dateTime": format!("2015-06-17T{date_time}Z"), "command": command, "data": reply});
    assert_holds(&got, &printed, command);
    replies.push(got);
}

#[proves("Q28", "G2")]
#[tokio::test]
async fn every_reply_printed_for_that_afternoon_comes_out_of_the_state() {
    let bench = bench().await;
    let mut clerk = Client::operator(&bench).await;
    let mut replies = Vec::new();
    let here = || json!({"workplace": 11});

    ticket(&bench, "15:09:14.000", 4, 29).await;
    at(&bench, "15:09:32.657").await;
    clerk.data("nextConsumer", here()).await;

    // Who is being served stays: the last call is older than the reply (Q18).
    at(&bench, "15:11:44.464").await;
    let reply = json!({
        "services": {"4": {"50": {"3": {"user_id": 3, "state": "SERVING"}}}},
        "id": 29, "prefix": "Г", "number": 1, "priority": 50, "registration": "2015-06-17T15:09:14.000Z",
        "workplace_id": 11, "last_call": "2015-06-17T15:09:32.657Z", "ticket": "Г001", "workplace": window(29),
        "state": "SERVING"
    });
    printed(&mut replies, &mut clerk, "nextConsumer", here(), "15:11:44.464", reply).await;

    at(&bench, "15:12:20.154").await;
    printed(&mut replies, &mut clerk, "retryCallConsumer", here(), "15:12:20.154", no_errors()).await;

    // Г001 is done with, and H001 comes and goes: what the print leaves out.
    clerk.data("serveConsumer", here()).await;
    ticket(&bench, "15:12:40.000", 5, 30).await;
    clerk.data("nextConsumer", here()).await;
    clerk.data("serveConsumer", here()).await;

    ticket(&bench, "15:13:28.000", 4, 31).await;
    ticket(&bench, "15:13:29.000", 4, 32).await;
    ticket(&bench, "15:13:31.000", 5, 33).await;
    at(&bench, "15:13:37.782").await;
    clerk.data("nextConsumer", here()).await;
    at(&bench, "15:13:42.373").await;
    let operation = json!({"service": 4, "priority": 50, "operation": "3", "workplace": 11});
    let reply = json!({
        "services": {"4": {"50": {"3": {"user_id": 3, "state": "SERVED"}}}},
        "id": 31, "prefix": "Г", "number": 2, "priority": 50, "registration": "2015-06-17T15:13:28.000Z",
        "workplace_id": -1, "last_call": "2015-06-17T15:13:37.782Z", "ticket": "Г002", "state": "SERVED"
    });
    printed(&mut replies, &mut clerk, "serveOperation", operation, "15:13:42.373", reply).await;

    at(&bench, "15:14:13.223").await;
    clerk.data("nextConsumer", here()).await;
    at(&bench, "15:14:30.572").await;
    let operation = json!({"service": 4, "priority": 50, "operation": "3", "comment": "Some reason", "workplace": 11});
    let reply = json!({
        "services": {"4": {"50": {"3": {"user_id": 3, "state": "REJECTED", "comment": ["Some reason"]}}}},
        "id": 32, "prefix": "Г", "number": 3, "priority": 50, "registration": "2015-06-17T15:13:29.000Z",
        "workplace_id": -1, "last_call": "2015-06-17T15:14:13.223Z", "ticket": "Г003", "state": "SERVED"
    });
    printed(&mut replies, &mut clerk, "rejectOperation", operation, "15:14:30.572", reply).await;

    at(&bench, "15:15:10.604").await;
    clerk.data("nextConsumer", here()).await;
    at(&bench, "15:15:18.499").await;
    let reply = json!({
        "services": {"5": {"50": {"4": {"user_id": 3, "state": "SERVED"}}}},
        "id": 33, "prefix": "H", "number": 2, "priority": 50, "registration": "2015-06-17T15:13:31.000Z",
        "workplace_id": -1, "last_call": "2015-06-17T15:15:10.604Z", "ticket": "H002", "state": "SERVED"
    });
    printed(&mut replies, &mut clerk, "serveConsumer", here(), "15:15:18.499", reply).await;

    // H003 comes and goes: what the print leaves out.
    ticket(&bench, "15:16:00.000", 5, 34).await;
    clerk.data("nextConsumer", here()).await;
    clerk.data("serveConsumer", here()).await;

    for (second, service, id) in [
        ("40", 4, 35),
        ("42", 5, 36),
        ("43", 4, 37),
        ("44", 4, 38),
        ("45", 4, 39),
        ("46", 5, 40),
        ("49", 5, 41),
        ("50", 5, 42),
        ("51", 4, 43),
    ] {
        ticket(&bench, &format!("15:20:{second}.000"), service, id).await;
    }

    at(&bench, "15:20:57.240").await;
    clerk.data("nextConsumer", here()).await;
    at(&bench, "15:21:05.869").await;
    let reply = json!({
        "services": {"4": {"50": {"3": {"user_id": 3, "state": "REJECTED", "comment": ["Reason", "Reason"]}}}},
        "id": 35, "prefix": "Г", "number": 4, "priority": 50, "registration": "2015-06-17T15:20:40.000Z",
        "workplace_id": -1, "last_call": "2015-06-17T15:20:57.240Z", "ticket": "Г004", "state": "SERVED"
    });
    let reason = json!({"comment": "Reason", "workplace": 11});
    printed(&mut replies, &mut clerk, "rejectConsumer", reason, "15:21:05.869", reply).await;

    at(&bench, "15:22:06.558").await;
    clerk.data("nextConsumer", here()).await;
    at(&bench, "15:22:27.227").await;
    let reply = json!({
        "services": {"4": {"50": {"3": {"user_id": 3, "state": "REJECTED", "comment": ["Забыл документы"]}}}},
        "id": 37, "prefix": "Г", "number": 5, "priority": 50, "registration": "2015-06-17T15:20:43.000Z",
        "workplace_id": -1, "last_call": "2015-06-17T15:22:06.558Z", "ticket": "Г005", "state": "REJECTED"
    });
    let service = json!({"service": 4, "comment": "Забыл документы", "workplace": 11});
    printed(&mut replies, &mut clerk, "rejectService", service, "15:22:27.227", reply).await;

    at(&bench, "15:23:19.917").await;
    clerk.data("nextConsumer", here()).await;
    at(&bench, "15:23:37.155").await;
    let reply = json!({
        "services": {"4": {"50": {"3": {"user_id": 3, "state": "POSTPONE"}}}},
        "id": 38, "prefix": "Г", "number": 6, "priority": 50, "registration": "2015-06-17T15:20:44.000Z",
        "workplace_id": 11, "last_call": "2015-06-17T15:23:19.917Z", "ticket": "Г006",
        "postpone_to": "2015-06-17T15:38:37.155Z", "workplace": window(-1), "state": "POSTPONE"
    });
    let later = json!({"delay": "15", "return2me": true, "comment": "Заполнение документов", "workplace": 11});
    printed(&mut replies, &mut clerk, "postponeConsumer", later, "15:23:37.155", reply).await;

    // Two seconds after it has come back Г006 is called, and skipped for Г007.
    at(&bench, "15:38:39.577").await;
    assert_eq!(clerk.data("nextConsumer", here()).await["ticket"], "Г006");
    at(&bench, "15:38:44.833").await;
    let serving = |services: Value| {
        json!({
            "services": services,
            "id": 39, "prefix": "Г", "number": 7, "priority": 50, "registration": "2015-06-17T15:20:45.000Z",
            "workplace_id": 11, "last_call": "2015-06-17T15:38:44.833Z", "ticket": "Г007", "workplace": window(39),
            "state": "SERVING"
        })
    };
    let reply = serving(json!({"4": {"50": {"3": {"user_id": 3, "state": "SERVING"}}}}));
    printed(&mut replies, &mut clerk, "skipConsumer", here(), "15:38:44.833", reply).await;

    at(&bench, "15:42:26.435").await;
    let reply = serving(json!({
        "1": {"10": {"10": {"state": "WAITING"}}, "20": {"3": {"state": "WAITING"}}},
        "4": {"50": {"3": {"user_id": 3, "state": "SERVING"}}}
    }));
    printed(&mut replies, &mut clerk, "addService", json!({"service": 1, "workplace": 11}), "15:42:26.435", reply)
        .await;

    at(&bench, "15:45:03.950").await;
    let view = json!({"detailed": false, "workplace": 11});
    let waiting = |id: i64, prefix: &str, number: i64, second: i64, last_call: Option<&str>| {
        let mut line = json!({
            "id": id, "prefix": prefix, "number": number, "priority": 50,
            "registration": format!("2015-06-17T15:20:{second}.000Z"), "workplace_id": -1,
        });
        if let Some(call) = last_call {
            line["last_call"] = json!(call);
        }
        line["ticket"] = json!(format!("{prefix}{number:03}"));
        line["mayCall"] = json!(true);
        line["state"] = json!("WAITING");
        line
    };
    let queue = json!([
        waiting(38, "Г", 6, 44, Some("2015-06-17T15:38:39.577Z")),
        waiting(43, "Г", 8, 51, None),
        waiting(36, "H", 4, 42, None),
        waiting(40, "H", 5, 46, None),
        waiting(41, "H", 6, 49, None),
        waiting(42, "H", 7, 50, None),
    ]);
    let got = clerk.ask("currentQueue", view.clone()).await;
    assert_eq!(got["dateTime"], "2015-06-17T15:45:03.950Z");
    // Nothing newer is known of this one: it is as printed to the letter, order of keys and all.
    assert_eq!(serde_json::to_string_pretty(&got["data"]).unwrap(), serde_json::to_string_pretty(&queue).unwrap());

    at(&bench, "15:45:03.961").await;
    printed(&mut replies, &mut clerk, "subscribeCurrentQueue", view, "15:45:03.961", no_errors()).await;
    replies.push(got);
    // The whole of the replies, the newer vintage's keys included.
    insta::assert_json_snapshot!("afternoon", replies);
}
