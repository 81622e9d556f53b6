//! The JSON Schemas that editors use.

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

/// Files whose mistake is none of structure: the schema cannot know of it.
#[test]
fn mistakes_of_structure_do_not_fit() {
    let registry = stend::registry::services();
    let scenario = jsonschema::validator_for(&stend_scenario::scenario_schema(&registry)).unwrap();
    let world = jsonschema::validator_for(&stend_scenario::world_schema(&registry)).unwrap();
    let library = stend::library();
    let mut seen = 0;
    let mut fits = Vec::new();
    for (folder, schema) in [("tests/scenario/broken", &scenario), ("tests/scenario/broken-worlds", &world)] {
        for file in yaml_files(folder) {
            let path = root().join(&file);
            let source = stend_core::Source::open(&path).unwrap();
            let Ok(node) = source.parse() else { continue };
            let problems = match folder.ends_with("worlds") {
                true => library
                    .open(&path, &registry)
                    .and_then(|world| world.check(&registry).map_err(|wrong| *wrong))
                    .map_err(|wrong| vec![wrong]),
                false => stend_scenario::load(source, path.parent(), &library, &registry).map(|_| ()),
            };
            let code = problems.expect_err("it is broken")[0].problem.code;
            let structure = ["unknown_key", "missing_key", "wrong_type", "unknown_action", "unknown_fake"];
            if structure.contains(&code) && !BEYOND.iter().any(|(name, _)| file.ends_with(&format!("/{name}.yaml"))) {
                seen += 1;
                if schema.is_valid(&node.to_json()) {
                    fits.push(format!("{file} is refused with {code}"));
                }
            }
        }
    }
    assert!(seen >= 25, "{seen}");
    assert!(fits.is_empty(), "these fit the schema:\n{}", fits.join("\n"));
    // What is odd has no mistake of structure.
    for file in yaml_files("tests/scenario/odd") {
        let wrong: Vec<String> = scenario.iter_errors(&document(&file)).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{file}: {wrong:?}");
    }
}

/// Broken files of such a kind that yet fit the schema, and why.
const BEYOND: [(&str, &str); 17] = [
    ("before-nothing", "one of two keys has to be there, and the schema says so of neither"),
    ("matcher-of-wrong-type", "where a matcher may stand, any value may"),
    ("body-contains-a-list", "where a matcher may stand, any value may"),
    ("exists-of-a-word", "where a matcher may stand, any value may"),
    ("matcher-with-a-value-of-the-wrong-kind", "where a matcher may stand, any value may"),
    ("fault-of-no-matching-service", "a pattern may be of any service"),
    ("unknown-matcher", "where a matcher may stand, any value may"),
    ("tillypad-bill-of-an-unknown-key", "a bill is whatever `get-guest` shows, which the schema does not repeat"),
    ("tillypad-bill-without-id", "the same"),
    ("tillypad-bill-line-of-two", "the same"),
    ("tillypad-bill-line-without-a-price", "the same"),
    ("tillypad-bill-of-many", "the same"),
    ("tillypad-bill-opened-at-noon", "the same"),
    ("tillypad-bill-that-may-start", "the same"),
    ("tillypad-bill-with-a-note-of-no-sum", "the same"),
    ("tillypad-bill-with-an-unknown-key-in-a-line", "the same"),
    ("number-too-large", "a number beyond 64 bits is whole to the schema"),
];
