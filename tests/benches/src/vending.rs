//! Telemetron: machines, and statistics over two million sales.

use serde_json::{Value, json};

use crate::load::{Load, Wish};
use crate::process::{Stend, ask};
use crate::report::{Report, Table};
use crate::stats::{median, mib};
use crate::{Outcome, Plan};

/// The id of the first machine that is made up.
pub(crate) const FIRST: u32 = 2_000_001;

/// A world `v` of so many made-up machines on a clock that stands; the URL of its service, and a header that lets in.
pub(crate) fn world(stend: &Stend, machines: u32) -> Outcome<(String, String)> {
    stend.world(&json!({"id": "v", "clock": "2026-11-21T12:00:00+03:00", "world": {"stend": 1, "telemetron": {
        "clients": [{"id": "k", "secret": "s"}],
        "users": [{"id": 1, "email": "u", "password": "p", "roles": ["admin"]}],
        "generate": {"machines": machines},
    }}}))?;
    let url = format!("{}/w/v", stend.url("telemetron")?);
    let wish =
        r#"{"grant_type": "password", "client_id": "k", "client_secret": "s", "username": "u", "password": "p"}"#;
    let pair: Value = serde_json::from_str(&ask("POST", &format!("{url}/auth/"), "accept: */*", wish)?)?;
    let token = pair["access_token"].as_str().ok_or("no token")?;
    Ok((url, format!("authorization: Bearer {token}")))
}

/// Adds sales, spread over the 31 days before now; without taking from the loading, which has nothing to do with it.
pub(crate) fn sell(stend: &Stend, sales: u32) -> Outcome<()> {
    let flood = json!({"telemetron.seed_sales": {"count": sales, "over": "744h", "consume": false}});
    stend.act("v", &flood).map(drop)
}

/// The query of the last 7 days.
pub(crate) const WEEK: &str = "since=2026-11-14T12:00:00%2B03:00&until=2026-11-21T12:00:00%2B03:00";
const MONTH: &str = "since=2026-10-21T12:00:00%2B03:00&until=2026-11-21T12:00:00%2B03:00";

/// Statistics with 1,000 machines and 2,000,000 sales within a month.
pub(crate) fn statistics(report: &mut Report, plan: Plan) -> Outcome<()> {
    let stend = Stend::start()?;
    let (base, header) = world(&stend, 1000)?;
    sell(&stend, 2_000_000)?;
    let mut table = Table::new(
        "Telemetron: 1 000 machines and 2 000 000 sales, server CPU time of a whole request",
        &["request", "bytes", "CPU", "aimed at"],
    );
    for (what, path, limit) in [
        ("summary over 7 days", format!("/v2/stats/vends/summary?{WEEK}"), "1 ms"),
        ("payments summary over 7 days", format!("/v2/stats/vends/payments/summary?{WEEK}"), "1 ms"),
        (
            "products of one machine over 31 days",
            format!("/v2/vending_machines/{FIRST}/stats/vends/products?{MONTH}"),
            "5 ms",
        ),
    ] {
        let wish = Wish::get(format!("{base}{path}"), &header);
        let bytes = ask("GET", &wish.url, &header, "")?.len();
        let mut spent = Vec::new();
        for _ in 0..plan.rounds {
            spent.push(Load::run(&wish, stend.process(), plan.seconds)?.cpu_per_request);
        }
        let spent = median(spent);
        table.row([what.into(), bytes.to_string(), format!("{:.3} ms", spent * 1e3), limit.into()]);
    }
    table.note(format!("Resident: {}.", mib(stend.process().resident())));
    report.table(&table);
    Ok(())
}
