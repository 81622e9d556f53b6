//! Under load for long, with journals that are full: memory and cost at the end beside those at the start.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::client::Client;
use crate::process::Stend;
use crate::report::{Report, Table};
use crate::socket::{command, connect, log_in, runtime};
use crate::stats::{count, mib, micros, ratio};
use crate::{Outcome, Plan, bills, vending};

/// One stretch of the soak.
struct Stretch {
    requests: f64,
    cpu: f64,
    resident: f64,
}

/// Into so many stretches it is cut; the first is for the journals to fill.
const STRETCHES: u32 = 10;

pub(crate) fn run(report: &mut Report, plan: Plan) -> Outcome<()> {
    let stend = Stend::start()?;
    let base = bills::world(&stend)?;
    let (_, header) = vending::world(&stend, 50)?;
    let mut feed = Client::connect(&stend.url("carbis")?)?;
    // Events are kept for ten seconds, so that the feed is as long at the end as at the beginning.
    stend.world(&json!({"id": "feed", "world": {"stend": 1, "carbis": {
        "token": "demo-token", "retention": "10s", "tables": [{"id": 1, "name": "1"}],
    }}}))?;
    let polls = [feed.request("GET", "/w/feed/api/v4/events?hash=none", "token: demo-token", "")];
    let mut till = Client::connect(&base)?;
    let id = bills::post(&base)?;
    // Bills that are posted are deleted again, or the world would grow because it is asked to.
    let gets = [till.request("GET", &format!("/w/bills/get-guest?guest-id={id}"), "accept: */*", "")];
    let mut vending = Client::connect(&stend.url("telemetron")?)?;
    let machines = [
        vending.request("GET", "/w/v/v2/vending_machines", &header, ""),
        vending.request("GET", &format!("/w/v/v2/vending_machines/{}", vending::FIRST), &header, ""),
    ];
    let mut control = Client::connect(&stend.url("control")?)?;
    let call = json!({"carbis.call_waiter": {"table": 1}}).to_string();
    let calls = [control.request("POST", "/control/v1/worlds/feed/actions", "accept: */*", &call)];
    // A connection that says nothing for five seconds after it was made is closed.
    feed.send(&polls, 1)?;
    till.send(&gets, 1)?;
    vending.send(&machines, 2)?;
    control.send(&calls, 1)?;
    let url = format!("{}/", stend.url("queue")?);
    let stretches = runtime()?.block_on(async {
        let mut socket = connect(&url).await?;
        let token = log_in(&mut socket).await?;
        let commands: Vec<Message> = ["serviceList", "currentConsumer"]
            .into_iter()
            .cycle()
            .take(32)
            .map(|command| Message::text(json!({"command": command, "token": token, "id": 1}).to_string()))
            .collect();
        let mut stretches = Vec::new();
        let mut called = Instant::now();
        let length = Duration::from_secs_f64(plan.soak as f64 / f64::from(STRETCHES));
        for _ in 0..STRETCHES {
            let (began, cpu) = (Instant::now(), stend.process().cpu()?);
            let mut requests = 0.0;
            while began.elapsed() < length {
                for _ in 0..10 {
                    feed.send(&polls, 64)?;
                    till.send(&gets, 64)?;
                    vending.send(&machines, 32)?;
                    command(&mut socket, &commands).await?;
                    requests += 192.0;
                }
                let bill = bills::post(&base)?;
                bills::delete(&base, &bill)?;
                requests += 2.0;
                if called.elapsed() >= Duration::from_millis(500) {
                    called = Instant::now();
                    control.send(&calls, 1)?;
                    requests += 1.0;
                }
            }
            stretches.push(Stretch {
                requests,
                cpu: stend.process().cpu()? - cpu,
                resident: stend.process().resident(),
            });
        }
        Ok::<_, Box<dyn std::error::Error>>(stretches)
    })?;
    let mut table = Table::new(
        format!("Soak: {} s of polls, bills, machines and queue commands at once", plan.soak),
        &["until", "requests", "CPU of a request", "resident"],
    );
    for (i, stretch) in stretches.iter().enumerate() {
        table.row([
            format!("{:.0} s", plan.soak as f64 * (i + 1) as f64 / f64::from(STRETCHES)),
            count(stretch.requests),
            micros(stretch.cpu / stretch.requests),
            mib(stretch.resident),
        ]);
    }
    if let (Some(first), Some(last)) = (stretches.get(1), stretches.last()) {
        table.note(format!(
            "From the second stretch, when the journals are full, to the last: {} times the memory, {} times the CPU of a request.",
            ratio(last.resident / first.resident),
            ratio((last.cpu / last.requests) / (first.cpu / first.requests))
        ));
    }
    report.table(&table);
    Ok(())
}
