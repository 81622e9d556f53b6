//! Golden pairs: every mistake we know, and the text it must produce.

use std::collections::BTreeSet;
use std::path::Path;

use stend_core::{Diagnostic, Source};

use crate::support::root;

/// The files of a folder beside this file, by name.
fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join("tests/scenario").join(folder)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

fn source(folder: &Path, name: &str) -> Source {
    Source::new(name, std::fs::read_to_string(folder.join(name)).unwrap())
}

fn shown(diagnostics: &[Diagnostic], render: impl Fn(&Diagnostic) -> String) -> String {
    // Files are named as they were given; their folder is nobody's business.
    let place = format!("{}/tests/scenario/", root().display());
    diagnostics.iter().map(render).collect::<Vec<_>>().join("\n\n").replace(&place, "")
}

/// What `stend check` prints of a scenario with a mistake.
fn broken(name: &str) -> String {
    let folder = root().join("tests/scenario/broken");
    let (registry, library) = (stend::registry::services(), stend::library());
    match stend_scenario::load(source(&folder, name), Some(&folder), &library, &registry) {
        Ok(_) => panic!("{name} is not wrong"),
        Err(diagnostics) => shown(&diagnostics, |diagnostic| diagnostic.render(false)),
    }
}

/// What `stend check` prints of a scenario that is odd.
fn odd(name: &str) -> String {
    let folder = root().join("tests/scenario/odd");
    let (registry, library) = (stend::registry::services(), stend::library());
    match stend_scenario::load(source(&folder, name), Some(&folder), &library, &registry) {
        Ok(scenario) => shown(&scenario.warnings, |diagnostic| diagnostic.render_warning(false)),
        Err(diagnostics) => panic!("{name} is wrong: {}", diagnostics[0]),
    }
}

/// What `stend check` prints of a world with a mistake.
fn broken_world(name: &str) -> String {
    let folder = root().join("tests/scenario/broken-worlds");
    let (registry, library) = (stend::registry::services(), stend::library());
    match library.check(Source::open(&folder.join(name)).unwrap(), Some(&folder), &registry) {
        Ok(_) => panic!("{name} is not wrong"),
        Err(diagnostics) => shown(&diagnostics, |diagnostic| diagnostic.render(false)),
    }
}

#[test]
fn every_mistake_has_its_text() {
    type Render = fn(&str) -> String;
    let kinds: [(&str, &str, &str, Render); 3] = [
        ("broken", "", "error: ", broken),
        ("odd", "odd-", "warning: ", odd),
        ("broken-worlds", "worlds-", "error: ", broken_world),
    ];
    for (folder, prefix, word, render) in kinds {
        for name in names(folder) {
            let text = render(&name);
            assert!(text.starts_with(word) && text.contains(&name), "{name}: {text}");
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(format!("{prefix}{}", name.trim_end_matches(".yaml")), text);
            });
        }
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = "stend: 1\ntimeline:\n  - do: { carbis.x: {} }\n  - {}\nexpect:\n  - {never: {fake: x}}\n";
    let (registry, library) = (stend::registry::services(), stend::library());
    let wrong = stend_scenario::load(Source::new("three.yaml", text), None, &library, &registry).unwrap_err();
    let places: Vec<String> = wrong.iter().map(|diagnostic| diagnostic.source.place(&diagnostic.problem)).collect();
    assert_eq!(places, ["three.yaml:3:11", "three.yaml:4:5", "three.yaml:6:20"]);
}

/// The files that read scenarios and worlds: what they say of a mistake, they say in a literal.
const READERS: [&str; 25] = [
    "servers/core/src/clock.rs",
    "servers/core/src/duration.rs",
    "servers/core/src/fault/delay.rs",
    "servers/core/src/fault/mod.rs",
    "servers/core/src/fault/sendable.rs",
    "servers/core/src/library.rs",
    "servers/core/src/near.rs",
    "servers/core/src/node.rs",
    "servers/core/src/node_de.rs",
    "servers/core/src/world_file.rs",
    "servers/scenario/src/call.rs",
    "servers/scenario/src/entries.rs",
    "servers/scenario/src/expect.rs",
    "servers/scenario/src/file/check.rs",
    "servers/scenario/src/file/commands.rs",
    "servers/scenario/src/file/files.rs",
    "servers/scenario/src/file/mod.rs",
    "servers/scenario/src/file/names.rs",
    "servers/scenario/src/file/reach.rs",
    "servers/scenario/src/file/targets.rs",
    "servers/scenario/src/matcher/domain.rs",
    "servers/scenario/src/matcher/mod.rs",
    "servers/scenario/src/matcher/path.rs",
    "servers/scenario/src/state_path.rs",
    "servers/scenario/src/subst.rs",
];

