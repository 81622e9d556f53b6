//! Expectations over what a world has seen and what it is: the journal, what never happened, the state.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::fault::glob;
use stend_core::journal::{Entry, body};
use stend_core::{Node, Problem, Registry, World};

use crate::matcher::{Matcher, find, path, short};
use crate::subst::{Captured, fill};

/// Which journal entries are meant; what is left out matches all.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entries {
    /// The fake.
    pub fake: Option<String>,
    /// The operation's id.
    pub operation: Option<String>,
    /// The status: 200, or a class such as 5xx.
    #[schemars(with = "Option<serde_json::Value>")]
    pub status: Option<stend_core::Raw>,
    /// The HTTP method.
    pub method: Option<String>,
    /// The path without query; `*` stands for any run of characters.
    pub path: Option<String>,
    /// Only entries with a remark, or without.
    pub remarked: Option<bool>,
    /// JSONPaths into what the client sent, with what is expected there.
    #[schemars(with = "Option<std::collections::BTreeMap<String, serde_json::Value>>")]
    pub request: Option<stend_core::Raw>,
    /// JSONPaths into what the client got, with what is expected there.
    #[schemars(with = "Option<std::collections::BTreeMap<String, serde_json::Value>>")]
    pub reply: Option<stend_core::Raw>,
    /// How many there are to be: a number or a matcher; left out, at least one.
    #[schemars(with = "Option<serde_json::Value>")]
    pub count: Option<stend_core::Raw>,
}

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
                let paths = fill(&paths.0.to_json(), captured).and_then(|paths| read_paths(&paths)).map_err(plain)?;
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

fn plain(problem: Problem) -> Miss {
    Miss { message: problem.to_string(), nearest: None }
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

impl Entries {
    fn check(&self, registry: &Registry) -> Result<(), Problem> {
        if let Some(fake) = &self.fake {
            let (_, kind) = registry.get(fake).map_err(|problem| problem.under("fake"))?;
            if let Some(operation) = &self.operation {
                let known: Vec<&str> = kind.operations().iter().map(|operation| operation.id).collect();
                if !known.contains(&operation.as_str()) && !operation.contains('*') {
                    return Err(Problem::unknown(
                        "unknown_operation",
                        &format!("operation of {fake}"),
                        operation,
                        known.iter().copied(),
                    )
                    .under("operation"));
                }
            }
        }
        for (key, paths) in [("request", &self.request), ("reply", &self.reply)] {
            if let Some(paths) = paths {
                read_paths(&paths.0.to_json()).map_err(|problem| problem.under(key))?;
            }
        }
        for (key, matcher) in [("status", &self.status), ("count", &self.count)] {
            if let Some(matcher) = matcher {
                Matcher::read(&matcher.0.to_json()).map_err(|problem| problem.under(key))?;
            }
        }
        Ok(())
    }

    fn count(&self, world: &World, captured: &Captured, word: &str) -> Result<(), Miss> {
        let read = |paths: &Option<stend_core::Raw>| match paths {
            Some(paths) => fill(&paths.0.to_json(), captured).and_then(|paths| read_paths(&paths)).map_err(plain),
            None => Ok(Vec::new()),
        };
        let (request, reply) = (read(&self.request)?, read(&self.reply)?);
        let status = self.status.as_ref().map(|status| status.0.to_json());
        let failing = |entry: &Entry| -> Vec<String> {
            let mut failing = Vec::new();
            let mut text = |key: &str, wanted: &Option<String>, given: &str, any_case: bool| {
                if let Some(wanted) = wanted
                    && !(glob(wanted, given) || any_case && wanted.eq_ignore_ascii_case(given))
                {
                    failing.push(format!("{key}: expected {wanted}, found {given}"));
                }
            };
            text("fake", &self.fake, entry.fake, false);
            text("operation", &self.operation, entry.operation.unwrap_or("none"), false);
            text("method", &self.method, entry.method(), true);
            text("path", &self.path, entry.path(), false);
            if let Some(Err(why)) = status.as_ref().map(|status| check_status(status, entry.status)) {
                failing.push(format!("status: {why}"));
            }
            if self.remarked.is_some_and(|wanted| wanted == entry.remarks.is_empty()) {
                failing.push(format!("remarks: {:?}", entry.remarks));
            }
            for (key, paths, bytes) in [("request", &request, &entry.request), ("reply", &reply, &entry.reply)] {
                if !paths.is_empty()
                    && let Err(why) = check_paths(paths, &body(bytes))
                {
                    failing.push(format!("{key} {why}"));
                }
            }
            failing
        };
        let mut count = 0_u64;
        let mut first: Option<Entry> = None;
        let mut nearest: Option<(usize, Vec<String>, Entry)> = None;
        let entries = world.journal.read(0, |_| true);
        for entry in &entries {
            let failing = failing(entry);
            if failing.is_empty() {
                count += 1;
                first.get_or_insert_with(|| entry.clone());
            } else if nearest.as_ref().is_none_or(|(fewest, ..)| failing.len() < *fewest) {
                nearest = Some((failing.len(), failing, entry.clone()));
            }
        }
        let wanted = match (&self.count, word) {
            (_, "never") => Matcher::Equals(Value::from(0)),
            (Some(count), _) => {
                fill(&count.0.to_json(), captured).and_then(|count| Matcher::read(&count)).map_err(plain)?
            }
            (None, _) => Matcher::Compare("ge", 1.0),
        };
        let dropped = world.journal.fill().dropped;
        let Err(why) = wanted.check(Some(&Value::from(count))) else {
            if dropped > 0 && !matches!(wanted, Matcher::Compare("ge" | "gt", _)) {
                let message = format!(
                    "{word}: the journal has dropped {dropped} entries, so this count cannot be trusted; raise `journal` in the world"
                );
                return Err(Miss { message, nearest: None });
            }
            return Ok(());
        };
        let mut message = format!("{word}: {} of {} entries match: {why}", count, entries.len());
        if dropped > 0 {
            message.push_str(&format!("; {dropped} older entries were dropped"));
        }
        let shown = match (word, first, nearest) {
            ("never", Some(first), _) => {
                message.push_str(&format!("; the first is {} {} at {}", first.method(), first.path(), first.at));
                Some(first)
            }
            (_, None, Some((_, failing, entry))) => {
                message.push_str(&format!(
                    "; nearest is {} {} at {}: {}",
                    entry.method(),
                    entry.path(),
                    entry.at,
                    failing.join("; ")
                ));
                Some(entry)
            }
            _ => None,
        };
        Err(Miss { message, nearest: shown.map(|entry| entry.to_json()) })
    }
}
