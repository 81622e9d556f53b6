//! Statistics and receipts: what is sold stands in all of them, and periods have their limits (T4, T14, T17).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

const PRODUCTS: &str = "/v2/vending_machines/10/stats/vends/products";
const PAYMENTS: &str = "/v2/vending_machines/10/stats/vends/payments";
const SUMMARY: &str = "/v2/vending_machines/10/stats/vends/summary";

#[proves(
    "TM-354", "TM-360", "TM-367", "TM-368", "TM-373", "TM-379", "TM-385", "TM-389", "TM-390", "TM-391", "TM-392",
    "TM-393", "TM-403", "TM-459", "T14", "T17"
)]
#[tokio::test]
async fn sums_and_rows_agree_and_can_be_told_apart_by_type() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    for sale in [
        json!({"machine": 10, "layout": "1"}),
        json!({"machine": 10, "layout": "1"}),
        json!({"machine": 10, "layout": "1", "payment": "cashless", "discount": 5}),
        json!({"machine": 10, "layout": "A1", "payment": "token"}),
        json!({"machine": 10, "layout": "A1", "type": "free"}),
        json!({"machine": 10, "layout": "2", "type": "test"}),
        // The machine does not tell what this was: it is in the sums only.
        json!({"machine": 10, "price": 12.5}),
    ] {
        api.act("telemetron.sell", sale).await;
    }
    let rows = api.get(PRODUCTS).await;
    let brief = |row: &Value| {
        format!(
            "{} {}x{}={} -{} v{} p{}",
            row["layout_number"].as_str().unwrap_or(""),
            row["number"],
            row["price"],
            row["value"],
            row["discount"],
            row["vend_type"],
            row["payment_type"]
        )
    };
    let brief = |rows: &Value| rows.as_array().expect("a list").iter().map(brief).collect::<Vec<_>>();
    assert_eq!(
        brief(&rows),
        ["1 2x40=80 -0 v3 p1", "1 1x35=35 -5 v3 p2", "A1 1x60=60 -0 v3 p3", "A1 1x0=0 -0 v2 p1", "2 1x0=0 -0 v1 p1"]
    );
    assert_eq!(brief(&api.get(&format!("{PRODUCTS}?type=free")).await), ["A1 1x0=0 -0 v2 p1"]);
    assert_eq!(brief(&api.get(&format!("{PRODUCTS}?type=test")).await), ["2 1x0=0 -0 v1 p1"]);
    assert_eq!(brief(&api.get(&format!("{PAYMENTS}?type=cashless")).await), ["1 1x35=35 -5 v3 p2"]);
    assert_eq!(brief(&api.get(&format!("{PAYMENTS}?type=token")).await), ["A1 1x60=60 -0 v3 p3"]);
    assert_eq!(api.get(PAYMENTS).await.as_array().map(Vec::len), Some(5));
    assert_eq!(api.get(SUMMARY).await, json!([{"number": 7, "value": 18750}]));
    assert_eq!(api.get("/v2/stats/vends/summary").await, json!([{"number": 7, "value": 18750}]));
    let groups = json!([
        {"quantity": 3, "amount": 9250, "vend_type": 3, "payment_type": 1},
        {"quantity": 1, "amount": 3500, "vend_type": 3, "payment_type": 2},
        {"quantity": 1, "amount": 6000, "vend_type": 3, "payment_type": 3},
        {"quantity": 1, "amount": 0, "vend_type": 2, "payment_type": 1},
        {"quantity": 1, "amount": 0, "vend_type": 1, "payment_type": 1}
    ]);
    assert_eq!(api.get("/v2/stats/vends/payments/summary").await, groups);
    for (path, text) in [(PRODUCTS, "cash"), (PAYMENTS, "gold")] {
        let body = api.expect(422, Method::GET, &format!("{path}?type={text}"), Value::Null).await;
        assert_eq!(body["errors"], json!({"type": ["The selected type is invalid."]}));
    }
    assert_eq!(api.get("/v2/vending_machines/10/timestamp").await["last_sale"], NOON);
}

