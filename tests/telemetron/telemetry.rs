//! Modems: events, requests for data, commands, and what waits while there is no connection (T9, T16).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

fn with_modem(extra: Value) -> Value {
    let mut own = world();
    let mut modem = json!({"id": 5, "imei": "999999999123456"});
    for (key, value) in extra.as_object().into_iter().flatten() {
        modem[key] = value.clone();
    }
    own["modems"] = json!([modem, {"id": 6, "imei": "999999999123457"}]);
    own["machines"][0]["modem_id"] = json!(5);
    own
}

const REQUEST: &str = "/v2/vending_machines/10/request";

#[proves(
    "TM-217", "TM-295", "TM-296", "TM-297", "TM-299", "TM-300", "TM-302", "TM-305", "TM-307", "TM-308", "TM-309", "T9"
)]
#[tokio::test]
async fn one_request_at_a_time_until_the_modem_s_next_ping_brings_the_report() {
    let bench = Bench::start().await;
    let mut own = with_modem(json!({}));
    own["settings"] = json!({"ping": "30s", "low_change": 0});
    let api = Api::with(&bench, "w", NOON, &own).await;
    let first = api.expect(200, Method::POST, REQUEST, json!({"report": true})).await;
    assert_eq!(first, json!({"request_id": 1}));
    assert_eq!(api.expect(200, Method::POST, REQUEST, json!({"config": 1})).await, json!({"request_id": 1}));
    assert_eq!(
        api.expect(200, Method::POST, REQUEST, json!({"report": false})).await,
        json!({"request_id": 1, "progress": true})
    );
    api.advance("29s").await;
    assert_eq!(api.get(&format!("{REQUEST}/1")).await, json!({"progress": true}));
    api.expect(404, Method::GET, &format!("{REQUEST}/2"), Value::Null).await;
    api.expect(404, Method::GET, "/v2/vending_machines/10/reports/last", Value::Null).await;
    api.advance("1s").await;
    api.expect(404, Method::GET, &format!("{REQUEST}/1"), Value::Null).await;
    let report = api.get("/v2/vending_machines/10/reports/last").await;
    assert_eq!(report["date"], "2026-11-21T12:00:30+03:00");
    assert_eq!(api.get("/v2/vending_machines/10/timestamp").await["last_report"], "2026-11-21T12:00:30+03:00");
    let next = api.expect(200, Method::POST, REQUEST, json!({"report": true})).await;
    assert_eq!(next, json!({"request_id": 2}));
}

#[proves("TM-229", "TM-301", "TM-306", "T9")]
#[tokio::test]
async fn a_request_needs_a_modem_and_says_what_it_wants() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with_modem(json!({}))).await;
    let body = api.expect(422, Method::POST, REQUEST, json!({})).await;
    assert_eq!(body["errors"], json!({"report": ["The report field is required when config is not present."]}));
    api.expect(200, Method::PUT, "/v2/vending_machines/10", json!({"modem_id": null})).await;
    for path in [REQUEST, "/v2/vending_machines/10/reset"] {
        let body = api.expect(400, Method::POST, path, json!({"report": true})).await;
        assert_eq!(body, json!({"message": "Vending machine has no modem"}));
    }
}

#[proves("TM-206", "TM-207", "TM-303")]
#[tokio::test]
async fn what_happens_without_connection_waits_and_comes_with_its_own_time() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with_modem(json!({"heard": NOON}))).await;
    let sum = || async { api.get("/v2/vending_machines/10/stats/vends/summary").await[0]["number"].clone() };
    let open = api.expect(200, Method::POST, REQUEST, json!({"report": true})).await;
    api.act("telemetron.modem_offline", json!({"machine": 10})).await;
    api.advance("10m").await;
    let sold = api.act("telemetron.sell", json!({"machine": 10, "layout": "A1", "count": 2})).await;
    assert_eq!(sold["delivered"], false);
    let machine = api.get("/v2/vending_machines/10").await;
    assert_eq!((&machine["state"], &machine["money"]), (&json!(3), &json!(null)));
    assert_eq!(api.state().await["telemetron"]["modems"][0]["heard"], "2026-11-21T09:00:00Z");
    api.act("telemetron.event", json!({"machine": 10, "code": "EGS", "payload": {"door": 1}})).await;
    api.advance("10m").await;
    assert_eq!(sum().await, 0);
    assert_eq!(api.get("/v2/vending_machines/10/loading").await[3]["value"], 5);
    // Nobody answers the request meanwhile.
    api.get(&format!("{REQUEST}/{}", open["request_id"])).await;
    let back = api.act("telemetron.modem_online", json!({"machine": 10})).await;
    assert_eq!(back, json!({"sales": 1}));
    assert_eq!(api.get("/v2/vending_machines/10").await["money"], json!({"change": 12000, "revenue": 0}));
    assert_eq!(sum().await, 2);
    assert_eq!(api.get("/v2/vending_machines/10/loading").await[3]["value"], 3);
    let rows = api.get("/v2/vending_machines/10/stats/vends/products").await;
    assert_eq!(rows[0]["time"], "2026-11-21T12:10:00+03:00");
    api.expect(404, Method::GET, &format!("{REQUEST}/{}", open["request_id"]), Value::Null).await;
    let events = api.get("/v2/vending_machines/10/events").await;
    let brief = |event: &Value| {
        format!("{} {}", &event["date"].as_str().expect("a date")[11..16], event["code"].as_str().expect("a code"))
    };
    let brief: Vec<String> = events.as_array().expect("events").iter().map(brief).collect();
    assert_eq!(brief, ["12:00 TOFF", "12:10 EGS", "12:20 TON", "12:20 TEVA"]);
    assert_eq!(events[1]["payload"], json!({"door": 1}));
}

