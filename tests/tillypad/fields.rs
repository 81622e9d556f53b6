//! Every row of the document's field tables: what the client gives is kept, what it leaves out is filled in where the
//! server can know it, links are the server's own, and what only the client knows is asked for (P2).

use serde_json::{Value, json};

use super::{CAFE, INTERNET, RESTAURANT, SOUP, assert_guid, assert_spring, guest, keys, post, store};
use crate::support::Bench;

const USER: &str = "942AF580-6AE9-4D89-9465-7A348FB604E9";
const DEVICE: &str = "D263A172-4D18-BC4A-AF9C-9CD5F61732E7";
const PRIVILEGE: &str = "D572B760-99CB-C64D-9CE0-77FD5FD1171E";
const OTHER: &str = "11111111-2222-4333-8444-555555555555";
const DISCOUNT: &str = "B9EC5388-9B01-8C47-932E-5F449A5EFA79";

/// Each table: where its row stands in [`full`], the rows that the client gives, and those that are the server's alone.
const TABLES: [(&str, &[&str], &[&str]); 8] = [
    (
        "",
        &[
            "gest_ID",
            "gest_dvsn_ID",
            "gest_gest_ID_Original",
            "gest_sprv_ID",
            "gest_clnt_ID",
            "gest_idnt_ID",
            "gest_usr_ID",
            "gest_dev_ID",
            "gest_plac_ID",
            "gest_lggr_ID",
            "gest_gsst_ID",
            "gest_dev_ID_SalePrivilege",
            "gest_DateOpen",
            "gest_DateClose",
            "gest_Name",
            "gest_ClientName",
            "gest_ClientPhone",
            "gest_ClientEMail",
            "gest_ClientAddress",
            "gest_PlaceNumber",
            "gest_Count",
            "gest_Comment",
            "gest_IsDelivery",
        ],
        &[],
    ),
    ("/guestSalePrivileges/0", &["gsprv_ID", "gsprv_sprv_ID"], &["gsprv_gest_ID"]),
    (
        "/guestDeliveries",
        &[
            "gsdlv_usr_ID_Courier",
            "gsdlv_dlvrst_ID",
            "gsdlv_dlvrmt_ID",
            "gsdlv_cncpt_ID",
            "gsdlv_pytp_ID_Prepaid",
            "gsdlv_Date",
            "gsdlv_DateDelivered",
            "gsdlv_IsAutoStart",
            "gsdlv_CookingTime",
            "gsdlv_DeliveryTime",
            "gsdlv_SendSooner",
            "gsdlv_NeedConfirmation",
            "gsdlv_CashAmount",
            "gsdlv_PayDescription",
            "gsdlv_GeoRegionID",
            "gsdlv_GeoCoordinates",
            "gsdlv_ExtraInfo",
            "gsdlv_CourierComment",
        ],
        &["gsdlv_gest_ID"],
    ),
    (
        "/orders/0",
        &[
            "ordr_ID",
            "ordr_usr_ID",
            "ordr_usr_ID_Operator",
            "ordr_dev_ID",
            "ordr_dvsn_ID",
            "ordr_orst_ID",
            "ordr_Date",
            "ordr_Name",
        ],
        &["ordr_gest_ID", "ordr_arch_ID"],
    ),
    (
        "/orders/0/orderItems/0",
        &[
            "orit_ID",
            "orit_mitm_ID",
            "orit_mvtp_ID",
            "orit_mmgr_ID",
            "orit_slgr_ID",
            "orit_sprv_ID",
            "orit_orpi_ID",
            "orit_Volume",
            "orit_Count",
            "orit_Price",
            "orit_PriceDiscount",
            "orit_PriceMargin",
            "orit_VAT",
            "orit_PriceVat",
            "orit_Course",
            "orit_Order",
            "orit_IsUnspentCredit",
        ],
        &["orit_ordr_ID", "orit_master_ID", "orit_pcit_ID"],
    ),
    (
        "/orders/0/orderItems/0/orderItemDiscounts/0",
        &["oritd_ID", "oritd_dstp_ID", "oritd_Price", "oritd_PriceDiscount", "oritd_PriceMargin", "oritd_Order"],
        &["oritd_orit_ID"],
    ),
    (
        "/guestDiscountPointOperations/0",
        &["gdpo_ID", "gdpo_dspt_ID", "gdpo_gdpot_ID", "gdpo_Date", "gdpo_Name", "gdpo_Description", "gdpo_Value"],
        &["gdpo_gest_ID"],
    ),
    (
        "/notes/0",
        &["note_ID", "note_nttp_ID", "note_tpsyso_ID", "note_Date", "note_Value"],
        &["note_Item_ID", "note_obj_ID"],
    ),
];

