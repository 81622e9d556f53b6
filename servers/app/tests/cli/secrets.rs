//! A secret that is planted in traffic is in no file that is written: at each place that traffic has, one of its own, so that
//! no place lives on what another has told.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::passing::recording;
use crate::support::{Serving, curl, described, stend};

/// A request as curl sends it, and the reply that it gets. `§` stands for the secret of the place, `¤` for a text beside it,
/// which shows that the place was written at all, and `«…»` for base64 of what is in it.
struct Plant {
    place: &'static str,
    path: &'static str,
    headers: &'static [&'static str],
    body: &'static str,
    reply_header: &'static str,
    reply: &'static str,
}

const fn asked(place: &'static str, path: &'static str, headers: &'static [&'static str], body: &'static str) -> Plant {
    Plant { place, path, headers, body, reply_header: "", reply: "{}" }
}

const fn answered(place: &'static str, reply_header: &'static str, reply: &'static str) -> Plant {
    Plant { place, path: "/r", headers: &[], body: "", reply_header, reply }
}

const FORM: &str = "content-type: application/x-www-form-urlencoded";
const PARTS: &str = "content-type: multipart/form-data; boundary=b";
const JSON: &str = "content-type: application/json";

static PLANTS: [Plant; 27] = [
    asked("a query", "/q?note=¤&access_token=§", &[], ""),
    asked("a query in another case", "/q?note=¤&ApiKey=§", &[], ""),
    asked("Bearer", "/b?note=¤", &["authorization: Bearer §"], ""),
    asked("Basic", "/b?note=¤", &["authorization: Basic «someone:§»"], ""),
    asked("a header whatever the service", "/b?note=¤", &["x-api-key: §"], ""),
    asked("a header by its name", "/h?note=¤", &["x-session-token: §"], ""),
    asked("a cookie", "/c?note=¤", &["cookie: theme=dark; sid=§"], ""),
    asked("Referer", "/h?note=¤", &["referer: http://h.test/?token=§"], ""),
    asked("a form", "/f", &[FORM], "note=¤&refresh_token=§"),
    asked(
        "a form in parts",
        "/f",
        &[PARTS],
        "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n¤\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n§\r\n--b--\r\n",
    ),
    asked("a field", "/j", &[JSON], r#"{"note": "¤", "password": "§"}"#),
    asked("a nested field", "/j", &[JSON], r#"{"a": [{"note": "¤", "credentials": {"value": ["§"]}}]}"#),
    asked("JSON in a text", "/j", &[JSON], r#"{"note": "¤", "a": "{\"token\": \"§\"}"}"#),
    asked("base64 of JSON", "/j", &[JSON], r#"{"note": "¤", "a": "«{"token": "§"}»"}"#),
    asked("a URL in a text", "/j", &[JSON], r#"{"note": "¤", "next": "https://h.test/?token=§"}"#),
    asked("a user in a URL in a text", "/j", &[JSON], r#"{"note": "¤", "next": "https://me:§@h.test/?a=1"}"#),
    asked("a key", "/j", &[JSON], r#"{"token": "§", "by": {"§": "¤"}}"#),
    asked("a segment of a path", "/p/§/¤", &["authorization: Bearer §"], ""),
    asked("JSON without its type", "/j", &["content-type: text/plain"], r#"{"note": "¤", "api_key": "§"}"#),
    answered("Set-Cookie", "set-cookie: sid=§; Path=/; HttpOnly", r#"{"note": "¤"}"#),
    answered("a reply's header", "x-auth-token: §", r#"{"note": "¤"}"#),
    answered("Location", "location: http://h.test/next#access_token=§", r#"{"note": "¤"}"#),
    answered("a reply's field", "", r#"{"note": "¤", "data": {"client_secret": "§"}}"#),
    answered("a reply's list", "", r#"[{"note": "¤", "tokens": ["§", "§"]}]"#),
    answered("a reply's form", "", "note=¤&access_token=§&expires_in=3600"),
    answered("base64 in a reply", "", r#"{"note": "¤", "file": "«{"password": "§"}»"}"#),
    Plant { reply: "said § to ¤", ..asked("a reply's text", "/r?token=§", &[], "") },
];

/// The secret of a place, and what stands beside it.
fn planted(number: usize) -> (String, String) {
    (format!("Pl4nted{number}-S3cret-{number}x"), format!("beside{number}it"))
}

/// The text of a place.
fn filled(text: &str, number: usize) -> String {
    let (secret, beside) = planted(number);
    let text = text.replace('§', &secret).replace('¤', &beside);
    match text.split_once('«').and_then(|(head, rest)| Some((head, rest.split_once('»')?))) {
        Some((head, (coded, tail))) => format!("{head}{}{tail}", STANDARD.encode(coded)),
        None => text,
    }
}

/// Whether a text holds a secret: as it is, in another case, escaped, or within base64.
fn holds(text: &str, secret: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().contains(&secret.to_lowercase());
    let words =
        || text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=_-".contains(c)).filter(|word| word.len() > 15);
    let decoded = words().flat_map(|word| [STANDARD.decode(word), URL_SAFE_NO_PAD.decode(word)]).flatten();
    plain(text)
        || plain(&text.replace("%2D", "-"))
        || decoded.into_iter().any(|bytes| plain(&String::from_utf8_lossy(&bytes)))
}

/// The places whose secret is in one of these texts.
fn leaks(texts: &[String]) -> Vec<String> {
    let found = |number: usize| texts.iter().position(|text| holds(text, &planted(number).0));
    let named = PLANTS.iter().map(|plant| plant.place).chain(["a frame of the client's", "a frame of the server's"]);
    named.enumerate().filter_map(|(number, place)| Some(format!("{place}: text {}", found(number)?))).collect()
}

/// The places that are not in a text at all, in which nothing could be found.
fn missing(text: &str, of: usize) -> Vec<usize> {
    (0..of).filter(|number| !text.contains(&planted(*number).1)).collect()
}

fn client_frame() -> String {
    let (secret, beside) = planted(PLANTS.len());
    json!({ "command": "login", "note": beside, "data": { "password": secret } }).to_string()
}

fn server_frame() -> String {
    let (secret, beside) = planted(PLANTS.len() + 1);
    json!({ "command": "login", "token": secret, "data": { "note": beside, "next": format!("ws://h.test/?token={secret}") } })
        .to_string()
}

/// Sends each plant with curl; a proxy may stand between.
fn send(base: &str, proxy: Option<&str>) {
    for (number, plant) in PLANTS.iter().enumerate() {
        let url = format!("{base}{}", filled(plant.path, number));
        let headers: Vec<String> = plant.headers.iter().map(|header| filled(header, number)).collect();
        let number = format!("plant: {number}");
        let body = filled(plant.body, number[7..].parse().unwrap());
        let mut args: Vec<&str> = proxy.into_iter().flat_map(|proxy| ["-x", proxy]).collect();
        args.extend(["-H", &number]);
        args.extend(headers.iter().flat_map(|header| ["-H", header.as_str()]));
        if !body.is_empty() {
            args.extend(["--data-binary", &body]);
        }
        args.push(&url);
        curl(&args);
    }
}

/// A system that answers each plant with its reply, and a socket with one frame.
fn system() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    format!("localhost:{port}")
}

fn answer(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        head.push_str(&line.to_lowercase());
        line.clear();
    }
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
    if head.contains("upgrade: websocket") {
        let accept = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
        stream.write_all(accept.as_bytes()).ok()?;
        // The client's frame is passed over: its head, its mask, its text.
        let mut frame = vec![0; 8 + client_frame().len()];
        reader.read_exact(&mut frame).ok()?;
        let text = server_frame();
        let length = u16::try_from(text.len()).ok()?.to_be_bytes();
        stream.write_all(&[&[0x81, 126], &length[..], text.as_bytes()].concat()).ok()?;
        return reader.read(&mut [0; 16]).ok().map(drop);
    }
    let mut body = vec![0; header("content-length").map_or(0, |length| length.trim().parse().unwrap_or(0))];
    reader.read_exact(&mut body).ok()?;
    let number: usize = header("plant")?.trim().parse().ok()?;
    let plant = &PLANTS[number];
    let (reply, mut more) = (filled(plant.reply, number), String::new());
    if !plant.reply_header.is_empty() {
        let _ = write!(more, "{}\r\n", filled(plant.reply_header, number));
    }
    let kind = if reply.starts_with(['{', '[']) { "application/json" } else { "text/plain" };
    let length = reply.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}Connection: close\r\n\r\n{reply}"
    )
    .ok()
}

/// Everything that is written of a file of traffic; each command has to take it.
fn written(har: &str, folder: &Path) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    let mut texts = Vec::new();
    for service in ["carbis", "tillypad", "queue", "telemetron"] {
        let (report, evidence) = (file(&format!("{service}.html")), file(&format!("{service}.json")));
        for format in ["pretty", "json"] {
            let args =
                ["compare", service, "--har", har, "--format", format, "--report", &report, "--evidence", &evidence];
            let (code, out, err) = described(&stend(&args));
            // Traffic of which nothing is the service's is refused, in words that quote it.
            assert!(code <= 2, "{service}: {err}");
            texts.extend([out, err]);
        }
        if Path::new(&evidence).exists() {
            let (_, out, err) = described(&stend(&["fidelity", service, "--evidence", &evidence, "--format", "json"]));
            texts.extend([out, err]);
        }
        texts.extend([report, evidence].iter().filter_map(|path| std::fs::read_to_string(path).ok()));
    }
    let (_, out, err) = described(&stend(&["world-from", har]));
    texts.extend([out, err]);
    texts
}

/// What the others look for is found where nothing is masked.
#[test]
fn every_secret_is_found_as_it_is_sent() {
    let raw = |(number, plant): (usize, &Plant)| {
        let texts =
            [plant.path, plant.body, plant.reply_header, plant.reply].into_iter().chain(plant.headers.iter().copied());
        texts.map(|text| filled(text, number)).collect::<Vec<_>>().join("\n")
    };
    let mut texts: Vec<String> = PLANTS.iter().enumerate().map(raw).collect();
    texts.extend([client_frame(), server_frame()]);
    let found: Vec<String> = texts.iter().flat_map(|text| leaks(std::slice::from_ref(text))).collect();
    assert_eq!(found.len(), PLANTS.len() + 2, "{found:#?}");
    assert_eq!(missing(&texts.concat(), PLANTS.len() + 2), Vec::<usize>::new());
}

#[test]
fn a_recording_of_the_gateway_has_no_secret_at_any_place() {
    let folder = tempfile::tempdir().unwrap();
    let (file, trust) = (folder.path().join("real.har"), folder.path().join("none.pem"));
    std::fs::write(&trust, "").unwrap();
    let host = system();
    let mut bench = recording(&[&host], &file, &trust);
    send(&format!("http://{host}"), Some(bench.url("gateway")));
    let reply = crate::passing::command(bench.url("gateway"), &host, &client_frame());
    assert_eq!(reply, server_frame(), "a client gets what was sent");
    assert_eq!(bench.signal("-TERM").0, 0);
    let (mut out, mut err) = (String::new(), String::new());
    bench.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    bench.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(missing(&text, PLANTS.len() + 2), Vec::<usize>::new(), "{text}");
    let mut texts = vec![text, out, err];
    assert_eq!(leaks(&texts), Vec::<String>::new());
    texts = written(file.to_str().unwrap(), folder.path());
    assert_eq!(leaks(&texts), Vec::<String>::new());
}

/// The same of a HAR that others have written, secrets in it, with all that HAR says twice.
#[test]
fn nothing_that_is_made_of_a_har_has_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let pairs = |text: &str| -> Vec<Value> {
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| json!({ "name": name, "value": value }));
        text.split('&').filter_map(pair).collect()
    };
    let header = |text: &str| text.split_once(": ").map(|(name, value)| json!({ "name": name, "value": value }));
    let entry = |(number, plant): (usize, &Plant)| {
        let fill = |text: &str| filled(text, number);
        let headers: Vec<Value> = plant.headers.iter().filter_map(|text| header(&fill(text))).collect();
        let (path, body) = (fill(plant.path), fill(plant.body));
        let mut request = json!({
            "method": if body.is_empty() { "GET" } else { "POST" },
            // Paths of the services, so that they are theirs.
            "url": format!("http://h.test{}", path.replace("/q", "/api/v4/events").replace("/r", "/get-menu").replace("/j", "/post-guest").replace("/f", "/auth")),
            "headers": headers, "queryString": pairs(path.split_once('?').map_or("", |(_, query)| query)),
            "cookies": [{ "name": "sid", "value": planted(number).0 }],
        });
        if !body.is_empty() {
            // A form as browsers say it: in pairs alone.
            request["postData"] = match plant.headers.first() {
                Some(kind) if *kind == FORM => json!({ "mimeType": &kind[14..], "params": pairs(&body) }),
                kind => json!({ "mimeType": kind.map_or("", |kind| &kind[14..]), "text": body }),
            };
        }
        let reply = fill(plant.reply);
        let reply_headers: Vec<Value> = header(&fill(plant.reply_header)).into_iter().collect();
        let content = match number % 2 {
            0 => json!({ "mimeType": "application/json", "text": reply }),
            _ => json!({ "mimeType": "application/json", "encoding": "base64", "text": STANDARD.encode(&reply) }),
        };
        json!({ "startedDateTime": "2026-11-21T12:00:00.000Z", "request": request, "response": { "status": 200, "headers": reply_headers, "content": content, "redirectURL": "" } })
    };
    let mut entries: Vec<Value> = PLANTS.iter().enumerate().map(entry).collect();
    let message = |way: &str, data: String| json!({ "type": way, "time": 1_795_251_600.5, "opcode": 1, "data": data });
    entries.push(json!({
        "startedDateTime": "2026-11-21T12:00:00.000Z", "_resourceType": "websocket",
        "request": { "method": "GET", "url": "ws://h.test/", "headers": [] }, "response": { "status": 101, "headers": [], "content": {} },
        "_webSocketMessages": [message("send", client_frame()), message("receive", server_frame())],
    }));
    let har = folder.path().join("theirs.har").display().to_string();
    std::fs::write(&har, json!({ "log": { "version": "1.2", "entries": entries } }).to_string()).unwrap();
    let texts = written(&har, folder.path());
    assert!(texts.iter().any(|text| text.contains("get-menu")), "it was read");
    assert_eq!(leaks(&texts), Vec::<String>::new());
}

/// The same of what clients have sent to a bench, as a scenario and as files of other tools.
#[test]
fn an_export_of_a_bench_has_no_secret_of_a_client() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&[]);
    for service in ["carbis", "tillypad", "telemetron"] {
        send(serving.url(service), None);
    }
    for format in ["har", "hurl", "postman", "scenario"] {
        let path = folder.path().join(format).display().to_string();
        let (code, out, err) = described(&stend(&["record", serving.url("control"), "--format", format, "-o", &path]));
        assert_eq!(code, 0, "{err}");
        let text = std::fs::read_to_string(&path).unwrap();
        // The bench's own answers hold none of these replies.
        let asked = |plant: &Plant| [plant.path, plant.body].iter().any(|text| text.contains('¤'));
        let not_there: Vec<&str> = missing(&text, PLANTS.len())
            .into_iter()
            .filter(|number| asked(&PLANTS[*number]))
            .map(|number| PLANTS[number].place)
            .collect();
        // A scenario keeps what is the services', and Hurl writes no parts.
        let known: &[&str] = if format == "hurl" { &["a form in parts"] } else { &[] };
        assert!(format == "scenario" || not_there == known, "{format}: {not_there:?}");
        assert_eq!(leaks(&[text, out, err]), Vec::<String>::new(), "{format}");
    }
}
