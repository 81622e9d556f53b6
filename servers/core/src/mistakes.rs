//! All mistakes of a section, not only the first: each is taken out of the tree, and the rest is read again.

use crate::live::Start;
use crate::node::{Node, Value};
use crate::problem::{Problem, Step};
use crate::section::Section;
use crate::service::{AnyService, Seed};

/// Mistakes that are told of one section.
const MOST: usize = 20;

/// The mistakes of a section. What only follows from one that was told is left out.
pub(crate) fn in_section(kind: &dyn AnyService, section: &Section, seed: Seed) -> Vec<Problem> {
    let first = match attempt(kind, section, seed) {
        Ok(()) => return Vec::new(),
        Err(problem) => section.locate(problem),
    };
    let Some(mut node) = section.tree() else { return vec![first] };
    let mut found: Vec<Problem> = Vec::new();
    let mut next = Some(first);
    // Whether a row is gone that others may refer to.
    let mut rows_gone = false;
    while let Some(problem) = next.filter(|problem| !follows(problem, &found, rows_gone)) {
        let gone = take_out(&mut node, &problem);
        found.push(problem);
        let Some(gone) = gone.filter(|_| found.len() < MOST) else { break };
        rows_gone |= gone == Gone::Row;
        let section = Section::from(node.clone());
        next = attempt(kind, &section, seed).err().map(|problem| section.locate(problem));
    }
    found
}

fn attempt(kind: &dyn AnyService, section: &Section, seed: Seed) -> Result<(), Problem> {
    let read = kind.read(section)?;
    kind.create(&Start::Section(Some(read)), seed).map(drop)
}

/// Whether a problem may be there only because of what was taken out before.
fn follows(problem: &Problem, found: &[Problem], rows_gone: bool) -> bool {
    let at_or_above = |other: &Problem| other.path.0.starts_with(&problem.path.0);
    (rows_gone && problem.code == "not_found")
        || (problem.code == "missing_key" && found.iter().any(at_or_above))
        || found.iter().any(|other| other.position == problem.position)
}

#[derive(PartialEq, Eq)]
enum Gone {
    Key,
    Row,
}

/// Takes out what a problem is about: an unknown or optional key alone, else the row that it lies in.
fn take_out(node: &mut Node, problem: &Problem) -> Option<Gone> {
    // The first step is the service's name.
    let path = problem.path.0.get(1..)?;
    let in_row = path.iter().rposition(|step| matches!(step, Step::Index(_)));
    let key_alone = problem.at_key || in_row.is_none() || problem.code == "not_found";
    if key_alone && problem.code != "missing_key" && matches!(path.last(), Some(Step::Key(_))) {
        return remove(node, path).then_some(Gone::Key);
    }
    let row = &path[..=in_row?];
    remove(node, row).then_some(Gone::Row)
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
