//! `get-guest-info`: the printed reply.

use serde_json::{Value, json};

use super::{get, post_guest::short, store};
use crate::support::Bench;

const PRINTED: &str = r#"[ { "ID": "4A40FFD0-AFFE-8028-D04F-C814FFBE337A", "Date": "2019-06-07T17:23:49", "Division": { "ID": "7917642D-FF72-3B47-8ED8-04052BC144CB", "Name": "WebService" }, "State": { "ID": 4, "Name": "В оплате" }, "Client": { "ID": "83BBEDEE-723B-AA6F-8B4E-A9FD3E75AEF0", "Name": "Client", "Phone": "+7(982)497-48-33" }, "Sum": 210.0 }, { "ID": "3B8759FF-E5AC-A746-D443-0B82AC215559", "Date": "2019-06-07T18:31:45", "Division": { "ID": "7917642D-FF72-3B47-8ED8-04052BC144CB", "Name": "WebService" }, "State": { "ID": 4, "Name": "В оплате" }, "Client": { "ID": "83BBEDEE-723B-AA6F-8B4E-A9FD3E75AEF0", "Name": "Client", "Phone": "+7(982)497-48-33" }, "Sum": 540.0 } ]"#;

#[tokio::test]
async fn the_printed_reply_is_given_for_the_printed_date_and_for_that_of_the_bills() {
    let bench = Bench::start().await;
    let printed: Value = serde_json::from_str(PRINTED).expect("the sample is JSON");
    // The trading day's date, as printed, and the date on which they were opened.
    for date in ["2020-09-16", "2019-06-07"] {
        let got = get(&bench, &format!("/get-guest-info?name=010&date={date}")).await;
        assert_eq!(serde_json::to_string_pretty(&got).unwrap(), serde_json::to_string_pretty(&printed).unwrap());
    }
    assert_eq!(get(&bench, "/get-guest-info?name=010&date=2019-06-08").await, json!([]));
    assert_eq!(get(&bench, "/get-guest-info?name=01&date=2019-06-07").await, json!([]));
}

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
