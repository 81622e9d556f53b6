//! `stend record`: a session becomes a scenario.

use serde_json::{Value, json};

use crate::support::{Serving, curl, described, stend};

fn world(serving: &Serving, path: &str) -> String {
    format!("{}/control/v1/worlds/default{path}", serving.url("control"))
}

/// Something of all four services: a scenario is played in the served world, then somebody goes on by hand.
fn session(serving: &Serving) {
    let (code, _, err) = described(&stend(&[
        "play",
        "scenarios/evening-at-the-venue.yaml",
        "--attach",
        serving.url("control"),
        "--world",
        "default",
    ]));
    assert_eq!(code, 0, "{err}");
    let steer = |path: &str, body: Value| {
        let answer = curl(&[&world(serving, path), "-d", &body.to_string()]);
        assert!(!answer.contains("\"error\""), "{answer}");
    };
    let act = |action: Value| steer("/actions", action);
    let fault = |fault: Value| steer("/faults", fault);
    act(json!({"carbis.emit": {"code": "${not a placeholder}", "table": 1000028}}));
    curl(&[&world(serving, "/clock/advance"), "-d", r#"{"by": "90s"}"#]);
    fault(json!({"id": "busy", "match": {"fake": "tillypad"}, "respond": {"status": 503}}));
    curl(&[&format!("{}/get-client-by-phone?phone=79824974833", serving.url("tillypad"))]);
    curl(&["-X", "DELETE", &world(serving, "/faults/busy")]);
    curl(&[&format!("{}/get-client-by-phone?phone=79824974833", serving.url("tillypad"))]);
    curl(&["-H", "token: demo-token", &format!("{}/api/v4/events?hash=none", serving.url("carbis"))]);
    let login = r#"{ "grant_type": "password", "client_id": "client-key", "client_secret": "client-secret",
        "username": "me@example.com", "password": "123456", "scope": "teleport" }"#;
    let auth = format!("{}/auth/", serving.url("telemetron"));
    let token: Value =
        serde_json::from_str(&curl(&[&auth, "-d", login, "-H", "content-type: application/json"])).unwrap();
    let bearer = format!("authorization: Bearer {}", token["access_token"].as_str().unwrap());
    act(json!({"telemetron.sell": {"machine": 123, "layout": "2"}}));
    curl(&["-H", &bearer, &format!("{}/v2/vending_machines/123/stats/vends/summary", serving.url("telemetron"))]);
    curl(&[&world(serving, "/clock/advance"), "-d", r#"{"by": "1h"}"#]);
}

#[test]
fn a_recorded_session_plays_again_and_a_changed_answer_fails_it() {
    let serving = Serving::start(&[]);
    session(&serving);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.yaml");
    let path = file.to_str().unwrap();
    let (code, out, err) = described(&stend(&["record", serving.url("control"), "-o", path]));
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with(path) && err.contains("note: pushes are not compared"), "{out}{err}");

    let (code, out, err) = described(&stend(&["check", path]));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let (code, out, _) = described(&stend(&["play", path]));
    assert_eq!(code, 0, "{out}\n{}", std::fs::read_to_string(&file).unwrap());

    // The end of the session is the end of the play.
    let (_, report, _) = described(&stend(&["play", path, "--format", "json"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    let clock: Value = serde_json::from_str(&curl(&[&world(&serving, "/clock")])).unwrap();
    assert_eq!(report["scenarios"][0]["ended"], clock["now"]);

    let text = std::fs::read_to_string(&file).unwrap();
    for part in ["carbis.emit", "$${not a placeholder}", "W-2111", "maintenance", "nextConsumer", "summary"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let changed = text.replace("ticket: Г001", "ticket: Г002");
    assert_ne!(changed, text);
    std::fs::write(&file, changed).unwrap();
    let (code, out, _) = described(&stend(&["play", path]));
    assert!(code == 1 && out.contains("queue nextConsumer") && out.contains("recorded.yaml:"), "{out}");
}

#[test]
fn what_is_not_known_any_more_is_not_recorded() {
    let serving = Serving::start(&[]);
    let record = || described(&stend(&["record", serving.url("control")]));
    let poll = || curl(&["-H", "token: demo-token", &format!("{}/api/v4/events?hash=none", serving.url("carbis"))]);
    let (code, out, _) = record();
    assert!(code == 0 && out.contains("timeline: []"), "{out}");
    poll();
    curl(&["-X", "DELETE", &world(&serving, "/journal")]);
    poll();
    let (code, out, err) = record();
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("1 of 2 journal entries are gone: the first left is 2"), "{err}");
    curl(&["-X", "POST", &world(&serving, "/reset")]);
    poll();
    assert_eq!(record().0, 0, "a reset is a beginning");
    curl(&[&world(&serving, "/reset"), "-d", r#"{"fake": "carbis"}"#]);
    assert!(record().2.contains("carbis was reset by itself"), "{}", record().2);
    curl(&["-X", "POST", &world(&serving, "/reset")]);
    curl(&["-X", "PUT", &world(&serving, "/clock"), "-d", r#"{"mode": "frozen", "now": "2020-01-01T00:00:00Z"}"#]);
    assert!(record().2.contains("the clock was set back"), "{}", record().2);
    let (code, _, err) = described(&stend(&["record", serving.url("control"), "--world", "none"]));
    assert!(code == 2 && err.contains("there is no world `none`"), "{err}");
}
