//! The busy world (rulings W1–W4): what a developer of a user interface finds in it, on any day.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use stend_core::Source;
use stend_scenario::{Silent, Speed, load, play_in_place};

use crate::support::{Answer, Bench, root};

/// An ordinary afternoon in Moscow.
const AFTERNOON: &str = "2026-11-26T15:20:00+03:00";

/// A busy world that stands at `now`; returns the prefix of its URLs.
async fn busy(bench: &Bench, id: &str, now: &str) -> String {
    let new = json!({ "id": id, "world": "busy", "clock": { "mode": "frozen", "now": now } });
    let made = bench.steer(Method::POST, "/worlds", new).await;
    assert!(made.status.is_success(), "{now}: {}", made.text);
    format!("/w/{id}")
}

/// A busy world as a file.
async fn state(bench: &Bench, id: &str) -> Value {
    let answer = bench.steer(Method::GET, &format!("/worlds/{id}/state"), Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn get(bench: &Bench, service: &str, path: &str, header: (&str, &str)) -> Answer {
    let answer = bench.send(bench.client.get(format!("{}{path}", bench.url(service))).header(header.0, header.1)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer
}

fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("a list is expected: {value}"))
}

/// The times in a world, with the keys under which they stand.
fn times(value: &Value, path: &str, found: &mut Vec<(String, Timestamp)>) {
    match value {
        Value::String(text) => {
            let civil = || text.parse::<jiff::civil::DateTime>().ok()?.in_tz("Europe/Moscow").ok();
            let is_time = text.len() >= 19 && text.as_bytes()[10] == b'T';
            let time = text.parse().ok().or_else(|| civil().map(|zoned| zoned.timestamp())).filter(|_| is_time);
            found.extend(time.map(|time| (path.to_owned(), time)));
        }
        Value::Array(items) => items.iter().for_each(|item| times(item, path, found)),
        Value::Object(map) => map.iter().for_each(|(key, value)| times(value, &format!("{path}.{key}"), found)),
        _ => {}
    }
}

/// It can begin at any time, also a moment before and after midnight, at the end of a month and of a year; and all that it
/// tells of lies near its beginning.
#[proves("carbis W1", "tillypad W1", "queue W1", "telemetron W1")]
#[tokio::test]
async fn w1_its_past_is_laid_relative_to_the_clock_it_starts_with() {
    let bench = Bench::start().await;
    let starts = [
        AFTERNOON,
        "2026-11-26T00:00:00+03:00",
        "2026-11-26T23:59:59+03:00",
        "2024-02-29T04:30:00+03:00",
        "2030-12-31T22:15:00+03:00",
    ];
    for (n, start) in starts.into_iter().enumerate() {
        let id = format!("town{n}");
        busy(&bench, &id, start).await;
        let start: Timestamp = start.parse().unwrap();
        let world = state(&bench, &id).await;
        for service in ["carbis", "tillypad", "queue", "telemetron"] {
            let mut found = Vec::new();
            times(&world[service], service, &mut found);
            found.retain(|(_, time)| *time != Timestamp::UNIX_EPOCH);
            let far = found.iter().find(|(_, time)| {
                let away = time.duration_since(start);
                away < SignedDuration::from_hours(-24 * 401) || away > SignedDuration::from_hours(24)
            });
            assert_eq!(far, None, "{service} at {start}");
            let day = SignedDuration::from_hours(24);
            let recent = found.iter().filter(|(_, time)| start.duration_since(*time).abs() < day).count();
            assert!(recent >= 5, "{service} at {start}: {recent} times of the last day");
        }
        // It is a world file like any other, and goes on by itself.
        let put = bench.steer(Method::PUT, &format!("/worlds/{id}/state"), world).await;
        assert_eq!(put.status, 200, "{start}: {}", put.text);
        let on = bench.steer(Method::POST, &format!("/worlds/{id}/clock/advance"), json!({ "by": "30h" })).await;
        assert_eq!(on.status, 200, "{start}: {}", on.text);
        assert_eq!(bench.steer(Method::POST, &format!("/worlds/{id}/reset"), Value::Null).await.status, 200);
        assert_eq!(bench.steer(Method::DELETE, &format!("/worlds/{id}"), Value::Null).await.status, 204);
    }
}

/// Rows of a service's section under a key that may be left out.
fn count(section: &Value, key: &str) -> usize {
    section[key].as_array().map_or(0, Vec::len)
}

/// The demo is played every other day for two months: no step fails, what it leaves does not pile up, and every machine's cash is
/// collected.
#[proves("carbis W1", "tillypad W1", "queue W1", "telemetron W1", "telemetron W4")]
#[tokio::test]
async fn w1_the_town_runs_for_months_in_bounded_memory() {
    let bench = Bench::start().await;
    busy(&bench, "town", AFTERNOON).await;
    let (world, reach) = bench.world("town");
    let folder = root().join("scenarios");
    let text = std::fs::read_to_string(folder.join("busy-town.yaml")).unwrap();
    let (source, library) = (Source::new("busy-town.yaml", text), stend::library());
    let scenario = load(source, Some(&folder), &library, &stend::registry::services());
    let scenario = scenario.unwrap_or_else(|wrong| panic!("{}", wrong[0]));
    let mut sizes = Vec::new();
    for day in (2..=60).step_by(2) {
        let played = play_in_place(&scenario, &world, &reach, Speed::Max, None, &Silent).await;
        let report = played.unwrap_or_else(|problem| panic!("day {day}: {problem}"));
        let failed = report.steps.iter().find(|step| step.failure.is_some());
        assert!(failed.is_none(), "day {day}: {failed:?}");
        let on = json!({ "by": "2850m" });
        let on = bench.steer(Method::POST, "/worlds/town/clock/advance", on).await;
        assert_eq!(on.status, 200, "day {day}: {}", on.text);
        if day % 20 == 0 {
            let saved = state(&bench, "town").await;
            sizes.push(["carbis", "tillypad", "queue", "telemetron"].map(|service| saved[service].to_string().len()));
        }
    }
    let [_, before, after] = sizes[..] else { panic!("{sizes:?}") };
    for (service, (before, after)) in before.into_iter().zip(after).enumerate() {
        assert!(after < before + before / 5, "service {service} grows from {before} to {after} bytes in twenty days");
    }
    let saved = state(&bench, "town").await;
    let (tillypad, queue, telemetron) = (&saved["tillypad"], &saved["queue"], &saved["telemetron"]);
    assert!(count(tillypad, "guests") < 900, "{} bills", count(tillypad, "guests"));
    assert!(count(tillypad, "days") < 250, "{} trading days", count(tillypad, "days"));
    assert!(count(queue, "consumers") + count(queue, "archive") < 200, "tickets of three days are kept");
    let now = world.now();
    for machine in rows(&telemetron["machines"]) {
        let id = &machine["id"];
        let of_it = |row: &&Value| row["vm_id"] == *id;
        let known = rows(&telemetron["collections"]).iter().filter(of_it).map(|row| &row["time"]);
        let waiting = machine["waiting"].as_array().into_iter().flatten().map(|message| &message["collection"]);
        let waiting = waiting.filter(|one| one.is_object()).map(|one| &one["time"]);
        let times = known.chain(waiting).map(|time| time.as_str().unwrap().parse::<Timestamp>().unwrap());
        let last = times.max().unwrap_or_else(|| panic!("machine {id} was never collected"));
        assert!(now.duration_since(last) < SignedDuration::from_hours(30), "machine {id} was collected last at {last}");
        let oldest = machine["sales"].as_array().and_then(|sales| sales.first());
        // Sales are forgotten by the block.
        let oldest = oldest.map(|sale| sale["at"].as_str().unwrap().parse::<Timestamp>().unwrap());
        let busy = ["123", "124", "125", "127"].contains(&id.to_string().as_str());
        assert!(!busy || oldest.is_some_and(|at| now.duration_since(at) < SignedDuration::from_hours(24 * 45)), "{id}");
    }
}

#[proves("carbis W1")]
#[tokio::test]
async fn w1_the_same_seed_and_clock_make_the_same_town() {
    let bench = Bench::start().await;
    busy(&bench, "one", AFTERNOON).await;
    busy(&bench, "two", AFTERNOON).await;
    assert_eq!(state(&bench, "one").await, state(&bench, "two").await);
}

#[proves("carbis W2")]
#[tokio::test]
async fn w2_a_restaurant_of_twenty_tables_is_at_lunch() {
    let bench = Bench::start().await;
    let prefix = busy(&bench, "town", AFTERNOON).await;
    let carbis = state(&bench, "town").await["carbis"].clone();
    assert_eq!(rows(&carbis["tables"]).len(), 20);
    assert_eq!(rows(&carbis["dishes"]).len(), 40);
    assert!(rows(&carbis["dishes"]).iter().filter(|dish| dish["modifiers"].is_array()).count() >= 10);
    assert_eq!(rows(&carbis["waiters"]).len(), 5);
    let orders = rows(&carbis["orders"]);
    assert!(orders.len() >= 5, "{} open orders", orders.len());
    let served: std::collections::BTreeSet<i64> = orders.iter().filter_map(|order| order["waiter"].as_i64()).collect();
    assert!(served.len() >= 3, "all waiters but {served:?} are idle");
    // The feed has what happened in the last five minutes, under the documented token.
    let feed = get(&bench, "carbis", &format!("{prefix}/api/v4/events?hash=none"), ("token", "demo-token")).await;
    assert!(rows(&feed.json()["data"]["updates"]).len() >= 2, "{}", feed.text);
}

#[proves("tillypad W2")]
#[tokio::test]
async fn w2_its_pos_has_a_menu_clients_and_bills_in_every_state() {
    let bench = Bench::start().await;
    let prefix = busy(&bench, "town", AFTERNOON).await;
    let tillypad = state(&bench, "town").await["tillypad"].clone();
    let menu = get(&bench, "tillypad", &format!("{prefix}/get-menu"), ("accept", "application/json")).await.json();
    let groups = rows(&menu["MenuGroups"]);
    assert!(groups.len() >= 8 && groups.iter().all(|group| group["MenuGroupNotes"].is_array()), "{menu}");
    assert_eq!(rows(&tillypad["clients"]).len(), 200);
    assert!(rows(&tillypad["clients"]).iter().all(|client| client["phones"][0]["number"].is_string()
        && client["people"]["pepl_BirthDay"].is_string()
        && client["people"]["pepl_CardNumber"].is_string()));
    let open: Vec<&Value> = rows(&tillypad["days"]).iter().filter(|day| day["closed"].is_null()).collect();
    assert_eq!(open.len(), 3, "three divisions take orders");
    assert_eq!(rows(&tillypad["programmes"]).len(), 2);
    let bills = rows(&tillypad["guests"]);
    assert!(bills.len() >= 400, "{} bills", bills.len());
    for known in rows(&tillypad["guest_states"]) {
        assert!(bills.iter().any(|bill| bill["gest_gsst_ID"] == known["id"]), "no bill is in the state {known}");
    }
    let on_the_way: std::collections::BTreeSet<i64> =
        bills.iter().filter_map(|bill| bill["guestDeliveries"]["gsdlv_dlvrst_ID"].as_i64()).collect();
    assert!(on_the_way.len() >= 5, "deliveries are in the states {on_the_way:?}");
    // A new order finds its division's open day.
    let bill = json!({
        "gest_Name": "Окно", "gest_dvsn_ID": "8051B912-B90C-1045-9AA9-05A049551B57",
        "orders": [{ "ordr_orst_ID": 1, "orderItems": [{ "orit_mitm_ID": tillypad["menu"]["items"][0]["id"], "orit_Count": 1, "orit_Price": tillypad["menu"]["items"][0]["price"] }] }],
    });
    let posted = bench.client.post(format!("{}{prefix}/post-guest", bench.url("tillypad"))).json(&bill);
    let posted = bench.send(posted).await;
    assert_eq!(posted.status, 200, "{}", posted.text);
}

#[proves("queue W3")]
#[tokio::test]
async fn w3_a_hall_whose_day_has_begun() {
    let bench = Bench::start().await;
    busy(&bench, "town", AFTERNOON).await;
    let queue = state(&bench, "town").await["queue"].clone();
    for (list, count) in [("workplaces", 6), ("users", 8), ("services", 12), ("registrators", 2), ("service_groups", 1)]
    {
        assert_eq!(rows(&queue[list]).len(), count, "{list}");
    }
    assert_eq!(rows(&queue["q_boards"]).len() + rows(&queue["score_boards"]).len(), 3);
    let stages = |service: &Value| service["operations"].as_object().map_or(0, serde_json::Map::len);
    assert!(rows(&queue["services"]).iter().filter(|service| stages(service) > 1).count() >= 4);
    for stand in ["WAITING", "SERVING", "POSTPONE", "SERVED"] {
        let count = rows(&queue["consumers"]).iter().filter(|ticket| ticket["state"] == stand).count();
        assert!(count >= if stand == "POSTPONE" { 1 } else { 3 }, "{count} tickets are {stand}");
    }
    // The windows of the documented log-ins are free.
    for window in rows(&queue["workplaces"]).iter().filter(|window| [11, 18].map(Value::from).contains(&window["id"])) {
        assert_eq!(window["clerk_id"], -1, "{window}");
    }
}

#[proves("telemetron W4")]
#[tokio::test]
async fn w4_ten_machines_have_four_weeks_behind_them() {
    let bench = Bench::start().await;
    let prefix = busy(&bench, "town", AFTERNOON).await;
    let url = format!("{}{prefix}", bench.url("telemetron"));
    let login = json!({ "grant_type": "password", "client_id": "client-key", "client_secret": "client-secret", "username": "me@example.com", "password": "123456" });
    let token = bench.send(bench.client.post(format!("{url}/auth/")).json(&login)).await.json();
    let bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
    let ask = |path: String| {
        let bearer = bearer.clone();
        let bench = &bench;
        async move { get(bench, "telemetron", &path, ("authorization", &bearer)).await.json() }
    };
    let machines = ask(format!("{prefix}/v2/vending_machines")).await;
    let machines = rows(&machines).clone();
    assert_eq!(machines.len(), 10);
    let in_state = |state: i64| machines.iter().filter(|machine| machine["state"] == state).count();
    assert_eq!((in_state(3), in_state(2)), (2, 1), "two modems are silent, one machine has failed");
    let mut types: Vec<&Value> = machines.iter().map(|machine| &machine["type"]).collect();
    types.dedup();
    assert!(types.len() >= 3, "{types:?}");
    // A client that walks them all finds a planogram, a loading, sales and a month's figures at each.
    for machine in &machines {
        let path = format!("{prefix}/v2/vending_machines/{}", machine["id"]);
        let one = ask(path.clone()).await;
        assert!(one["planogram_id"].is_i64(), "{one}");
        let loading = ask(format!("{path}/loading")).await;
        assert!(!rows(&loading).is_empty(), "{path}: {loading}");
    }
    let telemetron = state(&bench, "town").await["telemetron"].clone();
    assert!(rows(&telemetron["collections"]).len() >= 20);
    assert!(!rows(&telemetron["receipts"]).is_empty());
    assert_eq!(rows(&telemetron["users"]).iter().filter(|user| user["roles"][0] == "operator").count(), 3);
}
