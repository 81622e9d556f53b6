//! Delivery: states, the two system tasks by the world's clock, stop lists, couriers (P4, P5).

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, assert_spring, get, guest, post_guest::printed, post_guest::short, store};
use crate::support::Bench;

const COURIER: &str = "08200CFE-6E36-42B6-B1A1-D5653C88970B";

async fn state_of(bench: &Bench, id: &str) -> Value {
    get(bench, &format!("/get-guest-delivery-state?guest-id={id}")).await
}

fn state(id: i64, name: &str) -> Value {
    json!({ "dlvrst_ID": id, "dlvrst_Name": name })
}

/// The printed bill, waiting for the executor, to be delivered at this time.
fn waiting(at: &str) -> Value {
    let mut bill = printed();
    bill["gest_DateOpen"] = json!(at);
    bill["guestDeliveries"]["gsdlv_dlvrst_ID"] = json!(2);
    bill
}

#[proves("TP-163")]
#[tokio::test]
async fn the_printed_request_gets_the_printed_state() {
    let bench = Bench::start().await;
    let answer =
        ask(&bench, Method::GET, "/get-guest-delivery-state?guest-id=5C493318-3A9D-F649-A431-5C685D00C99E", None).await;
    assert_eq!(answer.text, r#"{"dlvrst_ID":6,"dlvrst_Name":"Приготовлена, не отправлена"}"#);
    let id = store(&bench, &short("в зале")).await;
    let none = ask(&bench, Method::GET, &format!("/get-guest-delivery-state?guest-id={id}"), None).await;
    assert_spring(&none, "/get-guest-delivery-state", &id);
}

#[proves("TP-015", "TP-016", "TP-017", "TP-018", "TP-132", "TP-133", "TP-135", "TP-139", "TP-140", "P4", "P5")]
#[tokio::test]
async fn an_order_moves_on_by_the_clock_until_it_is_cooked() {
    // At noon, for two o'clock: half an hour on the way, half an hour to cook.
    let bench = Bench::start().await;
    let id = store(&bench, &waiting("2026-11-21T14:00:00")).await;
    assert_eq!(state_of(&bench, &id).await, state(2, "Ждет подтверждения исполнителя"));
    bench.advance("1m").await;
    assert_eq!(state_of(&bench, &id).await, state(3, "Ждет начала приготовления"));
    bench.advance("58m59s").await;
    assert_eq!(state_of(&bench, &id).await["dlvrst_ID"], 3);
    bench.advance("1s").await;
    assert_eq!(state_of(&bench, &id).await, state(5, "Начали готовить"));
}

#[proves("TP-133", "TP-137")]
#[tokio::test]
async fn a_bills_own_times_decide_when_cooking_starts() {
    let bench = Bench::start().await;
    let mut bill = waiting("2026-11-21T14:00:00");
    bill["guestDeliveries"]["gsdlv_CookingTime"] = json!(600);
    bill["guestDeliveries"]["gsdlv_DeliveryTime"] = json!(1200);
    let id = store(&bench, &bill).await;
    bench.advance("89m59s").await;
    assert_eq!(state_of(&bench, &id).await["dlvrst_ID"], 3);
    bench.advance("1s").await;
    assert_eq!(state_of(&bench, &id).await["dlvrst_ID"], 5);
}

#[proves("TP-019", "TP-020", "TP-021", "TP-022", "TP-128", "P4")]
#[tokio::test]
async fn an_order_waits_while_something_keeps_it() {
    let bench = Bench::start().await;
    let dish = printed()["orders"][0]["orderItems"][2]["orit_mitm_ID"].clone();
    bench.act("tillypad.stop_list", json!({ "division": super::DELIVERY, "add": [dish] })).await;
    let mut lost = waiting("2026-11-21T14:00:00");
    lost["guestDeliveries"].as_object_mut().unwrap().remove("gsdlv_GeoCoordinates");
    lost["orders"][0]["orderItems"].as_array_mut().unwrap().truncate(1);
    let mut pickup = lost.clone();
    pickup["guestDeliveries"]["gsdlv_dlvrmt_ID"] = json!(2);
    let mut call_centre = waiting("2026-11-21T14:00:00");
    call_centre["gest_dvsn_ID"] = json!(super::CALL_CENTRE);
    let stopped = store(&bench, &waiting("2026-11-21T14:00:00")).await;
    let lost = store(&bench, &lost).await;
    let pickup = store(&bench, &pickup).await;
    let call_centre = store(&bench, &call_centre).await;
    bench.advance("10m").await;
    for (id, expected) in [(&stopped, 2), (&lost, 2), (&pickup, 3), (&call_centre, 2)] {
        assert_eq!(state_of(&bench, id).await["dlvrst_ID"], expected, "{id}");
    }
    // The dish is back, and the operator has cleared up where the other guest lives.
    bench.act("tillypad.stop_list", json!({ "division": super::DELIVERY, "remove": [dish] })).await;
    let confirmed = bench.act("tillypad.confirm", json!({ "guest": lost })).await;
    assert_eq!(confirmed, state(3, "Ждет начала приготовления"));
    assert_eq!(guest(&bench, &lost).await["guestDeliveries"]["gsdlv_NeedConfirmation"], false);
    bench.advance("10s").await;
    assert_eq!(state_of(&bench, &stopped).await["dlvrst_ID"], 3);
    bench.advance("1h").await;
    for id in [&stopped, &lost, &pickup] {
        assert_eq!(state_of(&bench, id).await["dlvrst_ID"], 5, "{id}");
    }
    assert_eq!(state_of(&bench, &call_centre).await["dlvrst_ID"], 2);
}

#[proves("TP-126", "TP-131", "TP-141")]
#[tokio::test]
async fn the_courier_takes_what_is_cooked_and_closes_what_is_delivered() {
    let bench = Bench::start().await;
    let id = store(&bench, &waiting("2026-11-21T12:30:00")).await;
    bench.advance("1m").await;
    assert_eq!(state_of(&bench, &id).await["dlvrst_ID"], 5, "it is late already: cooking starts at once");
    bench.act("tillypad.delivery_state", json!({ "guest": id, "state": 6 })).await;
    let sent = bench.act("tillypad.courier", json!({ "guest": id, "user": COURIER, "comment": "на машине" })).await;
    assert_eq!(sent, state(7, "Отправлена"));
    bench.advance("20m").await;
    bench.act("tillypad.delivery_state", json!({ "guest": id, "state": "closed" })).await;
    let row = guest(&bench, &id).await["guestDeliveries"].clone();
    assert_eq!(row["gsdlv_usr_ID_Courier"], COURIER);
    assert_eq!(row["gsdlv_CourierComment"], "на машине");
    assert_eq!(row["gsdlv_DateDelivered"], "2026-11-21T12:21:00");
}

#[proves("TP-126")]
#[tokio::test]
async fn actions_name_what_they_do_not_know() {
    let bench = Bench::start().await;
    let id = store(&bench, &printed()).await;
    for (action, args, part) in [
        ("tillypad.courier", json!({ "guest": id, "user": COURIER.replace('0', "1") }), "tp_Users"),
        ("tillypad.delivery_state", json!({ "guest": id, "state": 77 }), "77"),
        ("tillypad.confirm", json!({ "guest": COURIER }), COURIER),
        ("tillypad.stop_list", json!({ "add": [COURIER] }), "tp_MenuItems"),
        ("tillypad.confirm", json!({ "guest": "7" }), "no GUID"),
    ] {
        let answer = bench.steer(Method::POST, "/worlds/default/actions", json!({ action: args })).await;
        assert!(answer.status.is_client_error(), "{action}: {}", answer.text);
        assert!(answer.text.contains(part), "`{part}` is not in {}", answer.text);
    }
}

/// Ten minutes on the way and twenty to cook in this division; a bill that gives one of them itself has its own.
#[proves("TP-135")]
#[tokio::test]
async fn times_are_the_division_s_where_a_bill_gives_none() {
    let bench = Bench::start().await;
    let mut world = bench.state().await;
    for division in world["tillypad"]["divisions"].as_array_mut().unwrap() {
        division["delivery_time"] = json!("10m");
        division["cooking_time"] = json!("20m");
    }
    let put = bench.steer(Method::PUT, "/worlds/default/state", world).await;
    assert!(put.status.is_success(), "{}", put.text);
    let none = store(&bench, &waiting("2026-11-21T14:00:00")).await;
    let mut own = waiting("2026-11-21T14:00:00");
    own["guestDeliveries"]["gsdlv_CookingTime"] = json!(3600);
    let own = store(&bench, &own).await;
    for (by, states) in [("49m59s", [3, 3]), ("1s", [3, 5]), ("39m59s", [3, 5]), ("1s", [5, 5])] {
        bench.advance(by).await;
        let found =
            [state_of(&bench, &none).await["dlvrst_ID"].clone(), state_of(&bench, &own).await["dlvrst_ID"].clone()];
        assert_eq!(found, states.map(|state| json!(state)), "{by}");
    }
}

#[proves("TP-016", "TP-018", "P4")]
#[tokio::test]
async fn a_division_runs_its_tasks_or_does_not() {
    for (task, stays) in [("accepts", 2), ("starts", 3)] {
        let bench = Bench::start().await;
        let mut world = bench.state().await;
        for division in world["tillypad"]["divisions"].as_array_mut().unwrap() {
            division[task] = json!(false);
        }
        let put = bench.steer(Method::PUT, "/worlds/default/state", world).await;
        assert!(put.status.is_success(), "{}", put.text);
        let id = store(&bench, &waiting("2026-11-21T14:00:00")).await;
        bench.advance("5h").await;
        assert_eq!(state_of(&bench, &id).await["dlvrst_ID"], stays, "{task}");
    }
}

#[tokio::test]
async fn a_reset_forgets_what_was_posted() {
    let bench = Bench::start().await;
    let id = store(&bench, &waiting("2026-11-21T14:00:00")).await;
    let reset = bench.steer(Method::POST, "/worlds/default/reset", json!({ "fake": "tillypad" })).await;
    assert!(reset.status.is_success(), "{}", reset.text);
    let gone = ask(&bench, Method::GET, &format!("/get-guest?guest-id={id}"), None).await;
    assert_spring(&gone, "/get-guest", &id);
    assert_eq!(bench.advance("5h").await["fired"], json!([]), "its task is gone with it");
}

#[proves("TP-131")]
#[tokio::test]
async fn the_time_of_closing_is_noted_once() {
    let bench = Bench::start().await;
    let mut bill = printed();
    bill["guestDeliveries"]["gsdlv_dlvrst_ID"] = json!(1);
    let id = store(&bench, &bill).await;
    let delivered = async || guest(&bench, &id).await["guestDeliveries"]["gsdlv_DateDelivered"].clone();
    assert_eq!(delivered().await, "2026-11-21T12:00:00", "posted as closed");
    bench.advance("10m").await;
    bench.act("tillypad.delivery_state", json!({ "guest": id, "state": "closed" })).await;
    assert_eq!(delivered().await, "2026-11-21T12:00:00", "it was closed already");
    // Taken back and closed again, it is closed anew.
    bench.act("tillypad.delivery_state", json!({ "guest": id, "state": "sent" })).await;
    bench.act("tillypad.delivery_state", json!({ "guest": id, "state": "closed" })).await;
    assert_eq!(delivered().await, "2026-11-21T12:10:00");
    // What the client gives is kept.
    bill["guestDeliveries"]["gsdlv_DateDelivered"] = json!("2026-11-20T10:00:00");
    let given = store(&bench, &bill).await;
    assert_eq!(guest(&bench, &given).await["guestDeliveries"]["gsdlv_DateDelivered"], "2026-11-20T10:00:00");
}

#[tokio::test]
async fn an_action_on_a_bill_that_is_not_there_names_the_nearest() {
    let bench = Bench::start().await;
    let id = store(&bench, &printed()).await;
    let last = if id.ends_with('0') { "1" } else { "0" };
    let near = format!("{}{last}", &id[..35]);
    for (action, args) in [
        ("tillypad.delivery_state", json!({ "guest": near, "state": 6 })),
        ("tillypad.confirm", json!({ "guest": near })),
        ("tillypad.courier", json!({ "guest": near, "user": "942AF580-6AE9-4D89-9465-7A348FB604E9" })),
        ("tillypad.precheck", json!({ "guest": near })),
        ("tillypad.begin_payment", json!({ "guest": near })),
        ("tillypad.close_bill", json!({ "guest": near })),
    ] {
        let answer = bench.steer(Method::POST, "/worlds/default/actions", json!({ action: args })).await;
        assert_eq!(answer.status, 404, "{action}: {}", answer.text);
        let error = &answer.json()["error"];
        assert_eq!(error["hint"], format!("did you mean `{id}`?"), "{action}: {error}");
    }
}
