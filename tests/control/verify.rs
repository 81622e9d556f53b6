//! Expectations by the control API: over requests, pushes, their order, and moments.

use reqwest::Method;
use serde_json::{Value, json};

use super::worlds::error;
use crate::carbis::events::poll;
use crate::queue::client::Client;
use crate::support::{Answer, Bench};

async fn verify(bench: &Bench, expectation: &Value) -> Answer {
    bench.steer(Method::POST, "/worlds/default/verify", expectation.clone()).await
}

/// A poll, ten seconds, a terminal that takes a ticket and is told of it.
async fn afternoon() -> Bench {
    let bench = Bench::start().await;
    poll(&bench, "none").await;
    bench.advance("10s").await;
    let mut terminal = Client::terminal(&bench).await;
    terminal.data("subscribeConsumers", json!({})).await;
    terminal.data("newConsumer", json!({"services": [4]})).await;
    terminal.push().await;
    terminal.nothing_came().await;
    bench
}

#[tokio::test]
async fn what_holds_passes() {
    let bench = afternoon().await;
    for good in [
        json!({"push": {"fake": "queue", "command": "consumerList", "count": 1}}),
        json!({"push": {"client": "terminal", "json": {"$.data[0].ticket": {"matches": "^.\\d{3}$"}}}}),
        json!({"push": {"client": "operator", "count": 0}}),
        json!({"journal": {"way": "frame", "client": "term*", "count": {"ge": 3}}}),
        json!({"journal": {"operation": "newConsumer", "request": {"$.data.services": [4]}, "count": 1}}),
        json!({"never": {"way": "push", "status": 0}}),
        json!({"order": [{"request": {"operation": "events"}}, {"frame": {"operation": "newConsumer"}}, {"push": {}}]}),
        json!({"before": {"first": {"request": {"operation": "events"}}, "then": {"push": {"fake": "queue"}}}}),
        json!({"before": {"first": {"push": {}}, "moment": "2026-11-21T12:00:11+03:00"}}),
    ] {
        let answer = verify(&bench, &good).await;
        assert_eq!(answer.status, 200, "{good}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_miss_names_the_nearest_and_what_was_expected_and_found() {
    let bench = afternoon().await;
    let miss = json!({"push": {"fake": "queue", "command": "consumerList", "client": "qboard", "json": {"$.data[0].state": "SERVED"}}});
    let answer = verify(&bench, &miss).await;
    assert_eq!(answer.status, 409);
    let described = answer.json()["error"].clone();
    assert_eq!(described["nearest"]["reply"]["command"], "consumerList");
    assert_eq!(
        described["unmet"],
        json!([
            {"condition": "client", "expected": "qboard", "found": "terminal"},
            {"condition": "reply $.data[0].state", "expected": "\"SERVED\"", "found": "WAITING"},
        ])
    );
    for (bad, part) in [
        (
            json!({"push": {"command": "consumerList", "count": 2}}),
            "push: 1 of 6 entries match: expected 2, found 1; the last is consumerList",
        ),
        (json!({"never": {"way": "push"}}), "never: 1 entries match; the first is consumerList"),
        (
            json!({"journal": {"operation": "events", "header": {"token": "other"}}}),
            "header token: expected other, found demo-token",
        ),
        (json!({"journal": {"operation": "events", "method": "POST"}}), "method: expected POST, found GET"),
        (json!({"journal": {"fault": "f1"}}), "fault: expected f1, found none"),
        (json!({"journal": {"operation": "events", "remarked": true}}), "remarks: expected some, found none"),
        (json!({"journal": {"way": "ping"}}), "way: expected ping, found "),
        (
            json!({"order": [{"push": {}}, {"request": {"operation": "events"}}]}),
            "number 2 of 2 (request events) did not happen after entry 5",
        ),
        (
            json!({"order": [{"request": {"operation": "events"}}, {"push": {"command": "serviceList"}}]}),
            "operation: expected serviceList, found",
        ),
        (json!({"before": {"first": {"push": {}}, "then": {"request": {}}}}), "came after entry 1, GET /api/v4/events"),
        (json!({"before": {"first": {"push": {}}, "moment": "2026-11-21T12:00:05+03:00"}}), "came 5s too late"),
    ] {
        let (status, code, message) = error(&verify(&bench, &bad).await);
        assert_eq!((status, code.as_str()), (409, "not_as_expected"), "{bad}");
        assert!(message.contains(part), "{bad}: {part} is not in {message}");
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let bench = Bench::start().await;
    for (wrong, part) in [
        (json!({"pushes": {}}), "did you mean `push`"),
        (json!({"push": {"operation": "x"}}), "unknown key `operation`"),
        (json!({"push": {"fake": "queue", "command": "consumersList"}}), "did you mean `consumerList`"),
        (json!({"push": {"fake": "carbis"}}), "carbis has no pushes"),
        (json!({"journal": {"way": "pushes"}}), "did you mean `push`"),
        (json!({"order": []}), "less than two"),
        (json!({"order": [{"request": {}}, {"request": {"operation": "evnts"}}]}), "did you mean `events`"),
        (json!({"before": {"first": {"push": {}}}}), "before what?"),
        (json!({"before": {"first": {"push": {}}, "moment": "90s"}}), "counts from a scenario's start"),
        (json!({"journal": {"operation": "no-such"}}), "unknown operation `no-such`"),
    ] {
        let (status, _, message) = error(&verify(&bench, &wrong).await);
        assert_eq!(status, 422, "{wrong}: {message}");
        assert!(message.contains(part), "{wrong}: {part} is not in {message}");
    }
}

/// A negative expectation must not hold because of a typo.
#[tokio::test]
async fn what_could_never_come_is_no_negative_expectation() {
    let bench = afternoon().await;
    for (wrong, part) in [
        (json!({"never": {"status": "40x"}}), "no status"),
        (json!({"never": {"status": "400-499"}}), "no status"),
        (json!({"never": {"status": [401]}}), "{one_of: […]}"),
        (json!({"never": {"status": {"gte": 400}}}), "did you mean `ge`?"),
        (json!({"never": {"status": {"in": [400, 404]}}}), "did you mean `one_of`?"),
        (json!({"never": {"status": {"one_of": [404, "5x"]}}}), "no status"),
        (json!({"never": {"status": {"not": {"ge": 0}}}}), "every status"),
        (json!({"never": {"status": 20}}), "no status"),
        (json!({"never": {"method": "PSOT"}}), "unknown method `PSOT`"),
        (json!({"never": {"path": "api/v4/events"}}), "does not begin with `/`"),
        (json!({"never": {"operation": "evnt*"}}), "unknown operation"),
        (json!({"never": {"header": {"to ken": "x"}}}), "no name of a header"),
        (json!({"never": {"client": ""}}), "an empty name"),
        (json!({"never": {"fault": ""}}), "an empty name"),
        (json!({"never": {"reply": {"$.data": {"include": 5}}}}), "did you mean `contains`?"),
        (json!({"never": {"reply": {"$.data": {"between": [1, 5]}}}}), "unknown matcher `between`"),
        (json!({"never": {"reply": {}}}), "an empty expectation"),
        (json!({"journal": {"operation": "events", "count": {"le": "few"}}}), "a number"),
        (json!({"journal": {"operation": "events", "count": {"eq": 0}}}), "did you mean `equals`?"),
        (json!({"push": {"count": -1}}), "no count"),
        (json!({"state": {"$.carbis.evnts": {"exists": false}}}), "did you mean `events`?"),
        (json!({"state": {"$.crabis": {"exists": false}}}), "did you mean `carbis`?"),
        (json!({"state": {}}), "an empty expectation"),
    ] {
        let (status, _, message) = error(&verify(&bench, &wrong).await);
        assert_eq!(status, 422, "{wrong}: {message}");
        assert!(message.contains(part), "{wrong}: {part} is not in {message}");
    }
    // What is meant is still understood.
    for (good, status) in [
        (json!({"never": {"status": "401"}}), 200),
        (json!({"never": {"status": "200"}}), 409),
        (json!({"never": {"status": "2XX"}}), 409),
        (json!({"never": {"status": {"one_of": ["2xx", "404"]}}}), 409),
        (json!({"journal": {"operation": "events", "count": "1"}}), 200),
        (json!({"never": {"reply": {"$.nothing": {"not": 5}}}}), 200),
    ] {
        let answer = verify(&bench, &good).await;
        assert_eq!(answer.status, status, "{good}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_journal_that_has_dropped_entries_is_not_trusted() {
    let bench = Bench::start().await;
    let mut state = bench.state().await;
    state["journal"] = json!({"entries": 3});
    bench.steer(Method::PUT, "/worlds/default/state", state).await;
    for _ in 0..5 {
        poll(&bench, "none").await;
    }
    bench.advance("1s").await;
    let unknown = bench.client.get(format!("{}/nothing", bench.url("carbis")));
    bench.send(unknown).await;
    for bad in [
        json!({"never": {"status": "5xx"}}),
        json!({"before": {"first": {"request": {"operation": "events"}}, "then": {"request": {"status": 404}}}}),
    ] {
        let (status, _, message) = error(&verify(&bench, &bad).await);
        assert!(status == 409 && message.contains("cannot be trusted"), "{bad}: {message}");
    }
    let order = json!({"order": [{"request": {"operation": "events"}}, {"request": {"status": 404}}]});
    assert_eq!(verify(&bench, &order).await.status, 200, "what is there is there");
}
