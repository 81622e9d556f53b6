//! What moves money or deletes takes nothing that is misspelt (P16), and paying needs a trading day (P15).

use reqwest::Method;
use serde_json::{Value, json};

use super::{CAFE, CALL_CENTRE, INTERNET, RESTAURANT, ask, assert_spring, guest, post, post_guest::short, store};
use crate::support::Bench;

#[proves("P16")]
#[tokio::test]
async fn p16_a_misspelt_flag_or_field_of_a_payment_is_refused() {
    let bench = Bench::start().await;
    let mut registered = short("опечатка");
    registered["gest_dvsn_ID"] = json!(CAFE);
    registered["orders"][0]["ordr_orst_ID"] = json!(1);
    let id = store(&bench, &registered).await;
    let good = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": 315 } });
    let with = |place: &str, key: &str, value: Value| {
        let mut body = good.clone();
        body.pointer_mut(place).expect("an object")[key] = value;
        body
    };
    let before = bench.state().await["tillypad"].clone();
    for (query, body, part) in [
        ("?deleteprechecks=0", good.clone(), "'deleteprechecks'; did you mean 'DeletePrechecks'?"),
        ("?delete-precheks=1", good.clone(), "'delete-precheks'; did you mean 'delete-prechecks'?"),
        ("?flag=1", good.clone(), "'flag'"),
        ("?delete-prechecks=0&delete-prechecks=1", good.clone(), "'delete-prechecks' is given twice"),
        ("?delete-prechecks=1&DeletePrechecks=2", good.clone(), "'DeletePrechecks' is given twice"),
        ("", with("/Payment", "paysum", json!(375)), "'paysum'; did you mean 'paySum'?"),
        ("", with("/Payment", "paytype_ID", json!(INTERNET)), "'paytype_ID'; did you mean 'payType_ID'?"),
        ("", with("", "DiscuntSum", json!([{ "sum": 1 }])), "'DiscuntSum'; did you mean 'DiscountSum'?"),
        ("", with("", "paySum", json!(315)), "'paySum'"),
        ("", with("", "DiscountSum", json!([{ "sum": 1, "typeID": INTERNET }])), "'typeID'; did you mean 'type_ID'?"),
        ("", with("", "guestDiscountPointOperations", json!([{ "gdpo_Valu": 1 }])), "'gdpo_Valu'"),
    ] {
        let refused = post(&bench, &format!("/pay-guest{query}"), &body).await;
        assert_eq!(refused.status, 500, "{query} {body}: {}", refused.text);
        let text = refused.json();
        assert!(text.as_str().is_some_and(|text| text.contains(part)), "`{part}` is not in {text}");
    }
    assert_eq!(bench.state().await["tillypad"], before, "nothing was paid");
    assert_eq!(post(&bench, "/pay-guest?delete-prechecks=1", &good).await.status, 200);
}

#[proves("P16")]
#[tokio::test]
async fn p16_a_misspelt_parameter_deletes_nothing_and_clears_no_place() {
    let bench = Bench::start().await;
    let place = "BB43306C-F103-5D4C-BBEF-9A6A972C7A2C";
    let mut bill = short("на месте");
    bill["gest_plac_ID"] = json!(place);
    let id = store(&bench, &bill).await;
    for (method, path, query, part) in [
        (Method::DELETE, "/delete-guest", format!("id={id}&fource=1"), "'fource'"),
        (Method::DELETE, "/delete-guest", format!("id={id}&id={}", super::SOUP), "'id' is given twice"),
        (Method::PUT, "/update-guest-place", format!("guest-id={id}&placeid={place}"), "did you mean 'place-id'?"),
        (Method::POST, "/operate-archive", format!("division-id={CAFE}&archiveid={place}"), "mean 'archive-id'?"),
        (Method::POST, "/operate-archive", format!("division-id={CAFE}&archive-id="), "uniqueidentifier"),
    ] {
        let refused = ask(&bench, method, &format!("{path}?{query}"), None).await;
        assert_spring(&refused, path, part);
    }
    assert_eq!(guest(&bench, &id).await["gest_plac_ID"], place);
}

#[proves("TP-211", "P15")]
#[tokio::test]
async fn p15_a_draft_is_paid_on_an_open_trading_day_and_registered_with_it() {
    let bench = Bench::start().await;
    let pay = async |id: &str| {
        let body = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET, "paySum": 315 } });
        post(&bench, "/pay-guest", &body).await
    };
    let mut bill = short("без дня");
    bill["gest_dvsn_ID"] = json!(CALL_CENTRE);
    let id = store(&bench, &bill).await;
    let before = bench.state().await["tillypad"].clone();
    let refused = pay(&id).await;
    assert_eq!(refused.status, 500);
    let text = refused.json();
    let printed = "Проверка что у завершаемого заказа проставлен торговый день и подразделение";
    assert!(text.as_str().is_some_and(|text| text.contains(printed)), "{text}");
    assert_eq!(bench.state().await["tillypad"], before, "a refused payment leaves no trace");
    // Without a sum nothing is completed, so no day is needed.
    let noted = json!({ "Payment": { "gest_ID": id, "payType_ID": INTERNET } });
    assert_eq!(post(&bench, "/pay-guest", &noted).await.status, 200);
    let day = bench.act("tillypad.open_day", json!({ "division": CALL_CENTRE })).await;
    assert_eq!(pay(&id).await.status, 200);
    let order = &guest(&bench, &id).await["orders"][0];
    assert_eq!((&order["ordr_arch_ID"], &order["ordr_orst_ID"]), (&day["arch_ID"], &json!(1)));
    // Each division of the documented world that takes orders has a day.
    let state = bench.state().await;
    for division in state["tillypad"]["divisions"].as_array().expect("divisions") {
        let open = state["tillypad"]["days"].as_array().expect("days").iter();
        let open = open.filter(|day| day["division"] == division["id"] && day.get("closed").is_none()).count();
        assert_eq!(open, 1, "{}", division["name"]);
    }
    assert_eq!(pay(&store(&bench, &short("с днём")).await).await.status, 200, "{RESTAURANT}");
}
