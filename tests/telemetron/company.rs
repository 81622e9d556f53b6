//! The company, its user, and the documents of its cloud cash register.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

#[proves("TM-092", "TM-094", "TM-095", "TM-096", "TM-097")]
#[tokio::test]
async fn requisites_name_each_cloud_register_and_none() {
    let bench = Bench::start().await;
    let providers = [json!("od"), json!("co"), json!("ipro"), json!(null)];
    let own: Vec<Value> = (1..)
        .zip(&providers)
        .map(|(id, provider)| json!({"id": id, "title": "Т", "inn": "7805629524", "kpp": "К", "provider": provider}))
        .collect();
    let api = Api::with(&bench, "w", NOON, &json!({"requisites": own})).await;
    let list = api.get("/v2/requisites").await;
    assert_eq!(list.as_array().map(Vec::len), Some(4));
    for (place, provider) in providers.iter().enumerate() {
        assert_eq!(list[place]["provider"], *provider);
    }
}

#[proves("TM-099", "TM-100", "TM-101", "TM-102", "TM-103", "TM-104", "TM-105", "TM-107", "TM-108")]
#[tokio::test]
async fn me_is_whoever_the_token_belongs_to() {
    let bench = Bench::start().await;
    let users = json!([
        {"id": 1, "email": "me@example.com", "password": "123456", "roles": ["admin", "senior_operator"], "lang": "en",
            "language_id": 2, "phone": false, "first_name": "Анна"},
        {"id": 2, "email": "other@example.com", "password": "123456", "roles": ["operator"], "phone": true}
    ]);
    let mut api = Api::with(&bench, "w", NOON, &json!({"users": users})).await;
    let me = json!({
        "id": 1, "company_id": 0, "first_name": "Анна", "last_name": "", "position": null, "email": "me@example.com",
        "language_id": 2, "lang": "en", "status": true, "last_login": "2026-11-21T12:00:00", "phone": false,
        "roles": [{"id": 1, "name": "admin", "title": "Администратор"},
            {"id": 2, "name": "senior_operator", "title": "Старший оператор"}]
    });
    assert_eq!(api.get("/v2/me").await, me);
    // The login is the address, in whatever case.
    api.log_in("OTHER@example.com").await;
    let other = api.get("/v2/me").await;
    assert_eq!((&other["id"], &other["phone"], &other["roles"][0]["id"]), (&json!(2), &json!(true), &json!(3)));
}

/// Two fiscal machines of one legal entity.
fn fiscal() -> Value {
    let mut own = world();
    own["requisites"] = json!([{"id": 1, "title": "Т", "inn": "7805629524"}]);
    own["locations"] = json!([{"id": 1, "name": "Холл на 1 этаже", "address": "Мира пр 24б"}]);
    own["products"][0]["inventory_number"] = json!("P-1");
    let machine = &mut own["machines"][0];
    machine["is_crt_active"] = json!(true);
    machine["location_id"] = json!(1);
    machine["serial_number"] = json!("000111");
    machine["inventory_number"] = json!("M-1");
    let mut other = own["machines"][0].clone();
    other["id"] = json!(11);
    other["modem_id"] = json!(6);
    other["location_id"] = json!(null);
    own["machines"] = json!([own["machines"][0], other]);
    own
}

