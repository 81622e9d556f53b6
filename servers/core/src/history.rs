//! What has happened in a world before it begins: the key `history` of a world file.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::duration::Span;
use crate::node::{Node, Value};
use crate::node_de::Raw;
use crate::problem::{Problem, Step};
use crate::service::{Registry, Service, find};
use crate::source::{Diagnostic, Source};

/// The key of a world file.
pub(crate) const KEY: &str = "history";

/// The longest time before the beginning, in days.
const LONGEST: u32 = 366;

/// One entry of `history`: an action, and how long before the world's beginning it happened.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// How long before the beginning; left out, at the beginning.
    #[serde(default)]
    ago: Span,
    /// The action and its arguments: `{ carbis.seat_guests: { parties: 5, over: 1h } }`.
    #[serde(rename = "do")]
    action: Raw,
}

/// An action that has happened before a world begins.
#[derive(Debug, Clone)]
pub struct Past {
    service: &'static str,
    action: String,
    args: Node,
    ago: Span,
    index: usize,
}

/// The actions that have happened before a world begins, with their places in the world's file.
#[derive(Debug, Clone, Default)]
pub struct History {
    node: Node,
    source: Option<Arc<Source>>,
    past: Vec<Past>,
}

impl History {
    /// Reads the key's value.
    ///
    /// # Errors
    /// Unknown actions, arguments that do not fit, with the path below the key.
    pub(crate) fn read(node: &Node, registry: &Registry) -> Result<Self, Problem> {
        let entries: Vec<Entry> = node.read()?;
        let mut past = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let at = |problem: Problem| problem.under(index);
            if entry.ago > Span::from_secs(LONGEST * 86_400) {
                let long = Problem::invalid(format!("{} before the beginning; {LONGEST}d at most", entry.ago));
                return Err(at(long.under("ago")));
            }
            let [one] = entry.action.0.entries() else {
                let hint = format!("e.g. do: {}", registry.example_action());
                return Err(at(Problem::invalid("one action is expected").hint(hint).under("do")));
            };
            let args = one.value.clone().or_empty_map();
            let named = |problem: Problem| at(problem.under(one.key.clone()).under("do"));
            let (_, kind, action) = registry.action(&one.key).map_err(named)?;
            kind.check_action(action, &args).map_err(named)?;
            past.push(Past { service: kind.name(), action: action.to_owned(), args, ago: entry.ago, index });
        }
        // The earliest first; those of one moment as they stand.
        past.sort_by_key(|past| std::cmp::Reverse(past.ago));
        Ok(Self { node: node.clone(), source: None, past })
    }

    /// The same, standing in this text.
    #[must_use]
    pub(crate) fn of(mut self, source: &Arc<Source>) -> Self {
        self.source = Some(Arc::clone(source));
        self
    }

    /// The actions of the services that `keep` names.
    #[must_use]
    pub(crate) fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        let past = self.past.iter().filter(|past| keep(past.service)).cloned().collect();
        Self { past, ..self.clone() }
    }

    /// The actions of one service, the earliest first.
    pub(crate) fn of_service(&self, name: &str) -> Arc<[Past]> {
        self.past.iter().filter(|past| past.service == name).cloned().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.past.is_empty()
    }

    /// As plain JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let Value::List(items) = &self.node.value else { return serde_json::Value::Array(Vec::new()) };
        let mut kept: Vec<usize> = self.past.iter().map(|past| past.index).collect();
        kept.sort_unstable();
        kept.iter().filter_map(|index| items.get(*index)).map(Node::to_json).collect()
    }

    /// Gives a problem whose path begins with the key its place.
    pub(crate) fn locate(&self, mut problem: Problem) -> Problem {
        if matches!(problem.path.0.first(), Some(Step::Key(_))) {
            let key = problem.path.0.remove(0);
            problem = self.node.locate(problem);
            problem.path.0.insert(0, key);
        }
        problem
    }

    /// The problem in the text that it stands in; `None` if it stands in no text.
    pub(crate) fn show(&self, problem: &Problem) -> Option<Diagnostic> {
        Some(Diagnostic { source: Arc::clone(self.source.as_ref()?), problem: self.locate(problem.clone()) })
    }
}

/// The time at which a service's history begins, for a world that begins at `now`.
pub(crate) fn begins(past: &[Past], now: Timestamp) -> Timestamp {
    past.first().map_or(now, |first| first.ago.before(now))
}

/// Lets happen what happened before `now`, in order, with all that falls due meanwhile.
///
/// # Errors
/// What cannot be done, with the path in the world file.
pub(crate) fn relive<F: Service>(state: &mut F::State, past: &[Past], now: Timestamp) -> Result<(), Problem> {
    for past in past {
        let at = past.ago.before(now);
        tick_until::<F>(state, at);
        let done = find::<F>(&past.action).and_then(|action| (action.run)(state, at, &past.args));
        done.map_err(|problem| {
            let name = format!("{}.{}", past.service, past.action);
            problem.under(name).under("do").under(past.index).under(KEY)
        })?;
    }
    tick_until::<F>(state, now);
    Ok(())
}

fn tick_until<F: Service>(state: &mut F::State, until: Timestamp) {
    while let Some(due) = F::next_deadline(state).filter(|due| *due <= until) {
        F::tick(state, due);
    }
}
