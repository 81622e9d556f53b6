//! `stend compare` and `stend world-from`, against a second bench that stands in for the real system: its settings differ
//! from the default, and its answers are changed by faults.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Serving, binary, curl, described, stend};

/// Gives a service of a bench other settings.
pub(crate) fn set(serving: &Serving, service: &str, settings: &Value) {
    let url = format!("{}/control/v1/worlds/default/state", serving.url("control"));
    let mut state: Value = serde_json::from_str(&curl(&[&url])).unwrap();
    for (key, value) in settings.as_object().unwrap() {
        state[service]["settings"][key] = value.clone();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    std::fs::write(&file, state.to_string()).unwrap();
    let answer = curl(&["-X", "PUT", &url, "-d", &format!("@{}", file.display())]);
    assert!(!answer.contains("\"error\": {"), "{answer}");
}

fn steer(serving: &Serving, path: &str, body: &Value) {
    let url = format!("{}/control/v1/worlds/default{path}", serving.url("control"));
    let answer = curl(&[&url, "-d", &body.to_string()]);
    assert!(!answer.contains("\"error\""), "{answer}");
}

/// What happened in a bench, as HAR.
fn har(serving: &Serving, folder: &Path) -> String {
    let path = folder.join("traffic.har").display().to_string();
    let (code, _, err) = described(&stend(&["record", serving.url("control"), "--format", "har", "-o", &path]));
    assert_eq!(code, 0, "{err}");
    path
}

fn compared(args: &[&str]) -> (i32, Value) {
    let args: Vec<&str> = ["compare"].iter().chain(args).chain(&["--format", "json"]).copied().collect();
    let (code, out, err) = described(&stend(&args));
    assert!(code < 2, "{err}");
    (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
}

/// The rows of a list that have these values.
fn rows<'v>(report: &'v Value, list: &str, wanted: &Value) -> Vec<&'v Value> {
    let fits = |row: &&Value| wanted.as_object().unwrap().iter().all(|(key, value)| row[key] == *value);
    report[list].as_array().unwrap().iter().filter(fits).collect()
}

fn carbis(serving: &Serving) {
    steer(serving, "/actions", &json!({"carbis.call_waiter": {"table": 1000028}}));
    steer(
        serving,
        "/actions",
        &json!({"carbis.additional_order": {"table": 1000028, "dishes": [{"id": 1000041, "count": 1}]}}),
    );
    let events = format!("{}/api/v4/events", serving.url("carbis"));
    curl(&["-H", "token: demo-token", &format!("{events}?hash=none")]);
    curl(&["-H", "token: demo-token", &format!("{events}?hash=0x00000001")]);
    curl(&["-H", "token: demo-token", &events]);
    curl(&[&format!("{events}?hash=none")]);
}

fn telemetron(serving: &Serving) {
    let url = serving.url("telemetron");
    let login = r#"{"grant_type": "password", "client_id": "client-key", "client_secret": "client-secret", "username": "me@example.com", "password": "123456"}"#;
    let pair: Value =
        serde_json::from_str(&curl(&["-H", "content-type: application/json", "-d", login, &format!("{url}/auth/")]))
            .unwrap();
    let bearer = format!("authorization: Bearer {}", pair["access_token"].as_str().unwrap());
    let get = |path: &str| curl(&["-H", &bearer, &format!("{url}{path}")]);
    for list in [
        "me",
        "locations",
        "modems",
        "vm_models",
        "components",
        "products",
        "planograms?full",
        "vending_machines",
        "requisites",
        "event_codes",
    ] {
        get(&format!("/v2/{list}"));
    }
    let ids = |list: &str| -> Vec<i64> {
        let list: Value = serde_json::from_str(&get(list)).unwrap();
        list.as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect()
    };
    for id in ids("/v2/vending_machines") {
        for path in ["", "/timestamp", "/loading"] {
            get(&format!("/v2/vending_machines/{id}{path}"));
        }
    }
    for id in ids("/v2/planograms") {
        get(&format!("/v2/planograms/{id}"));
    }
    get("/v2/vending_machines/999999");
}