/// An id of the client's own.
fn own(n: u32) -> String {
    format!("0A1B2C3D-1111-4222-8333-{n:012}")
}

/// A bill with every field that a client may give, none of them as the server would fill it in.
fn full() -> Value {
    let discount = |n: u32| {
        json!({
            "oritd_ID": own(20 + n), "oritd_dstp_ID": DISCOUNT, "oritd_Price": 290.5, "oritd_PriceDiscount": 5,
            "oritd_PriceMargin": 1.5, "oritd_Order": 7 + n,
        })
    };
    let delivery = json!({
            "gsdlv_usr_ID_Courier": USER, "gsdlv_dlvrst_ID": 6, "gsdlv_dlvrmt_ID": 0,
            "gsdlv_cncpt_ID": "B719499B-9DFC-BA47-B027-0F390028946E", "gsdlv_pytp_ID_Prepaid": INTERNET,
            "gsdlv_Date": "2026-11-20T10:00:00", "gsdlv_DateDelivered": "2026-11-20T11:00:00",
            "gsdlv_IsAutoStart": true, "gsdlv_CookingTime": 600, "gsdlv_DeliveryTime": 1200, "gsdlv_SendSooner": true,
            "gsdlv_NeedConfirmation": true, "gsdlv_CashAmount": 1000.5, "gsdlv_PayDescription": "картой",
            "gsdlv_GeoRegionID": 606, "gsdlv_GeoCoordinates": "59.892383, 30.421824", "gsdlv_ExtraInfo": "<Extra/>",
            "gsdlv_CourierComment": "на машине",
    });
    let item = json!({
                "orit_ID": own(11), "orit_mitm_ID": SOUP, "orit_mvtp_ID": "2FD4FA63-12A1-4FAD-B215-607460886D82",
                "orit_mmgr_ID": "93BF901D-ECAB-CA4A-9FCC-DA9E99C805DF",
                "orit_slgr_ID": "25E3A39D-43E3-E840-8CCC-ED0DC12A4A37", "orit_sprv_ID": PRIVILEGE,
                "orit_orpi_ID": own(12), "orit_Volume": 0.5, "orit_Count": 3, "orit_Price": 290.5,
                "orit_PriceDiscount": 10, "orit_PriceMargin": 3, "orit_VAT": 20, "orit_PriceVat": 48.42,
                "orit_Course": 2, "orit_Order": 5, "orit_IsUnspentCredit": true,
                "orderItemDiscounts": [discount(0), discount(1)],
    });
    json!({
        "gest_ID": own(1), "gest_dvsn_ID": CAFE, "gest_gest_ID_Original": own(2), "gest_sprv_ID": PRIVILEGE,
        "gest_clnt_ID": "7F944ABD-0729-D948-A052-531D74B3482F", "gest_idnt_ID": own(3), "gest_usr_ID": USER,
        "gest_dev_ID": DEVICE, "gest_plac_ID": "BB43306C-F103-5D4C-BBEF-9A6A972C7A2C", "gest_lggr_ID": own(4),
        "gest_gsst_ID": 3, "gest_dev_ID_SalePrivilege": DEVICE, "gest_DateOpen": "2026-11-21T18:30:00",
        "gest_DateClose": "2026-11-21T19:30:00", "gest_Name": "полный", "gest_ClientName": "Евгения",
        "gest_ClientPhone": "999999999", "gest_ClientEMail": "e@example.com", "gest_ClientAddress": "<Address/>",
        "gest_PlaceNumber": "7", "gest_Count": 4, "gest_Comment": "у окна", "gest_IsDelivery": true,
        "guestDeliveries": delivery,
        "guestSalePrivileges": [{ "gsprv_ID": own(5), "gsprv_sprv_ID": PRIVILEGE }],
        "orders": [{
            "ordr_ID": own(10), "ordr_usr_ID": USER, "ordr_usr_ID_Operator": USER, "ordr_dev_ID": DEVICE,
            "ordr_dvsn_ID": RESTAURANT, "ordr_orst_ID": 0, "ordr_Date": "2026-11-21T18:31:00", "ordr_Name": "01",
            "orderItems": [item],
        }],
        "guestDiscountPointOperations": [{
            "gdpo_ID": own(6), "gdpo_dspt_ID": INTERNET, "gdpo_gdpot_ID": 3, "gdpo_Date": "2026-11-19T10:00:00",
            "gdpo_Name": "8", "gdpo_Description": "за визит", "gdpo_Value": -12.5,
        }],
        "notes": [{
            "note_ID": own(7), "note_nttp_ID": "5D0B2641-80FA-3743-A463-65FA674EF1DC", "note_tpsyso_ID": own(8),
            "note_Date": "2026-11-19T11:00:00", "note_Value": { "value": USER, "type": "guid" },
        }],
    })
}

