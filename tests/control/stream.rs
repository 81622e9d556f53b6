//! The live stream: what happens in a world as Server-Sent Events, resumed, with its gaps named, and ended readably.

#![allow(clippy::disallowed_methods, reason = "how long clients wait is what is tested")]

use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::worlds::error;
use crate::carbis::events::poll;
use crate::support::Bench;

/// One event of a stream.
#[derive(Debug, Clone)]
struct Event {
    id: String,
    name: String,
    data: Value,
}

/// A reader of a stream.
struct Stream {
    response: Response,
    text: String,
    /// The newest id, also of a block without data.
    last: String,
}

impl Stream {
    async fn open(bench: &Bench, path: &str, last: Option<&str>) -> Self {
        let mut request = bench.client.get(format!("{}{path}", bench.control()));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut stream = Self { response, text: String::new(), last: String::new() };
        let greeting = stream.block().await.expect("a greeting");
        assert!(greeting.starts_with("retry: 1000\nid: "), "{greeting}");
        stream
    }

    /// The next block; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let block = block.trim_end().to_owned();
                if let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) {
                    id.clone_into(&mut self.last);
                }
                return Some(block);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.response.chunk()).await.expect("in time");
            self.text.push_str(
                std::str::from_utf8(&chunk.expect("a whole stream")?).expect("events end between characters"),
            );
        }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            if block.starts_with(':') {
                continue;
            }
            let field =
                |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
            let data = serde_json::from_str(&field("data: ")).unwrap();
            return Some(Event { id: field("id: "), name: field("event: "), data });
        }
    }

    async fn some(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }
}

const DEFAULT: &str = "/worlds/default/stream";

fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.data["seq"].as_u64().unwrap_or(0)).collect()
}

#[tokio::test]
async fn what_happens_comes_as_it_happens_in_one_shape_with_the_journal() {
    let bench = Bench::start().await;
    let mut stream = Stream::open(&bench, DEFAULT, None).await;
    poll(&bench, "none").await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.advance("5m").await;
    bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "scaled", "scale": 2.0})).await;
    let fault = json!({"id": "down", "respond": {"status": 503}, "times": 1});
    bench.steer(Method::POST, "/worlds/default/faults", fault).await;
    bench.steer(Method::DELETE, "/worlds/default/faults/down", Value::Null).await;
    bench.steer(Method::POST, "/worlds", json!({"id": "copy", "fork_of": "default"})).await;
    bench.steer(Method::POST, "/worlds/default/reset", json!({"service": "carbis"})).await;
    let events = stream.some(9).await;
    let told: Vec<(&str, &str)> =
        events.iter().map(|event| (event.name.as_str(), event.data["what"].as_str().unwrap_or("entry"))).collect();
    let expected = [
        ("exchange", "entry"),
        ("world", "action"),
        ("world", "fired"),
        ("clock", "clock_advanced"),
        ("clock", "clock_set"),
        ("world", "fault"),
        ("world", "fault_gone"),
        ("world", "fork"),
        ("world", "service_reset"),
    ];
    assert_eq!(told, expected);
    let journal = bench.steer(Method::GET, "/worlds/default/journal", Value::Null).await.json();
    assert_eq!(events[0].data, journal["entries"][0]);
    assert_eq!(events[1].data["action"], "carbis.call_waiter");
    assert_eq!(events[1].data["args"], json!({"table": 1000028}));
    assert_eq!(events[1].data["at"], "2026-11-21T09:00:00Z");
    assert_eq!(events[3].data["clock"]["now"], "2026-11-21T09:05:00Z");
    assert_eq!((&events[3].data["fired"], &events[2].data["fake"]), (&json!(1), &json!("carbis")));
    assert_eq!((&events[7].data["world"], &events[8].data["fake"]), (&json!("copy"), &json!("carbis")));
    let ids: std::collections::BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), events.len(), "every event has an id of its own");
}

#[tokio::test]
async fn an_entry_reaches_a_stream_within_50_ms() {
    let bench = Bench::start().await;
    let mut stream = Stream::open(&bench, DEFAULT, None).await;
    let mut took = Vec::new();
    for _ in 0..10 {
        poll(&bench, "none").await;
        let sent = Instant::now();
        stream.next().await.unwrap();
        took.push(sent.elapsed());
    }
    took.sort();
    // Others use the machine as well: the middle one counts.
    assert!(took[5] < Duration::from_millis(50), "{took:?}");
}

