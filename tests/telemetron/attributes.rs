//! Attributes of machines, one by one: types, what can be changed, time stamps, and times in the machine's zone.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

const ONE: &str = "/v2/vending_machines/10";

#[proves("TM-065", "TM-066", "TM-067", "TM-068", "TM-069", "TM-070")]
#[tokio::test]
async fn every_type_has_the_printed_id_label_and_name() {
    let bench = Bench::start().await;
    let rows = [
        (1, "coffee", "кофейный"),
        (2, "snack", "снековый"),
        (3, "combo", "комбинированный"),
        (4, "other", "прочее"),
        (5, "paired", "спарка"),
        (6, "can", "баночный"),
    ];
    let machines: Vec<Value> =
        rows.iter().map(|(id, label, _)| json!({"id": id, "name": "ТА", "type": label})).collect();
    let api = Api::with(&bench, "w", NOON, &json!({"machines": machines})).await;
    let list = api.get("/v2/vending_machines").await;
    for (place, (id, label, name)) in rows.iter().enumerate() {
        let kind = json!({"id": id, "label": label, "name": name});
        assert_eq!(list[place]["type"], kind);
        assert_eq!(api.get(&format!("/v2/vending_machines/{id}")).await["type"], kind);
    }
}

#[proves(
    "TM-144", "TM-145", "TM-146", "TM-147", "TM-149", "TM-178", "TM-179", "TM-180", "TM-181", "TM-182", "TM-183",
    "TM-184", "TM-185", "TM-186", "TM-187", "TM-188", "TM-189", "TM-190", "TM-191", "TM-192", "TM-194", "TM-350", "G2"
)]
#[tokio::test]
async fn every_field_of_a_machine_can_be_changed_alone() {
    let bench = Bench::start().await;
    let mut own = world();
    own["models"] =
        json!([{"id": 1, "name": "Bianchi", "type": "coffee"}, {"id": 2, "name": "Unicum", "type": "snack"}]);
    own["locations"] = json!([{"id": 7, "name": "Холл", "address": "Таежная, 41"}]);
    own["machines"][0]["modem_id"] = json!(null);
    own["modems"] = json!([{"id": 5, "imei": "999999999123456", "bus": "mdb", "firmware": "4.4", "hw_version": "2.4"},
        {"id": 6, "imei": "999999999123457"}]);
    own["requisites"] = json!([{"id": 3, "title": "Т"}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let whole = api.get(ONE).await;
    let keys: Vec<&String> = whole.as_object().expect("a machine").keys().collect();
    let printed = [
        "id",
        "serial_number",
        "name",
        "planogram_id",
        "state",
        "service",
        "location",
        "type",
        "modem",
        "is_crt_active",
        "inventory_number",
        "track_bus_vends",
        "requisite_id",
        "min_price",
        "max_price",
        "mm_id",
        "money",
        "tz_id",
        "tz",
    ];
    assert_eq!(keys, printed);
    let modem = json!({"id": 5, "imei": "999999999123456", "bus": "mdb", "sw_version": "4.4", "hw_version": "2.4"});
    for (field, value, key, shown) in [
        ("name", json!("Другое"), "name", json!("Другое")),
        ("mm_id", json!(2), "type", json!({"id": 2, "label": "snack", "name": "снековый"})),
        ("serial_number", json!("S-1"), "serial_number", json!("S-1")),
        ("planogram_id", json!(2), "planogram_id", json!(2)),
        ("location_id", json!(7), "location", json!({"id": 7, "name": "Холл", "address": "Таежная, 41"})),
        ("modem_id", json!(5), "modem", modem),
        (
            "imei",
            json!("999999999123457"),
            "modem",
            json!({"id": 6, "imei": "999999999123457", "bus": null, "sw_version": null, "hw_version": null}),
        ),
        ("is_crt_active", json!(true), "is_crt_active", json!(true)),
        ("inventory_number", json!("B42"), "inventory_number", json!("B42")),
        ("track_bus_vends", json!(true), "track_bus_vends", json!(true)),
        ("requisite_id", json!(3), "requisite_id", json!(3)),
        ("tz_id", json!(109), "tz", json!("America/Grenada")),
        ("tz", json!("Asia/Baku"), "tz_id", json!(220)),
        ("min_price", json!(10), "min_price", json!(10)),
        ("max_price", json!(99.5), "max_price", json!(99.5)),
    ] {
        let before = api.get(ONE).await;
        assert_ne!(before[key], shown, "{field} changes nothing");
        api.expect(200, Method::PUT, ONE, json!({field: value})).await;
        let after = api.get(ONE).await;
        assert_eq!(after[key], shown, "{field}");
        let follows = ["service", "state", "mm_id", "tz", "tz_id", key];
        for (other, value) in
            after.as_object().expect("a machine").iter().filter(|(other, _)| !follows.contains(&other.as_str()))
        {
            assert_eq!(before[other], *value, "{field} changes {other}");
        }
    }
}

#[proves("TM-064", "TM-160", "TM-161", "TM-162", "TM-163", "TM-165", "TM-168", "TM-171", "TM-196")]
#[tokio::test]
async fn a_machine_is_made_with_planogram_modem_and_the_model_that_is_none() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"][0]["modem_id"] = json!(null);
    own["modems"] = json!([{"id": 5, "imei": "999999999123456"}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let new = json!({"name": "Новый", "mm_id": 52, "planogram_id": 2, "modem_id": 5, "tz": "Europe/Moscow"});
    api.expect(201, Method::POST, "/v2/vending_machines", new).await;
    let one = api.get("/v2/vending_machines/11").await;
    assert_eq!((&one["planogram_id"], &one["modem"]["id"], &one["mm_id"]), (&json!(2), &json!(5), &json!(52)));
    assert_eq!((&one["type"], &one["tz"], &one["location"]), (&json!(null), &json!("Europe/Moscow"), &json!(null)));
    // A change takes a modem from another machine by force only.
    api.expect(422, Method::PUT, ONE, json!({"modem_id": 5})).await;
    api.expect(200, Method::PUT, &format!("{ONE}?force=1"), json!({"modem_id": 5})).await;
    assert_eq!(api.get(ONE).await["modem"]["id"], 5);
    assert_eq!(api.get("/v2/vending_machines/11").await["modem"], json!(null));
}

#[proves("TM-139", "TM-327", "TM-328", "TM-329", "TM-330", "TM-331", "TM-332", "TM-333", "TM-335", "T17")]
#[tokio::test]
async fn every_time_stamp_follows_what_happens_and_is_null_before() {
    let bench = Bench::start().await;
    let mut own = world();
    own["modems"] = json!([{"id": 5, "imei": "999999999123456"}]);
    own["machines"][0]["modem_id"] = json!(5);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let stamps = || async {
        let stamps = api.get(&format!("{ONE}/timestamp")).await;
        assert_eq!(api.get("/v2/vending_machines").await[0]["last_event_dates"], stamps, "the list has the same");
        stamps
    };
    let mut expected = json!({
        "last_sale": null, "last_service": null, "last_collection": null, "last_loading": null, "last_report": null,
        "last_acquired_report": null
    });
    assert_eq!(stamps().await, expected);
    for (minute, action, args, keys) in [
        (1, "sell", json!({"layout": "1"}), &["last_sale"][..]),
        (2, "load", json!({"data": [{"component_id": 1, "add": 5}]}), &["last_loading", "last_service"]),
        (3, "collect", json!({}), &["last_collection", "last_service"]),
        (4, "ping", json!({"report": true}), &["last_report", "last_acquired_report"]),
        (5, "ping", json!({"corrupt": true}), &["last_acquired_report"]),
    ] {
        api.advance("1m").await;
        let mut args = args;
        args["machine"] = json!(10);
        api.act(&format!("telemetron.{action}"), args).await;
        for key in keys {
            expected[key] = json!(format!("2026-11-21T12:0{minute}:00+03:00"));
        }
        assert_eq!(stamps().await, expected, "{action}");
    }
}

#[proves("TM-140", "TM-203", "TM-225", "TM-285", "TM-292", "TM-293", "TM-319", "TM-334", "TM-388", "TM-401")]
#[tokio::test]
async fn with_local_times_are_those_of_the_machine_s_zone() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"][0]["modem_id"] = json!(5);
    own["machines"][0]["tz"] = json!("America/Grenada");
    let mut other = own["machines"][0].clone();
    other["id"] = json!(11);
    other["modem_id"] = json!(6);
    other["tz"] = json!(null);
    own["machines"] = json!([own["machines"][0], other]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    for machine in [10, 11] {
        api.act("telemetron.sell", json!({"machine": machine, "layout": "1"})).await;
    }
    api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
    api.act("telemetron.load", json!({"machine": 10, "data": [{"component_id": 1, "add": 5}]})).await;
    let local = "2026-11-21T05:00:00-04:00";
    for (path, place, with) in [
        ("/v2/vending_machines", "/0/last_event_dates/last_sale", local),
        // A machine without a zone has the usual one.
        ("/v2/vending_machines", "/1/last_event_dates/last_sale", NOON),
        ("/v2/vending_machines/10/timestamp", "/last_sale", local),
        ("/v2/vending_machines/10/events", "/0/date", local),
        ("/v2/vending_machines/10/reports", "/0/date", local),
        ("/v2/vending_machines/10/reports/last", "/date", local),
        ("/v2/vending_machines/10/stats/vends/products", "/0/time", local),
        ("/v2/vending_machines/10/stats/vends/payments", "/0/time", local),
    ] {
        assert_eq!(api.get(path).await.pointer(place), Some(&json!(NOON)), "{path}");
        assert_eq!(api.get(&format!("{path}?local=1")).await.pointer(place), Some(&json!(with)), "{path}");
    }
    let history = "/v2/vending_machines/10/loading_tx";
    assert_eq!(api.get(history).await[0]["created_at"], "2026-11-21 12:00:00");
    assert_eq!(api.get("/v2/vending_machines/11/loading_tx").await, json!([]), "each machine has its own");
    assert_eq!(api.get(&format!("{history}?local=1")).await[0]["created_at"], "2026-11-21 05:00:00");
    let period = "since=2026-11-21 05:00&until=2026-11-21 05:00";
    assert_eq!(api.get(&format!("{history}?{period}")).await, json!([]));
    assert_eq!(api.get(&format!("{history}?{period}&local=1")).await.as_array().map(Vec::len), Some(1));
}

#[proves("TM-250", "TM-257")]
#[tokio::test]
async fn a_machine_may_hold_more_than_its_planogram_says() {
    let bench = Bench::start().await;
    let mut own = world();
    own["planograms"][0]["capacity"] = json!([{"component_id": 1, "capacity": 1500}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let more = json!({"data": [{"component_id": 1, "layout_number": null, "add": 9000}]});
    api.expect(201, Method::POST, &format!("{ONE}/loading"), more).await;
    assert_eq!(api.get(&format!("{ONE}/loading")).await[0], json!({"component_id": 1, "value": 10000}));
}

#[proves("TM-277", "TM-282", "TM-283")]
#[tokio::test]
async fn an_inventory_has_the_time_that_it_is_given() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let count = |loaded: i64| json!({"data": [{"component_id": 1, "layout_number": null, "loaded": loaded}]});
    let mut given = count(5);
    given["created_at"] = json!("2026-11-20T10:00:00+03:00");
    api.expect(201, Method::POST, &format!("{ONE}/inventory"), given).await;
    api.expect(201, Method::POST, &format!("{ONE}/inventory"), count(6)).await;
    let history = api.get(&format!("{ONE}/loading_tx")).await;
    assert_eq!(
        (&history[0]["created_at"], &history[1]["created_at"]),
        (&json!("2026-11-20 10:00:00"), &json!("2026-11-21 12:00:00"))
    );
}

#[proves("TM-281")]
#[tokio::test]
async fn an_inventory_with_another_note_is_another() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let path = format!("{ONE}/inventory");
    let count = |loaded: i64, note: &str| json!({"data": [{"component_id": 1, "loaded": loaded}], "note": note});
    let first = api.expect(201, Method::POST, &path, count(5, "а")).await;
    // Something is sold in between, so the same count differs again.
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    let body = api.expect(400, Method::POST, &path, count(5, "а")).await;
    assert_eq!(body, json!({"message": "Duplicate", "subcode": "L102"}));
    let other = api.expect(201, Method::POST, &path, count(5, "б")).await;
    assert_ne!(first["digest"], other["digest"]);
}

#[proves("TM-131", "TM-133", "TM-134", "TM-135", "TM-137", "TM-138", "G2")]
#[tokio::test]
async fn every_row_of_the_list_has_every_attribute() {
    let bench = Bench::start().await;
    let own = json!({
        "models": [{"id": 2, "name": "Unicum"}],
        "machines": [
            {"id": 1, "name": "А", "serial_number": "S-1", "is_crt_active": true, "inventory_number": "B42",
                "track_bus_vends": true, "mm_id": 2, "tz": "America/Grenada"},
            {"id": 2, "name": "Б"}
        ]
    });
    let api = Api::with(&bench, "w", NOON, &own).await;
    let list = api.get("/v2/vending_machines").await;
    let stamps = json!({
        "last_sale": null, "last_service": null, "last_collection": null, "last_loading": null, "last_report": null,
        "last_acquired_report": null
    });
    let row = |id: i64, name: &str, values: [Value; 7]| {
        let [serial, crt, inventory, track, model, tz_id, tz] = values;
        json!({
            "id": id, "serial_number": serial, "name": name, "planogram_id": null, "state": 0, "service": null,
            "location": null, "type": null, "imei": null, "is_crt_active": crt, "inventory_number": inventory,
            "track_bus_vends": track, "mm_id": model, "tz_id": tz_id, "tz": tz, "last_event_dates": stamps
        })
    };
    let full = [json!("S-1"), json!(true), json!("B42"), json!(true), json!(2), json!(109), json!("America/Grenada")];
    let none = [json!(null), json!(false), json!(null), json!(false), json!(null), json!(null), json!(null)];
    assert_eq!(list, json!([row(1, "А", full), row(2, "Б", none)]));
}
