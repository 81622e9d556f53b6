//! `stend help TOPIC`: commands, and the chapters of the manual.

use clap::CommandFactory as _;

use stend::manual::chapters;

use super::lang::{self, Lang};
use super::{BAD, Cli, GOOD, err, explain, out, say};

/// Arguments of `stend help`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A command, a topic of the manual, or a service
    topic: Option<String>,
}

pub(super) fn run(args: &Args) -> u8 {
    let mut command = lang::command(Cli::command());
    command.build();
    let Some(topic) = &args.topic else {
        say(&format!("{}\n{}", command.render_help(), topics()));
        return GOOD;
    };
    if let Some(chapter) = chapters().iter().find(|chapter| chapter.topic == topic) {
        out(Lang::spoken().of(chapter.text.both()));
        return GOOD;
    }
    if command.find_subcommand(topic).is_some() {
        return match lang::command(Cli::command()).try_get_matches_from(["stend", topic, "--help"]) {
            Err(help) => explain(&help),
            Ok(_) => GOOD,
        };
    }
    let commands = command.get_subcommands().map(|command| command.get_name().to_owned());
    let known: Vec<String> = chapters().iter().map(|chapter| chapter.topic.to_owned()).chain(commands).collect();
    let hint = match stend_core::near::nearest(topic, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`stend help` lists commands and topics".to_owned(),
    };
    err(&format!("error: there is no command and no topic `{topic}`\n  = help: {hint}\n"));
    BAD
}

/// The list of topics below the list of commands.
fn topics() -> String {
    let lines: String = chapters()
        .iter()
        .map(|chapter| format!("  {:<12} {}\n", chapter.topic, Lang::spoken().of(chapter.about)))
        .collect();
    format!(
        "{}:\n{lines}",
        Lang::spoken().of(["Topics of the manual (stend help TOPIC)", "Темы руководства (stend help TOPIC)"])
    )
}
