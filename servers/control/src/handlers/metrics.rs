//! Counts in the text format of Prometheus, version 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stend_core::journal::Channel;
use stend_core::tally::{BOUNDS, Counted};
use stend_core::worlds::DEFAULT;
use stend_core::{Tally, Worlds};
use stend_transport::{Reply, StatusCode, header, ours};

use crate::request::Request;

const TEXT: header::HeaderValue = header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

pub(crate) async fn read(request: Request) -> Result<Reply, Reply> {
    let Some(tally) = request.worlds.tally() else {
        let hint = Some("start it with `--metrics`");
        return Err(ours(StatusCode::NOT_FOUND, "no_metrics", "this bench counts nothing", hint, None));
    };
    let started = request.control.started.as_microsecond();
    Ok(Reply::new(StatusCode::OK, TEXT, text(tally, &request.worlds, request.control.version, started)))
}

/// Begins a family of samples.
fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn text(tally: &Tally, worlds: &Worlds, version: &str, started: i64) -> String {
    let counted = tally.counted();
    let (pushes, exchanges): (Vec<&Counted>, Vec<&Counted>) =
        counted.iter().partition(|counted| counted.key.channel == Channel::Push);
    let mut text = String::new();
    family(&mut text, "stend_build_info", "gauge", "The version of stend.");
    let _ = writeln!(text, "stend_build_info{{version=\"{}\"}} 1", escaped(version));
    family(&mut text, "process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.");
    let _ = writeln!(text, "process_start_time_seconds {}", started as f64 / 1e6);
    family(
        &mut text,
        "stend_exchanges_total",
        "counter",
        "Requests and frames of clients, by the class of their status.",
    );
    for counted in &exchanges {
        for (class, count) in classes(counted) {
            let _ = writeln!(text, "stend_exchanges_total{{{},status=\"{class}\"}} {count}", labels(counted));
        }
    }
    family(
        &mut text,
        "stend_exchange_duration_seconds",
        "histogram",
        "The work on requests and frames, without the network and without what faults hold back.",
    );
    for counted in exchanges.iter().filter(|counted| counted.buckets.iter().any(|count| *count > 0)) {
        histogram(&mut text, "stend_exchange_duration_seconds", &labels(counted), counted);
    }
    family(&mut text, "stend_pushes_total", "counter", "Pushes; those without a status were kept back by a fault.");
    for counted in &pushes {
        for (class, count) in classes(counted) {
            let _ = writeln!(text, "stend_pushes_total{{{},status=\"{class}\"}} {count}", labels(counted));
        }
    }
    family(&mut text, "stend_sockets", "gauge", "Open WebSocket connections.");
    for (service, open) in tally.sockets() {
        let _ = writeln!(text, "stend_sockets{{fake=\"{}\"}} {open}", escaped(service));
    }
    journals(&mut text, worlds);
    text
}

/// The worlds, and how full their journals are: that of the default world, and those of all others together.
fn journals(text: &mut String, worlds: &Worlds) {
    let all = worlds.list();
    family(text, "stend_worlds", "gauge", "Worlds in this process.");
    let _ = writeln!(text, "stend_worlds {}", all.len());
    let mut fills: BTreeMap<&str, [u64; 5]> = BTreeMap::new();
    for world in &all {
        let name = if world.id() == DEFAULT { DEFAULT } else { "others" };
        let (fill, limits) = (world.journal.fill(), world.journal.limits());
        let figures =
            [fill.entries as u64, fill.bytes as u64, fill.dropped, limits.entries as u64, limits.bytes as u64];
        let sums = fills.entry(name).or_default();
        sums.iter_mut().zip(figures).for_each(|(sum, figure)| *sum = sum.saturating_add(figure));
    }
    for (index, name, help) in [
        (0, "stend_journal_entries", "Entries in the journals, of the default world and of all others."),
        (1, "stend_journal_bytes", "Bytes in the journals."),
        (2, "stend_journal_dropped_entries", "Entries that went to make room since the journals were last cleared."),
        (3, "stend_journal_limit_entries", "Entries that the journals keep at most."),
        (4, "stend_journal_limit_bytes", "Bytes that the journals keep at most."),
    ] {
        family(text, name, "gauge", help);
        for (world, figures) in &fills {
            let _ = writeln!(text, "{name}{{worlds=\"{world}\"}} {}", figures[index]);
        }
    }
}

fn histogram(text: &mut String, name: &str, labels: &str, counted: &Counted) {
    let mut sum = 0;
    for (bound, count) in BOUNDS.iter().zip(counted.buckets) {
        sum += count;
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{}\"}} {sum}", *bound as f64 / 1e6);
    }
    sum += counted.buckets[BOUNDS.len()];
    let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {sum}");
    let _ = writeln!(text, "{name}_sum{{{labels}}} {}", counted.took.as_secs_f64());
    let _ = writeln!(text, "{name}_count{{{labels}}} {sum}");
}

fn labels(counted: &Counted) -> String {
    let key = &counted.key;
    let operation = escaped(key.operation.unwrap_or("none"));
    format!("fake=\"{}\",way=\"{}\",operation=\"{operation}\"", escaped(key.service), key.channel.word())
}

/// The classes of statuses of which there are any.
fn classes(counted: &Counted) -> impl Iterator<Item = (&'static str, u64)> {
    const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
    CLASSES.into_iter().zip(counted.statuses).filter(|(_, count)| *count > 0)
}

/// A label's value.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
