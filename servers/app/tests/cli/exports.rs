//! HAR files of other programs, and what other programs make of ours.

#![allow(clippy::print_stdout, reason = "what was not run is said in the output of the tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Hurl, where `make hurl` has installed it or the system has it.
fn hurl() -> Option<PathBuf> {
    let ours = root().join("target/hurl/bin/hurl");
    let works = |path: &PathBuf| Command::new(path).arg("--version").output().is_ok_and(|ran| ran.status.success());
    [ours, "hurl".into()].into_iter().find(works)
}

/// A session with everything that a file format could trip over, in a world whose tokens are the same after a reset.
fn session(serving: &Serving) -> usize {
    let (carbis, tillypad, telemetron) = (serving.url("carbis"), serving.url("tillypad"), serving.url("telemetron"));
    curl(&[
        "-H",
        "token: demo-token",
        "-H",
        "x-note: a # {{b}} \\ `c` Кофе",
        &format!("{carbis}/api/v4/events?hash=none"),
    ]);
    curl(&[&format!("{carbis}/api/v4/events?hash=%7B%7Bx%7D%7D%23&a=b%20c")]);
    curl(&["-I", &format!("{tillypad}/get-menu")]);
    curl(&[&format!("{tillypad}/get-client-by-phone?phone=79824974833")]);
    let bill = r#"{"gest_Name": "a `b` {{c}} \"d\" \u0041 \\ # Кофе", "orders": []}"#;
    let json = "content-type: application/json";
    curl(&["-H", json, "-d", bill, &format!("{tillypad}/calc-discount")]);
    curl(&["-H", json, "--data-binary", "{\n  \"a\": 1\n}\n", &format!("{tillypad}/post-guest")]);
    curl(&["-H", json, "-d", "not JSON", &format!("{tillypad}/post-guest")]);
    let form = "grant_type=password&client_id=client-key&client_secret=client-secret&username=me%40example.com&password=123456";
    let pair: Value = serde_json::from_str(&curl(&["-d", form, &format!("{telemetron}/auth/")])).unwrap();
    let bearer = format!("authorization: Bearer {}", pair["access_token"].as_str().unwrap());
    curl(&["-H", &bearer, &format!("{telemetron}/v2/me")]);
    curl(&[
        "-H",
        &bearer,
        "-H",
        json,
        "-X",
        "POST",
        "-d",
        r#"{"name": "Кофейня {{x}}"}"#,
        &format!("{telemetron}/v2/locations"),
    ]);
    curl(&["-H", &bearer, "-X", "DELETE", &format!("{telemetron}/v2/locations/999999")]);
    curl(&["-g", &format!("{carbis}/no/such/path?q={{}}")]);
    12
}

fn reset(serving: &Serving) {
    curl(&["-X", "POST", &format!("{}/control/v1/worlds/default/reset", serving.url("control"))]);
}

fn recorded(serving: &Serving, format: &str, path: &Path) -> String {
    let path = path.display().to_string();
    let (code, _, err) = described(&stend(&["record", serving.url("control"), "--format", format, "-o", &path]));
    assert_eq!(code, 0, "{err}");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn an_exported_hurl_file_plays_with_hurl() {
    let Some(hurl) = hurl() else {
        println!("not run: there is no Hurl here; `make hurl` installs it");
        return;
    };
    let serving = Serving::start(&["--clock", "2026-11-21T12:00:00+03:00"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.hurl");
    let requests = session(&serving);
    let text = recorded(&serving, "hurl", &file);
    reset(&serving);
    let ran = Command::new(hurl).arg("--test").arg(&file).env_remove("http_proxy").output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}\n{text}");
    assert!(told.contains(&format!("Executed requests: {requests}")), "{told}");
}

/// What the collection holds, sent by hand as Postman would.
#[test]
fn an_exported_collection_can_be_sent_again() {
    let serving = Serving::start(&["--clock", "2026-11-21T12:00:00+03:00"]);
    let folder = tempfile::tempdir().unwrap();
    let requests = session(&serving);
    let text = recorded(&serving, "postman", &folder.path().join("session.json"));
    reset(&serving);
    let collection: Value = serde_json::from_str(&text).unwrap();
    let items = collection["item"].as_array().unwrap();
    assert_eq!(items.len(), requests, "{text}");
    for item in items {
        let request = &item["request"];
        let headers = request["header"].as_array().unwrap().iter();
        let headers: Vec<String> = headers
            .map(|header| format!("{}: {}", header["key"].as_str().unwrap(), header["value"].as_str().unwrap()))
            .collect();
        let mut args = vec!["-g", "-o", "/dev/null", "-w", "%{http_code}"];
        match request["method"].as_str().unwrap() {
            "HEAD" => args.push("-I"),
            method => args.extend(["-X", method]),
        }
        args.extend(headers.iter().flat_map(|header| ["-H", header]));
        if let Some(body) = request["body"]["raw"].as_str() {
            args.extend(["--data-binary", body]);
        }
        args.push(request["url"]["raw"].as_str().unwrap());
        let wanted = item["event"][0]["script"]["exec"][0].as_str().unwrap();
        let status = curl(&args);
        assert!(wanted.contains(&format!("have.status({status})")), "{item:#}: {status}");
    }
}
