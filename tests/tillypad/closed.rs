//! `get-closed-guests-id`: the range, its ends, the division.

use serde_json::{Value, json};

use super::{INTERNET, RESTAURANT, ask, assert_spring, get, post, post_guest::short, printed, store};
use crate::support::Bench;
use reqwest::Method;

const DIVISION: &str = "7917642D-FF72-3B47-8ED8-04052BC144CB";

#[proves("TP-176")]
#[tokio::test]
async fn a_division_narrows_the_search() {
    let bench = Bench::start().await;
    let range = "from=2020-04-29T19:00:00&to=2021-01-18T19:00:00";
    let all = get(&bench, &format!("/get-closed-guests-id?{range}")).await;
    // They are the only closed bills of that time, so without the division it is the same.
    assert_eq!(all, printed("get-closed-guests-id/printed"));
    assert_eq!(get(&bench, &format!("/get-closed-guests-id?{range}&division-id={DIVISION}")).await, all);
    // A division that is not there has closed none, as a client that is not there has no bills.
    for other in [RESTAURANT, "11111111-2222-3333-4444-555555555555"] {
        let other = format!("/get-closed-guests-id?{range}&division-id={other}");
        assert_eq!(get(&bench, &other).await, json!([]));
    }
}

#[proves("TP-175", "TP-178", "P8")]
#[tokio::test]
async fn both_ends_belong_to_the_range_and_a_date_means_its_whole_day() {
    let bench = Bench::start().await;
    let id = store(&bench, &short("сегодня")).await;
    let payment = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": 315 } });
    assert_eq!(post(&bench, "/pay-guest", &payment).await.status, 200);
    for (from, to, found) in [
        ("2026-11-21", "2026-11-21", true),
        ("2026-11-21T12:00:00", "2026-11-21T12:00:00", true),
        ("2026-11-21T12:00:01", "2026-11-21T13:00:00", false),
        ("2026-11-20", "2026-11-21T11:59:59", false),
        ("2026-11-22", "2026-11-20", false),
    ] {
        let got = get(&bench, &format!("/get-closed-guests-id?from={from}&to={to}")).await;
        assert_eq!(got, if found { json!([id]) } else { Value::Array(Vec::new()) }, "{from} {to}");
    }
}

#[proves("TP-174")]
#[tokio::test]
async fn both_dates_are_needed() {
    let bench = Bench::start().await;
    for (query, part) in [
        ("from=2020-01-01", "'to'"),
        ("to=2020-01-01", "'from'"),
        ("from=then&to=now", "then"),
        ("from=2020-01-01&to=2020-13-01", "2020-13-01"),
    ] {
        let answer = ask(&bench, Method::GET, &format!("/get-closed-guests-id?{query}"), None).await;
        assert_spring(&answer, "/get-closed-guests-id", part);
    }
}
