//! Bills that are posted again, clients with one phone, and names that the database takes for equal (P14).

use reqwest::Method;
use serde_json::{Value, json};

use super::{INTERNET, SOUP, assert_spring, get, guest, post, post_guest::short, store};
use crate::support::Bench;

const OWN: &str = "0A1B2C3D-1111-4222-8333-444455556666";

fn own(count: i64) -> Value {
    let mut bill = short("своя");
    bill["gest_ID"] = json!(OWN);
    bill["orders"][0]["ordr_ID"] = json!("0A1B2C3D-1111-4222-8333-444455557777");
    bill["orders"][0]["orderItems"][0]["orit_Count"] = json!(count);
    bill
}

async fn count(bench: &Bench) -> Value {
    guest(bench, OWN).await["orders"][0]["orderItems"][0]["orit_Count"].clone()
}

#[proves("TP-242", "P14")]
#[tokio::test]
async fn p14_a_bill_that_is_posted_again_is_refused_the_same_or_replaced() {
    let bench = Bench::start().await;
    store(&bench, &own(1)).await;
    let refused = post(&bench, "/post-guest", &own(2)).await;
    assert_spring(&refused, "/post-guest", OWN);
    assert_eq!((&refused.json()["errorcode"], count(&bench).await), (&json!(2627), json!(1)));

    bench.set("tillypad", json!({ "repeated_bill": "same" })).await;
    store(&bench, &own(1)).await;
    let before = bench.state().await["tillypad"].clone();
    assert_eq!(store(&bench, &own(2)).await, OWN);
    assert_eq!(bench.state().await["tillypad"], before, "the bill that is there stays as it is");

    bench.set("tillypad", json!({ "repeated_bill": "replaced" })).await;
    let mut first = own(1);
    first["orders"][0]["ordr_orst_ID"] = json!(1);
    store(&bench, &first).await;
    assert_eq!(store(&bench, &own(2)).await, OWN);
    assert_eq!(count(&bench).await, 2);
    let state = bench.state().await;
    assert!(state["tillypad"].get("prechecks").is_none(), "the precheck went with the bill that was replaced");
    // What could not be deleted is not replaced; what is refused replaces nothing.
    let mut bad = own(3);
    bad["orders"][0]["orderItems"][0]["orit_mitm_ID"] = json!(OWN);
    assert_eq!(post(&bench, "/post-guest", &bad).await.status, 500);
    assert_eq!(count(&bench).await, 2);
    let payment = json!({ "Payment": { "gest_ID": OWN, "payType_ID": INTERNET, "paySum": 630 } });
    assert_eq!(post(&bench, "/pay-guest", &payment).await.status, 200);
    assert_spring(&post(&bench, "/post-guest", &own(3)).await, "/post-guest", "фискализации");
}

#[proves("P14", "TP-250")]
#[tokio::test]
async fn p14_of_several_clients_with_one_phone_the_newest_is_found() {
    let bench = Bench::start().await;
    let found = async || get(&bench, "/get-client-by-phone?phone=89001112233").await["clnt_Name"].clone();
    // Whatever their ids: each is the newest for a while, also in a world that was saved and restored.
    for (n, id) in ["5", "1", "9", "3"].into_iter().enumerate() {
        let name = format!("Гость {n}");
        let id = format!("{id}F0E7C9A-1111-4222-8333-444455556666");
        bench.act("tillypad.add_client", json!({ "id": id, "name": name, "phone": "+7 (900) 111-22-33" })).await;
        assert_eq!(found().await, name);
        let saved = bench.state().await;
        assert!(bench.steer(Method::PUT, "/worlds/default/state", saved).await.status.is_success());
        assert_eq!(found().await, name, "after a restore");
    }
}

#[proves("P14")]
#[tokio::test]
async fn p14_a_phone_that_is_kept_with_the_person_finds_the_client() {
    let bench = Bench::start().await;
    let client =
        json!({ "clnt_Name": "Анна", "people": { "pepl_FirstName": "Анна", "pepl_PhoneCell": "+79005550011" } });
    let id = post(&bench, "/post-client", &client).await.json()["clnt_ID"].clone();
    assert_eq!(get(&bench, "/get-client-by-phone?phone=89005550011").await["clnt_ID"], id);
    let saved = bench.state().await;
    assert!(bench.steer(Method::PUT, "/worlds/default/state", saved).await.status.is_success());
    assert_eq!(get(&bench, "/get-client-by-phone?phone=89005550011").await["clnt_ID"], id);
    assert_eq!(get(&bench, "/get-client-by-phone?phone=89005550012").await, Value::Null);
}

#[proves("P14")]
#[tokio::test]
async fn p14_prechecks_are_taken_in_the_order_in_which_they_were_printed() {
    // Whichever drawn id sorts first: the first precheck is authorised first, also after a restore.
    for n in 0..4 {
        let bench = Bench::start().await;
        let id = store(&bench, &short(&format!("счёт {n}"))).await;
        let mut sums = Vec::new();
        for price in [100, 200, 300] {
            bench.act("tillypad.add_dish", json!({ "guest": id, "dish": SOUP, "price": price })).await;
            sums.push(bench.act("tillypad.precheck", json!({ "guest": id })).await["sum"].clone());
        }
        assert_eq!(json!(sums), json!([415.0, 200.0, 300.0]));
        let saved = bench.state().await;
        assert!(bench.steer(Method::PUT, "/worlds/default/state", saved).await.status.is_success());
        bench.act("tillypad.begin_payment", json!({ "guest": id })).await;
        let state = bench.state().await;
        let begun: Vec<&Value> = state["tillypad"]["prechecks"]
            .as_array()
            .expect("prechecks")
            .iter()
            .filter(|precheck| precheck["begun"] == true)
            .map(|precheck| &precheck["sum"])
            .collect();
        assert_eq!(begun, [&json!(415.0)]);
    }
}

#[proves("TP-259")]
#[tokio::test]
async fn names_are_compared_as_the_database_compares_them() {
    let bench = Bench::start().await;
    let id = store(&bench, &short("Стол Ёлка")).await;
    for (name, found) in [("стол ёлка", true), ("СТОЛ ЁЛКА%20%20", true), ("стол елка", false), ("%20стол ёлка", false)]
    {
        let got = get(&bench, &format!("/get-guest-info?name={name}&date=2026-11-21")).await;
        let ids: Vec<&Value> = got.as_array().expect("bills").iter().map(|bill| &bill["ID"]).collect();
        assert_eq!(ids == [&json!(id)], found, "{name}: {got}");
    }
}
