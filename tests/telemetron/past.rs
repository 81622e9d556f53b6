//! Time that brings reports by itself, and a past that is laid at once (T21).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

const MACHINE: &str = "/v2/vending_machines/10";

#[tokio::test]
#[proves("T21")]
async fn time_itself_brings_reports_and_their_events() {
    let bench = Bench::start().await;
    let mut own = world();
    own["settings"] = json!({"report_every": "1h", "low_change": 0});
    let api = Api::with(&bench, "w", "2026-11-21T12:30:00+03:00", &own).await;
    api.advance("2h").await;
    let times = |list: Value| -> Vec<String> {
        list.as_array()
            .expect("a list")
            .iter()
            .map(|one| one["date"].as_str().expect("a date")[11..16].to_owned())
            .collect()
    };
    assert_eq!(times(api.get(&format!("{MACHINE}/reports")).await), ["13:00", "14:00"]);
    let events = api.get(&format!("{MACHINE}/events")).await;
    assert_eq!(times(events.clone()), ["13:00", "14:00"]);
    assert_eq!(events[0]["code"], "TEVA");
    // A silent modem reads on, and brings what it has read.
    api.act("telemetron.modem_offline", json!({"machine": 10})).await;
    api.advance("2h").await;
    assert_eq!(times(api.get(&format!("{MACHINE}/reports")).await).len(), 2);
    api.act("telemetron.modem_online", json!({"machine": 10})).await;
    assert_eq!(times(api.get(&format!("{MACHINE}/reports")).await), ["13:00", "14:00", "15:00", "16:00"]);
    // A saved world goes on from its clock.
    let file = api.state().await;
    api.restore(file).await;
    api.advance("30m").await;
    assert_eq!(times(api.get(&format!("{MACHINE}/reports")).await).last().map(String::as_str), Some("17:00"));
}

#[tokio::test]
#[proves("T21")]
async fn without_a_setting_nothing_is_read_by_itself() {
    let bench = Bench::start().await;
    let mut api = Api::with(&bench, "w", NOON, &world()).await;
    api.advance("3d").await;
    api.log_in("me@example.com").await;
    assert_eq!(api.get(&format!("{MACHINE}/reports")).await, json!([]));
}