#[tokio::test]
async fn a_summary_leaves_out_headers_and_bodies_and_tells_their_lengths() {
    let bench = Bench::start().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let feed = format!("{}/api/v4/events?hash=none", bench.url("carbis"));
    bench.send(bench.client.get(&feed).header("token", "demo-token").header("traceparent", trace)).await;
    let mut stream = Stream::open(&bench, &format!("{DEFAULT}?bodies=false&since=0"), None).await;
    let event = stream.next().await.unwrap();
    let whole = bench.steer(Method::GET, "/worlds/default/journal", Value::Null).await.json()["entries"][0].clone();
    assert_eq!(whole["traceparent"], trace);
    let mut expected = whole.as_object().unwrap().clone();
    let reply = expected["reply"].to_string().len();
    for key in ["headers", "request", "reply"] {
        expected.remove(key).unwrap();
    }
    expected.insert("request_bytes".into(), json!(0));
    expected.insert("reply_bytes".into(), json!(reply));
    assert_eq!(event.data, Value::Object(expected));
    let listed = bench.steer(Method::GET, "/worlds/default/journal?bodies=false", Value::Null).await.json();
    assert_eq!(listed["entries"][0], event.data, "the journal lists heads alike");
}

#[tokio::test]
async fn a_reader_resumes_where_it_was_and_misses_nothing() {
    let bench = Bench::start().await;
    let mut stream = Stream::open(&bench, DEFAULT, None).await;
    let start = stream.last.clone();
    for _ in 0..3 {
        poll(&bench, "none").await;
        bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    }
    let all = stream.some(6).await;
    drop(stream);
    poll(&bench, "none").await;
    for (n, event) in all.iter().enumerate() {
        let mut again = Stream::open(&bench, DEFAULT, Some(&event.id)).await;
        let rest = again.some(6 - n).await;
        let ids: Vec<&str> = rest[..5 - n].iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, all[n + 1..].iter().map(|event| event.id.as_str()).collect::<Vec<_>>());
        assert_eq!(rest[5 - n].data["seq"], 4);
    }
    // Also one whose connection broke before the first event, and by the query, where the header cannot be set.
    assert_eq!(Stream::open(&bench, DEFAULT, Some(&start)).await.some(7).await.len(), 7);
    let mut queried = Stream::open(&bench, &format!("{DEFAULT}?since={}", all[3].id), None).await;
    assert_eq!(queried.next().await.unwrap().id, all[4].id);
    let mut by_seq = Stream::open(&bench, &format!("{DEFAULT}?since=2"), None).await;
    let events = by_seq.some(4).await;
    assert_eq!(
        events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(),
        ["world", "exchange", "world", "exchange"]
    );
}

#[tokio::test]
async fn a_gap_is_announced() {
    let bench = Bench::start().await;
    let mut state = bench.state().await;
    state["journal"] = json!({"entries": 5});
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", state).await.status, 200);
    let mut stream = Stream::open(&bench, DEFAULT, None).await;
    poll(&bench, "none").await;
    let seen = stream.next().await.unwrap();
    drop(stream);
    for _ in 0..12 {
        poll(&bench, "none").await;
    }
    let mut stream = Stream::open(&bench, DEFAULT, Some(&seen.id)).await;
    let events = stream.some(6).await;
    assert_eq!((events[0].name.as_str(), &events[0].data), ("gap", &json!({"of": "journal", "missed": 7})));
    assert_eq!(seqs(&events[1..]), [9, 10, 11, 12, 13]);
    // A gap has an id as well.
    let mut after = Stream::open(&bench, DEFAULT, Some(&events[0].id)).await;
    assert_eq!(seqs(&after.some(5).await), [9, 10, 11, 12, 13]);
    // What was cleared away is one, too.
    drop(stream);
    let last = events[5].id.clone();
    poll(&bench, "none").await;
    bench.steer(Method::DELETE, "/worlds/default/journal", Value::Null).await;
    let mut stream = Stream::open(&bench, DEFAULT, Some(&last)).await;
    assert_eq!(stream.next().await.unwrap().data, json!({"of": "journal", "missed": 1}));
    poll(&bench, "none").await;
    assert_eq!(seqs(&stream.some(1).await), [15]);
}

