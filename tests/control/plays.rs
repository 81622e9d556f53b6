//! Playing a scenario in a running world.

use reqwest::Method;
use serde_json::Value;

use super::worlds::error;
use crate::support::{Answer, Bench, eventually, root};

async fn start(bench: &Bench, speed: &str, scenario: String) -> Answer {
    bench
        .send(bench.client.post(format!("{}/worlds/default/scenario?speed={speed}", bench.control())).body(scenario))
        .await
}

async fn progress(bench: &Bench) -> Value {
    bench.steer(Method::GET, "/worlds/default/scenario", Value::Null).await.json()
}

#[tokio::test]
async fn a_posted_scenario_is_played_and_reported() {
    let bench = Bench::start().await;
    let text = std::fs::read_to_string(root().join("scenarios/waiter-call.yaml")).unwrap();
    let started = start(&bench, "max", text).await;
    assert_eq!(started.status, 202, "{}", started.text);
    let ended = async || Some(progress(&bench).await).filter(|progress| progress["state"] != "playing");
    let progress = eventually("it has not ended", ended).await;
    assert_eq!(progress["state"], "passed", "{progress:#}");
    assert_eq!(progress["report"]["title"], "Waiter call");
    let clock = progress["clock"].as_str().expect("it says what has become of the clock");
    assert!(clock.contains("the world's clock stands at 20") && clock.contains("\"now\": \"now\""), "{clock}");
}

#[tokio::test]
async fn one_at_a_time_and_it_can_be_stopped() {
    let bench = Bench::start().await;
    let slow = "stend: 1\ntimeline:\n  - at: 1h\n    do: { carbis.call_waiter: { table: 1000028 } }\n";
    assert_eq!(start(&bench, "1", slow.into()).await.status, 202);
    assert_eq!(error(&start(&bench, "1", slow.into()).await).1, "conflict");
    assert_eq!(progress(&bench).await["state"], "playing");
    assert_eq!(bench.steer(Method::DELETE, "/worlds/default/scenario", Value::Null).await.status, 204);
    let ended = async || Some(progress(&bench).await).filter(|progress| progress["state"] != "playing");
    assert_eq!(eventually("it has not stopped", ended).await["state"], "stopped");
    assert_eq!(start(&bench, "1", slow.into()).await.status, 202);
}

#[tokio::test]
#[allow(clippy::disallowed_methods, reason = "how long others wait is what is tested")]
async fn an_expectation_that_takes_long_holds_no_requests_up() {
    let bench = Bench::start().await;
    let text = "stend: 1\nworld: documented\nexpect:\n  - state: { '$..[?$..[?@.nothing == 1]]': [] }\n";
    assert_eq!(start(&bench, "max", text.into()).await.status, 202);
    let began = std::time::Instant::now();
    // More connections than there are workers.
    for _ in 0..16 {
        let health = reqwest::Client::new().get(format!("{}/health", bench.control())).send().await.unwrap();
        assert_eq!(health.status(), 200);
    }
    let took = began.elapsed();
    assert_eq!(progress(&bench).await["state"], "playing", "it takes longer than the requests");
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
    assert_eq!(bench.steer(Method::DELETE, "/worlds/default/scenario", Value::Null).await.status, 204);
}

