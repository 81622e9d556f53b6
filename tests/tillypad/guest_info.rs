//! `get-guest-info`: by which dates a bill is found, and who its guest is.

use serde_json::json;

use super::{get, post_guest::short, printed, store};
use crate::support::Bench;

#[proves("TP-168", "TP-172", "P8")]
#[tokio::test]
async fn a_bill_is_found_by_its_whole_name_and_by_the_dates_of_its_day_and_its_opening() {
    let bench = Bench::start().await;
    // The trading day's date, as printed, and the date on which they were opened.
    for date in ["2020-09-16", "2019-06-07"] {
        let got = get(&bench, &format!("/get-guest-info?name=010&date={date}")).await;
        assert_eq!(got, printed("get-guest-info/printed"));
    }
    assert_eq!(get(&bench, "/get-guest-info?name=010&date=2019-06-08").await, json!([]));
    assert_eq!(get(&bench, "/get-guest-info?name=01&date=2019-06-07").await, json!([]));
}

#[proves("TP-173", "P5")]
#[tokio::test]
async fn a_guest_who_is_no_regular_client_is_told_by_the_bill() {
    let bench = Bench::start().await;
    let mut bill = short("010");
    bill["gest_ClientName"] = json!("Евгения");
    bill["gest_ClientPhone"] = json!("999999999");
    let id = store(&bench, &bill).await;
    let got = get(&bench, "/get-guest-info?name=010&date=2026-11-21").await;
    assert_eq!(got[0]["ID"], id);
    assert_eq!(got[0]["Client"], json!({ "ID": null, "Name": "Евгения", "Phone": "999999999" }));
    assert_eq!(got[0]["State"], json!({ "ID": 0, "Name": "Черновик" }));
}
