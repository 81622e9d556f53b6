//! What the staff do with bills (P17): money at the till, authorisations, dishes added and taken off.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CALL_CENTRE, INTERNET, SOUP, assert_guid, get, guest, post, post_guest::short, store};
use crate::support::{Answer, Bench};

const CARD: &str = "7EDA47CA-B67E-CB41-BF80-467D7C9086B0";
const STEAK: &str = "FBE3CE39-94AA-D149-A993-1628A1092830";

async fn refused(bench: &Bench, action: &str, args: Value) -> Answer {
    bench.steer(Method::POST, "/worlds/default/actions", json!({ action: args })).await
}

async fn precheck(bench: &Bench) -> Value {
    bench.state().await["tillypad"]["prechecks"][0].clone()
}

#[proves("P17")]
#[tokio::test]
async fn p17_money_is_taken_at_the_till() {
    let bench = Bench::start().await;
    let id = store(&bench, &short("касса")).await;
    let taken = bench.act("tillypad.take_money", json!({ "guest": id, "pay_type": CARD })).await;
    assert_eq!(taken, json!({ "sum": 315.0 }));
    let bill = guest(&bench, &id).await;
    assert_eq!((&bill["gest_gsst_ID"], &bill["gest_DateClose"]), (&json!(5), &json!("2026-11-21T12:00:00")));
    assert_eq!(precheck(&bench).await["receipt"]["pay_type"], CARD);
    // It is paid, for the API as well.
    let body = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": 315 } });
    assert_eq!(post(&bench, "/pay-guest", &body).await.status, 500);
    assert_eq!(refused(&bench, "tillypad.take_money", json!({ "guest": id })).await.status, 409);
    // Without a trading day there is no receipt; without a bill or a pay type neither.
    let mut bill = short("без дня");
    bill["gest_dvsn_ID"] = json!(CALL_CENTRE);
    let id = store(&bench, &bill).await;
    for (args, status, part) in [
        (json!({ "guest": id }), 409, "tillypad.open_day"),
        (json!({ "guest": SOUP }), 404, "no bill"),
        (json!({ "guest": id, "pay_type": SOUP }), 404, "tp_PayTypes"),
    ] {
        let answer = refused(&bench, "tillypad.take_money", args).await;
        assert!(answer.status == status && answer.text.contains(part), "{}: {}", answer.status, answer.text);
    }
}

#[proves("P17")]
#[tokio::test]
async fn p17_an_authorisation_ends_approved_or_declined() {
    let bench = Bench::start().await;
    let id = store(&bench, &short("карта")).await;
    bench.act("tillypad.precheck", json!({ "guest": id })).await;
    let early = refused(&bench, "tillypad.end_payment", json!({ "guest": id, "result": "approved" })).await;
    assert!(early.status == 409 && early.text.contains("tillypad.begin_payment"), "{}", early.text);
    bench.act("tillypad.begin_payment", json!({ "guest": id })).await;
    assert_eq!(precheck(&bench).await["begun"], true);
    bench.act("tillypad.end_payment", json!({ "guest": id, "result": "declined" })).await;
    let declined = precheck(&bench).await;
    assert_eq!((&declined["begun"], declined.get("receipt")), (&json!(false), None));
    assert_eq!(guest(&bench, &id).await["gest_gsst_ID"], 4, "it is still to be paid");
    // The second attempt succeeds.
    bench.act("tillypad.begin_payment", json!({ "guest": id })).await;
    bench.act("tillypad.end_payment", json!({ "guest": id, "result": "approved", "pay_type": CARD })).await;
    assert_eq!(precheck(&bench).await["receipt"]["pay_type"], CARD);
    let bill = guest(&bench, &id).await;
    assert_eq!((&bill["gest_gsst_ID"], &bill["orders"][0]["ordr_orst_ID"]), (&json!(5), &json!(1)));
    let unknown = refused(&bench, "tillypad.end_payment", json!({ "guest": id, "result": "aproved" })).await;
    assert!(unknown.status == 422 && unknown.text.contains("approved"), "{}", unknown.text);
}

