//! `/calc-discount`: what is calculated is not stored, and a stored bill is calculated alike (P6).

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, assert_guid, guest, keys, post, sent, store};
use crate::support::Bench;

fn request() -> Value {
    sent("calc-discount/post")
}

#[proves("TP-146", "TP-148", "P6")]
#[tokio::test]
async fn nothing_is_stored_and_every_row_beside_the_tree_has_its_own_id() {
    let bench = Bench::start().await;
    let before = bench.state().await["tillypad"]["guests"].clone();
    let mut seen = Vec::new();
    for method in [Method::POST, Method::GET] {
        let answer = ask(&bench, method, "/calc-discount", Some(&request())).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let got = answer.json();
        for place in ["/orders/0/orderItems/0/orderItemDiscounts/oritd_ID", "/notes/0/note_ID"] {
            let id = got.pointer(place).expect("an id").as_str().expect("text").to_owned();
            assert_guid(&id);
            assert!(!seen.contains(&id), "{id} is given twice");
            seen.push(id);
        }
    }
    assert_eq!(bench.state().await["tillypad"]["guests"], before);
}

#[proves("TP-153", "P6")]
#[tokio::test]
async fn without_the_privilege_nothing_is_taken_off() {
    let bench = Bench::start().await;
    let mut bill = request();
    bill.as_object_mut().unwrap().remove("gest_sprv_ID");
    let reply = post(&bench, "/calc-discount", &bill).await.json();
    assert_eq!(reply["orders"][0]["orderItems"][0]["orit_Price"], 10.5);
    assert!(!keys(&reply["orders"][0]["orderItems"][0]).contains(&"orderItemDiscounts"));
    assert!(!keys(&reply).contains(&"notes"));
    // The privilege may stand beside the bill, too.
    bill["guestSalePrivileges"] = json!([{ "gsprv_sprv_ID": "D572B760-99CB-C64D-9CE0-77FD5FD1171E" }]);
    let reply = post(&bench, "/calc-discount", &bill).await.json();
    assert_eq!(reply["orders"][0]["orderItems"][0]["orit_Price"], 9.5);
}

#[proves("TP-155")]
#[tokio::test]
async fn a_stored_bill_is_calculated_as_the_draft_was() {
    let bench = Bench::start().await;
    let draft = post(&bench, "/calc-discount", &request()).await.json();
    let stored = guest(&bench, &store(&bench, &request()).await).await;
    for path in ["/orders/0/orderItems/0", "/orders/0/orderItems/0/orderItems/0", "/orders/0/orderItems/1"] {
        let (draft, stored) = (draft.pointer(path).unwrap(), stored.pointer(path).unwrap());
        assert_eq!(draft["orit_Price"], stored["orit_Price"]);
        assert_eq!(draft["orit_PriceDiscount"], stored["orit_PriceDiscount"]);
    }
    assert_eq!(stored["guestDiscountPointOperations"][0]["gdpo_Value"], 3);
    // A draft that is sent back as it came gets ids of its own.
    let mut back = draft;
    back["gest_Name"] = json!("обратно");
    let id = store(&bench, &back).await;
    assert!(!id.ends_with("FFFF-FFFF-FFFF-FFFFFFFFFFFF"), "{id}");
    store(&bench, &back).await;
}
