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
    let registry = stend::registry::fakes();
    let scenario = jsonschema::validator_for(&stend_scenario::scenario_schema(&registry)).unwrap();
    let world = jsonschema::validator_for(&stend_scenario::world_schema(&registry)).unwrap();
    for (folder, schema) in [("scenarios", &scenario), ("fixtures/worlds", &world)] {
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
    let registry = stend::registry::fakes();
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