fn tillypad(serving: &Serving) {
    let get = |path: &str| curl(&[&format!("{}/{path}", serving.url("tillypad"))]);
    get("get-menu");
    get("get-client-by-phone?phone=79824974833");
    get("get-guests?client-id=707A901A-D652-994C-9159-65D366C16FC6");
    get("get-guest?guest-id=38450FC9-D852-2A40-8C78-9E925A35ABDC");
    get("get-guest?guest-id=00000000-0000-0000-0000-000000000000");
    get("get-guest-delivery-state?guest-id=38450FC9-D852-2A40-8C78-9E925A35ABDC");
}

const NOON: &str = "2026-11-21T12:00:00+03:00";

#[test]
fn a_system_that_is_as_we_say_agrees_and_a_world_of_its_traffic_answers_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&["--clock", NOON]);
    carbis(&serving);
    telemetron(&serving);
    tillypad(&serving);
    let har = har(&serving, folder.path());
    for (service, asked) in [("carbis", 4), ("telemetron", 38), ("tillypad", 6)] {
        let (code, report) = compared(&[service, "--har", &har]);
        assert_eq!((code, &report["differences"]), (0, &json!([])), "{service}: {report:#}");
        assert_eq!((&report["bench"]["asked"], &report["bench"]["same"]), (&json!(asked), &json!(asked)), "{report:#}");
        assert_eq!(report["agrees"], true);
    }
    let made = folder.path().join("made.yaml").display().to_string();
    let (code, out, err) = described(&stend(&["world-from", &har, "-o", &made]));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("telemetron.machines 6") && out.contains("tillypad.menu.items 11"), "{out}");
    assert!(err.contains("note: telemetron: not seen, and so at the default: error_codes"), "{err}");
    let other = Serving::start(&["--world", &made, "--clock", NOON]);
    let menu = |serving: &Serving| curl(&[&format!("{}/get-menu", serving.url("tillypad"))]);
    assert_eq!(menu(&other), menu(&serving));
}

#[test]
fn a_refuted_assumption_names_its_claim_and_the_setting_that_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&["--clock", NOON]);
    set(&serving, "carbis", &json!({"refusal": "ok", "lost_place": "nothing"}));
    carbis(&serving);
    let file = folder.path().join("evidence.json").display().to_string();
    let har = har(&serving, folder.path());
    let (code, report) = compared(&["carbis", "--har", &har, "--evidence", &file, "--by", "somebody"]);
    assert_eq!(code, 1, "{report:#}");
    for (setting, default, instead, claim) in
        [("settings.refusal", "status", "ok", "CB-026"), ("settings.lost_place", "all", "nothing", "C2")]
    {
        let [row] = rows(&report, "settings", &json!({"setting": setting}))[..] else { panic!("{report:#}") };
        assert_eq!(
            (&row["verdict"], &row["default"], &row["instead"]),
            (&json!("refuted"), &json!(default), &json!(instead))
        );
        let [claim] = rows(&report, "claims", &json!({"id": claim}))[..] else { panic!("{report:#}") };
        assert_eq!(
            (&claim["verdict"], &claim["setting"]),
            (&json!("refuted"), &json!(format!("{setting}: {instead}")))
        );
    }
    let status = rows(&report, "differences", &json!({"against": "bench", "path": "status"}));
    assert!(
        status.iter().any(|row| row["setting"] == "settings.refusal: ok"
            && row["claims"].as_array().unwrap().contains(&json!("CB-026"))),
        "{status:#?}"
    );
    // What the traffic does not tell apart is not judged; what it confirms is.
    let [row] = rows(&report, "settings", &json!({"setting": "settings.paid_order"}))[..] else { panic!("{report:#}") };
    assert_eq!(row["verdict"], "untouched");
    let [row] = rows(&report, "settings", &json!({"setting": "settings.missing_hash"}))[..] else {
        panic!("{report:#}")
    };
    assert_eq!(row["verdict"], "confirmed", "{report:#}");
    // The evidence has claims and shapes, and nothing that was sent.
    let text = std::fs::read_to_string(&file).unwrap();
    let evidence: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&evidence["service"], &evidence["by"], &evidence["at"]),
        (&json!("carbis"), &json!("somebody"), &json!("2026-11-21"))
    );
    assert!(rows(&evidence, "claims", &json!({"id": "CB-026", "verdict": "refuted"})).len() == 1, "{text}");
    for sent in ["1000028", "Блюдо", "demo-token", "0x"] {
        assert!(!text.contains(sent), "{sent} in {text}");
    }
    counted(&evidence["claims"], &file);
}

