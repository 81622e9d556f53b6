//! `get-guest`, `get-guests`, `delete-guest`, `update-guest-place`.

use reqwest::Method;
use serde_json::json;

use super::post_guest::short;
use super::{SOUP, ask, assert_spring, get, guest, post, printed, store};
use crate::support::Bench;

/// The bill of the printed URLs of `delete-guest` and `update-guest-place`.
const PRINTED_ID: &str = "8051B912-B90C-1045-9AA9-05A049551B57";

#[proves("G1")]
#[tokio::test]
async fn ids_compare_case_blind_and_are_written_as_printed() {
    let bench = Bench::start().await;
    let got = guest(&bench, "{38450fc9-d852-2a40-8c78-9e925a35abdc}").await;
    assert_eq!(got, printed("get-guest/printed"));
}

#[proves("TP-225", "TP-226")]
#[tokio::test]
async fn a_clients_bills_are_listed_in_the_order_in_which_they_came() {
    let bench = Bench::start().await;
    let client = "7F944ABD-0729-D948-A052-531D74B3482F";
    let target = format!("/get-guests?client-id={client}");
    assert_eq!(get(&bench, &target).await, json!([]));
    let mut ids = Vec::new();
    for name in ["я", "б", "а"] {
        let mut bill = short(name);
        bill["gest_clnt_ID"] = json!(client.to_lowercase());
        ids.push(store(&bench, &bill).await);
    }
    let bills = get(&bench, &target).await;
    let got: Vec<&str> = bills.as_array().unwrap().iter().map(|bill| bill["gest_ID"].as_str().unwrap()).collect();
    assert_eq!(got, ids);
    assert_eq!(bills[0], guest(&bench, &ids[0]).await);
    assert_eq!(get(&bench, "/get-guests?client-id=00000000-0000-0000-0000-000000000001").await, json!([]));
}

#[proves("TP-164", "TP-165", "TP-166", "TP-167", "P8")]
#[tokio::test]
async fn a_bill_is_placed_and_taken_from_its_place() {
    let bench = Bench::start().await;
    let target = format!("/update-guest-place?guest-id={PRINTED_ID}&place-id=BB43306C-F103-5D4C-BBEF-9A6A972C7A2C");
    let answer = ask(&bench, Method::PUT, &target, None).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    assert_eq!(guest(&bench, PRINTED_ID).await["gest_plac_ID"], "BB43306C-F103-5D4C-BBEF-9A6A972C7A2C");

    let unknown = format!("/update-guest-place?guest-id={PRINTED_ID}&place-id={SOUP}");
    assert_spring(&ask(&bench, Method::PUT, &unknown, None).await, "/update-guest-place", SOUP);
    assert_eq!(guest(&bench, PRINTED_ID).await["gest_plac_ID"], "BB43306C-F103-5D4C-BBEF-9A6A972C7A2C");

    let without = format!("/update-guest-place?guest-id={PRINTED_ID}");
    assert_eq!(ask(&bench, Method::PUT, &without, None).await.status, 200);
    assert!(guest(&bench, PRINTED_ID).await.get("gest_plac_ID").is_none());

    let closed = "/update-guest-place?guest-id=6F8D7E9E-E4AB-906D-0A4B-9C1FFE63E2B8";
    assert_spring(&ask(&bench, Method::PUT, closed, None).await, "/update-guest-place", "закрыт");
}

#[proves("TP-027", "TP-029", "P8")]
#[tokio::test]
async fn a_bill_is_deleted_with_its_prechecks() {
    let bench = Bench::start().await;
    bench.act("tillypad.precheck", json!({ "guest": PRINTED_ID })).await;
    let target = format!("/delete-guest?id={PRINTED_ID}");
    let answer = ask(&bench, Method::DELETE, &target, None).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    let state = bench.state().await;
    assert!(state["tillypad"].get("prechecks").is_none(), "{}", state["tillypad"]["prechecks"]);
    let gone = ask(&bench, Method::GET, &format!("/get-guest?guest-id={PRINTED_ID}"), None).await;
    assert_spring(&gone, "/get-guest", PRINTED_ID);
    assert_spring(&ask(&bench, Method::DELETE, &target, None).await, "/delete-guest", PRINTED_ID);
}

#[proves("TP-024", "TP-025", "TP-026")]
#[tokio::test]
async fn what_is_paid_authorised_or_shared_is_not_deleted() {
    let bench = Bench::start().await;
    let (paid, begun, shared, other) = (
        store(&bench, &short("оплачен")).await,
        store(&bench, &short("авторизация")).await,
        store(&bench, &short("общий")).await,
        store(&bench, &short("второй")).await,
    );
    let payment = json!({ "Payment": { "gest_ID": paid, "payType_ID": super::INTERNET, "paySum": 315 } });
    assert_eq!(post(&bench, "/pay-guest", &payment).await.status, 200);
    bench.act("tillypad.precheck", json!({ "guest": begun })).await;
    bench.act("tillypad.begin_payment", json!({ "guest": begun })).await;
    let whole = bench.act("tillypad.precheck", json!({ "guest": shared, "with": [other] })).await;
    assert_eq!(whole["sum"], 630.0);
    for (id, why) in [(&paid, "фискализации"), (&begun, "авторизации"), (&shared, "общим"), (&other, "общим")]
    {
        let answer = ask(&bench, Method::DELETE, &format!("/delete-guest?id={id}"), None).await;
        assert_spring(&answer, "/delete-guest", why);
        guest(&bench, id).await;
    }
}
