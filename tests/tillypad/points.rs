//! Points: `discountSum` of `post-guest`, the division's cap, the notes, operations with points (P9, P10).

use reqwest::Method;
use serde_json::json;

use super::{CAFE, assert_guid, get, guest, keys, post, post_guest::short, sent, store};
use crate::support::Bench;

const DECLARED: &str = "60D367B5-15D2-D24D-8A74-A28F40C8CB9D";
const APPLIED: &str = "0412C97B-AF11-2447-88D9-B40FA0EB996D";

#[proves("TP-215", "TP-217")]
#[tokio::test]
async fn the_printed_bill_is_discounted_by_its_points() {
    let bench = Bench::start().await;
    let id = store(&bench, &sent("post-guest/points")).await;
    let bill = guest(&bench, &id).await;
    assert_eq!(bill["discountSum"], json!([{ "type_ID": DECLARED, "sum": 100.0 }]));
    assert_eq!(bill["appliedDiscountSum"], json!([{ "type_ID": APPLIED, "sum": 100.0 }]));
    let item = &bill["orders"][0]["orderItems"][0];
    assert_eq!((&item["orit_Price"], &item["orit_PriceDiscount"]), (&json!(300), &json!(50)));
    let discount = &item["orderItemDiscounts"];
    assert_eq!((&discount["oritd_Price"], &discount["oritd_PriceDiscount"]), (&json!(300), &json!(50)));
    assert_eq!(discount["oritd_orit_ID"], item["orit_ID"]);
    assert_eq!(
        (&bill["guestDeliveries"]["gsdlv_CookingTime"], &bill["guestDeliveries"]["gsdlv_GeoRegionID"]),
        (&json!(1800), &json!(10))
    );
    let info = get(&bench, "/get-guest-info?name=Points0000001&date=2026-11-21").await;
    assert_eq!(info[0]["Sum"], 600.0);
    // The rest is paid as the bill says.
    let payment = json!({ "Payment": { "gest_ID": id, "paySum": 600 } });
    let paid = post(&bench, "/pay-guest", &payment).await;
    assert_eq!(
        paid.text,
        format!(
            r#"{{"DiscountSums":[{{"type_ID":"{DECLARED}","sum":100}}],"AppliedDiscountSums":[{{"type_ID":"{APPLIED}","sum":100}}]}}"#
        )
    );
}

#[proves("TP-216")]
#[tokio::test]
async fn the_applied_sum_is_noted_under_the_type_that_the_world_sets() {
    let bench = Bench::start().await;
    let other = "480F64A0-B729-3140-B796-678A1CD754F0";
    let mut world = bench.state().await;
    world["tillypad"]["points"]["declared_notes"] = json!([DECLARED]);
    world["tillypad"]["points"]["applied_note"] = json!(other);
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", world).await.status, 200);
    let stored = guest(&bench, &store(&bench, &sent("post-guest/points")).await).await;
    assert_eq!(stored["appliedDiscountSum"], json!([{ "type_ID": other, "sum": 100.0 }]));
}

#[proves("TP-221")]
#[tokio::test]
async fn without_a_sale_rule_for_the_programme_points_are_not_used() {
    let bench = Bench::start().await;
    let mut world = bench.state().await;
    let rules = world["tillypad"]["rules"].as_array_mut().expect("rules");
    let all = rules.len();
    rules.retain(|rule| !rule["programme"].as_str().expect("a name").starts_with("Абсолютная скидка"));
    assert_eq!(rules.len() + 1, all);
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", world).await.status, 200);
    let stored = guest(&bench, &store(&bench, &sent("post-guest/points")).await).await;
    assert_eq!(stored["discountSum"], json!([{ "type_ID": DECLARED, "sum": 100.0 }]));
    assert!(!keys(&stored).contains(&"appliedDiscountSum"));
    assert_eq!(stored["orders"][0]["orderItems"][0]["orit_Price"], 350);
}

