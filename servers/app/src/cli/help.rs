//! `stend help TOPIC`: the manual, which stands beside the code as Markdown.

use clap::CommandFactory as _;

use super::lang::{self, Lang};
use super::{BAD, Cli, GOOD, err, explain, out, say};

/// A chapter: its topic, what is in it, and its text, in English and Russian.
#[derive(Clone, Copy)]
struct Chapter {
    topic: &'static str,
    about: [&'static str; 2],
    text: [&'static str; 2],
}

const fn chapter(topic: &'static str, about: [&'static str; 2], text: [&'static str; 2]) -> Chapter {
    Chapter { topic, about, text }
}

/// The chapter in this file in English, beside which stands the Russian one.
macro_rules! both {
    ($folder:literal) => {
        [include_str!(concat!($folder, "README.md")), include_str!(concat!($folder, "README.ru.md"))]
    };
}

/// A chapter that is there in English alone.
const fn english(topic: &'static str, about: [&'static str; 2], text: &'static str) -> Chapter {
    chapter(topic, about, [text, text])
}

static MANUAL: [Chapter; 10] = [
    chapter(
        "start",
        ["What stend is, and an answer in 30 seconds", "Что такое stend, и ответ за 30 секунд"],
        both!("../../../../"),
    ),
    chapter(
        "worlds",
        ["World files, from an empty one on", "Файлы миров, начиная с пустого"],
        both!("../../../../fixtures/worlds/"),
    ),
    chapter(
        "scenarios",
        ["Scenarios, faults, expectations, recording", "Сценарии, сбои, ожидания, запись"],
        both!("../../../scenario/"),
    ),
    english(
        "compare",
        [
            "Traffic of the real system: differences, worlds, evidence",
            "Трафик настоящей системы: отличия, миры, свидетельства (на английском)",
        ],
        include_str!("../../../scenario/COMPARE.md"),
    ),
    chapter(
        "control",
        ["Worlds, clock, journal, live stream", "Миры, часы, журнал, поток событий"],
        both!("../../../control/"),
    ),
    chapter(
        "reach",
        ["Hard-coded hosts, certificates, pages", "Зашитые адреса, сертификаты, страницы"],
        both!("../../../transport/"),
    ),
    chapter(
        "ci",
        ["Exit codes, CI, editors, specifications", "Коды завершения, CI, редакторы, спецификации"],
        both!("../../"),
    ),
    english(
        "agents",
        ["The manual's index for language models", "Указатель для языковых моделей (на английском)"],
        include_str!("../../../../llms.txt"),
    ),
    english("changes", ["What is new", "Что нового (на английском)"], include_str!("../../../../CHANGELOG.md")),
    english(
        "security",
        ["What is safe to expose", "Что можно открывать наружу (на английском)"],
        include_str!("../../../../.github/SECURITY.md"),
    ),
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
    let services = SERVICES.iter().map(|&(topic, text)| english(topic, [title(text); 2], text));
    MANUAL.iter().copied().chain(services).collect()
}

pub(super) fn run(args: &Args) -> u8 {
    let mut command = lang::command(Cli::command());
    command.build();
    let Some(topic) = &args.topic else {
        say(&format!("{}\n{}", command.render_help(), topics()));
        return GOOD;
    };
    if let Some(chapter) = chapters().iter().find(|chapter| chapter.topic == topic) {
        out(Lang::spoken().of(chapter.text));
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
