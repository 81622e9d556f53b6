//! Where the document can be read in two ways, a setting of the world chooses. The first reading of each is what the
//! other files test; here are the second ones beside it.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

/// The world of coffee and bars, with these settings.
fn with(settings: &Value) -> Value {
    let mut own = world();
    own["settings"] = json!({"low_change": 0});
    for (key, value) in settings.as_object().expect("settings") {
        own["settings"][key] = value.clone();
    }
    own
}

fn refresh(token: &Value) -> Value {
    json!({
        "grant_type": "refresh_token", "refresh_token": token, "client_id": "client-key", "client_secret": "client-secret"
    })
}

async fn me(api: &mut Api<'_>, token: &Value) -> u16 {
    api.bear(token.as_str().expect("a token"));
    api.send(Method::GET, "/v2/me", Value::Null).await.status.as_u16()
}

#[proves("TM-056", "T2")]
#[tokio::test]
async fn a_refresh_token_may_be_used_without_limit() {
    let bench = Bench::start().await;
    for (id, reading, again) in [("once", "once", 400), ("often", "unlimited", 200)] {
        let mut api = Api::with(&bench, id, NOON, &with(&json!({"refresh_token_use": reading}))).await;
        let pair = api.log_in("me@example.com").await;
        api.expect(200, Method::POST, "/auth/", refresh(&pair["refresh_token"])).await;
        api.expect(again, Method::POST, "/auth/", refresh(&pair["refresh_token"])).await;
        // Neither outlives its time.
        let pair = api.log_in("me@example.com").await;
        api.advance("30d").await;
        api.expect(400, Method::POST, "/auth/", refresh(&pair["refresh_token"])).await;
    }
}

#[proves("TM-055")]
#[tokio::test]
async fn a_refresh_may_end_the_access_token_that_came_with_it() {
    let bench = Bench::start().await;
    for (id, reading, old) in [("lives", "lives_on", 200), ("ends", "ends", 401)] {
        let mut api = Api::with(&bench, id, NOON, &with(&json!({"refreshed_access_token": reading}))).await;
        let (other, pair) = (api.log_in("me@example.com").await, api.log_in("me@example.com").await);
        let next = api.expect(200, Method::POST, "/auth/", refresh(&pair["refresh_token"])).await;
        assert_eq!(me(&mut api, &pair["access_token"]).await, old, "{reading}");
        assert_eq!(me(&mut api, &next["access_token"]).await, 200);
        assert_eq!(me(&mut api, &other["access_token"]).await, 200, "another session's");
    }
}

#[proves("TM-060")]
#[tokio::test]
async fn a_logout_may_end_both_tokens() {
    let bench = Bench::start().await;
    for (id, reading, status) in [("one", "access_token", 200), ("both", "both_tokens", 400)] {
        let mut api = Api::with(&bench, id, NOON, &with(&json!({"logout": reading}))).await;
        let (other, pair) = (api.log_in("me@example.com").await, api.log_in("me@example.com").await);
        api.get("/logout").await;
        assert_eq!(me(&mut api, &pair["access_token"]).await, 401);
        api.expect(status, Method::POST, "/auth/", refresh(&pair["refresh_token"])).await;
        api.expect(200, Method::POST, "/auth/", refresh(&other["refresh_token"])).await;
    }
}

#[proves("TM-050")]
#[tokio::test]
async fn a_refusal_of_tokens_may_have_no_content() {
    let bench = Bench::start().await;
    let api = Api::world(&bench, "w", NOON, &with(&json!({"auth_refusal": "no_content"}))).await;
    for wish in [json!({}), refresh(&json!("another"))] {
        let answer = api.send(Method::POST, "/auth/", wish).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (400, ""));
    }
    // Every other error has its message all the same.
    let body = api.expect(401, Method::GET, "/v2/me", Value::Null).await;
    assert_eq!(body, json!({"message": "Unauthenticated."}));
}

