//! Steps that wait for a client which no step of the scenario plays: somebody has to start it.

use stend_core::fault::glob;
use stend_core::journal::Channel;
use stend_core::{Problem, Registry};

use super::targets::fits;
use super::{Step, What};
use crate::call::Call;
use crate::entries::Wanted;

/// The code of these warnings.
pub(super) const CODE: &str = "waits_for_client";

/// Steps that wait for a request or a frame that no call sends: the step's number and the problem.
pub(super) fn outside(steps: &[Step], registry: &Registry) -> Vec<(usize, Problem)> {
    let calls: Vec<&Call> = steps
        .iter()
        .filter_map(|step| match &step.what {
            What::Call(call) => Some(call),
            _ => None,
        })
        .collect();
    let waits = steps.iter().enumerate().filter_map(|(index, step)| match &step.what {
        What::WaitFor(wait) => Some((index, wait.wanted()?)),
        _ => None,
    });
    waits
        .filter(|(_, wanted)| !calls.iter().any(|call| causes(call, wanted, registry)))
        .map(|(index, wanted)| {
            let text = format!("no call here sends this {}: it waits for a client that you start", wanted.word);
            let problem = Problem::new(CODE, text).hint(
                "start `stend serve` and the client, then `stend play FILE --attach URL --world default --speed 1`",
            );
            (index, problem.at(["wait_for".into(), wanted.word.into()]))
        })
        .collect()
}

/// Whether a call can be what is waited for. What is filled in may be anything.
fn causes(call: &Call, wanted: &Wanted, registry: &Registry) -> bool {
    let entries = &wanted.entries;
    let open = |text: &str| text.contains("${");
    let is = |wanted: &Option<String>, given: &str| {
        wanted.as_deref().is_none_or(|wanted| open(wanted) || open(given) || glob(wanted, given))
    };
    if !is(&entries.service, call.service()) {
        return false;
    }
    let channel = if call.command().is_some() { Channel::Frame } else { Channel::Http };
    let channels = entries.channel.as_ref().map_or(wanted.channels, std::slice::from_ref);
    if !channels.is_empty() && !channels.contains(&channel) {
        return false;
    }
    let kind = registry.find(call.service()).map(|(_, kind)| kind);
    let operations = kind.into_iter().flat_map(|kind| kind.operations());
    if let Some(command) = call.command() {
        let mut operations = operations.filter(|known| open(command) || known.command == Some(command));
        return entries.operation.is_none() || operations.any(|known| is(&entries.operation, known.id));
    }
    let Some(target) = call.target() else { return true };
    let path = target.path.split('?').next().unwrap_or(target.path);
    let method = target.method.as_str();
    let mut operations = operations.filter(|known| {
        known.method == Some(method) && known.path.is_some_and(|known| path.starts_with("${") || fits(known, path))
    });
    is(&entries.path, path)
        && entries.method.as_deref().is_none_or(|wanted| open(wanted) || wanted.eq_ignore_ascii_case(method))
        && (entries.operation.as_deref().is_none_or(|wanted| glob(wanted, "none"))
            || operations.any(|known| is(&entries.operation, known.id)))
}
