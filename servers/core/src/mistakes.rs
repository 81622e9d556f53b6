//! All mistakes of a section, not only the first: each is taken out of the tree, and the rest is read again.

use std::sync::Arc;

use crate::history::{self, Past};
use crate::live::Start;
use crate::node::{Node, Value};
use crate::problem::{Path, Problem, Step};
use crate::section::Section;
use crate::service::{AnyService, Seed};

/// Mistakes of one section that are listed.
const MOST: usize = 20;

/// The mistakes in what a file says of a service, without those that only follow from another.
pub(crate) fn of_service(
    kind: &dyn AnyService,
    section: Option<&Arc<Section>>,
    past: &Arc<[Past]>,
    seed: Seed,
) -> Vec<Problem> {
    let Err(first) = attempt(kind, section, past, seed) else { return Vec::new() };
    let Some(mut node) = section.and_then(|section| section.tree()).filter(|_| !is_of_history(&first)) else {
        return vec![first];
    };
    let mut found: Vec<Problem> = Vec::new();
    let mut next = section.map(|section| section.locate(first));
    let mut gone = Rows::default();
    for _ in 0..2 * MOST {
        let Some(mut problem) = next else { break };
        let row = row_of(&problem);
        let at = problem.path.clone();
        problem.path = gone.original(&problem.path);
        let follows = follows(&problem, &found, !gone.0.is_empty());
        let alone = !follows && (problem.at_key || row.is_none() || problem.code == "not_found");
        let removed = if alone && problem.code != "missing_key" && matches!(at.0.last(), Some(Step::Key(_))) {
            remove(&mut node, at.0.get(1..).unwrap_or_default())
        } else {
            row.is_some_and(|row| remove(&mut node, &at.0[1..=row]) && gone.add(&problem.path.0[..=row]))
        };
        if !follows {
            found.push(problem);
        }
        if !removed || found.len() >= MOST {
            break;
        }
        let section = Arc::new(Section::from(node.clone()));
        next = attempt(kind, Some(&section), past, seed).err().filter(|problem| !is_of_history(problem));
        next = next.map(|problem| section.locate(problem));
    }
    found
}

fn attempt(
    kind: &dyn AnyService,
    section: Option<&Arc<Section>>,
    past: &Arc<[Past]>,
    seed: Seed,
) -> Result<(), Problem> {
    let start = if !past.is_empty() || section.is_some_and(|section| section.is_relative()) {
        Start::Laid(section.cloned(), Arc::clone(past))
    } else {
        Start::Section(section.map(|section| kind.read(section)).transpose()?)
    };
    kind.create(&start, seed).map(drop)
}

fn is_of_history(problem: &Problem) -> bool {
    matches!(problem.path.0.first(), Some(Step::Key(key)) if key == history::KEY)
}

/// Whether a problem may be there only because of what was taken out before: at or above it, or as a reference to it.
fn follows(problem: &Problem, found: &[Problem], rows_gone: bool) -> bool {
    let above = |other: &Problem| other.path.0.starts_with(&problem.path.0) || other.position == problem.position;
    (rows_gone && problem.code == "not_found") || found.iter().any(above)
}

/// How far the path of a problem leads to the row that it lies in.
fn row_of(problem: &Problem) -> Option<usize> {
    problem.path.0.iter().rposition(|step| matches!(step, Step::Index(_)))
}

/// The rows that were taken out, by the paths that they had at first.
#[derive(Default)]
struct Rows(Vec<Vec<Step>>);

impl Rows {
    fn add(&mut self, row: &[Step]) -> bool {
        self.0.push(row.to_vec());
        true
    }

    /// The path that was at first where this path leads now.
    fn original(&self, path: &Path) -> Path {
        let mut original: Vec<Step> = Vec::new();
        for step in &path.0 {
            let Step::Index(index) = step else {
                original.push(step.clone());
                continue;
            };
            let mut before: Vec<usize> = self.0.iter().filter_map(|row| index_in(row, &original)).collect();
            before.sort_unstable();
            let index = before.into_iter().fold(*index, |index, gone| if gone <= index { index + 1 } else { index });
            original.push(Step::Index(index));
        }
        Path(original)
    }
}

/// The index of a row in the list at this path, if it is one of its rows.
fn index_in(row: &[Step], list: &[Step]) -> Option<usize> {
    match row.split_last() {
        Some((Step::Index(index), above)) if above == list => Some(*index),
        _ => None,
    }
}

/// Removes the entry or item at the end of a path. Later rows move up; their positions in the text stay.
fn remove(node: &mut Node, path: &[Step]) -> bool {
    let Some((step, rest)) = path.split_first() else { return false };
    match (step, &mut node.value) {
        (Step::Key(key), Value::Map(entries)) => {
            let Some(at) = entries.iter().position(|entry| entry.key == *key) else { return false };
            if rest.is_empty() {
                entries.remove(at);
                return true;
            }
            remove(&mut entries[at].value, rest)
        }
        (Step::Index(index), Value::List(items)) => {
            if *index >= items.len() {
                return false;
            }
            if rest.is_empty() {
                items.remove(*index);
                return true;
            }
            remove(&mut items[*index], rest)
        }
        _ => false,
    }
}
