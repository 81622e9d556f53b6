//! Commands that a step sends and the service does not know.

use stend_core::{Problem, Registry};

use super::{Step, What, json};
use crate::matcher::{Domain, Matcher};

/// The status of a command that was answered with an error.
const REFUSED: u16 = 400;

/// Steps that send an unknown command without expecting to be refused.
pub(super) fn unknown(steps: &[Step], registry: &Registry) -> Vec<(usize, Problem)> {
    let sent = steps.iter().enumerate().filter_map(|(index, step)| match &step.what {
        What::Call(call) => Some((index, step, call.service(), call.command()?)),
        _ => None,
    });
    sent.filter(|(_, step, _, command)| !command.contains("${") && !wants_refusal(step))
        .filter_map(|(index, _, service, command)| {
            let (_, kind) = registry.find(service)?;
            let known = kind.operations().iter().filter_map(|operation| operation.command);
            if known.clone().any(|known| known == command) {
                return None;
            }
            let problem = Problem::unknown("unknown_operation", &format!("command of {service}"), command, known);
            Some((index, problem.at(["call".into(), service.into(), "command".into()])))
        })
        .collect()
}

/// Whether the step is there to see an error, or a fault that answers instead.
fn wants_refusal(step: &Step) -> bool {
    let Some(expect) = &step.expect else { return false };
    let meets =
        |status| Matcher::read(&status, Domain::Status).is_ok_and(|status| status.check_status(REFUSED).is_ok());
    expect.error.is_some() || json(&expect.status).is_some_and(meets)
}
