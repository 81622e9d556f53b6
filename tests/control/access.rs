//! Who may use the control API: hosts, pages, tokens.

use reqwest::Method;
use serde_json::{Value, json};
use stend::Config;

use super::worlds::error;
use crate::support::{Answer, Bench};

async fn asked_as(bench: &Bench, method: Method, path: &str, host: &str, origin: Option<&str>) -> Answer {
    let mut request = bench.client.request(method, format!("{}{path}", bench.control())).header("host", host);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    bench.send(request).await
}

/// DNS rebinding: a page lets its own name point to this machine.
#[tokio::test]
async fn a_host_that_is_no_name_of_the_bench_gets_nothing_and_changes_nothing() {
    let bench = Bench::start().await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let before = bench.state().await;
    for host in ["evil.example:7700", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7700", "evil"] {
        let origin = format!("http://{host}");
        for (method, path) in [
            (Method::POST, "/worlds/default/reset"),
            (Method::GET, "/worlds/default/journal"),
            (Method::GET, "/health"),
            (Method::PUT, "/worlds/default/clock"),
        ] {
            let (status, code, message) = error(&asked_as(&bench, method.clone(), path, host, Some(&origin)).await);
            assert_eq!((status, code.as_str()), (421, "unknown_host"), "{method} {path} as {host}");
            let name = host.split(':').next().unwrap();
            assert!(message.contains(&format!("--allow-host {name}")), "{message}");
        }
    }
    assert_eq!(bench.state().await, before);
}

#[tokio::test]
async fn addresses_names_of_this_machine_and_allowed_names_are_answered() {
    let config = Config { allow_hosts: vec!["bench.test".into()], ..Config::default() };
    let bench = Bench::with(config).await;
    for host in
        ["127.0.0.1", "[::1]:7700", "192.168.7.7:80", "localhost:1", "a.localhost", "bench.test", "BENCH.test:7700"]
    {
        let answer = asked_as(&bench, Method::GET, "/worlds", host, Some(&format!("http://{host}"))).await;
        assert_eq!(answer.status, 200, "{host}: {}", answer.text);
    }
    let other = asked_as(&bench, Method::GET, "/worlds", "bench.test", Some("http://localhost")).await;
    assert_eq!(error(&other).1, "forbidden_origin");
}

#[tokio::test]
async fn health_needs_no_token_and_everything_else_does() {
    let bench = Bench::with(Config { control_token: Some("s3cret".into()), ..Config::default() }).await;
    let health = bench.steer(Method::GET, "/health", Value::Null).await;
    assert_eq!(health.status, 200, "{}", health.text);
    for path in ["/worlds", "/operations", "/openapi.json", "/worlds/default/state", "/nothing"] {
        let (status, code, _) = error(&bench.steer(Method::GET, path, Value::Null).await);
        assert_eq!((status, code.as_str()), (401, "unauthorized"), "{path}");
    }
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_starts_nothing() {
    for token in ["", " ", "two words", "ключ", "line\n"] {
        let config = Config { control_token: Some(token.into()), ..Config::default() };
        let error = stend::start(config).await.map(|_| ()).expect_err(token).to_string();
        assert!(error.contains("control token"), "{token:?}: {error}");
    }
}
