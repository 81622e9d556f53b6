//! `operate-archive`: trading days.

use reqwest::Method;
use serde_json::json;

use super::{CAFE, RESTAURANT, ask, assert_guid, assert_spring, keys, post, post_guest::short};
use crate::support::{Answer, Bench};

const PRINTED_DAY: &str = "863A1F77-B9E9-CA47-A144-F1E8492F2B02";

async fn operate(bench: &Bench, query: &str) -> Answer {
    ask(bench, Method::POST, &format!("/operate-archive?{query}"), None).await
}

#[tokio::test]
async fn the_printed_request_gets_the_printed_day() {
    let bench = Bench::start().await;
    let answer = operate(&bench, &format!("division-id={CAFE}")).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "arch_ID": PRINTED_DAY })));
}

#[proves("TP-180", "TP-181", "TP-182", "TP-183", "TP-184", "P3")]
#[tokio::test]
async fn a_day_is_opened_once_and_closed_once() {
    let bench = Bench::start().await;
    let opened = operate(&bench, &format!("division-id={RESTAURANT}")).await.json();
    assert_eq!(keys(&opened), ["arch_ID"]);
    let day = opened["arch_ID"].as_str().unwrap();
    assert_guid(day);
    assert_eq!(operate(&bench, &format!("division-id={RESTAURANT}")).await.json(), opened, "it is open already");

    let mut bill = short("день");
    bill["orders"][0]["ordr_orst_ID"] = json!(1);
    assert_eq!(post(&bench, "/post-guest", &bill).await.status, 200);

    let other = operate(&bench, &format!("division-id={CAFE}&archive-id={day}")).await;
    assert_spring(&other, "/operate-archive", "другому подразделению");
    let closed = operate(&bench, &format!("division-id={RESTAURANT}&archive-id={day}")).await;
    assert_eq!((closed.status.as_u16(), closed.text.as_str()), (200, ""));
    let again = operate(&bench, &format!("division-id={RESTAURANT}&archive-id={day}")).await;
    assert_spring(&again, "/operate-archive", "уже закрыт");
    assert_eq!(post(&bench, "/post-guest", &bill).await.json()["errorcode"], 130_228);

    let closed = operate(&bench, &format!("archive-id={PRINTED_DAY}")).await;
    assert_eq!(closed.status, 200, "a day knows its division: {}", closed.text);
    let next = operate(&bench, &format!("division-id={RESTAURANT}")).await.json();
    assert_ne!(next, opened);
}

#[proves("TP-183")]
#[tokio::test]
async fn what_is_not_there_is_named() {
    let bench = Bench::start().await;
    let nobody = "11111111-2222-3333-4444-555555555555";
    assert_spring(&operate(&bench, &format!("division-id={nobody}")).await, "/operate-archive", nobody);
    let query = format!("division-id={CAFE}&archive-id={nobody}");
    assert_spring(&operate(&bench, &query).await, "/operate-archive", nobody);
    assert_spring(&operate(&bench, "").await, "/operate-archive", "'division-id'");
    assert_spring(&operate(&bench, "division-id=7").await, "/operate-archive", "uniqueidentifier");
}

#[tokio::test]
async fn the_actions_do_the_same() {
    let bench = Bench::start().await;
    let day = bench.act("tillypad.open_day", json!({})).await;
    assert_eq!(operate(&bench, &format!("division-id={RESTAURANT}")).await.json(), day);
    assert_eq!(bench.act("tillypad.close_day", json!({})).await, day);
    let none = bench
        .steer(Method::POST, "/worlds/default/actions", json!({ "tillypad.close_day": { "division": RESTAURANT } }))
        .await;
    assert_eq!(none.status, 409, "{}", none.text);
}

#[tokio::test]
async fn a_day_is_not_closed_before_it_was_opened() {
    let bench = Bench::start().await;
    bench.act("tillypad.close_day", json!({ "division": RESTAURANT })).await;
    let day = bench.act("tillypad.open_day", json!({ "division": RESTAURANT })).await["arch_ID"].clone();
    let back = json!({ "mode": "frozen", "now": "2026-11-21T11:00:00+03:00" });
    assert!(bench.steer(Method::PUT, "/worlds/default/clock", back).await.status.is_success());
    bench.act("tillypad.close_day", json!({ "division": RESTAURANT })).await;
    let state = bench.state().await;
    let days = state["tillypad"]["days"].as_array().expect("days");
    let closed = days.iter().find(|row| row["id"] == day).expect("the day");
    assert_eq!((&closed["opened"], &closed["closed"]), (&json!("2026-11-21T12:00:00"), &json!("2026-11-21T12:00:00")));
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", state).await.status, 200);
}
