//! Operation tables, specifications, samples and READMEs say the same.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::contract::{self, Contract};
use crate::support::root;

/// The services that have a specification, with it.
fn all() -> Vec<(&'static dyn stend_core::AnyService, &'static Contract)> {
    let services = stend::registry::services();
    services.services().iter().filter_map(|kind| Some((*kind, contract::of(kind.name())?))).collect()
}

#[test]
fn every_fake_has_a_specification() {
    for kind in stend::registry::services().services() {
        assert!(contract::of(kind.name()).is_some(), "{} has none", kind.name());
    }
}

#[test]
fn operations_are_those_of_the_specification() {
    for (kind, contract) in all() {
        let is_frames = contract.spec.get("asyncapi").is_some();
        let routes: Vec<String> = kind
            .operations()
            .iter()
            .map(|operation| match (operation.method, operation.path) {
                (Some(method), Some(path)) => format!("{} {method} {path}", operation.id),
                _ => operation.command.expect("a command").to_owned(),
            })
            .collect();
        let specified: Vec<String> = if is_frames {
            let operations = contract.spec["operations"].as_object().expect("operations");
            let receives = operations.iter().filter(|(_, operation)| operation["action"] == "receive");
            receives.map(|(id, _)| id.clone()).collect()
        } else {
            let row = |(path, method, id): (&str, &str, &str)| format!("{id} {} {path}", method.to_uppercase());
            contract.operations().map(row).collect()
        };
        let (ours, theirs): (BTreeSet<_>, BTreeSet<_>) = (routes.iter().collect(), specified.iter().collect());
        assert_eq!(ours, theirs, "{}: routes and specification", kind.name());
        assert_eq!(routes.len(), specified.len(), "{}: nothing twice", kind.name());
    }
}

#[test]
fn samples_belong_to_operations() {
    for kind in stend::registry::services().services() {
        let known: BTreeSet<&str> = kind.operations().iter().map(|operation| operation.id).collect();
        let folder = root().join("fixtures").join(kind.name()).join("samples");
        let Ok(found) = fs::read_dir(&folder) else { continue };
        for entry in found {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(known.contains(name.as_str()), "{} is no operation of {}", name, kind.name());
            let built_in = stend::SAMPLES.iter().filter(|one| one.api == kind.name() && one.operation == name).count();
            let files = fs::read_dir(folder.join(&name)).unwrap().count();
            assert_eq!(built_in, files, "{}/{name}: every sample is an example of the specification", kind.name());
        }
    }
}

/// The section "Operations" of a README has one row for each method and path, with its evidence.
#[test]
fn readmes_list_the_operations() {
    for kind in stend::registry::services().services() {
        let readme = fs::read_to_string(root().join("servers").join(kind.name()).join("README.md")).unwrap();
        let section = readme.split("\n## ").find(|section| section.starts_with("Operations")).expect("the operations");
        for operation in kind.operations() {
            let (Some(method), Some(path)) = (operation.method, operation.path) else { continue };
            let is_its = |line: &&str| {
                line.starts_with('|')
                    && line.contains(&format!("`{method}"))
                    && ["`", "?"].iter().any(|end| line.contains(&format!(" {path}{end}")))
            };
            let rows: Vec<&str> = section.lines().filter(is_its).collect();
            let [row] = rows[..] else { panic!("{}: rows of {method} {path}: {rows:#?}", kind.name()) };
            let evidence = serde_json::to_value(operation.kind).unwrap();
            assert!(row.contains(evidence.as_str().unwrap()), "{}: {row} is {evidence}", kind.name());
        }
    }
}

/// The queue's README names every command, those of the books by book and verb.
#[test]
fn the_queues_readme_names_the_commands() {
    let readme = fs::read_to_string(root().join("servers/queue/README.md")).unwrap();
    let services = stend::registry::services();
    let (_, kind) = services.find("queue").expect("the house");
    let verbs = ["get", "set", "new", "removeAll", "remove", "subscribe", "unsubscribe"];
    for command in kind.operations().iter().filter_map(|operation| operation.command) {
        let book = match command.strip_suffix("List") {
            Some(book) => Some(book.to_owned()),
            None => verbs.iter().find_map(|verb| {
                let title = command.strip_prefix(verb)?;
                let mut letters = title.chars();
                let lower = letters.next()?.to_lowercase().chain(letters).collect::<String>();
                Some(lower.strip_suffix('s').map_or(lower.clone(), str::to_owned))
            }),
        };
        let named = |name: &str| readme.contains(&format!("`{name}"));
        assert!(named(command) || book.is_some_and(|book| named(&book)), "no {command} in the README");
    }
}

