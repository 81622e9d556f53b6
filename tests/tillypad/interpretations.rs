//! The readings of a world: what the document leaves open, the other way round. The other tests show the defaults.

use reqwest::Method;
use serde_json::{Value, json};

use super::post_guest::{printed as delivered, short};
use super::{CAFE, CALL_CENTRE, INTERNET, SOUP, get, guest, keys, post, printed, sent, store};
use crate::support::{Answer, Bench};

async fn reading(settings: Value) -> Bench {
    let bench = Bench::start().await;
    bench.set("tillypad", settings).await;
    bench
}

async fn pay(bench: &Bench, query: &str, id: &str, sum: i64) -> Answer {
    let body = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": sum } });
    post(bench, &format!("/pay-guest{query}"), &body).await
}

async fn closed_today(bench: &Bench) -> Value {
    get(bench, "/get-closed-guests-id?from=2026-11-21&to=2026-11-21").await
}

/// The printed delivery, waiting for the executor, to be there at two.
fn waiting() -> Value {
    let mut bill = delivered();
    bill["gest_DateOpen"] = json!("2026-11-21T14:00:00");
    bill["guestDeliveries"]["gsdlv_dlvrst_ID"] = json!(2);
    bill
}

async fn state_of(bench: &Bench, id: &str) -> Value {
    get(bench, &format!("/get-guest-delivery-state?guest-id={id}")).await["dlvrst_ID"].clone()
}

/// A bill of which 315 is paid at the terminal and 315 came after.
#[proves("TP-261", "P9")]
#[tokio::test]
async fn of_a_bill_that_is_paid_in_part_the_rest_is_paid_or_the_total() {
    for (setting, wrong, right) in [("rest", 630, 315), ("total", 315, 630)] {
        let bench = Bench::start().await;
        if setting != "rest" {
            bench.set("tillypad", json!({ "part_paid": setting })).await;
        }
        let id = store(&bench, &short("частично")).await;
        bench.act("tillypad.precheck", json!({ "guest": id })).await;
        bench.act("tillypad.add_dish", json!({ "guest": id, "dish": SOUP })).await;
        bench.act("tillypad.begin_payment", json!({ "guest": id })).await;
        bench.act("tillypad.end_payment", json!({ "guest": id, "result": "approved" })).await;
        let refused = pay(&bench, "", &id, wrong).await;
        assert!(refused.status == 500 && refused.text.contains("итоговой суммы"), "{setting}: {}", refused.text);
        assert_eq!(pay(&bench, "", &id, right).await.status, 200, "{setting}");
        let state = bench.state().await;
        let rows = state["tillypad"]["prechecks"].as_array().expect("prechecks");
        let mine: Vec<&Value> = rows.iter().filter(|row| row["guests"][0] == *id).map(|row| &row["sum"]).collect();
        assert_eq!(mine, [&json!(315.0), &json!(315.0)], "{setting}: nothing has two receipts");
        assert_eq!(guest(&bench, &id).await["gest_gsst_ID"], 5);
    }
}

#[proves("TP-209")]
#[tokio::test]
async fn a_paid_bill_stays_until_it_is_delivered_or_closed_by_the_staff() {
    let bench = reading(json!({ "paid_bill": "stays" })).await;
    let (eaten, brought) = (store(&bench, &short("в зале")).await, store(&bench, &waiting()).await);
    let unpaid = bench
        .steer(Method::POST, "/worlds/default/actions", json!({ "tillypad.close_bill": { "guest": eaten } }))
        .await;
    assert_eq!(unpaid.status, 409, "{}", unpaid.text);
    for (id, sum) in [(&eaten, 315), (&brought, 2800)] {
        assert_eq!(pay(&bench, "", id, sum).await.status, 200);
        let bill = guest(&bench, id).await;
        assert_eq!((&bill["gest_gsst_ID"], bill.get("gest_DateClose")), (&json!(4), None), "В оплате");
        for (query, text) in
            [("", "передан в оплату"), ("?delete-prechecks=1", "оплачен"), ("?delete-prechecks=2", "оплачен")]
        {
            let again = pay(&bench, query, id, sum).await;
            assert!(again.status == 500 && again.text.contains(text), "{query}: {}", again.text);
        }
    }
    assert_eq!(closed_today(&bench).await, json!([]));
    bench.advance("1m").await;
    bench.act("tillypad.close_bill", json!({ "guest": eaten })).await;
    bench.act("tillypad.delivery_state", json!({ "guest": brought, "state": "closed" })).await;
    assert_eq!(closed_today(&bench).await, json!([eaten, brought]));
    assert_eq!(guest(&bench, &eaten).await["gest_DateClose"], "2026-11-21T12:01:00");
    let twice = bench
        .steer(Method::POST, "/worlds/default/actions", json!({ "tillypad.close_bill": { "guest": eaten } }))
        .await;
    assert_eq!(twice.status, 409, "{}", twice.text);
}

