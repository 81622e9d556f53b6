//! Every setting that decides how a document is read: against a system that has it otherwise, `stend compare` names it, its
//! value and its claims. What traffic tells the values apart is in `interpretations.yaml`; so is why none does.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use stend_core::interpretations::{Interpretation, of};
use stend_core::{AnyService, Node};

use crate::support::{Serving, curl, described, root, stend};

const NOON: &str = "2026-11-21T12:00:00+03:00";

fn sent(url: &str, body: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body.json");
    std::fs::write(&file, body.to_string()).unwrap();
    let answer = curl(&["-X", "POST", url, "-d", &format!("@{}", file.display())]);
    serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// A step as a scenario has it: requests carry the credentials of the documented world.
fn step(service: &str, row: &Value) -> Value {
    let mut call = row.as_object().unwrap().clone();
    if call.contains_key("do") {
        return row.clone();
    }
    let is_nobody = call.shift_remove("as").is_some();
    let capture = call.shift_remove("capture");
    let mut header = |name: &str, value: &str| {
        let headers = call.entry("headers").or_insert_with(|| json!({}));
        headers[name] = value.into();
    };
    match service {
        _ if is_nobody => {}
        "carbis" => header("token", "demo-token"),
        "telemetron" => header("authorization", "Bearer ${access}"),
        "queue" => {
            if call["command"] != "login" {
                call.insert("token".into(), "${token}".into());
            }
            call.entry("data").or_insert_with(|| json!({}));
        }
        _ => {}
    }
    let mut step = json!({ "call": { service: call }, "expect": { "status": { "ge": 100 } } });
    if let Some(capture) = capture {
        step["capture"] = capture;
    }
    step
}

/// What a world with this setting answers, as HAR.
fn recorded(bench: &Serving, world: &str, service: &str, steps: &[Value], start: &Value, folder: &Path) -> String {
    let url = format!("{}/control/v1/worlds", bench.url("control"));
    sent(&url, &json!({ "id": world }));
    let timeline: Vec<Value> = steps.iter().map(|row| step(service, row)).collect();
    let scenario =
        json!({ "stend": 1, "title": world, "world": start, "clock": { "start": NOON }, "timeline": timeline });
    let answer = sent(&format!("{url}/{world}/scenario?speed=max"), &scenario);
    assert_eq!(answer["state"], "playing", "{world}: {answer:#}");
    let begun = Instant::now();
    let progress = loop {
        let progress: Value = serde_json::from_str(&curl(&[&format!("{url}/{world}/scenario")])).unwrap();
        if progress["state"] != "playing" {
            break progress;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{world}: {progress:#}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(progress["state"], "passed", "{world}: {progress:#}");
    let path = folder.join(format!("{world}.har")).display().to_string();
    let args = ["record", bench.url("control"), "--world", world, "--format", "har", "-o", &path];
    let (code, _, err) = described(&stend(&args));
    assert_eq!(code, 0, "{world}: {err}");
    path
}

fn put(section: &mut Value, dotted: &str, value: &Value) {
    let place = dotted.split('.').fold(section, |place, key| &mut place[key]);
    *place = value.clone();
}

/// The values of a setting that are tried: those beside the default, or those that the row names.
fn values(one: &Interpretation, row: &Value) -> Vec<Value> {
    match row["values"].as_array() {
        Some(values) => values.clone(),
        None => one.options.iter().skip(1).map(|option| option.value.clone().into()).collect(),
    }
}

fn is_named(service: &str) {
    let text = std::fs::read_to_string(root().join("servers/app/tests/cli/interpretations.yaml")).unwrap();
    let table = Node::parse(&text).unwrap().to_json()[service].take();
    let registry = stend::registry::services();
    let kind: &dyn AnyService = registry.get(service).unwrap().1;
    let rows: Map<String, Value> = table["settings"].as_object().unwrap().clone();
    let all = of(kind);
    let known: Vec<&str> = all.iter().map(|one| one.setting.as_str()).collect();
    assert_eq!(rows.keys().map(String::as_str).collect::<Vec<_>>(), known, "each setting has its row, in their order");
    let bench = Serving::start(&["--clock", NOON]);
    let state = curl(&[&format!("{}/control/v1/worlds/default/state", bench.url("control"))]);
    let mut documented: Value = serde_json::from_str(&state).unwrap();
    documented.as_object_mut().unwrap().shift_remove("clock");
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for one in &all {
        let row = &rows[&one.setting];
        if row.get("untold").is_some() {
            assert!(row["untold"].as_str().is_some_and(|why| why.len() > 10), "{}", one.setting);
            continue;
        }
        let values = values(one, row);
        assert!(!values.is_empty(), "{}: no value to try", one.setting);
        for (n, value) in values.iter().enumerate() {
            let mut start = documented.clone();
            for part in [&table["world"], &row["world"]] {
                start[service].as_object_mut().unwrap().extend(part.as_object().cloned().unwrap_or_default());
            }
            put(&mut start[service], &one.setting, value);
            let rows = |rows: &Value| rows.as_array().cloned().unwrap_or_default();
            let before = row.get("before").unwrap_or(&table["before"]);
            let steps = [rows(before), rows(&row["steps"])].concat();
            let world = format!("{}-{n}", one.setting.rsplit('.').next().unwrap().replace('_', "-"));
            let har = recorded(&bench, &world, service, &steps, &start, folder.path());
            let (code, out, err) = described(&stend(&["compare", service, "--har", &har, "--format", "json"]));
            assert_eq!(code, 1, "{world}: {err}{out}");
            let report: Value = serde_json::from_str(&out).unwrap();
            let refuted = report["settings"].as_array().unwrap().iter().filter(|row| row["verdict"] == "refuted");
            let found: Vec<(&Value, &Value)> = refuted.map(|row| (&row["setting"], &row["instead"])).collect();
            if found != [(&json!(one.setting), value)] {
                wrong.push(format!("{}: {value} is found as {found:?}", one.setting));
                continue;
            }
            // A difference names the setting, and the claims that stand against it.
            let named = format!("{}: {}", one.setting, value.as_str().unwrap_or_default());
            let differences = report["differences"].as_array().unwrap();
            let by_it: Vec<&Value> = differences.iter().filter(|row| row["setting"] == named.as_str()).collect();
            assert!(!by_it.is_empty(), "{world}: {report:#}");
            for claim in &one.claims {
                assert!(
                    by_it.iter().all(|row| row["claims"].as_array().unwrap().contains(&json!(claim))),
                    "{by_it:#?}"
                );
                let seen = report["claims"].as_array().unwrap().iter().find(|row| row["id"] == claim.as_str());
                assert_eq!(seen.map(|row| &row["setting"]), Some(&json!(named)), "{world}: {claim}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn settings_of_carbis_are_named() {
    is_named("carbis");
}

#[test]
fn settings_of_tillypad_are_named() {
    is_named("tillypad");
}

#[test]
fn settings_of_the_queue_are_named() {
    is_named("queue");
}

#[test]
fn settings_of_telemetron_are_named() {
    is_named("telemetron");
}
