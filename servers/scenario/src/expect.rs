//! Expectations over what a world has seen and what it is: the journal, pushes, their order, the state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::journal::Fill;
use stend_core::{Node, Problem, Raw, Registry, Span, Timestamp, World};

use crate::entries::{Entries, Happening, Pushes, Wanted};
use crate::filter::{Unmet, named};
use crate::matcher::{Domain, Matcher, find, path, short};
use crate::order::{Before, check_order, in_order};
use crate::state_path;
use crate::subst::{Captured, fill};

/// One expectation, by its kind.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Words {
    /// So many journal entries of this kind.
    Journal(Entries),
    /// So many pushes of this kind were sent.
    Push(Pushes),
    /// No journal entry of this kind.
    Never(Entries),
    /// These happened in this order, whatever else happened between them.
    Order(Vec<Happening>),
    /// One thing happened before another, or before a moment.
    Before(Box<Before>),
    /// JSONPaths into the saved world, with what is expected there.
    State(#[schemars(with = "BTreeMap<String, serde_json::Value>")] Raw),
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
    /// What keeps that entry from being meant: what was expected and what was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Unmet>,
}

impl Miss {
    pub(crate) fn say(message: String) -> Self {
        Self { message, nearest: None, unmet: Vec::new() }
    }

    pub(crate) fn of(problem: Problem) -> Self {
        Self::say(problem.to_string())
    }

    /// The entries do not matter if older ones were dropped.
    pub(crate) fn untrusted(word: &str, dropped: u64) -> Self {
        Self::say(format!(
            "{word}: the journal has dropped {dropped} entries, so this cannot be trusted; raise `journal` in the world"
        ))
    }
}

/// The schema of one expectation.
pub fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<Words>()
}

/// The schema of one expectation that may be waited for, with `within`.
pub fn awaited_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    let within = generator.subschema_for::<Span>();
    let mut schema = <Words as schemars::JsonSchema>::json_schema(generator);
    let variants = schema.get_mut("oneOf").and_then(Value::as_array_mut);
    for variant in variants.into_iter().flatten() {
        variant["properties"]["within"] = within.clone().to_value();
    }
    schema
}

impl Expectation {
    /// Reads an expectation: `journal`, `push`, `never`, `order`, `before` or `state`, with what it says.
    ///
    /// # Errors
    /// Unknown keys, services, operations; paths and matchers that are none; moments that count from a scenario's start.
    pub fn read(node: &Node, registry: &Registry) -> Result<Self, Problem> {
        let expectation = Self::read_in_scenario(node, registry)?;
        if let Words::Before(before) = &expectation.words {
            before.check_absolute().map_err(|problem| node.locate(problem.under("before")))?;
        }
        Ok(expectation)
    }

    /// The same where moments may count from the scenario's start.
    ///
    /// # Errors
    /// As [`Expectation::read`].
    pub(crate) fn read_in_scenario(node: &Node, registry: &Registry) -> Result<Self, Problem> {
        let words: Words = node.read().map_err(|problem| node.locate(problem))?;
        words.check(registry).map_err(|problem| node.locate(problem))?;
        Ok(Self { words, node: node.clone() })
    }

    /// The part of the document that it was read from.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Whether it holds in the world as it stands.
    ///
    /// # Errors
    /// Why not, with what came nearest.
    pub fn verify(&self, world: &World, captured: &BTreeMap<String, Value>) -> Result<(), Miss> {
        self.verify_since(world, captured, None)
    }

    /// The same for a scenario that began then.
    ///
    /// # Errors
    /// As [`Expectation::verify`].
    pub(crate) fn verify_since(
        &self,
        world: &World,
        captured: &Captured,
        start: Option<Timestamp>,
    ) -> Result<(), Miss> {
        match &self.words {
            Words::Journal(entries) => count(&Wanted::of("journal", entries.clone(), &[]), world, captured),
            Words::Push(pushes) => count(&pushes.wanted(), world, captured),
            Words::Never(entries) => never(&Wanted::of("never", entries.clone(), &[]), world, captured),
            Words::Order(happenings) => in_order(happenings, world, captured),
            Words::Before(before) => before.verify(world, captured, start),
            Words::State(paths) => {
                let paths =
                    fill(&paths.0.to_json(), captured).and_then(|paths| read_paths(&paths)).map_err(Miss::of)?;
                let state = world.save().to_json();
                check_paths(&paths, &state).map_err(|(_, message)| Miss::say(format!("state: {message}")))
            }
        }
    }

    /// Whether it holds where nothing happens, as `never` and a `count` of 0 do: it can only come to fail, so who waits for
    /// it has to wait to the end.
    pub fn holds_of_nothing(&self) -> bool {
        let count = match &self.words {
            Words::Never(_) => return true,
            Words::Journal(entries) => &entries.count,
            Words::Push(pushes) => &pushes.count,
            Words::Order(_) | Words::Before(_) | Words::State(_) => return false,
        };
        let matcher = count.as_ref().and_then(|count| Matcher::read(&count.0.to_json(), Domain::Count).ok());
        matcher.is_some_and(|matcher| matcher.check(Some(&Value::from(0))).is_ok())
    }

    /// What it says, on one line.
    pub fn title(&self) -> String {
        short(&self.node.to_json())
    }
}

