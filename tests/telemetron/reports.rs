//! EVA-DTS reports: made of the machine's counters, valid to the last digit, in every encoding (T10).

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::loading::world;
use crate::support::{Bench, NOON};

/// CRC-16 over the bytes, as the EVA-DTS standard has it, written down a second time here.
fn crc(bytes: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for byte in bytes {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 };
        }
    }
    crc
}

/// The lines between `ST` and `G85` of a report whose envelope, count and check sum are right.
fn lines(report: &[u8]) -> Vec<Vec<u8>> {
    let find = |what: &[u8]| report.windows(what.len()).position(|window| window == what).expect("it is there");
    let (start, end) = (find(b"ST*"), find(b"G85*"));
    assert_eq!(std::str::from_utf8(&report[..start]), Ok("DXS*NRI C2    *VA*V1/1*1\r\n"));
    let body = &report[start..end];
    let count = body.split(|byte| *byte == b'\n').count() - 1;
    let tail = std::str::from_utf8(&report[end..]).expect("plain");
    assert_eq!(tail, format!("G85*{:04X}\r\nSE*{}*0001\r\nDXE*1*1\r\n", crc(body), count + 2));
    body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect()
}

fn text(report: &Value) -> Vec<String> {
    let data = report["data"].as_str().expect("a report");
    lines(data.as_bytes()).into_iter().map(|line| String::from_utf8(line).expect("text")).collect()
}

fn with_modem() -> Value {
    let mut own = world();
    own["modems"] = json!([{"id": 5, "imei": "999999999123456"}]);
    own["machines"][0]["modem_id"] = json!(5);
    own["machines"][0]["serial_number"] = json!("AAA*0000");
    own
}

const LAST: &str = "/v2/vending_machines/10/reports/last";

#[proves("TM-218", "T10", "T17")]
#[tokio::test]
async fn a_report_tells_the_machine_s_counters() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with_modem()).await;
    for sale in [
        json!({"machine": 10, "layout": "1", "count": 3}),
        json!({"machine": 10, "layout": "A1", "payment": "cashless"}),
        json!({"machine": 10, "layout": "A1", "type": "free"}),
        json!({"machine": 10, "layout": "2", "type": "test"}),
    ] {
        api.act("telemetron.sell", sale).await;
    }
    api.act("telemetron.collect", json!({"machine": 10})).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
    let lines = text(&api.get(LAST).await);
    for line in [
        "ID1*AAA 0000**1",
        "ID4*2*643*RUB",
        "ID5*261121*1200",
        // Value and number ever, then since the collection.
        "VA1*22000*5*4000*1",
        "VA2*0*1*0*0",
        "VA3*0*1*0*0",
        "CA2*16000*4*4000*1",
        "DA2*6000*1*0*0",
        "PA1*1*4000*Эспрессо",
        // Here the number stands in front.
        "PA2*4*16000*1*4000",
        "PA1*A1*6000*Батончик",
        "PA4*1*0*0*0",
        // One reading so far, after a collection.
        "EA3*1*261121*1200******1*1",
    ] {
        assert!(lines.iter().any(|known| known == line), "{line} is not in {lines:#?}");
    }
}

#[proves("TM-223", "TM-224", "TM-226", "T10")]
#[tokio::test]
async fn every_encoding_is_valid_in_its_own_bytes() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with_modem()).await;
    api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
    let plain = text(&api.get(LAST).await);
    let packed = api.get(&format!("{LAST}?base64=1")).await;
    let bytes = base64(packed["data"].as_str().expect("text"));
    assert_eq!(lines(&bytes).into_iter().map(|line| String::from_utf8(line).expect("text")).collect::<Vec<_>>(), plain);

    let packed = api.get(&format!("{LAST}?base64=1&cp1251=1")).await;
    let bytes = base64(packed["data"].as_str().expect("text"));
    let cyrillic = [0xdd, 0xf1, 0xef, 0xf0, 0xe5, 0xf1, 0xf1, 0xee];
    assert!(lines(&bytes).iter().any(|line| line.ends_with(&cyrillic)), "Эспрессо in Windows-1251");

    let response = api.request(Method::GET, &format!("{LAST}?cp1251=1")).send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/json; charset=windows-1251");
    let bytes = response.bytes().await.expect("a body");
    assert!(bytes.windows(8).any(|window| window == cyrillic), "the whole reply is in Windows-1251");
    // The rest of it is ASCII, so the JSON can be read once the Cyrillic letters are taken for Latin ones.
    let latin: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let json: Value = serde_json::from_str(&latin).expect("JSON");
    let report: Vec<u8> = json["data"]
        .as_str()
        .expect("text")
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).expect("a byte"))
        .collect();
    assert_eq!(lines(&report).len(), plain.len());
}

/// Reads BASE64 the slow way.
fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} is no digit of BASE64"),
    };
    let digits: Vec<u8> = text.trim_end_matches('=').bytes().map(digit).collect();
    let mut bytes = Vec::new();
    for group in digits.chunks(4) {
        let whole = group.iter().fold(0_u32, |whole, digit| whole << 6 | u32::from(*digit)) << (6 * (4 - group.len()));
        bytes.extend_from_slice(&whole.to_be_bytes()[1..group.len()]);
    }
    bytes
}