#[proves("TM-210")]
#[tokio::test]
async fn periods_beyond_the_limits_may_be_cut() {
    let bench = Bench::start().await;
    let mut own = with(&json!({"beyond_limits": "cut"}));
    own["machines"][0]["sales"] = json!([
        {"at": "2026-09-21T11:59:59+03:00", "layout": "1", "name": "Эспрессо", "price": 40},
        {"at": "2026-09-21T12:00:00+03:00", "layout": "1", "name": "Эспрессо", "price": 40},
        {"at": "2026-10-22T12:00:00+03:00", "layout": "1", "name": "Эспрессо", "price": 40},
        {"at": "2026-10-22T12:00:01+03:00", "layout": "1", "name": "Эспрессо", "price": 40}
    ]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let summary = "/v2/vending_machines/10/stats/vends/summary";
    // From two months ago on, and 31 days from there.
    assert_eq!(api.get(&format!("{summary}?since=2020-01-01&until=2026-11-21")).await[0]["number"], 2);
    assert_eq!(api.get(&format!("{summary}?since=2020-01-01&until=2020-02-01")).await[0]["number"], 0);
    assert_eq!(api.get("/v2/vending_machines/10/events?since=2020-01-01").await, json!([]));
    // What is wrong otherwise is still refused.
    for query in ["since=2026-11-21&until=2026-11-20", "since=soon"] {
        api.expect(422, Method::GET, &format!("{summary}?{query}"), Value::Null).await;
    }
}

#[proves("TM-211", "TM-365")]
#[tokio::test]
async fn a_local_period_may_be_that_of_the_clock_on_the_wall() {
    let bench = Bench::start().await;
    // Noon at +03:00 is five in the morning in Grenada.
    let five = "since=2026-11-21T05:00:00+03:00&until=2026-11-21T05:00:00+03:00";
    let noon = "since=2026-11-21T12:00:00+03:00&until=2026-11-21T12:00:00+03:00";
    for (id, reading, at_five, at_noon) in [("named", "named_zone", 0, 1), ("wall", "wall_clock", 1, 0)] {
        let mut own = with(&json!({"local_periods": reading}));
        own["machines"][0]["tz"] = json!("America/Grenada");
        let api = Api::with(&bench, id, NOON, &own).await;
        api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
        for path in ["/v2/vending_machines/10/stats/vends/summary", "/v2/stats/vends/summary"] {
            assert_eq!(api.get(&format!("{path}?{five}&local=1")).await[0]["number"], at_five, "{reading} {path}");
            assert_eq!(api.get(&format!("{path}?{noon}&local=1")).await[0]["number"], at_noon, "{reading} {path}");
            assert_eq!(api.get(&format!("{path}?{noon}")).await[0]["number"], 1, "without local the zone counts");
        }
    }
}

#[proves("TM-264")]
#[tokio::test]
async fn a_product_may_have_to_name_its_spiral() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with(&json!({"unnamed_spiral": "refused"}))).await;
    for (path, amount) in [("loading", "add"), ("inventory", "loaded")] {
        let path = format!("/v2/vending_machines/10/{path}");
        let lines = json!({"data": [{"component_id": 1, amount: 5}, {"component_id": 100, amount: 2}]});
        let body = api.expect(422, Method::POST, &path, lines).await;
        assert_eq!(body["errors"], json!({"data.1.layout_number": ["The data.1.layout number field is required."]}));
        let lines =
            json!({"data": [{"component_id": 1, amount: 5}, {"component_id": 100, "layout_number": "A2", amount: 2}]});
        api.expect(201, Method::POST, &path, lines).await;
    }
}

#[proves("TM-379", "TM-380", "T14")]
#[tokio::test]
async fn sums_may_be_in_roubles_and_of_paid_vends_only() {
    let bench = Bench::start().await;
    for (id, settings, number, value) in [
        ("usual", json!({}), 2, json!(3550)),
        ("roubles", json!({"summary_money": "roubles"}), 2, json!(35.5)),
        ("paid", json!({"summary_vends": "paid"}), 1, json!(3550)),
    ] {
        let api = Api::with(&bench, id, NOON, &with(&settings)).await;
        api.act("telemetron.sell", json!({"machine": 10, "layout": "1", "price": 35.5})).await;
        api.act("telemetron.sell", json!({"machine": 10, "layout": "1", "type": "test"})).await;
        for path in ["/v2/vending_machines/10/stats/vends/summary", "/v2/stats/vends/summary"] {
            assert_eq!(api.get(path).await, json!([{"number": number, "value": value}]), "{id} {path}");
        }
        // Groups tell paid ones from others by themselves.
        let groups = api.get("/v2/stats/vends/payments/summary").await;
        assert_eq!((&groups[0]["amount"], groups.as_array().map(Vec::len)), (&value, Some(2)), "{id}");
    }
}

