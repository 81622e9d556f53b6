//! `/calc-discount`: the printed reply out of the documented world's programme (P6, P7).

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, assert_guid, guest, keys, post, store};
use crate::support::Bench;
use stend::{ClockSetting, Config};

pub const REQUEST: &str = r#"{ "gest_DateOpen": "2017-07-25T07:11:04", "gest_sprv_ID": "D572B760-99CB-C64D-9CE0-77FD5FD1171E", "gest_clnt_ID": "7F944ABD-0729-D948-A052-531D74B3482F", "gest_Name": "11", "orders": [ { "ordr_Date": "2017-07-25T07:11:04", "ordr_Name": "22", "orderItems": [ { "orit_mitm_ID": "2A8BA73F-8DC0-F74C-8BA8-B081FEF9C2CC", "orit_Volume": 1, "orit_Count": 2, "orit_Price": 10.5, "orderItems": [ { "orit_mitm_ID": "6D6EC248-EC86-5F4E-84B3-C450C1919221", "orit_Price": 20.5, "orit_mmgr_ID": "93BF901D-ECAB-CA4A-9FCC-DA9E99C805DF", "orit_Volume": 1, "orit_Count": 1 } ] }, { "orit_mitm_ID": "6D6EC248-EC86-5F4E-84B3-C450C1919221", "orit_Volume": 1, "orit_Count": 2, "orit_Price": 30.5 } ] } ] }"#;

/// As printed, but for the second that the vendor's database loses from the given dates (P7).
const REPLY: &str = r#"{ "gest_ID": "00000000-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "gest_dvsn_ID": "7BF665B0-2793-4B26-946E-D03A82E7EECB", "gest_sprv_ID": "D572B760-99CB-C64D-9CE0-77FD5FD1171E", "gest_clnt_ID": "7F944ABD-0729-D948-A052-531D74B3482F", "gest_usr_ID": "5D7FEB83-5686-4DCB-9F09-C64C51B0A41D", "gest_dev_ID": "F721D056-4AAF-4EF1-86F3-57A1BF588FDA", "gest_gsst_ID": 0, "gest_DateOpen": "2017-07-25T07:11:04", "gest_Name": "11", "orders": [ { "ordr_ID": "00000001-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "ordr_gest_ID": "00000000-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "ordr_usr_ID": "5D7FEB83-5686-4DCB-9F09-C64C51B0A41D", "ordr_usr_ID_Operator": "5D7FEB83-5686-4DCB-9F09-C64C51B0A41D", "ordr_dev_ID": "F721D056-4AAF-4EF1-86F3-57A1BF588FDA", "ordr_dvsn_ID": "7BF665B0-2793-4B26-946E-D03A82E7EECB", "ordr_orst_ID": 0, "ordr_Date": "2017-07-25T07:11:04", "ordr_Name": "22", "orderItems": [ { "orit_ID": "00000002-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "orit_ordr_ID": "00000001-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "orit_mitm_ID": "2A8BA73F-8DC0-F74C-8BA8-B081FEF9C2CC", "orit_Volume": 1, "orit_Count": 2, "orit_Price": 9.5, "orit_PriceDiscount": 1, "orit_PriceMargin": 0, "orit_VAT": 0, "orit_PriceVat": 0, "orit_Order": 0, "orit_IsUnspentCredit": false, "orderItems": [ { "orit_ID": "00000003-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "orit_ordr_ID": "00000001-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "orit_master_ID": "00000002-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "orit_mitm_ID": "6D6EC248-EC86-5F4E-84B3-C450C1919221", "orit_mmgr_ID": "93BF901D-ECAB-CA4A-9FCC-DA9E99C805DF", "orit_Volume": 1, "orit_Count": 1, "orit_Price": 19.5, "orit_PriceDiscount": 1, "orit_PriceMargin": 0, "orit_VAT": 0, "orit_PriceVat": 0, "orit_Order": 0, "orit_IsUnspentCredit": false, "orderItemDiscounts": { "oritd_ID": "9DBFE6DA-6395-4FBA-928C-C7C77708FE8F", "oritd_orit_ID": "00000003-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "oritd_dstp_ID": "B9EC5388-9B01-8C47-932E-5F449A5EFA79", "oritd_Price": 19.5, "oritd_PriceDiscount": 1, "oritd_PriceMargin": 0, "oritd_Order": 1 } } ], "orderItemDiscounts": { "oritd_ID": "A6412C5A-5D10-466C-BBD6-0DC86E62F0AF", "oritd_orit_ID": "00000002-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "oritd_dstp_ID": "B9EC5388-9B01-8C47-932E-5F449A5EFA79", "oritd_Price": 9.5, "oritd_PriceDiscount": 1, "oritd_PriceMargin": 0, "oritd_Order": 1 } }, { "orit_ID": "00000004-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "orit_ordr_ID": "00000001-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "orit_mitm_ID": "6D6EC248-EC86-5F4E-84B3-C450C1919221", "orit_Volume": 1, "orit_Count": 2, "orit_Price": 29.5, "orit_PriceDiscount": 1, "orit_PriceMargin": 0, "orit_VAT": 0, "orit_PriceVat": 0, "orit_Order": 1, "orit_IsUnspentCredit": false, "orderItemDiscounts": { "oritd_ID": "75BD2537-1554-440C-9478-50F40513F1BB", "oritd_orit_ID": "00000004-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "oritd_dstp_ID": "B9EC5388-9B01-8C47-932E-5F449A5EFA79", "oritd_Price": 29.5, "oritd_PriceDiscount": 1, "oritd_PriceMargin": 0, "oritd_Order": 1 } } ] } ], "guestDiscountPointOperations": [ { "gdpo_ID": "A7F7763A-EAE8-4D97-8ACD-DCA14C4B051C", "gdpo_gest_ID": "00000000-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "gdpo_dspt_ID": "A976C6ED-C511-4755-B942-636645A6A1B0", "gdpo_gdpot_ID": 3, "gdpo_Date": "2017-07-28T17:22:30", "gdpo_Name": "8", "gdpo_Value": 3 } ], "notes": [ { "note_ID": "97615696-6D7F-4B5A-AB00-3D2450F6E2B0", "note_nttp_ID": "5D0B2641-80FA-3743-A463-65FA674EF1DC", "note_Item_ID": "00000000-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "note_obj_ID": "00000000-FFFF-FFFF-FFFF-FFFFFFFFFFFF", "note_tpsyso_ID": "7F40833C-3722-4502-BC11-45EC786A4621", "note_Date": "2017-07-28T17:22:30", "note_Value": { "value": "08200CFE-6E36-42B6-B1A1-D5653C88970B", "type": "guid" } } ] }"#;

