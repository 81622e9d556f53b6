//! The printed samples, one file each in `fixtures/telemetron/samples/<operation>/`: a world of their own, what has to
//! happen before, the printed request, and the printed answer, equal to the letter but for what is drawn by chance.

use std::fs;

use reqwest::Method;
use serde_json::Value;

use super::api::Api;
use crate::support::{Bench, root};

/// One test for each operation; the folder's files are its samples.
macro_rules! samples {
    ($($operation:ident)*) => {
        $(
            #[tokio::test]
            async fn $operation() {
                play(stringify!($operation)).await;
            }
        )*

        const OPERATIONS: &[&str] = &[$(stringify!($operation)),*];
    };
}

samples! {
    token logout requisites me modems modem update_modem set_modem vending_machines vending_machine
    create_vending_machine update_vending_machine events reports reset dispense vendista_credit loading load inventory
    loading_tx request request_progress report last_errors timestamp event_codes error_code vm_models timezones summary
    payments_summary machine_summary product_sales payment_sales receipts corrections planograms planogram
    create_planogram delete_planogram products update_product create_product delete_product product_components
    add_product_component update_product_component remove_product_component components create_component locations
    update_location create_location delete_location collections
}

#[test]
fn every_operation_has_samples_and_every_sample_an_operation() {
    let kinds = stend::registry::fakes();
    let (_, kind) = kinds.find("telemetron").expect("the house");
    let operations: Vec<&str> = kind.operations().iter().map(|operation| operation.id).collect();
    assert_eq!(operations, OPERATIONS);
    let mut folders: Vec<String> = fs::read_dir(root().join("fixtures/telemetron/samples"))
        .expect("the samples")
        .map(|entry| entry.expect("a folder").file_name().into_string().expect("a name"))
        .collect();
    folders.sort();
    let mut sorted: Vec<&str> = OPERATIONS.to_vec();
    sorted.sort_unstable();
    assert_eq!(folders, sorted);
}

async fn play(operation: &str) {
    let bench = Bench::start().await;
    let folder = root().join("fixtures/telemetron/samples").join(operation);
    let mut files: Vec<_> = fs::read_dir(folder).expect("samples").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for (i, file) in files.iter().enumerate() {
        let sample: Value = serde_json::from_str(&fs::read_to_string(file).expect("a sample")).expect("JSON");
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
        replay(&bench, &format!("s{i}"), &format!("{operation}/{name}"), &sample).await;
    }
}

async fn replay(bench: &Bench, world: &str, name: &str, sample: &Value) {
    let given = &sample["given"];
    let mut api = Api::world(bench, world, given["clock"].as_str().expect("a clock"), &given["world"]).await;
    for step in given["do"].as_array().into_iter().flatten() {
        api.step(step.as_object().expect("a step")).await;
    }
    let request = &sample["request"];
    let path = request["path"].as_str().expect("a path");
    if !path.starts_with("/auth") {
        let user = given["world"]["users"][0]["email"].as_str().unwrap_or("me@example.com");
        api.log_in(user).await;
    }
    for before in given["requests"].as_array().into_iter().flatten() {
        if before.get("method").is_some() {
            let answer =
                api.send(method(before), before["path"].as_str().expect("a path"), before["body"].clone()).await;
            assert!(answer.status.is_success(), "{name}: {}", answer.text);
        } else {
            api.step(before.as_object().expect("a step")).await;
        }
    }
    let answer = api.send(method(request), path, request["body"].clone()).await;
    let mut body = answer.json();
    assert_eq!(u64::from(answer.status.as_u16()), sample["response"]["status"], "{name}: {body}");
    assert_eq!(answer.headers["content-type"], "application/json", "{name}");
    let printed = &sample["response"]["body"];
    for (place, kind) in sample["masks"].as_object().into_iter().flatten() {
        let value = body.pointer_mut(place).unwrap_or_else(|| panic!("{name}: nothing at {place}"));
        check(name, kind.as_str().expect("a kind"), value, printed.pointer(place).expect("printed"));
    }
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
    assert_eq!(pretty(&body), pretty(printed), "{name}");
}

fn method(request: &Value) -> Method {
    request["method"].as_str().expect("a method").parse().expect("a method")
}

/// Looks at a value that is drawn by chance, and puts the printed one in its place.
fn check(name: &str, kind: &str, value: &mut Value, printed: &Value) {
    let text = value.as_str().unwrap_or_default().to_owned();
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let good = match kind {
        "access_token" => {
            text.len() == 33 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        }
        "refresh_token" => text.len() > 32 && text.starts_with("def50200") && hex(&text),
        "digest" => text.len() == 32 && hex(&text),
        "digits" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
        "evadts" => text.starts_with("DXS*NRI C2    *VA*V1/1*1\r\n") && text.ends_with("E*1*1\r\n"),
        "contains" => {
            let all = value.as_array().expect("a list");
            printed.as_array().expect("a list").iter().all(|one| all.contains(one))
        }
        _ => panic!("{name}: no such check: {kind}"),
    };
    assert!(good, "{name}: {value} is no {kind}");
    *value = printed.clone();
}
