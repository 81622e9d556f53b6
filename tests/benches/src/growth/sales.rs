//! Sales and machines.

use serde_json::json;

use super::Costs;
use crate::Outcome;
use crate::client::Client;
use crate::process::Stend;
use crate::vending::{FIRST, WEEK, sell, world};

/// A sale and the summary of a week, of 50 machines with so many sales.
pub(crate) fn sales(size: u32) -> Outcome<Costs> {
    let stend = Stend::start()?;
    let (base, header) = world(&stend, 50)?;
    sell(&stend, size)?;
    let server = stend.process();
    let mut client = Client::connect(&base)?;
    let week = [client.request("GET", &format!("/w/v/v2/stats/vends/summary?{WEEK}"), &header, "")];
    let summary = client.cost(server, &week, 5_000)?;
    let mut control = Client::connect(&stend.url("control")?)?;
    let actions: Vec<Vec<u8>> = (0..50)
        .map(|n| {
            let body =
                json!({"telemetron.seed_sales": {"count": 1, "over": "1s", "machines": [FIRST + n], "consume": false}});
            control.request("POST", "/control/v1/worlds/v/actions", "accept: */*", &body.to_string())
        })
        .collect();
    let sale = control.cost(server, &actions, 2_000)?;
    Ok(vec![("summary of 7 days", summary), ("a sale, by the control API", sale)])
}

/// The list and one of so many machines.
pub(crate) fn machines(size: u32) -> Outcome<Costs> {
    let stend = Stend::start()?;
    let (base, header) = world(&stend, size)?;
    let server = stend.process();
    let mut client = Client::connect(&base)?;
    let one: Vec<Vec<u8>> = (0..997)
        .map(|n| FIRST + (n * 7_919) % size)
        .map(|id| client.request("GET", &format!("/w/v/v2/vending_machines/{id}"), &header, ""))
        .collect();
    let all = [client.request("GET", "/w/v/v2/vending_machines", &header, "")];
    let one = client.cost(server, &one, 20_000)?;
    let list = client.cost(server, &all, 50)?;
    Ok(vec![("one machine", one), ("list of machines, for each in it", list / f64::from(size))])
}