/// A row's own fields, without the rows below it.
fn fields(row: &Value) -> Vec<&str> {
    keys(row).into_iter().filter(|key| key.contains('_')).collect()
}

/// A world that stores prices as they are sent.
async fn plain() -> Bench {
    let bench = Bench::start().await;
    bench.set("tillypad", json!({ "post_programmes": "skip" })).await;
    bench
}

#[proves(
    "TP-031", "TP-034", "TP-035", "TP-036", "TP-037", "TP-038", "TP-039", "TP-040", "TP-041", "TP-042", "TP-043",
    "TP-044", "TP-045", "TP-046", "TP-047", "TP-048", "TP-049", "TP-050", "TP-051", "TP-052", "TP-053", "TP-054",
    "TP-055", "TP-056", "TP-057", "TP-058", "TP-059", "TP-060", "TP-062", "TP-064", "TP-065", "TP-066", "TP-067",
    "TP-068", "TP-069", "TP-070", "TP-071", "TP-072", "TP-073", "TP-074", "TP-075", "TP-076", "TP-077", "TP-078",
    "TP-079", "TP-080", "TP-081", "TP-082", "TP-084", "TP-085", "TP-086", "TP-087", "TP-089", "TP-090", "TP-092",
    "TP-095", "TP-096", "TP-097", "TP-098", "TP-099", "TP-100", "TP-102", "TP-103", "TP-104", "TP-105", "TP-106",
    "TP-107", "TP-108", "TP-109", "TP-110", "TP-111", "TP-113", "TP-114", "TP-115", "TP-116", "TP-117", "TP-118",
    "TP-120", "TP-121", "TP-122", "TP-123", "TP-124", "TP-125", "P2"
)]
#[tokio::test]
async fn what_the_client_gives_is_kept() {
    let bench = plain().await;
    let sent = full();
    let stored = guest(&bench, &store(&bench, &sent).await).await;
    for (place, given, _) in TABLES {
        let (sent, stored) = (sent.pointer(place).expect(place), stored.pointer(place).expect(place));
        let mut all = fields(sent);
        all.sort_unstable();
        let mut documented = given.to_vec();
        documented.sort_unstable();
        assert_eq!(all, documented, "{place}: the test gives every field");
        for field in given {
            assert_eq!(stored[*field], sent[*field], "{field}");
        }
    }
}

#[proves("TP-061", "TP-063", "TP-083", "TP-091", "TP-093", "TP-094", "TP-101", "TP-112", "TP-119")]
#[tokio::test]
async fn links_are_the_servers_own() {
    let bench = plain().await;
    let mut sent = full();
    for (place, _, links) in TABLES {
        for link in links {
            sent.pointer_mut(place).expect(place)[*link] = json!(OTHER);
        }
    }
    sent["orders"][0]["orderItems"][0]["orderItems"] =
        json!([{ "orit_mitm_ID": SOUP, "orit_Count": 1, "orit_Price": 1, "orit_master_ID": OTHER }]);
    let stored = guest(&bench, &store(&bench, &sent).await).await;
    let (bill, order, item) = (own(1), own(10), own(11));
    for (place, link, id) in [
        ("/guestSalePrivileges/0", "gsprv_gest_ID", &bill),
        ("/guestDeliveries", "gsdlv_gest_ID", &bill),
        ("/orders/0", "ordr_gest_ID", &bill),
        ("/orders/0/orderItems/0", "orit_ordr_ID", &order),
        ("/orders/0/orderItems/0/orderItems/0", "orit_ordr_ID", &order),
        ("/orders/0/orderItems/0/orderItems/0", "orit_master_ID", &item),
        ("/orders/0/orderItems/0/orderItemDiscounts/0", "oritd_orit_ID", &item),
        ("/guestDiscountPointOperations/0", "gdpo_gest_ID", &bill),
        ("/notes/0", "note_Item_ID", &bill),
        ("/notes/0", "note_obj_ID", &bill),
    ] {
        assert_eq!(stored.pointer(place).expect(place)[link], *id, "{place} {link}");
    }
    // A dish has no master, a draft no trading day, and a line that nobody passed on is in no precheck.
    let order = &stored["orders"][0];
    let absent = [order["orderItems"][0].get("orit_master_ID"), order["orderItems"][0].get("orit_pcit_ID")];
    assert_eq!((absent, order.get("ordr_arch_ID")), ([None, None], None));
}