#[tokio::test]
async fn a_scenario_with_a_mistake_changes_nothing() {
    let bench = Bench::start().await;
    let before = bench.state().await;
    let wrong = "stend: 1\ntimeline:\n  - do: { carbis.call_waiter: { tabel: 1000028 } }\n";
    let (status, code, message) = error(&start(&bench, "max", wrong.into()).await);
    assert_eq!((status, code.as_str()), (422, "unknown_key"));
    assert!(message.contains("3:33") && message.contains("did you mean `table`"), "{message}");
    assert_eq!(error(&start(&bench, "fast", wrong.into()).await).0, 422);
    assert_eq!(bench.state().await, before);
    assert_eq!(bench.steer(Method::GET, "/worlds/default/scenario", Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_play_is_paused_goes_on_and_is_taken_to_the_end_at_full_speed() {
    let bench = Bench::start().await;
    let text = "stend: 1\ntimeline:\n  - at: 1s\n    do: { carbis.call_waiter: { table: 1000028 } }\n  - at: 100h\n    do: { carbis.call_waiter: { table: 1000028 } }\n";
    let pace = async |speed: Value| {
        bench.steer(Method::PUT, "/worlds/default/scenario", serde_json::json!({ "speed": speed })).await
    };
    let clock = async || bench.steer(Method::GET, "/worlds/default/clock", Value::Null).await.json();
    assert_eq!(pace("paused".into()).await.status, 404, "nothing is played");
    assert_eq!(start(&bench, "600", text.into()).await.status, 202);
    assert_eq!(pace("paused".into()).await.status, 204);
    let stands = async || Some(clock().await).filter(|clock| clock["mode"] == "frozen");
    let stood = eventually("the clock does not stand", stands).await["now"].clone();
    let told = progress(&bench).await;
    assert_eq!((&told["state"], &told["speed"]), (&"playing".into(), &"paused".into()), "{told:#}");
    assert_eq!(clock().await["now"], stood);
    let (status, _, message) = error(&pace("slowly".into()).await);
    assert!(status == 422 && message.contains("paused"), "{message}");
    assert_eq!(pace(7.into()).await.status, 204);
    let runs = async || Some(clock().await).filter(|clock| clock["scale"] == 7.0);
    eventually("it does not go on", runs).await;
    assert_eq!(progress(&bench).await["speed"], 7.0);
    assert_eq!(pace("max".into()).await.status, 204);
    let ended = async || Some(progress(&bench).await).filter(|progress| progress["state"] != "playing");
    let told = eventually("it has not ended", ended).await;
    assert_eq!(told["state"], "passed", "{told:#}");
    assert!(told["report"]["world"].is_null(), "no digest: the wall clock had a part in it");
    assert_eq!(pace("max".into()).await.status, 404);
}

#[tokio::test]
async fn the_steps_and_the_report_of_a_play_are_there_to_read() {
    let bench = Bench::start().await;
    let text = "stend: 1\ntitle: Two calls\ntimeline:\n  - at: 1s\n    do: { carbis.call_waiter: { table: 1000028 } }\n    capture: { hash: $.hash }\n  - at: 2s\n    call: { carbis: { get: /nowhere } }\n    expect: { status: 200 }\nexpect:\n  - journal: { fake: carbis, count: 1 }\n";
    let request = bench.client.post(format!("{}/worlds/default/scenario?speed=max&report=true", bench.control()));
    assert_eq!(bench.send(request.body(text)).await.status, 202);
    let ended = async || Some(progress(&bench).await).filter(|progress| progress["state"] != "playing");
    eventually("it has not ended", ended).await;
    let told = bench.steer(Method::GET, "/worlds/default/scenario?steps=true", Value::Null).await.json();
    assert_eq!((&told["done"], told["plan"].as_array().map(Vec::len)), (&3.into(), Some(3)), "{told:#}");
    assert_eq!(told["source"], text);
    assert!(told["steps"][0]["captured"]["hash"].is_string(), "{told:#}");
    assert!(told["steps"][1]["failure"].is_string() && told["steps"][2]["failure"].is_null(), "{told:#}");
    // The same as JSON, and as a page in one file for browsers.
    let trace = bench.steer(Method::GET, "/worlds/default/report", Value::Null).await.json();
    assert_eq!(trace["played"][0]["report"]["title"], "Two calls");
    assert!(trace["lines"].as_array().is_some_and(|lines| lines.iter().any(|line| line["name"] == "exchange")));
    assert!(trace["snapshots"].as_array().is_some_and(|snapshots| snapshots.len() >= 2), "{:#}", trace["snapshots"]);
    let request = bench.client.get(format!("{}/worlds/default/report", bench.control())).header("accept", "text/html");
    let page = bench.send(request).await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(page.text.starts_with("<!doctype html>") && page.text.contains("Two calls"));
}
