//! A ticket's day: its number, its registration as printed and the list of today go by one moment (Q23).

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use crate::support::Bench;

/// A bench with a hall in this zone, its clock standing at this moment.
async fn bench(zone: &str, now: &str) -> Bench {
    let bench = Bench::start().await;
    set_clock(&bench, now).await;
    let mut world = bench.state().await;
    world["queue"]["settings"]["time_zone"] = json!(zone);
    let answer = bench.steer(Method::PUT, "/worlds/default/state", world).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    bench
}

async fn set_clock(bench: &Bench, now: &str) {
    let answer = bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "frozen", "now": now})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Ticket and registration of a new one.
async fn take(terminal: &mut Client) -> (String, String) {
    let taken = terminal.data("newConsumer", json!({"services": [4]})).await;
    let text = |key: &str| taken[key].as_str().expect("a text").to_owned();
    (text("ticket"), text("registration"))
}

/// The tickets of today.
fn tickets(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| one["ticket"].as_str().expect("a ticket")).collect()
}

#[proves("Q23", "QU-137")]
#[tokio::test]
async fn a_ticket_just_before_midnight_is_of_the_day_that_it_prints() {
    for (zone, date, next, time) in [
        ("UTC", "2026-11-21", "2026-11-22", "23:59:59"),
        ("Europe/Moscow", "2026-11-21", "2026-11-21", "20:59:59"),
        ("Asia/Kathmandu", "2026-11-21", "2026-11-21", "18:14:59"),
    ] {
        let bench = bench(zone, &format!("{date}T{time}.400Z")).await;
        let mut terminal = Client::terminal(&bench).await;
        assert_eq!(take(&mut terminal).await, ("Г001".into(), format!("{date}T{time}.000Z")), "{zone}");
        bench.advance("100ms").await;
        let midnight = match zone {
            "UTC" => format!("{next}T00:00:00.000Z"),
            "Europe/Moscow" => format!("{next}T21:00:00.000Z"),
            _ => format!("{next}T18:15:00.000Z"),
        };
        assert_eq!(take(&mut terminal).await, ("Г001".into(), midnight.clone()), "{zone}: printed as of the next day");
        let today = terminal.data("consumerList", json!({})).await;
        assert_eq!((tickets(&today), &today[0]["registration"]), (vec!["Г001"], &json!(midnight)));
        bench.advance("500ms").await;
        assert_eq!(terminal.data("consumerList", json!({})).await, today, "{zone}: it is today's at midnight too");
        assert_eq!(take(&mut terminal).await.0, "Г002");
        bench.advance("24h").await;
        let mut terminal = Client::terminal(&bench).await;
        assert_eq!(terminal.data("consumerList", json!({})).await, json!([]));
        assert_eq!(terminal.data("statistics", json!({})).await.as_array().map(Vec::len), Some(3));
    }
}

#[proves("Q23")]
#[tokio::test]
async fn a_clock_that_is_set_sets_the_day() {
    let bench = bench("Europe/Moscow", "2026-11-21T09:00:00Z").await;
    let mut terminal = Client::terminal(&bench).await;
    assert_eq!(take(&mut terminal).await.0, "Г001");
    assert_eq!(take(&mut terminal).await.0, "Г002");
    let mut board = Client::connect(&bench).await;
    board.login(json!({"component": "qboard", "login": "qboard"})).await;
    board.data("subscribeConsumers", json!({})).await;
    set_clock(&bench, "2026-11-23T09:00:00Z").await;
    assert_eq!(board.push().await["data"], json!([]));
    let mut terminal = Client::terminal(&bench).await;
    assert_eq!(take(&mut terminal).await, ("Г001".into(), "2026-11-23T09:00:00.000Z".into()));
    assert_eq!(tickets(&board.push().await["data"]), ["Г001"]);
    // Back, today's tickets are those of that day, and numbers go on after theirs.
    set_clock(&bench, "2026-11-21T20:00:00Z").await;
    let push = board.push().await;
    assert_eq!(tickets(&push["data"]), ["Г001", "Г002"]);
    assert_eq!(push["data"][0]["registration"], "2026-11-21T09:00:00.000Z");
    assert_eq!(push["dateTime"], "2026-11-21T20:00:00.000Z");
    assert_eq!(take(&mut terminal).await, ("Г003".into(), "2026-11-21T20:00:00.000Z".into()));
    let queue = terminal.data("currentQueue", json!({"workplace": 11})).await;
    assert_eq!(tickets(&queue), ["Г001", "Г002", "Г003"], "who waits waits again");
    // A day before anything: none, and numbers begin.
    set_clock(&bench, "2026-11-19T09:00:00Z").await;
    assert_eq!(terminal.data("consumerList", json!({})).await, json!([]));
    assert_eq!(take(&mut terminal).await.0, "Г001");
    set_clock(&bench, "2026-11-21T20:30:00Z").await;
    let mut terminal = Client::terminal(&bench).await;
    assert_eq!(tickets(&terminal.data("consumerList", json!({})).await), Vec::<&str>::new());
}
