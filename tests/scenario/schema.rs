//! The JSON Schemas that editors use.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stend_core::Node;

use crate::support::root;

fn document(path: &str) -> Value {
    Node::parse(&std::fs::read_to_string(root().join(path)).unwrap()).unwrap().to_json()
}

fn yaml_files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<String> =
        entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap())).collect();
    files.retain(|name| name.ends_with(".yaml"));
    files.sort();
    files
}

#[test]
fn shipped_files_fit_their_schemas() {
    let registry = stend::registry::services();
    let scenario = jsonschema::validator_for(&stend_scenario::scenario_schema(&registry)).unwrap();
    let world = jsonschema::validator_for(&stend_scenario::world_schema(&registry)).unwrap();
    for (folder, schema) in [("scenarios", &scenario), ("scenarios/recipes", &scenario), ("fixtures/worlds", &world)] {
        let files = yaml_files(folder);
        assert!(!files.is_empty());
        for file in files {
            let wrong: Vec<String> = schema
                .iter_errors(&document(&file))
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(wrong.is_empty(), "{file}: {wrong:#?}");
        }
    }
}

#[test]
fn shipped_files_name_the_schemas_that_make_writes() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    for (folder, schema) in [
        ("scenarios", "scenario.schema.json"),
        ("scenarios/recipes", "../scenario.schema.json"),
        ("fixtures/worlds", "world.schema.json"),
    ] {
        for file in yaml_files(folder) {
            let text = std::fs::read_to_string(root().join(&file)).unwrap();
            assert_eq!(text.lines().next(), Some(&*format!("# yaml-language-server: $schema={schema}")), "{file}");
        }
        let written = format!("{folder}/{schema}").replace("recipes/../", "");
        assert!(makefile.contains(&format!(">{written}\n")), "{written}");
    }
}

#[test]
fn slips_do_not_fit() {
    let registry = stend::registry::services();
    let scenario = jsonschema::validator_for(&stend_scenario::scenario_schema(&registry)).unwrap();
    let step = |step: Value| json!({"stend": 1, "timeline": [step]});
    assert!(scenario.is_valid(&step(json!({"do": {"carbis.call_waiter": {"table": "${table}"}}}))));
    for wrong in [
        json!({"titel": "x"}),
        step(json!({"dо": {}})),
        step(json!({"do": {"carbis.call_waiter": {"tabel": 1}}})),
        step(json!({"do": {"carbis.call_waiter": {"table": "six"}}})),
        step(json!({"do": {"carbis.cal_waiter": {"table": 1}}})),
        step(json!({"call": {"carbis": {"gett": "/"}}})),
        json!({"stend": 1, "expect": [{"jornal": {}}]}),
    ] {
        assert!(!scenario.is_valid(&wrong), "{wrong}");
    }
    let world = jsonschema::validator_for(&stend_scenario::world_schema(&registry)).unwrap();
    assert!(!world.is_valid(&json!({"stend": 1, "carbis": {"tabels": []}})));
    assert!(!world.is_valid(&json!({"carbis": {}})));
}

/// What `check` says of a broken file: the code of its first mistake.
fn refused(file: &str) -> &'static str {
    let (registry, library) = (stend::registry::services(), stend::library());
    let path = root().join(file);
    let source = stend_core::Source::open(&path).unwrap();
    let wrong = match file.contains("/broken-worlds/") {
        true => library.check(source, path.parent(), &registry).map(|_| ()),
        false => stend_scenario::load(source, path.parent(), &library, &registry).map(|_| ()),
    };
    wrong.expect_err(file)[0].problem.code
}

/// The broken files of a folder that a schema takes, and how many there are.
fn taken(folder: &str, schema: &Value) -> (Vec<String>, usize) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let mut documents = 0;
    let mut fits = Vec::new();
    for file in yaml_files(folder) {
        let Ok(node) = stend_core::Source::open(&root().join(&file)).unwrap().parse() else { continue };
        documents += 1;
        if validator.is_valid(&node.to_json()) {
            fits.push(file.rsplit('/').next().unwrap().trim_end_matches(".yaml").to_owned());
        }
    }
    (fits, documents)
}

#[test]
fn an_editor_refuses_the_scenarios_that_check_refuses() {
    let registry = stend::registry::services();
    let (fits, documents) = taken("tests/scenario/broken", &stend_scenario::scenario_schema(&registry));
    assert!(documents > 120, "{documents}");
    for file in yaml_files("tests/scenario/broken") {
        refused(&file);
    }
    assert_eq!(fits, beyond(), "what only the program can know");
}

