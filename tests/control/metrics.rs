//! `GET /metrics`: what is counted, in the text format of Prometheus.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use stend::Config;
use tokio_tungstenite::connect_async;

use super::worlds::error;
use crate::carbis::events::poll;
use crate::support::{Answer, Bench, eventually};

async fn metrics(bench: &Bench) -> Answer {
    bench.send(bench.client.get(bench.control().replace("/control/v1", "/metrics"))).await
}

/// A sample: its name, its labels in the order in which they stand, its value.
type Sample = (String, Vec<(String, String)>, f64);

fn name(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    !text.is_empty() && text.chars().all(good) && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// Reads one line by the rules of the format: `name{label="value",…} number`.
fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect(line);
    let (metric, mut rest) = line.split_at(end);
    assert!(name(metric), "{line}");
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect(line);
            assert!(name(label) && !label.contains(':'), "{line}");
            let (mut value, mut escaped, mut end) = (String::new(), false, None);
            for (at, c) in after.char_indices() {
                match (escaped, c) {
                    (true, 'n') => value.push('\n'),
                    (true, '\\' | '"') => value.push(c),
                    (true, _) => panic!("an unknown escape: {line}"),
                    (false, '"') => {
                        end = Some(at);
                        break;
                    }
                    (false, '\\') => {}
                    (false, c) => value.push(c),
                }
                escaped = !escaped && c == '\\';
            }
            labels.push((label.to_owned(), value));
            rest = &after[end.expect(line) + 1..];
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').expect(line);
    }
    let value = rest.strip_prefix(' ').expect(line);
    (metric.to_owned(), labels, value.parse().expect(line))
}

/// Checks a text by the rules of the format and the conventions for names; gives its samples.
fn lint(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n') && !text.contains('\r'));
    let mut samples: Vec<Sample> = Vec::new();
    let (mut family, mut kind) = (String::new(), String::new());
    let mut families = BTreeSet::new();
    let mut helped = String::new();
    for line in text.lines() {
        assert!(!line.is_empty() && line.trim() == line, "{line:?}");
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (metric, words) = help.split_once(' ').expect(line);
            assert!(name(metric) && words.ends_with('.'), "{line}");
            assert!(families.insert(metric.to_owned()), "{metric} is there twice");
            metric.clone_into(&mut helped);
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (metric, typed) = typed.split_once(' ').expect(line);
            assert_eq!(metric, helped, "a TYPE follows its HELP");
            assert!(["counter", "gauge", "histogram"].contains(&typed), "{line}");
            assert_eq!(typed == "counter", metric.ends_with("_total"), "{line}");
            (family, kind) = (metric.to_owned(), typed.to_owned());
        } else {
            let (metric, labels, value) = sample(line);
            let part = metric.strip_prefix(&family).unwrap_or_else(|| panic!("{metric} stands under {family}"));
            let parts: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(parts.contains(&part) && value >= 0.0, "{line}");
            let names: BTreeSet<&str> = labels.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names.len(), labels.len(), "{line}");
            let twice = samples.iter().any(|(other, known, _)| *other == metric && *known == labels);
            assert!(!twice, "{line}");
            samples.push((metric, labels, value));
        }
    }
    histograms(&samples);
    samples
}

/// Buckets grow with their bounds, and the last is the count.
fn histograms(samples: &[Sample]) {
    type Series = (String, Vec<(String, String)>);
    let mut buckets: BTreeMap<Series, Vec<(f64, f64)>> = BTreeMap::new();
    for (metric, labels, value) in samples {
        let Some(family) = metric.strip_suffix("_bucket") else { continue };
        let (bound, others): (Vec<_>, Vec<_>) = labels.iter().cloned().partition(|(name, _)| name == "le");
        let bound = bound[0].1.replace("+Inf", "inf").parse().unwrap();
        buckets.entry((family.to_owned(), others)).or_default().push((bound, *value));
    }
    assert!(!buckets.is_empty());
    for ((family, labels), buckets) in buckets {
        assert!(buckets.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1), "{family} {labels:?}");
        let last = buckets.last().unwrap();
        assert!(last.0.is_infinite());
        let count = samples.iter().find(|(name, known, _)| *name == format!("{family}_count") && *known == labels);
        assert_eq!(count.unwrap().2, last.1);
        assert!(samples.iter().any(|(name, known, _)| *name == format!("{family}_sum") && *known == labels));
    }
}

#[tokio::test]
async fn exchanges_sockets_and_journals_are_counted() {
    let bench = Bench::with(Config { metrics: true, ..Config::default() }).await;
    for _ in 0..3 {
        poll(&bench, "none").await;
    }
    bench.send(bench.client.get(format!("{}/nothing", bench.url("carbis")))).await;
    let made = bench.steer(Method::POST, "/worlds", json!({"id": "other"})).await.json();
    let url = made["urls"]["carbis"].as_str().unwrap().to_owned();
    bench.send(bench.client.get(format!("{url}/api/v4/events?hash=none")).header("token", "demo-token")).await;
    let socket = connect_async(format!("{}/", bench.url("queue"))).await.unwrap();
    let answer = eventually("the socket is not counted", async || {
        let answer = metrics(&bench).await;
        answer.text.contains("stend_sockets{fake=\"queue\"} 1\n").then_some(answer)
    })
    .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    lint(&answer.text);
    for line in [
        "stend_exchanges_total{fake=\"carbis\",way=\"http\",operation=\"events\",status=\"2xx\"} 4",
        "stend_exchanges_total{fake=\"carbis\",way=\"http\",operation=\"none\",status=\"4xx\"} 1",
        "stend_exchange_duration_seconds_count{fake=\"carbis\",way=\"http\",operation=\"events\"} 4",
        "stend_worlds 2",
        "stend_journal_entries{worlds=\"default\"} 4",
        "stend_journal_entries{worlds=\"others\"} 1",
        "stend_journal_dropped_entries{worlds=\"default\"} 0",
    ] {
        assert!(answer.text.contains(&format!("{line}\n")), "{line} is not in\n{}", answer.text);
    }
    drop(socket);
    eventually("the socket stays", async || {
        metrics(&bench).await.text.contains("stend_sockets{fake=\"queue\"} 0\n").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_bench_that_counts_nothing_says_how_to() {
    let bench = Bench::start().await;
    let answer = metrics(&bench).await;
    let (status, code, _) = error(&answer);
    assert_eq!((status, code.as_str()), (404, "no_metrics"));
    assert_eq!(answer.json()["error"]["hint"], "start it with `--metrics`");
    let posted = bench.steer(Method::GET, "/health?metrics=1", Value::Null).await;
    assert_eq!(posted.status, 422);
}
