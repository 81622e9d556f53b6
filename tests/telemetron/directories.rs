//! Directories: zones with the offsets of the day, events, errors, models.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use crate::support::Bench;

#[proves("TM-352", "TM-353")]
#[tokio::test]
async fn every_zone_has_the_offset_of_the_world_s_day() {
    let bench = Bench::start().await;
    let zones = |at: &'static str, id: &'static str| {
        let bench = &bench;
        async move { Api::with(bench, id, at, &json!({})).await.get("/v2/timezones").await }
    };
    let (winter, summer) =
        (zones("2026-01-15T12:00:00Z", "winter").await, zones("2026-07-15T12:00:00Z", "summer").await);
    let offset = |list: &Value, zone: &str| {
        let row = list.as_array().expect("a list").iter().find(|row| row["tz"] == zone).cloned();
        row.unwrap_or_else(|| panic!("no {zone}"))["utc_offset"].clone()
    };
    for (zone, in_winter, in_summer) in [
        ("Europe/Moscow", "+03:00", "+03:00"),
        ("Europe/Berlin", "+01:00", "+02:00"),
        ("America/New_York", "-05:00", "-04:00"),
        ("Asia/Kolkata", "+05:30", "+05:30"),
        ("Asia/Kathmandu", "+05:45", "+05:45"),
        ("America/St_Johns", "-03:30", "-02:30"),
        ("Pacific/Kiritimati", "+14:00", "+14:00"),
        ("UTC", "+00:00", "+00:00"),
    ] {
        assert_eq!((offset(&winter, zone), offset(&summer, zone)), (json!(in_winter), json!(in_summer)), "{zone}");
    }
    // Whatever the offset, every zone that is listed can be given to a machine.
    assert!(winter.as_array().is_some_and(|list| list.len() > 400));
}

#[proves("TM-161", "TM-339", "TM-347")]
#[tokio::test]
async fn codes_that_are_not_there_are_not_found() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    let body = api.expect(404, Method::GET, "/v2/reports/errors/D99", Value::Null).await;
    assert_eq!(body, json!({"message": "Not found"}));
    let codes = api.get("/v2/event_codes").await;
    let codes = codes.as_array().expect("a list");
    for code in ["EA", "EA1A", "TEVA", "TCOL", "TOFF", "TON", "TRST", "TOK"] {
        assert!(codes.iter().any(|row| row["code"] == code), "{code}");
    }
    let models = api.get("/v2/vm_models").await;
    assert!(models.as_array().is_some_and(|list| list.iter().any(|row| row["id"] == 52)));
}

#[proves("TM-337", "TM-338")]
#[tokio::test]
async fn codes_of_events_are_unique_and_have_name_and_comment() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    let list = api.get("/v2/event_codes").await;
    let rows = list.as_array().expect("a list");
    let mut seen = std::collections::BTreeSet::new();
    for row in rows {
        let text = |key: &str| row[key].as_str().filter(|text| !text.is_empty()).expect("a text").to_owned();
        assert!(seen.insert(text("code")), "{row} stands twice");
        let (name, desc) = (text("name"), text("desc"));
        assert_ne!(name, desc);
    }
    assert!(seen.len() > 2);
}
