//! A journal that keeps so many entries.

use serde_json::json;

use super::Costs;
use crate::Outcome;
use crate::client::Client;
use crate::process::Stend;

/// A request that is written into a full journal, and a verification over all of it.
pub(crate) fn entries(size: u32) -> Outcome<Costs> {
    let stend = Stend::start()?;
    stend.world(&json!({"id": "j", "world": {
        "stend": 1,
        "journal": {"entries": size, "bytes": 4_000_000_000_u64},
        "carbis": {"token": "demo-token"},
    }}))?;
    let server = stend.process();
    let mut client = Client::connect(&stend.url("carbis")?)?;
    let poll = [client.request("GET", "/w/j/api/v4/events?hash=none", "token: demo-token", "")];
    client.send(&poll, size as usize)?;
    let request = client.cost(server, &poll, 20_000)?;
    let mut control = Client::connect(&stend.url("control")?)?;
    let expectation = json!({"journal": {"fake": "carbis", "operation": "events", "count": {"ge": 1}}}).to_string();
    let expectation = [control.request("POST", "/control/v1/worlds/j/verify", "accept: */*", &expectation)];
    let verify = control.cost(server, &expectation, 10)?;
    let latest = [control.request("GET", "/control/v1/worlds/j/journal?limit=5", "accept: */*", "")];
    let latest = control.cost(server, &latest, 20)?;
    Ok(vec![
        ("poll, journal full", request),
        ("verify over the whole journal", verify),
        ("the latest 5 entries", latest),
    ])
}