#[proves(
    "TP-037", "TP-038", "TP-039", "TP-040", "TP-041", "TP-042", "TP-043", "TP-044", "TP-045", "TP-046", "TP-047",
    "TP-048", "TP-049", "TP-050", "TP-052", "TP-053", "TP-054", "TP-055", "TP-056", "TP-057", "TP-058", "TP-059",
    "TP-060", "TP-064", "TP-065", "TP-066", "TP-067", "TP-068", "TP-069", "TP-070", "TP-071", "TP-072", "TP-073",
    "TP-074", "TP-075", "TP-076", "TP-077", "TP-078", "TP-079", "TP-080", "TP-081", "TP-082", "TP-084", "TP-085",
    "TP-086", "TP-087", "TP-089", "TP-090", "TP-092", "TP-096", "TP-097", "TP-098", "TP-099", "TP-100", "TP-102",
    "TP-105", "TP-106", "TP-107", "TP-108", "TP-109", "TP-110", "TP-111", "TP-115", "TP-116", "TP-117", "TP-118",
    "TP-121", "TP-122", "TP-123", "TP-124", "TP-160", "P2", "G2"
)]
#[tokio::test]
async fn what_is_left_out_is_filled_in_where_the_server_can_know_it() {
    let bench = plain().await;
    let least = json!({
        "gest_Name": "пустой",
        "guestDeliveries": {},
        "guestSalePrivileges": [{ "gsprv_sprv_ID": PRIVILEGE }],
        "orders": [{ "orderItems": [{
            "orit_mitm_ID": SOUP, "orit_Count": 1, "orit_Price": 315,
            "orderItemDiscounts": [{ "oritd_dstp_ID": DISCOUNT, "oritd_Price": 315 }, { "oritd_dstp_ID": DISCOUNT, "oritd_Price": 315 }],
        }] }],
        "guestDiscountPointOperations": [{ "gdpo_dspt_ID": INTERNET, "gdpo_Value": 1 }],
        "notes": [{ "note_nttp_ID": "5D0B2641-80FA-3743-A463-65FA674EF1DC", "note_Value": "x" }],
    });
    let stored = guest(&bench, &store(&bench, &least).await).await;
    let filled: [(&str, &[(&str, Value)]); 8] = [
        (
            "",
            &[
                ("gest_dvsn_ID", json!(RESTAURANT)),
                ("gest_usr_ID", json!("5D7FEB83-5686-4DCB-9F09-C64C51B0A41D")),
                ("gest_dev_ID", json!("F721D056-4AAF-4EF1-86F3-57A1BF588FDA")),
                ("gest_gsst_ID", json!(0)),
                ("gest_DateOpen", json!("2026-11-21T12:00:00")),
            ],
        ),
        ("/guestSalePrivileges/0", &[]),
        (
            "/guestDeliveries",
            &[
                ("gsdlv_dlvrst_ID", json!(0)),
                ("gsdlv_dlvrmt_ID", json!(1)),
                ("gsdlv_Date", json!("2026-11-21T12:00:00")),
                ("gsdlv_IsAutoStart", json!(false)),
                ("gsdlv_SendSooner", json!(false)),
                ("gsdlv_NeedConfirmation", json!(false)),
            ],
        ),
        (
            "/orders/0",
            &[
                ("ordr_usr_ID", stored["gest_usr_ID"].clone()),
                ("ordr_usr_ID_Operator", stored["gest_usr_ID"].clone()),
                ("ordr_dev_ID", stored["gest_dev_ID"].clone()),
                ("ordr_dvsn_ID", stored["gest_dvsn_ID"].clone()),
                ("ordr_orst_ID", json!(0)),
                ("ordr_Date", json!("2026-11-21T12:00:00")),
            ],
        ),
        (
            "/orders/0/orderItems/0",
            &[
                ("orit_mvtp_ID", json!("5224EB11-E8BE-1846-98C6-895B4B449B91")),
                ("orit_slgr_ID", json!("25E3A39D-43E3-E840-8CCC-ED0DC12A4A37")),
                ("orit_Volume", json!(1)),
                ("orit_PriceDiscount", json!(0)),
                ("orit_PriceMargin", json!(0)),
                ("orit_VAT", json!(0)),
                ("orit_PriceVat", json!(0)),
                ("orit_Order", json!(0)),
                ("orit_IsUnspentCredit", json!(false)),
            ],
        ),
        (
            "/orders/0/orderItems/0/orderItemDiscounts/0",
            &[("oritd_PriceDiscount", json!(0)), ("oritd_PriceMargin", json!(0)), ("oritd_Order", json!(1))],
        ),
        (
            "/guestDiscountPointOperations/0",
            &[("gdpo_gdpot_ID", json!(0)), ("gdpo_Date", json!("2026-11-21T12:00:00")), ("gdpo_Name", json!("пустой"))],
        ),
        (
            "/notes/0",
            &[
                ("note_tpsyso_ID", json!("7F40833C-3722-4502-BC11-45EC786A4621")),
                ("note_Date", json!("2026-11-21T12:00:00")),
            ],
        ),
    ];
    for ((place, values), (_, given, links)) in filled.iter().zip(TABLES) {
        let (row, sent) = (stored.pointer(place).expect(place), least.pointer(place).expect(place));
        for (field, value) in *values {
            assert_eq!(row[*field], *value, "{field}");
        }
        // A row has an id of its own; a delivery is known by its bill's.
        let own = given[0];
        assert_eq!(row.get(own).is_some(), *place != "/guestDeliveries", "{own}");
        // Nothing else is there but what was sent and the row's links.
        for field in fields(row) {
            let known = values.iter().any(|(name, _)| *name == field) || sent.get(field).is_some();
            if !known {
                assert!(field == own || links.contains(&field), "{field} is filled in");
                assert_guid(row[field].as_str().expect(field));
            }
        }
    }
}

