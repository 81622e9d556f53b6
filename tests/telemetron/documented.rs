//! The documented world takes the printed requests as they are, without any entity made for them.

use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use crate::support::Bench;

#[proves("G4")]
#[tokio::test]
async fn the_printed_requests_succeed_in_the_default_world() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    let load = |key: &str, amounts: [i64; 4]| {
        let items =
            [1, 2, 100, 101].into_iter().zip(amounts).map(|(id, amount)| json!({"component_id": id, key: amount}));
        json!({"data": items.collect::<Vec<_>>(), "note": "Комментарий"})
    };
    let vm = "/v2/vending_machines/123";
    let machine = json!({
        "name": "Настольный кофейник", "serial_number": "234441X8347CF", "planogram_id": 1, "location_id": 42, "mm_id": 1,
        "imei": "123456789012345", "tz": "Europe/Moscow"
    });
    let snacks = |names: &[(i64, Value)]| {
        names
            .iter()
            .map(|(id, number)| json!({"id": id, "number": number, "capacity": 14, "price": 10}))
            .collect::<Vec<_>>()
    };
    let planogram = json!({
        "name": "Новая планограмма", "mode": "snack", "products": snacks(&[(2230, json!(2)), (2218, json!(3)), (2243, json!("4A"))])
    });
    let assigned = json!({
        "name": "Новая планограмма для ТА", "mode": "snack", "assign": 10042, "products": snacks(&[(2230, json!(2)), (2218, json!(3))])
    });
    let recipe = json!({
        "name": "Ванильный капучино со сливками (версия N)",
        "components": [{"id": 51661, "volume": 6}, {"name": "Вода", "volume": 5, "unit": 3}]
    });
    let americano = json!({
        "name": "Американо 100 мл", "composite": true,
        "components": [{"name": "Вода", "volume": 100, "unit": 2}, {"id": 14, "volume": 3}]
    });
    let several = json!({"name": "Новое название ТА", "mm_id": 1, "serial_number": "Новый серийный номер ТА", "modem_id": 42, "tz_id": 109});
    let requests = [
        (200, Method::PUT, "/v2/modems/123".to_owned(), json!({"phone": "79999999997"})),
        (
            200,
            Method::POST,
            "/v2/modems/123/set".into(),
            json!({"cashless_mode": 1, "cashless_address": 1, "cashless_credit": "100.50,6,1"}),
        ),
        (201, Method::POST, "/v2/vending_machines?force=1".into(), machine),
        (201, Method::POST, format!("{vm}/loading"), load("add", [10, 18, 18000, -2000])),
        (201, Method::POST, format!("{vm}/inventory"), load("loaded", [10, 18, 18000, 2000])),
        (200, Method::POST, format!("{vm}/request"), json!({"report": true})),
        (200, Method::GET, format!("{vm}/request/17543"), Value::Null),
        (200, Method::POST, format!("{vm}/reset"), Value::Null),
        (200, Method::POST, format!("{vm}/dispense"), json!({"number": 1, "cup": 1, "sugar": 2})),
        (200, Method::POST, format!("{vm}/vendista-credit"), json!({"amount": 5000})),
        (200, Method::PUT, format!("{vm}?force=1"), several),
        (201, Method::POST, "/v2/planograms".into(), planogram),
        (201, Method::POST, "/v2/planograms".into(), assigned),
        (201, Method::POST, "/v2/products".into(), json!({"composite": false, "name": "Сникерс 75гр"})),
        (201, Method::POST, "/v2/products".into(), americano),
        (200, Method::PUT, "/v2/products/123/components/42".into(), json!({"volume": 100})),
        (200, Method::DELETE, "/v2/products/123/components/42".into(), Value::Null),
        (201, Method::POST, "/v2/products/123/components".into(), json!({"id": 42, "volume": 100})),
        (200, Method::PUT, "/v2/products/123".into(), recipe),
        (200, Method::DELETE, "/v2/products/123".into(), Value::Null),
        (201, Method::POST, "/v2/components".into(), json!({"name": "Стаканчик", "unit": 1})),
        (200, Method::PUT, "/v2/locations/1".into(), json!({"name": "БЦ Сапфир", "address": "Таежная, 42"})),
        (201, Method::POST, "/v2/locations".into(), json!({"name": "БЦ Конфетка", "address": "Большая Посадская, 1"})),
        (200, Method::DELETE, "/v2/locations/1?force=1".into(), Value::Null),
        (200, Method::DELETE, "/v2/planograms/123".into(), Value::Null),
    ];
    for (status, method, path, body) in requests {
        api.expect(status, method, &path, body).await;
    }
    let silent = api
        .expect(422, Method::POST, "/v2/vending_machines/13979/dispense", json!({"number": 1, "cup": 1, "sugar": 2}))
        .await;
    let printed =
        json!({"status": "error", "data": {"vm_id": 13979, "modem_id": 25164, "modem_time": "2023-07-28 12:32:57"}});
    assert_eq!(silent, printed);
}

#[tokio::test]
async fn the_printed_ids_come_first() {
    let bench = Bench::start().await;
    let api = Api::documented(&bench).await;
    api.act("telemetron.sell", json!({"machine": 123, "layout": "A1"})).await;
    assert_eq!(api.get("/v2/stats/crt?vm_id=123").await[0]["id"], 1_000_042);
    api.act("telemetron.ping", json!({"machine": 123, "report": true})).await;
    api.get("/v2/vending_machines/123/reports/827323?cp1251=1&base64=1&port=1&local=1").await;
    let one = api.get("/v2/vending_machines/123").await;
    assert_eq!(one["modem"]["imei"], "999999999123456");
    assert_eq!(one["money"], json!({"change": 12500, "revenue": 500_000}));
}
