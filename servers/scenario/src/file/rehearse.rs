//! A rehearsal: the actions of a scenario are done in a world that nobody sees, to find those that name what is not there.

use std::collections::BTreeSet;

use serde_json::Value;
use stend_core::{ClockSetting, Problem, Registry, Timestamp, WorldFile, Worlds};

use super::{Step, What};
use crate::subst::names;

/// The most actions that are rehearsed; a step that repeats counts once.
const MOST: usize = 2_000;

/// What cannot be there by the time an action names it, and values that cannot be meant: the step's number and the problem, with its place.
///
/// Nothing is said where something else may have made it: a step with placeholders, a call that changes something, or
/// the client under test.
pub(super) fn unknown(
    steps: &[Step],
    world: &WorldFile,
    start: Timestamp,
    registry: &Registry,
) -> Vec<(usize, Problem)> {
    if !steps.iter().any(|step| matches!(step.what, What::Act { .. })) {
        return Vec::new();
    }
    let file = WorldFile { clock: Some(ClockSetting::frozen_at(start)), ..world.clone() };
    let Ok(worlds) = Worlds::new(registry.clone(), file) else { return Vec::new() };
    let stage = worlds.default_world();
    let mut unsure = visited(steps, registry);
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order.sort_by_key(|index| (steps[*index].when.first, *index));
    let mut found = Vec::new();
    for index in order.into_iter().take(MOST) {
        let step = &steps[index];
        let (name, args) = match &step.what {
            What::Act { name, args } => (name, args),
            What::Call(call) => {
                if call.changes() {
                    unsure.insert(call.service().to_owned());
                }
                continue;
            }
            _ => continue,
        };
        let service = name.split('.').next().unwrap_or_default();
        let plain = args.to_json();
        if step.on.is_some() || has_placeholder(&plain) {
            unsure.insert(service.to_owned());
            continue;
        }
        // One that is to be refused changes nothing.
        if step.expect.as_ref().is_some_and(|expect| expect.error.is_some()) {
            continue;
        }
        let mut done = stage.act(name, args);
        let at = step.when.first.after(start);
        if done.is_err() && stage.next_due().is_some_and(|due| due <= at) {
            // What it names may come with time.
            let moved = stage.set_clock(ClockSetting::frozen_at(at.max(stage.now())));
            done = if moved.is_ok() { stage.act(name, args) } else { done };
        }
        let Err(problem) = done else { continue };
        let absent = problem.code == "not_found" || problem.code.starts_with("unknown_");
        // A value of a wrong kind is wrong whatever else there is.
        if problem.code == "wrong_value" || (absent && !unsure.contains(service)) {
            found.push((index, problem.under(name.as_str()).under("do")));
        } else if !absent {
            // What it would have made is not there.
            unsure.insert(service.to_owned());
        }
    }
    found
}

/// The services that the client under test is waited for at.
fn visited(steps: &[Step], registry: &Registry) -> BTreeSet<String> {
    let mut visited = BTreeSet::new();
    for step in steps {
        let waited = match &step.what {
            What::WaitFor(wait) => wait.wanted(),
            _ => None,
        };
        for wanted in step.on.iter().map(|(wanted, _)| wanted).chain(&waited) {
            match &wanted.entries.service {
                Some(service) => drop(visited.insert(service.clone())),
                None => visited.extend(registry.services().iter().map(|kind| kind.name().to_owned())),
            }
        }
    }
    visited
}

fn has_placeholder(value: &Value) -> bool {
    let mut asked = BTreeSet::new();
    names(value, &mut asked);
    !asked.is_empty()
}
