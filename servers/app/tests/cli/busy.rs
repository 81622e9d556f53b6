//! The busy world as `make run` serves it: a demo that goes on whatever a visitor does.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Serving, curl, eventually};

/// Some numbers that only grow, one for each service.
fn happened(serving: &Serving) -> [u64; 4] {
    let state: Value =
        serde_json::from_str(&curl(&[&format!("{}/control/v1/worlds/default/state", serving.url("control"))])).unwrap();
    let calls = state["carbis"]["totals"]["events"]["waiter_call"].as_u64();
    let bills = state["tillypad"]["guests"].as_array().map(|bills| bills.len() as u64);
    let tickets = state["queue"]["next"]["consumers"].as_u64();
    let receipts = state["telemetron"]["next"]["receipt"].as_u64();
    [calls, bills, tickets, receipts].map(|count| count.unwrap_or_else(|| panic!("{state}")))
}

/// A visitor does one thing, drawn by number: looks at something, or takes part. Answers may be refusals.
fn visit(serving: &Serving, n: usize) {
    let actions = [
        json!({"carbis.pay_online": {"table": 1000041}}),
        json!({"carbis.close_order": {"table": 1000028}}),
        json!({"carbis.order": {"table": 1000041, "dishes": [{"id": 1000041}]}}),
        json!({"carbis.seat_guests": {"parties": 5, "over": "1s"}}),
        json!({"queue.visitors": {"count": 4, "over": "30s"}}),
        json!({"queue.clerk_leaves": {"workplace": 12}}),
        json!({"queue.cancel_ticket": {"consumer": n}}),
        json!({"telemetron.sell": {"machine": 131, "layout": "A1"}}),
        json!({"telemetron.collect": {"machine": 123}}),
        json!({"telemetron.modem_online": {"machine": 131}}),
        json!({"telemetron.modem_offline": {"machine": 123}}),
        json!({"telemetron.modem_online": {"machine": 123}}),
        json!({"telemetron.fail": {"machine": 127, "code": "D54"}}),
        json!({"telemetron.recover": {"machine": 127}}),
        json!({"tillypad.close_day": {"division": "8051B912-B90C-1045-9AA9-05A049551B57"}}),
        json!({"tillypad.open_day": {"division": "8051B912-B90C-1045-9AA9-05A049551B57"}}),
    ];
    let control = format!("{}/control/v1/worlds/default", serving.url("control"));
    match n % 4 {
        0 => drop(curl(&["-H", "token: demo-token", &format!("{}/api/v4/events?hash=none", serving.url("carbis"))])),
        1 => drop(curl(&[&format!("{}/get-menu", serving.url("tillypad"))])),
        2 => drop(curl(&[&format!("{control}/journal?limit=5")])),
        _ => drop(curl(&[&format!("{control}/actions"), "-d", &actions[n / 4 % actions.len()].to_string()])),
    }
}

/// Lets a visitor act until something has happened on all four services since `before`.
fn until_all_have_moved(serving: &mut Serving, before: [u64; 4], draws: &mut u64) -> [u64; 4] {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        for _ in 0..10 {
            // Knuth's generator of 64 bits: any sequence will do, as long as it is the same in every run.
            *draws = draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            visit(serving, (*draws >> 33) as usize);
        }
        assert!(serving.child.try_wait().unwrap().is_none(), "it has ended");
        let now = happened(serving);
        if now.iter().zip(before).all(|(now, before)| *now > before) {
            return now;
        }
        assert!(Instant::now() < until, "nothing more happens: {before:?}, then {now:?}");
    }
}

#[test]
fn the_busy_town_goes_on_in_place_whatever_a_visitor_does() {
    // A round of five minutes takes half a second.
    let mut serving = Serving::start(&["--scenario", "scenarios/busy-town.yaml", "--speed", "600", "--loop"]);
    let control = format!("{}/control/v1/worlds/default", serving.url("control"));
    let generation = || -> Value { serde_json::from_str::<Value>(&curl(&[&control])).unwrap()["generation"].take() };
    let (mut draws, mut count) = (1, happened(&serving));
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        count = until_all_have_moved(&mut serving, count, &mut draws);
    }
    assert_eq!(generation(), 1, "nothing was reset");
    // A visitor who resets the world, or puts another state of it there, does not end the play either.
    curl(&["-X", "POST", &format!("{control}/reset")]);
    let fresh = happened(&serving);
    until_all_have_moved(&mut serving, fresh, &mut draws);
    assert_eq!(generation(), 2, "only the visitor has reset it");
}

fn scenario_of(serving: &Serving) -> Value {
    let url = format!("{}/control/v1/worlds/default/scenario?steps=true", serving.url("control"));
    serde_json::from_str(&curl(&[&url])).unwrap()
}