#[proves(
    "TM-410", "TM-411", "TM-413", "TM-414", "TM-415", "TM-416", "TM-417", "TM-419", "TM-420", "TM-424", "TM-427",
    "TM-428", "TM-439", "TM-440", "TM-495", "TM-496"
)]
#[tokio::test]
async fn a_receipt_takes_its_words_from_place_machine_and_product() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &fiscal()).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1", "count": 3})).await;
    let receipt = api.get("/v2/stats/crt").await[0].clone();
    let input = &receipt["input"];
    assert_eq!(
        (&input["place"], &input["address"], &input["terminal"]),
        (&json!("Холл на 1 этаже"), &json!("Мира пр 24б"), &json!("000111"))
    );
    assert_eq!(input["positions"], json!([{"qty": 3, "vat": 4, "name": "Эспрессо", "price": 40}]));
    assert_eq!(input["payments"], json!([{"type": 1, "amount": 120}]));
    assert_eq!(receipt["aux"], json!({"vm_inventory_number": "M-1", "product_inventory_number": "P-1"}));
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&receipt), ["id", "vm_id", "created_at", "input", "output", "aux"]);
    assert_eq!(
        keys(&receipt["output"]),
        ["fp", "date", "device_rn", "fs_number", "document_type", "document_number", "total_payment_amount"]
    );
    // A new name is on new receipts only.
    api.expect(200, Method::PUT, "/v2/products/1", json!({"name": "Эспрессо двойной"})).await;
    api.advance("1s").await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    let names = api.get("/v2/stats/crt").await;
    assert_eq!(
        (&names[0]["input"]["positions"][0]["name"], &names[1]["input"]["positions"][0]["name"]),
        (&json!("Эспрессо"), &json!("Эспрессо двойной"))
    );
    assert_ne!(names[0]["input"]["digest"], names[1]["input"]["digest"]);
    assert_ne!(names[0]["id"], names[1]["id"]);
    assert_eq!((&names[0]["vm_id"], &names[1]["vm_id"]), (&json!(10), &json!(10)));
}

#[proves("TM-433", "TM-434", "TM-435", "TM-436", "TM-449")]
#[tokio::test]
async fn receipts_have_every_sort_and_corrections_both() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &fiscal()).await;
    for document_type in 1..=4 {
        let args = json!({"machine": 10, "name": "Кофе", "price": 40, "document_type": document_type});
        api.act("telemetron.issue_receipt", args).await;
    }
    let receipts = api.get("/v2/stats/crt").await;
    for document_type in 1..=4_u8 {
        assert_eq!(receipts[usize::from(document_type) - 1]["output"]["document_type"], document_type);
    }
    let document = json!({"machine": 10, "doc_date": "2026-11-20", "doc_name": "Чек", "doc_number": "1"});
    for more in [json!({"cash": 25, "vat": 20}), json!({"electronic": 11, "vat": 10, "type": 3, "by_order": true})] {
        let mut args = document.clone();
        args.as_object_mut().expect("arguments").extend(more.as_object().expect("arguments").clone());
        api.act("telemetron.issue_correction", args).await;
    }
    let list = api.get("/v2/stats/crt/correction").await;
    assert_eq!(list[0]["input"]["payments"], json!([{"type": 1, "amount": "25"}, {"type": 2, "amount": "0"}]));
    assert_eq!(list[0]["input"]["vats"][0], json!({"type": 1, "amount": "4.17"}));
    assert_eq!((&list[0]["input"]["type"], &list[0]["input"]["correction_type"]), (&json!("1"), &json!("0")));
    assert_eq!(list[1]["input"]["payments"], json!([{"type": 1, "amount": "0"}, {"type": 2, "amount": "11"}]));
    assert_eq!(list[1]["input"]["vats"][1], json!({"type": 2, "amount": "1"}));
    assert_eq!((&list[1]["input"]["type"], &list[1]["input"]["correction_type"]), (&json!("3"), &json!("1")));
    assert_eq!(list[1]["input"]["reason"], json!({"doc_date": "2026-11-20", "doc_name": "Чек", "doc_number": "1"}));
}

#[proves("TM-405", "TM-406", "TM-407", "TM-408", "TM-409", "TM-444", "TM-445", "TM-446", "TM-447", "TM-448")]
#[tokio::test]
async fn documents_are_today_s_and_all_machines_unless_said() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &fiscal()).await;
    let document = json!({"cash": 25, "doc_date": "2026-11-20", "doc_name": "Чек", "doc_number": "1"});
    let both = || async {
        for machine in [10, 11] {
            api.act("telemetron.sell", json!({"machine": machine, "layout": "1"})).await;
            let mut args = document.clone();
            args["machine"] = json!(machine);
            api.act("telemetron.issue_correction", args).await;
        }
    };
    both().await;
    // Midnight of the usual zone is twelve hours away.
    api.advance("11h59m59s").await;
    let count = |path: String| {
        let api = &api;
        async move { api.get(&path).await.as_array().map(Vec::len).expect("a list") }
    };
    for path in ["/v2/stats/crt", "/v2/stats/crt/correction"] {
        assert_eq!(count(path.into()).await, 2, "{path}");
        assert_eq!(count(format!("{path}?vm_id=11")).await, 1, "{path}");
    }
    api.advance("1s").await;
    both().await;
    for path in ["/v2/stats/crt", "/v2/stats/crt/correction"] {
        assert_eq!(count(path.into()).await, 2, "{path}: yesterday's are not there");
        // Both ends count.
        let at = |since: &str, until: &str| format!("{path}?since={since}&until={until}");
        assert_eq!(count(at("2026-11-21T12:00:00+03:00", "2026-11-22T00:00:00+03:00")).await, 4, "{path}");
        assert_eq!(count(at("2026-11-21T12:00:01+03:00", "2026-11-21T23:59:59+03:00")).await, 0, "{path}");
    }
}