#[tokio::test]
#[proves("T21")]
async fn seeded_sales_tell_what_was_delivered_and_what_waits() {
    let bench = Bench::start().await;
    let mut own = world();
    own["modems"] = json!([{"id": 5, "imei": "1"}, {"id": 6, "imei": "2", "offline": true}]);
    own["machines"][0]["money"] = json!({"change": 1000});
    let mut other = own["machines"][0].clone();
    other["id"] = json!(11);
    other["modem_id"] = json!(6);
    let mut without = other.clone();
    without["id"] = json!(12);
    without["modem_id"] = json!(null);
    own["machines"] = json!([own["machines"][0], other, without]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let seeded = api.act("telemetron.seed_sales", json!({"count": 1000, "over": "5d"})).await;
    let number = |key: &str| seeded[key].as_u64().expect("a number");
    assert_eq!((number("number"), number("delivered") + number("waiting")), (1000, 1000));
    let shown = api.get("/v2/stats/vends/summary?since=2026-11-16").await[0]["number"].as_u64();
    assert_eq!(shown, Some(number("delivered")));
    assert!(number("waiting") > 300, "{seeded}");
    api.act("telemetron.modem_online", json!({"machine": 11})).await;
    assert_eq!(api.get("/v2/stats/vends/summary?since=2026-11-16").await[0]["number"], 1000);
    // Some cash comes in notes.
    let collected = api.act("telemetron.collect", json!({"machine": 10})).await;
    assert!(collected["banknotes"].as_f64().expect("roubles") > 0.0, "{collected}");
}

fn snacks() -> Value {
    json!({"generate": {"machines": 4, "groups": 2, "fiscal_every": 2}, "requisites": [{"id": 3, "title": "ООО Снеки"}]})
}

#[tokio::test]
#[proves("T21")]
async fn a_laid_past_has_everything_that_a_month_brings() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &snacks()).await;
    let laid = api.act("telemetron.seed_history", json!({"over": "28d", "per_day": 60})).await;
    for key in ["sales", "refills", "collections", "failures", "readings"] {
        assert!(laid[key].as_u64().expect("a number") > 0, "{key} of {laid}");
    }
    assert_eq!(laid["waiting"], 0);
    let machine = "/v2/vending_machines/2000002";
    let since = "since=2026-10-24T13:00:00&until=2026-11-21T12:00:00";
    let collections = api.get(&format!("/v2/reports/collections?{since}")).await;
    let sums = |key: &str| -> f64 {
        collections.as_array().expect("a list").iter().map(|one| one[key].as_f64().expect("roubles")).sum()
    };
    assert!(sums("summary_coins") > 0.0 && sums("summary_banknotes") > 0.0, "{collections}");
    for path in [
        format!("{machine}/loading_tx?{since}"),
        format!("{machine}/events"),
        format!("{machine}/reports"),
        format!("{machine}/stats/vends/products?{since}"),
        format!("/v2/stats/crt?{since}&vm_id=2000002"),
    ] {
        let answer = api.get(&path).await;
        assert!(answer.as_array().is_some_and(|list| list.len() > 5), "{path}: {answer}");
    }
    // Nothing is sold that is not there, and something runs low.
    let loading = api.get(&format!("{machine}/loading")).await;
    assert!(loading.as_array().expect("slots").iter().all(|slot| slot["value"].as_f64() >= Some(0.0)));
    let machines = api.get("/v2/vending_machines").await;
    let needs =
        machines.as_array().expect("machines").iter().filter(|one| one["service"]["need_loading"] == true).count();
    assert!(needs > 0, "{machines}");
    let sales = api.get(&format!("{machine}/stats/vends/summary?{since}")).await[0]["number"].as_u64();
    assert!(sales > Some(300), "{sales:?}");
    // It can be saved and comes back the same.
    let file = api.state().await;
    api.restore(file.clone()).await;
    assert_eq!(api.state().await["telemetron"], file["telemetron"]);
}

#[tokio::test]
#[proves("T21", "T19")]
async fn a_past_of_a_silent_machine_waits_from_when_it_was_heard_of_last() {
    let bench = Bench::start().await;
    let mut own = world();
    own["modems"][0]["offline"] = json!(true);
    own["modems"][0]["heard"] = json!("2026-11-19T12:00:00+03:00");
    own["planograms"][0]["capacity"] = json!([
        {"component_id": 1, "capacity": 100_000}, {"component_id": 2, "capacity": 9000}, {"component_id": 3, "capacity": 9000},
        {"component_id": 100, "capacity": 200}
    ]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let laid = api.act("telemetron.seed_history", json!({"over": "5d", "per_day": 50})).await;
    assert!(laid["waiting"].as_u64() > Some(20), "{laid}");
    let known = api.get(&format!("{MACHINE}/stats/vends/products?since=2026-11-16")).await;
    let last = known.as_array().expect("rows").last().expect("a row")["time"].as_str().expect("a time").to_owned();
    assert!(last.as_str() < "2026-11-19T12:00:01", "{last}");
    assert_eq!(api.get(MACHINE).await["state"], 3);
    api.act("telemetron.modem_online", json!({"machine": 10})).await;
    let number = api.get(&format!("{MACHINE}/stats/vends/summary?since=2026-11-16")).await[0]["number"].as_u64();
    assert_eq!(number, laid["sales"].as_u64());
}

#[tokio::test]
#[proves("T21")]
async fn a_past_that_cannot_be_is_refused() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let before = api.state().await["telemetron"].clone();
    for (args, part) in [
        (json!({"over": "101d"}), "100 days"),
        (json!({"over": "0s"}), "100 days"),
        (json!({"over": "1d", "per_day": 1001}), "at most 1000"),
        (json!({"over": "1d", "mix": {"cashless": 99, "token": 9}}), "spoken for"),
    ] {
        let body = json!({"telemetron.seed_history": args});
        let answer = bench.steer(Method::POST, "/worlds/w/actions", body).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.text.contains(part), "{}", answer.text);
    }
    assert_eq!(api.state().await["telemetron"], before);
}

