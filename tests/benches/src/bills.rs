//! Tillypad: a restaurant with bills.

use serde_json::{Value, json};

use crate::Outcome;
use crate::process::{Stend, ask};

const DISH: &str = "FBE3CE39-94AA-D149-A993-1628A1092830";
pub(crate) const CLIENT: &str = "7F944ABD-0729-D948-A052-531D74B3482F";

/// A world `bills` on a clock that stands, with a dish and a client; the base URL of its service.
pub(crate) fn world(stend: &Stend) -> Outcome<String> {
    make(stend, json!({}))
}

/// The same with a journal that keeps nothing.
pub(crate) fn quiet_world(stend: &Stend) -> Outcome<String> {
    make(stend, json!({"entries": 0}))
}

fn make(stend: &Stend, journal: Value) -> Outcome<String> {
    stend.world(&json!({"id": "bills", "clock": {"mode": "frozen", "now": "2026-11-20T12:00:00+03:00"}, "world": {
        "stend": 1,
        "journal": journal,
        "tillypad": {
            "clients": [{"id": CLIENT, "name": "Клиент"}],
            "menu": {"items": [{"id": DISH, "name": "Стейк", "price": 375}]},
        },
    }}))?;
    Ok(format!("{}/w/bills", stend.url("tillypad")?))
}

/// Adds bills, evenly over so many seconds up to now.
pub(crate) fn seed(stend: &Stend, count: u32, over: u32, clients: &[&str]) -> Outcome<()> {
    let action = json!({"tillypad.seed_guests": {"count": count, "closed": true, "over": format!("{over}s"), "clients": clients}});
    stend.act("bills", &action).map(drop)
}

/// The ids of the bills that were closed within some seconds before the world's start.
pub(crate) fn ids(base: &str, seconds: u32) -> Outcome<Vec<String>> {
    let from =
        format!("2026-11-20T{:02}:{:02}:{:02}", 11 - seconds / 3_600, 59 - seconds / 60 % 60, 60 - seconds % 60 - 1);
    let url = format!("{base}/get-closed-guests-id?from={from}&to=2026-11-20T12:00:01");
    let ids: Value = serde_json::from_str(&ask("GET", &url, "accept: */*", "")?)?;
    let ids: Vec<String> = ids.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if ids.is_empty() { Err(format!("{url}: no bills").into()) } else { Ok(ids) }
}

/// A bill of three dishes, one with a modifier, as a client posts it.
pub(crate) fn posted() -> String {
    let dish = |count: u32| json!({"orit_mitm_ID": DISH, "orit_Count": count, "orit_Price": 375});
    let mut with = dish(1);
    with["orderItems"] = json!([dish(1)]);
    json!({"gest_Name": "11", "gest_Comment": "у окна", "orders": [{"orderItems": [dish(1), dish(2), with]}]})
        .to_string()
}

/// Posts a bill; its id.
pub(crate) fn post(base: &str) -> Outcome<String> {
    let reply: Value = serde_json::from_str(&ask("POST", &format!("{base}/post-guest"), "accept: */*", &posted())?)?;
    Ok(reply["gest_ID"].as_str().ok_or("no gest_ID")?.to_owned())
}

/// Deletes one.
pub(crate) fn delete(base: &str, id: &str) -> Outcome<()> {
    ask("DELETE", &format!("{base}/delete-guest?id={id}"), "accept: */*", "").map(drop)
}