#[proves("TM-072", "TM-313")]
#[tokio::test]
async fn what_is_not_known_of_a_machine_may_be_null() {
    let bench = Bench::start().await;
    for (id, settings, state, port) in [
        ("usual", json!({}), json!(0), json!(1)),
        ("null", json!({"unknown_state": "null", "single_port": "null"}), json!(null), json!(null)),
    ] {
        let mut own = with(&settings);
        own["modems"] = json!([{"id": 5, "imei": "999999999123456"}]);
        own["machines"][0]["modem_id"] = json!(5);
        let api = Api::with(&bench, id, NOON, &own).await;
        let (one, list) = ("/v2/vending_machines/10", "/v2/vending_machines");
        assert_eq!((&api.get(one).await["state"], &api.get(list).await[0]["state"]), (&state, &state), "{id}");
        api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
        assert_eq!((&api.get(one).await["state"], &api.get(list).await[0]["state"]), (&json!(1), &json!(1)));
        assert_eq!(api.get("/v2/vending_machines/10/reports/last").await["evadts_port"], port, "{id}");
        assert_eq!(api.get("/v2/vending_machines/10/reports").await[0]["evadts_port"], port, "{id}");
    }
    // Of two ports each is told.
    let mut own = with(&json!({"single_port": "null"}));
    own["modems"] = json!([{"id": 5, "imei": "999999999123456"}]);
    own["machines"][0]["modem_id"] = json!(5);
    own["machines"][0]["dex2"] = json!(["A1"]);
    let api = Api::with(&bench, "two", NOON, &own).await;
    api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
    assert_eq!(api.get("/v2/vending_machines/10/reports/last?port=2").await["evadts_port"], 2);
}

#[proves("TM-132", "TM-219", "TM-439")]
#[tokio::test]
async fn disputed_fields_may_be_those_of_the_attributes() {
    let bench = Bench::start().await;
    for (id, reading, imei, port, aux) in [
        ("samples", "samples", json!(999_999_999_123_456_u64), json!(1), "vm_inventory_number"),
        ("attributes", "attributes", json!("999999999123456"), json!("1"), "inventory_number"),
    ] {
        let mut own = with(&json!({"disputed_fields": reading}));
        own["modems"] = json!([{"id": 5, "imei": "999999999123456"}]);
        own["machines"][0]["modem_id"] = json!(5);
        own["machines"][0]["inventory_number"] = json!("B42");
        own["machines"][0]["is_crt_active"] = json!(true);
        own["requisites"] = json!([{"id": 3, "title": "ООО Кофе"}]);
        let api = Api::with(&bench, id, NOON, &own).await;
        api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
        api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
        assert_eq!(api.get("/v2/vending_machines").await[0]["imei"], imei);
        assert_eq!(api.get("/v2/vending_machines/10/reports").await[0]["evadts_port"], port);
        assert_eq!(api.get("/v2/stats/crt").await[0]["aux"], json!({aux: "B42"}));
        // By its id, a report's port is a number in text and sample alike.
        assert_eq!(api.get("/v2/vending_machines/10/reports/last").await["evadts_port"], 1);
    }
}

#[proves("TM-471", "TM-472")]
#[tokio::test]
async fn planograms_may_be_made_in_the_mode_snack_only() {
    let bench = Bench::start().await;
    for (id, reading, status) in [("both", "snack_and_basic", 201), ("snack", "snack", 422)] {
        let api = Api::with(&bench, id, NOON, &with(&json!({"planogram_modes": reading}))).await;
        let new =
            |mode: &str| json!({"name": mode, "mode": mode, "products": [{"id": 900, "number": 1, "capacity": 5}]});
        api.expect(201, Method::POST, "/v2/planograms", new("snack")).await;
        let body = api.expect(status, Method::POST, "/v2/planograms", new("basic")).await;
        if status == 422 {
            assert_eq!(body["errors"], json!({"mode": ["The selected mode is invalid."]}));
        }
    }
}

#[proves("TM-463")]
#[tokio::test]
async fn an_empty_planogram_may_have_empty_lists() {
    let bench = Bench::start().await;
    let name = json!({"id": 3, "name": "Пустая"});
    let mut lists = name.clone();
    for key in ["capacity", "products", "layout"] {
        lists[key] = json!([]);
    }
    for (id, reading, shown) in [("name", "name_only", &name), ("lists", "empty_lists", &lists)] {
        let mut own = with(&json!({"empty_planogram": reading}));
        own["planograms"] = json!([own["planograms"][0], own["planograms"][1], name]);
        let api = Api::with(&bench, id, NOON, &own).await;
        assert_eq!(api.get("/v2/planograms?full=1").await[2], *shown);
        assert_eq!(api.get("/v2/planograms").await[2], name);
        assert_eq!(api.get("/v2/planograms/3").await, lists);
    }
}

