//! Traffic as files of other tools: HAR, Hurl, Postman.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stend_core::traffic::{HttpExchange, Message, SocketTraffic, Traffic};

use super::matching::parts;

/// The traffic of a journal's entries, as the control API gives them, with the URL of each service. Frames have no
/// connection in a journal: those of one client are one socket.
pub fn from_journal(entries: &[Value], url: &dyn Fn(&str) -> String) -> Vec<Traffic> {
    let mut found: Vec<Traffic> = Vec::new();
    let mut sockets: BTreeMap<(String, String), usize> = BTreeMap::new();
    for entry in entries {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let (service, at) = (text("fake"), entry["at"].as_str().and_then(|at| at.parse().ok()));
        let base = url(&service);
        let status = entry["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(0);
        if entry["channel"] == "http" {
            let query = entry["query"].as_str().map(|query| format!("?{query}")).unwrap_or_default();
            let header =
                |header: &Value| Some((header["name"].as_str()?.to_owned(), header["value"].as_str()?.to_owned()));
            let reply = bytes(&entry["reply"]);
            let kind = if serde_json::from_slice::<Value>(&reply).is_ok() { "application/json" } else { "text/plain" };
            found.push(Traffic::Http(Box::new(HttpExchange {
                at,
                took_ms: None,
                method: text("method"),
                url: format!("{base}{}{query}", text("path")),
                headers: entry["headers"].as_array().into_iter().flatten().filter_map(header).collect(),
                body: bytes(&entry["request"]),
                status,
                reply_headers: if reply.is_empty() { Vec::new() } else { vec![("content-type".into(), kind.into())] },
                reply,
                unreadable: None,
            })));
            continue;
        }
        let (request, reply) = (bytes(&entry["request"]), bytes(&entry["reply"]));
        if request.is_empty() && reply.is_empty() {
            continue;
        }
        let place = *sockets.entry((service, text("client"))).or_insert_with(|| {
            found.push(Traffic::Socket(SocketTraffic { url: format!("{base}/"), at, ..SocketTraffic::default() }));
            found.len() - 1
        });
        let Some(Traffic::Socket(socket)) = found.get_mut(place) else { continue };
        for (bytes, from_client) in [(request, true), (reply, false)] {
            if !bytes.is_empty() {
                socket.messages.push(Message { at, from_client, text: String::from_utf8_lossy(&bytes).into_owned() });
            }
        }
    }
    found
}

/// A body as the journal shows it.
fn bytes(shown: &Value) -> Vec<u8> {
    match shown {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(map) if map.len() == 1 && map.get("base64").is_some_and(Value::is_string) => {
            STANDARD.decode(map["base64"].as_str().unwrap_or_default()).unwrap_or_default()
        }
        json => json.to_string().into_bytes(),
    }
}

/// As HAR 1.2.
pub fn har(traffic: &[Traffic], version: &str) -> Value {
    let entries: Vec<Value> = traffic.iter().map(entry).collect();
    json!({ "log": { "version": "1.2", "creator": { "name": "stend", "version": version }, "entries": entries } })
}

fn pairs(list: &[(String, String)]) -> Vec<Value> {
    list.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn query(url: &str) -> Vec<Value> {
    let (.., query) = parts(url);
    super::matching::pairs(query).iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn entry(traffic: &Traffic) -> Value {
    let at = traffic.at().map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), |at| at.to_string());
    let timings = |wait: f64| json!({ "send": 0, "wait": wait, "receive": 0 });
    match traffic {
        Traffic::Http(http) => {
            let kind = |headers: &[(String, String)]| {
                let found = headers.iter().find(|(name, _)| name == "content-type");
                found.map_or_else(|| "application/octet-stream".to_owned(), |(_, value)| value.clone())
            };
            let mut request = json!({
                "method": http.method, "url": http.url, "httpVersion": "HTTP/1.1", "cookies": [], "headers": pairs(&http.headers),
                "queryString": query(&http.url), "headersSize": -1, "bodySize": http.body.len(),
            });
            if !http.body.is_empty() {
                request["postData"] = match std::str::from_utf8(&http.body) {
                    Ok(text) => json!({ "mimeType": kind(&http.headers), "text": text }),
                    Err(_) => {
                        json!({ "mimeType": kind(&http.headers), "text": STANDARD.encode(&http.body), "encoding": "base64" })
                    }
                };
            }
            let mut content = json!({ "size": http.reply.len(), "mimeType": kind(&http.reply_headers) });
            match std::str::from_utf8(&http.reply) {
                Ok("") => {}
                Ok(text) => content["text"] = text.into(),
                Err(_) => {
                    content["text"] = STANDARD.encode(&http.reply).into();
                    content["encoding"] = "base64".into();
                }
            }
            let took = http.took_ms.unwrap_or(0.0);
            json!({
                "startedDateTime": at, "time": took, "request": request,
                "response": {
                    "status": http.status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": pairs(&http.reply_headers),
                    "content": content, "redirectURL": "", "headersSize": -1, "bodySize": http.reply.len(),
                },
                "cache": {}, "timings": timings(took),
            })
        }
        Traffic::Socket(socket) => {
            let message = |message: &Message| {
                let seconds = message.at.map_or(0.0, |at| at.as_millisecond() as f64 / 1000.0);
                json!({ "type": if message.from_client { "send" } else { "receive" }, "time": seconds, "opcode": 1, "data": message.text })
            };
            json!({
                "startedDateTime": at, "time": 0,
                "request": {
                    "method": "GET", "url": socket.url, "httpVersion": "HTTP/1.1", "cookies": [], "headers": pairs(&socket.headers),
                    "queryString": query(&socket.url), "headersSize": -1, "bodySize": 0,
                },
                "response": {
                    "status": 101, "statusText": "Switching Protocols", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
                    "content": { "size": 0, "mimeType": "x-unknown" }, "redirectURL": "", "headersSize": -1, "bodySize": 0,
                },
                "cache": {}, "timings": timings(0.0), "_resourceType": "websocket",
                "_webSocketMessages": socket.messages.iter().map(message).collect::<Vec<_>>(),
            })
        }
    }
}

/// Headers that the other tool sets itself.
const OWN: [&str; 7] = [
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "transfer-encoding",
    "proxy-connection",
    "proxy-authorization",
];

fn sent(http: &HttpExchange) -> impl Iterator<Item = &(String, String)> {
    http.headers.iter().filter(|(name, _)| !OWN.contains(&name.as_str()))
}

/// As Hurl, each request with the status that it had. Sockets are left out: Hurl has none.
pub fn hurl(traffic: &[Traffic]) -> String {
    let mut text = String::new();
    for one in traffic {
        let Traffic::Http(http) = one else {
            let _ = writeln!(text, "# a socket is left out: {}\n", one.url().replace(['\n', '\r'], " "));
            continue;
        };
        let _ = writeln!(text, "{} {}", http.method, escaped(&http.url, ""));
        for (name, value) in sent(http) {
            let _ = writeln!(text, "{}: {}", escaped(name, ":"), escaped(value, ""));
        }
        if !http.body.is_empty() {
            match std::str::from_utf8(&http.body) {
                // A text between backquotes is taken as it is, but for these.
                Ok(body) if !body.contains(['`', '\n', '\r']) && !body.contains("{{") => {
                    let _ = writeln!(text, "`{}`", body.replace('\\', "\\\\"));
                }
                _ => {
                    let _ = writeln!(text, "base64,{};", STANDARD.encode(&http.body));
                }
            }
        }
        let _ = writeln!(text, "HTTP {}\n", if http.status == 0 { "*".to_owned() } else { http.status.to_string() });
    }
    text
}

/// A text in which nothing is Hurl's own: comments, templates, escapes.
fn escaped(text: &str, more: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        match c {
            '\\' | '#' => out.extend(['\\', c]),
            '{' | '}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c if c.is_control() || more.contains(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// As a Postman collection, version 2.1. Sockets are left out: such a collection has none.
pub fn postman(traffic: &[Traffic], title: &str) -> Value {
    let item = |http: &HttpExchange| {
        let (base, path, query) = parts(&http.url);
        let headers: Vec<Value> = sent(http).map(|(name, value)| json!({ "key": name, "value": value })).collect();
        let fields: Vec<Value> =
            super::matching::pairs(query).iter().map(|(name, value)| json!({ "key": name, "value": value })).collect();
        let (scheme, host) = base.split_once("://").unwrap_or(("http", base));
        let mut request = json!({
            "method": http.method,
            "header": headers,
            "url": {
                "raw": http.url, "protocol": scheme, "host": [host],
                "path": path.split('/').skip(1).collect::<Vec<_>>(), "query": fields,
            },
        });
        match std::str::from_utf8(&http.body) {
            Ok("") => {}
            Ok(text) => request["body"] = json!({ "mode": "raw", "raw": text }),
            Err(_) => request["description"] = "The body is no text, and is left out.".into(),
        }
        let test = format!("pm.test(\"status {0}\", () => pm.response.to.have.status({0}));", http.status);
        json!({
            "name": format!("{} {path}", http.method),
            "request": request,
            "event": [{ "listen": "test", "script": { "type": "text/javascript", "exec": [test] } }],
        })
    };
    let items: Vec<Value> = traffic
        .iter()
        .filter_map(|one| match one {
            Traffic::Http(http) => Some(item(http)),
            Traffic::Socket(_) => None,
        })
        .collect();
    json!({
        "info": { "name": title, "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json" },
        "item": items,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<Traffic> {
        vec![
            Traffic::Http(Box::new(HttpExchange {
                at: "2026-11-21T09:00:00Z".parse().ok(),
                method: "POST".into(),
                url: "http://127.0.0.1:7702/pay-guest?delete-prechecks=1#{{x}}".into(),
                headers: vec![
                    ("host".into(), "h".into()),
                    ("content-type".into(), "application/json".into()),
                    ("x".into(), "a # {{b}} \\".into()),
                ],
                body: br#"{"a": "b\\c"}"#.to_vec(),
                status: 500,
                reply_headers: vec![("content-type".into(), "application/json".into())],
                reply: b"\"no\"".to_vec(),
                ..HttpExchange::default()
            })),
            Traffic::Http(Box::new(HttpExchange {
                method: "POST".into(),
                url: "http://h/".into(),
                body: vec![0xFF, 0],
                status: 200,
                reply: vec![0xFE],
                ..HttpExchange::default()
            })),
            Traffic::Socket(SocketTraffic {
                url: "ws://h/".into(),
                at: "2026-11-21T09:00:00Z".parse().ok(),
                messages: vec![Message {
                    at: "2026-11-21T09:00:01.5Z".parse().ok(),
                    from_client: true,
                    text: "{}".into(),
                }],
                ..SocketTraffic::default()
            }),
        ]
    }

    #[test]
    fn har_that_is_written_is_read_back() {
        let mut read = Vec::new();
        let text = har(&some(), "0").to_string();
        super::super::har::read(text.as_bytes(), &mut |item| {
            if let super::super::har::Item::Traffic(one) = item {
                read.push(one);
            }
        })
        .expect("HAR");
        let mut expected = some();
        if let Traffic::Http(http) = &mut expected[0] {
            http.took_ms = Some(0.0);
        }
        if let Traffic::Http(http) = &mut expected[1] {
            (http.took_ms, http.at) = (Some(0.0), Some(stend_core::Timestamp::UNIX_EPOCH));
        }
        assert_eq!(read, expected);
    }

    #[test]
    fn hurl_has_nothing_of_its_own_in_a_value() {
        let text = hurl(&some());
        assert_eq!(
            text,
            "POST http://127.0.0.1:7702/pay-guest?delete-prechecks=1\\#\\u{7b}\\u{7b}x\\u{7d}\\u{7d}\n\
             content-type: application/json\nx: a \\# \\u{7b}\\u{7b}b\\u{7d}\\u{7d} \\\\\n`{\"a\": \"b\\\\\\\\c\"}`\nHTTP 500\n\n\
             POST http://h/\nbase64,/wA=;\nHTTP 200\n\n# a socket is left out: ws://h/\n\n"
        );
    }

    #[test]
    fn a_collection_has_each_request_with_its_status() {
        let collection = postman(&some(), "t");
        assert_eq!(collection["item"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            collection["item"][0]["request"]["url"]["query"][0],
            json!({"key": "delete-prechecks", "value": "1"})
        );
    }
}
