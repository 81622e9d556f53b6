//! What comes to the gateway that is none of its business, or that means harm.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::Serving;

fn bench() -> (Serving, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    let serving = Serving::start(&[
        "--ca-dir",
        &data.path().display().to_string(),
        "--route",
        "[::1]=carbis",
        "--pass-through",
        "away.invalid",
    ]);
    (serving, data)
}

fn connect(serving: &Serving, name: &str) -> TcpStream {
    let address = serving.url(name).split_once("://").unwrap().1;
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends bytes, and reads until the other side ends.
fn said(serving: &Serving, bytes: &[u8]) -> String {
    let mut stream = connect(serving, "gateway");
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn head(lines: &[&str]) -> Vec<u8> {
    (lines.join("\r\n") + "\r\n\r\n").into_bytes()
}

#[test]
fn tunnels_to_anywhere_else_are_refused_with_what_would_help() {
    let (serving, _data) = bench();
    for (target, status, text) in [
        ("example.com:443", "502", "--route example.com="),
        ("api.telemetrn.net:443", "502", "Did you mean api.telemetron.net?"),
        ("api.telemetron.net:22", "502", "ports 80 and 443"),
        ("127.0.0.1:22", "502", "nothing leaves this machine"),
        ("10.0.0.1:443", "502", "no route for 10.0.0.1"),
        ("[fe80::1]:443", "502", "no route for fe80::1"),
        ("away.invalid:22", "502", "--pass-through away.invalid:22"),
        ("away.invalid:443", "502", "cannot be reached"),
        ("me@api.telemetron.net:443", "400", "no host with a port"),
        ("api.telemetron.net", "400", "CONNECT host:443"),
    ] {
        let answer = said(&serving, &head(&[&format!("CONNECT {target} HTTP/1.1"), "Host: x"]));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(text), "{target}: {answer}");
    }
}

#[test]
fn known_hosts_are_known_in_any_spelling() {
    let (serving, _data) = bench();
    for target in ["API.TELEMETRON.NET:443", "api.telemetron.net.:80", "[::1]:443"] {
        let mut stream = connect(&serving, "gateway");
        stream.write_all(&head(&[&format!("CONNECT {target} HTTP/1.1")])).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200", "{target}");
    }
}

#[test]
fn heads_that_are_endless_slow_or_twisted_end_with_a_status() {
    let (serving, _data) = bench();
    let endless = [b"CONNECT api.telemetron.net:443 HTTP/1.1\r\nx: ".as_slice(), &[b'a'; 40_000]].concat();
    assert!(said(&serving, &endless).starts_with("HTTP/1.1 431 "), "endless");
    let began = Instant::now();
    let slow = said(&serving, b"CONNECT api.telemetron.net:443 HTTP/1.1\r\n");
    assert!(slow.starts_with("HTTP/1.1 408 ") && began.elapsed() < Duration::from_secs(15), "{slow}");
    let connect = "CONNECT api.telemetron.net:443 HTTP/1.1";
    let body = said(&serving, &head(&[connect, "Transfer-Encoding: chunked"]));
    assert!(body.starts_with("HTTP/1.1 400 ") && body.contains("no body"), "{body}");
    for odd in ["Basic !!!", "Bearer token", "Basic /w=="] {
        for line in [connect, "GET http://api.telemetron.net/v2/me HTTP/1.1"] {
            let answer =
                said(&serving, &head(&[line, "Host: api.telemetron.net", &format!("Proxy-Authorization: {odd}")]));
            assert!(
                answer.starts_with("HTTP/1.1 407 ") && answer.to_lowercase().contains("proxy-authenticate: basic"),
                "{odd}: {answer}"
            );
        }
    }
}

#[test]
fn a_request_is_for_the_host_that_its_connection_or_its_target_names() {
    let (serving, _data) = bench();
    let close = "Connection: close";
    // The target counts, and not `Host` (RFC 9112, 3.2.2).
    let absolute = said(&serving, &head(&["GET http://api.telemetron.net/v2/me HTTP/1.1", "Host: example.com", close]));
    assert!(absolute.contains("Unauthenticated"), "{absolute}");
    let other = said(&serving, &head(&["GET http://example.com/ HTTP/1.1", "Host: api.telemetron.net", close]));
    assert!(other.starts_with("HTTP/1.1 502 ") && other.contains("no route for example.com"), "{other}");
    let hosts_file = said(&serving, &head(&["GET /v2/me HTTP/1.1", "Host: api.telemetron.net", close]));
    assert!(hosts_file.contains("Unauthenticated"), "{hosts_file}");
    for (lines, status) in [
        (["GET / HTTP/1.1", "Host: a", "Host: api.telemetron.net"], "400"),
        (["GET http://me@api.telemetron.net/ HTTP/1.1", "Host: x", close], "400"),
        (["GET ftp://api.telemetron.net/ HTTP/1.1", "Host: x", close], "400"),
        (["GET http://api.telemetron.net:22/ HTTP/1.1", "Host: x", close], "502"),
        (["GET http://away.invalid/ HTTP/1.1", "Host: x", close], "502"),
    ] {
        let answer = said(&serving, &head(&lines));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{lines:?}: {answer}");
    }
    let tunnel = head(&["CONNECT api.telemetron.net:80 HTTP/1.1"]);
    let foreign = [tunnel.clone(), head(&["GET / HTTP/1.1", "Host: example.com", close])].concat();
    let foreign = said(&serving, &foreign);
    assert!(foreign.contains("HTTP/1.1 421 ") && foreign.contains("its request for example.com"), "{foreign}");
    let nested = [tunnel, head(&["CONNECT api.telemetron.net:80 HTTP/1.1", "Host: api.telemetron.net:80"])].concat();
    let nested = said(&serving, &nested);
    assert!(nested.contains("HTTP/1.1 400 ") && nested.contains("within a tunnel"), "{nested}");
}

#[test]
fn many_requests_and_the_own_ports_go_through_one_connection() {
    let (serving, _data) = bench();
    let control = serving.url("control").strip_prefix("http://").unwrap();
    let one = head(&["GET http://api.telemetron.net/v2/me HTTP/1.1", "Host: api.telemetron.net"]);
    let health = format!("GET http://{control}/control/v1/health HTTP/1.1");
    let last = head(&[&health, &format!("Host: {control}"), "Connection: close"]);
    let answer = said(&serving, &[one.clone(), one, last].concat());
    assert_eq!(answer.matches("Unauthenticated").count(), 2, "{answer}");
    assert!(answer.contains("\"status\":\"ok\""), "{answer}");
    let tunnel = head(&[&format!("CONNECT {control} HTTP/1.1")]);
    let inside = head(&["GET /control/v1/health HTTP/1.1", &format!("Host: {control}"), "Connection: close"]);
    assert!(said(&serving, &[tunnel, inside].concat()).contains("\"status\":\"ok\""));
}

#[test]
fn a_tls_hello_on_a_plain_port_does_no_harm() {
    let (serving, _data) = bench();
    let mut stream = connect(&serving, "carbis");
    stream.write_all(b"\x16\x03\x01\x00\x05hello").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{answer:?}");
    let mut stream = connect(&serving, "carbis");
    stream.write_all(&head(&["GET / HTTP/1.1", "Host: a", "Connection: close"])).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}