#[tokio::test]
async fn parameters_without_a_value_are_none_and_flags_are_flags() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    assert_eq!(api.get(&format!("{PRODUCTS}?type=&since=&until=&local=True")).await.as_array().map(Vec::len), Some(1));
    assert_eq!(api.get("/v2/stats/crt?vm_id=").await, json!([]));
    for path in [SUMMARY, "/v2/vending_machines", "/v2/vending_machines/10/timestamp"] {
        let body = api.expect(422, Method::GET, &format!("{path}?local=perhaps"), Value::Null).await;
        assert_eq!(body["errors"], json!({"local": ["The local field must be true or false."]}));
    }
}

#[tokio::test]
async fn nothing_sold_is_a_nought_and_no_rows() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    assert_eq!(api.get(SUMMARY).await, json!([{"number": 0, "value": 0}]));
    assert_eq!(api.get("/v2/stats/vends/payments/summary").await, json!([]));
    for path in [PRODUCTS, PAYMENTS, "/v2/stats/crt", "/v2/stats/crt/correction", "/v2/reports/collections"] {
        assert_eq!(api.get(path).await, json!([]), "{path}");
    }
}

#[proves("TM-030", "TM-355", "TM-365", "TM-378", "T3")]
#[tokio::test]
async fn without_a_period_it_is_today_in_the_zone_that_counts() {
    let bench = Bench::start().await;
    let mut own = world();
    own["machines"][0]["tz"] = json!("Asia/Vladivostok");
    // 01:30 of the 21st at +03:00, and already 08:30 at the machine.
    let api = Api::with(&bench, "w", "2026-11-20T22:30:00Z", &own).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    // Two hours on it is 03:30 of the 21st, and 10:30.
    api.advance("2h").await;
    assert_eq!(api.get(SUMMARY).await[0]["number"], 1);
    assert_eq!(api.get(PRODUCTS).await[0]["time"], "2026-11-21T01:30:00+03:00");
    assert_eq!(api.get(&format!("{PRODUCTS}?local=1")).await[0]["time"], "2026-11-21T08:30:00+10:00");
    // At 00:30 of the 22nd at the machine its today is empty, and that of the default zone is not.
    api.advance("14h").await;
    assert_eq!(api.get(SUMMARY).await[0]["number"], 1);
    assert_eq!(api.get(&format!("{SUMMARY}?local=1")).await[0]["number"], 0);
    assert_eq!(api.get("/v2/stats/vends/summary?local=1").await[0]["number"], 0);
    for path in [PRODUCTS, PAYMENTS, "/v2/stats/vends/payments/summary"] {
        assert_eq!(api.get(path).await.as_array().map(Vec::len), Some(1), "{path}");
        assert_eq!(api.get(&format!("{path}?local=1")).await, json!([]), "{path}");
    }
    // Midnight of the default zone ends its today.
    api.advance("6h29m59s").await;
    assert_eq!(api.get("/v2/stats/vends/summary").await[0]["number"], 1);
    api.advance("1s").await;
    for path in [PRODUCTS, PAYMENTS, "/v2/stats/vends/payments/summary"] {
        assert_eq!(api.get(path).await, json!([]), "{path}");
    }
    assert_eq!(api.get("/v2/stats/vends/summary").await[0]["number"], 0);
    assert_eq!(api.get(SUMMARY).await[0]["number"], 0);
    // A time without a zone is the machine's with `local=1`.
    let at = |local: &str| format!("{SUMMARY}?since=2026-11-21 08:00&until=2026-11-21 09:00{local}");
    assert_eq!(api.get(&at("")).await[0]["number"], 0);
    assert_eq!(api.get(&at("&local=1")).await[0]["number"], 1);
}

#[proves("TM-032", "TM-212", "TM-376", "TM-377", "T3")]
#[tokio::test]
async fn periods_include_both_ends_and_forgive_a_plus_that_was_not_escaped() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    for (period, number) in [
        ("since=2026-11-21T12:00:00+03:00&until=2026-11-21T12:00:00+03:00", 1),
        ("since=2026-11-21 12:00:00+03&until=2026-11-21 12:00:00+03", 1),
        ("since=2026-11-21%2012:00:00%2B03&until=2026-11-21T09:00:00Z", 1),
        ("since=2026-11-21T11:00:00%2B03:00&until=2026-11-21T11:59:59%2B03:00", 0),
        ("since=2026-11-21T12:00:01%2B03:00", 0),
        ("until=2026-11-21T12:00:00%2B03:00", 1),
    ] {
        assert_eq!(api.get(&format!("{SUMMARY}?{period}")).await[0]["number"], number, "{period}");
    }
}

