//! A system that is another in all ways at once: its settings differ, and a relay before it changes what it says and how. Each
//! difference is named with its claim, each refuted assumption with its setting, and a world of its traffic answers the same.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stend_core::Node;

use crate::compare::set;
use crate::support::{Serving, curl, described, stend};

const NOON: &str = "2026-11-21T12:00:00+03:00";

/// Other things under the same ids: a world can hold them.
fn other_things(body: String) -> String {
    body.replace("Блюдо", "Борщ").replace("Тестовый ТА", "У входа").replace("Пицца Ветчина", "Пицца с грибами")
}

/// Another version of the interface: no world makes the bench answer so.
fn other_shape(body: String) -> String {
    let body = body.replace("\"max_guests\":", "\"guests\":").replace("\"serial_number\":", "\"serial\":");
    match body.split_once("\"gest_usr_ID\":\"") {
        Some((head, rest)) => format!("{head}{}", rest.split_once(',').map_or("", |(_, rest)| rest)),
        None => body,
    }
}

/// A relay, and the exchanges that went through it, as entries of a HAR.
struct Relay {
    url: String,
    entries: Arc<Mutex<Vec<Value>>>,
}

impl Relay {
    fn before(to: &str, change: fn(String) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let (entries, to, base) = (Arc::default(), to.to_owned(), url.clone());
        let kept: Arc<Mutex<Vec<Value>>> = Arc::clone(&entries);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // Locked all the while: whoever has its reply and looks finds the exchange.
                let mut kept = kept.lock().unwrap();
                kept.extend(passed(stream, &to, &base, change));
            }
        });
        Self { url, entries }
    }
}

/// Passes one request on, and its reply back.
fn passed(mut stream: TcpStream, to: &str, base: &str, change: fn(String) -> String) -> Option<Value> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut first = lines.first()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .filter(|(name, _)| ["token", "authorization", "content-type", "content-length"].contains(&name.as_str()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).ok()?;
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let url = format!("{to}{path}");
    let mut args = vec!["-X", &method, "-w", "\n%{http_code}"];
    args.extend(lines.iter().flat_map(|line| ["-H", line.as_str()]));
    if !body.is_empty() {
        args.extend(["--data-binary", &body]);
    }
    args.push(&url);
    let answer = curl(&args);
    let (reply, status) = answer.rsplit_once('\n')?;
    let reply = change(reply.to_owned());
    let head = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        reply.len()
    );
    stream.write_all(&[head.as_bytes(), reply.as_bytes()].concat()).ok()?;
    let headers: Vec<Value> = headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    let mut request = json!({ "method": method, "url": format!("{base}{path}"), "headers": headers });
    if !body.is_empty() {
        request["postData"] = json!({ "mimeType": "application/json", "text": body });
    }
    Some(json!({
        "startedDateTime": "2026-11-21T12:00:00.000+03:00", "time": 1, "request": request,
        "response": { "status": status.parse::<u16>().ok()?, "headers": [{ "name": "Content-Type", "value": "application/json" }], "content": { "mimeType": "application/json", "text": reply } },
    }))
}

/// What a client needs to get in.
struct Credentials {
    token: String,
    login: Value,
}

/// Walks through three services: what was asked, with the status and what came.
fn walk(urls: &BTreeMap<&str, String>, with: &Credentials) -> BTreeMap<String, (String, Value)> {
    let mut seen = BTreeMap::new();
    let mut ask = |service: &str, path: &str, args: &[&str]| {
        let url = format!("{}{path}", urls[service]);
        let answer = curl(&[args, &["-w", "\n%{http_code}", &url]].concat());
        let (body, status) = answer.rsplit_once('\n').unwrap();
        let body: Value = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
        seen.insert(format!("{service} {path}"), (status.to_owned(), body.clone()));
        body
    };
    let token = format!("token: {}", with.token);
    for hash in ["?hash=none", "?hash=0x00000001", ""] {
        ask("carbis", &format!("/api/v4/events{hash}"), &["-H", &token]);
    }
    ask("tillypad", "/get-menu", &[]);
    ask("tillypad", "/get-guest?guest-id=38450FC9-D852-2A40-8C78-9E925A35ABDC", &[]);
    let pair = ask("telemetron", "/auth/", &["-H", "content-type: application/json", "-d", &with.login.to_string()]);
    let bearer = format!("authorization: Bearer {}", pair["access_token"].as_str().unwrap_or_else(|| panic!("{pair}")));
    for list in ["locations", "modems", "vm_models", "components", "products", "planograms?full", "requisites"] {
        ask("telemetron", &format!("/v2/{list}"), &["-H", &bearer]);
    }
    let machines = ask("telemetron", "/v2/vending_machines", &["-H", &bearer]);
    for machine in machines.as_array().unwrap() {
        for part in ["", "/loading", "/timestamp"] {
            ask("telemetron", &format!("/v2/vending_machines/{}{part}", machine["id"]), &["-H", &bearer]);
        }
    }
    let planograms = ask("telemetron", "/v2/planograms", &["-H", &bearer]);
    for planogram in planograms.as_array().unwrap() {
        ask("telemetron", &format!("/v2/planograms/{}", planogram["id"]), &["-H", &bearer]);
    }
    // Nobody's: what a refusal looks like.
    ask("carbis", "/api/v4/events?hash=none&nobody", &[]);
    seen
}

