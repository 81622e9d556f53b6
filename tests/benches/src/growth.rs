//! What an operation costs the server as the world grows, in CPU time, and how that relates to a thousand.

mod journal;
mod queue;
mod sales;
mod worlds;

use std::collections::BTreeMap;

use crate::client::Client;
use crate::process::Stend;
use crate::report::{Report, Table};
use crate::stats::{count, median, micros, ratio};
use crate::{Outcome, Plan, bills};

/// What one size came to: CPU seconds of each operation.
pub(crate) type Costs = Vec<(&'static str, f64)>;

/// Measures at one size.
type Measure = fn(u32) -> Outcome<Costs>;

/// What grows.
struct Subject {
    of: &'static str,
    sizes: &'static [u32],
    measure: Measure,
    why: &'static str,
}

const SUBJECTS: [Subject; 7] = [
    Subject {
        of: "tickets waiting",
        sizes: &[1_000, 10_000, 100_000, 190_000],
        measure: queue::tickets,
        why: "the line is ordered by its rule, so calling the next and joining are a step down a tree; a world holds 200 000 tickets",
    },
    Subject {
        of: "bills",
        sizes: &[1_000, 10_000, 100_000, 1_000_000],
        measure: bills_at,
        why: "bills are found in trees by id, by client, by name; beyond the processor's caches each step waits for memory",
    },
    Subject {
        of: "sales",
        sizes: &[1_000, 10_000, 100_000, 1_000_000],
        measure: sales::sales,
        why: "a machine's sales lie in time order with running totals, so a sum over a period is two look-ups a machine",
    },
    Subject {
        of: "machines",
        sizes: &[1_000, 10_000, 20_000],
        measure: sales::machines,
        why: "the list is sent from bytes that are ready, and to send it costs what it is long (the interface knows no pages); a world makes up 20 000 machines",
    },
    Subject {
        of: "worlds",
        sizes: &[1_000, 10_000],
        measure: worlds::worlds,
        why: "a world is found in a tree by its name, without a lock",
    },
    Subject {
        of: "sockets open",
        sizes: &[100, 1_000, 9_000],
        measure: queue::sockets,
        why: "a socket that says nothing is only waited for; a push goes to those who subscribed",
    },
    Subject {
        of: "journal entries",
        sizes: &[1_000, 10_000, 100_000, 1_000_000],
        measure: journal::entries,
        why: "an entry is put at the end and the oldest falls off; a verification looks at every entry that is kept",
    },
];

pub(crate) fn run(report: &mut Report, plan: Plan) -> Outcome<()> {
    let mut table = Table::new(
        "Growth: server CPU time of one operation against the size of its world",
        &["operation", "of", "size", "CPU", "times the smallest"],
    );
    let mut whys = Vec::new();
    for subject in SUBJECTS {
        let mut least: BTreeMap<&str, f64> = BTreeMap::new();
        for size in subject.sizes {
            for (operation, cost) in middle(subject.measure, *size, if plan.rounds > 3 { 3 } else { 1 })? {
                let least = *least.entry(operation).or_insert(cost);
                table.row([
                    operation.to_owned(),
                    subject.of.to_owned(),
                    count(f64::from(*size)),
                    micros(cost),
                    ratio(cost / least),
                ]);
            }
        }
        whys.push(format!("{}: {}.", subject.of, subject.why));
    }
    table.note("One request or command after the other over one connection: waking up is part of each cost, about ten microseconds, so look at the differences, too.");
    whys.into_iter().for_each(|why| table.note(why));
    report.table(&table);
    Ok(())
}

/// The medians of so many goes, each in a process of its own.
fn middle(measure: Measure, size: u32, goes: usize) -> Outcome<Costs> {
    // A world of a million takes its time to make, and a long look at it needs no repetition.
    let goes = if size >= 100_000 { 1 } else { goes };
    let mut all = Vec::new();
    for _ in 0..goes {
        all.push(measure(size)?);
    }
    let first = all.first().cloned().unwrap_or_default();
    let of = |i: usize| median(all.iter().filter_map(|costs| costs.get(i)).map(|(_, cost)| *cost).collect());
    Ok(first.iter().enumerate().map(|(i, (operation, _))| (*operation, of(i))).collect())
}

/// `get-guest` of bills anywhere among them, `get-guests` of a client with 20, and `post-guest`.
fn bills_at(size: u32) -> Outcome<Costs> {
    let stend = Stend::start()?;
    let base = bills::world(&stend)?;
    // Spread over a second each, so that those of the last quarter of an hour are some hundred, wherever their ids lie.
    bills::seed(&stend, size, size, &[])?;
    let ids = bills::ids(&base, 900)?;
    bills::seed(&stend, 20, 1, &[bills::CLIENT])?;
    let server = stend.process();
    let mut client = Client::connect(&base)?;
    let get = |client: &Client, path: String| client.request("GET", &path, "accept: */*", "");
    let one: Vec<_> = ids.iter().map(|id| get(&client, format!("/w/bills/get-guest?guest-id={id}"))).collect();
    let few = [get(&client, format!("/w/bills/get-guests?client-id={}", bills::CLIENT))];
    let post = [client.request("POST", "/w/bills/post-guest", "accept: */*", &bills::posted())];
    client.send(&few, 64)?;
    Ok(vec![
        ("get-guest of one not asked for before", client.once(server, &one)?),
        ("get-guest of one asked for before", client.cost(server, &one, 20_000)?),
        ("get-guests of a client with 20", client.cost(server, &few, 2_000)?),
        ("post-guest", client.cost(server, &post, 5_000)?),
    ])
}