/// What `serve` plays is seen and steered like a play that came by the control API, which takes its place.
#[test]
fn a_loop_is_shown_paused_and_replaced_over_the_control_api() {
    let serving = Serving::start(&["--scenario", "scenarios/busy-town.yaml", "--speed", "600", "--loop"]);
    let scenario = format!("{}/control/v1/worlds/default/scenario", serving.url("control"));
    let at = |n: u64| {
        eventually("it does not go on", || {
            Some(scenario_of(&serving)).filter(|shown| shown["round"].as_u64() >= Some(n))
        })
    };
    let shown = at(1);
    assert_eq!(
        (&shown["state"], &shown["title"], &shown["speed"]),
        (&json!("playing"), &json!("Busy town"), &json!(600.0))
    );
    assert_eq!(shown["of"], "30m");
    let plan = shown["plan"].as_array().unwrap().len();
    assert!(plan > 10, "{shown}");
    curl(&["-X", "PUT", &scenario, "-d", r#"{"speed": "paused"}"#]);
    let paused = scenario_of(&serving);
    assert_eq!(paused["speed"], "paused");
    let clock: Value = serde_json::from_str(&curl(&[&scenario.replace("/scenario", "/clock")])).unwrap();
    assert_eq!(clock["mode"], "frozen");
    // The speed of one round is that of the next; each begins with its own first step.
    curl(&["-X", "PUT", &scenario, "-d", r#"{"speed": 6000}"#]);
    let later = at(paused["round"].as_u64().unwrap() + 2);
    assert_eq!((&later["state"], &later["speed"]), (&json!("playing"), &json!(6000.0)));
    assert!(later["done"].as_u64() < Some(400), "the steps of this round: {}", later["done"]);
    // Another scenario takes its place and keeps it.
    let other = "stend: 1\ntitle: mine\nworld: documented\nuntil: 1s\ntimeline: []\n";
    let begun = curl(&[&format!("{scenario}?speed=max"), "--data-binary", other]);
    assert_eq!(begun.trim_end(), r#"{"state":"playing"}"#);
    let ended =
        eventually("mine has not ended", || Some(scenario_of(&serving)).filter(|shown| shown["state"] != "playing"));
    assert_eq!((&ended["state"], &ended["title"], &ended["round"]), (&json!("passed"), &json!("mine"), &Value::Null));
    let world: Value = serde_json::from_str(&curl(&[&scenario.replace("/scenario", "")])).unwrap();
    assert_eq!(world["generation"], 2, "only mine has reset it");
    let url = scenario.replace("/scenario", "/state");
    let before = curl(&[&url]);
    assert_eq!(curl(&[&url]), before, "nothing goes on in its world");
}

#[test]
fn a_loop_can_be_stopped() {
    let serving = Serving::start(&["--scenario", "scenarios/busy-town.yaml", "--speed", "600", "--loop"]);
    let scenario = format!("{}/control/v1/worlds/default/scenario", serving.url("control"));
    eventually("it has not begun", || (scenario_of(&serving)["state"] == "playing").then_some(()));
    curl(&["-X", "DELETE", &scenario]);
    eventually("it has not stopped", || (scenario_of(&serving)["state"] == "stopped").then_some(()));
}

/// A visitor who closes the café's trading day ends no round's bills for good: its manager opens another.
#[test]
fn w_bills_come_again_after_a_visitor_has_closed_the_day() {
    let serving = Serving::start(&["--scenario", "scenarios/busy-town.yaml", "--speed", "600", "--loop"]);
    let control = format!("{}/control/v1/worlds/default", serving.url("control"));
    let close = json!({"tillypad.close_day": {"division": "8051B912-B90C-1045-9AA9-05A049551B57"}});
    let closed = curl(&[&format!("{control}/actions"), "-d", &close.to_string()]);
    assert!(closed.contains("arch_ID"), "{closed}");
    let before = happened(&serving)[1];
    eventually("no more bills come", || (happened(&serving)[1] > before).then_some(()));
}

#[test]
fn a_built_in_world_is_served_by_its_name() {
    let serving = Serving::start(&["--world", "busy", "--clock", "2026-11-26T15:20:00+03:00"]);
    let control = format!("{}/control/v1/worlds/default", serving.url("control"));
    let world: Value = serde_json::from_str(&curl(&[&format!("{control}/state")])).unwrap();
    assert_eq!(world["title"], "Busy town");
    let feed = curl(&["-H", "token: demo-token", &format!("{}/api/v4/events?hash=none", serving.url("carbis"))]);
    assert!(feed.contains("waiter_call"), "{feed}");
}
