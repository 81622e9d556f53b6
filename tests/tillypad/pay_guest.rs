//! `pay-guest`: the printed requests, the flag, the four printed errors (P9).

use serde_json::{Value, json};

use super::{CAFE, INTERNET, assert_guid, get, guest, keys, post, post_guest, post_guest::short, printed, sent, store};
use crate::support::{Answer, Bench};

const PASSED: &str = "\"Счет уже передан в оплату\"";
const PAID: &str = "\"Счет уже оплачен\"";
const NO_TYPE: &str = "\"Для проведения оплаты должен присутствовать либо payType_ID, либо gsdlv_pytp_ID_Prepaid\"";
const OTHER_SUM: &str = "\"Сумма интернет-оплаты не может отличаться от итоговой суммы счета\"";

async fn pay(bench: &Bench, query: &str, id: &str, sum: Value, points: Value) -> Answer {
    let mut body = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": sum } });
    if !points.is_null() {
        body["DiscountSum"] = points;
    }
    post(bench, &format!("/pay-guest{query}"), &body).await
}

/// A bill with a precheck, of 315.
async fn registered(bench: &Bench) -> String {
    let mut bill = short("в оплате");
    bill["gest_dvsn_ID"] = json!(CAFE);
    bill["orders"][0]["ordr_orst_ID"] = json!(1);
    store(bench, &bill).await
}

fn refused(answer: &Answer, text: &str) {
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (500, text));
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[proves("TP-197", "TP-201", "TP-206", "TP-209", "TP-211")]
#[tokio::test]
async fn the_printed_request_pays_the_documented_bill() {
    let bench = Bench::start().await;
    let answer = post(&bench, "/pay-guest?delete-prechecks=0", &sent("pay-guest/request")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let bill = guest(&bench, "61BA736D-E34C-9C4B-97D3-E71BC2903915").await;
    assert_eq!(bill["guestDeliveries"]["gsdlv_pytp_ID_Prepaid"], INTERNET, "payType_ID overwrites it");
    assert_eq!((&bill["gest_gsst_ID"], &bill["gest_DateClose"]), (&json!(5), &json!("2026-11-21T12:00:00")));
    let info = get(&bench, "/get-guest-info?name=Points0000002&date=2022-01-18").await;
    assert_eq!(info[0]["Sum"], 3000.0);
    let closed = get(&bench, "/get-closed-guests-id?from=2026-11-21&to=2026-11-21").await;
    assert_eq!(closed, json!(["61BA736D-E34C-9C4B-97D3-E71BC2903915"]));
    let state = bench.state().await;
    let precheck = &state["tillypad"]["prechecks"][0];
    assert_eq!((&precheck["sum"], &precheck["receipt"]["pay_type"]), (&json!(3000.0), &json!(INTERNET)));
}

#[proves("TP-205")]
#[tokio::test]
async fn the_printed_reply_is_given_for_twenty_points_without_a_type() {
    let bench = Bench::start().await;
    let id = store(&bench, &post_guest::printed()).await;
    let answer = pay(&bench, "", &id, json!(2780), json!([{ "sum": 20 }])).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, printed("pay-guest/reply").to_string().as_str()));
    let bill = guest(&bench, &id).await;
    assert_eq!(bill["discountSum"], json!([{ "type_ID": "60D367B5-15D2-D24D-8A74-A28F40C8CB9D", "sum": 20.0 }]));
    assert_eq!(bill["appliedDiscountSum"], json!([{ "type_ID": "0412C97B-AF11-2447-88D9-B40FA0EB996D", "sum": 20.0 }]));
}

#[proves("TP-204", "P9")]
#[tokio::test]
async fn another_sum_than_the_bills_is_refused_and_changes_nothing() {
    let bench = Bench::start().await;
    let id = store(&bench, &post_guest::printed()).await;
    let before = bench.state().await["tillypad"].clone();
    for (sum, points) in [
        (json!(2799.99), Value::Null),
        (json!(0), Value::Null),
        (json!(2800), json!([{ "sum": 20 }])),
        (json!(0), json!([{ "sum": 2800 }])),
    ] {
        refused(&pay(&bench, "", &id, sum, points).await, OTHER_SUM);
    }
    assert_eq!(bench.state().await["tillypad"], before);
    assert_eq!(pay(&bench, "", &id, json!("2800.00"), Value::Null).await.status, 200);
}

