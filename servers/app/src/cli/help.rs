//! `stend help TOPIC`: the manual, which stands beside the code as Markdown.

use clap::CommandFactory as _;

use super::{BAD, Cli, GOOD, err, explain, out};

/// A chapter: its topic, what is in it, and its text.
#[derive(Clone, Copy)]
struct Chapter {
    topic: &'static str,
    about: &'static str,
    text: &'static str,
}

const fn chapter(topic: &'static str, about: &'static str, text: &'static str) -> Chapter {
    Chapter { topic, about, text }
}

static MANUAL: [Chapter; 11] = [
    chapter("start", "What stend is, and an answer in 30 seconds", include_str!("../../../../README.md")),
    chapter("начало", "То же по-русски", include_str!("../../../../README.ru.md")),
    chapter("worlds", "World files, from an empty one on", include_str!("../../../../fixtures/worlds/README.md")),
    chapter("scenarios", "Scenarios, faults, expectations, recording", include_str!("../../../scenario/README.md")),
    chapter(
        "compare",
        "Traffic of the real system: differences, worlds, evidence",
        include_str!("../../../scenario/COMPARE.md"),
    ),
    chapter("control", "Worlds, clock, journal, live stream", include_str!("../../../control/README.md")),
    chapter("reach", "Hard-coded hosts, certificates, pages", include_str!("../../../transport/README.md")),
    chapter("ci", "Exit codes, CI, editors, specifications", include_str!("../../README.md")),
    chapter("agents", "The manual's index for language models", include_str!("../../../../llms.txt")),
    chapter("changes", "What is new", include_str!("../../../../CHANGELOG.md")),
    chapter("security", "What is safe to expose", include_str!("../../../../.github/SECURITY.md")),
];

/// Arguments of `stend help`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A command, a topic of the manual, or a service
    topic: Option<String>,
}

/// The READMEs of the services.
static SERVICES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/chapters.rs"));

/// The topics that are chapters, and the services, whose READMEs are chapters, too.
fn chapters() -> Vec<Chapter> {
    let title = |text: &'static str| text.lines().next().unwrap_or_default().trim_start_matches("# ");
    let services = SERVICES.iter().map(|&(topic, text)| chapter(topic, title(text), text));
    MANUAL.iter().copied().chain(services).collect()
}

pub(super) fn run(args: &Args) -> u8 {
    let mut command = Cli::command();
    command.build();
    let Some(topic) = &args.topic else {
        out(&format!("{}\n{}", command.render_help(), topics()));
        return GOOD;
    };
    if let Some(chapter) = chapters().iter().find(|chapter| chapter.topic == topic) {
        out(chapter.text);
        return GOOD;
    }
    if command.find_subcommand(topic).is_some() {
        return match Cli::command().try_get_matches_from(["stend", topic, "--help"]) {
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
    let lines: String =
        chapters().iter().map(|chapter| format!("  {:<12} {}\n", chapter.topic, chapter.about)).collect();
    format!("Topics of the manual (stend help TOPIC):\n{lines}")
}
