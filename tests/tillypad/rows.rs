//! Ids of orders and lines are unique in the whole world, whoever gave them; what is drawn is nobody's yet.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, assert_spring, guest, post, post_guest::short, store};
use crate::support::Bench;

const ROW: &str = "11111111-2222-4333-8444-555555555555";

fn with_id(place: &str, key: &str, id: &Value) -> Value {
    let mut bill = short("свой номер");
    bill.pointer_mut(place).expect("a row")[key] = id.clone();
    bill
}

#[proves("TP-254")]
#[tokio::test]
async fn an_id_of_another_bills_order_or_line_is_there_already() {
    let bench = Bench::start().await;
    let stored = guest(&bench, &store(&bench, &short("первый")).await).await;
    for (place, key, table) in
        [("/orders/0", "ordr_ID", "tp_Orders"), ("/orders/0/orderItems/0", "orit_ID", "tp_OrderItems")]
    {
        // One that the server drew, and one that a client gave.
        let drawn = stored.pointer(place).expect("a row")[key].clone();
        let bill = with_id(place, key, &json!(ROW));
        let id = store(&bench, &bill).await;
        for given in [drawn, json!(ROW), json!(ROW.to_lowercase())] {
            let answer = post(&bench, "/post-guest", &with_id(place, key, &given)).await;
            assert_spring(&answer, "/post-guest", &format!("PRIMARY KEY constraint of table '{table}'"));
            assert_eq!(answer.json()["errorcode"], 2627);
            // Nothing is stored by a calculation.
            assert_eq!(post(&bench, "/calc-discount", &with_id(place, key, &given)).await.status, 200);
        }
        // Once the bill is gone, its ids are free.
        assert_eq!(ask(&bench, Method::DELETE, &format!("/delete-guest?id={id}"), None).await.status, 200);
        store(&bench, &bill).await;
    }
}

#[tokio::test]
async fn no_row_of_a_file_is_lost_to_one_that_is_drawn() {
    let bench = Bench::start().await;
    let client = || json!({ "name": "Гость", "phone": "+7 900 000-00-01" });
    let fill = async || {
        bench.act("tillypad.add_client", client()).await;
        bench.act("tillypad.open_day", json!({ "division": super::CALL_CENTRE })).await;
        let id = store(&bench, &short("с пречеком")).await;
        bench.act("tillypad.precheck", json!({ "guest": id })).await;
        bench.act("tillypad.close_day", json!({ "division": super::CALL_CENTRE })).await;
    };
    let count = |state: &Value| {
        ["clients", "days", "prechecks", "guests"].map(|key| state["tillypad"][key].as_array().map_or(0, Vec::len))
    };
    let before = count(&bench.state().await);
    fill().await;
    let mut file = bench.state().await;
    file["tillypad"].as_object_mut().expect("a section").remove("random");
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", file).await.status, 200);
    fill().await;
    let after = bench.state().await;
    assert_eq!(count(&after), before.map(|rows| rows + 2));
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", after).await.status, 200);
}

#[tokio::test]
async fn ids_that_a_stream_draws_again_are_drawn_once_more() {
    // A file with bills and without how far the streams were drawn: they begin anew.
    let bench = Bench::start().await;
    let first = store(&bench, &short("первый")).await;
    let mut file = bench.state().await;
    file["tillypad"].as_object_mut().expect("a section").remove("random");
    let put = bench.steer(Method::PUT, "/worlds/default/state", file).await;
    assert_eq!(put.status, 200, "{}", put.text);
    let (before, second) = (guest(&bench, &first).await, store(&bench, &short("второй")).await);
    assert_ne!(first, second);
    let after = guest(&bench, &second).await;
    assert_eq!(guest(&bench, &first).await, before);
    assert_ne!(after["orders"][0]["ordr_ID"], before["orders"][0]["ordr_ID"]);
    assert_ne!(after["orders"][0]["orderItems"][0]["orit_ID"], before["orders"][0]["orderItems"][0]["orit_ID"]);
}

#[tokio::test]
async fn rows_of_a_file_are_not_drawn_though_its_bills_have_other_ids() {
    let bench = Bench::start().await;
    let first = store(&bench, &short("первый")).await;
    let mut file = bench.state().await;
    let section = file["tillypad"].as_object_mut().expect("a section");
    section.remove("random");
    let bills = section["guests"].as_array_mut().expect("bills");
    bills.iter_mut().find(|bill| bill["gest_ID"] == first).expect("the bill")["gest_ID"] = json!(ROW);
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", file).await.status, 200);
    let (old, new) = (guest(&bench, ROW).await, guest(&bench, &store(&bench, &short("второй")).await).await);
    assert_ne!(old["orders"][0]["ordr_ID"], new["orders"][0]["ordr_ID"]);
    assert_ne!(old["orders"][0]["orderItems"][0]["orit_ID"], new["orders"][0]["orderItems"][0]["orit_ID"]);
    let saved = bench.state().await;
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", saved).await.status, 200);
}
