//! `POST /post-guest`: the printed bill, what the server fills in, registered orders.

use serde_json::{Value, json};

use super::{CAFE, RESTAURANT, SOUP, assert_guid, assert_spring, get, guest, keys, post, store};
use crate::support::Bench;

/// The bill of the document's first page.
pub(crate) fn printed() -> Value {
    super::sent("post-guest/guest")
}

/// A short bill of one dish.
pub(crate) fn short(name: &str) -> Value {
    json!({
        "gest_Name": name,
        "orders": [{ "orderItems": [{ "orit_mitm_ID": SOUP, "orit_Count": 1, "orit_Price": 315 }] }],
    })
}

#[proves("TP-004", "TP-005", "TP-006", "TP-012", "TP-030", "TP-158")]
#[tokio::test]
async fn the_printed_bill_is_kept_as_given_and_filled_in() {
    let bench = Bench::start().await;
    let id = store(&bench, &printed()).await;
    let bill = guest(&bench, &id).await;
    assert_eq!(
        keys(&bill),
        [
            "gest_ID",
            "gest_dvsn_ID",
            "gest_usr_ID",
            "gest_dev_ID",
            "gest_gsst_ID",
            "gest_DateOpen",
            "gest_Name",
            "gest_ClientName",
            "gest_ClientPhone",
            "gest_ClientAddress",
            "gest_Count",
            "gest_Comment",
            "gest_IsDelivery",
            "guestDeliveries",
            "orders"
        ]
    );
    assert_eq!(bill["gest_ID"], id);
    assert_eq!(bill["gest_DateOpen"], "2020-10-12T12:00:00");
    assert_eq!(bill["gest_Count"], 20, "a number sent as a string is a number (G1)");
    assert_eq!(bill["gest_Comment"], ", Сдача с суммы:3000, К 12-00 часам ");
    assert_eq!(bill["gest_ClientAddress"], printed()["gest_ClientAddress"]);
    assert_eq!(bill["gest_IsDelivery"], true);
    assert_eq!(
        bill["guestDeliveries"],
        json!({
            "gsdlv_gest_ID": id, "gsdlv_dlvrst_ID": 0, "gsdlv_dlvrmt_ID": 1,
            "gsdlv_cncpt_ID": "15761EEA-AD73-BA46-AE1E-5F288CB9BE97",
            "gsdlv_pytp_ID_Prepaid": "0789C108-6C80-BC47-BB39-A13C7CDDD030",
            "gsdlv_Date": "2020-10-12T10:20:14", "gsdlv_IsAutoStart": false, "gsdlv_SendSooner": false,
            "gsdlv_NeedConfirmation": true, "gsdlv_CashAmount": 3000, "gsdlv_GeoRegionID": 606,
            "gsdlv_GeoCoordinates": "59.892383, 30.421824"
        })
    );
    let order = &bill["orders"][0];
    assert_eq!(
        keys(order),
        [
            "ordr_ID",
            "ordr_gest_ID",
            "ordr_usr_ID",
            "ordr_usr_ID_Operator",
            "ordr_dev_ID",
            "ordr_dvsn_ID",
            "ordr_orst_ID",
            "ordr_Date",
            "ordr_Name",
            "orderItems"
        ]
    );
    assert_eq!(order["ordr_gest_ID"], id);
    assert_eq!(order["ordr_dvsn_ID"], bill["gest_dvsn_ID"]);
    let items = order["orderItems"].as_array().expect("items");
    let prices: Vec<i64> = items.iter().map(|item| item["orit_Price"].as_i64().expect("whole")).collect();
    assert_eq!(prices, [480, 490, 490, 450, 470, 420]);
    for (n, item) in items.iter().enumerate() {
        assert_guid(item["orit_ID"].as_str().expect("an id"));
        assert_eq!(item["orit_ordr_ID"], order["ordr_ID"]);
        assert_eq!(item["orit_Order"], n);
        assert_eq!((&item["orit_PriceDiscount"], &item["orit_IsUnspentCredit"]), (&json!(0), &json!(false)));
    }
    let info = get(&bench, "/get-guest-info?name=S404095&date=2020-10-12").await;
    assert_eq!(info[0]["Sum"], 2800.0);
}

