//! Against the limit: each path beside a bare handler that returns the same bytes.

use serde_json::json;

use crate::load::{Load, Wish};
use crate::process::{Bare, Stend, ask};
use crate::report::{Report, Table};
use crate::stats::{count, median, micros, ratio};
use crate::{Outcome, Plan, bills, queue, vending};

/// A request to a bench that has been made ready for it.
pub(crate) struct Ready {
    pub(crate) stend: Stend,
    pub(crate) wish: Wish,
    /// The world to put back to its start between rounds, because the requests fill it.
    pub(crate) fills: Option<&'static str>,
}

/// Makes a bench that has just started ready for a request.
pub(crate) type Prepare = fn(Stend) -> Outcome<Ready>;

/// The requests by their names.
const PATHS: [(&str, Prepare); 7] = [
    ("carbis, poll without events", |stend| poll(stend, 0)),
    ("carbis, poll with 1 event", |stend| poll(stend, 1)),
    ("carbis, poll with 20 events", |stend| poll(stend, 20)),
    ("telemetron, list of 50 machines", list),
    ("telemetron, one machine", one),
    ("tillypad, get-guest", get_guest),
    ("tillypad, post-guest", post_guest),
];

/// The feed's reply with so many events.
pub(crate) fn poll(stend: Stend, events: u32) -> Outcome<Ready> {
    for _ in 0..events {
        stend.act("default", &json!({"carbis.call_waiter": {"table": 1_000_028}}))?;
    }
    let wish = Wish::get(format!("{}/api/v4/events?hash=none", stend.url("carbis")?), "token: demo-token");
    Ok(Ready { stend, wish, fills: None })
}

fn list(stend: Stend) -> Outcome<Ready> {
    let (base, header) = vending::world(&stend, 50)?;
    Ok(Ready { stend, wish: Wish::get(format!("{base}/v2/vending_machines"), header), fills: None })
}

pub(crate) fn one(stend: Stend) -> Outcome<Ready> {
    let (base, header) = vending::world(&stend, 50)?;
    Ok(Ready { stend, wish: Wish::get(format!("{base}/v2/vending_machines/{}", vending::FIRST), header), fills: None })
}

pub(crate) fn get_guest(stend: Stend) -> Outcome<Ready> {
    let base = bills::world(&stend)?;
    let id = bills::post(&base)?;
    Ok(Ready { stend, wish: Wish::get(format!("{base}/get-guest?guest-id={id}"), "accept: */*"), fills: None })
}

pub(crate) fn post_guest(stend: Stend) -> Outcome<Ready> {
    let base = bills::world(&stend)?;
    let wish = Wish { body: Some(bills::posted()), ..Wish::get(format!("{base}/post-guest"), "accept: */*") };
    Ok(Ready { stend, wish, fills: Some("bills") })
}

impl Ready {
    /// A bare server beside it that answers the same, its request, and the reply's length.
    pub(crate) fn bare(&self, launch: impl FnOnce(&str, &str) -> Outcome<Bare>) -> Outcome<(Bare, Wish, usize)> {
        let wish = &self.wish;
        let body = match &wish.body {
            None => ask("GET", &wish.url, &wish.header, "")?,
            Some(body) => ask("POST", &wish.url, &wish.header, body)?,
        };
        let target = wish.url.splitn(4, '/').nth(3).ok_or("no path")?;
        let bare = launch(&format!("/{}", target.split('?').next().unwrap_or(target)), &body)?;
        let theirs = wish.at(format!("{}/{target}", bare.url));
        Ok((bare, theirs, body.len()))
    }

    pub(crate) fn empty(&self) -> Outcome<()> {
        match self.fills {
            Some(world) => self.stend.post(&format!("/worlds/{world}/reset"), "").map(drop),
            None => Ok(()),
        }
    }
}

/// Requests per second and CPU time of each path beside the bare server's.
pub(crate) fn run(report: &mut Report, plan: Plan) -> Outcome<()> {
    let mut table = Table::new(
        "Against the limit: a bare actix-web handler that returns the same bytes",
        &[
            "request",
            "bytes",
            "requests a second, of bare",
            "requests a CPU second, of bare",
            "CPU, stend",
            "CPU, bare",
            "requests a second",
        ],
    );
    for (name, prepare) in PATHS {
        let ready = prepare(Stend::start()?)?;
        let (bare, wish, bytes) = ready.bare(Bare::start)?;
        let (mut rps, mut cpu) = (Vec::new(), Vec::new());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..plan.rounds {
            let our = Load::run(&ready.wish, ready.stend.process(), plan.seconds)?;
            ready.empty()?;
            let their = Load::run(&wish, bare.process(), plan.seconds)?;
            rps.push(our.requests_per_second / their.requests_per_second);
            cpu.push(their.cpu_per_request / our.cpu_per_request);
            ours.push(our);
            theirs.push(their);
        }
        let middle = |loads: &[Load], of: fn(&Load) -> f64| median(loads.iter().map(of).collect());
        table.row([
            name.to_owned(),
            bytes.to_string(),
            ratio(median(rps)),
            ratio(median(cpu)),
            micros(middle(&ours, |load| load.cpu_per_request)),
            micros(middle(&theirs, |load| load.cpu_per_request)),
            count(middle(&ours, |load| load.requests_per_second)),
        ]);
    }
    table.note(
        "Journal, access, world look-up and fault check are on. Aimed at 0.9 of bare for what reads, 0.8 at the least. One worker; `wrk` with 32 connections.",
    );
    report.table(&table);
    queue::commands(report, plan)
}
