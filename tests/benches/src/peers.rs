//! Beside what one would take instead: the same reply as a static stub of each, in its default settings.

mod stubs;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::load::{Load, Wish};
use crate::process::{Bare, Process, Stend, ask, free_port};
use crate::report::{Report, Table};
use crate::stats::{count, median, mib, millis};
use crate::{Outcome, Plan, limit};
use stubs::{PEERS, Peer, Stub};

/// A server that runs, and what was seen of it.
struct Rival {
    name: &'static str,
    journal: &'static str,
    process: Process,
    wish: Wish,
    starts: Vec<f64>,
    idle: f64,
    loads: Vec<Load>,
}

/// What all answer.
struct Reply {
    target: String,
    header: String,
    body: String,
}

impl Reply {
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Whether a server says the same. The spaces between words are its own affair.
    fn is(&self, text: &str) -> bool {
        let read = |text: &str| serde_json::from_str::<Value>(text).ok();
        read(text).is_some_and(|value| Some(value) == read(&self.body))
    }
}

pub(crate) fn run(report: &mut Report, plan: Plan) -> Outcome<()> {
    let ready = limit::poll(Stend::start()?, 20)?;
    let target = ready.wish.url.splitn(4, '/').nth(3).map(|target| format!("/{target}")).ok_or("no path")?;
    let reply =
        Reply { target, header: ready.wish.header.clone(), body: ask("GET", &ready.wish.url, &ready.wish.header, "")? };
    let starts = if plan.rounds > 3 { 5 } else { 2 };
    let mut rivals = vec![ours(starts)?, bare(&reply, starts)?];
    let mut absent = Vec::new();
    for peer in PEERS {
        match rival(&peer, &reply, starts) {
            Ok(rival) => rivals.push(rival),
            Err(error) => absent.push((peer, error.to_string())),
        }
    }
    let mut broken = Vec::new();
    for _ in 0..plan.rounds {
        for rival in &mut rivals {
            match Load::run(&rival.wish, &rival.process, plan.seconds) {
                Ok(load) => rival.loads.push(load),
                Err(error) => broken.push(format!("{}: {error}", rival.name)),
            }
        }
    }
    let mut table = Table::new(
        "Peers: a poll with 20 events; each peer as a static stub of the same reply, in its default settings",
        &[
            "server",
            "start",
            "memory idle",
            "memory loaded",
            "after requests",
            "requests a second",
            "p99",
            "CPU of a request",
            "journal",
        ],
    );
    for rival in &rivals {
        let middle = |of: fn(&Load) -> f64| median(rival.loads.iter().map(of).collect());
        table.row([
            rival.name.to_owned(),
            millis(median(rival.starts.clone())),
            mib(rival.idle),
            mib(rival.process.resident()),
            count(rival.loads.iter().map(|load| load.requests).sum()),
            count(middle(|load| load.requests_per_second)),
            format!("{:.2} ms", middle(|load| load.p99) * 1e3),
            crate::stats::micros(middle(|load| load.cpu_per_request)),
            rival.journal.to_owned(),
        ]);
    }
    for (peer, error) in absent {
        let mut cells =
            vec![peer.name.to_owned(), format!("could not be started: {}", error.lines().next().unwrap_or_default())];
        cells.resize(9, String::new());
        table.cells(cells);
    }
    table.note("stend does the whole work behind its reply: world, token, state, faults, journal. Start: from the start of the process to its first good answer. Each server runs on the first core, with whatever threads and processes it makes; `wrk` with 32 connections on the second; in turns.");
    broken.into_iter().for_each(|text| table.note(text));
    report.table(&table);
    Ok(())
}

fn ours(starts: usize) -> Outcome<Rival> {
    let mut times = Vec::new();
    loop {
        let began = Instant::now();
        let stend = Stend::start()?;
        ask("GET", &format!("{}/api/v4/events?hash=none", stend.url("carbis")?), "token: demo-token", "")?;
        times.push(began.elapsed().as_secs_f64());
        if times.len() < starts {
            continue;
        }
        std::thread::sleep(Duration::from_secs(1));
        let idle = stend.process().resident();
        let ready = limit::poll(stend, 20)?;
        let journal = "every request, bounded";
        let process = ready.stend.into_process();
        return Ok(Rival { name: "stend", journal, process, wish: ready.wish, starts: times, idle, loads: Vec::new() });
    }
}

fn bare(reply: &Reply, starts: usize) -> Outcome<Rival> {
    let mut times = Vec::new();
    loop {
        let began = Instant::now();
        let bare = Bare::start(reply.path(), &reply.body)?;
        times.push(began.elapsed().as_secs_f64());
        if times.len() < starts {
            continue;
        }
        std::thread::sleep(Duration::from_secs(1));
        let idle = bare.process().resident();
        let wish = Wish::get(format!("{}{}", bare.url, reply.target), &reply.header);
        let name = "(a bare actix-web handler)";
        return Ok(Rival {
            name,
            journal: "none",
            process: bare.into_process(),
            wish,
            starts: times,
            idle,
            loads: Vec::new(),
        });
    }
}

fn rival(peer: &Peer, reply: &Reply, starts: usize) -> Outcome<Rival> {
    // target/release/stend-bench: the peers are beside `release`.
    let program = std::env::current_exe()?;
    let target = program.parent().and_then(Path::parent).ok_or("no target directory")?;
    let installed = target.join("peers");
    let mut times = Vec::new();
    loop {
        let folder: PathBuf = installed.join("run").join(format!("{}-{}", peer.name.replace(' ', "-"), times.len()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let stub = Stub {
            folder: &folder,
            path: reply.path(),
            reply: &reply.body,
            port: free_port()?,
            second: free_port()?,
            installed: &installed,
        };
        let mut command = (peer.command)(&stub)?;
        // What it writes down stays in its folder.
        command.current_dir(&folder).env("HOME", &folder).stderr(Stdio::null());
        let began = Instant::now();
        let mut process = Process::start(&mut command)?;
        let wish = answered(&mut process, &stub, reply)?;
        times.push(began.elapsed().as_secs_f64());
        if times.len() < starts {
            continue;
        }
        std::thread::sleep(Duration::from_secs(1));
        let idle = process.resident();
        return Ok(Rival {
            name: peer.name,
            journal: peer.journal,
            process,
            wish,
            starts: times,
            idle,
            loads: Vec::new(),
        });
    }
}

/// Asks until the reply is the right one.
fn answered(process: &mut Process, stub: &Stub<'_>, reply: &Reply) -> Outcome<Wish> {
    let began = Instant::now();
    let mut last = String::from("nothing");
    while began.elapsed() < Duration::from_secs(60) {
        let described = std::fs::read_to_string(stub.folder.join("url")).ok();
        let base = described.unwrap_or_else(|| format!("http://127.0.0.1:{}", stub.port));
        // Some listen on the name and not on the address.
        for base in [base.clone(), base.replace("127.0.0.1", "localhost")] {
            let url = format!("{base}{}", reply.target);
            match ask("GET", &url, &reply.header, "") {
                Ok(body) if reply.is(&body) => return Ok(Wish::get(url, &reply.header)),
                Ok(body) => last = body.chars().take(200).collect(),
                Err(error) => last = error.to_string().chars().take(200).collect(),
            }
        }
        if let Some(status) = process.ended() {
            return Err(format!("it ended: {status}").into());
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    Err(format!("no good answer within 60 s; the last was {last}").into())
}
