//! The command as completion scripts know it: with the names from the registry where a service, an action, an operation or a
//! topic is asked for.

use std::fmt::Write as _;

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use super::Cli;

/// A name for as long as the process lives, as clap wants them; this process ends when the script is printed.
fn kept(name: String) -> &'static str {
    name.leak()
}

/// What is proposed in the place of an argument of a command. What is refused when the command runs is its own business: it
/// names the nearest.
fn proposals() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let registry = stend::registry::services();
    let services: Vec<&str> = registry.services().iter().map(|kind| kind.name()).collect();
    let of_all = registry.services().iter();
    let actions: Vec<&str> = of_all.clone().flat_map(|kind| kind.actions()).map(|action| kept(action.name)).collect();
    let mut operations: Vec<&str> = of_all.flat_map(|kind| kind.operations()).map(|operation| operation.id).collect();
    let topics = stend::manual::chapters().into_iter().map(|chapter| chapter.topic);
    let commands = Cli::command().get_subcommands().map(|command| kept(command.get_name().to_owned())).collect();
    let mut topics: Vec<&str> = topics.chain::<Vec<&str>>(commands).collect();
    for names in [&mut operations, &mut topics] {
        names.sort_unstable();
        names.dedup();
    }
    vec![
        ("actions", "service", [services.clone(), actions].concat()),
        ("show", "service", services.clone()),
        ("compare", "service", services.clone()),
        ("spec", "service", [services, vec!["control"]].concat()),
        ("compare", "allow_mutating", operations),
        ("help", "topic", topics),
    ]
}

/// The script for a shell.
pub(super) fn script(shell: Shell) -> String {
    let mut command = command();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "stend", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Fish {
        script.push_str(&positionals(&command));
    }
    script
}

/// For fish the values of positional arguments, which the generated script leaves out.
fn positionals(command: &Command) -> String {
    let mut lines = String::new();
    for sub in command.get_subcommands() {
        for argument in sub.get_positionals() {
            let values = argument.get_possible_values();
            let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
            if !names.is_empty() {
                let condition = format!("__fish_stend_using_subcommand {}", sub.get_name());
                let _ = writeln!(lines, "complete -c stend -n '{condition}' -f -a '{}'", names.join(" "));
            }
        }
    }
    lines
}

/// The command with what is proposed.
fn command() -> Command {
    proposals().into_iter().fold(Cli::command(), |command, (name, argument, values)| {
        let parser = PossibleValuesParser::new(values);
        command.mut_subcommand(name, |command| {
            command.mut_args(|known| match known.get_id() == argument {
                true => known.value_parser(parser.clone()),
                false => known,
            })
        })
    })
}
