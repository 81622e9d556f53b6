//! The tables in the README of scenarios of faults and expectations: every example can be meant, and every key stands there.

use serde_json::Value;
use stend_core::Source;

use crate::support::root;

/// The rows between two markers of that README: what is in the first column, and the examples in the last.
fn rows(marker: &str) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(root().join("servers/scenario/README.md")).unwrap();
    let part = text.split(&format!("<!-- {marker} -->")).nth(1).expect("the marker");
    let part = part.split(&format!("<!-- /{marker} -->")).next().unwrap();
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = part.lines().filter(|line| line.starts_with("| `")).map(cells).map(|cells| {
        let examples =
            cells.last().unwrap().split('`').filter(|text| text.starts_with('{')).map(str::to_owned).collect();
        (cells[0].clone(), examples)
    });
    rows.collect()
}

/// The words in backticks of the rows' first column.
fn words(rows: &[(String, Vec<String>)]) -> Vec<&str> {
    let mut words: Vec<&str> = rows.iter().flat_map(|(keys, _)| keys.split('`').skip(1).step_by(2)).collect();
    words.sort_unstable();
    words
}

/// That a scenario with this text can be meant.
fn is_meant(text: &str) {
    let (registry, library) = (stend::registry::services(), stend::library());
    if let Err(wrong) = stend_scenario::load(Source::new("readme.yaml", text), None, &library, &registry) {
        panic!("{}", wrong.iter().map(|wrong| wrong.render(false)).collect::<String>());
    }
}

/// The keys of a definition in the scenarios' schema.
fn keys(definition: &str) -> Vec<String> {
    let schema = stend_scenario::scenario_schema(&stend::registry::services());
    let definition = &schema["$defs"][definition];
    let properties = definition["properties"].as_object().unwrap_or_else(|| panic!("{definition}"));
    // The reader takes other names, too, which are not taught.
    let aliases = ["service", "channel", "warned"];
    let mut keys: Vec<String> = properties.keys().filter(|key| !aliases.contains(&key.as_str())).cloned().collect();
    keys.sort_unstable();
    keys
}

#[test]
fn every_fault_of_the_readme_can_be_meant() {
    let rows = rows("faults");
    for (keys, examples) in &rows {
        assert!(!examples.is_empty(), "{keys} has no example");
        for example in examples {
            is_meant(&format!("stend: 1\ntimeline:\n  - fault: {example}\n"));
            let says = keys.split('`').skip(1).step_by(2).any(|key| example.contains(&format!("{key}:")));
            assert!(says, "{example} is no example of {keys}");
        }
    }
    let mut known: Vec<String> = keys("Match");
    let others = ["id", "match", "times", "off", "matched", "applied"];
    known.extend(keys("Fault").into_iter().filter(|key| !others.contains(&key.as_str())));
    known.sort_unstable();
    assert_eq!(words(&rows), known, "the table and the schema");
}

#[test]
fn every_expectation_of_the_readme_can_be_meant() {
    let rows = rows("expectations");
    for (keys, examples) in &rows {
        assert!(!examples.is_empty(), "{keys} has no example");
        for example in examples {
            is_meant(&format!("stend: 1\nexpect:\n  - {example}\n"));
        }
    }
    assert_eq!(words(&rows), keys("Expectation"), "the table and the schema");
    for (definition, row) in [("Journal", "`journal`"), ("Pushes", "`push`")] {
        let text = std::fs::read_to_string(root().join("servers/scenario/README.md")).unwrap();
        let line = text.lines().find(|line| line.starts_with(&format!("| {row} | so many"))).unwrap();
        for key in keys(definition) {
            assert!(line.contains(&format!("`{key}`")), "{key} is not in {line}");
        }
    }
}

#[test]
fn editors_refuse_what_check_refuses() {
    let schema = stend_scenario::scenario_schema(&stend::registry::services());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let fits = |yaml: &str| {
        let document: Value = stend_core::Node::parse(yaml).unwrap().to_json();
        validator.is_valid(&document)
    };
    assert!(fits("{stend: 1, timeline: [{on: {push: {fake: queue, client: x}}, fault: {reorder: 2}}]}"));
    assert!(fits(
        "{stend: 1, timeline: [{wait_for: {frame: {operation: info}}}], expect: [{order: [{push: {}}, {frame: {}}]}]}"
    ));
    for wrong in [
        "{stend: 1, timeline: [{on: {pushes: {}}, fault: {drop: true}}]}",
        "{stend: 1, timeline: [{fault: {match: {way: pushed}, drop: true}}]}",
        "{stend: 1, timeline: [{fault: {reorder: soon}}]}",
        "{stend: 1, expect: [{push: {operation: x}}]}",
        "{stend: 1, expect: [{order: {push: {}}}]}",
        "{stend: 1, expect: [{before: {then: {push: {}}}}]}",
    ] {
        assert!(!fits(wrong), "{wrong}");
    }
}
