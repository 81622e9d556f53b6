//! `make guard`: how many instructions a start and a request cost beside what they cost the bare server. Counted by
//! callgrind, so it is the same on a busy machine and on a quiet one. And the memory of an idle process.

use std::path::Path;
use std::process::Command;

use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::limit::{self, Prepare};
use crate::load::Wish;
use crate::process::{Bare, Process, Stend, beside, scratch};
use crate::queue::asking;
use crate::report::{Report, Table};
use crate::socket::{BareWs, Bound, ask, command, connect, log_in, runtime};
use crate::start::carbis as first_answer;
use crate::stats::{count, ratio};
use crate::{Outcome, Plan};

/// What is guarded: the request or the command of a socket, and how many times the bare server's instructions it may
/// cost. A broken limit means that the request path does more work than before.
const GUARDED: [(&str, Asked, f64); 5] = [
    ("carbis, poll with 20 events", Asked::Http(|stend| limit::poll(stend, 20)), 1.25),
    ("telemetron, one machine", Asked::Http(limit::one), 1.25),
    ("tillypad, get-guest", Asked::Http(limit::get_guest), 1.20),
    ("tillypad, post-guest", Asked::Http(limit::post_guest), 3.4),
    ("queue, currentConsumer", Asked::Socket("currentConsumer"), 3.2),
];

/// The start and end of a process that answers on each port once, and the pages of an idle one. The limit of the start was 4.3
/// when there was neither a gateway nor half of today's commands; what a start consists of stands in the README.
const START: f64 = 6.5;
const IDLE: f64 = 5.0;

/// How something is asked.
#[derive(Clone, Copy)]
enum Asked {
    Http(Prepare),
    Socket(&'static str),
}

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

/// Sends a request so many times over one connection.
fn send(wish: &Wish, requests: usize) -> Outcome<()> {
    let mut client = Client::connect(&wish.url)?;
    let path = format!("/{}", wish.url.splitn(4, '/').nth(3).unwrap_or_default());
    let (method, body) = wish.body.as_ref().map_or(("GET", ""), |body| ("POST", body));
    let request = client.request(method, &path, &wish.header, body);
    client.send(&[request], requests)
}

/// A bench under callgrind.
fn counted_stend(counts: &Path) -> Outcome<Stend> {
    let mut command = counted(&beside("stend")?, counts);
    command.args(["serve", "--ephemeral", "--workers", "1"]);
    Stend::launch(command)
}

/// Instructions of a request, ours and the bare server's.
fn http(prepare: Prepare) -> Outcome<(f64, f64)> {
    let ours = slope(|requests| {
        let counts = scratch("callgrind")?;
        let ready = prepare(counted_stend(&counts)?)?;
        send(&ready.wish, requests)?;
        instructions(ready.stend.into_process(), &counts)
    })?;
    let plain = prepare(Stend::start()?)?;
    let theirs = slope(|requests| {
        let counts = scratch("callgrind")?;
        let (bare, wish, _) = plain.bare(|path, body| Bare::launch(counted(&beside("bare")?, &counts), path, body))?;
        send(&wish, requests)?;
        instructions(bare.into_process(), &counts)
    })?;
    Ok((ours, theirs))
}

/// The same of a command, which the bare server does not look at.
fn socket(name: &str) -> Outcome<(f64, f64)> {
    let runtime = runtime()?;
    let repeated = |url: &str, frame: String, times: usize| {
        let frames = vec![Message::text(frame); times];
        runtime.block_on(async { command(&mut connect(url).await?, &frames).await })
    };
    let asked = |stend: &Stend| {
        let url = format!("{}/", stend.url("queue")?);
        let token = runtime.block_on(async { log_in(&mut connect(&url).await?).await })?;
        Ok::<_, Box<dyn std::error::Error>>((url, asking(name, &token)))
    };
    let ours = slope(|requests| {
        let counts = scratch("callgrind")?;
        let stend = counted_stend(&counts)?;
        let (url, frame) = asked(&stend)?;
        repeated(&url, frame.to_string(), requests)?;
        instructions(stend.into_process(), &counts)
    })?;
    let plain = Stend::start()?;
    let (url, frame) = asked(&plain)?;
    let reply = runtime.block_on(async { ask(&mut connect(&url).await?, frame.clone()).await })?.to_string();
    let theirs = slope(|requests| {
        let counts = scratch("callgrind")?;
        let bare = BareWs::launch(counted(&beside("bare-ws")?, &counts), &reply, Bound::Back)?;
        repeated(&bare.url, frame.to_string(), requests)?;
        instructions(bare.process, &counts)
    })?;
    Ok((ours, theirs))
}

/// Instructions of a process that has answered once, from its start to its end.
fn start() -> Outcome<(f64, f64)> {
    let counts = scratch("callgrind")?;
    let stend = counted_stend(&counts)?;
    stend.all_answer()?;
    let ours = instructions(stend.into_process(), &counts)?;
    let counts = scratch("callgrind")?;
    let bare = Bare::launch(counted(&beside("bare")?, &counts), "/", "{}")?;
    Ok((ours, instructions(bare.into_process(), &counts)?))
}

/// KiB that are resident after an answer.
fn idle() -> Outcome<(f64, f64)> {
    let (stend, bare) = (Stend::start()?, Bare::start("/", "{}")?);
    first_answer(&stend)?;
    Ok((stend.process().resident() / 1024.0, bare.process().resident() / 1024.0))
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
        "Guard: instructions, counted by callgrind, and memory",
        &["what", "stend", "bare", "times bare", "at most"],
    );
    let mut rows =
        vec![("start and end", start()?, START), ("KiB of an idle process, which has answered", idle()?, IDLE)];
    for (name, asked, most) in GUARDED {
        let found = match asked {
            Asked::Http(prepare) => http(prepare)?,
            Asked::Socket(command) => socket(command)?,
        };
        rows.push((name, found, most));
    }
    let mut broken = Vec::new();
    for (name, (ours, theirs), most) in rows {
        let times = ours / theirs;
        table.row([name.into(), count(ours), count(theirs), ratio(times), ratio(most)]);
        if times > most {
            broken.push(format!("{name}: {times:.2} times bare, and {most:.2} is the most"));
        }
    }
    report.table(&table);
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ").into()) }
}