/// Two soups, each with two of a modifier that has one of another; 315, 20 and 1.
fn nested() -> Value {
    let mut bill = short("матрёшка");
    bill["orders"][0]["orderItems"][0]["orit_Count"] = json!(2);
    bill["orders"][0]["orderItems"][0]["orderItems"] = json!([{
        "orit_mitm_ID": SOUP, "orit_Count": 2, "orit_Price": 20,
        "orderItems": [{ "orit_mitm_ID": SOUP, "orit_Count": 1, "orit_Price": 1 }],
    }]);
    bill
}

#[proves("TP-239")]
#[tokio::test]
async fn a_modifier_is_counted_for_every_unit_of_its_dish() {
    for (settings, sum) in [(Value::Null, 671), (json!({ "modifier_count": "per_unit" }), 714)] {
        let bench = if settings.is_null() { Bench::start().await } else { reading(settings).await };
        let id = store(&bench, &nested()).await;
        let info = get(&bench, "/get-guest-info?name=матрёшка&date=2026-11-21").await;
        assert_eq!(info[0]["Sum"], f64::from(sum));
        // A saved world counts as the one that it was saved from.
        let saved = bench.state().await;
        bench.steer(Method::PUT, "/worlds/default/state", saved).await;
        assert_eq!(pay(&bench, "", &id, i64::from(sum) + 1).await.status, 500);
        assert_eq!(pay(&bench, "", &id, i64::from(sum)).await.status, 200);
        assert_eq!(bench.state().await["tillypad"]["prechecks"][0]["sum"], f64::from(sum));
    }
}

#[proves("TP-239")]
#[tokio::test]
async fn points_are_spread_over_modifiers_as_they_are_counted() {
    let bench = reading(json!({ "modifier_count": "per_unit" })).await;
    let mut bill = nested();
    bill["discountSum"] = json!([{ "sum": 100 }]);
    let id = store(&bench, &bill).await;
    assert_eq!(guest(&bench, &id).await["appliedDiscountSum"][0]["sum"], 100.0);
    assert_eq!(get(&bench, "/get-guest-info?name=матрёшка&date=2026-11-21").await[0]["Sum"], 614.0);
}

#[tokio::test]
async fn more_units_of_a_modifier_than_a_line_may_have_are_refused() {
    let bench = reading(json!({ "modifier_count": "per_unit" })).await;
    let mut bill = nested();
    for place in ["", "/orderItems/0", "/orderItems/0/orderItems/0"] {
        let line = bill.pointer_mut(&format!("/orders/0/orderItems/0{place}")).expect("a line");
        line["orit_Count"] = json!(1000);
    }
    let answer = post(&bench, "/post-guest", &bill).await;
    super::assert_spring(&answer, "/post-guest", "1000000000");
}

#[proves("TP-150")]
#[tokio::test]
async fn the_only_discount_of_a_line_is_a_list() {
    let bench = reading(json!({ "single_discount": "list" })).await;
    let reply = post(&bench, "/calc-discount", &sent("calc-discount/post")).await.json();
    let print = printed("calc-discount/post");
    for place in ["/orders/0/orderItems/0", "/orders/0/orderItems/0/orderItems/0", "/orders/0/orderItems/1"] {
        let discounts = &reply.pointer(place).unwrap()["orderItemDiscounts"];
        assert_eq!(discounts.as_array().map(Vec::len), Some(1));
        assert_eq!(keys(&discounts[0]), keys(&print.pointer(place).unwrap()["orderItemDiscounts"]));
    }
    let mut bill = sent("calc-discount/post");
    let client = bill["gest_clnt_ID"].as_str().unwrap().to_owned();
    bill["gest_Name"] = json!("список");
    let id = store(&bench, &bill).await;
    let bills = get(&bench, &format!("/get-guests?client-id={client}")).await;
    assert!(bills[0]["orders"][0]["orderItems"][0]["orderItemDiscounts"].is_array());
    assert!(guest(&bench, &id).await["orders"][0]["orderItems"][1]["orderItemDiscounts"].is_array());
}

#[proves("TP-195")]
#[tokio::test]
async fn a_missing_flag_is_zero() {
    let bench = reading(json!({ "missing_flag": "keep" })).await;
    let mut bill = short("в оплате");
    bill["gest_dvsn_ID"] = json!(CAFE);
    bill["orders"][0]["ordr_orst_ID"] = json!(1);
    let id = store(&bench, &bill).await;
    let refused = pay(&bench, "", &id, 315).await;
    assert_eq!((refused.status.as_u16(), refused.json()), (500, printed("pay-guest/already-passed")));
    assert_eq!(pay(&bench, "?delete-prechecks=1", &id, 315).await.status, 200);
}

