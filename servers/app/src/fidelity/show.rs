//! The ledger as a table, as Markdown and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use stend_core::interpretations::{Choice, Interpretation};

use stend_scenario::compare::Verdict;

use super::{Checked, Claim, Count, Kind, Ledger, Status, Tally};

/// One sentence with the counts.
pub fn headline(tally: &Tally) -> String {
    let Tally { documented, observed, assumed, rulings, checked, .. } = tally;
    let refuted = if checked.refuted > 0 { format!(", {} of them refuted", checked.refuted) } else { String::new() };
    format!(
        "{} of {} documented statements proved; {} observed; {} assumed; {} of {} rulings proved; \
         {} checked against the vendors' systems{refuted}",
        documented.proved,
        documented.total,
        observed.total,
        assumed.total,
        rulings.proved,
        rulings.total,
        checked.total()
    )
}

/// The sentence and the numbers as Markdown, for a README.
pub fn block(ledgers: &[Ledger]) -> String {
    let mut text = format!("{}.\n", headline(&Tally::of(ledgers)));
    if ledgers.len() > 1 {
        let _ = write!(text, "\n{}\n|{}\n", row(&COLUMNS.map(String::from)), "---|".repeat(COLUMNS.len()));
        for ledger in ledgers {
            let _ = writeln!(text, "{}", row(&cells(ledger)));
        }
    }
    text
}

/// The settings of a service that choose between interpretations, as a Markdown table for its README.
pub fn settings(interpretations: &[Interpretation]) -> String {
    let mut text = String::from("| setting | what it decides | values | claims |\n|---|---|---|---|\n");
    for Interpretation { setting, about, options, default, claims, .. } in interpretations {
        let named = options.iter().map(|Choice { value, about, .. }| format!("`{value}`: {about}"));
        let values = match default {
            _ if !options.is_empty() => named.collect::<Vec<_>>().join("<br>"),
            Some(Value::Array(_) | Value::Object(_)) => "a table".to_owned(),
            Some(value) => format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            None => "none unless given".to_owned(),
        };
        let all: BTreeSet<&String> = claims.iter().chain(options.iter().flat_map(|choice| &choice.claims)).collect();
        let all: Vec<&str> = all.into_iter().map(String::as_str).collect();
        let _ = writeln!(text, "{}", row(&[format!("`{setting}`"), about.clone(), values, all.join(", ")]));
    }
    text
}

/// Everything that is not simply proved, for people: a table of all services, or one's sections and exceptions.
pub fn table(ledgers: &[Ledger]) -> String {
    let mut text = format!("{}\n", headline(&Tally::of(ledgers)));
    match ledgers {
        [ledger] => one(&mut text, ledger),
        _ => {
            let rows: Vec<Vec<String>> = ledgers.iter().map(|ledger| cells(ledger).to_vec()).collect();
            aligned(&mut text, &COLUMNS, &rows);
            text.push_str("\n`stend fidelity API` lists the claims of one that are not simply proved.\n");
        }
    }
    text
}

/// Everything, for programs.
pub fn json(ledgers: &[Ledger]) -> Value {
    let tally = Tally::of(ledgers);
    let apis: Vec<Value> = ledgers
        .iter()
        .map(|ledger| {
            json!({
                "api": ledger.service,
                "document": ledger.document,
                "counts": Tally::of([ledger]),
                "claims": ledger.claims,
                "rulings": ledger.rulings,
            })
        })
        .collect();
    json!({ "headline": headline(&tally), "checked_against_vendor": tally.checked.total(), "counts": tally, "apis": apis })
}

const COLUMNS: [&str; 11] = [
    "api",
    "documented",
    "proved",
    "by setting",
    "contradicted",
    "not emulated",
    "unproved",
    "observed",
    "assumed",
    "rulings",
    "settings",
];

fn cells(ledger: &Ledger) -> [String; 11] {
    let Tally { documented, observed, assumed, rulings, settings, .. } = Tally::of([ledger]);
    let Count { total, proved, by_setting, contradicted, not_emulated, unproved } = documented;
    let [observed, assumed, rulings] = [observed.total, assumed.total, rulings.total];
    let numbers =
        [total, proved, by_setting, contradicted, not_emulated, unproved, observed, assumed, rulings, settings];
    let mut numbers = numbers.iter().map(usize::to_string);
    std::array::from_fn(|n| if n == 0 { ledger.service.clone() } else { numbers.next().unwrap_or_default() })
}