fn request() -> Value {
    serde_json::from_str(REQUEST).expect("the sample is JSON")
}

/// Puts the printed ids in the place of random ones, once these are shown to be GUIDs, each its own.
fn with_printed_ids(got: &mut Value, printed: &Value, seen: &mut Vec<String>) {
    match (got, printed) {
        (Value::Object(got), Value::Object(printed)) => {
            for (key, value) in got.iter_mut() {
                let Some(known) = printed.get(key) else { continue };
                if ["oritd_ID", "gdpo_ID", "note_ID"].contains(&key.as_str()) {
                    let id = value.as_str().expect("an id").to_owned();
                    assert_guid(&id);
                    assert!(!seen.contains(&id), "{id} is given twice");
                    seen.push(id);
                    *value = known.clone();
                } else {
                    with_printed_ids(value, known, seen);
                }
            }
        }
        (Value::Array(got), Value::Array(printed)) => {
            for (value, known) in got.iter_mut().zip(printed) {
                with_printed_ids(value, known, seen);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn the_printed_reply_comes_out_of_the_programme() {
    let clock = ClockSetting::frozen_at("2017-07-28T17:22:30+03:00".parse().expect("a time"));
    let bench = Bench::with(Config { clock: Some(clock), ..Config::default() }).await;
    let before = bench.state().await["tillypad"]["guests"].clone();
    let printed: Value = serde_json::from_str(REPLY).expect("the sample is JSON");
    for method in [Method::POST, Method::GET] {
        let answer = ask(&bench, method, "/calc-discount", Some(&request())).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mut got = answer.json();
        with_printed_ids(&mut got, &printed, &mut Vec::new());
        assert_eq!(serde_json::to_string_pretty(&got).unwrap(), serde_json::to_string_pretty(&printed).unwrap());
    }
    assert_eq!(bench.state().await["tillypad"]["guests"], before, "nothing is stored");
}

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
