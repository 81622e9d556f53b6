//! The manual, which stands beside the code as Markdown: `stend help TOPIC` and the page show it.

use stend_control::{Chapter, Text};

use crate::tables;

const fn chapter(topic: &'static str, about: [&'static str; 2], text: [&'static str; 2]) -> Chapter {
    Chapter { topic, about, text: Text::Written(text) }
}

/// A chapter of tables from the registry.
const fn made(topic: &'static str, about: [&'static str; 2], make: fn() -> &'static str) -> Chapter {
    Chapter { topic, about, text: Text::Made(make) }
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

static MANUAL: [Chapter; 16] = [
    chapter(
        "start",
        ["What stend is, and an answer in 30 seconds", "Что такое stend, и ответ за 30 секунд"],
        both!("../../../"),
    ),
    chapter(
        "worlds",
        ["World files, from an empty one on", "Файлы миров, начиная с пустого"],
        both!("../../../fixtures/worlds/"),
    ),
    chapter(
        "scenarios",
        ["Scenarios, faults, expectations, recording", "Сценарии, сбои, ожидания, запись"],
        both!("../../scenario/"),
    ),
    english(
        "compare",
        [
            "Traffic of the real system: differences, worlds, evidence",
            "Трафик настоящей системы: отличия, миры, свидетельства (на английском)",
        ],
        include_str!("../../scenario/COMPARE.md"),
    ),
    chapter(
        "control",
        ["Worlds, clock, journal, live stream", "Миры, часы, журнал, поток событий"],
        both!("../../control/"),
    ),
    chapter(
        "reach",
        ["Hard-coded hosts, certificates, pages", "Зашитые адреса, сертификаты, страницы"],
        both!("../../transport/"),
    ),
    chapter(
        "ci",
        ["Exit codes, CI, editors, specifications", "Коды завершения, CI, редакторы, спецификации"],
        both!("../"),
    ),
    chapter(
        "mcp",
        [
            "Agents: the bench as a server of the Model Context Protocol",
            "Агенты: стенд как сервер Model Context Protocol",
        ],
        both!("mcp/"),
    ),
    made(
        "actions",
        ["Actions of all services, each with an example", "Действия всех сервисов с примерами (на английском)"],
        tables::actions_chapter,
    ),
    made(
        "operations",
        ["Operations of all services", "Операции всех сервисов (на английском)"],
        tables::operations_chapter,
    ),
    made(
        "settings",
        ["Settings of worlds, with their defaults", "Настройки миров (на английском)"],
        tables::settings_chapter,
    ),
    made(
        "matchers",
        ["Matchers of expectations", "Сопоставители в ожиданиях (на английском)"],
        tables::matchers_chapter,
    ),
    made("errors", ["Codes of our own errors", "Коды наших ошибок (на английском)"], tables::errors_chapter),
    english(
        "agents",
        ["The manual's index for language models", "Указатель для языковых моделей (на английском)"],
        include_str!("../../../llms.txt"),
    ),
    english("changes", ["What is new", "Что нового (на английском)"], include_str!("../../../CHANGELOG.md")),
    english(
        "security",
        ["What is safe to expose", "Что можно открывать наружу (на английском)"],
        include_str!("../../../.github/SECURITY.md"),
    ),
];

/// The READMEs of the services.
static SERVICES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/chapters.rs"));

/// The topics that are chapters, and the services, whose READMEs are chapters, too.
pub fn chapters() -> Vec<Chapter> {
    let title = |text: &'static str| text.lines().next().unwrap_or_default().trim_start_matches("# ");
    let services = SERVICES.iter().map(|&(topic, text)| english(topic, [title(text); 2], text));
    MANUAL.iter().copied().chain(services).collect()
}
