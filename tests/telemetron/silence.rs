//! What a machine has to tell while its modem is silent, or while it has none: one queue, applied in order, everything as
//! of its own time (T19).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

const MACHINE: &str = "/v2/vending_machines/10";

/// A fiscal machine with change in its tubes.
fn fiscal() -> Value {
    let mut own = world();
    own["requisites"] = json!([{"id": 3, "title": "ООО Кофе", "inn": "7805629524"}]);
    own["machines"][0]["is_crt_active"] = json!(true);
    own["machines"][0]["money"] = json!({"change": 500, "coins": 40, "banknotes": 100});
    own
}

fn codes(events: &Value) -> Vec<String> {
    let brief = |event: &Value| {
        format!("{} {}", &event["date"].as_str().expect("a date")[11..16], event["code"].as_str().expect("a code"))
    };
    events.as_array().expect("events").iter().map(brief).collect()
}

async fn silent(api: &Api<'_>) {
    api.act("telemetron.modem_offline", json!({"machine": 10})).await;
    api.advance("1m").await;
}

async fn back(api: &Api<'_>) -> Value {
    api.act("telemetron.modem_online", json!({"machine": 10})).await
}

#[tokio::test]
#[proves("T19")]
async fn a_machine_without_a_modem_shows_nothing_and_nothing_happens_at_it() {
    let bench = Bench::start().await;
    let mut own = fiscal();
    own["machines"][0]["modem_id"] = json!(null);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let before = api.state().await["telemetron"].clone();
    for (action, mut args) in [
        ("sell", json!({"layout": "1"})),
        ("insert_coin", json!({"value": 10})),
        ("insert_note", json!({"value": 50})),
        ("collect", json!({})),
        ("load", json!({"change": 100})),
        ("event", json!({"code": "EGS"})),
        ("fail", json!({"code": "EJB"})),
        ("recover", json!({})),
        ("ping", json!({"report": true})),
        ("seed_sales", json!({"count": 5, "over": "1h"})),
        ("seed_history", json!({"over": "1d"})),
    ] {
        let seeds = action.starts_with("seed");
        args[if seeds { "machines" } else { "machine" }] = if seeds { json!([10]) } else { json!(10) };
        let body = json!({format!("telemetron.{action}"): args});
        let answer = bench.steer(Method::POST, "/worlds/w/actions", body).await;
        assert_eq!(answer.status, 409, "{action}: {}", answer.text);
        assert!(answer.text.contains("machine 10 has no modem"), "{action}: {}", answer.text);
    }
    assert_eq!(api.state().await["telemetron"], before);
    let one = api.get(MACHINE).await;
    assert_eq!((&one["state"], &one["money"]), (&json!(0), &json!(null)));
    // Goods are loaded by the operator's app, which needs no modem.
    api.act("telemetron.load", json!({"machine": 10, "data": [{"component_id": 1, "add": 5}]})).await;
    assert_eq!(api.get(&format!("{MACHINE}/loading")).await[0]["value"], 1005);
}

#[tokio::test]
#[proves("T19")]
async fn a_collection_a_failure_and_a_repair_of_a_silent_machine_come_with_their_own_times() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &fiscal()).await;
    silent(&api).await;
    api.act("telemetron.collect", json!({"machine": 10})).await;
    api.advance("1m").await;
    api.act("telemetron.fail", json!({"machine": 10, "code": "D54"})).await;
    let stamps = api.get(&format!("{MACHINE}/timestamp")).await;
    assert_eq!((&stamps["last_collection"], &stamps["last_service"]), (&json!(null), &json!(null)));
    assert_eq!(api.get("/v2/reports/collections").await, json!([]));
    assert_eq!(codes(&api.get(&format!("{MACHINE}/events")).await), ["12:00 TOFF"]);
    api.advance("1m").await;
    back(&api).await;
    let collections = api.get("/v2/reports/collections").await;
    assert_eq!(
        (&collections[0]["time"], &collections[0]["summary_coins"], &collections[0]["summary_banknotes"]),
        (&json!("2026-11-21T12:01:00+03:00"), &json!(40), &json!(100))
    );
    assert_eq!(api.get(&format!("{MACHINE}/timestamp")).await["last_collection"], "2026-11-21T12:01:00+03:00");
    let errors = api.get(&format!("{MACHINE}/reports/last_errors")).await;
    assert_eq!(
        (&errors[0]["code"], &errors[0]["modem_time"], &errors[0]["created_at"]),
        (&json!("D54"), &json!("2026-11-21T09:02:00.000000Z"), &json!("2026-11-21T09:03:00.000000Z"))
    );
    let events = codes(&api.get(&format!("{MACHINE}/events")).await);
    assert_eq!(events, ["12:00 TOFF", "12:01 TCOL", "12:02 TERR", "12:02 TEVA", "12:03 TON"]);
    assert_eq!(api.get(MACHINE).await["state"], 2);
    // A repair in silence leaves no error standing.
    silent(&api).await;
    api.act("telemetron.recover", json!({"machine": 10})).await;
    assert_ne!(api.get(&format!("{MACHINE}/reports/last_errors")).await, json!([]));
    api.advance("1m").await;
    back(&api).await;
    assert_eq!(api.get(&format!("{MACHINE}/reports/last_errors")).await, json!([]));
    assert_eq!(api.get(&format!("{MACHINE}/timestamp")).await["last_service"], "2026-11-21T12:04:00+03:00");
    assert_eq!(api.get(MACHINE).await["state"], 1);
}

