//! `make bench`: ratios between stend and a bare actix-web server, measured interleaved in one run.
//!
//! What is timed here is the product, so the wall clock is read.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a stopwatch that prints")]

mod load;
mod process;
mod queue;
mod vending;
mod worlds;

use std::time::{Duration, Instant};

use load::Load;
use process::{Bare, Stend};

/// Rounds of each measurement; the median counts.
const ROUNDS: usize = 7;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let seconds = std::env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    println!(
        "{ROUNDS} rounds of {seconds} s each, interleaved; medians. One worker on the first core, wrk on the second.\n"
    );
    // One of the parts alone: `stend-bench worlds`.
    match std::env::args().nth(1).as_deref() {
        Some("worlds") => return worlds::all(),
        Some("start") => return start(),
        Some(other) => return Err(format!("no part `{other}`; there are `start` and `worlds`").into()),
        None => {}
    }
    poll(seconds)?;
    vending::list(seconds)?;
    vending::statistics(seconds)?;
    start()?;
    idle()?;
    queue::fan_out()?;
    queue::next_consumer()?;
    worlds::all()?;
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Requests per second and server CPU per request of the poll handler, beside a bare handler with the same bytes.
fn poll(seconds: u32) -> Outcome<()> {
    println!(
        "Carbis poll, journal, token, world look-up and fault check on, beside a bare handler that returns the same bytes:"
    );
    for events in [0, 1, 20] {
        let stend = Stend::start()?;
        for _ in 0..events {
            stend.post("/control/v1/worlds/default/actions", r#"{"carbis.call_waiter": {"table": 1000028}}"#)?;
        }
        let path = "/api/v4/events?hash=none";
        let url = format!("{}{path}", stend.url("carbis")?);
        let body = process::get(&url, "demo-token")?;
        let bare = Bare::start("/api/v4/events", &body)?;
        let bare_url = format!("{}{path}", bare.url);
        let (mut rps, mut cpu) = (Vec::new(), Vec::new());
        let mut absolute = (0.0, 0.0);
        for _ in 0..ROUNDS {
            let ours = Load::run(&url, stend.pid(), seconds)?;
            let theirs = Load::run(&bare_url, bare.pid(), seconds)?;
            rps.push(ours.requests_per_second / theirs.requests_per_second);
            cpu.push(theirs.cpu_per_request / ours.cpu_per_request);
            absolute = (ours.requests_per_second, theirs.requests_per_second);
        }
        println!(
            "  {events:>2} events, {:>5} bytes: {:.2} of the requests per second, {:.2} of the requests per CPU second  (last round {:.0}/s beside {:.0}/s)",
            body.len(),
            median(rps),
            median(cpu),
            absolute.0,
            absolute.1
        );
    }
    Ok(())
}

/// From the process's start to all ports answering.
fn start() -> Outcome<()> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS * 3 {
        let began = Instant::now();
        let stend = Stend::start()?;
        stend.all_answer()?;
        ours.push(began.elapsed().as_secs_f64() * 1e3);
        drop(stend);
        let began = Instant::now();
        let bare = Bare::start("/", "{}")?;
        theirs.push(began.elapsed().as_secs_f64() * 1e3);
        drop(bare);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "\nStart to all ports answering: {ours:.1} ms, {:.1} times a bare server's one port ({theirs:.1} ms)",
        ours / theirs
    );
    Ok(())
}

/// Memory of a process that has just started, and of one that has been polled until its journal is full.
fn idle() -> Outcome<()> {
    let stend = Stend::start()?;
    stend.all_answer()?;
    std::thread::sleep(Duration::from_millis(500));
    println!("Idle process: {:.1} MiB resident", stend.resident_mib()?);
    let url = format!("{}/api/v4/events?hash=none", stend.url("carbis")?);
    Load::run(&url, stend.pid(), 3)?;
    let full = stend.resident_mib()?;
    Load::run(&url, stend.pid(), 3)?;
    println!("With its journal full: {full:.1} MiB, after as many requests again {:.1} MiB", stend.resident_mib()?);
    Ok(())
}