/// A setting that takes any value is named with the one that was seen.
#[test]
fn a_setting_of_any_value_is_found_by_what_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&["--clock", NOON]);
    set(&serving, "telemetron", &json!({"access_tokens": "200h"}));
    telemetron(&serving);
    let (code, report) = compared(&["telemetron", "--har", &har(&serving, folder.path())]);
    assert_eq!(code, 1);
    let row = json!({"setting": "settings.access_tokens", "verdict": "refuted", "instead": "720000s"});
    assert_eq!(rows(&report, "settings", &row).len(), 1, "{report:#}");
    let [row] = rows(&report, "differences", &json!({"against": "bench"}))[..] else { panic!("{report:#}") };
    assert_eq!((&row["path"], &row["setting"]), (&json!("$.expires_in"), &json!("settings.access_tokens: 720000s")));
    let [row] = rows(&report, "claims", &json!({"id": "TM-047"}))[..] else { panic!("{report:#}") };
    assert_eq!(row["verdict"], "refuted");
}

/// The ledger takes the evidence, and the headline counts it.
fn counted(claims: &Value, file: &str) {
    let claims = claims.as_array().unwrap();
    let refuted = claims.iter().filter(|claim| claim["verdict"] == "refuted").count();
    let (code, out, err) = described(&stend(&["fidelity", "carbis", "--evidence", file]));
    assert_eq!(code, 0, "{err}");
    let headline = format!("{} checked against the vendors' systems, {refuted} of them refuted", claims.len());
    assert!(out.contains(&headline), "{headline} is not in {out}");
    assert!(
        out.contains("refuted by somebody, 2026-11-21") && out.contains("agrees with `settings.refusal: ok`"),
        "{out}"
    );
    let (_, out, _) = described(&stend(&["fidelity", "--evidence", file, "--format", "json"]));
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["checked_against_vendor"], claims.len(), "{out}");
    // A claim that there is not is a mistake.
    let odd = std::fs::read_to_string(file).unwrap().replace("CB-026", "CB-926");
    std::fs::write(file, odd).unwrap();
    let (code, _, err) = described(&stend(&["fidelity", "--evidence", file]));
    assert_eq!(code, 2);
    assert!(err.contains("CB-926"), "{err}");
}

/// A relay that changes answers on their way, as another version of a system would.
fn relay(to: &str, change: fn(String) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let to = to.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
            let token = head.lines().find(|line| line.to_lowercase().starts_with("token:")).unwrap_or("x: y");
            let body = change(curl(&["-H", token, &format!("{to}{path}")]));
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://127.0.0.1:{port}")
}

/// HAR of requests that are asked with curl, as a browser would save it.
fn asked(base: &str, paths: &[(&str, &[(&str, &str)])], folder: &Path) -> String {
    let entry = |(path, headers): &(&str, &[(&str, &str)])| {
        let given: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let url = format!("{base}{path}");
        let mut args: Vec<&str> = given.iter().flat_map(|header| ["-H", header.as_str()]).collect();
        args.push(&url);
        let body = curl(&args);
        let headers: Vec<Value> = headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        json!({
            "startedDateTime": "2026-11-21T12:00:00.000+03:00", "time": 3,
            "request": {"method": "GET", "url": url, "headers": headers},
            "response": {"status": 200, "headers": [{"name": "Content-Type", "value": "application/json"}], "content": {"mimeType": "application/json", "text": body}},
        })
    };
    let entries: Vec<Value> = paths.iter().map(entry).collect();
    let path = folder.join("asked.har");
    std::fs::write(&path, json!({"log": {"version": "1.2", "entries": entries}}).to_string()).unwrap();
    path.display().to_string()
}