/// Without what is masked in a world from traffic, and what stands under a key that nobody knows.
fn without_masked(value: &Value) -> Value {
    const MASKED: [&str; 13] = [
        "serial",
        "access_token",
        "refresh_token",
        "address",
        "phone",
        "addr_legal",
        "addr_fact",
        "inn",
        "email",
        "username",
        "first_name",
        "last_name",
        "last_login",
    ];
    match value {
        Value::Array(items) => items.iter().map(without_masked).collect(),
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !MASKED.contains(&key.as_str()));
            kept.map(|(key, value)| (key.clone(), without_masked(value))).collect()
        }
        other => other.clone(),
    }
}

fn relays(serving: &Serving, change: fn(String) -> String) -> BTreeMap<&'static str, Relay> {
    ["carbis", "tillypad", "telemetron"].map(|name| (name, Relay::before(serving.url(name), change))).into()
}

fn urls(relays: &BTreeMap<&'static str, Relay>) -> BTreeMap<&'static str, String> {
    relays.iter().map(|(name, relay)| (*name, relay.url.clone())).collect()
}

fn compared(service: &str, har: &str) -> Value {
    let (code, out, err) = described(&stend(&["compare", service, "--har", har, "--format", "json"]));
    assert_eq!(code, 1, "{service}: {err}");
    serde_json::from_str(&out).unwrap()
}

/// The credentials of a world file.
fn credentials(world: &Path) -> Credentials {
    let world = Node::parse(&std::fs::read_to_string(world).unwrap()).unwrap().to_json();
    let (client, user) = (&world["telemetron"]["clients"][0], &world["telemetron"]["users"][0]);
    let login = json!({
        "grant_type": "password", "client_id": client["id"], "client_secret": client["secret"],
        "username": user["email"], "password": user["password"],
    });
    Credentials { token: world["carbis"]["token"].as_str().unwrap().to_owned(), login }
}

#[test]
fn a_system_that_differs_in_settings_things_and_shape_is_named_and_built() {
    let folder = tempfile::tempdir().unwrap();
    let system = Serving::start(&["--clock", NOON]);
    set(&system, "carbis", &json!({ "refusal": "ok", "lost_place": "nothing" }));
    set(&system, "telemetron", &json!({ "access_tokens": "200h" }));
    let act = json!({ "carbis.call_waiter": { "table": 1000028 } });
    curl(&[&format!("{}/control/v1/worlds/default/actions", system.url("control")), "-d", &act.to_string()]);
    let theirs = relays(&system, |body| other_shape(other_things(body)));
    let login = json!({
        "grant_type": "password", "client_id": "client-key", "client_secret": "client-secret",
        "username": "me@example.com", "password": "123456",
    });
    let seen = walk(&urls(&theirs), &Credentials { token: "demo-token".into(), login });
    let entries: Vec<Value> = theirs.values().flat_map(|relay| relay.entries.lock().unwrap().clone()).collect();
    assert_eq!(entries.len(), seen.len());
    let har = folder.path().join("theirs.har").display().to_string();
    std::fs::write(&har, json!({ "log": { "version": "1.2", "entries": entries } }).to_string()).unwrap();

    // Each assumption that does not hold names its setting; each shape that is otherwise names its claim.
    for (service, settings, claims) in [
        (
            "carbis",
            json!([["settings.lost_place", "nothing"], ["settings.refusal", "ok"]]),
            vec![("CB-014", "specification")],
        ),
        ("tillypad", json!([]), vec![("TP-043", "specification")]),
        ("telemetron", json!([["settings.access_tokens", "720000s"]]), vec![("TM-131", "claim")]),
    ] {
        let report = compared(service, &har);
        let rows = |list: &str| report[list].as_array().unwrap().clone();
        let refuted = rows("settings").into_iter().filter(|row| row["verdict"] == "refuted");
        let refuted: Value = refuted.map(|row| json!([row["setting"], row["instead"]])).collect();
        assert_eq!(refuted, settings, "{service}: {report:#}");
        for (claim, against) in claims {
            let verdict = rows("claims").into_iter().find(|row| row["id"] == claim);
            assert_eq!(verdict.unwrap()["verdict"], "refuted", "{claim}: {report:#}");
            let by = rows("differences").into_iter().filter(|row| row["against"] == against);
            assert!(
                by.clone().any(|row| row["claims"].as_array().is_some_and(|all| all.contains(&json!(claim)))),
                "{report:#}"
            );
        }
        let unnamed: Vec<Value> =
            rows("differences").into_iter().filter(|row| row["claims"].is_null() && row["setting"].is_null()).collect();
        // What is unknown to the specification has no claim that could be named.
        assert!(
            unnamed.iter().all(|row| row["expected"].as_str().is_some_and(|text| text.contains("unexpected"))
                || row["against"] == "bench"),
            "{service}: {unnamed:#?}"
        );
    }

    // A world of the traffic, behind a relay that changes the shape alone, answers as the system did.
    let world = folder.path().join("theirs.yaml");
    let (code, out, err) = described(&stend(&["world-from", &har, "-o", world.to_str().unwrap()]));
    assert_eq!(code, 0, "{out}{err}");
    for note in [
        "carbis.settings.refusal: ok, as the system answers; the default is status",
        "telemetron.settings.access_tokens: 720000s, as the system answers",
    ] {
        assert!(err.contains(note), "{note} is not in {err}");
    }
    let built = Serving::start(&["--world", world.to_str().unwrap(), "--clock", NOON]);
    let ours = walk(&urls(&relays(&built, other_shape)), &credentials(&world));
    assert_eq!(ours.keys().collect::<Vec<_>>(), seen.keys().collect::<Vec<_>>());
    let mut other = Vec::new();
    for (asked, (status, body)) in &seen {
        let (our_status, our_body) = &ours[asked];
        if status != our_status || without_masked(body) != without_masked(our_body) {
            other.push(format!("{asked}: {status} {body}\n    {our_status} {our_body}"));
        }
    }
    assert!(other.is_empty(), "{}", other.join("\n"));
    assert!(seen["telemetron /v2/vending_machines"].1.to_string().contains("У входа"));
}

/// What lists alone have shown is said, since a single thing may have more.
#[test]
fn what_was_seen_in_lists_alone_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let system = Serving::start(&["--clock", NOON]);
    let relay = Relay::before(system.url("telemetron"), |body| body);
    let login = r#"{"grant_type": "password", "client_id": "client-key", "client_secret": "client-secret", "username": "me@example.com", "password": "123456"}"#;
    let pair: Value = serde_json::from_str(&curl(&[
        "-H",
        "content-type: application/json",
        "-d",
        login,
        &format!("{}/auth/", relay.url),
    ]))
    .unwrap();
    let bearer = format!("authorization: Bearer {}", pair["access_token"].as_str().unwrap());
    let machines: Value =
        serde_json::from_str(&curl(&["-H", &bearer, &format!("{}/v2/vending_machines", relay.url)])).unwrap();
    let ids: Vec<String> = machines.as_array().unwrap().iter().map(|machine| machine["id"].to_string()).collect();
    curl(&["-H", &bearer, &format!("{}/v2/vending_machines/{}", relay.url, ids[0])]);
    let har = folder.path().join("lists.har").display().to_string();
    let entries = relay.entries.lock().unwrap().clone();
    std::fs::write(&har, json!({ "log": { "version": "1.2", "entries": entries } }).to_string()).unwrap();
    let (code, _, err) = described(&stend(&["world-from", &har, "--default-settings", "-o", &format!("{har}.yaml")]));
    assert_eq!(code, 0, "{err}");
    let (all, some) = (ids.len(), ids.len() - 1);
    let told = |operation: &str, of: usize, from: usize| {
        let few = ids[from..].iter().take(5).cloned().collect::<Vec<_>>().join(", ");
        format!("{operation} of {of} of {all} ({few}{})", if of > 5 { ", …" } else { "" })
    };
    let note = format!(
        "note: telemetron.machines: not seen, and so at the default in them: {}; {}\n",
        told("vending_machine", some, 1),
        told("loading", all, 0)
    );
    assert!(err.contains(&note), "{note} is not in {err}");
}