/// Who else wants to pay while a card is being authorised is refused; who cancels the precheck, as the flag can, ends the
/// authorisation.
#[proves("P9", "P17", "TP-194")]
#[tokio::test]
async fn p17_a_bill_is_paid_once_although_a_card_is_being_authorised() {
    let bench = Bench::start().await;
    let begin = async |name: &str| {
        let id = store(&bench, &short(name)).await;
        bench.act("tillypad.precheck", json!({ "guest": id })).await;
        bench.act("tillypad.begin_payment", json!({ "guest": id })).await;
        id
    };
    let pay = async |id: &str, query: &str, sum: i64| {
        let body = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": sum } });
        post(&bench, &format!("/pay-guest{query}"), &body).await
    };
    let end = async |id: &str| {
        refused(&bench, "tillypad.end_payment", json!({ "guest": id, "result": "approved", "pay_type": CARD })).await
    };
    // Without the flag, and with the one that keeps prechecks, the bill is passed on to be paid already.
    let id = begin("терминал").await;
    for query in ["", "?delete-prechecks=0"] {
        let answer = pay(&id, query, 315).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (500, json!("Счет уже передан в оплату")), "{query}");
    }
    let till = refused(&bench, "tillypad.take_money", json!({ "guest": id })).await;
    assert!(till.status == 409 && till.text.contains("tillypad.end_payment"), "{}", till.text);
    assert_eq!(end(&id).await.status, 200);
    assert_eq!(precheck(&bench).await["receipt"]["pay_type"], CARD);
    // A dish that was added since is not paid beside it either.
    let id = begin("добавка").await;
    bench.act("tillypad.add_dish", json!({ "guest": id, "dish": SOUP })).await;
    assert_eq!(pay(&id, "?delete-prechecks=0", 630).await.status, 500);
    // Both deleting flags take the unpaid precheck away, and its authorisation with it.
    for (name, query) in [("все", "?delete-prechecks=1"), ("неоплаченные", "?delete-prechecks=2")] {
        let id = begin(name).await;
        let paid = pay(&id, query, 315).await;
        assert_eq!(paid.status, 200, "{query}: {}", paid.text);
        let late = end(&id).await;
        assert!(late.status == 409 && late.text.contains("has been paid otherwise"), "{query}: {}", late.text);
        let state = bench.state().await;
        let prechecks = state["tillypad"]["prechecks"].as_array().expect("prechecks");
        let mine = prechecks.iter().filter(|row| row["guests"][0] == *id);
        let receipts: Vec<&Value> = mine.map(|row| &row["receipt"]["pay_type"]).collect();
        assert_eq!(receipts, [INTERNET], "{query}");
    }
}

#[proves("P17")]
#[tokio::test]
async fn p17_an_approved_precheck_closes_all_bills_that_share_it() {
    let bench = Bench::start().await;
    let (one, other) = (store(&bench, &short("один")).await, store(&bench, &short("другой")).await);
    bench.act("tillypad.precheck", json!({ "guest": one, "with": [other] })).await;
    assert_eq!(refused(&bench, "tillypad.take_money", json!({ "guest": one })).await.status, 409);
    bench.act("tillypad.begin_payment", json!({ "guest": other })).await;
    bench.act("tillypad.end_payment", json!({ "guest": one, "result": "approved" })).await;
    for id in [&one, &other] {
        assert_eq!(guest(&bench, id).await["gest_gsst_ID"], 5);
    }
}

#[proves("P17")]
#[tokio::test]
async fn p17_dishes_are_added_to_a_bill_and_taken_off() {
    let bench = Bench::start().await;
    let mut bill = short("стол");
    bill["gest_sprv_ID"] = json!("D572B760-99CB-C64D-9CE0-77FD5FD1171E");
    let id = store(&bench, &bill).await;
    let sum = async || get(&bench, "/get-guest-info?name=стол&date=2026-11-21").await[0]["Sum"].clone();
    assert_eq!(sum().await, 314.0, "the programme takes a rouble off each dish");
    bench.advance("5m").await;
    let added = bench.act("tillypad.add_dish", json!({ "guest": id, "dish": STEAK, "count": 2 })).await;
    assert_guid(added["orit_ID"].as_str().expect("an id"));
    let line = guest(&bench, &id).await["orders"][0]["orderItems"][1].clone();
    assert_eq!(line["orit_ID"], added["orit_ID"]);
    assert_eq!(line["orit_ordr_ID"], guest(&bench, &id).await["orders"][0]["ordr_ID"]);
    assert_eq!((&line["orit_Count"], &line["orit_Price"], &line["orit_Order"]), (&json!(2), &json!(374), &json!(1)));
    assert!(line["orit_mvtp_ID"].is_string() && line["orit_slgr_ID"].is_string());
    assert_eq!(sum().await, 1062.0);
    bench.act("tillypad.remove_dish", json!({ "guest": id, "line": added["orit_ID"], "count": 1 })).await;
    assert_eq!(sum().await, 688.0);
    // What is in a precheck stays, what came after it can go.
    bench.act("tillypad.precheck", json!({ "guest": id })).await;
    let late = bench.act("tillypad.add_dish", json!({ "guest": id, "dish": SOUP, "price": 100 })).await;
    for (args, status) in [
        (json!({ "guest": id, "line": added["orit_ID"] }), 409),
        (json!({ "guest": id, "line": late["orit_ID"], "count": 2 }), 409),
        (json!({ "guest": id, "line": SOUP }), 404),
    ] {
        let answer = refused(&bench, "tillypad.remove_dish", args).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    bench.act("tillypad.remove_dish", json!({ "guest": id, "line": late["orit_ID"] })).await;
    assert_eq!(sum().await, 688.0);
    bench.act("tillypad.take_money", json!({ "guest": id })).await;
    for (action, args) in [
        ("tillypad.add_dish", json!({ "guest": id, "dish": SOUP })),
        ("tillypad.remove_dish", json!({ "guest": id, "line": added["orit_ID"] })),
    ] {
        assert_eq!(refused(&bench, action, args).await.status, 409, "{action}");
    }
    let wrong = refused(&bench, "tillypad.add_dish", json!({ "guest": id, "dish": SOUP, "count": 0 })).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    // A saved world is read again.
    let saved = bench.state().await;
    assert!(bench.steer(Method::PUT, "/worlds/default/state", saved).await.status.is_success());
}
