//! Machines made and changed, modems bound, locations taken (T13); state and service flags (T15).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use crate::support::{Bench, NOON};

fn world() -> Value {
    json!({
        "models": [{"id": 1, "name": "Bianchi BVM 676", "type": "coffee"}],
        "locations": [{"id": 1, "name": "Холл", "address": "Таежная, 41"}, {"id": 2, "name": "Двор", "address": "Таежная, 42"}],
        "modems": [{"id": 7, "imei": "123456789012345"}, {"id": 8, "imei": "123456789012346"}],
        "machines": [{"id": 10, "name": "Старый", "modem_id": 7, "location_id": 1}]
    })
}

#[proves(
    "TM-062", "TM-071", "TM-084", "TM-157", "TM-162", "TM-164", "TM-166", "TM-167", "TM-168", "TM-169", "TM-170",
    "TM-172", "TM-173", "G1"
)]
#[tokio::test]
async fn what_is_created_is_listed_and_changed() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let new = json!({
        "name": "Новый", "mm_id": "1", "serial_number": 234441, "location_id": 2, "imei": "123456789012346",
        "is_crt_active": 1, "inventory_number": "B42", "track_bus_vends": true, "tz_id": 109, "min_price": "10", "max_price": 99.5
    });
    let made = api.expect(201, Method::POST, "/v2/vending_machines", new).await;
    assert_eq!(made, json!({"res": true, "resource": {"id": 11}}));
    let one = api.get("/v2/vending_machines/11").await;
    for (key, value) in [
        ("name", json!("Новый")),
        ("serial_number", json!("234441")),
        ("state", json!(0)),
        ("type", json!({"id": 1, "label": "coffee", "name": "кофейный"})),
        ("location", json!({"id": 2, "name": "Двор", "address": "Таежная, 42"})),
        ("is_crt_active", json!(true)),
        ("inventory_number", json!("B42")),
        ("track_bus_vends", json!(true)),
        ("tz", json!("America/Grenada")),
        ("tz_id", json!(109)),
        ("min_price", json!(10)),
        ("max_price", json!(99.5)),
        ("money", json!(null)),
        ("planogram_id", json!(null)),
    ] {
        assert_eq!(one[key], value, "{key}");
    }
    assert_eq!(one["modem"]["id"], 8);
    api.expect(200, Method::PUT, "/v2/vending_machines/11", json!({"name": "Ещё новее", "tz": null, "modem_id": null}))
        .await;
    let one = api.get("/v2/vending_machines/11").await;
    assert_eq!((&one["name"], &one["tz"], &one["modem"]), (&json!("Ещё новее"), &json!(null), &json!(null)));
    let list = api.get("/v2/vending_machines").await;
    assert_eq!((&list[1]["name"], &list[1]["tz"], &list[1]["imei"]), (&json!("Ещё новее"), &json!(null), &json!(null)));
}

#[proves("TM-132")]
#[tokio::test]
async fn an_imei_is_a_number_in_the_list_when_it_is_one() {
    let bench = Bench::start().await;
    let modems =
        json!([{"id": 1, "imei": "999999999123456"}, {"id": 2, "imei": "0000000000000001"}, {"id": 3, "imei": "IMEI"}]);
    let machines = json!([{"id": 1, "modem_id": 1}, {"id": 2, "modem_id": 2}, {"id": 3, "modem_id": 3}]);
    let api = Api::with(&bench, "w", NOON, &json!({"modems": modems, "machines": machines})).await;
    let list = api.get("/v2/vending_machines").await;
    let imeis: Vec<&Value> = list.as_array().expect("a list").iter().map(|one| &one["imei"]).collect();
    assert_eq!(imeis, [&json!(999_999_999_123_456_u64), &json!("0000000000000001"), &json!("IMEI")]);
    assert_eq!(api.get("/v2/vending_machines/1").await["modem"]["imei"], "999999999123456");
}