#[proves("TP-213", "TP-218", "TP-219", "P9")]
#[tokio::test]
async fn no_more_than_the_divisions_percentage_is_applied() {
    // The printed sums: 90 declared, 45 applied, which is half of 90.
    let bench = Bench::start().await;
    let mut bill = short("90 и 45");
    bill["orders"][0]["orderItems"][0]["orit_Price"] = json!(90);
    bill["discountSum"] = json!([{ "type_ID": DECLARED, "sum": 90 }]);
    let stored = guest(&bench, &store(&bench, &bill).await).await;
    assert_eq!(stored["discountSum"], json!([{ "type_ID": DECLARED, "sum": 90.0 }]));
    assert_eq!(stored["appliedDiscountSum"], json!([{ "type_ID": APPLIED, "sum": 45.0 }]));
    assert_eq!(stored["orders"][0]["orderItems"][0]["orit_Price"], 45);
    let notes = stored["notes"].as_array().expect("notes");
    assert_eq!(notes.len(), 2);
    for (note, kind, sum) in [(&notes[0], DECLARED, 90), (&notes[1], APPLIED, 45)] {
        assert_guid(note["note_ID"].as_str().unwrap());
        assert_eq!((&note["note_nttp_ID"], &note["note_Value"]["value"]), (&json!(kind), &json!(sum)));
        assert_eq!(note["note_obj_ID"], stored["gest_ID"]);
    }
}

#[tokio::test]
async fn a_discount_that_does_not_divide_is_exact_in_the_sum() {
    let bench = Bench::start().await;
    let mut bill = short("на троих");
    bill["orders"][0]["orderItems"][0]["orit_Count"] = json!(3);
    bill["orders"][0]["orderItems"][0]["orit_Price"] = json!(350);
    bill["discountSum"] = json!([{ "sum": 100 }]);
    store(&bench, &bill).await;
    let info = get(&bench, "/get-guest-info?name=на+троих&date=2026-11-21").await;
    assert_eq!(info[0]["Sum"], 950.0);
}

#[proves("TP-220")]
#[tokio::test]
async fn a_division_without_a_percentage_applies_nothing() {
    let bench = Bench::start().await;
    let mut bill = short("кафе");
    bill["gest_dvsn_ID"] = json!(CAFE);
    bill["discountSum"] = json!([{ "sum": 100 }]);
    let stored = guest(&bench, &store(&bench, &bill).await).await;
    assert_eq!(stored["discountSum"][0]["sum"], 100.0);
    assert!(!keys(&stored).contains(&"appliedDiscountSum"));
    assert_eq!(stored["orders"][0]["orderItems"][0]["orit_Price"], 315);
}

#[proves("TP-228", "TP-229", "TP-230", "TP-231", "TP-232", "TP-233", "TP-234", "TP-235", "P10")]
#[tokio::test]
async fn operations_with_a_type_and_a_value_are_completed() {
    let bench = Bench::start().await;
    let mut bill = short("баллы");
    bill["guestDiscountPointOperations"] = sent("post-guest/point-operations")["guestDiscountPointOperations"].clone();
    let stored = guest(&bench, &store(&bench, &bill).await).await;
    let rows = stored["guestDiscountPointOperations"].as_array().expect("rows");
    assert_eq!(rows.len(), 2);
    for (row, value) in rows.iter().zip([100, 50]) {
        assert_eq!(
            keys(row),
            ["gdpo_ID", "gdpo_gest_ID", "gdpo_dspt_ID", "gdpo_gdpot_ID", "gdpo_Date", "gdpo_Name", "gdpo_Value"]
        );
        assert_guid(row["gdpo_ID"].as_str().unwrap());
        assert_eq!(row["gdpo_gest_ID"], stored["gest_ID"]);
        assert_eq!((&row["gdpo_gdpot_ID"], &row["gdpo_Date"]), (&json!(0), &json!("2026-11-21T12:00:00")));
        assert_eq!((&row["gdpo_Name"], &row["gdpo_Value"]), (&json!("баллы"), &json!(value)));
    }
}

#[proves("TP-238")]
#[tokio::test]
async fn points_are_awarded_to_clients() {
    let bench = Bench::start().await;
    let client = bench.act("tillypad.add_client", json!({ "name": "Новый", "phone": "+7 900 000-00-01" })).await;
    let award = |value: i64| json!({ "client": client["clnt_ID"], "type": "480F64A0-B729-3140-B796-678A1CD754F0", "value": value });
    assert_eq!(bench.act("tillypad.award_points", award(50)).await, json!({ "balance": 50.0 }));
    assert_eq!(bench.act("tillypad.award_points", award(-20)).await, json!({ "balance": 30.0 }));
    assert_eq!(bench.act("tillypad.award_points", award(-50)).await, json!({ "balance": -20.0 }));
}
