//! Where parameters stand: in the query of a GET, in the query or the JSON body of everything else.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

#[proves("TM-012", "TM-013", "TM-014", "TM-015", "TM-569")]
#[tokio::test]
async fn changes_take_their_parameters_from_the_query_or_the_body() {
    let bench = Bench::start().await;
    let mut own = world();
    own["locations"] = json!([{"id": 1, "name": "Холл", "address": "А"}, {"id": 2, "name": "Двор", "address": "Б"}]);
    own["machines"][0]["location_id"] = json!(1);
    let mut other = own["machines"][0].clone();
    other["id"] = json!(11);
    other["modem_id"] = json!(6);
    other["location_id"] = json!(2);
    own["machines"] = json!([own["machines"][0], other]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    // POST
    api.expect(201, Method::POST, "/v2/components?name=Сахар&unit=3", Value::Null).await;
    api.expect(201, Method::POST, "/v2/components", json!({"name": "Соль", "unit": 3})).await;
    let names: Vec<Value> =
        api.get("/v2/components").await.as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert!(names.contains(&json!("Сахар")) && names.contains(&json!("Соль")), "{names:?}");
    api.expect(
        201,
        Method::POST,
        "/v2/vending_machines/10/loading?data[0][component_id]=1&data[0][add]=5",
        Value::Null,
    )
    .await;
    assert_eq!(api.get("/v2/vending_machines/10/loading").await[0]["value"], 1005);
    // PUT
    api.expect(200, Method::PUT, "/v2/vending_machines/10?name=Из строки", Value::Null).await;
    assert_eq!(api.get("/v2/vending_machines/10").await["name"], "Из строки");
    // What both give is the body's.
    api.expect(200, Method::PUT, "/v2/vending_machines/10?name=Из строки 2", json!({"name": "Из тела"})).await;
    assert_eq!(api.get("/v2/vending_machines/10").await["name"], "Из тела");
    // DELETE
    api.expect(400, Method::DELETE, "/v2/locations/1", json!({"force": 0})).await;
    api.expect(200, Method::DELETE, "/v2/locations/1", json!({"force": 1})).await;
    api.expect(200, Method::DELETE, "/v2/locations/2?force=1", Value::Null).await;
    assert_eq!(api.get("/v2/vending_machines/10").await["location"], json!(null));
}

#[proves("TM-011")]
#[tokio::test]
async fn a_get_takes_its_parameters_from_the_query_only() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let full = api.get("/v2/planograms?full=1").await;
    let answer = api.send(Method::GET, "/v2/planograms", json!({"full": 1})).await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.json(), full);
    assert_eq!(answer.json(), api.get("/v2/planograms").await);
}

#[proves("TM-119", "TM-120", "TM-121")]
#[tokio::test]
async fn a_credit_of_a_modem_leaves_out_what_it_likes() {
    let bench = Bench::start().await;
    let own = json!({"modems": [{"id": 5, "imei": "999999999123456", "cashless": {"mode": true, "address": 2}}]});
    let api = Api::with(&bench, "w", NOON, &own).await;
    let cashless = || async { api.state().await["telemetron"]["modems"][0]["cashless"].clone() };
    for (given, amount, autoapprove) in [("100.50", 1, false), ("100.50,6", 6, false), ("100.50,6,1", 6, true)] {
        api.expect(200, Method::POST, "/v2/modems/5/set", json!({"cashless_credit": given})).await;
        let credit = json!({"credit": 100.5, "amount": amount, "autoapprove": autoapprove});
        assert_eq!(cashless().await, json!({"mode": true, "address": 2, "credit": credit}), "{given}");
    }
    api.expect(200, Method::POST, "/v2/modems/5/set", json!({"cashless_mode": 0})).await;
    api.expect(200, Method::POST, "/v2/modems/5/set", json!({"cashless_address": 1})).await;
    let now = cashless().await;
    assert_eq!((&now["mode"], &now["address"], &now["credit"]["credit"]), (&json!(false), &json!(1), &json!(100.5)));
    let body = api.expect(422, Method::POST, "/v2/modems/5/set", json!({"cashless_address": 3})).await;
    assert_eq!(body["errors"], json!({"cashless_address": ["The selected cashless address is invalid."]}));
}