/// Calls `see` with every reference in a value.
fn references<'v>(value: &'v Value, see: &mut impl FnMut(&'v str)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(reference) if key == "$ref" => see(reference),
                    // Examples are data: a key of theirs is no reference.
                    _ if key == "examples" || key == "example" => {}
                    _ => references(value, see),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, see)),
        _ => {}
    }
}

#[test]
fn components_are_all_used_and_all_there() {
    for (kind, contract) in all() {
        let mut used = BTreeSet::new();
        references(contract.spec, &mut |reference| {
            let place = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out of the document"));
            assert!(contract.spec.pointer(place).is_some(), "{}: nothing at {reference}", kind.name());
            used.insert(place.to_owned());
        });
        for (room, components) in contract.spec["components"].as_object().into_iter().flatten() {
            // Security schemes are named, not referred to.
            if room == "securitySchemes" {
                continue;
            }
            for name in components.as_object().into_iter().flatten().map(|(name, _)| name) {
                let place = format!("/components/{room}/{name}");
                assert!(used.contains(&place), "{}: nothing uses {place}", kind.name());
            }
        }
    }
}

/// Objects of replies say all their keys, or an unknown one would pass.
#[proves("queue G2")]
#[test]
fn schemas_of_replies_are_closed() {
    fn open(value: &Value, place: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                let is_schema = map.get("type").is_some_and(|kind| kind == "object") && map.contains_key("properties");
                if is_schema && !map.contains_key("additionalProperties") && !map.contains_key("unevaluatedProperties")
                {
                    found.push(place.to_owned());
                }
                for (key, value) in map.iter().filter(|(key, _)| *key != "examples" && *key != "requestBody") {
                    open(value, &format!("{place}/{key}"), found);
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    open(item, &format!("{place}/{i}"), found);
                }
            }
            _ => {}
        }
    }
    for (kind, contract) in all() {
        let mut found = Vec::new();
        open(contract.spec, "", &mut found);
        // Requests are read leniently (G1): what is unknown is warned about.
        found.retain(|place| !place.starts_with("/components/schemas/Wish") && !place.contains("/requestBodies/"));
        assert!(found.is_empty(), "{}: {found:#?}", kind.name());
    }
}

/// Every example fits the schema beside it, so every sample fits the specification.
#[test]
fn examples_fit_their_schemas() {
    fn walk(contract: &Contract, value: &Value, place: &str, wrong: &mut Vec<String>) -> usize {
        let mut seen = 0;
        if let Some(map) = value.as_object() {
            let examples: Vec<(String, &Value, String)> = match map.get("examples") {
                Some(Value::Object(examples)) => examples
                    .iter()
                    .map(|(name, one)| (name.clone(), &one["value"], format!("{place}/schema")))
                    .collect(),
                Some(Value::Array(examples)) if map.contains_key("payload") => examples
                    .iter()
                    .map(|one| (one["name"].to_string(), &one["payload"], format!("{place}/payload")))
                    .collect(),
                _ => Vec::new(),
            };
            for (name, value, schema) in examples {
                seen += 1;
                for (pointer, expected, found) in contract.differences(&schema, value) {
                    wrong.push(format!("{name} at {pointer}: expected {expected}, found {found}"));
                }
            }
            for (key, value) in map.iter().filter(|(key, _)| *key != "examples") {
                seen += walk(contract, value, &format!("{place}/{}", key.replace('~', "~0").replace('/', "~1")), wrong);
            }
        }
        if let Some(items) = value.as_array() {
            for (i, item) in items.iter().enumerate() {
                seen += walk(contract, item, &format!("{place}/{i}"), wrong);
            }
        }
        seen
    }
    for (kind, contract) in all() {
        let mut wrong = Vec::new();
        let seen = walk(contract, contract.spec, "", &mut wrong);
        assert!(seen > 0, "{} has no example", kind.name());
        assert!(wrong.is_empty(), "{}: {wrong:#?}", kind.name());
    }
}
