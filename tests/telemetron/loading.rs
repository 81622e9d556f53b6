//! Loading, inventory, and what is unloaded by itself (T6, T7, T8).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use crate::support::{Bench, NOON};

/// A coffee recipe of water and beans, a tea of water and leaves, and a bar in two spirals, in a machine with a modem.
pub fn world() -> Value {
    json!({
        "components": [
            {"id": 1, "name": "Вода", "units": "мл"}, {"id": 2, "name": "Кофе", "units": "гр"},
            {"id": 3, "name": "Чай", "units": "гр"}, {"id": 100, "name": "Батончик", "is_product": true, "units": "шт"}
        ],
        "products": [
            {"id": 1, "composite": true, "name": "Эспрессо", "components": [{"id": 1, "volume": 30}, {"id": 2, "volume": 7}]},
            {"id": 2, "composite": true, "name": "Чай", "components": [{"id": 1, "volume": 200}, {"id": 3, "volume": 2.5}]},
            {"id": 900, "name": "Батончик", "components": [{"id": 100, "volume": 1}]}
        ],
        "planograms": [
            {"id": 1, "name": "Всё", "products": [1, 2, 900], "layout": [
                {"product_id": 1, "number": "1", "price": 40}, {"product_id": 2, "number": "2", "price": 30},
                {"product_id": 900, "number": "A1", "price": 60}, {"product_id": 900, "number": "A2", "price": 60}]},
            {"id": 2, "name": "Только кофе и A1", "products": [1, 900], "layout": [
                {"product_id": 1, "number": "1", "price": 40}, {"product_id": 900, "number": "A1", "price": 60}]}
        ],
        "modems": [{"id": 5, "imei": "999999999123456"}, {"id": 6, "imei": "999999999123457"}],
        "machines": [{"id": 10, "name": "ТА", "planogram_id": 1, "modem_id": 5, "loading": [
            {"component_id": 1, "value": 1000}, {"component_id": 2, "value": 100}, {"component_id": 3, "value": 50},
            {"component_id": 100, "layout_number": "A1", "value": 5}, {"component_id": 100, "layout_number": "A2", "value": 4}]}]
    })
}

const LOADING: &str = "/v2/vending_machines/10/loading";
const INVENTORY: &str = "/v2/vending_machines/10/inventory";
const HISTORY: &str = "/v2/vending_machines/10/loading_tx";

/// The loading as `component[/spiral]=value`.
async fn levels(api: &Api<'_>) -> String {
    let list = api.get(LOADING).await;
    let row = |row: &Value| match row["layout_number"].as_str() {
        Some(spiral) => format!("{}/{spiral}={}", row["component_id"], row["value"]),
        None => format!("{}={}", row["component_id"], row["value"]),
    };
    list.as_array().expect("a list").iter().map(row).collect::<Vec<_>>().join(" ")
}

/// The last transaction as `component delta(orig)`.
async fn last(api: &Api<'_>) -> String {
    let list = api.get(HISTORY).await;
    let data = list.as_array().and_then(|list| list.last()).expect("a transaction")["data"].clone();
    let row = |row: &Value| format!("{} {}({})", row["component"].as_str().unwrap_or(""), row["delta"], row["orig"]);
    data.as_array().expect("a list").iter().map(row).collect::<Vec<_>>().join(" ")
}

#[proves("TM-086", "TM-246", "TM-247", "TM-248", "T17")]
#[tokio::test]
async fn what_is_sold_is_gone_from_the_loading() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    assert_eq!(levels(&api).await, "1=1000 2=100 3=50 100/A1=5 100/A2=4");
    api.act("telemetron.sell", json!({"machine": 10, "layout": "2", "count": 2})).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A2"})).await;
    assert_eq!(levels(&api).await, "1=600 2=100 3=45 100/A1=5 100/A2=3");
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A2", "count": 9})).await;
    assert_eq!(levels(&api).await, "1=600 2=100 3=45 100/A1=5 100/A2=0");
}

