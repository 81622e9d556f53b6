//! From the process's start to all ports answering, and what it then holds.

use std::time::Instant;

use serde_json::Value;

use crate::load::{Load, Wish};
use crate::process::{Bare, Stend, ask};
use crate::report::{Report, Table};
use crate::stats::{median, mib, millis, ratio};
use crate::{Outcome, Plan, socket};

pub(crate) fn run(report: &mut Report, plan: Plan) -> Outcome<()> {
    let (mut ours, mut theirs, mut first) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds * 3 {
        let began = Instant::now();
        let stend = Stend::start()?;
        stend.all_answer()?;
        ours.push(began.elapsed().as_secs_f64());
        // A service's state is made when somebody first asks for it, so that is measured, too.
        first_answers(&stend)?;
        first.push(began.elapsed().as_secs_f64());
        drop(stend);
        let began = Instant::now();
        let bare = Bare::start("/", "{}")?;
        theirs.push(began.elapsed().as_secs_f64());
        drop(bare);
    }
    let (ours, theirs, first) = (median(ours), median(theirs), median(first));
    let mut table = Table::new("Start and idle memory", &["what", "stend", "bare actix-web server", "ratio"]);
    table.row([
        "process start until all ports answer (bare: its one port)".into(),
        millis(ours),
        millis(theirs),
        ratio(ours / theirs),
    ]);
    table.row([
        "and each fake has then answered from its state, one after the other".into(),
        millis(first),
        String::new(),
        String::new(),
    ]);
    let (stend, bare) = (Stend::start()?, Bare::start("/", "{}")?);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let (idle, bare) = (stend.process().resident(), bare.process().resident());
    table.row(["resident, idle".into(), mib(idle), mib(bare), ratio(idle / bare)]);
    table.row([
        "of that its own, not pages of the program's file".into(),
        mib(stend.process().own()),
        String::new(),
        String::new(),
    ]);
    stend.all_answer()?;
    table.row([
        "resident, every port has answered".into(),
        mib(stend.process().resident()),
        String::new(),
        String::new(),
    ]);
    first_answers(&stend)?;
    table.row(["resident, all four states made".into(), mib(stend.process().resident()), String::new(), String::new()]);
    let wish = Wish::get(format!("{}/api/v4/events?hash=none", stend.url("carbis")?), "token: demo-token");
    for what in ["resident, journal full", "resident, after as many requests again"] {
        Load::run(&wish, stend.process(), 3)?;
        table.row([what.into(), mib(stend.process().resident()), String::new(), String::new()]);
    }
    report.table(&table);
    Ok(())
}

/// Asks each service for what it has in its state.
fn first_answers(stend: &Stend) -> Outcome<()> {
    for (_, first_answer) in FIRST {
        first_answer(stend)?;
    }
    Ok(())
}

/// Has a service answer from the state of the documented world.
pub(crate) type Ask = fn(&Stend) -> Outcome<()>;

pub(crate) const FIRST: [(&str, Ask); 4] =
    [("carbis", carbis), ("queue", queue), ("telemetron", telemetron), ("tillypad", tillypad)];

pub(crate) fn carbis(stend: &Stend) -> Outcome<()> {
    ask("GET", &format!("{}/api/v4/events?hash=none", stend.url("carbis")?), "token: demo-token", "").map(drop)
}

fn queue(stend: &Stend) -> Outcome<()> {
    let queue = stend.url("queue")?;
    socket::runtime()?.block_on(async { socket::log_in(&mut socket::connect(&queue).await?).await }).map(drop)
}

fn telemetron(stend: &Stend) -> Outcome<()> {
    let wish = r#"{"grant_type": "password", "client_id": "client-key", "client_secret": "client-secret", "username": "me@example.com", "password": "123456", "scope": "teleport"}"#;
    let telemetron = stend.url("telemetron")?;
    let pair: Value = serde_json::from_str(&ask("POST", &format!("{telemetron}/auth/"), "accept: */*", wish)?)?;
    let token = pair["access_token"].as_str().ok_or("no token")?;
    ask("GET", &format!("{telemetron}/v2/vending_machines"), &format!("authorization: Bearer {token}"), "").map(drop)
}

fn tillypad(stend: &Stend) -> Outcome<()> {
    ask("GET", &format!("{}/get-client-by-phone?phone=79824974833", stend.url("tillypad")?), "accept: */*", "")
        .map(drop)
}
