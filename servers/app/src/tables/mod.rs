//! Chapters of the manual that are tables: made from the registry, so that they are never behind it.

mod actions;
mod errors;

use std::fmt::Write as _;
use std::sync::LazyLock;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use stend_core::Evidence;

pub use actions::{Described, actions};

/// The text of a chapter, made when it is first asked for.
macro_rules! made {
    ($(#[$about:meta])* $name:ident, $make:expr) => {
        $(#[$about])*
        pub fn $name() -> &'static str {
            static TEXT: LazyLock<String> = LazyLock::new($make);
            TEXT.as_str()
        }
    };
}

made!(
    /// Actions, each with its arguments and an example.
    actions_chapter,
    actions::chapter
);
made!(
    /// Operations, each with its request and how sure we are of it.
    operations_chapter,
    operations
);
made!(
    /// Settings of worlds, each with its default.
    settings_chapter,
    settings
);
made!(
    /// Matchers, each with an example.
    matchers_chapter,
    matchers
);
made!(
    /// The codes of our own errors.
    errors_chapter,
    errors::chapter
);

/// A cell of a table: a bar would end it.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

fn operations() -> String {
    let mut text = String::from(
        "# Operations\n\nWhat the services answer. The names stand in the journal, in faults and in expectations. An observed operation is relied on by public clients; an assumed \
         one is our guess. `stend spec SERVICE` prints the whole specification.\n",
    );
    for kind in crate::registry::services().services() {
        let _ = write!(text, "\n## {}\n\n| operation | request | how sure |\n|---|---|---|\n", kind.name());
        for operation in kind.operations() {
            let request = match (operation.command, operation.method, operation.path) {
                (Some(command), ..) => format!("command `{command}`"),
                (None, Some(method), Some(path)) => format!("`{method} {path}`"),
                _ => "a push".to_owned(),
            };
            let sure = match operation.kind {
                Evidence::Documented => "documented",
                Evidence::Observed => "observed",
                Evidence::Assumed => "assumed",
            };
            let _ = writeln!(text, "| `{}` | {} | {sure} |", operation.id, cell(&request));
        }
    }
    text
}

fn settings() -> String {
    let mut text = String::from(
        "# Settings\n\nIn a world file under `SERVICE.settings`. Where the document is silent or contradicts itself, a setting takes the words that are listed; the first column \
         of a service's README says what each stands for.\n",
    );
    for kind in crate::registry::services().services() {
        let mut inline = SchemaSettings::draft2020_12();
        inline.inline_subschemas = true;
        let schema = kind.section_schema(&mut SchemaGenerator::new(inline)).to_value();
        let settings = schema["properties"]["settings"]["properties"].as_object();
        let _ = write!(text, "\n## {}\n\n| setting | takes | default | what it is |\n|---|---|---|---|\n", kind.name());
        for (name, of) in settings.into_iter().flatten() {
            let default = match &of["default"] {
                Value::Null => String::new(),
                default => format!("`{default}`"),
            };
            let about = of["description"].as_str().unwrap_or_default();
            let _ =
                writeln!(text, "| `{name}` | {} | {} | {} |", cell(&actions::kind(of)), cell(&default), cell(about));
        }
    }
    text
}

fn matchers() -> String {
    let mut text = String::from(
        "# Matchers\n\nIn expectations, in the place of a value. Several in one map hold together: `{ ge: 400, lt: 500 }`. A status also takes a class such as `4xx`.\n\n\
         | matcher | what it expects | example |\n|---|---|---|\n",
    );
    for [word, about, example] in stend_scenario::MATCHERS {
        let _ = writeln!(text, "| `{word}` | {about} | `{example}` |");
    }
    text
}

#[cfg(test)]
mod tests {
    use stend_core::{ClockSetting, Node, Timestamp, World, WorldFile, Worlds};

    use super::*;

    /// A documented world at noon.
    fn worlds() -> Worlds {
        let registry = crate::registry::services();
        let file = crate::library().by_name(stend_core::library::DOCUMENTED, &registry).unwrap();
        let noon = Timestamp::from_second(1_795_251_600).unwrap();
        Worlds::new(registry, WorldFile { clock: Some(ClockSetting::frozen_at(noon)), ..file }).unwrap()
    }

    fn act(world: &World, action: &Value) -> Result<(), String> {
        let node = Node::from_json(action);
        let [entry] = node.entries() else { panic!("{action}") };
        world.act(&entry.key, &entry.value).map(|_| ()).map_err(|problem| problem.to_string())
    }

    #[test]
    fn the_example_of_every_action_is_done() {
        let all = actions(None).unwrap();
        assert!(all.len() >= 48, "{}", all.len());
        for action in all {
            let worlds = worlds();
            let world = worlds.default_world();
            for one in &action.before {
                act(world, one).unwrap_or_else(|why| panic!("{}: {one}: {why}", action.name));
            }
            let done = act(world, &action.example);
            if action.name == "tillypad.close_bill" {
                // The documented world has no pay type, so that no bill of it is paid.
                assert!(done.unwrap_err().contains("is not paid in full"));
                continue;
            }
            done.unwrap_or_else(|why| panic!("{}: {}: {why}", action.name, action.example));
        }
    }

    #[test]
    fn the_tables_have_what_the_registry_has() {
        let settings = settings_chapter();
        for kind in crate::registry::services().services() {
            for operation in kind.operations() {
                assert!(operations_chapter().contains(&format!("| `{}` |", operation.id)), "{}", operation.id);
            }
            assert!(settings.contains(&format!("\n## {}\n", kind.name())));
            for action in kind.actions() {
                assert!(actions_chapter().contains(&format!("\n### `{}`\n", action.name)), "{}", action.name);
            }
        }
        assert!(
            settings.contains("| `report_every` |") && settings.contains("| `repeated_bill` | refused"),
            "{settings}"
        );
    }

    #[test]
    fn the_example_of_every_matcher_can_be_meant() {
        let registry = crate::registry::services();
        for [word, _, example] in stend_scenario::MATCHERS {
            let node = Node::parse(&format!("{{ state: {{ $.seed: {example} }} }}")).unwrap();
            stend_scenario::Expectation::read(&node, &registry).unwrap_or_else(|why| panic!("{word}: {why}"));
            assert!(example.contains(word), "{example}");
        }
    }
}
