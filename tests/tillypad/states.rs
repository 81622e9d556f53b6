//! States by the parts that they play (P5), and prepaid deliveries that close their bills (P13).

use reqwest::Method;
use serde_json::{Value, json};

use super::post_guest::{printed, short};
use super::{INTERNET, ask, assert_spring, get, guest, post, store};
use crate::support::Bench;

async fn delivery_state(bench: &Bench, id: &str) -> Value {
    get(bench, &format!("/get-guest-delivery-state?guest-id={id}")).await["dlvrst_ID"].clone()
}

/// The documented world with other lists of states.
async fn installation(lists: Value) -> Bench {
    let bench = Bench::start().await;
    let mut world = bench.state().await;
    // The documented bills are in states of the documented lists.
    world["tillypad"]["guests"] = json!([]);
    for (key, list) in lists.as_object().expect("lists") {
        world["tillypad"][key] = list.clone();
    }
    let put = bench.steer(Method::PUT, "/worlds/default/state", world).await;
    assert!(put.status.is_success(), "{}", put.text);
    bench
}

#[proves("P5")]
#[tokio::test]
async fn p5_an_installation_with_other_ids_plays_the_same_parts() {
    let bench = installation(json!({
        "guest_states": [
            { "id": 10, "name": "A", "part": "draft" }, { "id": 7, "name": "B", "part": "paying" },
            { "id": 3, "name": "C", "part": "closed" },
        ],
        "order_states": [{ "id": 5, "name": "D", "part": "draft" }, { "id": 0, "name": "E", "part": "registered" }],
        "delivery_states": [
            { "id": 40, "name": "F", "part": "new" }, { "id": 1, "name": "G", "part": "waits_for_executor" },
            { "id": 8, "name": "H", "part": "waits_for_start" }, { "id": 2, "name": "I", "part": "start_of_cooking" },
            { "id": 30, "name": "J", "part": "cooked" }, { "id": 4, "name": "K", "part": "sent" },
            { "id": 6, "name": "L", "part": "closed" }, { "id": 3, "name": "M", "part": "cancelled" },
        ],
        "delivery_methods": [{ "id": 9, "name": "N", "part": "courier" }, { "id": 1, "name": "O", "part": "pickup" }],
    }))
    .await;
    // What the client leaves out is the state that plays the first part.
    let mut bill = short("другие номера");
    bill["guestDeliveries"] = json!({});
    let stored = guest(&bench, &store(&bench, &bill).await).await;
    let delivery = &stored["guestDeliveries"];
    assert_eq!((&stored["gest_gsst_ID"], &stored["orders"][0]["ordr_orst_ID"]), (&json!(10), &json!(5)));
    assert_eq!((&delivery["gsdlv_dlvrst_ID"], &delivery["gsdlv_dlvrmt_ID"]), (&json!(40), &json!(9)));
    // The tasks take a pickup through its states, the courier and the staff through the rest.
    bill["gest_DateOpen"] = json!("2026-11-21T14:00:00");
    bill["guestDeliveries"] = json!({ "gsdlv_dlvrst_ID": 1, "gsdlv_dlvrmt_ID": 1 });
    bill["orders"][0]["ordr_orst_ID"] = json!(0);
    let id = store(&bench, &bill).await;
    assert_eq!(guest(&bench, &id).await["gest_gsst_ID"], 7, "a registered order has a precheck");
    bench.advance("1m").await;
    assert_eq!(delivery_state(&bench, &id).await, 8);
    bench.advance("1h").await;
    assert_eq!(delivery_state(&bench, &id).await, 2);
    bench.act("tillypad.delivery_state", json!({ "guest": id, "state": "cooked" })).await;
    let sent =
        bench.act("tillypad.courier", json!({ "guest": id, "user": "08200CFE-6E36-42B6-B1A1-D5653C88970B" })).await;
    assert_eq!(sent, json!({ "dlvrst_ID": 4, "dlvrst_Name": "K" }));
    bench.act("tillypad.delivery_state", json!({ "guest": id, "state": "L" })).await;
    bench.act("tillypad.take_money", json!({ "guest": id })).await;
    let closed = guest(&bench, &id).await;
    assert_eq!((&closed["gest_gsst_ID"], closed["gest_DateClose"].is_string()), (&json!(3), true));
    assert!(closed["guestDeliveries"]["gsdlv_DateDelivered"].is_string());
    assert_eq!(get(&bench, "/get-closed-guests-id?from=2026-11-21&to=2026-11-21").await, json!([id]));
}

