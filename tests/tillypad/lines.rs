//! What lines cost (P12), and prices in whole kopecks where points are used (P9).

use serde_json::{Value, json};

use super::{INTERNET, SOUP, get, guest, post, post_guest::short, store};
use crate::support::Bench;

/// A bill of one line.
fn of(name: &str, line: Value) -> Value {
    let mut bill = short(name);
    bill["orders"][0]["orderItems"] = json!([line]);
    bill
}

async fn sum_of(bench: &Bench, name: &str) -> f64 {
    get(bench, &format!("/get-guest-info?name={name}&date=2026-11-21")).await[0]["Sum"].as_f64().expect("a sum")
}

#[proves("TP-240", "P12")]
#[tokio::test]
async fn p12_a_line_costs_price_by_count_and_the_volume_multiplies_nothing() {
    let line = json!({ "orit_mitm_ID": SOUP, "orit_Count": 2, "orit_Volume": 250, "orit_Price": 350 });
    for (settings, sum) in [(json!({}), 700), (json!({ "line_sum": "volume" }), 175_000)] {
        let bench = Bench::start().await;
        bench.set("tillypad", settings).await;
        let id = store(&bench, &of("порции", line.clone())).await;
        assert_eq!(sum_of(&bench, "порции").await, f64::from(sum));
        assert_eq!(guest(&bench, &id).await["orders"][0]["orderItems"][0]["orit_Volume"], 250);
        let pay = async |sum: i32| {
            let body = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": sum } });
            post(&bench, "/pay-guest", &body).await.status.as_u16()
        };
        assert_eq!((pay(sum + 1).await, pay(sum).await), (500, 200));
        // A saved world counts as the one that it was saved from.
        let saved = bench.state().await;
        assert!(bench.steer(reqwest::Method::PUT, "/worlds/default/state", saved).await.status.is_success());
        assert_eq!(sum_of(&bench, "порции").await, f64::from(sum));
    }
}

/// Price and count of each line, in kopecks and units.
fn lines(bill: &Value) -> Vec<(i64, i64)> {
    let kopecks = |json: &Value| {
        let kopecks = json.as_f64().expect("a price") * 100.0;
        assert!((kopecks - kopecks.round()).abs() < 1e-6, "{json} is no sum of kopecks");
        kopecks.round() as i64
    };
    let rows = bill["orders"][0]["orderItems"].as_array().expect("lines");
    rows.iter().map(|row| (kopecks(&row["orit_Price"]), row["orit_Count"].as_i64().expect("whole"))).collect()
}

fn kopecks(bill: &Value) -> i64 {
    lines(bill).iter().map(|(price, count)| price * count).sum()
}

#[proves("TP-258", "P9")]
#[tokio::test]
async fn p9_printed_prices_by_counts_add_up_to_the_printed_sum() {
    let bench = Bench::start().await;
    let three = json!({ "orit_mitm_ID": SOUP, "orit_Count": 3, "orit_Price": 350 });
    let one = json!({ "orit_mitm_ID": SOUP, "orit_Count": 1, "orit_Price": 315 });
    // The remainder goes to the line of one unit; without such a line, to a unit that gets its own.
    for (name, given, expected) in [
        ("единица", json!([three, one]), 2),
        ("тройка", json!([three]), 2),
        ("поровну", json!([{ "orit_mitm_ID": SOUP, "orit_Count": 4, "orit_Price": 350 }]), 1),
    ] {
        let mut bill = short(name);
        bill["orders"][0]["orderItems"] = given.clone();
        bill["discountSum"] = json!([{ "sum": 100 }]);
        let before: f64 = given
            .as_array()
            .expect("lines")
            .iter()
            .map(|line| line["orit_Price"].as_f64().expect("a price") * line["orit_Count"].as_f64().expect("a count"))
            .sum();
        let stored = guest(&bench, &store(&bench, &bill).await).await;
        assert_eq!(stored["appliedDiscountSum"][0]["sum"], 100.0, "{name}");
        assert_eq!(lines(&stored).len(), expected, "{name}: {:?}", lines(&stored));
        assert_eq!(kopecks(&stored), before as i64 * 100 - 10_000, "{name}: {:?}", lines(&stored));
        assert_eq!(sum_of(&bench, name).await * 100.0, kopecks(&stored) as f64, "{name}");
        // Each line says how much was taken off one unit, and its discount says the same.
        for line in stored["orders"][0]["orderItems"].as_array().expect("lines") {
            assert_eq!(line["orderItemDiscounts"]["oritd_PriceDiscount"], line["orit_PriceDiscount"]);
            assert_eq!(line["orderItemDiscounts"]["oritd_Price"], line["orit_Price"]);
            assert_eq!(line["orderItemDiscounts"]["oritd_orit_ID"], line["orit_ID"]);
        }
    }
}

#[proves("TP-258")]
#[tokio::test]
async fn p9_a_unit_with_a_line_of_its_own_is_numbered_and_placed_as_others_are() {
    let bench = Bench::start().await;
    let mut bill = short("на троих");
    bill["orders"][0]["orderItems"][0]["orit_Count"] = json!(3);
    bill["orders"][0]["orderItems"][0]["orit_Price"] = json!(350);
    bill["discountSum"] = json!([{ "sum": 100 }]);
    let draft = post(&bench, "/calc-discount", &bill).await.json();
    let rows = draft["orders"][0]["orderItems"].as_array().expect("lines");
    let ids: Vec<&str> = rows.iter().map(|row| row["orit_ID"].as_str().expect("an id")).collect();
    assert_eq!(ids, ["00000002-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "00000003-FFFF-FFFF-FFFF-FFFFFFFFFFFF"]);
    assert_eq!(rows[1]["orderItemDiscounts"]["oritd_orit_ID"], ids[1]);
    assert_eq!((&rows[0]["orit_Order"], &rows[1]["orit_Order"]), (&json!(0), &json!(1)));
    // Points that are declared anew are given back to both lines first.
    let id = store(&bench, &bill).await;
    let body =
        json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": 1050 }, "DiscountSum": [{ "sum": 0 }] });
    let paid = post(&bench, "/pay-guest", &body).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    assert_eq!(kopecks(&guest(&bench, &id).await), 105_000);
}
