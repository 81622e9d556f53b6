//! A journal that keeps so many entries.

use serde_json::json;

use super::Costs;
use crate::Outcome;
use crate::client::Client;
use crate::process::Stend;

/// A request that is written into a full journal, and questions about all of it.
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
    // First the questions: nothing has been dropped yet, so that a count is to be trusted.
    let mut control = Client::connect(&stend.url("control")?)?;
    let mut verify = |expectation: serde_json::Value| {
        let text = expectation.to_string();
        let request = [control.request("POST", "/control/v1/worlds/j/verify", "accept: */*", &text)];
        control.cost(server, &request, 20)
    };
    let holds = verify(json!({"journal": {"fake": "carbis", "operation": "events", "count": {"ge": 1}}}))?;
    let never = verify(json!({"never": {"fake": "carbis", "status": "5xx"}}))?;
    let nobody = verify(json!({"journal": {"operation": "events", "client": "nobody", "count": 0}}))?;
    let latest = [control.request("GET", "/control/v1/worlds/j/journal?limit=5", "accept: */*", "")];
    let latest = control.cost(server, &latest, 20)?;
    let request = client.cost(server, &poll, 20_000)?;
    Ok(vec![
        ("poll, journal full", request),
        ("verify over the whole journal", holds),
        ("verify that there was no 5xx", never),
        ("verify that a client never came", nobody),
        ("the latest 5 entries", latest),
    ])
}