#[proves("TP-013", "TP-014", "TP-030")]
#[tokio::test]
async fn what_is_not_given_is_filled_in_with_the_servers_time() {
    let bench = Bench::start().await;
    let id = store(&bench, &short("пусто")).await;
    let bill = guest(&bench, &id).await;
    assert_eq!(bill["gest_DateOpen"], "2026-11-21T12:00:00");
    assert_eq!(bill["gest_dvsn_ID"], RESTAURANT);
    assert_eq!(bill["gest_gsst_ID"], 0);
    assert_eq!(bill["orders"][0]["ordr_Date"], "2026-11-21T12:00:00");
    let item = &bill["orders"][0]["orderItems"][0];
    assert_eq!(item["orit_mvtp_ID"], "5224EB11-E8BE-1846-98C6-895B4B449B91");
    assert_eq!(item["orit_slgr_ID"], "25E3A39D-43E3-E840-8CCC-ED0DC12A4A37");
    assert_eq!((&item["orit_Volume"], &item["orit_VAT"]), (&json!(1), &json!(0)));
}

#[proves("TP-242")]
#[tokio::test]
async fn an_id_of_the_clients_is_kept_and_taken_once() {
    let bench = Bench::start().await;
    let mut bill = short("своя");
    bill["gest_ID"] = json!("{0a1b2c3d-1111-4222-8333-444455556666}");
    assert_eq!(store(&bench, &bill).await, "0A1B2C3D-1111-4222-8333-444455556666");
    let again = post(&bench, "/post-guest", &bill).await;
    assert_spring(&again, "/post-guest", "0A1B2C3D-1111-4222-8333-444455556666");
}

#[proves("TP-033")]
#[tokio::test]
async fn modifiers_nest_and_know_their_master() {
    let bench = Bench::start().await;
    let mut bill = short("матрёшка");
    bill["orders"][0]["orderItems"][0]["orderItems"] = json!([{
        "orit_mitm_ID": SOUP, "orit_Count": 1, "orit_Price": 20,
        "orderItems": [{ "orit_mitm_ID": SOUP, "orit_Count": 2, "orit_Price": 1.5 }],
    }]);
    let id = store(&bench, &bill).await;
    let stored = guest(&bench, &id).await;
    let dish = &stored["orders"][0]["orderItems"][0];
    let modifier = &dish["orderItems"][0];
    assert_eq!(modifier["orit_master_ID"], dish["orit_ID"]);
    assert_eq!(modifier["orderItems"][0]["orit_master_ID"], modifier["orit_ID"]);
    assert!(dish.get("orit_master_ID").is_none());
    let info = get(&bench, "/get-guest-info?name=матрёшка&date=2026-11-21").await;
    assert_eq!(info[0]["Sum"], 338.0);
}

#[proves("TP-007", "TP-008", "TP-010", "TP-011", "TP-091", "TP-101", "P3")]
#[tokio::test]
async fn a_registered_order_needs_an_open_trading_day() {
    let bench = Bench::start().await;
    bench.act("tillypad.close_day", json!({ "division": RESTAURANT })).await;
    let mut bill = short("закрыто");
    bill["orders"][0]["ordr_orst_ID"] = json!(1);
    let before = bench.state().await;
    let refused = post(&bench, "/post-guest", &bill).await;
    assert_eq!(refused.status, 500);
    assert_eq!(
        refused.json(),
        json!({
            "timestamp": 1_795_251_600_000_i64, "status": 500, "error": "Internal Server Error",
            "exception": "com.tillypad.lib.client.SQLException",
            "message": "[Microsoft][ODBC SQL Server Driver][SQL Server]Проверка что у завершаемого заказа проставлен торговый день и подразделение ",
            "path": "/post-guest", "errorcode": 130_228
        })
    );
    assert_eq!(bench.state().await["tillypad"], before["tillypad"], "a refused bill leaves no trace");

    // As a draft, or in another division, it is taken.
    bill["orders"][0]["ordr_orst_ID"] = json!(0);
    store(&bench, &bill).await;
    bill["orders"][0]["ordr_orst_ID"] = json!(1);
    bill["gest_dvsn_ID"] = json!(CAFE);
    let id = store(&bench, &bill).await;
    let stored = guest(&bench, &id).await;
    assert_eq!(stored["orders"][0]["ordr_arch_ID"], "863A1F77-B9E9-CA47-A144-F1E8492F2B02");
    assert_eq!(stored["gest_gsst_ID"], 4, "a bill with a precheck is being paid");
    assert_guid(stored["orders"][0]["orderItems"][0]["orit_pcit_ID"].as_str().expect("in a precheck"));
    let state = bench.state().await;
    let precheck = &state["tillypad"]["prechecks"][0];
    assert_eq!((&precheck["guests"], &precheck["sum"]), (&json!([id]), &json!(315.0)));
}
