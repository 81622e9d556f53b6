//! `get-closed-guests-id`: the printed reply, and its ends.

use serde_json::{Value, json};

use super::{INTERNET, RESTAURANT, ask, assert_spring, get, post, post_guest::short, store};
use crate::support::Bench;
use reqwest::Method;

const PRINTED: &str = r#"["6F8D7E9E-E4AB-906D-0A4B-9C1FFE63E2B8","F61EFB81-DDC6-BB0D-0A4D-988354911405","59C6352E-AF9D-BB64-CB4D-3EC300DC0E61","06A40004-D1EE-AA34-2542-59933FF0CBF0","9D99F977-AD8D-9516-DB4E-308F0B5DE218","0B627124-AD6C-BFAF-DD46-CA68E546D57C","68A0305B-CB80-BB19-DB43-0662014DB535","0EE08163-1327-B507-C043-2152F41D3B54","2B27F3A2-ABEC-B9D9-A045-0A7B7EF8DDB9","44B6C52B-EC2F-A195-4240-05CEDA9040A5","4CE00136-4C23-B296-0842-5033970FBF6E","2F54C65C-9620-B3EA-7C4F-F677A99BB6D5","8B553148-B770-B112-4248-407A6B0B6AA0"]"#;

const DIVISION: &str = "7917642D-FF72-3B47-8ED8-04052BC144CB";

#[tokio::test]
async fn the_printed_reply_is_given() {
    let bench = Bench::start().await;
    let range = "from=2020-04-29T19:00:00&to=2021-01-18T19:00:00";
    let target = format!("/get-closed-guests-id?{range}&division-id={DIVISION}");
    let answer = ask(&bench, Method::GET, &target, None).await;
    assert_eq!(answer.text, PRINTED);
    // They are the only closed bills of that time, so without the division it is the same.
    assert_eq!(ask(&bench, Method::GET, &format!("/get-closed-guests-id?{range}"), None).await.text, PRINTED);
    let other = format!("/get-closed-guests-id?{range}&division-id={RESTAURANT}");
    assert_eq!(get(&bench, &other).await, json!([]));
}

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