#[tokio::test]
async fn a_reader_that_does_not_read_slows_nobody_and_is_told_of_what_it_missed() {
    let bench = Bench::start().await;
    let mut lagging = Stream::open(&bench, DEFAULT, None).await;
    let reading = Stream::open(&bench, &format!("{DEFAULT}?bodies=false"), None).await;
    let reader = tokio::spawn(async move {
        let (mut reading, mut count) = (reading, 0_u64);
        while count < 100_000 {
            let event = reading.next().await.unwrap();
            count += if event.name == "gap" { event.data["missed"].as_u64().unwrap() } else { 1 };
        }
        count
    });
    let write = |count: u64| {
        let world = bench.default_world();
        move || {
            for n in 0..count {
                let head = format!("GET /api/v4/events?hash={n}\n");
                world.journal.write(stend_core::journal::Note {
                    at: world.now(),
                    service: "carbis",
                    operation: Some("events"),
                    channel: stend_core::journal::Channel::Http,
                    client: None,
                    head: &head,
                    request: Default::default(),
                    status: 401,
                    reply: Default::default(),
                    warnings: Vec::new(),
                    fault: None,
                });
            }
        }
    };
    tokio::task::spawn_blocking(write(100_000)).await.unwrap();
    assert_eq!(reader.await.unwrap(), 100_000);
    // Nobody else waits for the one that lags.
    let asked = Instant::now();
    bench.steer(Method::GET, "/health", Value::Null).await;
    assert!(asked.elapsed() < Duration::from_secs(1));
    let (mut seen, mut missed) = (0, 0);
    while seen + missed < 100_000 {
        let event = lagging.next().await.unwrap();
        match event.name.as_str() {
            "gap" => missed += event.data["missed"].as_u64().unwrap(),
            _ => {
                seen += 1;
                assert_eq!(event.data["seq"], seen + missed);
            }
        }
    }
    assert_eq!(seen + missed, 100_000);
    assert!(missed > 0 && seen >= 20_000, "{seen} seen, {missed} missed");
    // What was written was said by no service, so no specification is held against it.
    bench.default_world().reset().unwrap();
}

#[tokio::test]
async fn a_reset_is_told_and_the_stream_goes_on() {
    let bench = Bench::start().await;
    let mut stream = Stream::open(&bench, DEFAULT, None).await;
    poll(&bench, "none").await;
    let before = stream.next().await.unwrap();
    assert_eq!(bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await.status, 200);
    let reset = stream.next().await.unwrap();
    assert_eq!(
        (reset.name.as_str(), &reset.data["what"], &reset.data["generation"]),
        ("world", &json!("reset"), &json!(2))
    );
    poll(&bench, "none").await;
    assert_eq!(seqs(&stream.some(1).await), [1], "numbers begin anew");
    drop(stream);
    // Who had read all of the run before has missed nothing of it.
    let mut resumed = Stream::open(&bench, DEFAULT, Some(&before.id)).await;
    assert_eq!(resumed.next().await.unwrap().data["what"], "reset");
    let state = bench.state().await;
    poll(&bench, "none").await;
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", state).await.status, 200);
    // Who had not is told how much, or that it is not known.
    let mut behind = Stream::open(&bench, DEFAULT, Some(&reset.id)).await;
    let events = behind.some(2).await;
    assert_eq!((events[0].name.as_str(), &events[0].data), ("gap", &json!({"of": "run", "missed": 2})));
    assert_eq!(events[1].data["what"], "restore");
    let mut far = Stream::open(&bench, DEFAULT, Some(&before.id)).await;
    assert_eq!(far.next().await.unwrap().data, json!({"of": "run", "missed": null}));
}

#[tokio::test]
async fn an_id_of_another_world_of_the_name_leads_to_the_beginning_with_a_gap() {
    let bench = Bench::start().await;
    let make = || bench.steer(Method::POST, "/worlds", json!({"id": "w", "clock": "frozen"}));
    make().await;
    let stream = Stream::open(&bench, "/worlds/w/stream", None).await;
    bench.steer(Method::DELETE, "/worlds/w", Value::Null).await;
    make().await;
    bench.act_in("w", "carbis.call_waiter", json!({"table": 1000028})).await;
    let mut again = Stream::open(&bench, "/worlds/w/stream", Some(&stream.last)).await;
    let events = again.some(2).await;
    assert_eq!(events[0].data, json!({"of": "run", "missed": null}));
    assert_eq!(events[1].data["what"], "action");
}