/// Texts in those files that are no diagnostics of a file, by why.
const OTHERS: [(&str, &[&str]); 6] = [
    (
        "what a failed expectation or call says while a scenario is played",
        &[
            "{} is not served here",
            "error sending request",
            "no reply: the connection was closed or refused",
            "the reply broke off",
            "{word}: the journal has dropped {dropped} entries, so this cannot be trusted; raise `journal` in the world",
            "never: {count} entries match; the first is {}",
            "; the last is {}",
            "{word}: {count} of {entries} entries match: {why}",
            "; {dropped} older entries were dropped",
            "expected {}, found nothing",
            "expected something with a length, found {}",
            "its length: {why}",
            "a match of /{pattern}/",
            "`{url}` is no URL",
            "`{url}` is not at its service, {base}",
            "one of [{}]",
            "any value",
            "at least",
            "less than",
            "a length of {}",
            "something that contains {}",
            "anything but {}",
            "`${{{name}}}` was not captured: the step that captures it failed",
        ],
    ),
    (
        "of scenarios that came over the network",
        &[
            "a scenario that came over the network names no files",
            "write the body here, or let `stend play --attach` send it with its files",
            "the file `{name}` did not come along",
        ],
    ),
    (
        "of files that are too large to be kept here",
        &[
            "YAML of {} MiB in lines of up to {} MiB",
            "write it as JSON, or as `--save` writes it: at most 64 MiB of other YAML are read, in lines of 4 MiB",
        ],
    ),
    ("of the command line", &["`{text}` is no speed: `max`, or a factor from 0.001 to 100000 such as 1 or 60"]),
    (
        "titles, schemas and types",
        &[
            "{name} (built in)",
            "the world",
            "a fault from now on",
            "a push of {} on {} {}",
            "BTreeMap<String, serde_json::Value>",
            "A span of virtual time: `30s`, `1m30s`, `250ms`, or a number of seconds.",
            "A span of the world's time, or a distribution of them.",
        ],
    ),
    (
        "what no document can bring about, or what the parser says before",
        &[
            "missing key `wait_for`",
            "a value without a key",
            "not known yet",
            "a part of a document that is read elsewhere",
            "a boolean",
            "a sequence",
            "a whole number from 0 to 65535",
            "{number} is no number that JSON can say",
            "{number} is too large a number",
        ],
    ),
];

/// The files of each service that make a world of a section, and of what they read it with.
const SEEDS: [(&str, &[&str]); 4] = [
    ("carbis", &["world.rs", "actions/generate.rs", "state/menu.rs"]),
    (
        "queue",
        &[
            "world.rs",
            "actions/generate.rs",
            "state/fields.rs",
            "state/keyed.rs",
            "state/rows/people.rs",
            "state/rows/services.rs",
        ],
    ),
    ("telemetron", &["world.rs", "state/checks.rs", "actions/generate.rs", "state/number.rs", "state/zones.rs"]),
    (
        "tillypad",
        &["world.rs", "world/bills.rs", "world/check.rs", "state/books.rs", "state/guid.rs", "state/hours.rs"],
    ),
];

/// Texts in those files that no section brings about, by why.
const NOT_OF_SEEDS: [(&str, &[&str]); 4] = [
    (
        "what the queue says of a command's parameters",
        &[
            "Parameter '{name}': expected {wanted}, found {value}",
            "0 or 1",
            "a string",
            "a list of whole numbers",
            "stages as whole numbers",
            "an object of stages with lists of operations",
            "a moment like 2015-06-17T00:00:00.000Z",
            "an object",
            "{services: [{id}], children: [...]}",
            "an object with whole numbers for keys",
        ],
    ),
    ("of the schema", &["A GUID, in any case, in braces or not.", "A time of a day, `22:30`; `24:00` is its end."]),
    ("what is taken off a client's text", &["Could not read document: "]),
    ("of a file with more than 200,000 tickets", &["{} tickets; {MOST_CONSUMERS} at the most"]),
];

