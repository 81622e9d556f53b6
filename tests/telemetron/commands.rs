//! Commands that look at the machine before they do something, and sales of world files (T22); rights (T12).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

const MACHINE: &str = "/v2/vending_machines/10";

fn vendista() -> Value {
    let mut own = world();
    own["modems"] = json!([{"id": 5, "imei": "999999999123456", "maker": "vendista"}]);
    own["components"].as_array_mut().expect("components").extend([
        json!({"id": 7, "name": "Стаканчик 200 мл", "units": "шт"}),
        json!({"id": 8, "name": "Сахар", "units": "гр"}),
    ]);
    own["products"][0]["components"] =
        json!([{"id": 1, "volume": 30}, {"id": 2, "volume": 7}, {"id": 7, "volume": 1}, {"id": 8, "volume": 5}]);
    let loading = own["machines"][0]["loading"].as_array_mut().expect("a loading");
    loading.extend([json!({"component_id": 7, "value": 50}), json!({"component_id": 8, "value": 500})]);
    own
}

#[tokio::test]
#[proves("T22")]
async fn a_discount_is_a_free_drink_at_most() {
    let bench = Bench::start().await;
    for (reading, most, above) in [("roubles", 40, 41), ("kopecks", 4000, 4001), ("percent", 100, 101)] {
        let mut own = vendista();
        own["settings"] = json!({"low_change": 0, "dispense_discount": reading});
        let api = Api::with(&bench, reading, NOON, &own).await;
        let path = format!("{MACHINE}/dispense");
        let wanted = |discount: i64| json!({"number": "1", "cup": 1, "sugar": 1, "discount": discount});
        let body = api.expect(422, Method::POST, &path, wanted(above)).await;
        assert_eq!(body["errors"], json!({"discount": [format!("The discount may not be greater than {most}.")]}));
        assert_eq!(api.get(&format!("{MACHINE}/stats/vends/products")).await, json!([]));
        api.expect(200, Method::POST, &path, wanted(most)).await;
        let rows = api.get(&format!("{MACHINE}/stats/vends/products")).await;
        assert_eq!((&rows[0]["price"], &rows[0]["value"], &rows[0]["discount"]), (&json!(0), &json!(0), &json!(40)));
    }
}

#[tokio::test]
#[proves("T22")]
async fn a_drink_takes_only_what_it_is_asked_for() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &vendista()).await;
    let levels = || async {
        let loading = api.get(&format!("{MACHINE}/loading")).await;
        let of = |id: i64| loading.as_array().expect("slots").iter().find(|slot| slot["component_id"] == id).cloned();
        [1, 7, 8].map(|id| of(id).expect("a slot")["value"].clone())
    };
    let path = format!("{MACHINE}/dispense");
    for (cup, sugar, expected) in [(0, 0, [970, 50, 500]), (1, 0, [940, 49, 500]), (0, 2, [910, 49, 495])] {
        api.expect(200, Method::POST, &path, json!({"number": "1", "cup": cup, "sugar": sugar})).await;
        assert_eq!(levels().await, expected.map(Value::from), "cup {cup}, sugar {sugar}");
    }
}

#[tokio::test]
#[proves("T22")]
async fn a_machine_in_failure_gives_out_nothing() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &vendista()).await;
    api.act("telemetron.fail", json!({"machine": 10, "code": "EJB"})).await;
    for (path, body) in
        [("dispense", json!({"number": "1", "cup": 1, "sugar": 1})), ("vendista-credit", json!({"amount": 100}))]
    {
        let path = format!("{MACHINE}/{path}");
        let refused = api.expect(400, Method::POST, &path, body.clone()).await;
        assert_eq!(refused, json!({"message": "Not allowed"}));
    }
    assert_eq!(api.get(&format!("{MACHINE}/stats/vends/summary")).await[0]["number"], 0);
    api.act("telemetron.recover", json!({"machine": 10})).await;
    api.expect(200, Method::POST, &format!("{MACHINE}/vendista-credit"), json!({"amount": 100})).await;
}

#[tokio::test]
#[proves("T17")]
async fn a_note_that_cannot_be_changed_is_given_back() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"][0]["money"] = json!({"change": 100});
    let api = Api::with(&bench, "w", NOON, &own).await;
    let body = json!({"telemetron.insert_note": {"machine": 10, "value": 5000}});
    let answer = bench.steer(Method::POST, "/worlds/w/actions", body).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(answer.text.contains("the tubes hold 100 roubles of change"), "{}", answer.text);
    api.act("telemetron.insert_note", json!({"machine": 10, "value": 100})).await;
    let sold = api.act("telemetron.sell", json!({"machine": 10, "layout": "2"})).await;
    assert_eq!(sold["change"], 70);
    assert_eq!(api.get(MACHINE).await["money"], json!({"change": 3000, "revenue": 10000}));
}

#[tokio::test]
#[proves("T17")]
async fn a_sale_of_yesterday_is_one_action() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let at = "2026-11-20T14:05:00+03:00";
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A1", "payment": "cashless", "at": at})).await;
    let rows = api.get(&format!("{MACHINE}/stats/vends/products?since=2026-11-20")).await;
    assert_eq!((&rows[0]["time"], &rows[0]["payment_type"]), (&json!(at), &json!(2)));
    assert_eq!(api.get(&format!("{MACHINE}/timestamp")).await["last_sale"], at);
    let body = json!({"telemetron.sell": {"machine": 10, "layout": "A1", "at": "2026-11-22T00:00:00Z"}});
    let answer = bench.steer(Method::POST, "/worlds/w/actions", body).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(answer.text.contains("has not come yet"), "{}", answer.text);
}

