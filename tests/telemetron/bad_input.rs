//! What is wrong with requests and actions: said as the document says it, and nothing changes.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

#[proves("TM-001", "TM-006", "G4")]
#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    for path in ["/", "/v1/me", "/v2", "/v2/nothing", "/v2/vending_machines/123/nothing"] {
        let body = api.expect(404, Method::GET, path, Value::Null).await;
        assert_eq!(body, json!({"message": "Not found"}), "{path}");
    }
    let answer = api.send(Method::PATCH, "/v2/modems/1", json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (405, json!({"message": "Method not allowed"})));
    assert_eq!(answer.headers["allow"], "GET, HEAD, PUT, OPTIONS");
}

#[proves("TM-009", "TM-028")]
#[tokio::test]
async fn bodies_that_are_no_json_are_bad_requests() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let before = api.state().await["telemetron"].clone();
    for (method, path) in [
        (Method::POST, "/v2/vending_machines"),
        (Method::PUT, "/v2/vending_machines/10"),
        (Method::POST, "/v2/vending_machines/10/loading"),
        (Method::POST, "/v2/vending_machines/10/inventory"),
        (Method::POST, "/v2/vending_machines/10/request"),
        (Method::POST, "/v2/planograms"),
        (Method::POST, "/v2/products"),
        (Method::PUT, "/v2/products/1"),
        (Method::POST, "/v2/products/1/components"),
        (Method::POST, "/v2/components"),
        (Method::POST, "/v2/locations"),
        (Method::POST, "/auth/"),
    ] {
        for text in ["{", "nonsense", "5", "{\"name\": }", "\u{0}"] {
            let request = api.request(method.clone(), path).header("content-type", "application/json").body(text);
            let answer = bench.send(request).await;
            assert_eq!(
                (answer.status.as_u16(), answer.text.as_str()),
                (400, r#"{"message":"Bad request"}"#),
                "{path} {text}"
            );
        }
    }
    let deep = "[".repeat(100_000);
    let request = api.request(Method::POST, "/v2/locations").header("content-type", "application/json").body(deep);
    assert_eq!(bench.send(request).await.status, 400);
    let large = api.request(Method::POST, "/v2/locations").body(vec![b' '; 2 * 1024 * 1024]);
    let answer = bench.send(large).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (413, json!({"message": "request body is too large; the limit is 1048576 bytes"}))
    );
    assert_eq!(api.state().await["telemetron"], before);
}

/// Forms are for `/auth`: "All request data must be in JSON."
#[proves("TM-009")]
#[tokio::test]
async fn a_form_is_a_bad_request_like_any_body_that_is_no_json() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let before = api.state().await["telemetron"].clone();
    for (method, path, form) in [
        (Method::POST, "/v2/locations", "name=A&address=B"),
        (Method::PUT, "/v2/vending_machines/10", "name=A"),
        (Method::POST, "/v2/vending_machines/10/loading", "data[0][component_id]=1&data[0][add]=1"),
    ] {
        let request = api.request(method, path).header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer = bench.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (400, json!({"message": "Bad request"})), "{path}");
    }
    assert_eq!(api.state().await["telemetron"], before);
    // JSON is read however it is declared.
    let request = api.request(Method::PUT, "/v2/vending_machines/10").body(r#"{"name": "A"}"#);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(bench.send(request).await.status, 200);
}

#[proves("TM-020")]
#[tokio::test]
async fn machines_that_are_not_there_are_not_found_by_any_operation() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    let kinds = stend::registry::services();
    let (_, kind) = kinds.find("telemetron").expect("the house");
    let of_a_machine = kind.operations().iter().filter_map(|operation| Some((operation.path?, operation.method?)));
    let mut seen = 0;
    for (path, method) in of_a_machine.filter(|(path, _)| path.starts_with("/v2/vending_machines/{")) {
        for id in ["77", "x", "-1", "99999999999999999999"] {
            let path = path.replacen("{vm_id}", id, 1).replacen("{id}", id, 1).replace("{id}", "last");
            let body = api.expect(404, method.parse().expect("a method"), &path, Value::Null).await;
            assert_eq!(body, json!({"message": "Vending machine not found"}), "{method} {path}");
        }
        seen += 1;
    }
    assert_eq!(seen, 19);
}