#[proves("TM-199", "TM-200", "TM-210", "TM-215", "TM-216", "TM-356", "TM-357", "TM-362", "TM-369", "T4")]
#[tokio::test]
async fn periods_that_are_too_long_too_deep_or_backwards_name_their_field() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    let week = "/v2/stats/vends/summary";
    let grouped = "/v2/stats/vends/payments/summary";
    let events = "/v2/vending_machines/10/events";
    let reports = "/v2/vending_machines/10/reports";
    for (path, period, field) in [
        (week, "since=2026-11-01&until=2026-11-08T00:00:01", "until"),
        (grouped, "since=2026-11-01&until=2026-11-08T00:00:01", "until"),
        (SUMMARY, "since=2026-10-01&until=2026-11-01T00:00:01", "until"),
        (PRODUCTS, "since=2026-10-01&until=2026-11-02", "until"),
        (PRODUCTS, "since=2026-09-20&until=2026-09-22", "since"),
        (SUMMARY, "since=2026-09-20&until=2026-09-22", "since"),
        (grouped, "since=2026-09-20&until=2026-09-22", "since"),
        (PAYMENTS, "since=2026-10-01&until=2026-11-02", "until"),
        (PAYMENTS, "since=2026-09-20&until=2026-09-22", "since"),
        (week, "since=2026-09-20&until=2026-09-22", "since"),
        ("/v2/stats/crt", "since=2026-09-20&until=2026-09-22", "since"),
        ("/v2/stats/crt", "since=2026-10-01&until=2026-11-02", "until"),
        ("/v2/stats/crt/correction", "since=2026-10-01&until=2026-11-02", "until"),
        ("/v2/stats/crt/correction", "since=2026-09-20&until=2026-09-22", "since"),
        (events, "since=2026-11-08&until=2026-11-16", "until"),
        (events, "since=2026-11-07&until=2026-11-08", "since"),
        (reports, "since=2026-11-07&until=2026-11-08", "since"),
        (reports, "since=2026-11-08&until=2026-11-23", "until"),
        (SUMMARY, "since=2026-11-21&until=2026-11-20", "until"),
        (SUMMARY, "since=yesterday", "since"),
        ("/v2/reports/collections", "until=2026-13-01", "until"),
    ] {
        let body = api.expect(422, Method::GET, &format!("{path}?{period}"), Value::Null).await;
        assert_eq!(body["message"], "The given data was invalid.");
        let fields: Vec<&String> = body["errors"].as_object().expect("fields").keys().collect();
        assert_eq!(fields, [field], "{path}?{period}: {body}");
    }
    for (path, period) in [
        (week, "since=2026-11-01&until=2026-11-08"),
        (SUMMARY, "since=2026-10-01&until=2026-11-01"),
        (PRODUCTS, "since=2026-09-21T12:00:00%2B03:00&until=2026-09-22"),
        (events, "since=2026-11-14T12:00:00%2B03:00&until=2026-11-21T12:00:00%2B03:00"),
        (events, "since=2026-11-07T12:00:00%2B03:00&until=2026-11-14T12:00:00%2B03:00"),
        (reports, "since=2026-11-07T12:00:00%2B03:00&until=2026-11-21T12:00:00%2B03:00"),
    ] {
        api.get(&format!("{path}?{period}")).await;
    }
}

