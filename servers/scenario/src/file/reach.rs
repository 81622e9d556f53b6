//! Steps that cannot do what they are there for: the scenario is over, or nobody is there, by the time they would.

use stend_core::{Problem, Span, Timestamp};

use super::{Step, What};

/// What will never happen, each as a problem of its step.
pub(super) fn never(steps: &[Step], start: Option<Timestamp>, until: Span) -> Vec<(usize, Problem)> {
    let mut found = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let first = step.when.first;
        let problem = |text: String| Problem::new("never_happens", text);
        if let Some((_, within)) = &step.on
            && first.plus(within.unwrap_or_default()) >= until
            && within.is_none_or(Span::is_zero)
        {
            let text = format!("it begins to wait for a request at {first}, when the scenario ends");
            found.push((index, problem(text).hint("give it a `within`, or the scenario an `until`").under("on")));
            continue;
        }
        let What::Fault(fault) = &step.what else { continue };
        if step.on.is_none() && first >= until && !steps.iter().skip(index + 1).any(|later| later.when.last() >= first)
        {
            let text = format!("this fault begins at {first}, when the scenario ends");
            found.push((index, problem(text).hint("let the scenario go on: `until`").under("fault")));
            continue;
        }
        let window = (fault.matching.from, fault.matching.until);
        let (begins, ends) = (start.map(|start| first.after(start)), start.map(|start| until.after(start)));
        let text = match window {
            (_, Some(to)) if begins.is_some_and(|begins| to <= begins) => {
                format!("its window is over at {to}, before this step")
            }
            (Some(from), _) if ends.is_some_and(|ends| from >= ends) => {
                format!("its window begins at {from}, when the scenario is over")
            }
            _ => continue,
        };
        found.push((index, problem(text).at(["fault".into(), "match".into()])));
    }
    found
}
