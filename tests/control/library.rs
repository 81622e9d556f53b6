//! What the control port gives people to look up: scenarios, the manual, claims; and the checker for their editors.

use reqwest::Method;
use serde_json::{Value, json};

use super::worlds::error;
use crate::support::Bench;

async fn get(bench: &Bench, path: &str) -> Value {
    let answer = bench.steer(Method::GET, path, Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

async fn check(bench: &Bench, text: &str) -> Value {
    let request = bench.client.post(format!("{}/check", bench.control())).body(text.to_owned());
    let answer = bench.send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn every_shipped_scenario_is_listed_with_its_title_and_is_good_without_its_folder() {
    let bench = Bench::start().await;
    let list = get(&bench, "/scenarios").await;
    let list = list.as_array().expect("a list");
    assert_eq!(list.len(), stend::scenarios().len());
    for row in list {
        let name = row["name"].as_str().expect("a name");
        assert!(!row["about"].as_str().unwrap_or_default().is_empty(), "{name} says nothing of itself");
        let text = bench.steer(Method::GET, &format!("/scenarios/{name}"), Value::Null).await.text;
        let checked = check(&bench, &text).await;
        assert_eq!(checked["problems"], json!([]), "{name}");
        assert_eq!(checked["title"], row["title"], "{name}");
    }
    let (status, code, message) = error(&bench.steer(Method::GET, "/scenarios/lunch-rash", Value::Null).await);
    assert_eq!((status, code.as_str()), (404, "not_found"));
    assert!(message.contains("lunch-rush"), "{message}");
}

#[tokio::test]
async fn all_mistakes_of_a_scenario_are_told_with_their_places_and_nothing_is_played() {
    let bench = Bench::start().await;
    let wrong = "stend: 1\ntimeline:\n  - do: { carbis.call_waiter: { tabel: 1 } }\n  - do: { no.such: {} }\n";
    let checked = check(&bench, wrong).await;
    let problems = checked["problems"].as_array().expect("a list");
    let places: Vec<_> = problems.iter().map(|problem| (problem["line"].clone(), problem["column"].clone())).collect();
    assert!(places.contains(&(json!(3), json!(33))) && places.iter().any(|(line, _)| *line == 4), "{checked:#}");
    assert!(problems.iter().any(|problem| problem["hint"].as_str().is_some_and(|hint| hint.contains("table"))));
    assert_eq!(check(&bench, "a: [").await["problems"][0]["code"], "malformed", "no YAML at all");
    assert_eq!(bench.steer(Method::GET, "/worlds/default/scenario", Value::Null).await.status, 404);
}

#[tokio::test]
async fn the_manual_is_there_in_both_languages() {
    let bench = Bench::start().await;
    let topics = get(&bench, "/manual").await;
    let chapters = stend::manual::chapters();
    assert_eq!(topics.as_array().map(Vec::len), Some(chapters.len()));
    for chapter in &chapters {
        for (lang, text) in ["en", "ru"].into_iter().zip(chapter.text.both()) {
            let path = format!("/manual/{}?lang={lang}", chapter.topic);
            let answer = bench.steer(Method::GET, &path, Value::Null).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, text), "{path}");
        }
    }
    let (status, _, message) = error(&bench.steer(Method::GET, "/manual/scenario", Value::Null).await);
    assert!(status == 404 && message.contains("scenarios"), "{message}");
    assert_eq!(error(&bench.steer(Method::GET, "/manual/start?lang=fr", Value::Null).await).0, 422);
}

#[tokio::test]
async fn the_claims_about_a_service_say_how_sure_we_are() {
    let bench = Bench::start().await;
    let claims = get(&bench, "/claims/carbis").await;
    let claims = claims.as_array().expect("a list");
    let feed = claims.iter().find(|claim| claim["id"] == "CB-003").expect("the claim about the feed's URL");
    assert_eq!(
        (&feed["operations"], &feed["kind"], &feed["status"]),
        (&json!(["events"]), &json!("documented"), &json!("proved"))
    );
    assert_eq!(error(&bench.steer(Method::GET, "/claims/carbs", Value::Null).await).0, 404);
}

#[tokio::test]
async fn what_falls_due_is_told_by_the_rows_that_show_its_time() {
    let bench = Bench::start().await;
    assert_eq!(get(&bench, "/worlds/default/clock?due=true").await["due"], json!([]));
    bench.act("carbis.call_waiter", json!({ "table": 1_000_028 })).await;
    let clock = get(&bench, "/worlds/default/clock?due=true").await;
    let due = &clock["due"][0];
    assert_eq!((&due["at"], &due["fake"]), (&clock["next_due"], &json!("carbis")), "{clock:#}");
    assert_eq!(due["rows"][0]["what"]["en"], "Kept until", "{clock:#}");
    assert!(get(&bench, "/worlds/default/clock").await["due"].is_null(), "only where it is asked for");
}

#[tokio::test]
async fn a_world_tells_what_differs_from_its_beginning() {
    let bench = Bench::start().await;
    let none = json!({ "changes": [], "count": 0, "too_large": [] });
    assert_eq!(get(&bench, "/worlds/default/changes").await, none);
    bench.act("carbis.call_waiter", json!({ "table": 1_000_028 })).await;
    let told = get(&bench, "/worlds/default/changes").await;
    let changes = told["changes"].as_array().expect("a list");
    assert!(!changes.is_empty() && changes.iter().all(|change| change["path"][0] == "carbis"), "{told:#}");
    assert_eq!(told["count"], changes.len());
    bench.steer(Method::POST, "/worlds/default/reset", Value::Null).await;
    assert_eq!(get(&bench, "/worlds/default/changes").await, none);
    // A world whose past is laid by its clock and seed has the same beginning when it is looked at later.
    let busy = json!({ "id": "town", "world": "busy", "clock": "2026-11-26T14:00:00+03:00" });
    assert_eq!(bench.steer(Method::POST, "/worlds", busy).await.status, 201);
    assert_eq!(get(&bench, "/worlds/town/changes").await, none);
}