#[proves(
    "TM-149", "TM-150", "TM-151", "TM-412", "TM-418", "TM-421", "TM-430", "TM-431", "TM-437", "TM-438", "TM-441",
    "TM-442", "T17"
)]
#[tokio::test]
async fn receipts_follow_sales_of_a_fiscal_machine_within_its_prices() {
    let bench = Bench::start().await;
    let mut own = world();
    own["requisites"] = json!([
        {"id": 1, "title": "Первое", "provider": "od", "last_document": 10},
        {"id": 2, "title": "Второе", "provider": "co", "device_rn": "0000000000000002", "fs_number": "2222", "last_document": 20}
    ]);
    own["products"][0]["vat"] = json!(20);
    own["machines"][0]["is_crt_active"] = json!(true);
    own["machines"][0]["requisite_id"] = json!(2);
    own["machines"][0]["min_price"] = json!(35);
    own["machines"][0]["max_price"] = json!(50);
    own["machines"][0]["tz"] = json!("Asia/Vladivostok");
    let api = Api::with(&bench, "w", NOON, &own).await;
    for sale in [
        json!({"machine": 10, "layout": "1", "count": 2}),
        json!({"machine": 10, "layout": "2"}),
        json!({"machine": 10, "layout": "A1"}),
        json!({"machine": 10, "layout": "1", "payment": "token"}),
        json!({"machine": 10, "layout": "1", "type": "free", "price": 40}),
        json!({"machine": 10, "layout": "1", "payment": "cashless", "price": 35.5}),
    ] {
        api.act("telemetron.sell", sale).await;
    }
    let receipts = api.get("/v2/stats/crt").await;
    assert_eq!(receipts.as_array().map(Vec::len), Some(2));
    let first = &receipts[0];
    assert_eq!(first["input"]["payments"], json!([{"type": 1, "amount": 80}]));
    assert_eq!(first["input"]["positions"], json!([{"qty": 2, "vat": 1, "name": "Эспрессо", "price": 40}]));
    assert_eq!(first["output"]["total_payment_amount"], "80.00");
    assert_eq!(first["output"]["document_number"], 21);
    assert_eq!(first["output"]["device_rn"], "0000000000000002");
    assert_eq!(first["output"]["date"], "20261121T190000");
    assert_eq!(first["created_at"], "2026-11-21 09:00:00+00");
    assert_eq!(first["aux"], json!([]));
    assert_eq!(receipts[1]["input"]["payments"], json!([{"type": 2, "amount": 35.5}]));
    assert_eq!(receipts[1]["output"]["total_payment_amount"], "35.50");
    assert_ne!(receipts[1]["input"]["digest"], first["input"]["digest"]);
    api.act(
        "telemetron.issue_receipt",
        json!({"machine": 10, "name": "Возврат", "price": 40, "document_type": 2, "vat": 10}),
    )
    .await;
    let receipts = api.get("/v2/stats/crt?vm_id=10").await;
    assert_eq!(
        (&receipts[2]["output"]["document_type"], &receipts[2]["input"]["positions"][0]["vat"]),
        (&json!(2), &json!(2))
    );
    let body = api.expect(422, Method::GET, "/v2/stats/crt?vm_id=11", Value::Null).await;
    assert_eq!(body["errors"], json!({"vm_id": ["The selected vm id is invalid."]}));
}

#[tokio::test]
async fn many_sales_by_the_seed_add_up_and_come_again() {
    let bench = Bench::start().await;
    let flood = json!({"count": 500, "over": "6h"});
    let mut seen = Vec::new();
    for id in ["a", "b"] {
        let api = Api::with(&bench, id, NOON, &world()).await;
        let made = api.act("telemetron.seed_sales", flood.clone()).await;
        assert_eq!(made["number"], 500);
        let rows = api.get(PRODUCTS).await;
        let sum =
            |key: &str| rows.as_array().expect("rows").iter().map(|row| row[key].as_i64().expect("whole")).sum::<i64>();
        assert_eq!(sum("number"), 500);
        assert_eq!(made["value"], sum("value"));
        assert_eq!(api.get(SUMMARY).await, json!([{"number": 500, "value": sum("value") * 100}]));
        let times: Vec<&str> =
            rows.as_array().expect("rows").iter().map(|row| row["time"].as_str().expect("a time")).collect();
        assert!(times.is_sorted() && times[0] >= "2026-11-21T06:00:00+03:00" && times[times.len() - 1] < NOON);
        seen.push(rows);
    }
    assert_eq!(seen[0], seen[1], "the same seed draws the same sales");
}