#[tokio::test]
#[proves("T22")]
async fn a_sale_of_a_world_file_takes_name_and_price_from_the_planogram() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"][0]["sales"] = json!([
        {"at": "2026-11-21T09:00:00+03:00", "layout": "A1"},
        {"at": "2026-11-21T10:00:00+03:00", "layout": "1", "discount": 5, "payment": "cashless"},
        {"at": "2026-11-21T11:00:00+03:00", "layout": "2", "type": "free"}
    ]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let rows = api.get(&format!("{MACHINE}/stats/vends/products")).await;
    let brief = |row: &Value| format!("{} {}", row["name"].as_str().unwrap_or("?"), row["price"]);
    let brief: Vec<String> = rows.as_array().expect("rows").iter().map(brief).collect();
    assert_eq!(brief, ["Батончик 60", "Эспрессо 35", "Чай 0"]);
    let file = json!({"stend": 1, "telemetron": {"machines": [{"id": 1, "sales": [{"at": NOON, "layout": "A1"}]}]}});
    let answer = bench.steer(Method::POST, "/worlds", json!({"id": "bad", "world": file})).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert!(answer.text.contains("names no spiral of the machine's planogram"), "{}", answer.text);
}

#[tokio::test]
#[proves("T12")]
async fn an_operator_unloads_no_machine_that_he_does_not_see() {
    let bench = Bench::start().await;
    let mut own = world();
    own["users"] = json!([
        {"id": 1, "email": "me@example.com", "password": "123456", "roles": ["operator"], "groups": [1]},
        {"id": 2, "email": "senior@example.com", "password": "123456", "roles": ["senior_operator"]}
    ]);
    own["locations"] = json!([{"id": 1, "name": "Свой", "group_id": 1}, {"id": 2, "name": "Чужой", "group_id": 2}]);
    own["machines"][0]["location_id"] = json!(2);
    let mut api = Api::with(&bench, "w", NOON, &own).await;
    let before = api.state().await["telemetron"]["machines"].clone();
    for (method, path, body) in [
        (Method::DELETE, "/v2/planograms/1", Value::Null),
        (Method::DELETE, "/v2/products/900", Value::Null),
        (Method::DELETE, "/v2/products/1/components/2", Value::Null),
        (Method::PUT, "/v2/products/1", json!({"components": [{"id": 1, "volume": 30}]})),
    ] {
        let refused = api.expect(400, method, path, body).await;
        assert_eq!(refused, json!({"message": "Not allowed"}), "{path}");
    }
    assert_eq!(api.state().await["telemetron"]["machines"], before);
    api.expect(200, Method::DELETE, "/v2/planograms/2", Value::Null).await;
    api.log_in("senior@example.com").await;
    api.expect(200, Method::DELETE, "/v2/planograms/1", Value::Null).await;
    assert_eq!(api.get(&format!("{MACHINE}/loading")).await, json!([]));
}

#[tokio::test]
#[proves("T12")]
async fn the_documented_world_has_a_senior_operator_who_sees_all() {
    let bench = Bench::start().await;
    let mut api = Api::documented(&bench).await;
    let all = api.get("/v2/vending_machines").await;
    api.log_in("senior@example.com").await;
    assert_eq!(api.get("/v2/vending_machines").await, all);
    let roles = api.get("/v2/me").await["roles"].clone();
    assert_eq!(roles, json!([{"id": 2, "name": "senior_operator", "title": "Старший оператор"}]));
}

#[tokio::test]
#[proves("T14")]
async fn a_rate_of_vat_that_receipts_cannot_show_is_no_secret() {
    let bench = Bench::start().await;
    let mut own = world();
    own["requisites"] = json!([{"id": 3, "title": "ООО Кофе"}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    api.expect(201, Method::POST, "/v2/products", json!({"composite": 0, "name": "Сок", "vat": 12.5})).await;
    api.expect(200, Method::PUT, "/v2/products/1", json!({"vat": 20})).await;
    let journal = bench.steer(Method::GET, "/worlds/w/journal?fake=telemetron", Value::Null).await.text;
    assert_eq!(journal.matches("\"warnings\":[\"`vat` 12.5 is none of the rates of receipts").count(), 1, "{journal}");
    for (action, args) in [
        ("issue_receipt", json!({"machine": 10, "name": "Сок", "price": 50, "vat": 13})),
        (
            "issue_correction",
            json!({"machine": 10, "cash": 5, "vat": 13, "doc_date": "1", "doc_name": "2", "doc_number": "3"}),
        ),
    ] {
        let body = json!({format!("telemetron.{action}"): args});
        let answer = bench.steer(Method::POST, "/worlds/w/actions", body).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains("no number for a VAT of 13 %"), "{}", answer.text);
    }
}

#[tokio::test]
#[proves("T17")]
async fn without_a_legal_entity_there_are_no_receipts() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"][0]["is_crt_active"] = json!(true);
    let api = Api::with(&bench, "w", NOON, &own).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    assert_eq!(api.get("/v2/stats/crt").await, json!([]));
    let body = json!({"telemetron.issue_receipt": {"machine": 10, "name": "Сок", "price": 50}});
    let answer = bench.steer(Method::POST, "/worlds/w/actions", body).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
}

#[tokio::test]
#[proves("T13")]
async fn a_location_may_have_no_address() {
    let bench = Bench::start().await;
    let own = json!({"locations": [{"id": 1, "name": "Холл"}]});
    let api = Api::with(&bench, "w", NOON, &own).await;
    let list = api.get("/v2/locations").await;
    assert_eq!(list, json!([{"id": 1, "name": "Холл", "address": null, "note": null}]));
}
