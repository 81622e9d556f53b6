//! The journal, and expectations over it.

use reqwest::Method;
use serde_json::{Value, json};

use super::worlds::error;
use crate::carbis::events::poll;
use crate::support::Bench;

async fn journal(bench: &Bench, query: &str) -> Value {
    let answer = bench.steer(Method::GET, &format!("/worlds/default/journal{query}"), Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn it_holds_what_was_sent_and_what_came_back() {
    let bench = Bench::start().await;
    poll(&bench, "none").await;
    let journal = journal(&bench, "").await;
    let entry = &journal["entries"][0];
    assert_eq!(entry["seq"], 1);
    assert_eq!(entry["at"], "2026-11-21T09:00:00Z");
    assert_eq!(
        (&entry["fake"], &entry["operation"], &entry["way"]),
        (&json!("carbis"), &json!("events"), &json!("http"))
    );
    assert_eq!(
        (&entry["method"], &entry["path"], &entry["query"]),
        (&json!("GET"), &json!("/api/v4/events"), &json!("hash=none"))
    );
    assert!(entry["headers"].as_array().unwrap().contains(&json!({"name": "token", "value": "demo-token"})));
    assert_eq!(entry["status"], 200);
    assert_eq!(entry["reply"], json!({"result": true, "data": {"updates": []}}));
    assert_eq!(entry["request"], Value::Null);
}

#[tokio::test]
async fn what_came_is_there_as_it_came() {
    let bench = Bench::start().await;
    let url = format!("{}/nothing", bench.url("telemetron"));
    let post = || bench.client.post(&url).header("x-way", "a").header("x-way", "b").header("x-name", "Чай".as_bytes());
    let bodies: [(&[u8], &str); 4] = [
        (b"\xff\xfe\x00", r#""request":{"base64":"//4A"}"#),
        (
            b"{\"sum\": 1.50, \"sum\": 100000000000000000000001}",
            r#""request":{"sum": 1.50, "sum": 100000000000000000000001}"#,
        ),
        ("сумма=5".as_bytes(), r#""request":"сумма=5""#),
        (b"[1,", r#""request":"[1,""#),
    ];
    for (body, shown) in bodies {
        bench.send(post().body(body.to_vec())).await;
        let page = bench.steer(Method::GET, "/worlds/default/journal?limit=1", Value::Null).await.text;
        assert!(page.contains(shown), "{shown} is not in {page}");
        let page: Value = serde_json::from_str(&page).unwrap();
        let headers = page["entries"][0]["headers"].as_array().unwrap().clone();
        let values = |name: &str| -> Vec<Value> {
            headers.iter().filter(|header| header["name"] == name).map(|header| header["value"].clone()).collect()
        };
        assert_eq!((values("x-way"), values("x-name")), (vec![json!("a"), json!("b")], vec![json!("Чай")]));
    }
}

#[tokio::test]
async fn it_is_filtered_paged_and_cleared() {
    let bench = Bench::start().await;
    for _ in 0..3 {
        poll(&bench, "none").await;
    }
    bench.send(bench.client.get(format!("{}/nothing", bench.url("carbis")))).await;
    let seqs = |journal: Value| {
        journal["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(seqs(journal(&bench, "").await), [1, 2, 3, 4]);
    assert_eq!(seqs(journal(&bench, "?status=4xx").await), [4]);
    assert_eq!(seqs(journal(&bench, "?status=404&fake=carbis").await), [4]);
    assert_eq!(seqs(journal(&bench, "?operation=events").await), [1, 2, 3]);
    assert_eq!(seqs(journal(&bench, "?since=2").await), [3, 4]);
    assert_eq!(seqs(journal(&bench, "?since=1&limit=2").await), [2, 3]);
    assert_eq!(seqs(journal(&bench, "?limit=1").await), [4], "without a place the latest");
    assert_eq!(bench.steer(Method::DELETE, "/worlds/default/journal", Value::Null).await.status, 204);
    poll(&bench, "none").await;
    assert_eq!(seqs(journal(&bench, "").await), [5], "numbers go on");
    bench.steer(Method::POST, "/worlds/default/faults", json!({"id": "down", "respond": {"status": 503}})).await;
    poll(&bench, "none").await;
    assert_eq!(seqs(journal(&bench, "?fault=down").await), [6]);
    assert_eq!(seqs(journal(&bench, "?way=http&client=demo-*").await), [5, 6]);
    assert_eq!(seqs(journal(&bench, "?way=push").await), [0; 0]);
    for query in ["?way=pushed", "?sinse=1", "?limit=0", "?limit=x", "?status=abc", "?fake=carbs", "?since=soon"] {
        let answer = bench.steer(Method::GET, &format!("/worlds/default/journal{query}"), Value::Null).await;
        assert_eq!(error(&answer).0, 422, "{query}");
    }
}

#[tokio::test]
async fn it_is_bounded_and_counts_what_it_dropped() {
    let bench = Bench::start().await;
    let mut state = bench.state().await;
    state["journal"] = json!({"entries": 5});
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", state).await.status, 200);
    for _ in 0..12 {
        poll(&bench, "none").await;
    }
    let journal = journal(&bench, "").await;
    assert_eq!(journal["dropped"], 7);
    assert_eq!(journal["entries"].as_array().unwrap().len(), 5);
    // A count over a journal that has dropped entries is not trusted.
    let verify = json!({"journal": {"operation": "events", "count": 5}});
    let (status, _, message) = error(&bench.steer(Method::POST, "/worlds/default/verify", verify).await);
    assert_eq!(status, 409);
    assert!(message.contains("dropped 7 entries"), "{message}");
}

#[tokio::test]
async fn expectations_hold_or_explain_the_nearest_miss() {
    let bench = Bench::start().await;
    poll(&bench, "none").await;
    let verify = |expectation: Value| {
        let bench = &bench;
        async move { bench.steer(Method::POST, "/worlds/default/verify", expectation).await }
    };
    for good in [
        json!({"journal": {"fake": "carbis", "operation": "events", "count": 1}}),
        json!({"journal": {"path": "/api/*/events", "status": "2xx", "count": {"ge": 1}}}),
        json!({"journal": {"reply": {"$.result": true, "$.data.updates": {"length": 0}}}}),
        json!({"never": {"fake": "carbis", "status": "5xx"}}),
        json!({"state": {"$.carbis.orders[0].invoice": 122}}),
    ] {
        let answer = verify(good.clone()).await;
        assert_eq!(answer.status, 200, "{good}: {}", answer.text);
        assert_eq!(answer.json(), json!({"passed": true}));
    }
    for (bad, part) in [
        (json!({"journal": {"operation": "events", "count": 2}}), "1 of 1 entries match: expected 2, found 1"),
        (json!({"journal": {"operation": "events", "status": 401}}), "nearest is GET /api/v4/events"),
        (json!({"journal": {"reply": {"$.result": false}}}), "$.result: expected false, found true"),
        (json!({"never": {"operation": "events"}}), "the first is GET /api/v4/events"),
        (json!({"state": {"$.carbis.orders[0].invoice": 123}}), "expected 123, found 122"),
    ] {
        let (status, code, message) = error(&verify(bad.clone()).await);
        assert_eq!((status, code.as_str()), (409, "not_as_expected"), "{bad}");
        assert!(message.contains(part), "{bad}: {part} is not in {message}");
    }
    for (wrong, part) in [
        (json!({"journals": {}}), "did you mean `journal`"),
        (json!({"journal": {"operaton": "x"}}), "did you mean `operation`"),
        (json!({"journal": {"fake": "carbis", "operation": "event"}}), "did you mean `events`"),
        (json!({"state": {"carbis": 1}}), "no JSONPath"),
        (json!({"journal": {"count": {"gte": 1, "lt": 5}}}), "unknown matcher"),
    ] {
        let (status, _, message) = error(&verify(wrong.clone()).await);
        assert_eq!(status, 422, "{wrong}: {message}");
        assert!(message.contains(part), "{wrong}: {part} is not in {message}");
    }
}