impl Words {
    fn check(&self, registry: &Registry) -> Result<(), Problem> {
        let counts = |wanted: Wanted| {
            if wanted.entries.nth.is_some() {
                let problem = Problem::invalid("`nth` is for what happens; an expectation counts").hint("use `count`");
                return Err(problem.at([wanted.word.into(), "nth".into()]));
            }
            wanted.check(registry)
        };
        match self {
            Self::Journal(entries) => counts(Wanted::of("journal", entries.clone(), &[])),
            Self::Push(pushes) => counts(pushes.wanted()),
            Self::Never(entries) if entries.count.is_some() => Err(Problem::invalid("`never` counts nothing")
                .hint("use `journal` with a `count`")
                .at(["never".into(), "count".into()])),
            Self::Never(entries) => counts(Wanted::of("never", entries.clone(), &[])),
            Self::Order(happenings) => check_order(happenings, registry).map_err(|problem| problem.under("order")),
            Self::Before(before) => before.check(registry).map_err(|problem| problem.under("before")),
            Self::State(paths) => {
                state_path::check(&paths.0.to_json(), registry).map_err(|problem| problem.under("state"))
            }
        }
    }
}

/// Whether nothing matches.
fn never(wanted: &Wanted, world: &World, captured: &Captured) -> Result<(), Miss> {
    let filter = wanted.filter(captured).map_err(Miss::of)?;
    let all = world.journal.all();
    let Ok(first) = filter.nth(&world.journal, all.clone(), 1) else {
        let dropped = world.journal.fill().dropped;
        return if dropped > 0 { Err(Miss::untrusted("never", dropped)) } else { Ok(()) };
    };
    let count = filter.count(&world.journal, all);
    let message = format!("never: {count} entries match; the first is {}", named(&first, world));
    Err(Miss { nearest: Some(first.to_json()), ..Miss::say(message) })
}

/// Whether as many entries match as there are to be.
fn count(wanted: &Wanted, world: &World, captured: &Captured) -> Result<(), Miss> {
    let filter = wanted.filter(captured).map_err(Miss::of)?;
    let (word, journal, all) = (wanted.word, &world.journal, world.journal.all());
    let matcher = match &wanted.entries.count {
        Some(count) => fill(&count.0.to_json(), captured)
            .and_then(|count| Matcher::read(&count, Domain::Count))
            .map_err(Miss::of)?,
        None => Matcher::Compare("ge", 1.0),
    };
    // At least so many there are in any case, whatever the journal has dropped; and they need not all be counted.
    let enough = match matcher {
        Matcher::Compare("ge", bound) => Some(bound.ceil()),
        Matcher::Compare("gt", bound) => Some(bound.floor() + 1.0),
        _ => None,
    };
    let counted = match enough {
        Some(enough) => filter.at_least(journal, all.clone(), enough.max(0.0) as u64),
        None => Err(filter.count(journal, all.clone())),
    };
    let Err(count) = counted else { return Ok(()) };
    let Fill { entries, dropped, .. } = journal.fill();
    let Err(why) = matcher.check(Some(&Value::from(count))) else {
        return if dropped == 0 { Ok(()) } else { Err(Miss::untrusted(word, dropped)) };
    };
    let mut miss = Miss::say(format!("{word}: {count} of {entries} entries match: {why}"));
    if dropped > 0 {
        miss.message.push_str(&format!("; {dropped} older entries were dropped"));
    }
    // Where some match, one that nearly does is worth a word only if it is of the same operation.
    let nearest = if count == 0 {
        filter.nearest(journal, all.clone())
    } else {
        filter.nearest_of_the_kind(journal, all.clone())
    };
    if let Some(nearest) = nearest {
        miss.message.push_str(&format!("; {}", nearest.describe(world)));
        miss.nearest = Some(nearest.entry.to_json());
        miss.unmet = nearest.unmet;
    } else if let Some(last) = filter.last(journal, all) {
        miss.message.push_str(&format!("; the last is {}", named(&last, world)));
    }
    Err(miss)
}

/// Paths with what is expected at each.
pub(crate) type Paths = Vec<(String, serde_json_path::JsonPath, Matcher)>;

/// Reads `{$.path: matcher}`; each path may stand once.
pub(crate) fn read_paths(value: &Value) -> Result<Paths, Problem> {
    let Value::Object(map) = value else {
        return Err(Problem::new("wrong_type", format!("expected a map of JSONPaths, found {}", short(value)))
            .hint("e.g. {$.data.id: 5}"));
    };
    if map.is_empty() {
        return Err(Problem::invalid("an empty expectation").hint("give a JSONPath with what is expected there"));
    }
    let one = |(text, expected): (&String, &Value)| {
        let at_key = |mut problem: Problem| {
            problem.at_key = true;
            problem.under(text.as_str())
        };
        let path = path(text).map_err(at_key)?;
        let matcher = Matcher::read(expected, Domain::Any).map_err(|problem| problem.under(text.as_str()))?;
        Ok((text.clone(), path, matcher))
    };
    map.iter().map(one).collect()
}

/// Whether each path finds what is expected; else the first that does not, and a sentence about it.
pub(crate) fn check_paths(paths: &Paths, value: &Value) -> Result<(), (String, String)> {
    paths.iter().try_for_each(|(text, path, matcher)| {
        let found = find(path, text, value);
        matcher.check(found.as_ref()).map_err(|why| match found {
            Some(_) => (text.clone(), format!("{text}: {why}")),
            None => (text.clone(), format!("{text}: {why}{}", deepest(text, value))),
        })
    })
}

/// How far a path that finds nothing leads: its longest part that finds something, and what that is.
fn deepest(text: &str, value: &Value) -> String {
    let mut text = text;
    while let Some(end) = text.rfind(['.', '[']).filter(|end| *end > 1) {
        text = &text[..end];
        if let Some(found) = path(text).ok().and_then(|path| find(&path, text, value)) {
            return format!("; {text} is {}", short(&found));
        }
    }
    String::new()
}