#[proves("TM-575", "TM-577", "TM-578", "TM-579", "TM-580", "TM-581", "TM-582", "TM-583", "TM-584")]
#[tokio::test]
async fn a_collection_counts_what_came_since_the_one_before() {
    let bench = Bench::start().await;
    let mut own = world();
    own["settings"] = json!({"low_change": 0, "tubes": 50});
    // Whatever is bought needs no change.
    for place in own["planograms"][0]["layout"].as_array_mut().expect("places") {
        place["price"] = json!(500);
    }
    let api = Api::with(&bench, "w", NOON, &own).await;
    api.act("telemetron.load", json!({"machine": 10, "change": 40})).await;
    api.act("telemetron.insert_coin", json!({"machine": 10, "value": 30})).await;
    api.act("telemetron.insert_note", json!({"machine": 10, "value": 100})).await;
    api.act("telemetron.collect", json!({"machine": 10})).await;
    api.advance("1h").await;
    api.act("telemetron.insert_note", json!({"machine": 10, "value": 50})).await;
    api.act("telemetron.collect", json!({"machine": 10})).await;
    let rows = json!([
        {"time": NOON, "vm_id": 10, "hands_add": 40, "change": 50, "summary_coins": 20, "summary_banknotes": 100},
        {"time": "2026-11-21T13:00:00+03:00", "vm_id": 10, "hands_add": 0, "change": 50, "summary_coins": 0, "summary_banknotes": 50}
    ]);
    let path = "/v2/reports/collections";
    assert_eq!(api.get(path).await, rows);
    // Both ends count.
    let ends = "since=2026-11-21T12:00:00+03:00&until=2026-11-21T13:00:00+03:00";
    assert_eq!(api.get(&format!("{path}?{ends}")).await, rows);
    let first = api.get(&format!("{path}?since=2026-11-21T12:00:00+03:00&until=2026-11-21T12:59:59+03:00")).await;
    assert_eq!(first, json!([rows[0]]));
    for (alone, expected) in [
        ("since=2026-11-21T12:00:01+03:00", json!([rows[1]])),
        ("since=2026-11-21T12:00:00+03:00", rows.clone()),
        ("until=2026-11-21T12:59:59+03:00", json!([rows[0]])),
    ] {
        assert_eq!(api.get(&format!("{path}?{alone}")).await, expected, "{alone}");
    }
}

#[proves("TM-574", "TM-576")]
#[tokio::test]
async fn collections_of_all_machines_are_listed() {
    let bench = Bench::start().await;
    let own = json!({
        "modems": [{"id": 1, "imei": "1"}, {"id": 2, "imei": "2"}],
        "machines": [{"id": 1, "name": "А", "modem_id": 1}, {"id": 2, "name": "Б", "modem_id": 2}]
    });
    let api = Api::with(&bench, "w", NOON, &own).await;
    for machine in [2, 1, 2] {
        api.act("telemetron.collect", json!({"machine": machine})).await;
        api.advance("1m").await;
    }
    let rows = api.get("/v2/reports/collections").await;
    let brief: Vec<(&Value, &Value)> =
        rows.as_array().expect("rows").iter().map(|row| (&row["vm_id"], &row["time"])).collect();
    let time = |minute: i64| json!(format!("2026-11-21T12:0{minute}:00+03:00"));
    assert_eq!(brief, [(&json!(2), &time(0)), (&json!(1), &time(1)), (&json!(2), &time(2))]);
}
