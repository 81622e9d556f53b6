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
        None => speaking_of(topic).unwrap_or_else(|| "`stend help` lists commands and topics".to_owned()),
    };
    err(&format!("error: there is no command and no topic `{topic}`\n  = help: {hint}\n"));
    BAD
}

/// The chapter that has a section about this word, such as `faults`.
fn speaking_of(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let heads = |text: &str| {
        let mut headings = text.lines().filter(|line| line.starts_with("## ")).map(str::to_lowercase);
        word.chars().count() > 2 && headings.any(|line| line.contains(&word))
    };
    // Of the release notes and the index every word could be a heading.
    let written = chapters().into_iter().filter(|chapter| !["start", "agents", "changes"].contains(&chapter.topic));
    let mut found = written.filter(|chapter| chapter.text.both().into_iter().any(heads));
    found.next().map(|chapter| format!("`stend help {}` has a section about it", chapter.topic))
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