#[proves("TM-238")]
#[tokio::test]
async fn a_drink_s_discount_may_be_in_kopecks_or_percent() {
    let bench = Bench::start().await;
    for (reading, given, price, discount) in [
        ("roubles", json!(10), json!(30), json!(10)),
        ("kopecks", json!(1050), json!(29.5), json!(10.5)),
        ("percent", json!("25"), json!(30), json!(10)),
        ("percent", json!(100), json!(0), json!(40)),
    ] {
        let mut own = with(&json!({"dispense_discount": reading}));
        own["modems"] = json!([{"id": 5, "imei": "999999999123456", "maker": "vendista"}]);
        own["machines"][0]["modem_id"] = json!(5);
        let api = Api::with(&bench, &format!("{reading}{given}").replace('"', ""), NOON, &own).await;
        let drink = json!({"number": 1, "cup": 1, "sugar": 0, "discount": given});
        api.expect(200, Method::POST, "/v2/vending_machines/10/dispense", drink).await;
        let rows = api.get("/v2/vending_machines/10/stats/vends/products").await;
        assert_eq!((&rows[0]["price"], &rows[0]["discount"]), (&price, &discount), "{reading} {given}");
    }
}

#[proves("TM-152")]
#[tokio::test]
async fn the_limits_for_receipts_may_be_in_kopecks() {
    let bench = Bench::start().await;
    for (id, reading, receipts) in [("roubles", "roubles", 0), ("kopecks", "kopecks", 1)] {
        let mut own = with(&json!({"receipt_limits": reading}));
        own["machines"][0]["is_crt_active"] = json!(true);
        own["requisites"] = json!([{"id": 3, "title": "ООО Кофе"}]);
        let api = Api::with(&bench, id, NOON, &own).await;
        api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"min_price": 3550, "max_price": "4000"})).await;
        let one = api.get("/v2/vending_machines/10").await;
        assert_eq!((&one["min_price"], &one["max_price"]), (&json!(3550), &json!(4000)), "{reading}");
        for price in [35.0, 40.0, 41.0] {
            api.act("telemetron.sell", json!({"machine": 10, "layout": "1", "price": price})).await;
        }
        assert_eq!(api.get("/v2/stats/crt").await.as_array().map(Vec::len), Some(receipts), "{reading}");
    }
}

#[proves("TM-226")]
#[tokio::test]
async fn windows_1251_may_be_for_packed_reports_only() {
    let bench = Bench::start().await;
    let mut own = with(&json!({"cp1251": "packed_only"}));
    own["modems"] = json!([{"id": 5, "imei": "999999999123456"}]);
    own["machines"][0]["modem_id"] = json!(5);
    let api = Api::with(&bench, "w", NOON, &own).await;
    api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
    let last = "/v2/vending_machines/10/reports/last";
    let answer = api.send(Method::GET, &format!("{last}?cp1251=1"), Value::Null).await;
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.json(), api.get(last).await);
    let packed = |query: &'static str| {
        let api = &api;
        async move { api.get(&format!("{last}?base64=1{query}")).await["data"].clone() }
    };
    assert_ne!(packed("&cp1251=1").await, packed("").await);
}

#[proves("TM-545", "TM-550")]
#[tokio::test]
async fn units_may_be_numbered_in_the_attribute_s_order() {
    let bench = Bench::start().await;
    for (id, reading, units) in
        [("samples", "samples", ["шт", "мл", "гр"]), ("attributes", "attributes", ["мл", "шт", "гр"])]
    {
        let own = json!({"settings": {"unit_numbers": reading}});
        let api = Api::with(&bench, id, NOON, &own).await;
        for unit in 1..=3 {
            api.expect(201, Method::POST, "/v2/components", json!({"name": format!("К{unit}"), "unit": unit})).await;
        }
        let list = api.get("/v2/components").await;
        assert_eq!([&list[0]["units"], &list[1]["units"], &list[2]["units"]], units.each_ref().map(|unit| unit));
    }
}

