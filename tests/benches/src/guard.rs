//! `make guard`: how many instructions a request costs beside what it costs the bare server. Counted by callgrind, so
//! it is the same on a busy machine and on a quiet one.

use std::path::Path;
use std::process::Command;

use crate::client::Client;
use crate::limit::{self, Prepare};
use crate::load::Wish;
use crate::process::{Bare, Process, Stend, beside, scratch};
use crate::report::{Report, Table};
use crate::stats::{count, ratio};
use crate::{Outcome, Plan};

/// What is guarded: the request, and how many times the bare server's instructions it may cost. The limits are what
/// was found and 15 % air.
const GUARDED: [(&str, Prepare, f64); 3] = [
    ("carbis, poll with 20 events", |stend| limit::poll(stend, 20), 1.25),
    ("telemetron, one machine", limit::one, 1.37),
    ("tillypad, get-guest", limit::get_guest, 1.35),
];

/// Requests of the shorter and of the longer run; what differs between the runs is what these cost.
const FEW: usize = 200;
const MANY: usize = 1_200;

/// A command under callgrind, its counts in a file.
fn counted(program: &Path, counts: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(program);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command
}

fn instructions(process: Process, counts: &Path) -> Outcome<f64> {
    process.terminate()?;
    let text = std::fs::read_to_string(counts)?;
    let _ = std::fs::remove_file(counts);
    let line = text.lines().find_map(|line| line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: ")));
    Ok(line.ok_or("callgrind wrote no summary")?.trim().parse()?)
}

fn send(wish: &Wish, requests: usize) -> Outcome<()> {
    let mut client = Client::connect(&wish.url)?;
    let path = format!("/{}", wish.url.splitn(4, '/').nth(3).unwrap_or_default());
    let request = client.request("GET", &path, &wish.header, "");
    client.send(&[request], requests)
}

/// Instructions of one request, of all of the server's threads.
fn slope(run: impl Fn(usize) -> Outcome<f64>) -> Outcome<f64> {
    Ok((run(MANY)? - run(FEW)?) / (MANY - FEW) as f64)
}

pub(crate) fn run(report: &mut Report, _: Plan) -> Outcome<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Err("valgrind is missing: `make guard` installs it, or apt-get install valgrind".into());
    }
    let mut table = Table::new(
        "Guard: instructions of one request, counted by callgrind",
        &["request", "stend", "bare", "times bare", "at most"],
    );
    let mut broken = Vec::new();
    for (name, prepare, most) in GUARDED {
        let ours = slope(|requests| {
            let counts = scratch("callgrind")?;
            let mut command = counted(&beside("stend")?, &counts);
            command.args(["serve", "--ephemeral", "--workers", "1"]);
            let ready = prepare(Stend::launch(command)?)?;
            send(&ready.wish, requests)?;
            instructions(ready.stend.into_process(), &counts)
        })?;
        let plain = prepare(Stend::start()?)?;
        let theirs = slope(|requests| {
            let counts = scratch("callgrind")?;
            let (bare, wish, _) =
                plain.bare(|path, body| Bare::launch(counted(&beside("bare")?, &counts), path, body))?;
            send(&wish, requests)?;
            instructions(bare.into_process(), &counts)
        })?;
        let times = ours / theirs;
        table.row([name.into(), count(ours), count(theirs), ratio(times), ratio(most)]);
        if times > most {
            broken.push(format!("{name}: {times:.2} times bare, and {most:.2} is the most"));
        }
    }
    report.table(&table);
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ").into()) }
}
