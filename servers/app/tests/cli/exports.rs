//! HAR files of other programs, and what other programs make of ours.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Serving, curl, described, root, stend};

fn compared(service: &str, file: &str) -> Value {
    let path = root().join("tests/exports").join(file).display().to_string();
    let (code, out, err) = described(&stend(&["compare", service, "--har", &path, "--format", "json"]));
    assert_eq!(code, 0, "{service} {file}: {out}{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn files_of_chromium_mitmproxy_and_firefox_are_compared() {
    for (file, service, operations) in [
        ("chromium.har", "carbis", json!({"events": 3})),
        ("chromium.har", "tillypad", json!({"get-menu": 1})),
        ("chromium.har", "queue", json!({"login": 1, "serviceList": 1})),
        ("mitmproxy.har", "carbis", json!({"events": 1})),
        ("mitmproxy.har", "tillypad", json!({"get-menu": 1})),
        ("mitmproxy.har", "telemetron", json!({"token": 1})),
        ("mitmproxy.har", "queue", json!({"login": 1, "serviceList": 1})),
        ("firefox.har", "telemetron", json!({"locations": 2, "vending_machine": 1})),
    ] {
        let report = compared(service, file);
        assert_eq!(report["operations"], operations, "{file}: {report:#}");
        assert_eq!(report["bench"]["asked"], report["bench"]["same"], "{file}: {report:#}");
    }
    // A browser keeps no body that the page has not read.
    let report = compared("carbis", "chromium.har");
    let row = json!({"what": "GET /api/v4/events", "why": "the file has no body of the reply", "times": 1});
    assert!(report["unmatched"].as_array().unwrap().contains(&row), "{report:#}");
}

/// A session of a bench, exported.
fn exported(format: &str, folder: &Path, serving: &Serving) -> String {
    let path = folder.join(format!("session.{format}")).display().to_string();
    let (code, out, err) = described(&stend(&["record", serving.url("control"), "--format", format, "-o", &path]));
    assert_eq!(code, 0, "{err}");
    assert!(out.ends_with(": 4 exchanges\n"), "{out}");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_session_is_exported_with_its_statuses_and_without_the_secrets_of_others() {
    let serving = Serving::start(&["--clock", "2026-11-21T12:00:00+03:00"]);
    let folder = tempfile::tempdir().unwrap();
    let events = format!("{}/api/v4/events?hash=none", serving.url("carbis"));
    curl(&["-H", "token: demo-token", "-H", "cookie: sid=Pl4nted-S3cret", &events]);
    curl(&["-H", "token: Pl4nted-S3cret", &events]);
    let auth = format!("{}/auth/", serving.url("telemetron"));
    let login = r#"{"grant_type": "password", "client_id": "client-key", "client_secret": "client-secret", "username": "me@example.com", "password": "123456"}"#;
    let pair: Value =
        serde_json::from_str(&curl(&["-H", "content-type: application/json", "-d", login, &auth])).unwrap();
    let bearer = format!("authorization: Bearer {}", pair["access_token"].as_str().unwrap());
    curl(&["-H", &bearer, &format!("{}/v2/me", serving.url("telemetron"))]);
    let hurl = exported("hurl", folder.path(), &serving);
    for part in [
        format!("GET {events}\n"),
        "token: demo-token\n".into(),
        "HTTP 401\n".into(),
        format!("{bearer}\n"),
        format!("POST {}\n", auth.trim_end_matches('/')),
    ] {
        assert!(hurl.contains(&part), "{part} is not in\n{hurl}");
    }
    let postman: Value = serde_json::from_str(&exported("postman", folder.path(), &serving)).unwrap();
    assert_eq!(
        postman["item"][1]["event"][0]["script"]["exec"][0],
        "pm.test(\"status 401\", () => pm.response.to.have.status(401));"
    );
    let har = exported("har", folder.path(), &serving);
    for text in [&hurl, &postman.to_string(), &har] {
        assert!(!text.contains("Pl4nted-S3cret"), "{text}");
    }
}
