//! The OpenAPI document of the control API: it is that of the routes, and what is answered is as it says.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Bench;

async fn document(bench: &Bench) -> Value {
    let answer = bench.steer(Method::GET, "/openapi.json", Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Whether a value is as a schema of the document says.
fn described(document: &Value, pointer: &str, value: &Value) -> Vec<String> {
    let mut schema = json!({ "$ref": format!("#{}", pointer.replace('{', "%7B").replace('}', "%7D")) });
    schema["components"] = document["components"].clone();
    schema["paths"] = document["paths"].clone();
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
    let validator = options.build(&schema).unwrap();
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[tokio::test]
async fn the_list_of_operations_and_the_document_say_the_same() {
    let bench = Bench::start().await;
    let document = document(&bench).await;
    let index = bench.send(bench.client.get(bench.control().trim_end_matches("/control/v1"))).await.json();
    let listed: Vec<(String, String)> = index["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["path"].as_str().unwrap().to_owned(), row["method"].as_str().unwrap().to_lowercase()))
        .collect();
    for (path, method) in &listed {
        assert!(document["paths"][path][method]["operationId"].is_string(), "{method} {path}");
    }
    let described: usize =
        document["paths"].as_object().unwrap().values().map(|item| item.as_object().unwrap().len()).sum();
    assert_eq!(described, listed.len());
    assert_eq!(document["servers"][0]["url"], bench.control().trim_end_matches("/control/v1"));
}

#[tokio::test]
async fn answers_are_as_the_document_says() {
    let bench = Bench::start().await;
    let document = document(&bench).await;
    bench.act("carbis.call_waiter", json!({"table": 1000028})).await;
    let feed = format!("{}/api/v4/events?hash=none", bench.url("carbis"));
    bench.send(bench.client.get(feed).header("token", "demo-token")).await;
    let world = "/worlds/default";
    for (method, path, body, status) in [
        (Method::GET, "/health", Value::Null, 200),
        (Method::GET, "/operations", Value::Null, 200),
        (Method::GET, "/actions", Value::Null, 200),
        (Method::GET, "/spec", Value::Null, 200),
        (Method::GET, "/worlds", Value::Null, 200),
        (Method::POST, "/worlds", json!({}), 201),
        (Method::GET, "/worlds/{world}", Value::Null, 200),
        (Method::GET, "/worlds/{world}/state", Value::Null, 200),
        (Method::GET, "/worlds/{world}/clock", Value::Null, 200),
        (Method::PUT, "/worlds/{world}/clock", json!({"mode": "frozen"}), 200),
        (Method::POST, "/worlds/{world}/clock/advance", json!({"by": "5m"}), 200),
        (Method::POST, "/worlds/{world}/actions", json!({"carbis.call_waiter": {"table": 1000028}}), 200),
        (Method::GET, "/worlds/{world}/view", Value::Null, 200),
        (Method::GET, "/worlds/{world}/journal", Value::Null, 200),
        (Method::GET, "/worlds/{world}/recording", Value::Null, 200),
        (Method::POST, "/worlds/{world}/verify", json!({"journal": {"operation": "events"}}), 200),
        (Method::POST, "/worlds/{world}/faults", json!({"reset": true, "times": 1}), 201),
        (Method::GET, "/worlds/{world}/faults", Value::Null, 200),
        (Method::POST, "/worlds/{world}/scenario", json!({"stend": 1, "timeline": []}), 202),
        (Method::GET, "/worlds/{world}/scenario", Value::Null, 200),
    ] {
        let lower = method.to_string().to_lowercase();
        let place = format!("/paths/{}/{lower}", format!("/control/v1{path}").replace('/', "~1"));
        if !body.is_null() {
            let wrong = described(&document, &format!("{place}/requestBody/content/application~1json/schema"), &body);
            assert!(wrong.is_empty(), "{method} {path}, request: {wrong:#?}");
        }
        let answer = bench.steer(method.clone(), &path.replace("/worlds/{world}", world), body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        let schema = format!("{place}/responses/{status}/content/application~1json/schema");
        let wrong = described(&document, &schema, &answer.json());
        assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}");
    }
    let refused = bench.steer(Method::GET, "/worlds/nothing", Value::Null).await;
    assert_eq!(refused.status, 404);
    assert_eq!(described(&document, "/components/schemas/Error", &refused.json()), [""; 0]);
}
