//! Which requests a fault is for, and that every effect does what it says.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::worlds::error;
use crate::support::Bench;

async fn add(bench: &Bench, fault: Value) {
    let answer = bench.steer(Method::POST, "/worlds/default/faults", fault).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn clear(bench: &Bench) {
    bench.steer(Method::DELETE, "/worlds/default/faults", Value::Null).await;
}

fn carbis(bench: &Bench) -> RequestBuilder {
    bench.client.get(format!("{}/api/v4/events?hash=none", bench.url("carbis"))).header("token", "demo-token")
}

fn tillypad(bench: &Bench) -> RequestBuilder {
    bench.client.get(format!("{}/get-client-by-phone?phone=79824974833", bench.url("tillypad")))
}

/// Whether each of these requests is struck.
async fn faulted(bench: &Bench, requests: Vec<RequestBuilder>) -> Vec<bool> {
    let mut faulted = Vec::new();
    for request in requests {
        faulted.push(bench.send(request).await.status == 599);
    }
    faulted
}

#[tokio::test]
async fn each_key_of_a_match_narrows_it() {
    let bench = Bench::start().await;
    let other_path = |bench: &Bench| bench.client.get(format!("{}/nothing/at/all", bench.url("carbis")));
    let posted = |bench: &Bench| bench.client.post(format!("{}/api/v4/events", bench.url("carbis")));
    let agent = |bench: &Bench| carbis(bench).header("user-agent", "till/3");
    let bearer = |bench: &Bench| tillypad(bench).header("authorization", "Bearer t-1");
    for (matching, expected) in [
        (json!({}), [true; 6]),
        (json!({"way": "http"}), [true; 6]),
        (json!({"fake": "carbis"}), [true, false, true, true, true, false]),
        (json!({"operation": "events"}), [true, false, false, false, true, false]),
        (json!({"operation": "get-*"}), [false, true, false, false, false, true]),
        (json!({"method": "post"}), [false, false, false, true, false, false]),
        (json!({"path": "/get-*"}), [false, true, false, false, false, true]),
        (json!({"path": "/api/v4/events", "method": "GET"}), [true, false, false, false, true, false]),
        (json!({"header": {"User-Agent": "till/*"}}), [false, false, false, false, true, false]),
        (json!({"client": "demo-token"}), [true, false, false, false, true, false]),
        (json!({"client": "t-*"}), [false, false, false, false, false, true]),
        (json!({"nth": 3}), [false, false, true, false, false, false]),
        (json!({"fake": "tillypad", "nth": 2}), [false, false, false, false, false, true]),
        (json!({"fake": "tillypad", "client": "demo-token"}), [false; 6]),
    ] {
        clear(&bench).await;
        add(&bench, json!({"match": matching, "respond": {"status": 599}})).await;
        let requests =
            vec![carbis(&bench), tillypad(&bench), other_path(&bench), posted(&bench), agent(&bench), bearer(&bench)];
        assert_eq!(faulted(&bench, requests).await, expected, "{matching}");
    }
}

#[tokio::test]
async fn a_window_is_of_the_worlds_time() {
    let bench = Bench::start().await;
    let window = json!({"from": "2026-11-21T12:00:10+03:00", "until": "2026-11-21T12:00:20+03:00"});
    add(&bench, json!({"match": window, "respond": {"status": 599}})).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.extend(faulted(&bench, vec![carbis(&bench)]).await);
        bench.advance("5s").await;
    }
    assert_eq!(seen, [false, false, true, true, false]);
}

#[tokio::test]
async fn a_probability_is_drawn_from_the_seed_and_from_a_stream_of_its_own() {
    async fn draws(seed: u64, others: bool) -> Vec<bool> {
        let bench = Bench::with(stend::Config { seed: Some(seed), ..Default::default() }).await;
        if others {
            let other = json!({"match": {"fake": "tillypad", "probability": 0.5}, "respond": {"status": 598}});
            add(&bench, other).await;
        }
        add(&bench, json!({"id": "it", "match": {"fake": "carbis", "probability": 0.5}, "respond": {"status": 599}}))
            .await;
        let mut seen = Vec::new();
        for _ in 0..24 {
            if others {
                bench.send(tillypad(&bench)).await;
            }
            seen.extend(faulted(&bench, vec![carbis(&bench)]).await);
        }
        seen
    }
    let alone = draws(5, false).await;
    assert!(alone.contains(&true) && alone.contains(&false), "{alone:?}");
    assert_eq!(draws(5, false).await, alone);
    assert_eq!(draws(5, true).await, alone, "another fault shifts none of its draws");
    assert_ne!(draws(6, false).await, alone);
}

#[tokio::test]
async fn delays_are_drawn_between_their_bounds() {
    let bench = Bench::start().await;
    for (delay, least, most) in [
        (json!("4s"), "3999ms", "4s"),
        (json!({"fixed": "4s"}), "3999ms", "4s"),
        (json!({"uniform": ["10s", "20s"]}), "9999ms", "20s"),
        (json!({"lognormal": {"median": "1m", "sigma": 0}}), "59999ms", "1m"),
    ] {
        clear(&bench).await;
        add(&bench, json!({"delay": delay})).await;
        let pending = tokio::spawn(carbis(&bench).send());
        let until = bench.held_until().await;
        bench.advance(least).await;
        assert_eq!(bench.next_due(), Some(until), "{delay}: not before {least}");
        assert!(!pending.is_finished(), "{delay}: not before {least}");
        bench.advance(most).await;
        assert_eq!(bench.next_due(), None, "{delay}: at {most} at the latest");
        let answer = tokio::time::timeout(Duration::from_secs(10), pending).await;
        assert_eq!(answer.expect("in time").unwrap().unwrap().status(), 200, "{delay}");
    }
}

