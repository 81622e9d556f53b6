//! What each thing that is kept takes: resident memory with many of it less resident memory without, by their number.

use serde_json::json;

use crate::client::Client;
use crate::process::Stend;
use crate::report::{Report, Table};
use crate::socket::{connect, hall, runtime};
use crate::stats::{count, mib};
use crate::{Outcome, Plan, bills, vending};

/// How many of it there are, and bytes without and with them.
type Weighed = (u32, f64, f64);

type Weigh = fn() -> Outcome<Weighed>;

pub(crate) fn run(report: &mut Report, _: Plan) -> Outcome<()> {
    let mut table =
        Table::new("Memory: resident bytes per thing kept", &["thing", "of them", "bytes each", "resident with them"]);
    let things: [(&str, Weigh); 6] = [
        ("idle socket", sockets),
        ("journal entry of a poll (a reply of 37 bytes)", entries),
        ("ticket", tickets),
        ("bill of some dishes", bills_kept),
        ("bill of four lines, as posted, with nothing journalled", posted),
        ("sale", sales),
    ];
    for (thing, weigh) in things {
        let (number, before, after) = weigh()?;
        let each = (after - before) / f64::from(number);
        table.row([thing.to_owned(), count(f64::from(number)), count(each), mib(after)]);
    }
    report.table(&table);
    Ok(())
}

fn sockets() -> Outcome<Weighed> {
    const NUMBER: u32 = 10_000;
    let stend = Stend::start()?;
    let url = format!("{}/", stend.url("queue")?);
    let (before, after) = runtime()?.block_on(async {
        // The first ones make what is made once.
        let mut open = vec![connect(&url).await?];
        let before = stend.process().resident();
        for _ in 0..NUMBER {
            open.push(connect(&url).await?);
        }
        Ok::<_, Box<dyn std::error::Error>>((before, stend.process().resident()))
    })?;
    Ok((NUMBER, before, after))
}

fn entries() -> Outcome<Weighed> {
    const NUMBER: u32 = 200_000;
    let stend = Stend::start()?;
    stend.world(&json!({"id": "j", "world": {
        "stend": 1,
        "journal": {"entries": 1_000_000, "bytes": 4_000_000_000_u64},
        "carbis": {"token": "demo-token"},
    }}))?;
    let mut client = Client::connect(&stend.url("carbis")?)?;
    let poll = [client.request("GET", "/w/j/api/v4/events?hash=none", "token: demo-token", "")];
    client.send(&poll, 1)?;
    let before = stend.process().resident();
    client.send(&poll, NUMBER as usize)?;
    Ok((NUMBER, before, stend.process().resident()))
}

fn tickets() -> Outcome<Weighed> {
    const NUMBER: u32 = 100_000;
    let stend = Stend::start()?;
    hall(&stend, "few", 1)?;
    let before = stend.process().resident();
    hall(&stend, "many", NUMBER)?;
    Ok((NUMBER, before, stend.process().resident()))
}

fn bills_kept() -> Outcome<Weighed> {
    const NUMBER: u32 = 200_000;
    let stend = Stend::start()?;
    bills::world(&stend)?;
    bills::seed(&stend, 1, 1, &[])?;
    let before = stend.process().resident();
    bills::seed(&stend, NUMBER, 86_400, &[])?;
    Ok((NUMBER, before, stend.process().resident()))
}

fn posted() -> Outcome<Weighed> {
    const NUMBER: u32 = 50_000;
    let stend = Stend::start()?;
    let base = bills::quiet_world(&stend)?;
    let mut client = Client::connect(&base)?;
    let post = [client.request("POST", "/w/bills/post-guest", "accept: */*", &bills::posted())];
    client.send(&post, 100)?;
    let before = stend.process().resident();
    client.send(&post, NUMBER as usize)?;
    Ok((NUMBER, before, stend.process().resident()))
}

fn sales() -> Outcome<Weighed> {
    const NUMBER: u32 = 1_000_000;
    let stend = Stend::start()?;
    vending::world(&stend, 1_000)?;
    vending::sell(&stend, 1)?;
    let before = stend.process().resident();
    vending::sell(&stend, NUMBER)?;
    Ok((NUMBER, before, stend.process().resident()))
}