#[proves("TP-211")]
#[tokio::test]
async fn paying_needs_no_trading_day_where_the_world_says_so() {
    let bench = reading(json!({ "day_to_pay": "not_needed" })).await;
    let mut bill = short("без дня");
    bill["gest_dvsn_ID"] = json!(CALL_CENTRE);
    let id = store(&bench, &bill).await;
    assert_eq!(pay(&bench, "", &id, 315).await.status, 200);
    let order = &guest(&bench, &id).await["orders"][0];
    assert_eq!((order.get("ordr_arch_ID"), &order["ordr_orst_ID"]), (None, &json!(0)));
}

#[proves("TP-186")]
#[tokio::test]
async fn the_keys_of_a_payments_reply_are_those_of_the_sentences() {
    let bench = reading(json!({ "payment_reply": "singular" })).await;
    let answer = post(&bench, "/pay-guest?delete-prechecks=0", &sent("pay-guest/request")).await;
    assert_eq!(keys(&answer.json()), ["DiscountSum", "AppliedDiscountSum"], "{}", answer.text);
}

#[proves("TP-155")]
#[tokio::test]
async fn a_posted_bill_keeps_the_prices_that_it_was_sent_with() {
    let bench = reading(json!({ "post_programmes": "skip" })).await;
    let stored = guest(&bench, &store(&bench, &sent("calc-discount/post")).await).await;
    let item = &stored["orders"][0]["orderItems"][0];
    assert_eq!((&item["orit_Price"], item.get("orderItemDiscounts")), (&json!(10.5), None));
    assert!(stored.get("guestDiscountPointOperations").is_none());
    // The draft is calculated all the same, and points are no programme of the bill's own.
    let draft = post(&bench, "/calc-discount", &sent("calc-discount/post")).await.json();
    assert_eq!(draft["orders"][0]["orderItems"][0]["orit_Price"], 9.5);
    let stored = guest(&bench, &store(&bench, &sent("post-guest/points")).await).await;
    assert_eq!(stored["appliedDiscountSum"][0]["sum"], 100.0);
}

#[proves("TP-132")]
#[tokio::test]
async fn cooking_starts_by_itself_only_where_the_bill_says_so() {
    let bench = reading(json!({ "cooking_start": "flag" })).await;
    let by_hand = store(&bench, &waiting()).await;
    let mut bill = waiting();
    bill["guestDeliveries"]["gsdlv_IsAutoStart"] = json!(1);
    let by_itself = store(&bench, &bill).await;
    bench.advance("3h").await;
    assert_eq!((state_of(&bench, &by_hand).await, state_of(&bench, &by_itself).await), (json!(3), json!(5)));
    bench.act("tillypad.delivery_state", json!({ "guest": by_hand, "state": "start_of_cooking" })).await;
    assert_eq!(state_of(&bench, &by_hand).await, 5);
}

#[proves("TP-140")]
#[tokio::test]
async fn a_bill_that_needs_confirmation_waits_for_it() {
    let bench = reading(json!({ "confirmation": "awaited" })).await;
    let doubtful = store(&bench, &waiting()).await;
    let mut bill = waiting();
    bill["guestDeliveries"]["gsdlv_NeedConfirmation"] = json!(0);
    let sure = store(&bench, &bill).await;
    bench.advance("3h").await;
    assert_eq!((state_of(&bench, &doubtful).await, state_of(&bench, &sure).await), (json!(2), json!(5)));
    bench.act("tillypad.confirm", json!({ "guest": doubtful })).await;
    bench.advance("1m").await;
    assert_eq!(state_of(&bench, &doubtful).await, 5);
}

#[proves("TP-172")]
#[tokio::test]
async fn a_bill_is_found_by_its_opening_alone() {
    let bench = reading(json!({ "found_by": "opened" })).await;
    let by = |date: &'static str| get(&bench, date);
    assert_eq!(by("/get-guest-info?name=010&date=2020-09-16").await, json!([]));
    assert_eq!(by("/get-guest-info?name=010&date=2019-06-07").await, printed("get-guest-info/printed"));
}

#[proves("TP-178")]
#[tokio::test]
async fn a_date_at_the_end_of_a_range_is_its_midnight() {
    let bench = reading(json!({ "range_end": "midnight" })).await;
    let id = store(&bench, &short("сегодня")).await;
    assert_eq!(pay(&bench, "", &id, 315).await.status, 200);
    assert_eq!(closed_today(&bench).await, json!([]));
    for to in ["2026-11-22", "2026-11-21T12:00:00"] {
        let range = format!("/get-closed-guests-id?from=2026-11-21&to={to}");
        assert_eq!(get(&bench, &range).await, json!([id]), "{to}");
    }
}