#[proves("TM-165", "TM-166", "TM-174", "T13")]
#[tokio::test]
async fn a_modem_in_use_is_bound_only_by_force_and_leaves_its_machine() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let new = |key: &str, value: Value| {
        let mut new = json!({"name": "Новый", "mm_id": 1});
        new[key] = value;
        new
    };
    for (key, value, text) in [
        ("modem_id", json!(7), "The modem id has already been taken."),
        ("imei", json!("123456789012345"), "The imei has already been taken."),
        ("imei", json!("000"), "The selected imei is invalid."),
        ("modem_id", json!(99), "The selected modem id is invalid."),
    ] {
        let body = api.expect(422, Method::POST, "/v2/vending_machines", new(key, value)).await;
        assert_eq!(body["errors"], json!({key: [text]}));
    }
    assert_eq!(api.get("/v2/vending_machines/10").await["modem"]["id"], 7);
    api.expect(201, Method::POST, "/v2/vending_machines?force=1", new("modem_id", json!(7))).await;
    assert_eq!(api.get("/v2/vending_machines/11").await["modem"]["id"], 7);
    assert_eq!(api.get("/v2/vending_machines/10").await["modem"], json!(null));
}

#[proves("TM-552", "TM-567", "TM-568", "TM-570", "TM-571", "T13")]
#[tokio::test]
async fn a_location_has_one_machine_and_is_deleted_by_force_unless_it_has_statistics() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let body =
        api.expect(422, Method::POST, "/v2/vending_machines", json!({"name": "Н", "mm_id": 1, "location_id": 1})).await;
    assert_eq!(body["errors"], json!({"location_id": ["The location id has already been taken."]}));
    let body = api.expect(400, Method::DELETE, "/v2/locations/1", Value::Null).await;
    assert_eq!(body, json!({"message": "Location is in use"}));
    assert_eq!(api.get("/v2/locations").await.as_array().map(Vec::len), Some(2));
    api.act("telemetron.sell", json!({"machine": 10, "price": 35})).await;
    let body = api.expect(400, Method::DELETE, "/v2/locations/1?force=1", Value::Null).await;
    assert_eq!(body, json!({"message": "Location has statistics"}));
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"location_id": null})).await;
    api.expect(200, Method::DELETE, "/v2/locations/1", Value::Null).await;
    let body = api.expect(404, Method::DELETE, "/v2/locations/1", Value::Null).await;
    assert_eq!(body, json!({"message": "Location not found"}));
}

#[proves("TM-555", "TM-564", "TM-565")]
#[tokio::test]
async fn locations_are_made_and_changed() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let body = api.expect(422, Method::POST, "/v2/locations", json!({"name": "Крыша"})).await;
    assert_eq!(body["errors"], json!({"address": ["The address field is required."]}));
    api.expect(
        201,
        Method::POST,
        "/v2/locations",
        json!({"name": "Крыша", "address": "Таежная, 43", "note": "у трубы"}),
    )
    .await;
    api.expect(200, Method::PUT, "/v2/locations/3", json!({"note": "у антенны"})).await;
    // Its own name is not taken from it.
    api.expect(200, Method::PUT, "/v2/locations/3", json!({"name": "Крыша"})).await;
    let list = api.get("/v2/locations").await;
    assert_eq!(list[2], json!({"id": 3, "name": "Крыша", "address": "Таежная, 43", "note": "у антенны"}));
}

#[proves("TM-072", "TM-073", "TM-074", "TM-075")]
#[tokio::test]
async fn the_state_follows_modem_and_failures() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let state = || async { api.get("/v2/vending_machines").await[0]["state"].clone() };
    assert_eq!(state().await, 0);
    api.act("telemetron.ping", json!({"machine": 10})).await;
    assert_eq!(state().await, 1);
    api.act("telemetron.fail", json!({"machine": 10, "code": "D54"})).await;
    assert_eq!(state().await, 2);
    api.act("telemetron.modem_offline", json!({"machine": 10})).await;
    assert_eq!(state().await, 3);
    api.act("telemetron.modem_online", json!({"machine": 10})).await;
    api.act("telemetron.recover", json!({"machine": 10})).await;
    assert_eq!(state().await, 1);
}