#[proves(
    "TM-255", "TM-256", "TM-257", "TM-258", "TM-259", "TM-262", "TM-265", "TM-285", "TM-286", "TM-287", "TM-288",
    "TM-289", "G1"
)]
#[tokio::test]
async fn loads_and_unloads_and_says_when_the_count_was_wrong() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let data = json!({"data": [
        {"component_id": "1", "add": "500"}, {"component_id": 2, "add": -150}, {"component_id": 100, "layout_number": "A1", "add": 2},
        {"component_id": 3, "add": 0}
    ]});
    api.expect(201, Method::POST, LOADING, data).await;
    assert_eq!(levels(&api).await, "1=1500 2=0 3=50 100/A1=7 100/A2=4");
    assert_eq!(last(&api).await, "Вода 500(1000) Кофе -150(100) Батончик 2(5)");
    let history = api.get(HISTORY).await;
    assert_eq!(history[0]["data"][1], json!({"component": "Кофе", "delta": -150, "orig": 100, "underflow": true}));
    assert_eq!(history[0]["created_at"], "2026-11-21 12:00:00");
    assert_eq!(history[0]["user_id"], 496);
    assert_eq!(api.get("/v2/vending_machines/10/timestamp").await["last_loading"], NOON);
}

#[proves("TM-260", "TM-263", "T6")]
#[tokio::test]
async fn the_same_loading_is_a_duplicate_for_a_minute() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let load = json!({"data": [{"component_id": 1, "add": 10}], "note": "а"});
    let first = api.expect(201, Method::POST, LOADING, load.clone()).await;
    api.advance("59s").await;
    let body = api.expect(400, Method::POST, LOADING, load.clone()).await;
    assert_eq!(body, json!({"message": "Duplicate", "subcode": "L102"}));
    // Another note is another loading, with another digest.
    let other =
        api.expect(201, Method::POST, LOADING, json!({"data": [{"component_id": 1, "add": 10}], "note": "б"})).await;
    assert_ne!(first["digest"], other["digest"]);
    api.advance("1s").await;
    // The same later is another operation: the digest is the operation's.
    let again = api.expect(201, Method::POST, LOADING, load).await;
    assert_ne!(again["digest"], first["digest"]);
    assert_eq!(levels(&api).await, "1=1030 2=100 3=50 100/A1=5 100/A2=4");
}

#[proves("TM-267", "TM-268", "TM-269", "TM-274", "TM-275", "TM-276", "TM-278", "TM-279", "TM-280", "T7")]
#[tokio::test]
async fn an_inventory_sets_what_differs_and_leaves_what_is_not_named() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let same = json!({"data": [{"component_id": 1, "loaded": 1000}, {"component_id": 100, "layout_number": "A2", "loaded": "4"}]});
    let body = api.expect(200, Method::POST, INVENTORY, same.clone()).await;
    assert_eq!(body["res"], true);
    assert_eq!(api.get(HISTORY).await, json!([]));
    // Nothing was written, so the same again is no duplicate.
    api.expect(200, Method::POST, INVENTORY, same).await;
    // The spiral of an ingredient is ignored, as documented.
    let other = json!({"data": [{"component_id": 1, "layout_number": "7", "loaded": 900}, {"component_id": 100, "layout_number": "A2", "loaded": 4}]});
    api.expect(201, Method::POST, INVENTORY, other).await;
    assert_eq!(levels(&api).await, "1=900 2=100 3=50 100/A1=5 100/A2=4");
    assert_eq!(last(&api).await, "Вода -100(1000)");
}

#[proves("TM-018", "TM-255", "TM-256", "TM-279")]
#[tokio::test]
async fn what_does_not_fit_is_refused_field_by_field_and_changes_nothing() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    for (item, errors) in [
        (
            json!({"component_id": 77, "add": 1}),
            json!({"data.0.component_id": ["The selected data.0.component id is invalid."]}),
        ),
        (
            json!({"component_id": 100, "layout_number": "Z9", "add": 1}),
            json!({"data.0.layout_number": ["The selected data.0.layout number is invalid."]}),
        ),
        (json!({"add": 1}), json!({"data.0.component_id": ["The data.0.component id field is required."]})),
        (json!({"component_id": 1}), json!({"data.0.add": ["The data.0.add field is required."]})),
        (json!({"component_id": 1, "add": "many"}), json!({"data.0.add": ["The data.0.add must be a number."]})),
        (json!("one"), json!({"data.0": ["The data.0 must be an array."]})),
    ] {
        let body = api.expect(422, Method::POST, LOADING, json!({"data": [item, {"component_id": 1, "add": 5}]})).await;
        assert_eq!(body, json!({"message": "The given data was invalid.", "errors": errors}));
    }
    let body = api.expect(422, Method::POST, INVENTORY, json!({"data": [{"component_id": 1, "loaded": -1}]})).await;
    assert_eq!(body["errors"], json!({"data.0.loaded": ["The data.0.loaded must be at least 0."]}));
    assert_eq!(levels(&api).await, "1=1000 2=100 3=50 100/A1=5 100/A2=4");
    assert_eq!(api.get(HISTORY).await, json!([]));
}