#[proves("TM-219", "TM-222", "TM-312", "TM-318")]
#[tokio::test]
async fn a_pair_of_machines_is_read_from_two_ports() {
    let bench = Bench::start().await;
    let mut own = with_modem();
    own["machines"][0]["dex2"] = json!(["A1", "A2"]);
    let api = Api::with(&bench, "w", NOON, &own).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "A1"})).await;
    let ids = api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
    assert_eq!(ids, json!({"reports": [1, 2]}));
    let list = api.get("/v2/vending_machines/10/reports").await;
    assert_eq!((&list[0]["evadts_port"], &list[1]["evadts_port"]), (&json!(1), &json!(2)));
    assert_eq!(api.get("/v2/vending_machines/10/reports?port=2").await.as_array().map(Vec::len), Some(1));
    let second = api.get(&format!("{LAST}?port=2")).await;
    assert_eq!(second, api.get("/v2/vending_machines/10/reports/2").await);
    let (first, second) = (text(&api.get(LAST).await), text(&second));
    assert!(second.contains(&"VA1*6000*1*6000*1".to_owned()) && second.iter().any(|line| line.starts_with("PA1*A1")));
    assert!(first.contains(&"VA1*0*0*0*0".to_owned()) && !first.iter().any(|line| line.starts_with("PA1*A")));
    api.expect(404, Method::GET, &format!("{LAST}?port=3"), Value::Null).await;
    api.expect(422, Method::GET, &format!("{LAST}?port=x"), Value::Null).await;
}

/// "спарка считается одним автоматом": one row, one place, one count.
#[proves("TM-553")]
#[tokio::test]
async fn a_pair_of_machines_counts_as_one() {
    let bench = Bench::start().await;
    let mut own = with_modem();
    own["models"] = json!([{"id": 1, "name": "Спарка", "type": "paired"}]);
    own["locations"] = json!([{"id": 1, "name": "Холл"}]);
    for (key, value) in [("mm_id", json!(1)), ("location_id", json!(1)), ("dex2", json!(["A1", "A2"]))] {
        own["machines"][0][key] = value;
    }
    let api = Api::with(&bench, "w", NOON, &own).await;
    let list = api.get("/v2/vending_machines").await;
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    assert_eq!((&list[0]["type"]["label"], &list[0]["location"]["id"]), (&json!("paired"), &json!(1)));
    // What both sell is sold by one machine, whichever port reads it.
    for layout in ["1", "A1"] {
        api.act("telemetron.sell", json!({"machine": 10, "layout": layout})).await;
    }
    let summary = api.get("/v2/vending_machines/10/stats/vends/summary").await;
    assert_eq!(summary, json!([{"number": 2, "value": 10000}]));
    // The place is taken as by any machine.
    let second = json!({"name": "Вторая", "mm_id": 1, "location_id": 1});
    let body = api.expect(422, Method::POST, "/v2/vending_machines", second).await;
    assert_eq!(body["errors"], json!({"location_id": ["The location id has already been taken."]}));
}

#[proves("TM-314", "TM-315", "TM-316", "TM-317")]
#[tokio::test]
async fn a_report_that_came_over_spoilt_is_the_last_but_not_the_last_valid() {
    let bench = Bench::start().await;
    let mut api = Api::with(&bench, "w", NOON, &with_modem()).await;
    for path in [LAST, "/v2/vending_machines/10/reports/last_valid", "/v2/vending_machines/10/reports/x"] {
        let body = api.expect(404, Method::GET, path, Value::Null).await;
        assert_eq!(body, json!({"message": "Not found"}));
    }
    api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
    api.advance("1h").await;
    api.act("telemetron.ping", json!({"machine": 10, "corrupt": true})).await;
    assert_eq!(api.get(LAST).await["date"], "2026-11-21T13:00:00+03:00");
    let valid = api.get("/v2/vending_machines/10/reports/last_valid").await;
    assert_eq!(valid["date"], NOON);
    text(&valid);
    let stamps = api.get("/v2/vending_machines/10/timestamp").await;
    assert_eq!(
        (&stamps["last_report"], &stamps["last_acquired_report"]),
        (&json!(NOON), &json!("2026-11-21T13:00:00+03:00"))
    );
    // After two weeks reports are not looked for.
    api.advance("335h1s").await;
    let token = api.token().to_owned();
    assert!(!token.is_empty());
    api.log_in("me@example.com").await;
    let body = api.expect(404, Method::GET, "/v2/vending_machines/10/reports/1", Value::Null).await;
    assert_eq!(body, json!({"message": "Not found"}));
    api.get("/v2/vending_machines/10/reports/2").await;
}

