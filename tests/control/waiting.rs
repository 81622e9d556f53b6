//! Requests that wait: the journal's next entries, and expectations that come to hold.

#![allow(clippy::disallowed_methods, reason = "how long clients wait is what is tested")]

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::worlds::error;
use crate::carbis::events::poll;
use crate::support::{Answer, Bench};

/// Asks, and does something else a while later; the answer, and how long it took.
async fn meanwhile(
    asking: impl Future<Output = Answer>,
    after: Duration,
    doing: impl AsyncFnOnce(),
) -> (Answer, Duration) {
    let began = Instant::now();
    let asking = async {
        let answer = asking.await;
        (answer, began.elapsed())
    };
    let doing = async {
        tokio::time::sleep(after).await;
        doing().await;
    };
    let (answered, ()) = tokio::join!(asking, doing);
    answered
}

const SOON: Duration = Duration::from_millis(150);

#[tokio::test]
async fn the_journal_is_waited_for() {
    let bench = Bench::start().await;
    poll(&bench, "none").await;
    let journal =
        async |query: &str| bench.steer(Method::GET, &format!("/worlds/default/journal{query}"), Value::Null).await;
    let there = Instant::now();
    assert_eq!(journal("?since=0&wait=30s").await.json()["matched"], 1, "what is there is answered at once");
    assert!(there.elapsed() < Duration::from_secs(5));
    let query = "?since=1&operation=events&status=200&wait=30s";
    let (answer, took) = meanwhile(journal(query), SOON, async || {
        bench.send(bench.client.get(format!("{}/nothing", bench.url("carbis")))).await;
        tokio::time::sleep(SOON).await;
        poll(&bench, "none").await;
    })
    .await;
    let page = answer.json();
    assert_eq!((&page["matched"], &page["entries"][0]["seq"], &page["newest"]), (&json!(1), &json!(3), &json!(3)));
    assert!(took >= SOON * 2 && took < Duration::from_secs(10), "{took:?}");
    let began = Instant::now();
    let page = journal("?since=3&wait=200ms").await.json();
    assert_eq!((&page["matched"], &page["entries"]), (&json!(0), &json!([])));
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_wait_ends_when_the_world_begins_anew_or_goes() {
    let bench = Bench::start().await;
    poll(&bench, "none").await;
    let path = "/worlds/default/journal?since=1&wait=1m";
    let (answer, took) = meanwhile(bench.steer(Method::GET, path, Value::Null), SOON, async || {
        bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await;
    })
    .await;
    let page = answer.json();
    assert_eq!((&page["matched"], &page["newest"], &page["generation"]), (&json!(0), &json!(0), &json!(2)));
    assert!(took < Duration::from_secs(10), "{took:?}");
    for (path, body) in [("journal?since=0&wait=1m", Value::Null), ("verify", json!({"journal": {}, "within": "1m"}))] {
        bench.steer(Method::POST, "/worlds", json!({"id": "w", "clock": "frozen"})).await;
        let method = if body.is_null() { Method::GET } else { Method::POST };
        let path = format!("/worlds/w/{path}");
        let (answer, _) = meanwhile(bench.steer(method, &path, body), SOON, async || {
            bench.steer(Method::DELETE, "/worlds/w", Value::Null).await;
        })
        .await;
        let (status, code, message) = error(&answer);
        assert_eq!((status, code.as_str()), (404, "unknown_world"), "{message}");
        assert!(message.contains("the world `w` was removed meanwhile"), "{message}");
    }
}

#[tokio::test]
async fn an_expectation_is_answered_as_soon_as_it_holds() {
    let bench = Bench::start().await;
    let verify = |body: Value| bench.steer(Method::POST, "/worlds/default/verify", body);
    for expectation in [
        json!({"journal": {"operation": "events", "count": 2}, "within": "30s"}),
        json!({"order": [{"request": {"operation": "events"}}, {"request": {"operation": "events"}}], "within": "30s"}),
    ] {
        let before = bench.steer(Method::GET, "/worlds/default/journal", Value::Null).await.json();
        let (answer, took) = meanwhile(verify(expectation.clone()), SOON, async || {
            poll(&bench, "none").await;
            poll(&bench, "none").await;
        })
        .await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"passed": true})), "{expectation} {before}");
        assert!(took >= SOON && took < Duration::from_secs(10), "{expectation}: {took:?}");
        bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await;
    }
    // The state changes by an action, of which the journal knows nothing; the clock stands all the while.
    let state = json!({"state": {"$.carbis.totals.events.waiter_call": 1}, "within": "30s"});
    let (answer, took) = meanwhile(verify(state.clone()), SOON, async || {
        bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    })
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(took >= SOON && took < Duration::from_secs(10), "{took:?}");
    // What holds already is answered at once.
    let began = Instant::now();
    assert_eq!(verify(state).await.status, 200);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_never_comes_to_hold_is_told_after_the_time() {
    let bench = Bench::start().await;
    let began = Instant::now();
    let body = json!({"journal": {"operation": "events"}, "within": "300ms"});
    let (status, code, message) = error(&bench.steer(Method::POST, "/worlds/default/verify", body).await);
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert_eq!((status, code.as_str()), (409, "not_as_expected"));
    assert!(message.starts_with("within 300ms: journal: 0 of 0 entries match"), "{message}");
}