#[tokio::test]
async fn it_ends_readably_when_the_world_is_removed() {
    let bench = Bench::start().await;
    bench.steer(Method::POST, "/worlds", json!({"id": "w", "clock": "frozen"})).await;
    let mut stream = Stream::open(&bench, "/worlds/w/stream", None).await;
    bench.act_in("w", "carbis.call_waiter", json!({"table": 1000028})).await;
    assert_eq!(bench.steer(Method::DELETE, "/worlds/w", Value::Null).await.status, 204);
    assert_eq!(stream.next().await.unwrap().data["what"], "action", "what came before comes first");
    let end = stream.next().await.unwrap();
    assert_eq!((end.name.as_str(), end.data), ("end", json!({"why": "the world was removed"})));
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn streams_and_waits_end_readably_and_soon_when_the_bench_stops() {
    let bench = Bench::start().await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(Stream::open(&bench, DEFAULT, None).await);
    }
    let control = bench.control();
    let get = |path: &str| tokio::spawn(bench.client.get(format!("{control}{path}")).send());
    let journal = get("/worlds/default/journal?since=0&wait=1m");
    let verify =
        |body: Value| tokio::spawn(bench.client.post(format!("{control}/worlds/default/verify")).json(&body).send());
    let positive = verify(json!({"journal": {"operation": "events"}, "within": "1m"}));
    let negative = verify(json!({"never": {"operation": "events"}, "within": "1m"}));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let stopped = Instant::now();
    bench.stop().await;
    assert!(stopped.elapsed() < Duration::from_secs(1), "{:?}", stopped.elapsed());
    for mut stream in streams {
        let end = stream.next().await.expect("a last event");
        assert_eq!((end.name.as_str(), end.data), ("end", json!({"why": "the bench stops"})));
        assert!(stream.next().await.is_none());
    }
    let page = journal.await.unwrap().unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.json::<Value>().await.unwrap()["matched"], 0);
    for (asked, part) in [(positive, "0 of 0 entries match"), (negative, "it held so far")] {
        let answer = asked.await.unwrap().unwrap();
        assert_eq!(answer.status(), 503);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["error"]["code"], "stopping");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{answer}");
    }
}

#[tokio::test]
async fn a_thousand_streams_get_what_happens() {
    let bench = Bench::start().await;
    let mut streams = Vec::new();
    for _ in 0..1_000 {
        streams.push(Stream::open(&bench, &format!("{DEFAULT}?bodies=false"), None).await);
    }
    poll(&bench, "none").await;
    for stream in &mut streams {
        assert_eq!(stream.next().await.unwrap().data["seq"], 1);
    }
}

#[tokio::test]
async fn what_is_no_position_or_no_parameter_is_refused() {
    let bench = Bench::start().await;
    poll(&bench, "none").await;
    for (query, part) in [
        ("?sinse=1", "did you mean `since`?"),
        ("?since=soon", "`soon` is no id of an event of this stream"),
        ("?since=2", "there is no entry 2 yet"),
        ("?since=-1", "is no id"),
        ("?bodies=no", "`no` says neither yes nor no"),
        ("?bodies=", "an empty value"),
    ] {
        let answer = bench.steer(Method::GET, &format!("{DEFAULT}{query}"), Value::Null).await;
        let (status, _, message) = error(&answer);
        assert_eq!(status, 422, "{query}: {message}");
        assert!(message.contains(part), "{query}: {message}");
    }
    for id in ["x", "1.2.3", "zz.1.1.1.1", "1.1.1.1.x", "1.1.1.1.1.1", "99999999999999999999999.1.1.1.1"] {
        let request = bench.client.get(format!("{}{DEFAULT}", bench.control())).header("last-event-id", id);
        let answer = bench.send(request).await;
        let (status, _, message) = error(&answer);
        assert_eq!((status, message.contains("is no id of an event")), (422, true), "{id}: {message}");
        assert_eq!(answer.json()["error"]["at"], "Last-Event-ID");
    }
    let nowhere = bench.steer(Method::GET, "/worlds/nowhere/stream", Value::Null).await;
    assert_eq!(nowhere.status, 404);
    let head = bench.client.head(format!("{}{DEFAULT}", bench.control())).send().await.unwrap();
    assert_eq!((head.status().as_u16(), &head.headers()["content-type"]), (200, &"text/event-stream".parse().unwrap()));
}
