//! Views: what people see of each service, and that what is offered there can be done.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::Bench;

/// A world to look at: its name as `--world` has it.
const WORLDS: [&str; 2] = ["documented", "busy"];

/// A bench with a world `seen` made of this world, on a Friday afternoon.
async fn bench(world: &str) -> Bench {
    let bench = Bench::start().await;
    let clock = json!({ "mode": "frozen", "now": "2026-11-27T15:00:00+03:00" });
    let made = bench.steer(Method::POST, "/worlds", json!({ "id": "seen", "world": world, "clock": clock })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    bench
}

async fn get(bench: &Bench, path: &str) -> Value {
    let answer = bench.steer(Method::GET, path, Value::Null).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn has_cyrillic(text: &str) -> bool {
    text.chars().any(|letter| ('\u{400}'..='\u{4ff}').contains(&letter))
}

/// Whether a title says something in both languages; what is spelt alike in both is a name.
fn check_title(title: &Value, of: &str) {
    let (en, ru) = (text(&title["en"]), text(&title["ru"]));
    assert!(!en.trim().is_empty() && !ru.trim().is_empty(), "{of}: {title}");
    assert!(!has_cyrillic(en), "{of} is not English: {title}");
    assert!(has_cyrillic(ru) || en == ru, "{of} is not Russian: {title}");
}

/// Whether a cell is as its column's type says.
fn fits(kind: &str, cell: &Value) -> bool {
    match kind {
        "text" => cell.is_string(),
        "number" => cell.is_number(),
        "money" | "span" => cell.is_i64(),
        "time" => text(cell).parse::<jiff::Timestamp>().is_ok(),
        "badge" => ["ok", "busy", "warn", "bad", "idle"].contains(&text(&cell["tone"])) && cell["text"].is_string(),
        "meter" => cell["value"].is_number() && cell["max"].as_f64().is_some_and(|max| max >= 0.0),
        "picture" => text(cell).starts_with("/control/v1/"),
        "link" => cell["text"].is_string() && cell["table"].is_string() && cell["key"].is_string(),
        "series" => {
            ["line", "bar"].contains(&text(&cell["chart"])) && list(&cell["points"]).iter().all(Value::is_number)
        }
        _ => false,
    }
}

#[tokio::test]
async fn every_table_is_titled_in_both_languages_and_its_cells_are_of_their_types() {
    for name in WORLDS {
        let bench = bench(name).await;
        let world = get(&bench, "/worlds/seen/view?limit=1000").await;
        let services = list(&world["services"]);
        assert_eq!(services.len(), stend::registry::services().services().len());
        for service in services {
            let tables = list(&service["tables"]);
            let ids: BTreeSet<&str> = tables.iter().map(|table| text(&table["id"])).collect();
            assert!(!tables.is_empty() && ids.len() == tables.len(), "{}: {ids:?}", service["service"]);
            for table in tables {
                let of = format!("{name} {} {}", text(&service["service"]), text(&table["id"]));
                check_title(&table["title"], &of);
                let columns = list(&table["columns"]);
                columns.iter().for_each(|column| check_title(&column["title"], &of));
                let rows = list(&table["rows"]);
                let keys: BTreeSet<&str> = rows.iter().map(|row| text(&row["key"])).collect();
                assert_eq!(keys.len(), rows.len(), "{of}: keys are given twice");
                for row in rows {
                    for (id, cell) in row["cells"].as_object().unwrap() {
                        let column = columns.iter().find(|column| column["id"] == **id);
                        let column = column.unwrap_or_else(|| panic!("{of} has no column {id}"));
                        assert!(fits(text(&column["type"]), cell), "{of}.{id}: {cell}");
                        if let Some(title) = cell.get("title") {
                            check_title(title, &of);
                            assert_eq!(title["en"], cell["text"]);
                        }
                        if let Some(linked) = cell.get("table") {
                            assert!(ids.contains(text(linked)), "{of}.{id} leads to {linked}");
                        }
                    }
                }
                for offer in offers(table) {
                    check_title(&offer["title"], &format!("{of}: {}", offer["name"]));
                }
            }
        }
    }
}

fn offers(table: &Value) -> impl Iterator<Item = &Value> {
    list(&table["actions"]).iter().chain(list(&table["rows"]).iter().flat_map(|row| list(&row["actions"])))
}

/// The key of the first row of a table that `x-pick` names.
fn picked(world: &Value, pick: &str) -> String {
    let (service, table) = pick.split_once('.').unwrap_or_default();
    let service = list(&world["services"]).iter().find(|found| found["service"] == service);
    let service = service.unwrap_or_else(|| panic!("{pick}: no such service"));
    let table = list(&service["tables"]).iter().find(|found| found["id"] == table);
    let table = table.unwrap_or_else(|| panic!("{pick}: no such table"));
    text(&table["rows"][0]["key"]).to_owned()
}

/// A value that a form would send for this schema.
fn sample(world: &Value, schema: &Value) -> Value {
    let kind = |kind: &str| schema["type"] == kind || list(&schema["type"]).iter().any(|one| one == kind);
    if let Some(pick) = schema["x-pick"].as_str() {
        let key = picked(world, pick);
        let one = key.parse::<i64>().ok().filter(|_| !kind("string")).map_or(json!(key), |id| json!(id));
        return if kind("array") { json!([one]) } else { one };
    }
    if let Some(first) = list(&schema["enum"]).first().or_else(|| schema.get("const")) {
        return first.clone();
    }
    if let Some(first) = list(&schema["oneOf"]).first().or_else(|| list(&schema["anyOf"]).first()) {
        return sample(world, first);
    }
    if kind("array") {
        json!([sample(world, &schema["items"])])
    } else if kind("object") {
        let required = list(&schema["required"]).iter().map(|name| text(name).to_owned());
        Value::Object(required.map(|name| (name.clone(), sample(world, &schema["properties"][&name]))).collect())
    } else if kind("integer") || kind("number") {
        json!(1)
    } else {
        json!("1")
    }
}

/// An offer of a view, its arguments as a form would send them.
fn filled(world: &Value, actions: &Value, offer: &Value) -> Map<String, Value> {
    let action = list(actions).iter().find(|action| action["action"] == offer["name"]);
    let schema = &action.unwrap_or_else(|| panic!("there is no {}", offer["name"]))["arguments"];
    let mut args = offer["args"].as_object().unwrap().clone();
    for name in list(&offer["ask"]) {
        let schema = &schema["properties"][text(name)];
        assert!(schema.is_object(), "{} has no argument {name}", offer["name"]);
        args.insert(text(name).to_owned(), sample(world, schema));
    }
    args
}

#[tokio::test]
async fn everything_that_is_offered_can_be_done() {
    for name in WORLDS {
        let bench = bench(name).await;
        let actions = get(&bench, "/actions").await;
        let world = get(&bench, "/worlds/seen/view?limit=8").await;
        let mut done = BTreeSet::new();
        for service in list(&world["services"]) {
            for offer in list(&service["tables"]).iter().flat_map(offers) {
                let args = filled(&world, &actions, offer);
                // In a world of its own, so that it is as it was when it was looked at.
                let fork = bench.steer(Method::POST, "/worlds", json!({"fork_of": "seen"})).await.json();
                let fork = text(&fork["id"]).to_owned();
                let what = json!({ text(&offer["name"]): args });
                let answer = bench.steer(Method::POST, &format!("/worlds/{fork}/actions"), what.clone()).await;
                let honest = answer.status == 409 && !text(&answer.json()["error"]["message"]).is_empty();
                assert!(answer.status == 200 || honest, "{name}: {what}: {}", answer.text);
                if answer.status == 200 {
                    done.insert(text(&offer["name"]).to_owned());
                }
                bench.steer(Method::DELETE, &format!("/worlds/{fork}"), Value::Null).await;
            }
        }
        assert!(done.len() > 8, "{name}: only {done:?} could be done");
    }
}

#[tokio::test]
async fn every_pick_names_a_table_that_is_there() {
    let bench = bench("busy").await;
    let world = get(&bench, "/worlds/seen/view?limit=1").await;
    fn picks(schema: &Value, into: &mut BTreeSet<String>) {
        match schema {
            Value::Object(map) => {
                into.extend(map.get("x-pick").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| picks(value, into));
            }
            Value::Array(items) => items.iter().for_each(|value| picks(value, into)),
            _ => {}
        }
    }
    let mut all = BTreeSet::new();
    picks(&get(&bench, "/actions").await, &mut all);
    assert!(all.len() > 5, "{all:?}");
    for pick in all {
        assert!(!picked(&world, &pick).is_empty(), "{pick} has no row in the busy world");
    }
}

#[tokio::test]
async fn pages_of_every_table_have_each_row_once_and_in_order() {
    let bench = bench("busy").await;
    let whole = get(&bench, "/worlds/seen/view?limit=1000").await;
    for service in list(&whole["services"]) {
        for table in list(&service["tables"]) {
            let keys: Vec<&Value> = list(&table["rows"]).iter().map(|row| &row["key"]).collect();
            let base = format!("/worlds/seen/view/{}?table={}&limit=7", text(&service["service"]), text(&table["id"]));
            let (mut paged, mut path) = (Vec::new(), base.clone());
            while paged.len() < 40 {
                let page = get(&bench, &path).await;
                let [page] = list(&page["tables"]) else { panic!("{path}: {page}") };
                assert_eq!(page["total"], table["total"], "{path}");
                paged.extend(list(&page["rows"]).iter().map(|row| row["key"].clone()));
                let Some(next) = page["next"].as_str() else { break };
                path = format!("{base}&after={next}");
            }
            assert!(keys.iter().take(paged.len()).copied().eq(&paged), "{base}: {paged:?}, not {keys:?}");
            assert!(paged.len() >= keys.len().min(40), "{base}: {} of {}", paged.len(), keys.len());
        }
    }
}

#[tokio::test]
async fn the_version_grows_with_what_happens_and_with_nothing_else() {
    let bench = bench("documented").await;
    let path = "/worlds/seen/view/carbis?table=calls";
    let first = get(&bench, path).await;
    assert_eq!(get(&bench, path).await, first);
    bench.act_in("seen", "carbis.call_waiter", json!({"table": 1000028})).await;
    let second = get(&bench, path).await;
    assert!(second["version"].as_u64() > first["version"].as_u64());
    assert_eq!(second["tables"][0]["rows"][0]["cells"]["table"]["key"], "1000028");
    bench.steer(Method::POST, "/worlds/seen/reset", Value::Null).await;
    let third = get(&bench, path).await;
    assert!(third["version"].as_u64() > second["version"].as_u64());
    assert_eq!(third["tables"][0]["rows"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_and_named() {
    let bench = bench("documented").await;
    for (path, status, says) in [
        ("/worlds/nothing/view", 404, "nothing"),
        ("/worlds/seen/view/carbsi", 404, "did you mean `carbis`?"),
        ("/worlds/seen/view/carbis?table=tabels", 404, "did you mean `tables`?"),
        ("/worlds/seen/view/carbis?limit=0", 422, "from 1 to 1000"),
        ("/worlds/seen/view/carbis?limit=1001", 422, "from 1 to 1000"),
        ("/worlds/seen/view/carbis?after=1", 422, "`after` without `table`"),
        ("/worlds/seen/view/carbis?table=tables&after=x", 422, "`x` is no place in this table"),
        ("/worlds/seen/view/carbis?page=2", 422, "unknown query parameter `page`"),
        ("/worlds/seen/view?table=tables", 422, "unknown query parameter `table`"),
        ("/worlds/seen/view/queue/pictures/99999999", 404, "no picture `99999999`"),
        ("/worlds/seen/view/carbis/pictures/1", 404, "no picture `1`"),
    ] {
        let answer = bench.steer(Method::GET, path, Value::Null).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.text.contains(says), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_ticket_has_its_picture() {
    let bench = bench("documented").await;
    let service = get(&bench, "/worlds/seen/view/queue?table=services").await;
    let id: i64 = text(&service["tables"][0]["rows"][0]["key"]).parse().unwrap();
    bench.act_in("seen", "queue.take_ticket", json!({"services": [id]})).await;
    let tickets = get(&bench, "/worlds/seen/view/queue?table=tickets").await;
    let path = text(&tickets["tables"][0]["rows"][0]["cells"]["picture"]).trim_start_matches("/control/v1").to_owned();
    let picture = bench.client.get(format!("{}{path}", bench.control())).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert!(picture.bytes().await.unwrap().starts_with(b"\x89PNG"));
}