/// The string literals of a Rust file outside its comments, attributes and tests.
fn literals(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let lines =
        text.lines().filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with("#["));
    let text = lines.collect::<Vec<_>>().join("\n").replace("'\"'", "''").replace("\\\"", "\u{1}");
    text.split('"').skip(1).step_by(2).map(|literal| literal.replace('\u{1}', "\"")).collect()
}

/// The longest part of a literal that stands in every text made of it.
fn fixed_part(literal: &str) -> String {
    let literal = literal.replace("{{", "\u{2}").replace("}}", "\u{3}");
    let mut parts: Vec<&str> = literal
        .split('{')
        .enumerate()
        .map(|(i, part)| match (i, part.split_once('}')) {
            (0, _) | (_, None) => part,
            (_, Some((_, rest))) => rest,
        })
        .collect();
    parts.sort_by_key(|part| part.chars().count());
    parts.last().map(|part| part.replace('\u{2}', "{").replace('\u{3}', "}")).unwrap_or_default()
}

#[test]
fn every_diagnostic_has_a_pair() {
    let folder = root().join("tests/scenario/snapshots");
    let texts: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let others: BTreeSet<&str> = OTHERS.iter().flat_map(|(_, texts)| texts.iter().copied()).collect();
    let mut without = Vec::new();
    let mut needless: BTreeSet<&str> = others.clone();
    for file in READERS {
        for literal in literals(&std::fs::read_to_string(root().join(file)).unwrap()) {
            let part = fixed_part(&literal);
            if !part.trim().contains(' ')
                || part.chars().count() < 8
                || needless.remove(literal.as_str())
                || others.contains(literal.as_str())
            {
                continue;
            }
            if !texts.contains(part.trim()) {
                without.push(format!("{file}: {literal}"));
            }
        }
    }
    assert!(without.is_empty(), "no file in broken, odd or broken-worlds shows these:\n{}", without.join("\n"));
    assert!(needless.is_empty(), "no reader says this any more: {needless:?}");
}

/// What is said of something that is not there, by the words for it that a file gives to those who say so.
fn said_of_what_is_missing(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap();
    let mut said = Vec::new();
    for line in text.lines() {
        for (call, which, before) in [
            ("missing(\"", 0, "there is no "),
            ("refer(&", 0, "there is no "),
            ("refer_to(", 0, "there is no "),
            ("Problem::unknown(", 1, "unknown "),
        ] {
            let Some((_, arguments)) = line.split_once(call.trim_end_matches('"')) else { continue };
            said.extend(arguments.split('"').skip(1).step_by(2).nth(which).map(|what| format!("{before}{what} ")));
        }
    }
    said
}

#[test]
fn every_diagnostic_of_a_section_has_a_pair() {
    let folder = root().join("tests/scenario");
    let read =
        |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let others: BTreeSet<&str> = NOT_OF_SEEDS.iter().flat_map(|(_, texts)| texts.iter().copied()).collect();
    let mut needless = others.clone();
    let mut without = Vec::new();
    for (house, files) in SEEDS {
        let of_the_house = |name: &String| {
            read(&folder.join("broken-worlds").join(name)).lines().any(|line| line == format!("{house}:"))
        };
        let snapshot = |name: String| {
            let name = name.trim_end_matches(".yaml").to_owned();
            read(&folder.join("snapshots").join(format!("worlds-{name}.snap")))
        };
        let shown: String = names("broken-worlds").into_iter().filter(of_the_house).map(snapshot).collect();
        for file in files {
            let file = format!("servers/{house}/src/{file}");
            let text = read(&root().join(&file));
            // Names of dishes and streets are no diagnostics.
            let sentences = literals(&text).into_iter().filter(|literal| literal.is_ascii() && literal.contains(' '));
            for sentence in sentences.chain(said_of_what_is_missing(&text)) {
                let part = fixed_part(&sentence);
                needless.remove(sentence.as_str());
                if part.trim().is_empty() || others.contains(sentence.as_str()) {
                    continue;
                }
                if !shown.contains(part.trim()) {
                    without.push(format!("{file}: {sentence}"));
                }
            }
        }
    }
    assert!(without.is_empty(), "no file in broken-worlds shows these:\n{}", without.join("\n"));
    assert!(needless.is_empty(), "no seed says this any more: {needless:?}");
}