#[proves("TP-199", "TP-200")]
#[tokio::test]
async fn something_must_say_how_it_is_paid() {
    let bench = Bench::start().await;
    let id = store(&bench, &short("без типа")).await;
    let body = json!({ "Payment": { "gest_ID": id, "paySum": 315 } });
    refused(&post(&bench, "/pay-guest", &body).await, NO_TYPE);
    // The printed bill says it itself.
    let id = store(&bench, &post_guest::printed()).await;
    let body = json!({ "Payment": { "gest_ID": id, "paySum": 2800 } });
    assert_eq!(post(&bench, "/pay-guest", &body).await.status, 200);
    let prechecks = bench.state().await["tillypad"]["prechecks"].clone();
    assert_eq!(prechecks[0]["receipt"]["pay_type"], "0789C108-6C80-BC47-BB39-A13C7CDDD030", "{prechecks}");
    let bill = guest(&bench, &id).await;
    assert_eq!(bill["guestDeliveries"]["gsdlv_pytp_ID_Prepaid"], "0789C108-6C80-BC47-BB39-A13C7CDDD030");
}

#[proves("TP-198", "TP-201", "TP-214")]
#[tokio::test]
async fn without_a_sum_there_is_no_precheck_and_no_receipt() {
    let bench = Bench::start().await;
    let id = store(&bench, &post_guest::printed()).await;
    let answer = pay(&bench, "", &id, Value::Null, json!([{ "sum": 800 }])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["AppliedDiscountSums"][0]["sum"], 800);
    let bill = guest(&bench, &id).await;
    assert_eq!((&bill["gest_gsst_ID"], bill.get("gest_DateClose")), (&json!(0), None));
    assert_eq!(bill["guestDeliveries"]["gsdlv_pytp_ID_Prepaid"], INTERNET);
    assert!(bench.state().await["tillypad"].get("prechecks").is_none());
    // Declared anew, the old points are given back first.
    let answer = pay(&bench, "", &id, json!(2700), json!([{ "sum": 100 }])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[proves("TP-190", "TP-191", "TP-192", "TP-195", "P9")]
#[tokio::test]
async fn flag_0_keeps_prechecks() {
    let bench = Bench::start().await;
    let id = registered(&bench).await;
    refused(&pay(&bench, "?delete-prechecks=0", &id, json!(315), Value::Null).await, PASSED);
    refused(&pay(&bench, "?DeletePrechecks=0", &id, json!(315), Value::Null).await, PASSED);
    refused(&pay(&bench, "", &id, json!(300), json!([{ "sum": 15 }])).await, PASSED);
    // Without the flag and without points the precheck is paid as it stands; then it is over.
    let answer = pay(&bench, "", &id, json!(315), Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, r#"{"DiscountSums":[]}"#));
    refused(&pay(&bench, "", &id, json!(315), Value::Null).await, PASSED);
    refused(&pay(&bench, "?delete-prechecks=0", &id, json!(315), Value::Null).await, PASSED);
}

#[proves("TP-190", "TP-191", "TP-193", "P9")]
#[tokio::test]
async fn flag_1_deletes_all_prechecks_unless_one_is_paid() {
    let bench = Bench::start().await;
    let id = registered(&bench).await;
    let first = guest(&bench, &id).await["orders"][0]["orderItems"][0]["orit_pcit_ID"].clone();
    assert_eq!(pay(&bench, "?delete-prechecks=1", &id, json!(315), Value::Null).await.status, 200);
    let second = guest(&bench, &id).await["orders"][0]["orderItems"][0]["orit_pcit_ID"].clone();
    assert_guid(second.as_str().expect("in a precheck again"));
    assert_ne!(first, second, "the old precheck is gone");
    assert_eq!(bench.state().await["tillypad"]["prechecks"].as_array().map(Vec::len), Some(1));
    refused(&pay(&bench, "?deletePrechecks=1", &id, json!(315), Value::Null).await, PAID);
}

#[proves("TP-194", "P9")]
#[tokio::test]
async fn flag_2_deletes_what_is_not_paid() {
    let bench = Bench::start().await;
    let id = registered(&bench).await;
    bench.act("tillypad.begin_payment", json!({ "guest": id })).await;
    let answer = pay(&bench, "?delete-prechecks=2", &id, json!(315), Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    refused(&pay(&bench, "?delete-prechecks=2", &id, json!(315), Value::Null).await, PAID);
}

#[proves("TP-210")]
#[tokio::test]
async fn a_shared_precheck_is_not_paid_for_one_of_its_bills() {
    let bench = Bench::start().await;
    let (one, other) = (store(&bench, &short("общий")).await, store(&bench, &short("второй")).await);
    bench.act("tillypad.precheck", json!({ "guest": one, "with": [other] })).await;
    for query in ["", "?delete-prechecks=0", "?delete-prechecks=1", "?delete-prechecks=2"] {
        let refused = pay(&bench, query, &one, json!(315), Value::Null).await;
        assert!(refused.status == 500 && refused.text.contains("общим"), "{query}: {}", refused.text);
    }
}

#[proves("TP-208")]
#[tokio::test]
async fn points_that_are_not_set_up_are_declared_and_not_applied() {
    let bench = Bench::start().await;
    let mut bill = short("кафе");
    bill["gest_dvsn_ID"] = json!(CAFE);
    let id = store(&bench, &bill).await;
    let answer = pay(&bench, "", &id, json!(315), json!([{ "sum": 50 }])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(keys(&answer.json()), ["DiscountSums"], "without AppliedDiscountSums: not set up");
    // The same where none are declared; where points are set up, none are applied.
    let plain = store(&bench, &bill).await;
    assert_eq!(keys(&pay(&bench, "", &plain, json!(315), Value::Null).await.json()), ["DiscountSums"]);
    let with_points = store(&bench, &short("с баллами")).await;
    let answer = pay(&bench, "", &with_points, json!(315), Value::Null).await;
    assert_eq!(answer.text, r#"{"DiscountSums":[],"AppliedDiscountSums":[]}"#);
}

#[proves("TP-236", "TP-237")]
#[tokio::test]
async fn points_of_the_request_reach_the_client() {
    let bench = Bench::start().await;
    let mut bill = short("клиент");
    bill["gest_clnt_ID"] = json!("7F944ABD-0729-D948-A052-531D74B3482F");
    let id = store(&bench, &bill).await;
    let body = json!({
        "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": 315 },
        "guestDiscountPointOperations": [{ "gdpo_Value": 100, "gdpo_dspt_ID": INTERNET }],
    });
    assert_eq!(post(&bench, "/pay-guest", &body).await.status, 200);
    let state = bench.state().await;
    let clients = state["tillypad"]["clients"].as_array().unwrap();
    let client = clients.iter().find(|client| client["name"] == "Постоянный клиент").unwrap();
    assert_eq!(client["points"], json!([{ "type": INTERNET, "name": "клиент", "value": 100.0 }]));
}

#[proves("TP-188", "TP-196", "TP-202", "P1")]
#[tokio::test]
async fn every_error_is_a_bare_string() {
    let bench = Bench::start().await;
    let id = store(&bench, &short("ошибки")).await;
    let nobody = "11111111-2222-3333-4444-555555555555";
    for (query, body, part) in [
        ("", json!({}), "gest_ID"),
        ("", json!({ "Payment": { "gest_ID": nobody, "payType_ID": INTERNET } }), nobody),
        ("", json!({ "Payment": { "gest_ID": "7", "payType_ID": INTERNET } }), "gest_ID"),
        ("", json!({ "Payment": { "gest_ID": id, "payType_ID": nobody, "paySum": 315 } }), nobody),
        ("", json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": -1 } }), "paySum"),
        ("", json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": "x" } }), "paySum"),
        ("", json!({ "Payment": { "gest_ID": id }, "DiscountSum": [{ "type_ID": nobody }] }), "sum"),
        ("?delete-prechecks=3", json!({ "Payment": { "gest_ID": id } }), "delete-prechecks"),
    ] {
        let answer = post(&bench, &format!("/pay-guest{query}"), &body).await;
        assert_eq!(answer.status, 500, "{body}: {}", answer.text);
        let text = answer.json();
        assert!(text.as_str().is_some_and(|text| text.contains(part)), "`{part}` is not in {text}");
    }
    let kind = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET }, "DiscountSum": [{ "type_ID": nobody, "sum": 1 }] });
    assert!(post(&bench, "/pay-guest", &kind).await.text.contains(nobody));
}