#[proves("TM-201", "TM-202", "TM-203", "TM-204", "TM-208")]
#[tokio::test]
async fn events_have_periods_and_the_machine_s_zone() {
    let bench = Bench::start().await;
    let mut own = with_modem(json!({}));
    own["machines"][0]["tz"] = json!("America/Grenada");
    let api = Api::with(&bench, "w", NOON, &own).await;
    api.act("telemetron.event", json!({"machine": 10, "code": "EGS"})).await;
    api.advance("8h").await;
    api.act("telemetron.event", json!({"machine": 10, "code": "EA1A"})).await;
    let path = "/v2/vending_machines/10/events";
    let codes = |list: &Value| {
        list.as_array()
            .expect("events")
            .iter()
            .map(|event| event["code"].as_str().expect("a code").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(&api.get(path).await), ["EGS", "EA1A"]);
    let from = api.get(&format!("{path}?since=2026-11-21T12:00:00%2B03:00")).await;
    assert_eq!(codes(&from), ["EGS", "EA1A"], "both ends belong to the period");
    let part =
        api.get(&format!("{path}?since=2026-11-21T12:00:01%2B03:00&until=2026-11-21T20:00:00%2B03:00&local=1")).await;
    assert_eq!(part, json!([{"date": "2026-11-21T13:00:00-04:00", "code": "EA1A", "payload": null}]));
}

#[proves("TM-207", "TM-209", "T17")]
#[tokio::test]
async fn what_runs_low_or_out_by_sales_is_an_event() {
    let bench = Bench::start().await;
    let mut own = with_modem(json!({}));
    own["planograms"][0]["capacity"] = json!([{"component_id": 100, "capacity": 20, "critical": 6}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let events = || async { api.get("/v2/vending_machines/10/events").await };
    // Nine bars in two spirals: two leave seven, the third leaves six.
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A1", "count": 2})).await;
    assert_eq!(events().await, json!([]));
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A1"})).await;
    assert_eq!(events().await, json!([{"date": NOON, "code": "EIA", "payload": {"component_id": 100}}]));
    api.advance("1s").await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A1", "count": 2})).await;
    // Once it has run out it does not run out again.
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A1"})).await;
    let out = json!({"date": "2026-11-21T12:00:01+03:00", "code": "EIB", "payload": {"component_id": 100, "layout_number": "A1"}});
    assert_eq!((events().await.as_array().map(Vec::len), &events().await[1]), (Some(2), &out));
}

#[proves("TM-231", "TM-232", "TM-234", "TM-235", "TM-236", "TM-237", "TM-239", "TM-241", "TM-243", "TM-588", "T16")]
#[tokio::test]
async fn a_vendista_modem_dispenses_and_is_credited() {
    let bench = Bench::start().await;
    let api =
        Api::with(&bench, "w", NOON, &with_modem(json!({"maker": "vendista", "heard": "2026-11-21T11:00:00+03:00"})))
            .await;
    let (dispense, credit) = ("/v2/vending_machines/10/dispense", "/v2/vending_machines/10/vendista-credit");
    api.expect(200, Method::POST, credit, json!({"amount": "5000"})).await;
    assert_eq!(api.state().await["telemetron"]["modems"][0]["cashless"]["credit"]["credit"], 50);
    // Parameters may be strings, and may stand in the query.
    api.expect(200, Method::POST, &format!("{dispense}?number=1&cup=1&sugar=4&discount=10"), Value::Null).await;
    assert_eq!(
        api.state().await["telemetron"]["modems"][0]["cashless"].get("credit"),
        Some(&json!(null)),
        "it was used"
    );
    let rows = api.get("/v2/vending_machines/10/stats/vends/products").await;
    assert_eq!(
        (&rows[0]["price"], &rows[0]["discount"], &rows[0]["payment_type"]),
        (&json!(30), &json!(10), &json!(2))
    );
    assert_eq!(api.get("/v2/vending_machines/10/loading").await[0]["value"], 970);
    for (body, errors) in [
        (
            json!({}),
            json!({
            "number": ["The number field is required."], "cup": ["The cup field is required."], "sugar": ["The sugar field is required."]}),
        ),
        (
            json!({"number": 1, "cup": 2, "sugar": 5}),
            json!({
            "cup": ["The selected cup is invalid."], "sugar": ["The sugar must be between 0 and 4."]}),
        ),
        (json!({"number": 77, "cup": 1, "sugar": 1}), json!({"number": ["The selected number is invalid."]})),
    ] {
        let answer = api.expect(422, Method::POST, dispense, body).await;
        assert_eq!(answer, json!({"message": "The given data was invalid.", "errors": errors}));
    }
    for body in [json!({}), json!({"amount": 0}), json!({"amount": "much"}), json!({"amount": 1.5})] {
        let answer = api.expect(422, Method::POST, credit, body).await;
        assert_eq!(answer, json!({"status": "error", "message": "The given data was invalid."}));
    }
    api.act("telemetron.modem_offline", json!({"machine": 10})).await;
    let silent = json!({"status": "error", "data": {"vm_id": 10, "modem_id": 5, "modem_time": "2026-11-21 12:00:00"}});
    assert_eq!(api.expect(422, Method::POST, dispense, json!({"number": 1, "cup": 1, "sugar": 1})).await, silent);
    // The one refusal that is printed for a credit: an error has a message.
    let refused = json!({"status": "error", "message": "The given data was invalid."});
    assert_eq!(api.expect(422, Method::POST, credit, json!({"amount": 100})).await, refused);
}

#[proves("TM-023", "TM-232", "TM-242", "T16")]
#[tokio::test]
async fn other_modems_do_neither() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with_modem(json!({}))).await;
    for (path, body) in
        [("dispense", json!({"number": 1, "cup": 1, "sugar": 1})), ("vendista-credit", json!({"amount": 100}))]
    {
        let body = api.expect(400, Method::POST, &format!("/v2/vending_machines/10/{path}"), body).await;
        assert_eq!(body, json!({"message": "Not allowed"}));
    }
    assert_eq!(api.get("/v2/vending_machines/10/stats/vends/summary").await[0]["number"], 0);
}

#[proves("TM-114", "TM-115", "TM-119", "TM-121", "TM-228")]
#[tokio::test]
async fn a_modem_is_set_renamed_and_restarted() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with_modem(json!({}))).await;
    api.expect(200, Method::PUT, "/v2/modems/5", json!({"phone": 79_999_999_997_i64})).await;
    assert_eq!(api.get("/v2/modems/5").await["phone"], "79999999997");
    api.expect(
        200,
        Method::POST,
        "/v2/modems/5/set",
        json!({"cashless_mode": "1", "cashless_address": 2, "cashless_credit": "100.50,6,1"}),
    )
    .await;
    let set = json!({"mode": true, "address": 2, "credit": {"credit": 100.5, "amount": 6, "autoapprove": true}});
    assert_eq!(api.state().await["telemetron"]["modems"][0]["cashless"], set);
    let wrong = json!({"cashless_mode": 2, "cashless_address": "x", "cashless_credit": "a,b"});
    let body = api.expect(422, Method::POST, "/v2/modems/5/set", wrong).await;
    let errors = json!({
        "cashless_mode": ["The selected cashless mode is invalid."], "cashless_address": ["The cashless address must be an integer."],
        "cashless_credit": ["The cashless credit format is invalid."]
    });
    assert_eq!(body["errors"], errors);
    assert_eq!(api.state().await["telemetron"]["modems"][0]["cashless"], set);
    assert_eq!(
        api.expect(200, Method::POST, "/v2/vending_machines/10/reset", Value::Null).await,
        json!({"status": "ok"})
    );
    assert_eq!(api.get("/v2/vending_machines/10/events").await[0]["code"], "TRST");
    let body = api.expect(404, Method::GET, "/v2/modems/77", Value::Null).await;
    assert_eq!(body, json!({"message": "Modem not found"}));
}