#[proves(
    "TM-076", "TM-077", "TM-078", "TM-079", "TM-081", "TM-082", "TM-083", "TM-123", "TM-124", "TM-125", "TM-455", "T15"
)]
#[tokio::test]
async fn service_flags_come_with_time_and_go_with_what_ends_them() {
    let bench = Bench::start().await;
    let mut own = world();
    own["settings"] =
        json!({"low_change": 200, "no_sales": "2h", "no_coins": "3h", "no_bills": "4h", "access_tokens": "100h"});
    own["components"] = json!([{"id": 1, "name": "Сок", "is_product": true, "units": "шт"}]);
    own["products"] = json!([{"id": 1, "name": "Сок", "components": [{"id": 1, "volume": 1}]}]);
    own["planograms"] = json!([{
        "id": 1, "name": "П", "capacity": [{"component_id": 1, "capacity": 10, "critical": 2}], "products": [1],
        "layout": [{"product_id": 1, "number": "A1", "price": 50}]
    }]);
    own["machines"][0]["planogram_id"] = json!(1);
    own["machines"][0]["money"] = json!({"change": 100});
    let api = Api::with(&bench, "w", NOON, &own).await;
    let flags = || async {
        let list = api.get("/v2/vending_machines").await[0]["service"].clone();
        assert_eq!(list, api.get("/v2/vending_machines/10").await["service"]);
        list
    };
    assert_eq!(flags().await, json!({"low_change": true, "need_loading": true}));
    api.act("telemetron.load", json!({"machine": 10, "change": 100})).await;
    api.act("telemetron.load", json!({"machine": 10})).await;
    assert_eq!(flags().await, json!(null));
    api.advance("1h59m59s").await;
    assert_eq!(flags().await, json!(null));
    // The list that was ready a second ago is no more.
    api.advance("1s").await;
    assert_eq!(flags().await, json!({"no_recent_sales": true}));
    api.act("telemetron.insert_note", json!({"machine": 10, "value": 100})).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A1", "count": 8, "price": 60})).await;
    assert_eq!(flags().await, json!({"need_loading": true}));
    api.advance("3h").await;
    assert_eq!(flags().await, json!({"need_loading": true, "no_recent_sales": true, "no_coins_in": true}));
    api.advance("1h").await;
    let all = json!({"need_loading": true, "no_recent_sales": true, "no_bills_in": true, "no_coins_in": true});
    assert_eq!(flags().await, all);
}

#[proves("TM-153", "TM-154", "TM-155")]
#[tokio::test]
async fn cash_is_counted_in_kopecks_and_goes_with_the_collection() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let money = || async { api.get("/v2/vending_machines/10").await["money"].clone() };
    assert_eq!(money().await, json!(null));
    api.act("telemetron.load", json!({"machine": 10, "change": 950})).await;
    api.act("telemetron.insert_note", json!({"machine": 10, "value": 100})).await;
    let sold = api.act("telemetron.sell", json!({"machine": 10, "price": 35.5})).await;
    assert_eq!(sold, json!({"name": null, "price": 35.5, "value": 35.5, "change": 64.5, "delivered": true}));
    assert_eq!(money().await, json!({"change": 88550, "revenue": 10000}));
    // The tubes hold 1000 roubles; what is more falls into the box.
    api.act("telemetron.sell", json!({"machine": 10, "price": 200})).await;
    assert_eq!(money().await, json!({"change": 100000, "revenue": 18550}));
    api.act("telemetron.collect", json!({"machine": 10})).await;
    assert_eq!(money().await, json!({"change": 100000, "revenue": 0}));
    let rows = api.get("/v2/reports/collections").await;
    let row = json!([{
        "time": NOON, "vm_id": 10, "hands_add": 950, "change": 1000, "summary_coins": 85.5, "summary_banknotes": 100
    }]);
    assert_eq!(rows, row);
    let none = api.get("/v2/reports/collections?since=2026-11-20&until=2026-11-21T11:59:59").await;
    assert_eq!(none, json!([]));
}

#[proves("TM-558", "TM-559", "TM-560", "TM-563")]
#[tokio::test]
async fn every_field_of_a_location_can_be_changed() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let body = api.expect(422, Method::POST, "/v2/locations", json!({"address": "Таежная, 43"})).await;
    assert_eq!(body["errors"], json!({"name": ["The name field is required."]}));
    let mut expected = json!({"id": 1, "name": "Холл", "address": "Таежная, 41", "note": null});
    for (key, value) in [("name", "Фойе"), ("address", "Таежная, 44"), ("note", "слева")] {
        api.expect(200, Method::PUT, "/v2/locations/1", json!({key: value})).await;
        expected[key] = json!(value);
        assert_eq!(api.get("/v2/locations").await[0], expected);
    }
}

