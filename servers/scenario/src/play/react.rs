//! Steps with `on`: they happen when a request, a frame or a push does.

use std::sync::Arc;

use serde_json::{Value, json};
use stend_core::busy::BusyGuard;
use stend_core::fault::Match;
use stend_core::{Node, Span, Timestamp};

use super::Player;
use crate::entries::plural;
use crate::file::What;
use crate::report::StepOutcome;

/// A step that waits for what it reacts to.
pub(super) struct Armed {
    index: usize,
    from: Timestamp,
    until: Option<Timestamp>,
    /// Entries that matched so far.
    matched: u64,
    /// The fault that it put in, if that is what it does.
    fault: Option<String>,
    pub(super) done: bool,
}

impl Player<'_> {
    /// The moment of a step with `on` has come.
    pub(super) fn arm(&mut self, index: usize, at: Span) {
        let step = &self.scenario.steps[index];
        let Some((wanted, within)) = &step.on else { return };
        let from = at.after(self.start);
        let fault = match &step.what {
            What::Fault(fault) => {
                let added = wanted.filled(&self.captured).and_then(|wanted| {
                    let mut fault = self.filled(fault)?;
                    let until = within.map(|within| within.after(from));
                    fault.matching = Match { until, ..wanted.fault_match() };
                    // With `nth` it applies to one exchange; without, once unless `times` says how often.
                    fault.times = fault.times.or(Some(1));
                    self.world.add_fault(fault)
                });
                match added {
                    Ok(id) => Some(id),
                    Err(problem) => {
                        let outcome = StepOutcome::of(&step.node, step.title.clone(), at);
                        self.report(outcome.failing(Some(problem.to_string())));
                        return;
                    }
                }
            }
            _ => None,
        };
        let until = within.map(|within| within.after(from));
        // What came before its moment is not what it reacts to.
        self.armed.push(Armed { index, from, until, matched: 0, fault, done: false });
    }

    /// Does the steps whose `on` has come true by the journal as it stands.
    pub(super) async fn react(&mut self, mut guard: BusyGuard) -> BusyGuard {
        let scenario = self.scenario;
        loop {
            if self.armed.iter().all(|armed| armed.done) {
                return guard;
            }
            let entries = self.world.journal.read(self.read, |_| true);
            let mut fired: Vec<(usize, Timestamp)> = Vec::new();
            let faults = if self.armed.iter().any(|armed| armed.fault.is_some()) {
                self.world.faults.list()
            } else {
                Vec::new()
            };
            for armed in self.armed.iter_mut().filter(|armed| !armed.done) {
                if let Some(id) = &armed.fault {
                    armed.done = faults.iter().any(|fault| fault.id.as_ref() == Some(id) && fault.applied > 0);
                    if armed.done {
                        fired.push((armed.index, self.world.now()));
                    }
                    continue;
                }
                let Some((wanted, _)) = &scenario.steps[armed.index].on else { continue };
                let Ok(filter) = wanted.filter(&self.captured) else { continue };
                for entry in &entries {
                    let in_time = entry.at >= armed.from && armed.until.is_none_or(|until| entry.at <= until);
                    if armed.done || !in_time || !filter.matches(entry) {
                        continue;
                    }
                    armed.matched += 1;
                    if wanted.entries.nth.is_none_or(|nth| nth == armed.matched) {
                        armed.done = true;
                        fired.push((armed.index, entry.at));
                    }
                }
            }
            if let Some(last) = entries.last() {
                self.read = last.seq;
            }
            if entries.is_empty() && fired.is_empty() {
                return guard;
            }
            for (index, at) in fired {
                let step = &scenario.steps[index];
                let at = Span::between(self.start, at);
                if matches!(step.what, What::Fault(_)) {
                    let outcome = StepOutcome::of(&step.node, step.title.clone(), at);
                    self.report(StepOutcome { result: json!({ "fault": "struck" }), ..outcome });
                    continue;
                }
                let (outcome, held) = self.step(step, at, guard).await;
                guard = held;
                self.report(outcome);
            }
        }
    }

    /// Fails a step whose wait ended without a match, with the closest match.
    pub(super) fn report_what_never_happened(&mut self) {
        let (scenario, world) = (self.scenario, Arc::clone(self.world));
        let journal = &world.journal;
        for armed in std::mem::take(&mut self.armed).into_iter().filter(|armed| !armed.done) {
            let step = &scenario.steps[armed.index];
            let Some((wanted, within)) = &step.on else { continue };
            let mut nearby = Value::Null;
            let mut why = match within {
                Some(within) => format!("it did not happen within {within}"),
                None => "it never happened".to_owned(),
            };
            // A fault counts by itself, also what came while it was not asked for.
            let faults = world.faults.list();
            let faulted = faults.iter().find(|fault| fault.id == armed.fault && armed.fault.is_some());
            let matched = faulted.map_or(armed.matched, |fault| fault.matched);
            if let Some(nth) = wanted.entries.nth {
                why.push_str(&format!(
                    "; {matched} {} matched, and the one with the number {nth} was waited for",
                    plural(wanted.word)
                ));
            }
            if let Ok(filter) = wanted.filter(&self.captured)
                && matched == 0
                && let Some(nearest) = filter.nearest(journal, journal.all())
            {
                why.push_str(&format!("; {}", nearest.describe(&world)));
                nearby = nearest.to_json();
            } else if journal.fill().entries == 0 {
                why.push_str("; nothing came at all");
            } else if matched == 0 {
                why.push_str("; what matches came before or after its time");
            }
            let outcome = StepOutcome::of(&step.node, step.title.clone(), step.when.first).failing(Some(why));
            let expected = step.node.get("on").map(Node::to_json).unwrap_or_default();
            self.report(StepOutcome { expected, nearest: nearby, ..outcome });
        }
    }
}