#[test]
fn what_a_relay_changes_is_named_with_its_place_and_claims() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&["--clock", NOON]);
    steer(&serving, "/actions", &json!({"carbis.call_waiter": {"table": 1000028}}));
    let change = |body: String| body.replace("\"max_guests\":50", "\"guests\":\"50\"");
    let base = relay(serving.url("carbis"), change);
    let har = asked(&base, &[("/api/v4/events?hash=none", &[("token", "demo-token")])], folder.path());
    let (code, report) = compared(&["carbis", "--har", &har]);
    assert_eq!(code, 1);
    let places =
        rows(&report, "differences", &json!({"against": "specification", "path": "$.data.updates[0].table_repr"}));
    assert!(
        places.iter().any(|row| row["expected"].as_str().unwrap().contains("'guests' was unexpected")),
        "{report:#}"
    );
    let missing =
        places.iter().find(|row| row["expected"].as_str().unwrap().contains("\"max_guests\" is a required property"));
    assert_eq!(missing.unwrap()["claims"], json!(["CB-014"]), "{report:#}");
    let html = folder.path().join("report.html").display().to_string();
    let (code, out, _) = described(&stend(&["compare", "carbis", "--har", &har, "--report", &html]));
    assert_eq!(code, 1);
    for part in
        ["Differs from the specification", "at $.data.updates[0].table_repr (entry 1)", "claims:   CB-014", "✗ "]
    {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    let html = std::fs::read_to_string(&html).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.contains("CB-014") && !html.contains("demo-token"), "{html}");
}

#[test]
fn a_planted_secret_is_found_in_no_file_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let secret = "Pl4nted-S3cret";
    let event = json!({"hash": "0xd8833dd3", "code": "waiter_call", "table": 5, "invoice": null, "order": null, "table_repr": {"id": 5, "name": format!("at {secret}"), "max_guests": 4}});
    let har = json!({"log": {"entries": [{
        "startedDateTime": "2026-11-21T12:00:00.000Z",
        "request": {"method": "GET", "url": format!("http://h/api/v4/events?hash=none&token={secret}"), "headers": [{"name": "Token", "value": secret}, {"name": "Cookie", "value": format!("sid={secret}")}]},
        "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": secret}], "content": {"mimeType": "application/json", "text": json!({"result": true, "data": {"updates": [event]}, "note": secret}).to_string()}},
    }, {
        "request": {"method": "GET", "url": format!("http://h/{secret}"), "headers": []}, "response": {"status": 404, "content": {"text": ""}},
    }]}});
    std::fs::write(file("in.har"), har.to_string()).unwrap();
    let (code, out, err) = described(&stend(&[
        "compare",
        "carbis",
        "--har",
        &file("in.har"),
        "--report",
        &file("r.html"),
        "--evidence",
        &file("e.json"),
    ]));
    assert_eq!(code, 1, "{err}");
    let (code, json, _) = described(&stend(&["compare", "carbis", "--har", &file("in.har"), "--format", "json"]));
    assert_eq!(code, 1);
    let (code, world, told) = described(&stend(&["world-from", &file("in.har")]));
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("masked: token (secret): 1 value") || told.contains("masked: Token"), "{told}");
    assert!(world.contains("token: "), "{world}");
    let written = ["r.html", "e.json"].map(|name| std::fs::read_to_string(file(name)).unwrap());
    for text in [out, err, json, world, told].iter().chain(&written) {
        assert!(!text.contains(secret), "{text}");
    }
}

