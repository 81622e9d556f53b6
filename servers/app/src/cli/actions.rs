//! `stend actions`: what can happen on the far side of the APIs, with arguments and an example.

use std::fmt::Write as _;

use stend::tables::actions;

use super::{BAD, GOOD, err, out};

/// Arguments of `stend actions`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only of this service, or only this action, e.g. `carbis.call_waiter`
    service: Option<String>,
}

pub(super) fn run(args: &Args) -> u8 {
    let found = match actions(args.service.as_deref()) {
        Ok(found) => found,
        Err(problem) => {
            let help = problem.hint.iter().map(|hint| format!("\n  = help: {hint}")).collect::<String>();
            let name = args.service.as_deref().unwrap_or_default();
            let what = if name.contains('.') { "action" } else { "service" };
            err(&format!("error: unknown {what} `{name}`{help}\n"));
            return BAD;
        }
    };
    let mut text = String::new();
    for action in found {
        let _ = writeln!(text, "{}\n  {}", action.name, action.summary);
        for line in &action.arguments {
            let _ = writeln!(text, "    {line}");
        }
        for before in &action.before {
            let _ = writeln!(text, "  after {before}");
        }
        let _ = writeln!(text, "  e.g. {}\n", action.example);
    }
    out(&(text.trim_end().to_owned() + "\n"));
    GOOD
}