#[proves("TP-031", "TP-035", "TP-036")]
#[tokio::test]
async fn lists_beside_the_orders_may_be_left_out() {
    let bench = plain().await;
    let least = json!({
        "gest_Name": "один заказ",
        "orders": [{ "orderItems": [{ "orit_mitm_ID": SOUP, "orit_Count": 1, "orit_Price": 315 }] }],
    });
    let stored = guest(&bench, &store(&bench, &least).await).await;
    for list in ["guestSalePrivileges", "guestDiscountPointOperations", "notes"] {
        assert!(stored.get(list).is_none(), "{list}: {}", stored[list]);
    }
}

#[proves("TP-051", "TP-062", "TP-095", "TP-103", "TP-104", "TP-113", "TP-114", "TP-120", "TP-125", "P2")]
#[tokio::test]
async fn what_only_the_client_knows_is_asked_for() {
    let bench = plain().await;
    for (place, field) in [
        ("", "gest_Name"),
        ("/guestSalePrivileges/0", "gsprv_sprv_ID"),
        ("/orders/0/orderItems/0", "orit_mitm_ID"),
        ("/orders/0/orderItems/0", "orit_Count"),
        ("/orders/0/orderItems/0", "orit_Price"),
        ("/orders/0/orderItems/0/orderItemDiscounts/0", "oritd_dstp_ID"),
        ("/orders/0/orderItems/0/orderItemDiscounts/0", "oritd_Price"),
        ("/guestDiscountPointOperations/0", "gdpo_dspt_ID"),
        ("/guestDiscountPointOperations/0", "gdpo_Value"),
        ("/notes/0", "note_nttp_ID"),
        ("/notes/0", "note_Value"),
    ] {
        let mut bill = full();
        let row = bill.pointer_mut(place).and_then(Value::as_object_mut).expect(place);
        assert!(row.remove(field).is_some());
        assert_spring(&post(&bench, "/post-guest", &bill).await, "/post-guest", &format!("'{field}'"));
    }
}

#[proves("TP-102")]
#[tokio::test]
async fn the_volume_may_be_named_as_the_table_names_it() {
    let bench = plain().await;
    let mut bill = full();
    let item = bill.pointer_mut("/orders/0/orderItems/0").and_then(Value::as_object_mut).expect("an item");
    item.remove("orit_Volume");
    item.insert("orit_VolumeID".into(), json!("0,25"));
    let stored = guest(&bench, &store(&bench, &bill).await).await;
    assert_eq!(stored["orders"][0]["orderItems"][0]["orit_Volume"], 0.25);
}