#[tokio::test]
async fn what_holds_where_nothing_happens_is_waited_out_and_fails_at_once() {
    let bench = Bench::start().await;
    let verify = |body: Value| bench.steer(Method::POST, "/worlds/default/verify", body);
    for expectation in [
        json!({"never": {"operation": "events"}}),
        json!({"journal": {"operation": "events", "count": 0}}),
        json!({"journal": {"operation": "events", "count": {"le": 0}}}),
        json!({"push": {"fake": "queue", "count": 0}}),
    ] {
        let mut within = expectation.clone();
        within["within"] = json!("300ms");
        let began = Instant::now();
        assert_eq!(verify(within.clone()).await.status, 200, "{expectation}");
        assert!(began.elapsed() >= Duration::from_millis(300), "{expectation}");
        if expectation.get("push").is_some() {
            continue;
        }
        within["within"] = json!("1m");
        let (answer, took) = meanwhile(verify(within), SOON, async || {
            poll(&bench, "none").await;
        })
        .await;
        assert_eq!(answer.status, 409, "{expectation}: {}", answer.text);
        assert!(took < Duration::from_secs(10), "{expectation}: {took:?}");
        bench.steer(Method::DELETE, "/worlds/default/journal", Value::Null).await;
    }
}

#[tokio::test]
async fn a_wait_that_is_none_or_too_long_is_refused() {
    let bench = Bench::start().await;
    for (wait, part) in [
        ("10h", "10h is too long to wait"),
        ("-1", "`-1` is negative"),
        ("x", "invalid duration `x`"),
        ("", "an empty value"),
        ("301s", "is too long to wait"),
    ] {
        let path = format!("/worlds/default/journal?since=0&wait={wait}");
        let (status, _, message) = error(&bench.steer(Method::GET, &path, Value::Null).await);
        assert_eq!((status, message.contains(part)), (422, true), "{wait}: {message}");
        if wait.is_empty() {
            continue;
        }
        let body = json!({"journal": {}, "within": wait});
        let answer = bench.steer(Method::POST, "/worlds/default/verify", body).await;
        let (status, _, message) = error(&answer);
        assert_eq!((status, message.contains(part)), (422, true), "{wait}: {message}");
        assert!(answer.json()["error"]["at"].as_str().unwrap().contains("within"), "{}", answer.text);
    }
    let (status, _, message) = error(&bench.steer(Method::GET, "/worlds/default/journal?wait=1s", Value::Null).await);
    assert_eq!((status, message.contains("`wait` without `since`")), (422, true), "{message}");
    for body in [json!({"within": "1s"}), json!({"journal": {}, "within": {}}), json!({"journal": {"within": "1s"}})] {
        let (status, _, message) = error(&bench.steer(Method::POST, "/worlds/default/verify", body.clone()).await);
        assert_eq!(status, 422, "{body}: {message}");
    }
}