#[proves("TM-382", "TM-383", "TM-384", "TM-395", "TM-396", "TM-397", "TM-402")]
#[tokio::test]
async fn every_type_shows_its_own_rows_only() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    for sale in [
        json!({"machine": 10, "layout": "1"}),
        json!({"machine": 10, "layout": "1", "payment": "cashless"}),
        json!({"machine": 10, "layout": "1", "payment": "token"}),
        json!({"machine": 10, "layout": "1", "type": "free", "payment": "token"}),
        json!({"machine": 10, "layout": "1", "type": "test"}),
    ] {
        api.act("telemetron.sell", sale).await;
    }
    let sorts = |rows: Value| -> Vec<(i64, i64)> {
        let number = |row: &Value, key: &str| row[key].as_i64().expect("a number");
        let row = |row: &Value| (number(row, "vend_type"), number(row, "payment_type"));
        rows.as_array().expect("rows").iter().map(row).collect()
    };
    for (path, word, rows) in [
        (PRODUCTS, "paid", &[(3, 1), (3, 2), (3, 3)][..]),
        (PRODUCTS, "free", &[(2, 3)]),
        (PRODUCTS, "test", &[(1, 1)]),
        (PAYMENTS, "cash", &[(3, 1), (1, 1)]),
        (PAYMENTS, "cashless", &[(3, 2)]),
        (PAYMENTS, "token", &[(3, 3), (2, 3)]),
        (PAYMENTS, "paid", &[(3, 1), (3, 2), (3, 3)]),
    ] {
        assert_eq!(sorts(api.get(&format!("{path}?type={word}")).await), rows, "{path} {word}");
    }
}

#[proves("TM-386", "TM-387", "TM-399", "TM-400")]
#[tokio::test]
async fn rows_include_both_ends_of_the_period() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &world()).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    for path in [PRODUCTS, PAYMENTS] {
        for (period, number) in [
            ("since=2026-11-21T12:00:00+03:00&until=2026-11-21T12:00:00+03:00", 1),
            ("since=2026-11-21T12:00:01+03:00&until=2026-11-21T13:00:00+03:00", 0),
            ("since=2026-11-21T11:00:00+03:00&until=2026-11-21T11:59:59+03:00", 0),
            // Either end may be left out, and both.
            ("since=2026-11-21T12:00:00+03:00", 1),
            ("since=2026-11-21T12:00:01+03:00", 0),
            ("until=2026-11-21T12:00:00+03:00", 1),
            ("until=2026-11-21T11:59:59+03:00", 0),
            ("", 1),
        ] {
            let rows = api.get(&format!("{path}?{period}")).await;
            assert_eq!(rows.as_array().map(Vec::len), Some(number), "{path} {period}");
        }
    }
}

#[proves("TM-361", "TM-363", "TM-364", "TM-370", "TM-371", "TM-372", "TM-375")]
#[tokio::test]
async fn all_machines_count_in_the_sums_over_all() {
    let bench = Bench::start().await;
    let mut own = world();
    let mut other = own["machines"][0].clone();
    other["id"] = json!(11);
    other["tz"] = json!("America/Grenada");
    own["machines"] = json!([own["machines"][0], other]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    for machine in [10, 11] {
        api.act("telemetron.sell", json!({"machine": machine, "layout": "1"})).await;
    }
    let numbers = |query: &str| {
        let (api, query) = (&api, query.to_owned());
        async move {
            let summary = api.get(&format!("/v2/stats/vends/summary?{query}")).await[0]["number"].clone();
            let groups = api.get(&format!("/v2/stats/vends/payments/summary?{query}")).await;
            let grouped =
                groups.as_array().expect("groups").first().map_or(json!(0), |group| group["quantity"].clone());
            assert_eq!(summary, grouped, "{query}");
            summary
        }
    };
    assert_eq!(numbers("").await, 2);
    assert_eq!(numbers("since=2026-11-21T12:00:00+03:00&until=2026-11-21T12:00:00+03:00").await, 2);
    assert_eq!(numbers("since=2026-11-21T12:00:01+03:00&until=2026-11-21T13:00:00+03:00").await, 0);
    assert_eq!(numbers("since=2026-11-21T11:00:00+03:00&until=2026-11-21T11:59:59+03:00").await, 0);
    // Five in the morning is noon at +03:00 for the machine in Grenada only.
    assert_eq!(numbers("since=2026-11-21 05:00:00&until=2026-11-21 05:00:00&local=1").await, 1);
    assert_eq!(numbers("since=2026-11-21 12:00:00&until=2026-11-21 12:00:00&local=1").await, 1);
    for (machine, number) in [(10, 1), (11, 1)] {
        let own = api.get(&format!("/v2/vending_machines/{machine}/stats/vends/summary")).await;
        assert_eq!(own[0]["number"], number, "{machine}");
    }
}