#[proves("P5")]
#[tokio::test]
async fn p5_a_list_without_parts_plays_those_of_its_names() {
    // As worlds were written before states had parts.
    let bench = installation(json!({
        "delivery_states": [
            { "id": 0, "name": "Новая" }, { "id": 2, "name": "Ждет подтверждения исполнителя" },
            { "id": 3, "name": "Ждет начала приготовления" }, { "id": 4, "name": "Начали готовить" },
            { "id": 8, "name": "Закрыта" },
        ],
        "delivery_methods": [{ "id": 0, "name": "Самовывоз" }, { "id": 1, "name": "Доставка" }],
    }))
    .await;
    let mut bill = short("по именам");
    bill["gest_DateOpen"] = json!("2026-11-21T14:00:00");
    bill["guestDeliveries"] = json!({ "gsdlv_dlvrst_ID": 2, "gsdlv_dlvrmt_ID": 0 });
    let id = store(&bench, &bill).await;
    bench.advance("2h").await;
    assert_eq!(delivery_state(&bench, &id).await, 4, "picked up, so it needs no coordinates");
    let lists = bench.state().await["tillypad"]["delivery_states"].clone();
    assert_eq!(lists[4], json!({ "id": 8, "name": "Закрыта", "part": "closed" }));
    // A part that no state plays, and one of another list, are named.
    for (list, part) in [
        (json!([{ "id": 0, "name": "?" }]), "`new`"),
        (json!([{ "id": 0, "name": "?", "part": "registered" }]), "`registered`"),
    ] {
        let mut world = bench.state().await;
        world["tillypad"]["delivery_states"] = list;
        let refused = bench.steer(Method::PUT, "/worlds/default/state", world).await;
        assert!(refused.status == 422 && refused.text.contains(part), "{}: {}", refused.status, refused.text);
    }
}

#[proves("P17")]
#[tokio::test]
async fn p17_a_delivery_is_moved_into_any_state_by_id_name_or_part() {
    let bench = Bench::start().await;
    let id = store(&bench, &printed()).await;
    for (state, expected) in
        [(json!(6), 6), (json!("sent"), 7), (json!("Отменена"), 4), (json!("8"), 8), (json!("Новая"), 0)]
    {
        let moved = bench.act("tillypad.delivery_state", json!({ "guest": id, "state": state })).await;
        assert_eq!((&moved["dlvrst_ID"], delivery_state(&bench, &id).await), (&json!(expected), json!(expected)));
    }
    let wrong = json!({ "tillypad.delivery_state": { "guest": id, "state": "Отмена" } });
    let refused = bench.steer(Method::POST, "/worlds/default/actions", wrong).await;
    assert_eq!(refused.status, 404, "{}", refused.text);
    assert!(refused.text.contains("did you mean `Отменена`?"), "{}", refused.text);
}

