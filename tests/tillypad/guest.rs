//! `get-guest`, `get-guests`, `delete-guest`, `update-guest-place`.

use reqwest::Method;
use serde_json::{Value, json};

use super::post_guest::short;
use super::{SOUP, ask, assert_spring, get, guest, post, store};
use crate::support::Bench;

/// The printed reply, its lost quotes and commas put back.
const PRINTED: &str = r#"{ "gest_ID": "38450FC9-D852-2A40-8C78-9E925A35ABDC", "gest_dvsn_ID": "7917642D-FF72-3B47-8ED8-04052BC144CB", "gest_clnt_ID": "707A901A-D652-994C-9159-65D366C16FC6", "gest_usr_ID": "942AF580-6AE9-4D89-9465-7A348FB604E9", "gest_dev_ID": "D263A172-4D18-BC4A-AF9C-9CD5F61732E7", "gest_gsst_ID": 4, "gest_DateOpen": "2018-02-08T16:19:20", "gest_Name": "в оплате", "gest_Comment": "Первая строка Вторая строка", "guestDeliveries": { "gsdlv_gest_ID": "38450FC9-D852-2A40-8C78-9E925A35ABDC", "gsdlv_dlvrst_ID": 0, "gsdlv_dlvrmt_ID": 1, "gsdlv_cncpt_ID": "B719499B-9DFC-BA47-B027-0F390028946E", "gsdlv_Date": "2018-02-08T16:19:20", "gsdlv_IsAutoStart": false, "gsdlv_SendSooner": false, "gsdlv_NeedConfirmation": false, "gsdlv_CashAmount": 1000.5 }, "orders": [ { "ordr_ID": "B0021CF2-8847-EA42-90DD-8515AFF3C03C", "ordr_gest_ID": "38450FC9-D852-2A40-8C78-9E925A35ABDC", "ordr_usr_ID": "942AF580-6AE9-4D89-9465-7A348FB604E9", "ordr_usr_ID_Operator": "942AF580-6AE9-4D89-9465-7A348FB604E9", "ordr_dev_ID": "D263A172-4D18-BC4A-AF9C-9CD5F61732E7", "ordr_orst_ID": 0, "ordr_Date": "2018-02-08T16:19:20", "ordr_Name": "39", "orderItems": [ { "orit_ID": "65FBFF64-A33A-3844-BE41-8AB999E80D5A", "orit_ordr_ID": "B0021CF2-8847-EA42-90DD-8515AFF3C03C", "orit_mitm_ID": "B981C624-DA3A-F846-B35D-6D07E8A974FA", "orit_mvtp_ID": "5224EB11-E8BE-1846-98C6-895B4B449B91", "orit_slgr_ID": "25E3A39D-43E3-E840-8CCC-ED0DC12A4A37", "orit_Volume": 1, "orit_Count": 2, "orit_Price": 315, "orit_PriceDiscount": 0, "orit_PriceMargin": 0, "orit_VAT": 0, "orit_PriceVat": 0, "orit_Order": 1, "orit_IsUnspentCredit": false }, { "orit_ID": "42C053D6-8820-5047-8AC9-A0E20F52D040", "orit_ordr_ID": "B0021CF2-8847-EA42-90DD-8515AFF3C03C", "orit_mitm_ID": "D40DF381-FAE8-7243-8A72-7CEA2CFE02DA", "orit_mvtp_ID": "5224EB11-E8BE-1846-98C6-895B4B449B91", "orit_slgr_ID": "25E3A39D-43E3-E840-8CCC-ED0DC12A4A37", "orit_Volume": 1, "orit_Count": 1, "orit_Price": 0, "orit_PriceDiscount": 0, "orit_PriceMargin": 0, "orit_VAT": 0, "orit_PriceVat": 0, "orit_Order": 2, "orit_IsUnspentCredit": false }, { "orit_ID": "481AF606-C982-184F-BB3E-A59C1A853B38", "orit_ordr_ID": "B0021CF2-8847-EA42-90DD-8515AFF3C03C", "orit_mitm_ID": "FBE3CE39-94AA-D149-A993-1628A1092830", "orit_mvtp_ID": "5224EB11-E8BE-1846-98C6-895B4B449B91", "orit_slgr_ID": "25E3A39D-43E3-E840-8CCC-ED0DC12A4A37", "orit_Volume": 1, "orit_Count": 3, "orit_Price": 375, "orit_PriceDiscount": 0, "orit_PriceMargin": 0, "orit_VAT": 0, "orit_PriceVat": 0, "orit_Order": 0, "orit_IsUnspentCredit": false } ] } ] }"#;

/// The bill of the printed URLs of `delete-guest` and `update-guest-place`.
const PRINTED_ID: &str = "8051B912-B90C-1045-9AA9-05A049551B57";

