//! Telemetron: the list of machines beside a bare handler, and statistics over two million sales.

use serde_json::Value;

use crate::load::Load;
use crate::process::{Bare, Stend, ask};
use crate::{Outcome, ROUNDS, median};

/// A world of so many made-up machines on a clock that stands; the URL of its fake, and a header that lets in.
fn world(stend: &Stend, machines: u32) -> Outcome<(String, String)> {
    let section = format!(
        r#"{{"clients": [{{"id": "k", "secret": "s"}}], "users": [{{"id": 1, "email": "u", "password": "p", "roles": ["admin"]}}], "generate": {{"machines": {machines}}}}}"#
    );
    let body = format!(
        r#"{{"id": "v", "clock": "2026-11-21T12:00:00+03:00", "world": {{"stend": 1, "telemetron": {section}}}}}"#
    );
    stend.post("/control/v1/worlds", &body)?;
    let url = format!("{}/w/v", stend.url("telemetron")?);
    let wish =
        r#"{"grant_type": "password", "client_id": "k", "client_secret": "s", "username": "u", "password": "p"}"#;
    let pair: Value = serde_json::from_str(&ask("POST", &format!("{url}/auth/"), "accept: */*", wish)?)?;
    let token = pair["access_token"].as_str().ok_or("no token")?;
    Ok((url, format!("authorization: Bearer {token}")))
}

/// The list of 50 machines.
pub(crate) fn list(seconds: u32) -> Outcome<()> {
    let stend = Stend::start()?;
    let (base, header) = world(&stend, 50)?;
    let url = format!("{base}/v2/vending_machines");
    let body = ask("GET", &url, &header, "")?;
    let bare = Bare::start("/v2/vending_machines", &body)?;
    let bare_url = format!("{}/v2/vending_machines", bare.url);
    let (mut rps, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let ours = Load::with(&header, &url, stend.pid(), seconds)?;
        let theirs = Load::with(&header, &bare_url, bare.pid(), seconds)?;
        rps.push(ours.requests_per_second / theirs.requests_per_second);
        cpu.push(theirs.cpu_per_request / ours.cpu_per_request);
    }
    println!(
        "\nTelemetron, the list of 50 machines ({} bytes): {:.2} of a bare handler's requests per second, {:.2} of its requests per CPU second",
        body.len(),
        median(rps),
        median(cpu)
    );
    Ok(())
}

/// Statistics with 1,000 machines and 2,000,000 sales within a month. What is told is the server's CPU time for the
/// whole request, HTTP and journal included.
pub(crate) fn statistics(seconds: u32) -> Outcome<()> {
    let stend = Stend::start()?;
    let (base, header) = world(&stend, 1000)?;
    // As many as one action makes; without taking from the loading, which has nothing to do with it.
    let flood = r#"{"telemetron.seed_sales": {"count": 2000000, "over": "744h", "consume": false}}"#;
    stend.post("/control/v1/worlds/v/actions", flood)?;
    let week = "since=2026-11-14T12:00:00%2B03:00&until=2026-11-21T12:00:00%2B03:00";
    let month = "since=2026-10-21T12:00:00%2B03:00&until=2026-11-21T12:00:00%2B03:00";
    println!("\nTelemetron, 1,000 machines and 2,000,000 sales; server CPU time of a whole request:");
    for (what, path, limit) in [
        ("summary over 7 days", format!("/v2/stats/vends/summary?{week}"), 1.0),
        ("payments summary over 7 days", format!("/v2/stats/vends/payments/summary?{week}"), 1.0),
        (
            "products of one machine over 31 days",
            format!("/v2/vending_machines/2000001/stats/vends/products?{month}"),
            5.0,
        ),
    ] {
        let url = format!("{base}{path}");
        let body = ask("GET", &url, &header, "")?;
        let mut spent = Vec::new();
        for _ in 0..ROUNDS {
            spent.push(Load::with(&header, &url, stend.pid(), seconds)?.cpu_per_request * 1e3);
        }
        println!("  {what}: {:.3} ms (aimed at {limit} ms), {} bytes", median(spent), body.len());
    }
    println!("  {:.0} MiB resident", stend.resident_mib()?);
    Ok(())
}
