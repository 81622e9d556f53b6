//! Clocks: real, frozen, scaled, advanced.

use reqwest::Method;
use serde_json::{Value, json};
use stend_core::Timestamp;

use super::worlds::error;
use crate::support::{Bench, NOON, eventually};

async fn now(bench: &Bench) -> Timestamp {
    bench.steer(Method::GET, "/worlds/default/clock", Value::Null).await.json()["now"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_frozen_clock_stands_and_advances_by_and_to() {
    let bench = Bench::start().await;
    let noon: Timestamp = NOON.parse().unwrap();
    assert_eq!(now(&bench).await, noon);
    assert_eq!(now(&bench).await, noon);
    let moved = bench.advance("1h30m").await;
    assert_eq!(moved["now"], "2026-11-21T10:30:00Z");
    let to = json!({"to": "2026-11-21T14:00:00+03:00"});
    let moved = bench.steer(Method::POST, "/worlds/default/clock/advance", to.clone()).await;
    assert_eq!(moved.json()["now"], "2026-11-21T11:00:00Z");
    assert_eq!(
        bench.steer(Method::POST, "/worlds/default/clock/advance", to).await.status,
        200,
        "no time at all is some"
    );
}

#[tokio::test]
async fn advancing_fires_what_falls_due_in_order_each_at_its_moment() {
    let bench = Bench::start().await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.advance("1m").await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    bench.act("carbis.seat_guests", json!({"parties": 1, "over": "0s", "stay": "2m"})).await;
    let done = bench.advance("20m").await;
    let fired = done["fired"].as_array().unwrap();
    let moments: Vec<&str> = fired.iter().map(|fired| fired["at"].as_str().unwrap()).collect();
    assert!(moments.is_sorted(), "{moments:?}");
    assert!(moments.contains(&"2026-11-21T09:05:00Z") && moments.contains(&"2026-11-21T09:06:00Z"), "{moments:?}");
    assert_eq!(done["count"], fired.len());
}

#[tokio::test]
async fn a_scaled_clock_runs_and_what_falls_due_happens_by_itself() {
    let bench = Bench::start().await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let set =
        bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "scaled", "scale": 3600, "now": NOON})).await;
    assert_eq!(set.status, 200, "{}", set.text);
    // 5 minutes at 3600 are 83 ms.
    let gone = async || bench.state().await["carbis"]["events"].is_null().then_some(());
    eventually("the event has not left the feed", gone).await;
}

#[tokio::test]
async fn a_real_clock_follows_the_wall_clock_and_can_be_set() {
    let bench = Bench::start().await;
    bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "real", "now": "2030-01-01T00:00:00Z"})).await;
    let first = now(&bench).await;
    let later = async || Some(now(&bench).await).filter(|now| *now > first);
    let second = eventually("the clock stands", later).await;
    assert!(first.to_string().starts_with("2030-01-01T00:00:0"), "{first} {second}");
}

/// After a jump a real clock goes on from where it is; `now` puts it back to the wall clock.
#[tokio::test]
async fn a_clock_that_has_jumped_goes_on_from_there_until_it_is_put_back() {
    let bench = Bench::start().await;
    bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "frozen", "now": "2031-01-01T00:00:00Z"})).await;
    bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "real"})).await;
    assert!(now(&bench).await.to_string().starts_with("2031-01-01T00:0"));
    let put = bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "real", "now": "now"})).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let away = now(&bench).await.duration_since(stend_core::clock::wall()).abs();
    assert!(away.as_secs() < 60, "{away:?}");
}

#[tokio::test]
async fn things_fall_due_in_any_year() {
    let bench = Bench::start().await;
    for year in ["0001", "1600", "2263", "9998"] {
        let clock = json!({"mode": "frozen", "now": format!("{year}-06-01T00:00:00Z")});
        let made = bench.steer(Method::POST, "/worlds", json!({"id": format!("y{year}"), "clock": clock})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        bench.act_in(&format!("y{year}"), "carbis.call_waiter", json!({"table": 1000028})).await;
        let path = format!("/worlds/y{year}/clock/advance");
        let done = bench.steer(Method::POST, &path, json!({"by": "5m1s"})).await.json();
        assert_eq!(done["count"], 1, "the event leaves the feed in {year}: {done}");
    }
}

#[tokio::test]
async fn a_time_alone_leaves_the_mode_as_it_is() {
    let bench = Bench::start().await;
    let set = bench.steer(Method::PUT, "/worlds/default/clock", json!({"now": "2030-01-01T00:00:00Z"})).await;
    assert_eq!(set.json(), json!({"mode": "frozen", "now": "2030-01-01T00:00:00Z"}));
    bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "scaled", "scale": 60})).await;
    let set = bench.steer(Method::PUT, "/worlds/default/clock", json!({"now": "2030-01-01T00:00:00Z"})).await.json();
    assert_eq!((&set["mode"], &set["scale"]), (&json!("scaled"), &json!(60.0)));
}

#[tokio::test]
async fn wrong_settings_change_nothing() {
    let bench = Bench::start().await;
    for (method, path, body, part) in [
        (Method::PUT, "/worlds/default/clock", json!({"mode": "slow"}), "unknown name `slow`"),
        (Method::PUT, "/worlds/default/clock", json!({"mode": "scaled"}), "needs a `scale`"),
        (Method::PUT, "/worlds/default/clock", json!({"mode": "real", "scale": 2}), "goes with the mode"),
        (Method::PUT, "/worlds/default/clock", json!({"mode": "frozen", "now": "noon"}), "now"),
        (Method::POST, "/worlds/default/clock/advance", json!({}), "how far"),
        (Method::POST, "/worlds/default/clock/advance", json!({"by": "5m", "to": NOON}), "how far"),
        (Method::POST, "/worlds/default/clock/advance", json!({"by": "-5m"}), "negative"),
        (Method::POST, "/worlds/default/clock/advance", json!({"by": "soon"}), "invalid duration `soon`"),
        (Method::POST, "/worlds/default/clock/advance", json!({"by": "90000000h"}), "9999-12-30"),
        (Method::POST, "/worlds/default/clock/advance", json!({"by": "5м"}), "Latin ones: `5m`"),
        (Method::PUT, "/worlds/default/clock", json!({}), "an empty setting"),
        (
            Method::PUT,
            "/worlds/default/clock",
            json!({"mode": "frozen", "now": "-000001-01-01T00:00:00Z"}),
            "years go from 1",
        ),
        (Method::POST, "/worlds", json!({"clock": "-000001-01-01T00:00:00Z"}), "years go from 1"),
        (Method::POST, "/worlds/default/clock/advance", json!({"to": "2020-01-01T00:00:00Z"}), "has passed"),
    ] {
        let answer = bench.steer(method, path, body.clone()).await;
        let (status, _, message) = error(&answer);
        assert_eq!(status, 422, "{body}: {message}");
        assert!(message.contains(part), "{body}: {part} is not in {message}");
    }
    assert_eq!(now(&bench).await, NOON.parse::<Timestamp>().unwrap());
}