#[tokio::test]
async fn the_printed_bill_is_in_the_documented_world() {
    let bench = Bench::start().await;
    let got = guest(&bench, "38450FC9-D852-2A40-8C78-9E925A35ABDC").await;
    let printed: Value = serde_json::from_str(PRINTED).expect("the sample is JSON");
    assert_eq!(serde_json::to_string_pretty(&got).unwrap(), serde_json::to_string_pretty(&printed).unwrap());
    assert_eq!(guest(&bench, "{38450fc9-d852-2a40-8c78-9e925a35abdc}").await, got, "GUIDs compare case-blind (G1)");
    let url = guest(&bench, "E1D526BE-56F4-4C40-A169-2FEFD9D7679C").await;
    assert_eq!(url["gest_ID"], "E1D526BE-56F4-4C40-A169-2FEFD9D7679C");
}

#[tokio::test]
async fn a_clients_bills_are_listed_in_the_order_in_which_they_came() {
    let bench = Bench::start().await;
    let client = "7F944ABD-0729-D948-A052-531D74B3482F";
    let target = format!("/get-guests?client-id={client}");
    assert_eq!(get(&bench, &target).await, json!([]));
    let mut ids = Vec::new();
    for name in ["я", "б", "а"] {
        let mut bill = short(name);
        bill["gest_clnt_ID"] = json!(client.to_lowercase());
        ids.push(store(&bench, &bill).await);
    }
    let bills = get(&bench, &target).await;
    let got: Vec<&str> = bills.as_array().unwrap().iter().map(|bill| bill["gest_ID"].as_str().unwrap()).collect();
    assert_eq!(got, ids);
    assert_eq!(bills[0], guest(&bench, &ids[0]).await);
    assert_eq!(get(&bench, "/get-guests?client-id=00000000-0000-0000-0000-000000000001").await, json!([]));
}

#[tokio::test]
async fn a_bill_is_placed_and_taken_from_its_place() {
    let bench = Bench::start().await;
    let target = format!("/update-guest-place?guest-id={PRINTED_ID}&place-id=BB43306C-F103-5D4C-BBEF-9A6A972C7A2C");
    let answer = ask(&bench, Method::PUT, &target, None).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    assert_eq!(guest(&bench, PRINTED_ID).await["gest_plac_ID"], "BB43306C-F103-5D4C-BBEF-9A6A972C7A2C");

    let unknown = format!("/update-guest-place?guest-id={PRINTED_ID}&place-id={SOUP}");
    assert_spring(&ask(&bench, Method::PUT, &unknown, None).await, "/update-guest-place", SOUP);
    assert_eq!(guest(&bench, PRINTED_ID).await["gest_plac_ID"], "BB43306C-F103-5D4C-BBEF-9A6A972C7A2C");

    let without = format!("/update-guest-place?guest-id={PRINTED_ID}");
    assert_eq!(ask(&bench, Method::PUT, &without, None).await.status, 200);
    assert!(guest(&bench, PRINTED_ID).await.get("gest_plac_ID").is_none());

    let closed = "/update-guest-place?guest-id=6F8D7E9E-E4AB-906D-0A4B-9C1FFE63E2B8";
    assert_spring(&ask(&bench, Method::PUT, closed, None).await, "/update-guest-place", "закрыт");
}

#[tokio::test]
async fn a_bill_is_deleted_with_its_prechecks() {
    let bench = Bench::start().await;
    bench.act("tillypad.precheck", json!({ "guest": PRINTED_ID })).await;
    let target = format!("/delete-guest?id={PRINTED_ID}");
    let answer = ask(&bench, Method::DELETE, &target, None).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
    let state = bench.state().await;
    assert!(state["tillypad"].get("prechecks").is_none(), "{}", state["tillypad"]["prechecks"]);
    let gone = ask(&bench, Method::GET, &format!("/get-guest?guest-id={PRINTED_ID}"), None).await;
    assert_spring(&gone, "/get-guest", PRINTED_ID);
    assert_spring(&ask(&bench, Method::DELETE, &target, None).await, "/delete-guest", PRINTED_ID);
}

#[tokio::test]
async fn what_is_paid_authorised_or_shared_is_not_deleted() {
    let bench = Bench::start().await;
    let (paid, begun, shared, other) = (
        store(&bench, &short("оплачен")).await,
        store(&bench, &short("авторизация")).await,
        store(&bench, &short("общий")).await,
        store(&bench, &short("второй")).await,
    );
    let payment = json!({ "Payment": { "gest_ID": paid, "payType_ID": super::INTERNET, "paySum": 315 } });
    assert_eq!(post(&bench, "/pay-guest", &payment).await.status, 200);
    bench.act("tillypad.precheck", json!({ "guest": begun })).await;
    bench.act("tillypad.begin_payment", json!({ "guest": begun })).await;
    let whole = bench.act("tillypad.precheck", json!({ "guest": shared, "with": [other] })).await;
    assert_eq!(whole["sum"], 630.0);
    for (id, why) in [(&paid, "фискализации"), (&begun, "авторизации"), (&shared, "общим"), (&other, "общим")]
    {
        let answer = ask(&bench, Method::DELETE, &format!("/delete-guest?id={id}"), None).await;
        assert_spring(&answer, "/delete-guest", why);
        guest(&bench, id).await;
    }
}
