//! `stend compare --url`: a system that is asked, and one that does not answer.

#![allow(clippy::print_stdout, reason = "how many claims a walk shows is said in the output of the tests")]

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::{Serving, curl, described, stend};

const NOON: &str = "2026-11-21T12:00:00+03:00";

fn compared(args: &[&str]) -> (i32, Value) {
    let args: Vec<&str> = ["compare"].iter().chain(args).chain(&["--format", "json"]).copied().collect();
    let (code, out, err) = described(&stend(&args));
    assert!(code < 2, "{err}");
    (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
}

fn journal(serving: &Serving) -> Vec<Value> {
    let url = format!("{}/control/v1/worlds/default/journal?limit=1000", serving.url("control"));
    let page: Value = serde_json::from_str(&curl(&[&url])).unwrap();
    page["entries"].as_array().unwrap().clone()
}

#[test]
fn a_system_is_asked_what_only_reads_and_agrees() {
    let serving = Serving::start(&["--clock", NOON]);
    let telemetron = ["client=client-key", "secret=client-secret", "user=me@example.com", "password=123456"];
    let queue = ["login=admin", "password=827ccb0eea8a706c4c34a16891f84e7b", "workplace=18"];
    let tillypad = [
        "phone=79824974833",
        "client=707A901A-D652-994C-9159-65D366C16FC6",
        "name=в оплате",
        "date=2018-02-08",
        "from=2022-01-01",
        "to=2022-12-31",
    ];
    // What a feed of events shows stands in events.
    for action in [
        json!({"carbis.call_waiter": {"table": 1000028}}),
        json!({"carbis.additional_order": {"table": 1000028, "dishes": [{"id": 1000041, "count": 1}]}}),
        json!({"carbis.pay_online": {"table": 1000028}}),
    ] {
        let url = format!("{}/control/v1/worlds/default/actions", serving.url("control"));
        let answer = curl(&[&url, "-d", &action.to_string()]);
        assert!(!answer.contains("\"error\""), "{answer}");
    }
    for (service, with, least, claims) in [
        ("carbis", &["token=demo-token"][..], 4, 17),
        ("telemetron", &telemetron, 30, 66),
        ("tillypad", &tillypad, 8, 45),
        ("queue", &queue, 24, 26),
    ] {
        let mut args = vec![service, "--url", serving.url(service)];
        args.extend(with.iter().flat_map(|pair| ["--with", pair]));
        let (_, report) = compared(&args);
        assert!(report["exchanges"].as_u64().unwrap() >= least, "{service}: {report:#}");
        // The bench of the comparison stands at another time; what it says by its clock may differ, and nothing else.
        let others = report["differences"].as_array().unwrap().iter().filter(|row| row["against"] != "bench");
        assert_eq!(others.collect::<Vec<_>>(), [&Value::Null; 0], "{service}");
        let of = |verdict: &str| {
            let rows = report["claims"].as_array().unwrap().iter().filter(|claim| claim["verdict"] == verdict);
            rows.map(|claim| claim["id"].as_str().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(of("refuted"), [""; 0], "{service}");
        println!("{service}: {} claims confirmed by {} exchanges", of("confirmed").len(), report["exchanges"]);
        assert!(of("confirmed").len() >= claims, "{service}: {:?}", of("confirmed"));
        let text = report.to_string();
        for secret in ["client-secret", "827ccb0eea8a706c4c34a16891f84e7b"] {
            assert!(!text.contains(secret), "{service}: {secret} in {text}");
        }
    }
    // Nothing was changed, and what would change something was told.
    let changing = journal(&serving).into_iter().filter(|entry| {
        entry["channel"] == "http" && entry["method"] != "GET" && entry["operation"] != "token"
            || entry["operation"] == "logout"
    });
    assert_eq!(changing.count(), 0);
}

#[test]
fn what_changes_something_is_sent_only_where_it_is_named() {
    let serving = Serving::start(&["--clock", NOON]);
    let base = [
        "telemetron",
        "--url",
        serving.url("telemetron"),
        "--with",
        "client=client-key",
        "--with",
        "secret=client-secret",
        "--with",
        "user=me@example.com",
        "--with",
        "password=123456",
    ];
    let (_, report) = compared(&base);
    let told = report["unmatched"].as_array().unwrap().iter().find(|row| row["what"] == "logout").unwrap();
    assert_eq!(told["why"], "it changes something; `--allow-mutating logout` sends it");
    let (_, report) = compared(&[&base[..], &["--allow-mutating", "logout"]].concat());
    assert_eq!(report["operations"]["logout"], 1, "{report:#}");
    assert!(journal(&serving).iter().any(|entry| entry["operation"] == "logout"));
    let (code, _, err) = described(&stend(&[&["compare"], &base[..], &["--allow-mutating", "logot"]].concat()));
    assert_eq!(code, 2);
    assert!(err.contains("did you mean `logout`?"), "{err}");
}

#[test]
fn a_system_that_is_slow_or_absent_is_told() {
    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let (code, _, err) =
        described(&stend(&["compare", "carbis", "--url", &url, "--with", "token=t", "--timeout", "1"]));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("events: no reply within 1 s"), "{err}");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, _, err) =
        described(&stend(&["compare", "carbis", "--url", &format!("http://{free}"), "--with", "token=t"]));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("cannot be reached"), "{err}");
    for (url, part) in [
        ("pos.example.com", "is no URL"),
        ("ftp://a", "expected http, https, ws or wss"),
        ("http://me:pw@a", "--with NAME=VALUE"),
    ] {
        let (code, _, err) = described(&stend(&["compare", "carbis", "--url", url]));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(part) && !err.contains("pw"), "{err}");
    }
    let (_, report) = compared(&["carbis", "--url", Serving::start(&[]).url("carbis"), "--with", "token=demo-token"]);
    assert_eq!(report["service"], json!("carbis"));
}