#[proves("TM-322", "TM-325")]
#[tokio::test]
async fn what_is_wrong_stands_in_the_last_report_until_it_is_repaired() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with_modem()).await;
    let errors = "/v2/vending_machines/10/reports/last_errors";
    assert_eq!(api.get(errors).await, json!([]));
    api.act("telemetron.fail", json!({"machine": 10, "code": "EJB", "value": "3"})).await;
    api.advance("1m").await;
    api.act("telemetron.fail", json!({"machine": 10, "code": "D54"})).await;
    let list = api.get(errors).await;
    let row = json!({
        "code": "EJB", "evadts_port": 1, "modem_time": "2026-11-21T09:00:00.000000Z", "created_at": "2026-11-21T09:01:00.000000Z", "value": "3"
    });
    assert_eq!(list[0], row);
    assert_eq!((&list[1]["code"], &list[1]["value"]), (&json!("D54"), &json!("54")));
    assert!(text(&api.get(LAST).await).contains(&"EA2*EJB*1*1**1".to_owned()));
    api.act("telemetron.recover", json!({"machine": 10, "code": "EJB"})).await;
    assert_eq!(api.get(errors).await.as_array().map(Vec::len), Some(1));
    api.act("telemetron.recover", json!({"machine": 10})).await;
    assert_eq!(api.get(errors).await, json!([]));
}

#[proves("TM-323", "TM-324")]
#[tokio::test]
async fn errors_of_old_reports_are_not_shown() {
    let bench = Bench::start().await;
    let mut own = with_modem();
    own["machines"][0]["tz"] = json!("America/Grenada");
    let mut api = Api::with(&bench, "w", NOON, &own).await;
    api.act("telemetron.fail", json!({"machine": 10, "code": "D54"})).await;
    let errors = "/v2/vending_machines/10/reports/last_errors";
    let list = api.get(errors).await;
    assert_eq!(list[0]["modem_time"], "2026-11-21T09:00:00.000000Z");
    assert_eq!(api.get(&format!("{errors}?local=1")).await, list);
    api.advance("14d").await;
    api.log_in("me@example.com").await;
    assert_eq!(api.get(errors).await, list);
    api.advance("1s").await;
    assert_eq!(api.get(errors).await, json!([]));
}

#[proves("TM-220", "TM-221")]
#[tokio::test]
async fn periods_of_reports_include_both_ends() {
    let bench = Bench::start().await;
    let api = Api::with(&bench, "w", NOON, &with_modem()).await;
    api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
    api.advance("1h").await;
    for (query, number) in [
        ("", 1),
        ("?since=2026-11-21T12:00:00+03:00&until=2026-11-21T12:00:00+03:00", 1),
        ("?since=2026-11-21T12:00:01+03:00", 0),
        ("?until=2026-11-21T11:59:59+03:00", 0),
    ] {
        let list = api.get(&format!("/v2/vending_machines/10/reports{query}")).await;
        assert_eq!(list.as_array().map(Vec::len), Some(number), "{query}");
    }
}

/// CA3 has what came in: all, into the box, into the tubes, notes; since the last collection, then ever (T20).
#[tokio::test]
#[proves("T20", "TM-593")]
async fn cash_that_came_in_is_counted_and_not_weighed() {
    let bench = Bench::start().await;
    let mut own = with_modem();
    own["machines"][0]["money"] = json!({"change": 480, "coins": 1000, "banknotes": 2000, "tubes": 500});
    let api = Api::with(&bench, "w", NOON, &own).await;
    let line = |name: &'static str| {
        let api = &api;
        async move {
            api.act("telemetron.ping", json!({"machine": 10, "report": true})).await;
            let lines = text(&api.get(LAST).await);
            lines.into_iter().find(|line| line.starts_with(name)).expect("a line")
        }
    };
    assert_eq!(line("CA3*").await, "CA3*0*0*0*0*0*0*0*0");
    // 20 of 40 fit into the tubes; the note's change of 60 comes out of them.
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    assert_eq!(line("CA3*").await, "CA3*4000*2000*2000*0*4000*2000*2000*0");
    api.act("telemetron.insert_note", json!({"machine": 10, "value": 100})).await;
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    assert_eq!(line("CA3*").await, "CA3*14000*2000*2000*10000*14000*2000*2000*10000");
    assert_eq!(line("CA4*").await, "CA4*6000*0*6000*0");
    assert_eq!(line("CA15*").await, "CA15*44000");
    api.act("telemetron.collect", json!({"machine": 10})).await;
    assert_eq!(line("CA3*").await, "CA3*0*0*0*0*14000*2000*2000*10000");
    api.act("telemetron.sell", json!({"machine": 10, "layout": "1"})).await;
    assert_eq!(line("CA3*").await, "CA3*4000*0*4000*0*18000*2000*6000*10000");
    // Readings, and failures since the collection and ever.
    assert_eq!(line("EA3*").await, "EA3*1*261121*1200**261121*1200***8*1");
    api.act("telemetron.fail", json!({"machine": 10, "code": "EJB"})).await;
    assert_eq!(line("EA2*").await, "EA2*EJB*1*1**1");
    api.act("telemetron.recover", json!({"machine": 10})).await;
    api.act("telemetron.collect", json!({"machine": 10})).await;
    api.act("telemetron.fail", json!({"machine": 10, "code": "EJB"})).await;
    assert_eq!(line("EA2*").await, "EA2*EJB*1*2**1");
}