#[proves("TM-264", "TM-276")]
#[tokio::test]
async fn a_product_in_several_spirals_goes_to_the_first_unless_one_is_named() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.expect(201, Method::POST, LOADING, json!({"data": [{"component_id": 100, "add": 3}]})).await;
    api.expect(
        201,
        Method::POST,
        INVENTORY,
        json!({"data": [{"component_id": 100, "layout_number": "A2", "loaded": 1}]}),
    )
    .await;
    assert_eq!(levels(&api).await, "1=1000 2=100 3=50 100/A1=8 100/A2=1");
}

#[proves("TM-195", "TM-197", "T8")]
#[tokio::test]
async fn another_planogram_unloads_what_it_has_no_room_for() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"planogram_id": 2})).await;
    assert_eq!(levels(&api).await, "1=1000 2=100 100/A1=5");
    assert_eq!(last(&api).await, "Чай -50(50) Батончик -4(4)");
}

#[proves("TM-453", "TM-455", "TM-456", "TM-457", "TM-466", "TM-473", "TM-475", "TM-476", "TM-477", "TM-478", "TM-479")]
#[tokio::test]
async fn a_new_planogram_that_is_assigned_unloads_too() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let new = json!({"name": "Н", "mode": "snack", "assign": 10, "products": [{"id": 900, "number": "A2", "capacity": 7, "critical": 1, "price": 65}]});
    let made = api.expect(201, Method::POST, "/v2/planograms", new).await;
    let id = made["resource"]["id"].as_i64().expect("an id");
    assert_eq!(api.get("/v2/vending_machines/10").await["planogram_id"], id);
    assert_eq!(levels(&api).await, "100/A2=4");
    let shown = api.get(&format!("/v2/planograms/{id}")).await;
    let whole = json!({
        "id": id, "name": "Н", "capacity": [{"component_id": 100, "capacity": 7, "critical": 1}],
        "products": [{"id": 900, "components": [{"id": 100, "volume": 1}]}],
        "layout": [{"product_id": 900, "number": "A2", "price": 65}]
    });
    assert_eq!(shown, whole);
}

#[proves("TM-483", "T8")]
#[tokio::test]
async fn deleting_a_planogram_unloads_everything() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.expect(200, Method::DELETE, "/v2/planograms/1", Value::Null).await;
    assert_eq!(api.get("/v2/vending_machines/10").await["planogram_id"], json!(null));
    assert_eq!(levels(&api).await, "");
    assert_eq!(last(&api).await, "Вода -1000(1000) Кофе -100(100) Чай -50(50) Батончик -5(5) Батончик -4(4)");
    let body = api.expect(404, Method::DELETE, "/v2/planograms/1", Value::Null).await;
    assert_eq!(body, json!({"message": "Planogram not found"}));
}

#[proves("TM-501", "TM-503", "TM-504", "TM-527", "TM-542", "T8")]
#[tokio::test]
async fn a_recipe_that_loses_a_component_unloads_it_unless_another_recipe_has_it() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    // Tea has water, too.
    api.expect(200, Method::DELETE, "/v2/products/1/components/1", Value::Null).await;
    assert_eq!(levels(&api).await, "1=1000 2=100 3=50 100/A1=5 100/A2=4");
    api.expect(200, Method::DELETE, "/v2/products/1/components/2", Value::Null).await;
    assert_eq!(levels(&api).await, "1=1000 3=50 100/A1=5 100/A2=4");
    assert_eq!(last(&api).await, "Кофе -100(100)");
    api.expect(200, Method::PUT, "/v2/products/2", json!({"components": [{"name": "Сироп", "unit": 2, "volume": 10}]}))
        .await;
    assert_eq!(last(&api).await, "Вода -1000(1000) Чай -50(50)");
    assert_eq!(levels(&api).await, "100/A1=5 100/A2=4 101=0");
    api.expect(200, Method::DELETE, "/v2/products/900", Value::Null).await;
    assert_eq!(last(&api).await, "Батончик -5(5) Батончик -4(4)");
    assert_eq!(levels(&api).await, "101=0");
}