/// What an operator does not see, he cannot bind to a machine either (T12).
#[proves("TM-585", "T12")]
#[tokio::test]
async fn an_operator_takes_nothing_that_is_not_seen() {
    let bench = Bench::start().await;
    let mut own = world();
    own["users"] = json!([
        {"id": 1, "email": "me@example.com", "password": "123456", "roles": ["admin"]},
        {"id": 2, "email": "op@example.com", "password": "123456", "roles": ["operator"], "groups": [1]}
    ]);
    own["locations"][0]["group_id"] = json!(1);
    let third = json!({"id": 3, "name": "Крыша", "address": "Таежная, 43", "group_id": 1});
    own["locations"].as_array_mut().expect("a list").push(third);
    own["machines"] = json!([
        {"id": 10, "name": "Свой", "modem_id": 7, "location_id": 1},
        {"id": 11, "name": "Чужой", "modem_id": 8, "location_id": 2}
    ]);
    let mut api = Api::with(&bench, "w", NOON, &own).await;
    api.log_in("op@example.com").await;
    let before = api.state().await["telemetron"].clone();
    for (key, value, text) in [
        ("modem_id", json!(8), "The selected modem id is invalid."),
        ("imei", json!("123456789012346"), "The selected imei is invalid."),
        ("location_id", json!(2), "The selected location id is invalid."),
    ] {
        let change = json!({ key: value });
        let body = api.expect(422, Method::PUT, "/v2/vending_machines/10?force=1", change).await;
        assert_eq!(body["errors"], json!({ key: [text] }));
        let new = json!({"name": "Новый", "mm_id": 1, key: value});
        let body = api.expect(422, Method::POST, "/v2/vending_machines?force=1", new).await;
        assert_eq!(body["errors"], json!({ key: [text] }));
    }
    assert_eq!(api.state().await["telemetron"], before);
    // What is seen may be taken, also from another machine; at a place of the group the new machine is seen.
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"modem_id": 7, "location_id": 1})).await;
    let new = json!({"name": "Новый", "mm_id": 1, "location_id": 3, "modem_id": 7});
    api.expect(201, Method::POST, "/v2/vending_machines?force=1", new).await;
    assert_eq!(api.get("/v2/vending_machines/12").await["name"], "Новый");
    // Without a place it is in no group, as the README says: admins see it.
    api.expect(201, Method::POST, "/v2/vending_machines", json!({"name": "Склад", "mm_id": 1})).await;
    api.expect(404, Method::GET, "/v2/vending_machines/13", Value::Null).await;
    api.log_in("me@example.com").await;
    assert_eq!(api.get("/v2/vending_machines/13").await["name"], "Склад");
}

/// `?force=` is a parameter without a value, which is none.
#[proves("TM-586")]
#[tokio::test]
async fn an_empty_flag_is_none() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    for query in ["?force=", "?force"] {
        let body = api.expect(400, Method::DELETE, &format!("/v2/locations/1{query}"), Value::Null).await;
        assert_eq!(body, json!({"message": "Location is in use"}), "{query}");
    }
    let new = json!({"name": "Новый", "mm_id": 1, "modem_id": 7, "force": ""});
    let body = api.expect(422, Method::POST, "/v2/vending_machines?force=", new).await;
    assert_eq!(body["errors"], json!({"modem_id": ["The modem id has already been taken."]}));
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"track_bus_vends": true})).await;
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"track_bus_vends": ""})).await;
    assert_eq!(api.get("/v2/vending_machines/10").await["track_bus_vends"], true);
    assert_eq!(api.get("/v2/planograms?full=").await, api.get("/v2/planograms").await);
    assert_eq!(api.get("/v2/vending_machines?local=").await, api.get("/v2/vending_machines").await);
    let journal = bench.steer(Method::GET, "/worlds/w/journal?fake=telemetron", Value::Null).await.text;
    for flag in ["force", "full", "local", "track_bus_vends"] {
        let warn = format!("`{flag}` is empty and counts as left out; `{flag}=1` says yes");
        assert!(journal.contains(&warn), "{warn} is not in {journal}");
    }
}
