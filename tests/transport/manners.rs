//! HTTP around the documented calls (rulings G5, G6 and G7), on every port that speaks it.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, Bench};

/// A port, a path of it that `GET` only reads, with what it needs to answer 200, and a path that takes a JSON body.
struct Port {
    name: &'static str,
    path: &'static str,
    /// The same path with an unreserved character escaped.
    escaped: &'static str,
    header: Option<(&'static str, String)>,
    query: &'static str,
    allow: &'static str,
    takes_body: (Method, &'static str),
}

async fn ports(bench: &Bench) -> Vec<Port> {
    let token = bench
        .send(bench.client.post(format!("{}/auth/", bench.url("telemetron"))).json(&json!({
            "grant_type": "password", "client_id": "client-key", "client_secret": "client-secret",
            "username": "me@example.com", "password": "123456", "scope": "teleport",
        })))
        .await;
    let bearer = format!("Bearer {}", token.json()["access_token"].as_str().expect("a token"));
    vec![
        Port {
            name: "carbis",
            path: "/api/v4/events",
            escaped: "/api/%764/events",
            header: Some(("token", "demo-token".into())),
            query: "?hash=none",
            allow: "GET, HEAD, OPTIONS",
            takes_body: (Method::GET, "/api/v4/events?hash=none"),
        },
        Port {
            name: "tillypad",
            path: "/get-guests",
            escaped: "/get%2Dguests",
            header: None,
            query: "?client-id=3F2504E0-4F89-11D3-9A0C-0305E82C3301",
            allow: "GET, HEAD, OPTIONS",
            takes_body: (Method::POST, "/calc-discount"),
        },
        Port {
            name: "telemetron",
            path: "/v2/vending_machines",
            escaped: "/v2/vending%5fmachines",
            header: Some(("authorization", bearer)),
            query: "",
            allow: "GET, HEAD, POST, OPTIONS",
            takes_body: (Method::POST, "/v2/locations"),
        },
        Port {
            name: "control",
            path: "/control/v1/worlds",
            escaped: "/control/v1/w%6Frlds",
            header: None,
            query: "",
            allow: "GET, HEAD, POST, OPTIONS",
            takes_body: (Method::POST, "/control/v1/worlds"),
        },
    ]
}

impl Port {
    fn ask(&self, bench: &Bench, method: Method, path: &str) -> RequestBuilder {
        // The control port has no worlds in its paths, and the URL library would decode what is escaped needlessly.
        let request = bench.client.request(method, format!("{}{path}", bench.url(self.name)));
        match &self.header {
            Some((name, value)) => request.header(*name, value),
            None => request,
        }
    }

    async fn get(&self, bench: &Bench, path: &str) -> Answer {
        bench.send(self.ask(bench, Method::GET, &format!("{path}{}", self.query))).await
    }
}

#[tokio::test]
async fn a_slash_at_the_end_and_unreserved_escapes_name_the_same_resource() {
    let bench = Bench::start().await;
    for port in ports(&bench).await {
        let plain = port.get(&bench, port.path).await;
        assert_eq!(plain.status, 200, "{}: {}", port.name, plain.text);
        for path in [format!("{}/", port.path), port.escaped.to_owned(), format!("{}/", port.escaped)] {
            let same = port.get(&bench, &path).await;
            assert_eq!(same.status, 200, "{} {path}: {}", port.name, same.text);
            assert_eq!(same.text, plain.text, "{} {path}", port.name);
        }
    }
}

#[tokio::test]
async fn head_answers_as_get_does_without_its_body() {
    let bench = Bench::start().await;
    for port in ports(&bench).await {
        let get = port.get(&bench, port.path).await;
        let head = bench.send(port.ask(&bench, Method::HEAD, &format!("{}{}", port.path, port.query))).await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{}", port.name);
        for header in ["content-type", "content-length"] {
            assert_eq!(head.headers[header], get.headers[header], "{} {header}", port.name);
        }
    }
    let journal = bench.steer(Method::GET, "/worlds/default/journal?fake=carbis&limit=1", Value::Null).await.json();
    let entry = &journal["entries"][0];
    assert_eq!(
        (&entry["method"], &entry["operation"], &entry["reply"]),
        (&json!("HEAD"), &json!("events"), &json!(null))
    );
}

#[proves("carbis G6", "tillypad G6", "telemetron G6")]
#[tokio::test]
async fn g6_head_answers_wherever_a_get_only_reads_with_a_body_or_without() {
    let bench = Bench::start().await;
    let registry = stend::registry::services();
    for kind in registry.services() {
        let gets = kind.operations().iter().filter(|operation| operation.method == Some("GET"));
        for operation in gets.filter(|operation| !operation.changes) {
            let path = operation.path.unwrap_or_default().replace('{', "1").replace('}', "");
            let ask = |method| bench.send(bench.client.request(method, format!("{}{path}", bench.url(kind.name()))));
            let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
            assert_ne!(get.status, 405, "{path}");
            assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{} {path}", kind.name());
        }
    }
    // A GET that has a body.
    let bill = json!({ "gest_Name": "А", "orders": [] });
    let ask = |method: Method| {
        let request = bench.client.request(method, format!("{}/calc-discount", bench.url("tillypad")));
        bench.send(request.json(&bill))
    };
    let (get, head) = (ask(Method::GET).await, ask(Method::HEAD).await);
    assert_eq!((get.status.as_u16(), head.status.as_u16(), head.text.as_str()), (200, 200, ""), "{}", get.text);
    assert_eq!(head.headers["content-length"], get.headers["content-length"]);
}

#[tokio::test]
async fn head_does_not_stand_for_a_get_that_changes_something() {
    let bench = Bench::start().await;
    let ports = ports(&bench).await;
    let telemetron = ports.iter().find(|port| port.name == "telemetron").expect("there");
    let head = bench.send(telemetron.ask(&bench, Method::HEAD, "/logout")).await;
    assert_eq!((head.status.as_u16(), head.headers["allow"].to_str().unwrap()), (405, "GET, OPTIONS"));
    let still = telemetron.get(&bench, "/v2/me").await;
    assert_eq!(still.status, 200, "nobody was logged out: {}", still.text);
}

#[tokio::test]
async fn options_names_the_methods_and_a_wrong_one_is_told_them() {
    let bench = Bench::start().await;
    for port in ports(&bench).await {
        let options = bench.send(port.ask(&bench, Method::OPTIONS, port.path)).await;
        assert_eq!((options.status.as_u16(), options.text.as_str()), (200, ""), "{}", port.name);
        assert_eq!(options.headers["allow"], port.allow, "{}", port.name);
        let wrong = bench.send(port.ask(&bench, Method::PATCH, port.path)).await;
        assert_eq!(wrong.status, 405, "{}: {}", port.name, wrong.text);
        assert_eq!(wrong.headers["allow"], port.allow, "{}", port.name);
        let nowhere = bench.send(port.ask(&bench, Method::OPTIONS, "/nowhere")).await;
        assert_eq!(nowhere.status, 404, "{}: {}", port.name, nowhere.text);
    }
}

/// Where the vendor's errors say what is wrong.
fn reason(port: &Port, answer: &Answer) -> String {
    let body = answer.json();
    let text = match port.name {
        "carbis" => &body["error"],
        "control" => &body["error"]["message"],
        _ => &body["message"],
    };
    text.as_str().unwrap_or_else(|| panic!("{}: not the vendor's error: {body}", port.name)).to_owned()
}

#[tokio::test]
async fn a_body_in_an_encoding_that_nobody_reads_is_refused_by_name() {
    let bench = Bench::start().await;
    for port in ports(&bench).await {
        let (method, path) = port.takes_body.clone();
        let ask = |body: &'static [u8]| {
            port.ask(&bench, method.clone(), path).header("content-type", "application/json").body(body)
        };
        let gzip = bench.send(ask(b"\x1f\x8b\x08").header("content-encoding", "gzip")).await;
        assert_eq!(gzip.status, 415, "{}: {}", port.name, gzip.text);
        assert!(reason(&port, &gzip).contains("'gzip'"), "{}: {}", port.name, gzip.text);
        let request = bench.client.request(method.clone(), format!("{}{path}", bench.url(port.name)));
        let request = port.header.iter().fold(request, |request, (name, value)| request.header(*name, value));
        let charset = request.header("content-type", "application/json; charset=klingon").body("{}");
        let charset = bench.send(charset).await;
        assert_eq!(charset.status, 415, "{}: {}", port.name, charset.text);
        assert!(reason(&port, &charset).contains("'klingon'"), "{}: {}", port.name, charset.text);
        if port.name != "tillypad" {
            let mark = bench.send(ask(b"\xef\xbb\xbf{}")).await;
            assert_eq!(mark.status, 415, "{}: {}", port.name, mark.text);
            assert!(reason(&port, &mark).contains("byte order mark (UTF-8)"), "{}: {}", port.name, mark.text);
        }
        if port.name != "control" {
            let journal = format!("/worlds/default/journal?fake={}&status=415", port.name);
            let entries = bench.steer(Method::GET, &journal, Value::Null).await.json()["entries"].clone();
            let warnings: Vec<&str> =
                entries.as_array().unwrap().iter().filter_map(|entry| entry["warnings"][0].as_str()).collect();
            assert!(warnings[0].contains("'gzip'") && warnings[1].contains("'klingon'"), "{warnings:?}");
        }
    }
}

#[tokio::test]
async fn tillypad_reads_windows_1251_and_skips_a_byte_order_mark_as_spring_does() {
    let bench = Bench::start().await;
    // An order of nobody: what is wrong with it is told in its own letters.
    let url = format!("{}/post-guest", bench.url("tillypad"));
    let post = |kind: &'static str, body: Vec<u8>| bench.client.post(&url).header("content-type", kind).body(body);
    let text = r#"{"gest_Name":"Пиво","gest_ID":"не GUID"}"#;
    let utf8 = bench.send(post("application/json", text.into())).await;
    let bytes: Vec<u8> = text.chars().map(windows_1251).collect();
    let cyrillic = bench.send(post("application/json; charset=windows-1251", bytes)).await;
    let marked = bench.send(post("application/json", [b"\xef\xbb\xbf", text.as_bytes()].concat())).await;
    assert!(utf8.text.contains("не GUID"), "{}", utf8.text);
    assert_eq!((&cyrillic.text, &marked.text), (&utf8.text, &utf8.text));
    let journal = bench.steer(Method::GET, "/worlds/default/journal?fake=tillypad", Value::Null).await.json();
    assert_eq!(journal["entries"][1]["request"]["gest_Name"], "Пиво");
}

fn windows_1251(letter: char) -> u8 {
    match letter {
        'А'..='я' => u8::try_from(u32::from(letter) - u32::from('А') + 0xC0).expect("a letter"),
        ascii => u8::try_from(ascii).expect("ASCII"),
    }
}

#[tokio::test]
async fn what_the_bench_refuses_has_the_vendors_shape() {
    let bench = Bench::start().await;
    for port in ports(&bench).await.into_iter().filter(|port| port.name != "control") {
        let nowhere = bench.send(port.ask(&bench, Method::GET, &format!("/w/no-such-world{}", port.path))).await;
        assert_eq!(nowhere.status, 404, "{}: {}", port.name, nowhere.text);
        assert!(reason(&port, &nowhere).contains("no-such-world"), "{}", nowhere.text);
        for (fault, status, part) in [
            (json!({"match": {"fake": port.name}, "respond": {"status": 503}, "times": 1}), 503, "Service Unavailable"),
            (json!({"match": {"fake": port.name}, "quota": {"limit": 1, "window": "1m"}}), 429, "60 s"),
        ] {
            let added = bench.steer(Method::POST, "/worlds/default/faults", fault).await;
            assert_eq!(added.status, 201, "{}", added.text);
            if status == 429 {
                assert_eq!(port.get(&bench, port.path).await.status, 200);
            }
            let faulted = port.get(&bench, port.path).await;
            assert_eq!(faulted.status, status, "{}: {}", port.name, faulted.text);
            assert!(reason(&port, &faulted).contains(part), "{}: {}", port.name, faulted.text);
        }
        bench.steer(Method::DELETE, "/worlds/default/faults", Value::Null).await;
    }
}
