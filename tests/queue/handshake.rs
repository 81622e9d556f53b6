//! Faults on the handshake that opens a socket.

use reqwest::Method;
use serde_json::{Value, json};
use stend_scenario::pretty;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::client::Client;
use crate::scenario::playing::played;
use crate::support::{Bench, eventually};

async fn fault(bench: &Bench, body: Value) {
    let answer = bench.steer(Method::POST, "/worlds/default/faults", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

/// Tries to open a socket.
async fn open(bench: &Bench, agent: &str) -> Result<(), Error> {
    let mut request = format!("{}/", bench.url("queue")).into_client_request().unwrap();
    request.headers_mut().insert("user-agent", agent.parse().unwrap());
    tokio_tungstenite::connect_async(request).await.map(|_| ())
}

/// The reply that a socket was refused with.
async fn refused(bench: &Bench, agent: &str) -> Response<Option<Vec<u8>>> {
    match open(bench, agent).await {
        Err(Error::Http(response)) => *response,
        other => panic!("{other:?}"),
    }
}

/// The value of a header in a journal entry.
fn header(entry: &Value, name: &str) -> String {
    let headers = entry["headers"].as_array().unwrap().iter();
    let mut values = headers.filter(|header| header["name"] == name).filter_map(|header| header["value"].as_str());
    values.next().unwrap_or("-").to_owned()
}

/// The handshakes that the journal has: status, user agent and fault.
async fn described(bench: &Bench) -> Vec<String> {
    let journal = bench.steer(Method::GET, "/worlds/default/journal?fake=queue&way=http", Value::Null).await.json();
    let entries = journal["entries"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    entries
        .map(|entry| {
            let (agent, fault) = (header(entry, "user-agent"), text(&entry["fault"]));
            format!("{} {} {} {agent} {fault}", entry["method"].as_str().unwrap(), entry["path"], entry["status"])
        })
        .collect()
}

/// Returns once the first fault has struck so often.
async fn faulted(bench: &Bench, times: u64) {
    let faults = async || bench.steer(Method::GET, "/worlds/default/faults", Value::Null).await.json();
    let applied = async || (faults().await[0]["applied"] == times).then_some(());
    eventually("the fault has not been applied so often", applied).await;
}

#[tokio::test]
async fn a_handshake_is_refused_with_a_status() {
    let bench = Bench::start().await;
    let respond = json!({"status": 503, "headers": {"retry-after": "9"}, "body": {"down": true}});
    let matching = json!({"fake": "queue", "way": "http", "header": {"user-agent": "kiosk/*"}, "nth": 2});
    fault(&bench, json!({"id": "down", "match": matching, "respond": respond})).await;
    open(&bench, "kiosk/2").await.unwrap();
    open(&bench, "board/1").await.unwrap();
    let response = refused(&bench, "kiosk/2").await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"9".parse().unwrap()));
    assert_eq!(response.body().as_deref(), Some(br#"{"down":true}"#.as_slice()));
    open(&bench, "kiosk/2").await.unwrap();
    assert_eq!(described(&bench).await, [r#"GET "/" 503 kiosk/2 down"#]);
    let counted = json!({"journal": {"fake": "queue", "way": "http", "fault": "down", "status": 503, "count": 1}});
    let verified = bench.steer(Method::POST, "/worlds/default/verify", counted).await;
    assert_eq!(verified.status, 200, "{}", verified.text);
}

#[tokio::test]
async fn handshakes_beyond_a_quota_are_told_when_to_come_again() {
    let bench = Bench::start().await;
    let quota = json!({"limit": 1, "window": "1m"});
    fault(&bench, json!({"match": {"fake": "queue", "way": "http"}, "quota": quota})).await;
    open(&bench, "a").await.unwrap();
    let response = refused(&bench, "b").await;
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"60".parse().unwrap()));
    bench.advance("1m").await;
    open(&bench, "c").await.unwrap();
}

#[tokio::test]
async fn a_handshake_is_reset() {
    let bench = Bench::start().await;
    fault(&bench, json!({"id": "cut", "match": {"fake": "queue", "way": "http"}, "reset": true, "times": 1})).await;
    match open(&bench, "a").await {
        Err(Error::Io(error)) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
        other => panic!("{other:?}"),
    }
    open(&bench, "a").await.unwrap();
    assert_eq!(described(&bench).await, [r#"GET "/" 0 a cut"#]);
}

#[tokio::test]
async fn a_handshake_is_held_in_the_worlds_time() {
    let bench = Bench::start().await;
    fault(&bench, json!({"id": "slow", "match": {"fake": "queue", "way": "http"}, "delay": "5s", "times": 2})).await;
    let opening = open(&bench, "a");
    tokio::pin!(opening);
    tokio::select! {
        _ = &mut opening => panic!("nobody has moved the clock"),
        () = faulted(&bench, 1) => {}
    }
    bench.advance("5s").await;
    assert_eq!(described(&bench).await, [r#"GET "/" 101 a slow"#], "it is answered when `advance` returns");
    opening.await.unwrap();
    // What is no handshake is held and refused as ever.
    let plain = bench.client.get(bench.url("queue").replace("ws:", "http:"));
    let (plain, _) = tokio::join!(bench.send(plain), async {
        faulted(&bench, 2).await;
        bench.advance("5s").await
    });
    assert_eq!(plain.status, 426);
    assert_eq!(described(&bench).await[1], r#"GET "/" 426 - slow"#);
}

#[tokio::test]
async fn a_reset_world_lets_a_held_handshake_go() {
    let bench = Bench::start().await;
    fault(&bench, json!({"match": {"fake": "queue", "way": "http"}, "delay": "1h"})).await;
    let (response, _) = tokio::join!(refused(&bench, "a"), async {
        faulted(&bench, 1).await;
        bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await
    });
    assert_eq!(response.status(), 503);
}

#[tokio::test]
async fn a_fault_that_names_no_way_leaves_handshakes_alone() {
    let bench = Bench::start().await;
    fault(&bench, json!({"match": {"fake": "queue"}, "respond": {"status": 500}, "times": 1})).await;
    // An effect that cannot be done to a handshake is not used up by one.
    fault(&bench, json!({"id": "half", "match": {"way": "http"}, "truncate": 50})).await;
    let mut client = Client::connect(&bench).await;
    assert_eq!(client.fails("info", json!({})).await["desc"], "Fault 500");
    client.raw(Message::Close(None)).await;
    let faults = bench.steer(Method::GET, "/worlds/default/faults", Value::Null).await.json();
    assert_eq!((&faults[1]["id"], &faults[1]["matched"]), (&json!("half"), &Value::Null));
}

#[tokio::test]
async fn a_scenario_sees_its_handshakes_struck() {
    let report = played(
        "stend: 1
timeline:
  - fault: { match: { fake: queue, way: http }, respond: { status: 503 }, times: 1 }
  - fault: { match: { fake: queue, way: http }, delay: 2h, times: 1 }
  - call: { queue: { command: login, data: { login: terminal, component: registrator } } }
    expect: { error: { contains: '503' } }
  - call: { queue: { command: login, data: { login: terminal, component: registrator } } }
    expect: { json: { $.token: { exists: true } } }
  - on: { request: { fake: queue, way: http } }
    fault: { reset: true }
  - call: { queue: { as: other, command: info } }
    expect: { error: { exists: true } }
expect:
  - journal: { fake: queue, way: http, count: 3 }
  - order: [{ request: { way: http, status: 503 } }, { request: { way: http, status: 101 } }, { request: { way: http, status: 0 } }]
",
        None,
    )
    .await;
    assert!(report.passed, "{}", pretty(&report, false));
    assert_eq!(report.ended.at.duration_since(report.started.at).as_secs(), 2 * 3600);
}