#[proves(
    "TM-027", "TM-158", "TM-160", "TM-163", "TM-164", "TM-167", "TM-169", "TM-170", "TM-171", "TM-172", "TM-173",
    "TM-175", "TM-193"
)]
#[tokio::test]
async fn wrong_fields_of_a_machine() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let before = api.state().await["telemetron"].clone();
    let all = json!({
        "name": 5, "mm_id": 52.5, "planogram_id": 77, "location_id": "x", "is_crt_active": 2, "track_bus_vends": "no",
        "requisite_id": 1, "tz_id": 0, "tz": "Mars/Base", "min_price": -1, "max_price": "dear", "inventory_number": []
    });
    let errors = json!({
        "name": ["The name must be a string."],
        "mm_id": ["The mm id must be an integer."],
        "planogram_id": ["The selected planogram id is invalid."],
        "location_id": ["The location id must be an integer."],
        "is_crt_active": ["The is crt active field must be true or false."],
        "inventory_number": ["The inventory number must be a string."],
        "track_bus_vends": ["The track bus vends field must be true or false."],
        "requisite_id": ["The selected requisite id is invalid."],
        "tz_id": ["The selected tz id is invalid."],
        "tz": ["The tz must be a valid zone."],
        "min_price": ["The min price must be at least 0."],
        "max_price": ["The max price must be a number."]
    });
    for (method, path) in [(Method::POST, "/v2/vending_machines"), (Method::PUT, "/v2/vending_machines/10")] {
        let body = api.expect(422, method, path, all.clone()).await;
        assert_eq!(body, json!({"message": "The given data was invalid.", "errors": errors}));
    }
    let body = api.expect(422, Method::POST, "/v2/vending_machines", json!({})).await;
    assert_eq!(
        body["errors"],
        json!({"name": ["The name field is required."], "mm_id": ["The mm id field is required."]})
    );
    for (body, field) in [
        (json!({"tz_id": 109, "tz": "Asia/Baku"}), "tz"),
        (json!({"min_price": 10, "max_price": 5}), "max_price"),
        (json!({"mm_id": null}), "mm_id"),
    ] {
        let body = api.expect(422, Method::PUT, "/v2/vending_machines/10", body).await;
        assert_eq!(body["errors"].as_object().expect("fields").keys().collect::<Vec<_>>(), [field]);
    }
    assert_eq!(api.state().await["telemetron"], before);
}

#[proves("G1")]
#[tokio::test]
async fn an_unknown_field_is_remarked_on_and_a_strict_world_refuses_it() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"nmae": "x"})).await;
    api.get("/v2/vending_machines?lokal=1").await;
    let journal = bench.steer(Method::GET, "/worlds/w/journal?fake=telemetron", Value::Null).await.text;
    assert!(journal.contains("unknown field `nmae` ignored; did you mean `name`?"), "{journal}");
    assert!(journal.contains("`lokal` ignored; did you mean `local`?"), "{journal}");
    let mut file = api.state().await;
    file["strict"] = json!(true);
    api.restore(file).await;
    api.expect(400, Method::PUT, "/v2/vending_machines/10", json!({"nmae": "x", "name": "y"})).await;
    assert_eq!(api.get("/v2/vending_machines/10").await["name"], "ТА");
}

