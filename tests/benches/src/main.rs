//! `make bench`: stend beside a bare actix-web server and beside its peers, interleaved in one run, as ratios.
//!
//! What is timed here is the product, so the wall clock is read.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a stopwatch that prints")]

mod bills;
mod client;
mod cores;
mod growth;
mod guard;
mod limit;
mod load;
mod memory;
mod peers;
mod process;
mod queue;
mod reach;
mod report;
mod saved;
mod soak;
mod socket;
mod start;
mod stats;
mod vending;
mod worlds;

use std::path::Path;

use report::Report;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Seconds of a round.
    seconds: u32,
    /// Rounds of each measurement; the median counts.
    rounds: usize,
    /// Seconds of the soak.
    soak: u64,
}

/// A part by its name, what it asks, and what answers it.
struct Part {
    name: &'static str,
    asks: &'static str,
    run: fn(&mut Report, Plan) -> Outcome<()>,
}

const PARTS: &[Part] = &[
    Part { name: "limit", asks: "beside a bare actix-web server that returns the same bytes", run: limit::run },
    Part { name: "statistics", asks: "statistics over two million sales", run: vending::statistics },
    Part { name: "fan-out", asks: "one change to ten thousand subscribers", run: queue::fan_out },
    Part { name: "start", asks: "start of the process, and memory when idle", run: start::run },
    Part { name: "worlds", asks: "making, forking and keeping worlds", run: worlds::run },
    Part { name: "cores", asks: "more workers", run: cores::run },
    Part { name: "reach", asks: "the gateway with TLS, `stend run`, and streams", run: reach::run },
    Part { name: "growth", asks: "cost of an operation as the world grows", run: growth::run },
    Part { name: "memory", asks: "memory per thing kept", run: memory::run },
    Part { name: "saved", asks: "a large world saved and loaded, and ends under load", run: saved::run },
    Part { name: "peers", asks: "beside what one would take instead", run: peers::run },
    Part { name: "soak", asks: "memory and cost under load for long", run: soak::run },
    Part {
        name: "guard",
        asks: "instructions of a start and of five requests, and idle memory, beside the bare server's",
        run: guard::run,
    },
];

/// What `make bench` runs.
const USUAL: [&str; 7] = ["limit", "statistics", "fan-out", "start", "worlds", "cores", "reach"];

fn number<T: std::str::FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn main() -> Outcome<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut names: Vec<&str> = Vec::new();
    let mut file = None;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--report" => file = Some(rest.next().ok_or("--report takes a file")?.as_str()),
            "all" => names.extend(PARTS.iter().map(|part| part.name)),
            name if PARTS.iter().any(|part| part.name == name) => names.push(name),
            other => {
                let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
                return Err(format!("there is no part `{other}`; there are all, {}", known.join(", ")).into());
            }
        }
    }
    if names.is_empty() {
        names.extend(USUAL);
    }
    // The servers run on the first core, and everything that asks them on the second.
    let own = std::process::id().to_string();
    if report::cores() > 1 {
        std::process::Command::new("taskset").args(["-apc", "1", &own]).stdout(std::process::Stdio::null()).status()?;
    }
    let plan = Plan {
        seconds: number("BENCH_SECONDS", 2),
        rounds: number("BENCH_ROUNDS", 7),
        soak: number("SOAK_SECONDS", 600),
    };
    let mut report = Report::default();
    report.say(&format!("## What was measured\n\n{}\n", report::machine()));
    report.say(&format!(
        "Servers on the first core, the load on the second; {} rounds of {} s each, interleaved; medians. Made by `stend-bench {}`.\n",
        plan.rounds,
        plan.seconds,
        names.join(" ")
    ));
    let mut failed = Vec::new();
    for part in PARTS.iter().filter(|part| names.contains(&part.name)) {
        if let Err(error) = (part.run)(&mut report, plan) {
            report.say(&format!("**{}** ({}) failed: {error}\n", part.name, part.asks));
            failed.push(part.name);
        }
        if let Some(file) = file {
            report.save(Path::new(file))?;
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}
