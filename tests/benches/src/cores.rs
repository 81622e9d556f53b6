//! More workers on more cores: what a request costs must not rise, or the workers stand in each other's way.

use serde_json::json;

use crate::load::{Load, Wish};
use crate::process::{Bare, Process, Stend, ask, beside, on};
use crate::report::{Report, Table, cores};
use crate::stats::{count, median, micros, ratio};
use crate::{Outcome, Plan};

/// What is measured with one worker and with more.
struct Case {
    what: &'static str,
    server: Process,
    urls: Vec<String>,
}

fn stend(what: &'static str, cores: &str, workers: u32, urls: fn(&Stend) -> Outcome<Vec<String>>) -> Outcome<Case> {
    let stend = Stend::start_on(cores, workers)?;
    let urls = urls(&stend)?;
    Ok(Case { what, urls, server: stend.into_process() })
}

/// The default world alone.
fn one_world(stend: &Stend) -> Outcome<Vec<String>> {
    Ok(vec![format!("{}/api/v4/events?hash=none", stend.url("carbis")?)])
}

/// Two worlds, each with half of the load.
fn two_worlds(stend: &Stend) -> Outcome<Vec<String>> {
    let base = stend.url("carbis")?;
    let make = |id: &str| stend.world(&json!({"id": id, "world": {"stend": 1, "carbis": {"token": "demo-token"}}}));
    ["a", "b"].into_iter().map(|id| make(id).map(|()| format!("{base}/w/{id}/api/v4/events?hash=none"))).collect()
}

fn bare(cores: &str, workers: u32) -> Outcome<Case> {
    let stend = Stend::start()?;
    let body = ask("GET", &format!("{}/api/v4/events?hash=none", stend.url("carbis")?), "token: demo-token", "")?;
    let bare = Bare::launch_with(on(cores, beside("bare")?), "/api/v4/events", &body, workers)?;
    let urls = vec![format!("{}/api/v4/events?hash=none", bare.url)];
    Ok(Case { what: "bare actix-web server", urls, server: bare.into_process() })
}

/// Loads all URLs at once from all cores.
fn load(case: &Case, cores: &str, seconds: u32) -> Outcome<(f64, f64)> {
    let before = case.server.cpu()?;
    let loads: Vec<Load> = std::thread::scope(|scope| {
        let running: Vec<_> = case
            .urls
            .iter()
            .map(|url| {
                let wish = Wish::get(url, "token: demo-token");
                let connections = 64 / u32::try_from(case.urls.len()).unwrap_or(1);
                scope.spawn(move || {
                    Load::from_core(cores, connections, &wish, &case.server, seconds).map_err(|error| error.to_string())
                })
            })
            .collect();
        running
            .into_iter()
            .map(|load| load.join().map_err(|_| "the load broke off")?.map_err(Into::into))
            .collect::<Outcome<_>>()
    })?;
    let requests: f64 = loads.iter().map(|load| load.requests).sum();
    Ok((loads.iter().map(|load| load.requests_per_second).sum(), (case.server.cpu()? - before) / requests))
}

pub(crate) fn run(report: &mut Report, plan: Plan) -> Outcome<()> {
    let number = u32::try_from(cores())?;
    if number < 2 {
        return Err("one core shows nothing".into());
    }
    let all = format!("0-{}", number - 1);
    let mut table = Table::new(
        format!("Workers: one and {number}, on {number} cores that the load shares with them"),
        &[
            "what",
            "requests a second, 1 worker",
            "with more",
            "times",
            "CPU of a request, 1 worker",
            "with more",
            "times",
        ],
    );
    let pairs = [
        [stend("one world", &all, 1, one_world)?, stend("one world", &all, number, one_world)?],
        [stend("two worlds", &all, 1, two_worlds)?, stend("two worlds", &all, number, two_worlds)?],
        [bare(&all, 1)?, bare(&all, number)?],
    ];
    for pair in &pairs {
        let (mut rates, mut costs) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for _ in 0..plan.rounds {
            for (i, case) in pair.iter().enumerate() {
                let (rate, cost) = load(case, &all, plan.seconds)?;
                rates[i].push(rate);
                costs[i].push(cost);
            }
        }
        let [one, more] = rates.map(median);
        let [one_cost, more_cost] = costs.map(median);
        table.row([
            pair[0].what.to_owned(),
            count(one),
            count(more),
            ratio(more / one),
            micros(one_cost),
            micros(more_cost),
            ratio(more_cost / one_cost),
        ]);
    }
    table.note("Here the load runs on the same cores as the server, so requests a second cannot double on two; the CPU time of a request tells whether workers wait for each other.");
    report.table(&table);
    Ok(())
}
