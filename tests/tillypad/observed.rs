//! What public clients of the real system call beside the document (P11).

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, assert_guid, assert_spring, get, guest, keys, post, store};
use crate::support::Bench;

#[proves("TP-247", "TP-248", "P11")]
#[tokio::test]
async fn the_menu_is_read_whole_by_sale_property_and_by_group() {
    let bench = Bench::start().await;
    let whole = get(&bench, "/get-menu").await;
    assert_eq!(keys(&whole), ["MenuGroups", "MenuItems"]);
    assert_eq!((whole["MenuGroups"].as_array().unwrap().len(), whole["MenuItems"].as_array().unwrap().len()), (3, 11));

    let site = get(&bench, "/get-menu?sale-property-id=AE3DF162-F2C2-4A4D-BE25-1E15AC96B568").await;
    let items = site["MenuItems"].as_array().unwrap();
    assert_eq!(items.len(), 6);
    for item in items {
        for key in ["mitm_ID", "mitm_mgrp_ID", "mitm_mvtp_ID"] {
            assert_guid(item[key].as_str().expect(key));
        }
        // Clients ask for each item's group by itself and read its name.
        let id = item["mitm_mgrp_ID"].as_str().unwrap();
        let group = get(&bench, &format!("/get-menu?id={id}")).await;
        assert_eq!(group["MenuGroups"][0]["mgrp_ID"], id);
        assert_eq!(group["MenuGroups"][0]["mgrp_Name"], "Доставка");
    }
    let pizza = items.iter().find(|item| item["mitm_ID"] == "708E39BB-F1E6-E546-B7A2-4568A30B3FA4").unwrap();
    assert_eq!((&pizza["mitm_Name"], &pizza["mitm_Price"]), (&json!("Пицца Маргарита"), &json!(480)));

    let nothing = json!({ "MenuGroups": [], "MenuItems": [] });
    assert_eq!(get(&bench, "/get-menu?id=11111111-2222-3333-4444-555555555555").await, nothing);
    assert_spring(&ask(&bench, Method::GET, "/get-menu?id=7", None).await, "/get-menu", "'id'");
}

#[proves("TP-249", "TP-250", "TP-251", "TP-252", "P11")]
#[tokio::test]
async fn a_client_is_looked_up_entered_and_orders() {
    let bench = Bench::start().await;
    let known = get(&bench, "/get-client-by-phone?phone=89824974833").await;
    assert_eq!(known["clnt_ID"], "83BBEDEE-723B-AA6F-8B4E-A9FD3E75AEF0");
    assert_eq!(known["clientPhones"][0]["clph_Phone"], "+7(982)497-48-33");
    assert_eq!(get(&bench, "/get-client-by-phone?phone=%2B79991112233").await, Value::Null);

    let client = json!({
        "clnt_clgr_ID": "33D238E2-3F3C-3C43-A66A-FCDAFFB02232",
        "clnt_pepl_ID": "5f0e7c9a-1111-4222-8333-444455556666",
        "clnt_Name": "Анна Иванова",
        "clnt_isDisabled": false,
        "clientPhones": [{ "clph_Phone": "+79991112233" }],
        "people": { "pepl_FirstName": "Анна", "pepl_SecondName": "Иванова", "pepl_EMail": "a@example.com", "pepl_PhoneCell": "+79991112233" }
    });
    let answer = post(&bench, "/post-client", &client).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.json()["clnt_ID"].as_str().expect("an id").to_owned();
    let found = get(&bench, "/get-client-by-phone?phone=+7 (999) 111-22-33").await;
    assert_eq!((&found["clnt_ID"], &found["clnt_Name"]), (&json!(id), &json!("Анна Иванова")));
    assert_eq!(found["people"]["pepl_EMail"], "a@example.com");
    assert_eq!(found["clnt_pepl_ID"], "5F0E7C9A-1111-4222-8333-444455556666");

    // The order that such a client sends: state 3, no coordinates, an empty GUID on the way.
    let order = json!({
        "gest_gsst_ID": 3, "gest_Comment": "", "gest_DateOpen": "2026-11-21T12:00:00",
        "gest_dvsn_ID": "88971A81-082C-9143-9905-A0BC07FF2F21", "gest_ClientPhone": "+79991112233",
        "gest_Name": "DS17", "gest_ClientAddress": "", "gest_ClientName": "Анна", "gest_IsDelivery": 1,
        "guestDeliveries": {
            "gsdlv_pytp_ID_Prepaid": "", "gsdlv_dlvrst_ID": 2, "gsdlv_dlvrmt_ID": 2,
            "gsdlv_cncpt_ID": "E0434286-6DA2-7F47-814D-21F72151539F", "gsdlv_Date": "2026-11-21T13:00:00",
            "gsdlv_SendSooner": 1, "gsdlv_NeedConfirmation": 1
        },
        "orders": [{ "ordr_orst_ID": 0, "ordr_Date": "2026-11-21T12:00:00", "ordr_Name": "DS17", "orderItems": [{
            "orit_mitm_ID": "708E39BB-F1E6-E546-B7A2-4568A30B3FA4", "orit_mvtp_ID": "2FD4FA63-12A1-4FAD-B215-607460886D82",
            "orit_Volume": 1, "orit_Count": 2, "orit_Price": 480, "orit_VAT": 0, "orit_PriceVat": 0
        }] }]
    });
    let bill = guest(&bench, &store(&bench, &order).await).await;
    assert_eq!(bill["gest_gsst_ID"], 3);
    assert!(bill["guestDeliveries"].get("gsdlv_pytp_ID_Prepaid").is_none());
}

#[tokio::test]
async fn a_client_without_a_name_or_with_a_strange_phone_is_refused() {
    let bench = Bench::start().await;
    for (body, part) in [
        (json!({}), "clnt_Name"),
        (json!({ "clnt_Name": "x", "clnt_ID": "7" }), "clnt_ID"),
        (json!({ "clnt_Name": "x", "clientPhones": [{ "clph_Phone": "нет" }] }), "clph_Phone"),
        (json!({ "clnt_Name": "x", "clientPhones": "123" }), "clientPhones"),
        (json!({ "clnt_Name": "x", "clnt_clgr_ID": "11111111-2222-3333-4444-555555555555" }), "clnt_clgr_ID"),
        (json!({ "clnt_Name": "x", "clnt_ID": "83BBEDEE-723B-AA6F-8B4E-A9FD3E75AEF0" }), "83BBEDEE"),
    ] {
        assert_spring(&post(&bench, "/post-client", &body).await, "/post-client", part);
    }
    assert_spring(&ask(&bench, Method::GET, "/get-client-by-phone", None).await, "/get-client-by-phone", "'phone'");
}

#[tokio::test]
async fn a_phone_has_a_digit() {
    let bench = Bench::start().await;
    let client = |phone: Value| json!({ "clnt_Name": "Гость", "clientPhones": [{ "clph_Phone": phone }] });
    for (phone, part, code) in [
        (json!("x"), "Error converting 'x'", 8114),
        (json!(["+7"]), "'clph_Phone'", 8114),
        (json!(null), "NULL into column 'clph_Phone'", 515),
    ] {
        let answer = post(&bench, "/post-client", &client(phone)).await;
        assert_spring(&answer, "/post-client", part);
        assert_eq!(answer.json()["errorcode"], code);
    }
    let action = json!({ "tillypad.add_client": { "name": "Гость", "phone": "x" } });
    let refused = bench.steer(Method::POST, "/worlds/default/actions", action).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("`x` is no phone"), "{}", refused.text);
}
