//! Captures and placeholders: what is asked for has been captured by then, and what is captured is asked for.

use std::collections::{BTreeMap, BTreeSet};

use stend_core::problem::Position;
use stend_core::{Node, Problem, Span, near};

use super::Step;
use crate::subst::{self, names};

/// A capture of a step, in the order in which steps happen.
struct Captor<'a> {
    order: (Span, usize),
    step: &'a Step,
    key: Position,
}

/// The steps and expectations of a scenario by the names that they capture and ask for.
pub(super) struct Names<'a> {
    captors: BTreeMap<String, Vec<Captor<'a>>>,
    /// Names that steps capture which could not be read: nothing is said about these.
    unread: BTreeSet<String>,
    steps: &'a [Step],
    asked: Vec<BTreeSet<String>>,
}

impl<'a> Names<'a> {
    /// `timeline` holds all steps as they are written, those with mistakes too.
    pub(super) fn new(steps: &'a [Step], timeline: &[Node]) -> Self {
        let mut captors: BTreeMap<String, Vec<Captor<'a>>> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            for entry in step.node.get("capture").map(Node::entries).unwrap_or_default() {
                let captor = Captor { order: (step.when.first, index), step, key: entry.position };
                captors.entry(entry.key.clone()).or_default().push(captor);
            }
        }
        captors.values_mut().for_each(|captors| captors.sort_by_key(|captor| captor.order));
        let written = timeline.iter().filter_map(|node| node.get("capture")).flat_map(Node::entries);
        let unread = written.map(|entry| entry.key.clone()).filter(|name| !captors.contains_key(name)).collect();
        Self { captors, unread, steps, asked: steps.iter().map(|step| asked(&step.node)).collect() }
    }

    /// What steps ask for and cannot have by the time they happen.
    pub(super) fn wrong(&self) -> Vec<Problem> {
        let steps = self.steps.iter().zip(&self.asked).enumerate();
        steps
            .flat_map(|(index, (step, asked))| {
                asked.iter().filter_map(move |name| self.missing(name, step, (step.when.first, index)))
            })
            .collect()
    }

    fn missing(&self, name: &str, step: &Step, order: (Span, usize)) -> Option<Problem> {
        let Some(captors) = self.captors.get(name) else { return self.unknown(name, &step.node) };
        // When a reaction happens, nobody knows before.
        let any_time = |step: &Step| step.on.is_some();
        if any_time(step) || captors.iter().any(|captor| any_time(captor.step) || captor.order < order) {
            return None;
        }
        let first = captors.first()?;
        let mut problem = Problem::new("not_captured", format!("`${{{name}}}` is not captured yet at {}", order.0));
        problem.hint = Some(match first.order == order {
            true => "this step captures it itself, and has it only afterwards".into(),
            false => format!("the step at line {} captures it, at {}", first.step.node.position.line, first.order.0),
        });
        problem.position = place_of(&step.node, name);
        Some(problem)
    }

    fn unknown(&self, name: &str, node: &Node) -> Option<Problem> {
        if self.unread.contains(name) {
            return None;
        }
        let mut problem = Problem::new("not_captured", format!("`${{{name}}}` is captured by no step"));
        problem.hint = near::hint(name, self.captors.keys().map(String::as_str));
        problem.position = place_of(node, name);
        Some(problem)
    }

    /// What an expectation at the end asks for and no step captures.
    pub(super) fn wrong_at_the_end(&self, node: &Node) -> Option<Problem> {
        let missing = asked(node).into_iter().find(|name| !self.captors.contains_key(name))?;
        self.unknown(&missing, node)
    }

    /// Captures that nobody asks for, or that others take the place of before anybody does.
    pub(super) fn idle(&self, expectations: &[Node]) -> Vec<Problem> {
        let at_the_end: BTreeSet<String> = expectations.iter().flat_map(asked).collect();
        let mut idle = Vec::new();
        for (name, captors) in &self.captors {
            let users: Vec<(Span, usize)> = (0..self.steps.len())
                .filter(|index| self.asked[*index].contains(name))
                .map(|index| (self.steps[index].when.last(), index))
                .collect();
            if users.is_empty() && !at_the_end.contains(name) {
                let problem = Problem::new("unused_capture", format!("`{name}` is captured and never used"));
                idle.push((captors[0].key, problem.hint(format!("write `${{{name}}}` where it is meant"))));
                continue;
            }
            let reactions = |index: &usize| self.steps[*index].on.is_some();
            if users.iter().any(|(_, index)| reactions(index)) || captors.iter().any(|one| one.step.on.is_some()) {
                continue;
            }
            for pair in captors.windows(2) {
                if let [first, second] = pair
                    && !users.iter().any(|user| first.order < *user && *user <= second.order)
                {
                    let line = first.step.node.position.line;
                    let text = format!("`{name}` was captured at line {line} already, and has not been used since");
                    idle.push((second.key, Problem::new("captured_again", text).hint("give one of them another name")));
                }
            }
        }
        idle.sort_by_key(|(key, _)| (key.line, key.column));
        let placed = |(key, mut problem): (Position, Problem)| {
            problem.position = Some(key);
            problem
        };
        idle.into_iter().map(placed).collect()
    }
}

/// The first placeholder that is not closed.
pub(super) fn unclosed(node: &Node) -> Option<Problem> {
    use stend_core::node::Value as Kind;
    match &node.value {
        Kind::Text(text) => {
            let mut problem = subst::check(text).err()?;
            problem.position = Some(node.position);
            Some(problem)
        }
        Kind::List(items) => items.iter().find_map(unclosed),
        Kind::Map(entries) => entries.iter().find_map(|entry| unclosed(&entry.value)),
        _ => None,
    }
}

fn asked(node: &Node) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    names(&node.to_json(), &mut asked);
    asked
}

/// Where a name is asked for.
fn place_of(node: &Node, name: &str) -> Option<Position> {
    use stend_core::node::Value as Kind;
    match &node.value {
        Kind::Text(_) => asked(node).contains(name).then_some(node.position),
        Kind::List(items) => items.iter().find_map(|item| place_of(item, name)),
        Kind::Map(entries) => entries.iter().find_map(|entry| place_of(&entry.value, name)),
        _ => None,
    }
}