#[proves("TM-261", "TM-290", "TM-291", "TM-294")]
#[tokio::test]
async fn the_history_has_periods() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let load = |add: i64, at: &str| json!({"data": [{"component_id": 1, "add": add}], "created_at": at});
    api.expect(201, Method::POST, LOADING, load(1, "2026-11-20T10:00:00+03:00")).await;
    api.expect(201, Method::POST, LOADING, load(2, "2026-11-19 10:00:00+03")).await;
    let dates = |list: Value| -> Vec<String> {
        list.as_array()
            .expect("a list")
            .iter()
            .map(|one| one["created_at"].as_str().expect("a date").to_owned())
            .collect()
    };
    assert_eq!(dates(api.get(HISTORY).await), ["2026-11-19 10:00:00", "2026-11-20 10:00:00"]);
    let part = format!("{HISTORY}?since=2026-11-20 00:00:00+03&until=2026-11-20T10:00:00+03:00");
    assert_eq!(dates(api.get(&part).await), ["2026-11-20 10:00:00"]);
    let body = api.expect(422, Method::GET, &format!("{HISTORY}?since=soon"), Value::Null).await;
    assert_eq!(body["errors"], json!({"since": ["The since is not a valid date."]}));
}

#[tokio::test]
async fn an_operator_at_the_machine_fills_it_up_to_its_capacity() {
    let bench = Bench::start().await;
    let mut own = world();
    own["planograms"][0]["capacity"] =
        json!([{"component_id": 1, "capacity": 1500}, {"component_id": 100, "capacity": 20}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let loaded = api.act("telemetron.load", json!({"machine": 10})).await;
    assert_eq!(loaded, json!({"slots": 3}));
    assert_eq!(levels(&api).await, "1=1500 2=100 3=50 100/A1=10 100/A2=10");
    api.act(
        "telemetron.load",
        json!({"machine": 10, "data": [{"component_id": 100, "layout_number": "A1", "add": -3}]}),
    )
    .await;
    assert_eq!(last(&api).await, "Батончик -3(10)");
}

#[proves("TM-528")]
#[tokio::test]
async fn a_deleted_recipe_leaves_what_another_needs() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    // Tea has water, too.
    api.expect(200, Method::DELETE, "/v2/products/1", Value::Null).await;
    assert_eq!(levels(&api).await, "1=1000 3=50 100/A1=5 100/A2=4");
    assert_eq!(last(&api).await, "Кофе -100(100)");
}

#[proves("TM-480")]
#[tokio::test]
async fn a_new_planogram_unloads_into_the_history() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let new =
        json!({"name": "Н", "mode": "snack", "assign": 10, "products": [{"id": 900, "number": "A2", "capacity": 7}]});
    api.expect(201, Method::POST, "/v2/planograms", new).await;
    assert_eq!(levels(&api).await, "100/A2=4");
    assert_eq!(last(&api).await, "Вода -1000(1000) Кофе -100(100) Чай -50(50) Батончик -5(5)");
}

/// The document sets no limit to `created_at`.
#[proves("TM-589")]
#[tokio::test]
async fn a_loading_may_be_dated_ahead() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let body = json!({"data": [{"component_id": 1, "add": 5}], "created_at": "2026-11-22T12:00:00+03:00"});
    api.expect(201, Method::POST, "/v2/vending_machines/10/loading", body).await;
    let history = api.state().await["telemetron"]["machines"][0]["loading_tx"].clone();
    assert_eq!(history[0]["created_at"], "2026-11-22T09:00:00Z");
    // An offset that no clock has is no moment.
    let body = json!({"data": [{"component_id": 1, "add": 6}], "created_at": "2026-11-21T12:00:00+25:00"});
    let refused = api.expect(422, Method::POST, "/v2/vending_machines/10/loading", body).await;
    assert_eq!(refused["errors"], json!({"created_at": ["The created at is not a valid date."]}));
}