#[tokio::test]
#[proves("T19")]
async fn a_late_receipt_is_found_by_who_asks_since_the_last_time() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &fiscal()).await;
    silent(&api).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    api.advance("9m").await;
    assert_eq!(api.get("/v2/stats/crt").await, json!([]));
    back(&api).await;
    let receipts = api.get("/v2/stats/crt?since=2026-11-21T12:05:00").await;
    assert_eq!(
        (&receipts[0]["created_at"], &receipts[0]["output"]["date"]),
        (&json!("2026-11-21 09:10:00+00"), &json!("20261121T120100"))
    );
}

#[tokio::test]
#[proves("T19")]
async fn commands_for_a_silent_modem_are_carried_out_at_its_next_contact() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &fiscal()).await;
    silent(&api).await;
    for _ in 0..2 {
        let answer = api.expect(200, Method::POST, &format!("{MACHINE}/reset"), Value::Null).await;
        assert_eq!(answer, json!({"status": "ok"}));
    }
    api.expect(200, Method::POST, "/v2/modems/5/set", json!({"cashless_mode": 1})).await;
    let modem = api.state().await["telemetron"]["modems"][0].clone();
    assert_eq!((&modem["resets"], &modem["cashless"]["mode"]), (&json!(0), &json!(false)));
    assert_eq!(codes(&api.get(&format!("{MACHINE}/events")).await), ["12:00 TOFF"]);
    // A saved world keeps them.
    let file = api.state().await;
    api.restore(file).await;
    api.advance("1m").await;
    back(&api).await;
    let modem = api.state().await["telemetron"]["modems"][0].clone();
    assert_eq!((&modem["resets"], &modem["cashless"]["mode"]), (&json!(2), &json!(true)));
    let events = codes(&api.get(&format!("{MACHINE}/events")).await);
    assert_eq!(events, ["12:00 TOFF", "12:02 TON", "12:02 TRST", "12:02 TRST"]);
}

#[tokio::test]
#[proves("T19")]
async fn a_count_made_after_a_late_sale_already_knows_of_it() {
    let bench = Bench::start().await;
    for pause in ["0s", "1m"] {
        let mut own = world();
        own["machines"][0]["loading"] = json!([{"component_id": 100, "layout_number": "A1", "value": 10}]);
        let api = Api::with(&bench, &format!("w{pause}"), NOON, &own).await;
        let level = || async {
            let loading = api.get(&format!("{MACHINE}/loading")).await;
            loading.as_array().expect("slots").iter().find(|slot| slot["layout_number"] == "A1").expect("A1")["value"]
                .clone()
        };
        api.act("telemetron.modem_offline", json!({"machine": 10})).await;
        api.act("telemetron.sell", json!({"machine": 10, "layout": "A1", "count": 3})).await;
        if pause != "0s" {
            api.advance(pause).await;
        }
        let count = json!({"data": [{"component_id": 100, "layout_number": "A1", "loaded": 7}]});
        api.expect(201, Method::POST, &format!("{MACHINE}/inventory"), count).await;
        // What is sold after the count is not in it.
        api.act("telemetron.sell", json!({"machine": 10, "layout": "A1"})).await;
        back(&api).await;
        assert_eq!(level().await, 6, "a pause of {pause}");
        // Here too: a count of the past knows nothing of what was sold since.
        api.advance("10m").await;
        let at = "2026-11-21T12:05:00+03:00";
        let count = json!({"created_at": at, "data": [{"component_id": 100, "layout_number": "A1", "loaded": 9}]});
        api.act("telemetron.sell", json!({"machine": 10, "layout": "A1"})).await;
        api.expect(201, Method::POST, &format!("{MACHINE}/inventory"), count).await;
        assert_eq!(level().await, 9 - 1, "a pause of {pause}");
    }
}

#[tokio::test]
#[proves("T19")]
async fn a_late_sale_leaves_no_row_in_a_planogram_that_has_no_room_for_it() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    silent(&api).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "2"})).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A2"})).await;
    api.expect(200, Method::PUT, MACHINE, json!({"planogram_id": 2})).await;
    back(&api).await;
    let loading = api.get(&format!("{MACHINE}/loading")).await;
    let rows: Vec<String> = loading
        .as_array()
        .expect("slots")
        .iter()
        .map(|slot| format!("{} {}", slot["component_id"], slot["layout_number"].as_str().unwrap_or("-")))
        .collect();
    assert_eq!(rows, ["1 -", "2 -", "100 A1"]);
    // What was sold stands in statistics all the same.
    assert_eq!(api.get(&format!("{MACHINE}/stats/vends/summary")).await[0]["number"], 2);
}

