//! A request in one of many worlds.

use serde_json::json;

use super::Costs;
use crate::Outcome;
use crate::client::Client;
use crate::process::Stend;

/// Polls in worlds anywhere among so many.
pub(crate) fn worlds(size: u32) -> Outcome<Costs> {
    let stend = Stend::start()?;
    let mut control = Client::connect(&stend.url("control")?)?;
    let wanted: Vec<Vec<u8>> = (0..size)
        .map(|n| {
            let section = json!({"token": "demo-token"});
            let body = json!({"id": format!("g{n}"), "clock": "frozen", "world": {"stend": 1, "carbis": section}});
            control.request("POST", "/control/v1/worlds", "accept: */*", &body.to_string())
        })
        .collect();
    let server = stend.process();
    let before = server.cpu()?;
    control.send(&wanted, wanted.len())?;
    let made = (server.cpu()? - before) / f64::from(size);
    let mut client = Client::connect(&stend.url("carbis")?)?;
    let polls: Vec<Vec<u8>> = (0..997)
        .map(|n| (n * 7_919) % size)
        .map(|n| client.request("GET", &format!("/w/g{n}/api/v4/events?hash=none"), "token: demo-token", ""))
        .collect();
    Ok(vec![("poll in one of them", client.cost(server, &polls, 20_000)?), ("making one of so many", made)])
}
