//! Commands that a step sends and the service does not know.

use stend_core::{Problem, Registry};

use super::{Step, What, json};
use crate::expect::check_status;

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

/// Whether the step is there to see an error, or a fault that strikes instead.
fn wants_refusal(step: &Step) -> bool {
    let Some(expect) = &step.expect else { return false };
    expect.error.is_some() || json(&expect.status).is_some_and(|status| check_status(&status, REFUSED).is_ok())
}