#[tokio::test]
#[proves("T21")]
async fn a_short_past_begins_when_it_begins() {
    let bench = Bench::start().await;
    let mut own = world();
    own["planograms"][0]["capacity"] = json!([
        {"component_id": 1, "capacity": 100_000}, {"component_id": 2, "capacity": 9000}, {"component_id": 3, "capacity": 9000},
        {"component_id": 100, "capacity": 200}
    ]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let laid = api.act("telemetron.seed_history", json!({"machines": [10], "over": "1h"})).await;
    assert_eq!(laid["refills"], 1, "{laid}");
    let history = api.get(&format!("{MACHINE}/loading_tx")).await;
    let rows = history["data"].as_array().or(history.as_array()).expect("rows").clone();
    assert!(!rows.is_empty(), "it was filled up");
    for row in rows {
        let at = row["created_at"].as_str().expect("a time");
        assert!(at >= "2026-11-21 11:00:00", "{at}");
    }
}

#[tokio::test]
#[proves("T19")]
async fn no_past_is_laid_under_what_waits_for_a_silent_modem() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"][0]["money"] = json!({"change": 100, "coins": 50, "banknotes": 0});
    let api = Api::with(&bench, "w", NOON, &own).await;
    api.act("telemetron.modem_offline", json!({"machine": 10})).await;
    api.advance("1m").await;
    let stamps = api.get(&format!("{MACHINE}/timestamp")).await;
    api.act("telemetron.load", json!({"machine": 10, "change": 50})).await;
    assert_eq!(api.get(&format!("{MACHINE}/timestamp")).await["last_service"], stamps["last_service"]);
    let money = api.get(MACHINE).await["money"].clone();
    let body = json!({"telemetron.seed_history": {"machines": [10], "over": "1h"}});
    let answer = bench.steer(Method::POST, "/worlds/w/actions", body).await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(answer.text.contains("waits for its modem"), "{}", answer.text);
    assert_eq!(api.get(MACHINE).await["money"], money);
    api.act("telemetron.modem_online", json!({"machine": 10})).await;
    assert_eq!(api.get(&format!("{MACHINE}/timestamp")).await["last_service"], "2026-11-21T12:01:00+03:00");
}

/// A modem that was silent all the time has told nothing of the change that came into the tubes, nor of anything else that
/// goes through it; the goods are in the operator's app.
#[tokio::test]
#[proves("T19", "T21")]
async fn of_the_past_of_a_silent_modem_only_the_loadings_are_known() {
    let bench = Bench::start().await;
    let mut own = world();
    own["modems"][0]["offline"] = json!(true);
    own["modems"][0]["heard"] = json!("2026-11-01T12:00:00+03:00");
    own["machines"][0]["money"] = json!({"change": 100, "coins": 50, "banknotes": 0});
    own["planograms"][0]["capacity"] = json!([
        {"component_id": 1, "capacity": 100_000}, {"component_id": 2, "capacity": 9000}, {"component_id": 3, "capacity": 9000},
        {"component_id": 100, "capacity": 200}
    ]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    let before = api.get(MACHINE).await;
    let laid = api.act("telemetron.seed_history", json!({"machines": [10], "over": "2d"})).await;
    assert!(laid["waiting"].as_u64() > Some(10), "{laid}");
    let silent = api.get(MACHINE).await;
    assert_eq!((&silent["money"], &silent["state"]), (&before["money"], &json!(3)));
    assert_ne!(api.get(&format!("{MACHINE}/loading_tx?since=2026-11-18T12:00:00%2B03:00")).await, json!([]));
    api.act("telemetron.modem_online", json!({"machine": 10})).await;
    let change = api.get(MACHINE).await["money"]["change"].as_i64();
    assert!(change > before["money"]["change"].as_i64(), "the tubes were filled: {change:?}");
}
