//! What is let pass with a warning in the journal, and refused in a strict world.

use reqwest::Method;
use serde_json::{Value, json};

use super::{INTERNET, ask, get, guest, post, post_guest::short, store};
use crate::support::Bench;
use stend::Config;

const OTHER: &str = "11111111-2222-4333-8444-555555555555";

/// What the journal warns about the newest request of the operation.
async fn warnings(bench: &Bench, operation: &str) -> Vec<String> {
    let path = format!("/worlds/default/journal?fake=tillypad&operation={operation}");
    let journal = bench.steer(Method::GET, &path, Value::Null).await.json();
    let last = journal["entries"].as_array().and_then(|entries| entries.last().cloned()).expect("an entry");
    serde_json::from_value(last.get("remarks").cloned().unwrap_or_else(|| json!([]))).expect("texts")
}

#[proves("TP-012", "TP-253")]
#[tokio::test]
async fn what_is_read_otherwise_than_it_is_written_is_remarked_on() {
    let bench = Bench::start().await;
    let strict = Bench::with(Config { strict: true, ..Config::default() }).await;
    let with = |change: fn(&mut Value)| {
        let mut bill = short("странный");
        change(&mut bill);
        bill
    };
    let cases = [
        (with(|bill| bill["gest_DateOpen"] = json!("2026-11-21T15:00:00+05:00")), "gest_DateOpen: times have no zone"),
        (with(|bill| bill["orders"][0]["ordr_Date"] = json!("2026-11-21T15:00:00Z")), "ordr_Date: times have no zone"),
        (with(|bill| bill["discountSum"] = json!([{ "sum": "10" }])), "discountSum.sum: a number without quotes"),
        (with(|bill| bill["orders"] = bill["orders"][0].clone()), "orders is a list"),
        (
            with(|bill| bill["guestDeliveries"] = json!([{ "gsdlv_dlvrmt_ID": 2 }])),
            "guestDeliveries is an object; the only one of a list",
        ),
        (with(|bill| bill["orders"][0]["ordr_gest_ID"] = json!(OTHER)), "ordr_gest_ID is the server's own"),
        (with(|bill| bill["orders"][0]["ordr_arch_ID"] = json!(OTHER)), "ordr_arch_ID is the server's own"),
        (
            with(|bill| bill["orders"][0]["orderItems"][0]["orit_master_ID"] = json!(OTHER)),
            "orit_master_ID is the server's own",
        ),
    ];
    for (bill, part) in &cases {
        store(&bench, bill).await;
        let described = warnings(&bench, "post-guest").await;
        assert!(described.len() == 1 && described[0].contains(part), "`{part}` is not in {described:?}");
        let refused = post(&strict, "/post-guest", bill).await;
        assert!(refused.status == 400 && refused.text.contains(part), "{}", refused.text);
    }
    // The wall time is kept as it is written.
    let zoned = store(&bench, &cases[0].0).await;
    assert_eq!(guest(&bench, &zoned).await["gest_DateOpen"], "2026-11-21T15:00:00");
}

#[tokio::test]
async fn links_that_say_what_the_server_says_are_no_slip() {
    let strict = Bench::with(Config { strict: true, ..Config::default() }).await;
    let mut bill = short("со связями");
    bill["gest_ID"] = json!(OTHER);
    bill["orders"][0]["ordr_gest_ID"] = json!(OTHER);
    store(&strict, &bill).await;
    // A draft goes back as it came.
    let mut draft = short("черновик");
    draft["discountSum"] = json!([{ "sum": 15 }]);
    let draft = post(&strict, "/calc-discount", &draft).await.json();
    let stored = guest(&strict, &store(&strict, &draft).await).await;
    assert_eq!(
        (&stored["appliedDiscountSum"], stored["notes"].as_array().map(Vec::len)),
        (&draft["appliedDiscountSum"], Some(2))
    );
    assert_eq!(stored["orders"][0]["orderItems"][0]["orit_Price"], 300);
}

#[proves("TP-253")]
#[tokio::test]
async fn queries_that_say_a_thing_twice_or_in_no_utf_8_are_remarked_on() {
    let bench = Bench::start().await;
    let strict = Bench::with(Config { strict: true, ..Config::default() }).await;
    let id = store(&bench, &short("дважды")).await;
    for (operation, target, part) in [
        ("get-guest", format!("/get-guest?guest-id={id}&guest-id={OTHER}"), "`guest-id` is given again"),
        ("get-guest-info", "/get-guest-info?name=%CE%F0&date=2026-11-21".into(), "`name` is not UTF-8"),
        (
            "get-closed-guests-id",
            "/get-closed-guests-id?from=2026-11-21T00:00:00Z&to=2026-11-22".into(),
            "from: times have no zone",
        ),
    ] {
        get(&bench, &target).await;
        let described = warnings(&bench, operation).await;
        assert!(described.len() == 1 && described[0].contains(part), "`{part}` is not in {described:?}");
        assert_eq!(ask(&strict, Method::GET, &target, None).await.status, 400);
    }
}

#[tokio::test]
async fn an_empty_type_of_a_sum_is_none() {
    let bench = Bench::start().await;
    let id = store(&bench, &short("пустой тип")).await;
    let body = json!({
        "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": 305 }, "DiscountSum": [{ "type_ID": "", "sum": 10 }],
    });
    let paid = post(&bench, "/pay-guest", &body).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    assert_eq!(paid.json()["AppliedDiscountSums"][0]["sum"], 10);
}