/// The queue is the machine's: another modem delivers it, at its first contact.
#[tokio::test]
#[proves("T19")]
async fn a_modem_that_was_never_heard_of_delivers_nothing_before_its_first_contact() {
    let bench = Bench::start().await;
    // The modem that comes instead has talked before, or has not.
    for heard in [true, false] {
        let mut own = fiscal();
        if heard {
            own["modems"][1]["heard"] = json!("2026-11-21T11:00:00+03:00");
        }
        let api = Api::with(&bench, &format!("w{heard}"), NOON, &own).await;
        silent(&api).await;
        api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
        api.act("telemetron.collect", json!({"machine": 10})).await;
        api.advance("9m").await;
        api.expect(200, Method::PUT, MACHINE, json!({"modem_id": 6})).await;
        let known = async || {
            let one = api.get(MACHINE).await;
            let sales = api.get(&format!("{MACHINE}/stats/vends/summary")).await;
            let events = codes(&api.get(&format!("{MACHINE}/events")).await);
            let receipts = api.get("/v2/stats/crt").await.as_array().expect("receipts").len();
            let collections = api.get("/v2/reports/collections").await.as_array().expect("collections").len();
            let number = sales.as_array().expect("sums").first().map_or(json!(0), |sum| sum["number"].clone());
            (one["state"].clone(), one["money"]["revenue"].clone(), number, events.len(), receipts, collections)
        };
        if !heard {
            // It has no contact yet: what is known is what the old modem told.
            assert_eq!(known().await, (json!(0), json!(14_000), json!(0), 1, 0, 0));
            api.advance("1m").await;
            api.act("telemetron.ping", json!({"machine": 10})).await;
        }
        assert_eq!(known().await, (json!(1), json!(0), json!(1), 2, 1, 1), "heard: {heard}");
        // A client that asks since the last time finds what came late.
        let since = if heard { "2026-11-21T12:09:00" } else { "2026-11-21T12:10:30" };
        let late = api.get(&format!("/v2/stats/crt?since={since}")).await;
        assert_eq!(late[0]["output"]["date"], "20261121T120100", "heard: {heard}: {late}");
    }
}

#[tokio::test]
#[proves("T19", "T7")]
async fn a_count_of_the_past_adds_what_was_loaded_since() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"][0]["loading"] = json!([{"component_id": 100, "layout_number": "A1", "value": 10}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let level = async || {
        let loading = api.get(&format!("{MACHINE}/loading")).await;
        let slots = loading.as_array().expect("slots").clone();
        slots.into_iter().find(|slot| slot["layout_number"] == "A1").expect("A1")["value"].clone()
    };
    let count = async |at: &str, loaded: i64, status: u16| {
        let line = json!({"component_id": 100, "layout_number": "A1", "loaded": loaded});
        let body = json!({"created_at": format!("2026-11-21T{at}:00+03:00"), "data": [line]});
        api.expect(status, Method::POST, &format!("{MACHINE}/inventory"), body).await;
    };
    let load = async |at: &str, add: i64| {
        let line = json!({"component_id": 100, "layout_number": "A1", "add": add});
        let body = json!({"created_at": format!("2026-11-21T{at}:00+03:00"), "data": [line]});
        api.expect(201, Method::POST, &format!("{MACHINE}/loading"), body).await;
    };
    api.advance("10m").await;
    load("12:10", 5).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A1", "count": 2})).await;
    assert_eq!(level().await, 13);
    api.advance("10m").await;
    // Counted before that loading and that sale.
    count("12:05", 8, 201).await;
    assert_eq!(level().await, 8 + 5 - 2);
    // A count that is older than one that is known says nothing new, and neither does a loading before it.
    count("12:04", 1, 200).await;
    load("12:03", 7).await;
    assert_eq!(level().await, 11);
}

#[tokio::test]
#[proves("T19")]
async fn a_queue_survives_a_save_and_its_older_form_is_read() {
    let bench = Bench::start().await;
    let mut own = world();
    own["modems"][0]["offline"] = json!(true);
    own["machines"][0]["held_sales"] = json!([{
        "sold": {"at": "2026-11-21T11:00:00+03:00", "layout": "1", "name": "Эспрессо", "price": 40}, "product": 1
    }]);
    own["machines"][0]["held_events"] = json!([{"at": "2026-11-21T11:30:00+03:00", "code": "EGS"}]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let file = api.state().await;
    let waiting = file["telemetron"]["machines"][0]["waiting"].as_array().expect("a queue").clone();
    assert_eq!((waiting.len(), &waiting[1]["event"]["code"]), (2, &json!("EGS")));
    api.restore(file).await;
    assert_eq!(back(&api).await, json!({"sales": 1}));
    assert_eq!(api.get(&format!("{MACHINE}/timestamp")).await["last_sale"], "2026-11-21T11:00:00+03:00");
    assert_eq!(codes(&api.get(&format!("{MACHINE}/events")).await), ["11:30 EGS", "12:00 TON"]);
    assert_eq!(api.get(&format!("{MACHINE}/loading")).await[0]["value"], 970);
}