#[proves("TM-085")]
#[tokio::test]
async fn actions_that_cannot_be_name_the_value_and_the_nearest() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"].as_array_mut().expect("machines").push(json!({"id": 20, "name": "Без модема"}));
    let api = Api::with(&bench, "default2", NOON, &own).await;
    let before = api.state().await["telemetron"].clone();
    for (action, args, part) in [
        ("sell", json!({"machine": 11, "layout": "1"}), "there is no machine 11"),
        ("sell", json!({"machine": 10, "layout": "A3"}), "unknown layout `A3`"),
        ("sell", json!({"machine": 10}), "needs a price"),
        ("sell", json!({"machine": 10, "layout": "1", "count": 0}), "1 to 1000"),
        ("sell", json!({"machine": 10, "layout": "1", "price": -5}), "-5"),
        ("sell", json!({"machine": 10, "layout": "1", "payment": "gold"}), "gold"),
        ("insert_coin", json!({"machine": 10, "value": 0}), "0 roubles"),
        ("load", json!({"machine": 10, "data": [{"component_id": 77, "add": 1}]}), "component 77 does not fit"),
        ("event", json!({"machine": 10, "code": ""}), "a code has"),
        ("recover", json!({"machine": 10, "code": "D1"}), "unknown failure `D1`"),
        ("modem_offline", json!({"machine": 20}), "machine 20 has no modem"),
        ("modem_online", json!({"machine": 20}), "machine 20 has no modem"),
        ("ping", json!({"machine": 20}), "machine 20 has no modem"),
        ("issue_receipt", json!({"machine": 10, "name": "x", "price": 1, "document_type": 9}), "none of 1 to 4"),
        ("issue_correction", json!({"machine": 10, "doc_date": "", "doc_name": "", "doc_number": ""}), "0 roubles"),
        ("seed_sales", json!({"count": 2_000_001, "over": "1h"}), "2000001 sales"),
        ("seed_sales", json!({"count": 1, "over": "1h", "hours": [1]}), "24 weights"),
        ("seed_sales", json!({"count": 1, "over": "1h", "machines": [12]}), "there is no machine 12"),
        ("seed_sales", json!({"count": 1, "over": "1h", "until": "2027-01-01T00:00:00Z"}), "has not come yet"),
        ("sell", json!({"machine": 10, "layuot": "1"}), "layuot"),
    ] {
        let body = json!({format!("telemetron.{action}"): args});
        let answer = bench.steer(Method::POST, "/worlds/default2/actions", body).await;
        assert!(answer.status.is_client_error(), "{action} {args}: {}", answer.text);
        assert!(answer.text.contains(part), "{action} {args}: {}", answer.text);
    }
    assert_eq!(api.state().await["telemetron"], before);
}

#[tokio::test]
async fn world_files_that_cannot_be_meant_say_where() {
    let bench = Bench::start().await;
    for (section, part) in [
        (json!({"machines": [{"id": 1, "planogram_id": 5}]}), "there is no planogram 5"),
        (json!({"machines": [{"id": 1, "tz": "Europe/Moskow"}]}), "Europe/Moscow"),
        (json!({"machines": [{"id": 1}, {"id": 1}]}), "given twice"),
        (json!({"machines": [{"id": 0}]}), "ids begin at 1"),
        (
            json!({"modems": [{"id": 1}], "machines": [{"id": 1, "modem_id": 1}, {"id": 2, "modem_id": 1}]}),
            "same modem_id 1",
        ),
        (
            json!({"products": [{"id": 1, "name": "x", "components": [{"id": 9, "volume": 1}]}]}),
            "there is no component 9",
        ),
        (json!({"planograms": [{"id": 1, "layout": [{"product_id": 9, "number": "1"}]}]}), "there is no product 9"),
        (json!({"clients": [{"id": "x", "secret": ""}]}), "an id and a secret"),
        (json!({"generate": {"machines": 20_001}}), "20001 machines"),
    ] {
        let body = json!({"id": "bad", "world": {"stend": 1, "telemetron": section}});
        let answer = bench.steer(Method::POST, "/worlds", body).await;
        assert!(answer.status.is_client_error(), "{section}: {}", answer.text);
        assert!(answer.text.contains(part), "{section}: {}", answer.text);
    }
}