#[proves("TM-205")]
#[tokio::test]
async fn what_happens_by_itself_has_codes_of_the_directory() {
    let bench = Bench::start().await;
    let mut own = with_modem(json!({"heard": NOON}));
    own["planograms"][0]["capacity"] = json!([{"component_id": 100, "capacity": 20, "critical": 6}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    for (action, more) in [
        ("sell", json!({"layout": "A1", "count": 5})),
        ("collect", json!({})),
        ("fail", json!({"code": "EJB"})),
        ("fail", json!({"code": "D54"})),
        ("recover", json!({})),
        ("modem_offline", json!({})),
        ("modem_online", json!({})),
    ] {
        let mut args = json!({"machine": 10});
        args.as_object_mut().expect("arguments").extend(more.as_object().expect("arguments").clone());
        api.act(&format!("telemetron.{action}"), args).await;
        api.advance("1s").await;
    }
    api.expect(200, Method::POST, "/v2/vending_machines/10/reset", Value::Null).await;
    let codes = api.get("/v2/event_codes").await;
    let events = api.get("/v2/vending_machines/10/events").await;
    let mut seen = std::collections::BTreeSet::new();
    for event in events.as_array().expect("events") {
        let code = event["code"].as_str().expect("a code");
        assert!(codes.as_array().expect("codes").iter().any(|row| row["code"] == code), "{code}");
        seen.insert(code.to_owned());
        if code == "TERR" {
            assert_eq!(event["payload"], json!({"code": "D54", "value": "54"}));
        }
    }
    let all = ["EIA", "EIB", "EJB", "TCOL", "TERR", "TEVA", "TOFF", "TOK", "TON", "TRST"];
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), all);
}
