//! Expectations over what a world has seen and what it is: the journal, what never happened, the state.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::{Node, Problem, Registry, World};

use crate::entries::Entries;
use crate::matcher::{Matcher, find, path, short};
use crate::subst::fill;

/// One expectation, by its kind.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Words {
    /// So many journal entries of this kind.
    Journal(Entries),
    /// No journal entry of this kind.
    Never(Entries),
    /// JSONPaths into the saved world, with what is expected there.
    State(#[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")] stend_core::Raw),
}

/// An expectation of a scenario's end, or of `verify`.
#[derive(Debug, Clone)]
pub struct Expectation {
    words: Words,
    node: Node,
}

/// Why an expectation did not hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Miss {
    /// The sentence.
    pub message: String,
    /// The journal entry that came nearest, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Value>,
}

impl Miss {
    pub(crate) fn of(problem: Problem) -> Self {
        Self { message: problem.to_string(), nearest: None }
    }
}

/// The schema of one expectation.
pub(crate) fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<Words>()
}

impl Expectation {
    /// Reads `{journal: …}`, `{never: …}` or `{state: …}`.
    ///
    /// # Errors
    /// Unknown keys, fakes, operations; paths and matchers that are none.
    pub fn read(node: &Node, registry: &Registry) -> Result<Self, Problem> {
        let words: Words = node.read().map_err(|problem| node.locate(problem))?;
        let expectation = Self { words, node: node.clone() };
        expectation.check(registry).map_err(|problem| node.locate(problem))?;
        Ok(expectation)
    }

    /// The part of the document that it was read from.
    pub fn node(&self) -> &Node {
        &self.node
    }

    fn check(&self, registry: &Registry) -> Result<(), Problem> {
        match &self.words {
            Words::Journal(entries) | Words::Never(entries) if entries.nth.is_some() => {
                let problem = Problem::invalid("`nth` is for what happens; an expectation counts").hint("use `count`");
                let word = if matches!(self.words, Words::Journal(_)) { "journal" } else { "never" };
                Err(problem.at([word.into(), "nth".into()]))
            }
            Words::Journal(entries) => entries.check(registry).map_err(|problem| problem.under("journal")),
            Words::Never(entries) => {
                if entries.count.is_some() {
                    return Err(Problem::invalid("`never` counts nothing")
                        .hint("use `journal` with a `count`")
                        .at(["never".into(), "count".into()]));
                }
                entries.check(registry).map_err(|problem| problem.under("never"))
            }
            Words::State(paths) => read_paths(&paths.0.to_json()).map(|_| ()).map_err(|problem| problem.under("state")),
        }
    }

    /// Whether it holds in the world as it stands.
    ///
    /// # Errors
    /// Why not, with what came nearest.
    pub fn verify(&self, world: &World, captured: &std::collections::BTreeMap<String, Value>) -> Result<(), Miss> {
        match &self.words {
            Words::Journal(entries) => entries.count(world, captured, "journal"),
            Words::Never(entries) => entries.count(world, captured, "never"),
            Words::State(paths) => {
                let paths =
                    fill(&paths.0.to_json(), captured).and_then(|paths| read_paths(&paths)).map_err(Miss::of)?;
                let state = world.save().to_json();
                check_paths(&paths, &state)
                    .map_err(|message| Miss { message: format!("state: {message}"), nearest: None })
            }
        }
    }

    /// What it says, on one line.
    pub fn title(&self) -> String {
        short(&self.node.to_json())
    }
}

/// Paths with what is expected at each.
pub(crate) type Paths = Vec<(String, serde_json_path::JsonPath, Matcher)>;

/// Reads `{$.path: matcher}`; each path may stand once.
pub(crate) fn read_paths(value: &Value) -> Result<Paths, Problem> {
    let Value::Object(map) = value else {
        return Err(Problem::new("wrong_type", format!("expected a map of JSONPaths, found {}", short(value)))
            .hint("e.g. {$.data.id: 5}"));
    };
    let one = |(text, expected): (&String, &Value)| {
        let at_key = |mut problem: Problem| {
            problem.at_key = true;
            problem.under(text.as_str())
        };
        let path = path(text).map_err(at_key)?;
        let matcher = Matcher::read(expected).map_err(|problem| problem.under(text.as_str()))?;
        Ok((text.clone(), path, matcher))
    };
    map.iter().map(one).collect()
}

/// Whether each path finds what is expected; else a sentence about the first that does not.
pub(crate) fn check_paths(paths: &Paths, value: &Value) -> Result<(), String> {
    paths.iter().try_for_each(|(text, path, matcher)| {
        let found = find(path, text, value);
        matcher.check(found.as_ref()).map_err(|why| format!("{text}: {why}"))
    })
}

/// Whether a status is the expected one: a number, a class such as `5xx`, or a matcher.
pub(crate) fn check_status(expected: &Value, status: u16) -> Result<(), String> {
    if let Some(class) = expected.as_str().filter(|text| text.len() == 3 && text.ends_with("xx")) {
        let holds = class.starts_with(&(status / 100).to_string());
        return if holds { Ok(()) } else { Err(format!("expected {class}, found {status}")) };
    }
    Matcher::read(expected).map_err(|problem| problem.to_string())?.check(Some(&Value::from(status)))
}
