//! `make profile`: lets a program that counts which of its branches are taken do what people have `stend` do, so that the
//! compiler of the released program knows.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::guard::send;
use crate::limit::{PATHS, Prepare};
use crate::process::{Process, Stend, ask, pinned};
use crate::queue::asking;
use crate::{Outcome, bills, socket, vending};

/// Requests, or commands, of each kind.
const REQUESTS: usize = 20_000;
/// Subscribers to what changes, and changes.
const SUBSCRIBERS: usize = 100;
const CHANGES: u32 = 200;
/// Requests about many sales or bills.
const SUMS: usize = 500;
/// How many times the shipped scenarios are played.
const PLAYS: usize = 5;

/// What is asked of a process beside single requests.
type Work = fn(Stend) -> Outcome<Process>;

const REST: [(&str, Work); 4] = [("queue", commands), ("sales", sales), ("closed bills", closed), ("worlds", worlds)];

/// Starts the program and has it write its counts to a folder when it ends.
fn counting(program: &Path, counts: &Path) -> Command {
    let mut command = pinned(program);
    command.env("LLVM_PROFILE_FILE", counts.join("%m.profraw"));
    command
}

fn start(program: &Path, counts: &Path) -> Outcome<Stend> {
    let mut command = counting(program, counts);
    command.args(["serve", "--ephemeral", "--workers", "1"]);
    Stend::launch(command)
}

fn requests(stend: Stend, prepare: Prepare) -> Outcome<Process> {
    let ready = prepare(stend)?;
    send(&ready.wish, REQUESTS)?;
    Ok(ready.stend.into_process())
}

fn commands(stend: Stend) -> Outcome<Process> {
    let url = format!("{}/", stend.url("queue")?);
    socket::runtime()?.block_on(async {
        let mut asker = socket::connect(&url).await?;
        let token = socket::log_in(&mut asker).await?;
        for command in ["currentConsumer", "serviceList"] {
            socket::command(&mut asker, &vec![Message::text(asking(command, &token).to_string()); REQUESTS]).await?;
        }
        let mut subscribers = Vec::new();
        for _ in 0..SUBSCRIBERS {
            let mut subscriber = socket::connect(&url).await?;
            socket::ask(&mut subscriber, json!({"command": "subscribeServices", "token": token, "id": 1})).await?;
            subscribers.push(subscriber);
        }
        for change in 0..CHANGES {
            let data = json!({"id": 3, "description": format!("change {change}")});
            socket::ask(&mut asker, json!({"command": "setService", "token": token, "id": 1, "data": data})).await?;
            for subscriber in &mut subscribers {
                socket::text(subscriber).await?;
            }
        }
        Outcome::Ok(())
    })?;
    Ok(stend.into_process())
}

fn sales(stend: Stend) -> Outcome<Process> {
    let (base, header) = vending::world(&stend, 100)?;
    vending::sell(&stend, 100_000)?;
    for path in ["summary", "payments/summary"] {
        send(&crate::load::Wish::get(format!("{base}/v2/stats/vends/{path}?{}", vending::WEEK), &header), SUMS)?;
    }
    Ok(stend.into_process())
}

fn closed(stend: Stend) -> Outcome<Process> {
    let base = bills::world(&stend)?;
    bills::seed(&stend, 20_000, 86_400, &[bills::CLIENT])?;
    for id in bills::ids(&base, 600)?.iter().take(SUMS) {
        ask("GET", &format!("{base}/get-guest?guest-id={id}"), "accept: */*", "")?;
    }
    Ok(stend.into_process())
}

/// Steers worlds as a test suite does: one for each test, with a look at its journal.
fn worlds(stend: Stend) -> Outcome<Process> {
    for test in 0..SUMS {
        let world: Value = serde_json::from_str(&stend.post("/worlds", "{}")?)?;
        let id = world["id"].as_str().ok_or("no id")?;
        stend.act(id, &json!({"carbis.call_waiter": {"table": 1_000_028}}))?;
        let url = format!("{}/w/{id}/api/v4/events?hash=none", stend.url("carbis")?);
        ask("GET", &url, "token: demo-token", "")?;
        stend.post(&format!("/worlds/{id}/clock/advance"), r#"{"by": "10m"}"#)?;
        let journal = format!("{}/control/v1/worlds/{id}/journal", stend.url("control")?);
        ask("GET", &journal, "accept: */*", "")?;
        if test % 2 == 0 {
            ask("DELETE", &format!("{}/control/v1/worlds/{id}", stend.url("control")?), "accept: */*", "")?;
        }
    }
    Ok(stend.into_process())
}

/// Has the program at work; its counts lie in the folder afterwards.
pub(crate) fn run(program: &Path, counts: &Path) -> Outcome<()> {
    std::fs::create_dir_all(counts)?;
    for (name, prepare) in PATHS {
        println!("{name}");
        requests(start(program, counts)?, prepare)?.terminate()?;
    }
    for (name, work) in REST {
        println!("{name}");
        work(start(program, counts)?)?.terminate()?;
    }
    println!("shipped scenarios");
    for _ in 0..PLAYS {
        let status = counting(program, counts).args(["play", "scenarios"]).stdout(Stdio::null()).status()?;
        if !status.success() {
            return Err(format!("`play scenarios` ended with {status}").into());
        }
    }
    Ok(())
}