/// Scenarios that fit the schema and are yet refused, by what a schema cannot know; the judge of editors reads them, too.
fn beyond() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("tests/scenario/beyond.json")).unwrap();
    let reasons: BTreeMap<String, Vec<String>> = serde_json::from_str(&text).unwrap();
    let mut files: Vec<String> = reasons.into_values().flatten().collect();
    files.sort_unstable();
    files
}

/// World files: what is unknown, missing or of a wrong type is refused; what refers to other parts of the world, or is a
/// matter of values, only the program can know.
#[test]
fn an_editor_refuses_the_worlds_whose_structure_check_refuses() {
    let registry = stend::registry::services();
    let (fits, documents) = taken("tests/scenario/broken-worlds", &stend_scenario::world_schema(&registry));
    let structure = ["unknown_key", "missing_key", "wrong_type", "unknown_action", "unknown_fake", "unknown_operation"];
    let wrong: Vec<String> = fits
        .iter()
        .map(|name| (name, refused(&format!("tests/scenario/broken-worlds/{name}.yaml"))))
        .filter(|(name, code)| structure.contains(code) && !BILLS.contains(&name.as_str()))
        .map(|(name, code)| format!("{name}: {code}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(BILLS.iter().all(|name| fits.iter().any(|fits| fits == name)), "{fits:?}");
    assert!(documents - fits.len() >= 15, "{} of {documents}", fits.len());
}

#[test]
fn what_is_odd_fits() {
    let scenario = stend_scenario::scenario_schema(&stend::registry::services());
    let scenario = jsonschema::validator_for(&scenario).unwrap();
    for file in yaml_files("tests/scenario/odd") {
        let wrong: Vec<String> = scenario.iter_errors(&document(&file)).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{file}: {wrong:?}");
    }
}

/// What may stand in a file is what the reader takes: other names of keys, placeholders, values in quotes.
#[test]
fn an_editor_takes_what_check_takes() {
    let registry = stend::registry::services();
    let schema = jsonschema::validator_for(&stend_scenario::scenario_schema(&registry)).unwrap();
    for good in [
        "timeline: [{ fault: { match: { service: carbis, channel: http }, reset: true } }]",
        "timeline: [{ fault: { match: { fake: 'c*', operation: 'ev*', method: get }, delay: { uniform: [1s, 2s] } } }]",
        "expect: [{ journal: { service: queue, way: frame, operation: info, count: { ge: 0, le: 2 } } }]",
        "expect: [{ never: { status: 5xx, warned: true } }, { journal: { status: '200', count: '1' } }]",
        "expect: [{ state: { $.seed: { gt: '1', lt: 5 }, '$.carbis': { equals: { a: 1 } } } }]",
        "timeline: [{ call: { carbis: { get: '/api/v4/events?hash=none' } }, expect: { status: { not: 500 } } }]",
        "timeline: [{ at: 90, every: 1m 30s, times: 2, do: { carbis.call_waiter: { table: '${t}' } } }]",
        "timeline: [{ at: PT5M, wait_for: { push: { service: queue, command: serviceList }, within: 2d } }]",
        "timeline: [{ call: { queue: { command: noSuchCommand } }, expect: { json: { $.data: { exists: true } } } }]",
        "timeline: [{ on: { request: { fake: carbis, nth: 2 } }, fault: { respond: { status: 429, headers: { Retry-After: '1' } } } }]",
        "world: { base: documented, clock: { start: '2026-11-21T12:00:00+03:00', mode: frozen }, history: [{ ago: 1h, do: { carbis.call_waiter: { table: 1000028 } } }] }",
    ] {
        let text = format!("stend: 1\n{good}\n");
        let (library, source) = (stend::library(), stend_core::Source::new("good.yaml", &*text));
        let wrong = stend_scenario::load(source, None, &library, &registry).err().unwrap_or_default();
        // That nothing is captured under a name is another matter.
        let wrong: Vec<_> = wrong.iter().filter(|wrong| wrong.problem.code != "not_captured").collect();
        assert!(wrong.is_empty(), "{good}: {}", wrong[0].render(false));
        let node = Node::parse(&text).unwrap().to_json();
        let wrong: Vec<String> = schema.iter_errors(&node).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(wrong.is_empty(), "{good}: {wrong:#?}");
    }
}

/// A bill is whatever `get-guest` shows, which the schema does not repeat.
const BILLS: [&str; 9] = [
    "tillypad-bill-line-of-two",
    "tillypad-bill-line-without-a-price",
    "tillypad-bill-of-an-unknown-key",
    "tillypad-bill-of-many",
    "tillypad-bill-opened-at-noon",
    "tillypad-bill-that-may-start",
    "tillypad-bill-with-a-note-of-no-sum",
    "tillypad-bill-with-an-unknown-key-in-a-line",
    "tillypad-bill-without-id",
];
