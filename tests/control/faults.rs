//! Faults on requests, over the wire.

use reqwest::Method;
use serde_json::{Value, json};

use super::worlds::error;
use crate::carbis::events::poll;
use crate::support::Bench;
use crate::tillypad::ask;
use crate::tillypad::post_guest::short;

async fn add(bench: &Bench, fault: Value) -> String {
    let answer = bench.steer(Method::POST, "/worlds/default/faults", fault).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn events(bench: &Bench) -> reqwest::RequestBuilder {
    bench.client.get(format!("{}/api/v4/events?hash=none", bench.url("carbis"))).header("token", "demo-token")
}

#[tokio::test]
async fn respond_answers_so_many_times_and_the_journal_names_the_fault() {
    let bench = Bench::start().await;
    let fault = json!({"match": {"fake": "carbis"}, "respond": {"status": 503, "headers": {"x-why": "test"}, "body": {"down": true}}, "times": 2});
    let id = add(&bench, fault).await;
    for _ in 0..2 {
        let answer = poll(&bench, "none").await;
        assert_eq!((answer.status.as_u16(), answer.json()), (503, json!({"down": true})));
        assert_eq!(answer.headers["x-why"], "test");
    }
    assert_eq!(poll(&bench, "none").await.status, 200);
    let journal = bench.steer(Method::GET, "/worlds/default/journal?status=503", Value::Null).await.json();
    assert_eq!(journal["entries"][0]["fault"], id);
    let list = bench.steer(Method::GET, "/worlds/default/faults", Value::Null).await.json();
    assert_eq!((&list[0]["matched"], &list[0]["applied"]), (&json!(3), &json!(2)));
}

#[tokio::test]
async fn a_quota_answers_429_with_retry_after_until_its_window_ends() {
    let bench = Bench::start().await;
    add(&bench, json!({"match": {"operation": "events"}, "quota": {"limit": 2, "window": "1m"}})).await;
    assert_eq!(poll(&bench, "none").await.status, 200);
    bench.advance("20s").await;
    assert_eq!(poll(&bench, "none").await.status, 200);
    let third = poll(&bench, "none").await;
    assert_eq!(third.status, 429);
    assert_eq!(third.headers["retry-after"], "40");
    bench.advance("40s").await;
    assert_eq!(poll(&bench, "none").await.status, 200);
}

#[tokio::test]
async fn a_delay_holds_the_reply_in_the_worlds_time() {
    let bench = Bench::start().await;
    add(&bench, json!({"delay": "10m", "times": 1})).await;
    let pending = tokio::spawn(events(&bench).send());
    let until = bench.held_until().await;
    assert_eq!(until.to_string(), "2026-11-21T09:10:00Z");
    bench.advance("9m").await;
    assert_eq!(bench.next_due(), Some(until), "it is still held");
    assert!(!pending.is_finished());
    bench.advance("1m").await;
    assert_eq!(pending.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_reset_connection_gives_no_reply_and_changes_nothing() {
    let bench = Bench::start().await;
    add(&bench, json!({"reset": true, "times": 1})).await;
    let error = events(&bench).send().await.expect_err("no reply");
    assert!(error.is_request(), "{error:?}");
    assert_eq!(poll(&bench, "none").await.status, 200, "the next connection is good");
}

#[tokio::test]
async fn a_reset_after_the_work_loses_the_answer_and_nothing_else() {
    let bench = Bench::start().await;
    let url = format!("{}/post-guest", bench.url("tillypad"));
    let id = |n: u32| format!("B0A7C0DE-0000-4000-8000-00000000000{n}");
    for (n, reset, stored) in [(1, json!("before"), false), (2, json!(true), false), (3, json!("after"), true)] {
        let fault = json!({"match": {"operation": "post-guest"}, "reset": reset, "times": 1});
        let fault = add(&bench, fault).await;
        let mut bill = short("a guest");
        bill["gest_ID"] = json!(id(n));
        let error = bench.client.post(&url).json(&bill).send().await.expect_err("no reply");
        assert!(error.is_request(), "{error:?}");
        let found = ask(&bench, Method::GET, &format!("/get-guest?guest-id={}", id(n)), None).await;
        assert_eq!(found.status == 200, stored, "{reset}: {}", found.text);
        let journal = "/worlds/default/journal?operation=post-guest&status=0";
        let entry = bench.steer(Method::GET, journal, Value::Null).await.json()["entries"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .clone();
        assert_eq!((&entry["fault"], &entry["reply"]["body"]), (&json!(fault), &Value::Null), "{entry}");
    }
    let listed = bench.steer(Method::GET, "/worlds/default/faults", Value::Null).await.json();
    let words: Vec<&Value> = listed.as_array().unwrap().iter().map(|fault| &fault["reset"]).collect();
    assert_eq!(words, ["before", "before", "after"]);
    for (fault, part) in [
        (json!({"reset": "afterwards"}), "after"),
        (json!({"reset": false}), "does nothing"),
        (json!({"reset": true, "times": 0}), "does nothing"),
        (json!({"match": {"probability": 0}, "reset": true}), "never matches"),
        (json!({"delay": "0s"}), "does nothing"),
        (json!({"delay": {"uniform": ["0s", "0s"]}}), "does nothing"),
        (json!({"garbage": 0}), "does nothing"),
        (json!({"match": {"fake": "carbis", "method": "DELETE"}, "reset": true}), "DELETE"),
        (json!({"match": {"way": "push"}, "reset": "after"}), "no work"),
        (json!({"match": {"fake": "queue", "way": "http"}, "reset": "after"}), "no work"),
    ] {
        let refused = bench.steer(Method::POST, "/worlds/default/faults", fault).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains(part), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_truncated_body_breaks_off_and_a_dribbled_one_comes_whole() {
    let bench = Bench::start().await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let whole = poll(&bench, "none").await.text;
    add(&bench, json!({"truncate": 50, "times": 1})).await;
    let response = events(&bench).send().await.expect("a head");
    assert_eq!(response.content_length(), Some(whole.len() as u64));
    assert!(response.text().await.is_err(), "the body breaks off");

    bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "scaled", "scale": 1000})).await;
    add(&bench, json!({"dribble": {"bytes": 50, "every": "1s"}, "times": 1})).await;
    assert_eq!(events(&bench).send().await.unwrap().text().await.unwrap(), whole);
}

#[tokio::test]
async fn garbage_is_drawn_from_the_seed() {
    let bench = Bench::start().await;
    add(&bench, json!({"garbage": 32, "times": 1})).await;
    let first = events(&bench).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(first.len(), 32);
    bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await;
    add(&bench, json!({"garbage": 32, "times": 1})).await;
    assert_eq!(events(&bench).send().await.unwrap().bytes().await.unwrap(), first);
}

#[tokio::test]
async fn faults_are_of_one_world_and_can_be_removed() {
    let bench = Bench::start().await;
    bench.steer(Method::POST, "/worlds", json!({"id": "w"})).await;
    let id = add(&bench, json!({"id": "down", "respond": {"status": 503}})).await;
    assert_eq!(id, "down");
    let other =
        bench.client.get(format!("{}/w/w/api/v4/events?hash=none", bench.url("carbis"))).header("token", "demo-token");
    assert_eq!(bench.send(other).await.status, 200);
    assert_eq!(bench.steer(Method::DELETE, "/worlds/default/faults/donw", Value::Null).await.status, 404);
    assert_eq!(bench.steer(Method::DELETE, "/worlds/default/faults/down", Value::Null).await.status, 204);
    add(&bench, json!({"id": "нет связи", "respond": {"status": 503}})).await;
    let named = "/worlds/default/faults/%D0%BD%D0%B5%D1%82%20%D1%81%D0%B2%D1%8F%D0%B7%D0%B8";
    assert_eq!(bench.steer(Method::DELETE, named, Value::Null).await.status, 204);
    assert_eq!(poll(&bench, "none").await.status, 200);
}

#[tokio::test]
async fn a_saved_world_keeps_its_faults_and_their_counts() {
    let bench = Bench::start().await;
    add(&bench, json!({"match": {"nth": 2}, "respond": {"status": 500}})).await;
    poll(&bench, "none").await;
    let saved = bench.state().await;
    assert_eq!(poll(&bench, "none").await.status, 500);
    bench.steer(Method::PUT, "/worlds/default/state", saved).await;
    assert_eq!(poll(&bench, "none").await.status, 500);
    assert_eq!(poll(&bench, "none").await.status, 200);
}

#[tokio::test]
async fn faults_that_cannot_be_meant_are_refused() {
    let bench = Bench::start().await;
    for (fault, part) in [
        (json!({"match": {}}), "without an effect"),
        (json!({"match": {"fake": "carbs"}, "reset": true}), "did you mean `carbis`"),
        (json!({"respond": {"stauts": 500}}), "did you mean `status`"),
        (json!({"respond": {"status": 42}}), "no status"),
        (json!({"delay": {"normal": "1s"}}), "unknown name `normal`"),
        (json!({"id": "", "reset": true}), "cannot be the id of a fault"),
        (json!({"id": "a/b", "reset": true}), "cannot be the id of a fault"),
        (json!({"id": "..", "reset": true}), "cannot be the id of a fault"),
        (json!({"id": "a\nb", "reset": true}), "cannot be the id of a fault"),
        (json!({"id": "x".repeat(101), "reset": true}), "1 to 100 characters"),
    ] {
        let (status, _, message) = error(&bench.steer(Method::POST, "/worlds/default/faults", fault.clone()).await);
        assert_eq!(status, 422, "{fault}: {message}");
        assert!(message.contains(part), "{fault}: {part} is not in {message}");
    }
    assert_eq!(bench.steer(Method::GET, "/worlds/default/faults", Value::Null).await.json(), json!([]));
}

/// A fault that could never be sent, or never match, is a mistake of whoever writes it.
#[tokio::test]
async fn faults_that_cannot_be_sent_or_cannot_match_are_refused() {
    let bench = Bench::start().await;
    let respond = |respond: Value| json!({ "respond": respond });
    let matching = |matching: Value| json!({ "match": matching, "reset": true });
    for (wrong, part) in [
        (respond(json!({"status": 503, "headers": {"X-A": "a\r\nSet-Cookie: b"}})), "cannot be sent"),
        (respond(json!({"status": 503, "headers": {"X-A\r\nX-B": "a"}})), "no name of a header"),
        (respond(json!({"status": 503, "headers": {"": "a"}})), "no name of a header"),
        (respond(json!({"status": 503, "headers": {"Content-Length": "1"}})), "cannot be set"),
        (respond(json!({"status": 503, "headers": {"transfer-encoding": "chunked"}})), "cannot be set"),
        (respond(json!({"status": 204, "body": "x"})), "has no body"),
        (respond(json!({"status": 304, "body": {"a": 1}})), "has no body"),
        (respond(json!({"status": 100})), "no status that can be sent"),
        (matching(json!({"path": "api/v4/events"})), "does not begin with `/`"),
        (matching(json!({"path": "/api/v4/evnts"})), "did you mean `/api/v4/events`?"),
        (matching(json!({"fake": "tillypad", "path": "/api/v4/events"})), "no operation has the path"),
        (matching(json!({"fake": "telemetron", "operation": "token", "path": "/v2/*"})), "no operation has the path"),
        (matching(json!({"fake": "crab*"})), "unknown service `crab*`"),
        (matching(json!({"operation": "evnt*"})), "unknown operation"),
        (matching(json!({"method": "GTE"})), "unknown method `GTE`"),
        (matching(json!({"header": {"to ken": "x"}})), "no name of a header"),
    ] {
        let (status, _, message) = error(&bench.steer(Method::POST, "/worlds/default/faults", wrong.clone()).await);
        assert_eq!(status, 422, "{wrong}: {message}");
        assert!(message.contains(part), "{wrong}: {part} is not in {message}");
    }
    assert_eq!(bench.steer(Method::GET, "/worlds/default/faults", Value::Null).await.json(), json!([]));
    for good in [
        respond(json!({"status": 204, "headers": {"X-A": "tab\tand space"}})),
        matching(json!({"path": "/api/*/events"})),
        matching(json!({"path": "*"})),
        matching(json!({"fake": "telemetron", "path": "/v2/vending_machines/123"})),
        matching(json!({"fake": "telemetron", "path": "/v2/*/123"})),
        matching(json!({"fake": "car*", "operation": "ev*", "method": "get"})),
    ] {
        add(&bench, good).await;
    }
}

#[tokio::test]
async fn a_fault_is_switched_off_and_on_and_keeps_its_counts() {
    let bench = Bench::start().await;
    let id = add(&bench, json!({ "match": { "fake": "carbis" }, "respond": { "status": 503 } })).await;
    let switch = async |id: &str, off: bool| {
        bench.steer(Method::PUT, &format!("/worlds/default/faults/{id}"), json!({ "off": off })).await
    };
    let status = async || bench.send(events(&bench)).await.status.as_u16();
    assert_eq!(status().await, 503);
    let off = switch(&id, true).await.json();
    assert_eq!((&off["off"], &off["applied"]), (&json!(true), &json!(1)));
    assert_eq!(status().await, 200);
    assert_eq!(switch(&id, true).await.status, 200, "twice is once");
    let on = switch(&id, false).await.json();
    assert!(on["off"].is_null());
    assert_eq!(status().await, 503);
    let listed = bench.steer(Method::GET, "/worlds/default/faults", Value::Null).await.json();
    assert_eq!((&listed[0]["matched"], &listed[0]["applied"]), (&json!(2), &json!(2)));
    assert_eq!(switch("f9", true).await.status, 404);
    let off = json!({ "match": { "fake": "carbis" }, "respond": { "status": 503 }, "off": true });
    let (status, _, message) = error(&bench.steer(Method::POST, "/worlds/default/faults", off).await);
    assert!(status == 422 && message.contains("does nothing"), "{message}");
    // A recording has the fault taken out meanwhile.
    let text = bench.steer(Method::GET, "/worlds/default/recording", Value::Null).await.json()["scenario"].clone();
    let played = bench.send(
        bench
            .client
            .post(format!("{}/worlds/default/scenario?speed=max", bench.control()))
            .body(text.as_str().unwrap_or_default().to_owned()),
    );
    assert_eq!(played.await.status, 202, "{text}");
    let ended = crate::support::eventually("it has not ended", async || {
        let told = bench.steer(Method::GET, "/worlds/default/scenario", Value::Null).await.json();
        Some(told).filter(|told| told["state"] != "playing")
    });
    let told = ended.await;
    assert_eq!(told["state"], "passed", "{told:#}\n{text}");
}
