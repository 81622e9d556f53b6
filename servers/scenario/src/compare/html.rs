//! A comparison as one HTML file that needs nothing else.

use std::fmt::Write as _;

use super::judge::word;
use super::report::title;
use super::{Against, Comparison, Verdict};

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; --good: #1b7f3b; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --good: #7bd88f; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; } .bad { color: var(--bad); } .good { color: var(--good); } .quiet { opacity: .7; }
";

/// The report as HTML.
pub fn html(comparison: &Comparison) -> String {
    let mut out = String::new();
    let Comparison { service, source, .. } = comparison;
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{} compared with {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{} compared with {}</h1>\n",
        text(service),
        text(source),
        text(service),
        text(source)
    );
    let verdict = match comparison.differences.len() {
        0 => "<p class=\"good\">No differences".to_owned(),
        1 => "<p class=\"bad\">1 difference".to_owned(),
        found => format!("<p class=\"bad\">{found} differences"),
    };
    let _ = writeln!(
        out,
        "{verdict} in {} exchanges of {} operations; the bench answered {} of {} requests as the system did.</p>",
        comparison.exchanges,
        comparison.operations.len(),
        comparison.bench.same,
        comparison.bench.asked
    );
    for against in [Against::Specification, Against::Claim, Against::Bench] {
        let rows: Vec<_> = comparison.differences.iter().filter(|one| one.against == against).collect();
        if rows.is_empty() {
            continue;
        }
        let expected = if against == Against::Bench { "bench" } else { "expected" };
        let _ = writeln!(out, "<h2>{}</h2>", title(against));
        table(
            &mut out,
            &["exchange", "part", "place", expected, "found", "claims", "setting"],
            rows.into_iter().map(|one| {
                let times = if one.times > 1 { format!(" × {}", one.times) } else { String::new() };
                vec![
                    format!("{}<br><span class=\"quiet\">entry {}{times}</span>", code(&one.exchange), one.entry),
                    text(&one.part),
                    code(&one.path),
                    code(&one.expected),
                    code(&one.found),
                    text(&one.claims.join(", ")),
                    one.setting.as_deref().map(code).unwrap_or_default(),
                ]
            }),
        );
    }
    let settings: Vec<_> = comparison.settings.iter().filter(|row| row.verdict != Verdict::Untouched).collect();
    if !settings.is_empty() {
        out.push_str("<h2>Settings</h2>\n");
        table(
            &mut out,
            &["setting", "what it decides", "default", "verdict", "the system", "exchanges"],
            settings.into_iter().map(|row| {
                vec![
                    code(&row.setting),
                    text(&row.about),
                    code(&word(&row.default)),
                    verdict_of(row.verdict),
                    row.instead.as_ref().map(|value| code(&word(value))).unwrap_or_default(),
                    row.exchanges.to_string(),
                ]
            }),
        );
    }
    if !comparison.claims.is_empty() {
        out.push_str("<h2>Claims</h2>\n");
        table(
            &mut out,
            &["claim", "statement", "kind", "verdict", "exchanges"],
            comparison.claims.iter().map(|claim| {
                vec![
                    text(&claim.id),
                    text(&claim.says),
                    text(&claim.kind),
                    verdict_of(claim.verdict),
                    claim.times.to_string(),
                ]
            }),
        );
    }
    if !comparison.unmatched.is_empty() {
        out.push_str("<h2>Not compared</h2>\n");
        table(
            &mut out,
            &["what", "why", "times"],
            comparison.unmatched.iter().map(|row| vec![code(&row.what), text(&row.why), row.times.to_string()]),
        );
    }
    out.push_str("<h2>The bench</h2>\n");
    let world = comparison.bench.world.iter().map(|(list, count)| vec![code(list), count.to_string()]);
    table(&mut out, &["list", "things seen"], world);
    for note in &comparison.bench.notes {
        let _ = writeln!(out, "<p class=\"quiet\">{}</p>", text(note));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn verdict_of(verdict: Verdict) -> String {
    match verdict {
        Verdict::Confirmed => "<span class=\"good\">confirmed</span>".into(),
        Verdict::Refuted => "<span class=\"bad\">refuted</span>".into(),
        Verdict::Untouched => "untouched".into(),
    }
}

fn table(out: &mut String, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    let cells = |tag: &str, cells: &mut dyn Iterator<Item = String>| {
        cells.map(|cell| format!("<{tag}>{cell}</{tag}>")).collect::<String>()
    };
    let _ = writeln!(out, "<table>\n<tr>{}</tr>", cells("th", &mut heads.iter().map(|head| text(head))));
    for row in rows {
        let _ = writeln!(out, "<tr>{}</tr>", cells("td", &mut row.into_iter()));
    }
    out.push_str("</table>\n");
}

/// A text that is no markup, whatever it holds.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn code(value: &str) -> String {
    format!("<code>{}</code>", text(value))
}
