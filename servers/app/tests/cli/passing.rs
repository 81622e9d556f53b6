//! `--pass-through HOST --record FILE`: what goes to a real system, for which a second bench stands, passes as it is, and is
//! recorded without its secrets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Serving, bench, curl, described, root, stend};

/// A bench that records what goes to these hosts; it trusts the authority in that file.
pub(crate) fn recording(hosts: &[&str], file: &Path, trust: &Path) -> Serving {
    let folder = tempfile::tempdir().unwrap();
    let mut command = bench();
    command.args(["serve", "--ephemeral", "--ready-file"]).arg(folder.path().join("ready.json"));
    command.arg("--record").arg(file).arg("--ca-dir").arg(folder.path().join("ca"));
    command.args(hosts.iter().flat_map(|host| ["--pass-through", host]));
    command.current_dir(root()).env("SSL_CERT_FILE", trust).env("XDG_DATA_HOME", folder.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    Serving::when_ready(child, folder)
}

fn port(serving: &Serving, service: &str) -> String {
    serving.url(service).rsplit(':').next().unwrap().trim_end_matches('/').to_owned()
}

/// A command over a plain socket in a tunnel, written by hand; the reply's text.
pub(crate) fn command(proxy: &str, host: &str, frame: &str) -> String {
    let mut stream = TcpStream::connect(proxy.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let until = |stream: &mut TcpStream, end: &[u8]| {
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(end) {
            stream.read_exact(&mut byte).unwrap();
            bytes.push(byte[0]);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    assert!(until(&mut stream, b"\r\n\r\n").starts_with("HTTP/1.1 200"));
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").unwrap();
    assert!(until(&mut stream, b"\r\n\r\n").starts_with("HTTP/1.1 101"));
    let length = u16::try_from(frame.len()).unwrap();
    stream.write_all(&[0x81, 0xFE]).unwrap();
    stream.write_all(&length.to_be_bytes()).unwrap();
    stream.write_all(&[0; 4]).unwrap();
    stream.write_all(frame.as_bytes()).unwrap();
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            stream.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        length => usize::from(length),
    };
    let mut text = vec![0; length];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn traffic_passes_as_it_is_and_is_recorded_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca");
    let ca = ca.to_str().unwrap();
    let secure = Serving::start(&["--tls", "--ca-dir", ca]);
    let plain = Serving::start(&[]);
    let file = folder.path().join("real.har");
    let hosts = [format!("localhost:{}", port(&secure, "carbis")), format!("localhost:{}", port(&plain, "queue"))];
    let mut bench = recording(&[&hosts[0], &hosts[1]], &file, &Path::new(ca).join("ca.pem"));
    // The client trusts the recording bench, and the bench trusts the system.
    let trusted = folder.path().join("bench.pem");
    std::fs::write(&trusted, curl(&[&format!("{}/ca.pem", bench.url("control"))])).unwrap();
    let url = format!("https://{}/api/v4/events?hash=none", hosts[0]);
    let through = |url: &str| {
        curl(&["-x", bench.url("gateway"), "--cacert", trusted.to_str().unwrap(), "-H", "token: demo-token", url])
    };
    let direct = curl(&["--cacert", &format!("{ca}/ca.pem"), "-H", "token: demo-token", &url]);
    assert_eq!(through(&url), direct);
    let password = "827ccb0eea8a706c4c34a16891f84e7b";
    let login = format!(
        r#"{{"command": "login", "id": 1, "data": {{"component": "workplace", "login": "admin", "password": "{password}", "workplace": 18}}}}"#
    );
    let reply = command(bench.url("gateway"), &hosts[1], &login);
    assert!(reply.contains("\"command\":\"login\""), "{reply}");
    let token = serde_json::from_str::<Value>(&reply).unwrap()["token"].as_str().unwrap().to_owned();
    assert!(!file.exists(), "it is written at the end");
    let (code, _) = bench.signal("-TERM");
    assert_eq!(code, 0);
    let mut told = String::new();
    bench.child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(told.contains("masked: token (secret): ") && told.contains("masked: password (secret): 1 value"), "{told}");
    let text = std::fs::read_to_string(&file).unwrap();
    for secret in ["demo-token", password, token.trim_matches(['{', '}'])] {
        assert!(!text.contains(secret) && !told.contains(secret), "{secret} in {text}{told}");
    }
    // What was recorded is compared, each service by its own host.
    let path = file.to_str().unwrap();
    for (service, operation) in [("carbis", "events"), ("queue", "login")] {
        let (code, out, err) = described(&stend(&["compare", service, "--har", path, "--format", "json"]));
        assert_eq!(code, 0, "{out}{err}");
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["operations"][operation], 1, "{report:#}");
    }
}

/// A proxy is asked so over plain HTTP, without a tunnel.
#[test]
fn a_proxied_request_over_plain_http_goes_on_and_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Serving::start(&[]);
    let file = folder.path().join("real.har");
    let host = format!("localhost:{}", port(&plain, "telemetron"));
    let trust = folder.path().join("none.pem");
    std::fs::write(&trust, "").unwrap();
    let mut bench = recording(&[&host], &file, &trust);
    let login = r#"{"grant_type": "password", "client_id": "client-key", "client_secret": "client-secret", "username": "me@example.com", "password": "123456"}"#;
    let through =
        |args: &[&str]| curl(&[&["-x", bench.url("gateway"), "-H", "content-type: application/json"], args].concat());
    let pair: Value = serde_json::from_str(&through(&["-d", login, &format!("http://{host}/auth/")])).unwrap();
    let bearer = format!("authorization: Bearer {}", pair["access_token"].as_str().unwrap());
    let urls = ["me", "modems"].map(|list| format!("http://{host}/v2/{list}"));
    // Two over one connection of the client's, which the first reply ends.
    let told = through(&["-H", &bearer, &urls[0], &urls[1]]);
    assert!(told.contains("\"email\":\"me@example.com\"") && told.contains("imei"), "{told}");
    let other = through(&["-i", "http://elsewhere.example/"]);
    assert!(other.contains("502 Bad Gateway") && other.contains("--pass-through elsewhere.example"), "{other}");
    let (code, _) = bench.signal("-TERM");
    assert_eq!(code, 0);
    let text = std::fs::read_to_string(&file).unwrap();
    for secret in ["client-secret", "me@example.com", pair["refresh_token"].as_str().unwrap()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let (code, out, err) =
        described(&stend(&["compare", "telemetron", "--har", file.to_str().unwrap(), "--format", "json"]));
    assert_eq!(code, 0, "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["operations"], serde_json::json!({ "token": 1, "me": 1, "modems": 1 }), "{report:#}");
}

#[test]
fn a_system_that_cannot_be_trusted_is_told_to_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca");
    let secure = Serving::start(&["--tls", "--ca-dir", ca.to_str().unwrap()]);
    let file = folder.path().join("real.har");
    let host = format!("localhost:{}", port(&secure, "carbis"));
    let other = folder.path().join("other");
    let _other = Serving::start(&["--tls", "--ca-dir", other.to_str().unwrap()]);
    let bench = recording(&[&host], &file, &other.join("ca.pem"));
    let trusted = folder.path().join("bench.pem");
    std::fs::write(&trusted, curl(&[&format!("{}/ca.pem", bench.url("control"))])).unwrap();
    let answer =
        curl(&["-x", bench.url("gateway"), "--cacert", trusted.to_str().unwrap(), "-i", &format!("https://{host}/")]);
    assert!(answer.contains("502 Bad Gateway") && answer.contains(&format!("no TLS with {host}")), "{answer}");
}

#[test]
fn what_cannot_be_recorded_is_told_at_the_start() {
    for (args, part) in [
        (vec!["serve", "--ephemeral", "--record", "x.har"], "--pass-through"),
        (
            vec!["serve", "--ephemeral", "--pass-through", "a.test", "--record", "/no/such/folder/x.har"],
            "cannot record to",
        ),
    ] {
        let (code, _, err) = described(&stend(&args));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(part), "{err}");
    }
}