/// What a raw client reads of a reply: its bytes, and how the connection ends.
async fn raw(bench: &Bench) -> (Vec<u8>, std::io::Result<usize>) {
    let url = bench.url("carbis");
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"GET /api/v4/events?hash=none HTTP/1.1\r\nhost: x\r\ntoken: demo-token\r\n\r\n").await.unwrap();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) => return (bytes, Ok(0)),
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) => return (bytes, Err(error)),
        }
    }
}

#[tokio::test]
async fn a_reset_is_a_tcp_reset_and_not_one_byte_comes_before_it() {
    let bench = Bench::start().await;
    add(&bench, json!({"match": {"fake": "carbis"}, "reset": true})).await;
    let (bytes, end) = raw(&bench).await;
    assert_eq!(String::from_utf8_lossy(&bytes), "");
    assert_eq!(end.expect_err("no end, a reset").kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_truncated_body_has_so_many_per_cent_of_its_bytes() {
    let bench = Bench::start().await;
    let whole = bench.send(carbis(&bench)).await.text;
    for percent in [0, 25, 99] {
        clear(&bench).await;
        add(&bench, json!({"match": {"fake": "carbis"}, "truncate": percent})).await;
        let (bytes, _) = raw(&bench).await;
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", whole.len())), "{head}");
        assert_eq!(body, &whole[..whole.len() * percent / 100]);
    }
}

#[tokio::test]
async fn a_dribbled_body_takes_the_worlds_time() {
    let bench = Bench::start().await;
    let whole = bench.send(carbis(&bench)).await.text;
    let pieces = whole.len().div_ceil(10);
    add(&bench, json!({"match": {"fake": "carbis"}, "dribble": {"bytes": 10, "every": "1m"}})).await;
    let pending = tokio::spawn({
        let request = carbis(&bench);
        async move { request.send().await.unwrap().text().await.unwrap() }
    });
    for _ in 1..pieces {
        // The next piece is held from when its predecessor has been sent.
        bench.held_until().await;
        assert!(!pending.is_finished(), "a frozen clock holds the rest");
        bench.advance("1m").await;
    }
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), pending).await.unwrap().unwrap(), whole);
}

#[tokio::test]
async fn effects_that_a_protocol_does_not_know_are_refused_with_the_place() {
    let bench = Bench::start().await;
    for (fault, part) in [
        (
            json!({"match": {"fake": "carbis"}, "drop": true}),
            "what matches (carbis) is plain HTTP, without pushes [1:35 (drop)]",
        ),
        (
            json!({"match": {"operation": "events"}, "close": 1011}),
            "(carbis, telemetron) is plain HTTP, without pushes [1:41 (close)]",
        ),
        (json!({"match": {"fake": "telemetron", "way": "push"}, "delay": "1s"}), "(match.way)]"),
        (
            json!({"match": {"fake": "queue", "way": "http"}, "garbage": 5}),
            "`garbage` cannot be done to a socket's handshake",
        ),
        (json!({"match": {"way": "push"}, "quota": {"limit": 1, "window": "1m"}}), "`quota` cannot be done to a push"),
        (json!({"match": {"way": "ping"}, "delay": "1s"}), "it is for `way` `http` or `frame` or `push`"),
        (json!({"match": {"fake": "queue", "operation": "nextConsumr"}, "delay": "1s"}), "did you mean `nextConsumer`"),
        (json!({"match": {"way": "pushed"}, "drop": true}), "did you mean `push`"),
        (json!({"close": 1005}), "no code that a socket can be closed with"),
        (json!({"reorder": 0}), "1 to 1000"),
        (json!({"no_pong": true, "drop": true}), "here are `drop` and `no_pong`"),
    ] {
        let (status, _, message) = error(&bench.steer(Method::POST, "/worlds/default/faults", fault.clone()).await);
        assert_eq!(status, 422, "{fault}: {message}");
        assert!(message.contains(part), "{fault}: {part} is not in {message}");
    }
    // The same in a world file.
    let mut state = bench.state().await;
    state["faults"] = json!([{"reset": true}, {"match": {"fake": "carbis"}, "duplicate": true}]);
    let (status, _, message) = error(&bench.steer(Method::PUT, "/worlds/default/state", state).await);
    assert!(status == 422 && message.contains("faults[1].duplicate"), "{message}");
}

#[tokio::test]
async fn faults_come_by_a_world_file_too_and_a_reset_brings_them_back_as_they_were() {
    let bench = Bench::start().await;
    let world = json!({"stend": 1, "base": "documented", "faults": [
        {"id": "second", "match": {"fake": "carbis", "nth": 2}, "respond": {"status": 599}},
        {"id": "twice-a-minute", "match": {"fake": "tillypad"}, "quota": {"limit": 2, "window": "1m"}},
    ]});
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", world).await.status, 200);
    for _ in 0..2 {
        assert_eq!(faulted(&bench, vec![carbis(&bench), carbis(&bench), carbis(&bench)]).await, [false, true, false]);
        let mut limited = Vec::new();
        for _ in 0..3 {
            limited.push(bench.send(tillypad(&bench)).await.status.as_u16());
        }
        assert_eq!(limited, [200, 200, 429]);
        assert_eq!(bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await.status, 200);
    }
    // A fork goes on where the original is.
    bench.send(carbis(&bench)).await;
    let made = bench.steer(Method::POST, "/worlds", json!({"id": "fork", "fork_of": "default"})).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let there = bench.client.get(format!("{}/w/fork/api/v4/events?hash=none", bench.url("carbis")));
    assert_eq!(bench.send(there.header("token", "demo-token")).await.status, 599);
}