#[proves("TM-350", "TM-353")]
#[tokio::test]
async fn zones_may_have_the_ids_that_the_world_knows() {
    let bench = Bench::start().await;
    let own = json!({
        "settings": {"zone_ids": {"Europe/Moscow": 109, "Asia/Omsk": 5000}},
        "machines": [{"id": 10, "name": "ТА", "tz": "Asia/Omsk"}]
    });
    let api = Api::with(&bench, "w", NOON, &own).await;
    assert_eq!(api.get("/v2/vending_machines/10").await["tz_id"], 5000);
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"tz_id": 109})).await;
    assert_eq!(api.get("/v2/vending_machines").await[0]["tz"], "Europe/Moscow");
    let list = api.get("/v2/timezones").await;
    let rows = list.as_array().expect("a list");
    let mut ids: Vec<i64> = rows.iter().map(|row| row["tz_id"].as_i64().expect("an id")).collect();
    let (count, of) =
        (ids.len(), |zone: &str| rows.iter().find(|row| row["tz"] == zone).expect("a zone")["tz_id"].clone());
    assert_eq!((of("Europe/Moscow"), of("Asia/Omsk"), of("Asia/Baku")), (json!(109), json!(5000), json!(220)));
    assert_eq!(of("America/Grenada"), 5001, "whose id is taken gets one at the end");
    ids.dedup();
    assert!(ids.is_sorted() && ids.len() == count && count > 400);
    for (zones, part) in [
        (json!({"Europe/Moskow": 1}), "Europe/Moscow"),
        (json!({"Asia/Omsk": 0}), "ids begin at 1"),
        (json!({"Asia/Omsk": 7, "Asia/Baku": 7}), "has the id 7 already"),
    ] {
        let body = json!({"id": "bad", "world": {"stend": 1, "telemetron": {"settings": {"zone_ids": zones}}}});
        let answer = bench.steer(Method::POST, "/worlds", body).await;
        assert!(answer.status.is_client_error() && answer.text.contains(part), "{zones}: {}", answer.text);
    }
}

#[proves("TM-263", "T6")]
#[tokio::test]
async fn no_loading_need_be_a_duplicate() {
    let bench = Bench::start().await;
    let load = json!({"data": [{"component_id": 1, "add": 10}]});
    for (id, window, soon, late) in [("never", "0s", 201, 201), ("hour", "1h", 400, 201)] {
        let api = Api::with(&bench, id, NOON, &with(&json!({"duplicates": window}))).await;
        let path = "/v2/vending_machines/10/loading";
        api.expect(201, Method::POST, path, load.clone()).await;
        api.advance("59m59s").await;
        api.expect(soon, Method::POST, path, load.clone()).await;
        api.advance("1s").await;
        api.expect(late, Method::POST, path, load.clone()).await;
    }
}

/// Every reading that is not the usual one.
fn others() -> Value {
    json!({
        "refresh_token_use": "unlimited", "refreshed_access_token": "ends", "logout": "both_tokens",
        "auth_refusal": "no_content", "beyond_limits": "cut", "local_periods": "wall_clock",
        "empty_inventory": "invalid_data", "unnamed_spiral": "refused", "phone_limit": "ten",
        "summary_money": "roubles", "summary_vends": "paid", "unknown_state": "null", "single_port": "null",
        "disputed_fields": "attributes", "planogram_modes": "snack", "empty_planogram": "empty_lists", "dispense_discount": "percent",
        "receipt_limits": "kopecks", "cp1251": "packed_only", "unit_numbers": "attributes",
        "zone_ids": {"Europe/Moscow": 348}
    })
}

#[tokio::test]
async fn readings_are_saved_restored_and_spelled_right() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "one", NOON, &with(&others())).await;
    let saved = api.state().await;
    for (key, value) in others().as_object().expect("settings") {
        assert_eq!(saved["telemetron"]["settings"][key], *value, "{key}");
    }
    let other = Api::world(&bench, "two", NOON, &json!({})).await;
    let usual = other.state().await["telemetron"]["settings"].clone();
    for key in others().as_object().expect("settings").keys() {
        assert_ne!(usual[key], saved["telemetron"]["settings"][key], "{key} is none of the usual ones");
    }
    other.restore(saved.clone()).await;
    assert_eq!(other.state().await["telemetron"], saved["telemetron"]);
    let body = json!({"id": "bad", "world": {"stend": 1, "telemetron": {"settings": {"phone_limit": "twelve"}}}});
    let answer = bench.steer(Method::POST, "/worlds", body).await;
    assert!(answer.status.is_client_error() && answer.text.contains("eleven"), "{}", answer.text);
}
