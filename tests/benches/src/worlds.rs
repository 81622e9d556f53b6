//! Worlds by the thousand: what making, forking and keeping one costs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Instant;

use crate::process::{Stend, beside, pinned};
use crate::report::Report;
use crate::stats::median;
use crate::{Outcome, Plan};

/// Rounds of each measurement.
const ROUNDS: usize = 7;

/// A connection that stays open.
struct Line(BufReader<TcpStream>);

impl Line {
    fn to(url: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(url.trim_start_matches("http://"))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request; gives the body of a reply that must succeed.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> Outcome<String> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ntoken: demo-token\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length, mut line) = (String::new(), 0, String::new());
        self.0.read_line(&mut status)?;
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let head = line.trim_end().to_ascii_lowercase();
            if head.is_empty() {
                break;
            }
            if let Some(value) = head.strip_prefix("content-length: ") {
                length = value.parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        let body = String::from_utf8(body)?;
        if status.starts_with("HTTP/1.1 2") { Ok(body) } else { Err(format!("{method} {path}: {status}{body}").into()) }
    }
}

fn milliseconds(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

/// So many worlds are made in one process.
const WORLDS: usize = 2_000;

pub(crate) fn run(report: &mut Report, _: Plan) -> Outcome<()> {
    let found = [made()?, forked()?, apart()?, journal()?, day()?];
    let lines = found.map(|line| format!("- {line}")).join("\n");
    report.say(&format!("### Worlds\n\n{lines}\n"));
    Ok(())
}

/// What a world of the documented entities costs in time and memory.
fn made() -> Outcome<String> {
    let stend = Stend::start()?;
    let mut control = Line::to(&stend.url("control")?)?;
    control.ask("POST", "/control/v1/worlds", "{}")?;
    let before = stend.process().resident() / 1024.0 / 1024.0;
    let mut times = Vec::new();
    for _ in 0..WORLDS {
        let began = Instant::now();
        control.ask("POST", "/control/v1/worlds", "{}")?;
        times.push(milliseconds(began));
    }
    let kib = (stend.process().resident() / 1024.0 / 1024.0 - before) * 1024.0 / WORLDS as f64;
    let last = times.split_off(WORLDS - WORLDS / 10);
    Ok(format!(
        "A new world from the documented one: {:.2} ms, {:.2} ms with {WORLDS} there; {kib:.0} KiB resident each",
        median(times),
        median(last)
    ))
}

/// A fork of a large world beside one of the documented.
fn forked() -> Outcome<String> {
    let stend = Stend::start()?;
    let mut control = Line::to(&stend.url("control")?)?;
    control.ask("POST", "/control/v1/worlds", r#"{"id": "large", "clock": "frozen"}"#)?;
    control.ask("POST", "/control/v1/worlds", r#"{"id": "small", "clock": "frozen"}"#)?;
    for action in [
        r#"{"tillypad.seed_guests": {"count": 100000}}"#,
        r#"{"telemetron.seed_sales": {"count": 1000000, "over": "7d"}}"#,
        r#"{"queue.visitors": {"count": 100000, "over": "1h"}}"#,
    ] {
        control.ask("POST", "/control/v1/worlds/large/actions", action)?;
    }
    control.ask("POST", "/control/v1/worlds/large/clock/advance", r#"{"by": "1h"}"#)?;
    let mut fork = |of: &str| -> Outcome<f64> {
        let began = Instant::now();
        control.ask("POST", "/control/v1/worlds", &format!(r#"{{"id": "fork", "fork_of": "{of}"}}"#))?;
        let time = milliseconds(began);
        control.ask("DELETE", "/control/v1/worlds/fork", "")?;
        Ok(time)
    };
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS * 20 {
        small.push(fork("small")?);
        large.push(fork("large")?);
    }
    let (small, large) = (median(small), median(large));
    Ok(format!(
        "A fork of the documented world: {small:.3} ms; of one with 100,000 bills, 100,000 tickets and 1,000,000 sales: {large:.3} ms, {:.2} times as long",
        large / small
    ))
}

/// Many worlds, each asked in turn; each has to give its own events.
fn apart() -> Outcome<String> {
    const APART: usize = 1_000;
    const REQUESTS: usize = 100;
    let stend = Stend::start()?;
    let mut control = Line::to(&stend.url("control")?)?;
    let mut carbis = Line::to(&stend.url("carbis")?)?;
    let called = |world: usize| world % 7;
    for world in 0..APART {
        control.ask("POST", "/control/v1/worlds", &format!(r#"{{"id": "a{world}", "seed": {world}}}"#))?;
        for _ in 0..called(world) {
            let action = r#"{"carbis.call_waiter": {"table": 1000028}}"#;
            control.ask("POST", &format!("/control/v1/worlds/a{world}/actions"), action)?;
        }
    }
    let began = Instant::now();
    let mut crossed = 0;
    for _ in 0..REQUESTS {
        for world in 0..APART {
            let feed = carbis.ask("GET", &format!("/w/a{world}/api/v4/events?hash=none"), "")?;
            crossed += usize::from(feed.matches(r#""hash""#).count() != called(world));
        }
    }
    let each = milliseconds(began) * 1e3 / (APART * REQUESTS) as f64;
    if crossed > 0 {
        return Err(format!("{crossed} replies were another world's").into());
    }
    Ok(format!(
        "{APART} worlds with {REQUESTS} requests each, one after the other: no cross-talk; {each:.0} µs a request"
    ))
}

/// What an entry of the journal costs in memory.
fn journal() -> Outcome<String> {
    const ENTRIES: usize = 15_000;
    let stend = Stend::start()?;
    let mut carbis = Line::to(&stend.url("carbis")?)?;
    for _ in 0..100 {
        carbis.ask("GET", "/api/v4/events?hash=none", "")?;
    }
    let before = stend.process().resident() / 1024.0 / 1024.0;
    for _ in 0..ENTRIES {
        carbis.ask("GET", "/api/v4/events?hash=none", "")?;
    }
    let bytes = (stend.process().resident() / 1024.0 / 1024.0 - before) * 1024.0 * 1024.0 / ENTRIES as f64;
    Ok(format!("A journal entry of an empty poll: {bytes:.0} bytes resident"))
}

/// A scripted day of the queue.
fn day() -> Outcome<String> {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/queue-day.yaml");
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut play = pinned(beside("stend")?);
        let status = play.args(["play", scenario, "--speed", "max"]).stderr(Stdio::null()).status()?;
        if !status.success() {
            return Err(format!("{scenario}: {status}").into());
        }
        times.push(milliseconds(began));
    }
    Ok(format!("queue-day.yaml at the speed max: {:.0} ms, the process's start in it", median(times)))
}