fn one(text: &mut String, ledger: &Ledger) {
    sections(text, ledger);
    checked(text, ledger);
}

fn sections(text: &mut String, ledger: &Ledger) {
    let _ = writeln!(text, "{}: {}\n", ledger.service, ledger.document);
    let mut sections: Vec<(&str, Count)> = Vec::new();
    for claim in ledger.all() {
        let section = claim.section.as_deref().unwrap_or("Rulings (ours)");
        let n = sections.iter().position(|(name, _)| *name == section).unwrap_or_else(|| {
            sections.push((section, Count::default()));
            sections.len() - 1
        });
        sections[n].1.add(claim.status);
    }
    let rows: Vec<Vec<String>> = sections
        .iter()
        .map(|(name, count)| {
            let Count { total, proved, by_setting, contradicted, not_emulated, unproved } = *count;
            let numbers = [total, proved, by_setting, contradicted, not_emulated, unproved];
            std::iter::once((*name).to_owned()).chain(numbers.iter().map(usize::to_string)).collect()
        })
        .collect();
    let heads = ["section", "claims", "proved", "by setting", "contradicted", "not emulated", "unproved"];
    aligned(text, &heads, &rows);
    let group = |claim: &Claim| match (claim.status, claim.kind) {
        (Status::Unproved, _) => Some("Unproved"),
        (Status::BySetting, _) => Some("By a setting that is not the default"),
        (Status::Contradicted, _) => Some("Contradicted"),
        (Status::NotEmulated, _) => Some("Not emulated"),
        (Status::Proved, Kind::Observed) => Some("Observed in public clients"),
        (Status::Proved, Kind::Assumed) => Some("Assumed"),
        (Status::Proved, Kind::Documented) => claim.setting.as_ref().map(|_| "Documented, with another interpretation"),
    };
    let titles = [
        "Unproved",
        "Contradicted",
        "Not emulated",
        "By a setting that is not the default",
        "Documented, with another interpretation",
        "Observed in public clients",
        "Assumed",
    ];
    for title in titles {
        let claims: Vec<&Claim> = ledger.all().filter(|claim| group(claim) == Some(title)).collect();
        if claims.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{title}");
        for claim in claims {
            let _ = writeln!(text, "  {:7} {}", claim.id, claim.says);
            if let Some(because) = &claim.because {
                let _ = writeln!(text, "          because: {because}");
            }
            if let Some(setting) = &claim.setting {
                let _ =
                    writeln!(text, "          another interpretation: {}.{setting} in the world file", ledger.service);
            }
        }
    }
}

/// What real systems have shown, claim by claim.
fn checked(text: &mut String, ledger: &Ledger) {
    let claims: Vec<&Claim> = ledger.all().filter(|claim| !claim.confirmed.is_empty()).collect();
    if !claims.is_empty() {
        let _ = writeln!(text, "\nChecked against the vendor's system");
    }
    for claim in claims {
        let _ = writeln!(text, "  {:7} {}", claim.id, claim.says);
        for Checked { verdict, by, at, times, setting } in &claim.confirmed {
            let verdict = if *verdict == Verdict::Refuted { "refuted" } else { "confirmed" };
            let by = if by.is_empty() { "somebody" } else { by };
            let at = if at.is_empty() { String::new() } else { format!(", {at}") };
            let setting = setting.as_ref().map(|setting| format!("; agrees with `{setting}`")).unwrap_or_default();
            let exchanges = if *times == 1 { "exchange" } else { "exchanges" };
            let _ = writeln!(text, "          {verdict} by {by}{at}, {times} {exchanges}{setting}");
        }
    }
}

/// A table in columns, numbers to the right.
fn aligned(text: &mut String, heads: &[&str], rows: &[Vec<String>]) {
    let width =
        |n: usize| rows.iter().map(|row| row[n].chars().count()).chain([heads[n].len()]).max().unwrap_or_default();
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        for (n, cell) in cells.enumerate() {
            let _ = if n == 0 {
                write!(text, "{cell:<width$}", width = widths[n])
            } else {
                write!(text, "  {cell:>width$}", width = widths[n])
            };
        }
        text.push('\n');
    };
    line(&mut heads.iter().copied());
    rows.iter().for_each(|row| line(&mut row.iter().map(String::as_str)));
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}