#[proves("TP-130", "P13")]
#[tokio::test]
async fn p13_a_prepaid_delivery_that_is_delivered_closes_its_bill() {
    let bench = Bench::start().await;
    // The printed bill names how it was paid; the other does not.
    let mut unpaid = printed();
    unpaid["gest_Name"] = json!("S404100");
    unpaid["guestDeliveries"].as_object_mut().expect("a delivery").remove("gsdlv_pytp_ID_Prepaid");
    let (prepaid, unpaid) = (store(&bench, &printed()).await, store(&bench, &unpaid).await);
    bench.advance("30m").await;
    for id in [&prepaid, &unpaid] {
        bench.act("tillypad.delivery_state", json!({ "guest": id, "state": "closed" })).await;
    }
    // Everything that shows bills shows it.
    let bill = guest(&bench, &prepaid).await;
    assert_eq!((&bill["gest_gsst_ID"], &bill["gest_DateClose"]), (&json!(5), &json!("2026-11-21T12:30:00")));
    assert_eq!(bill["orders"][0]["ordr_orst_ID"], 1);
    let info = get(&bench, "/get-guest-info?name=S404095&date=2020-10-12").await;
    assert_eq!(info[0]["State"]["Name"], "Закрыт");
    assert_eq!(get(&bench, "/get-closed-guests-id?from=2026-11-21&to=2026-11-21").await, json!([prepaid]));
    let state = bench.state().await;
    let precheck = &state["tillypad"]["prechecks"][0];
    assert_eq!(
        (&precheck["sum"], &precheck["receipt"]["pay_type"]),
        (&json!(2800.0), &json!("0789C108-6C80-BC47-BB39-A13C7CDDD030"))
    );
    // It is paid, so it is neither paid again nor deleted.
    let body = json!({ "Payment": { "gest_ID": prepaid, "payType_ID": INTERNET, "paySum": 2800 } });
    for (query, text) in [("", "передан в оплату"), ("?delete-prechecks=1", "оплачен")] {
        let again = post(&bench, &format!("/pay-guest{query}"), &body).await;
        assert!(again.status == 500 && again.text.contains(text), "{}", again.text);
    }
    let deleted = ask(&bench, Method::DELETE, &format!("/delete-guest?id={prepaid}"), None).await;
    assert_spring(&deleted, "/delete-guest", "фискализации");
    // The other is to be paid yet, and closed with that.
    assert_eq!(guest(&bench, &unpaid).await["gest_gsst_ID"], 0);
    let body = json!({ "Payment": { "gest_ID": unpaid, "payType_ID": INTERNET, "paySum": 2800 } });
    assert_eq!(post(&bench, "/pay-guest", &body).await.status, 200);
    assert_eq!(guest(&bench, &unpaid).await["gest_gsst_ID"], 5);
}

#[proves("TP-130", "P13")]
#[tokio::test]
async fn p13_a_prepaid_delivery_is_closed_where_paid_bills_stay_and_when_it_is_posted_as_delivered() {
    let bench = Bench::start().await;
    bench.set("tillypad", json!({ "paid_bill": "stays" })).await;
    let mut bill = printed();
    bill["guestDeliveries"]["gsdlv_dlvrst_ID"] = json!(1);
    let posted = store(&bench, &bill).await;
    assert_eq!(guest(&bench, &posted).await["gest_gsst_ID"], 5);
    // Its orders are completed, so it needs a trading day, as a payment does.
    let id = store(&bench, &printed()).await;
    bench.act("tillypad.close_day", json!({ "division": super::DELIVERY })).await;
    assert_eq!(post(&bench, "/post-guest", &bill).await.json()["errorcode"], 130_228);
    let action = json!({ "tillypad.delivery_state": { "guest": id, "state": "closed" } });
    let refused = bench.steer(Method::POST, "/worlds/default/actions", action.clone()).await;
    assert!(refused.status == 409 && refused.text.contains("tillypad.open_day"), "{}", refused.text);
    assert_eq!(delivery_state(&bench, &id).await, 0);
    bench.act("tillypad.open_day", json!({ "division": super::DELIVERY })).await;
    assert_eq!(bench.steer(Method::POST, "/worlds/default/actions", action).await.status, 200);
    assert_eq!(guest(&bench, &id).await["gest_gsst_ID"], 5);
}
