//! A comparison for people.

use std::fmt::Write as _;

use stend_core::visible::visible;

use super::judge::word;
use super::{Against, ClaimSeen, Comparison, Difference, SettingSeen, Verdict};

/// The most rows of a kind; the JSON report has all.
const ROWS: usize = 40;

fn plural(n: usize, word: &str) -> String {
    match (n, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        _ => format!("{n} {word}s"),
    }
}

/// For people.
pub fn pretty(comparison: &Comparison, colour: bool) -> String {
    let mut text = String::new();
    let paint =
        |code: &str, text: &str| if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() };
    let Comparison { service, source, entries, exchanges, operations, bench, .. } = comparison;
    let _ = writeln!(
        text,
        "{service}, {}: {}, {} of {service}, {}",
        visible(source),
        plural(*entries, "entry"),
        plural(*exchanges, "exchange"),
        plural(operations.len(), "operation")
    );
    for against in [Against::Specification, Against::Claim, Against::Bench] {
        let rows: Vec<&Difference> = comparison.differences.iter().filter(|one| one.against == against).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{}", paint("1", title(against)));
        for one in rows.iter().take(ROWS) {
            write_difference(&mut text, one, &|mark| paint("31", mark));
        }
        more(&mut text, rows.len());
    }
    for (verdict, title) in [(Verdict::Refuted, "Refuted"), (Verdict::Confirmed, "Confirmed")] {
        let claims: Vec<&ClaimSeen> = comparison.claims.iter().filter(|claim| claim.verdict == verdict).collect();
        let settings: Vec<&SettingSeen> = comparison.settings.iter().filter(|row| row.verdict == verdict).collect();
        if claims.is_empty() && settings.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{}", paint("1", title));
        for row in &settings {
            let default = word(&row.default);
            let _ = match &row.instead {
                Some(instead) => writeln!(
                    text,
                    "  {}: {default} is refuted by {}; the system answers as `{}: {}` does",
                    row.setting,
                    plural(row.exchanges, "exchange"),
                    row.setting,
                    word(instead)
                ),
                None => {
                    writeln!(text, "  {}: {default} is confirmed by {}", row.setting, plural(row.exchanges, "exchange"))
                }
            };
        }
        for claim in claims.iter().take(ROWS) {
            let _ =
                writeln!(text, "  {:7} {} ({}, {})", claim.id, claim.says, claim.kind, plural(claim.times, "exchange"));
        }
        more(&mut text, claims.len());
    }
    let mixed: Vec<&str> = comparison
        .settings
        .iter()
        .filter(|row| row.mixed && row.verdict == Verdict::Untouched)
        .map(|row| row.setting.as_str())
        .collect();
    if !mixed.is_empty() {
        let _ = writeln!(text, "\nThe traffic speaks for and against: {}", mixed.join(", "));
    }
    if !comparison.unmatched.is_empty() {
        let _ = writeln!(text, "\n{}", paint("1", "Not compared"));
        for row in comparison.unmatched.iter().take(ROWS) {
            let _ = writeln!(text, "  {}: {}{}", visible(&row.what), visible(&row.why), times(row.times));
        }
        more(&mut text, comparison.unmatched.len());
    }
    let _ = writeln!(text, "\n{}", paint("1", "The bench"));
    let world: Vec<String> = bench.world.iter().map(|(list, count)| format!("{list} {count}")).collect();
    let _ = writeln!(
        text,
        "  a world from what was seen: {}",
        if world.is_empty() { "nothing".to_owned() } else { world.join(", ") }
    );
    for note in bench.notes.iter().take(ROWS) {
        let _ = writeln!(text, "  {}", visible(note));
    }
    let _ = writeln!(text, "  answered {} of {} as the system did", bench.same, plural(bench.asked, "request"));
    for row in bench.left_out.iter().take(ROWS) {
        let _ = writeln!(text, "  {} was not asked: {}{}", row.what, visible(&row.why), times(row.times));
    }
    let found = comparison.differences.len();
    let _ = match found {
        0 => writeln!(text, "\n{} no differences", paint("32", "✓")),
        _ => writeln!(text, "\n{} {}", paint("31", "✗"), plural(found, "difference")),
    };
    text
}

/// What a group of differences is called.
pub(super) fn title(against: Against) -> &'static str {
    match against {
        Against::Specification => "Differs from the specification",
        Against::Claim => "Differs from what the document says",
        Against::Bench => "Differs from the bench's answer",
    }
}

fn write_difference(text: &mut String, one: &Difference, mark: &dyn Fn(&str) -> String) {
    let whose = if one.against == Against::Bench { "bench:   " } else { "expected:" };
    let _ = writeln!(
        text,
        "  {} {}, {}, at {} (entry {}{})\n      {whose} {}\n      found:    {}",
        mark("✗"),
        visible(&one.exchange),
        one.part,
        visible(&one.path),
        one.entry,
        times(one.times),
        visible(&one.expected),
        visible(&one.found)
    );
    if let Some(setting) = &one.setting {
        let _ = writeln!(text, "      setting:  {setting}");
    }
    if !one.claims.is_empty() {
        let _ = writeln!(text, "      claims:   {}", one.claims.join(", "));
    }
}

fn times(times: usize) -> String {
    if times > 1 { format!(", {times} times") } else { String::new() }
}

fn more(text: &mut String, rows: usize) {
    if rows > ROWS {
        let _ = writeln!(text, "  … and {} more", rows - ROWS);
    }
}