/// What curl says with `-v`, and what the control API gives.
#[test]
fn a_log_of_curl_and_a_page_of_the_journal_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&["--clock", NOON]);
    steer(&serving, "/actions", &json!({"carbis.call_waiter": {"table": 1000028}}));
    let events = format!("{}/api/v4/events", serving.url("carbis"));
    let menu = format!("{}/get-menu", serving.url("tillypad"));
    let mut log = String::new();
    for args in [
        &["-H", "token: demo-token", &format!("{events}?hash=none")][..],
        &[&format!("{events}?hash=none")],
        &["--compressed", &menu],
        &["-d", "{}", &events],
    ] {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "exec curl -sv --max-time 20 \"$@\" 2>&1", "curl"]).args(args);
        log += &String::from_utf8_lossy(&command.output().unwrap().stdout);
    }
    let file = folder.path().join("curl.log").display().to_string();
    std::fs::write(&file, log).unwrap();
    let (code, report) = compared(&["carbis", "--har", &file]);
    assert_eq!((code, &report["operations"]), (0, &json!({"events": 2})), "{report:#}");
    assert_eq!(report["bench"]["asked"], report["bench"]["same"], "{report:#}");
    assert_eq!(rows(&report, "claims", &json!({"id": "CB-013", "verdict": "confirmed"})).len(), 1, "{report:#}");
    let (code, report) = compared(&["tillypad", "--har", &file]);
    assert_eq!((code, &report["operations"]), (0, &json!({"get-menu": 1})), "{report:#}");
    // The same from the journal.
    let page = curl(&[&format!("{}/control/v1/worlds/default/journal", serving.url("control"))]);
    let file = folder.path().join("journal.json").display().to_string();
    std::fs::write(&file, page).unwrap();
    let (code, report) = compared(&["carbis", "--har", &file]);
    assert_eq!((code, &report["operations"]), (0, &json!({"events": 2})), "{report:#}");
    let (code, out, err) = described(&stend(&["world-from", &file]));
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("waiter_call"), "{out}");
}

/// A file that is mostly of other hosts takes the memory of what is the service's.
#[cfg(target_os = "linux")]
#[test]
fn a_large_file_is_read_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.har");
    let entry = |url: &str, text: &str| {
        json!({"request": {"method": "GET", "url": url, "headers": [{"name": "token", "value": "demo-token"}]},
            "response": {"status": 200, "headers": [], "content": {"mimeType": "application/json", "text": text}}})
        .to_string()
    };
    let events = entry("http://pos.example/api/v4/events?hash=none", r#"{"result": true, "data": {"updates": []}}"#);
    let other = entry("http://elsewhere.example/large", &"x".repeat(1024 * 1024));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    write!(file, "{{\"log\": {{\"entries\": [{events}").unwrap();
    (0..300).for_each(|_| write!(file, ",{other}").unwrap());
    write!(file, ",{events}]}}}}").unwrap();
    file.flush().unwrap();
    drop(file);
    // The limit is of the address space, which is larger than what is used.
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -v 1500000; exec \"$@\"", "sh"]).arg(binary());
    command.args(["compare", "carbis", "--format", "json", "--har"]).arg(&path).env("STEND_LANG", "en");
    let (code, out, err) = described(&command.output().unwrap());
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["entries"], &report["exchanges"]), (&json!(302), &json!(2)), "{err}");
}

#[test]
fn bad_input_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let good = r#"{"log": {"entries": [{"request": {"method": "GET", "url": "http://other.example/x"}, "response": {"status": 200}}]}}"#;
    let cut = file("cut.har", &good.as_bytes()[..good.len() - 3]);
    let other = file("other.har", good.as_bytes());
    let text = file("text.har", b"GET / HTTP/1.1");
    let scenario = file("scenario.yaml", b"stend: 1\ntimeline: []\n");
    let missing = folder.path().join("cutt.har").display().to_string();
    for (path, part) in [
        (&cut, "the file is cut short at line 1: 1 whole entries came before"),
        (&other, "nothing in it is an operation of carbis\n  other.example: another host"),
        (&text, "expected value at line 1 column 1"),
        (&scenario, "a scenario or world, which holds what is expected, and no replies"),
        (&missing, "did you mean"),
    ] {
        let (code, _, err) = described(&stend(&["compare", "carbis", "--har", path]));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(part), "{part} is not in {err}");
    }
    let (code, _, err) = described(&stend(&["world-from", &other]));
    assert_eq!(code, 2);
    assert!(err.contains("nothing in it is an operation of a service"), "{err}");
    let (code, _, err) = described(&stend(&["compare", "carbs", "--har", &other]));
    assert_eq!(code, 2);
    assert!(err.contains("carbis"), "{err}");
    assert!(binary().is_file());
}
