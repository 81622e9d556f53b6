//! What a play came to: for people, as JSON, as JUnit. No figure in it is the wall clock's.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::problem::Position;
use stend_core::visible::visible;
use stend_core::{Problem, Source, Span, Timestamp};

use crate::file::Scenario;

/// One step that was done, or one expectation at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Virtual time since the start.
    pub at: Span,
    /// The line in the file.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
    /// What it was.
    pub what: String,
    /// The round, from 1, of a repeated step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// What came of it: an action's result, a reply's status.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub result: Value,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Where in the file.
    #[serde(skip)]
    pub position: Position,
}

/// What a play came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The file.
    pub file: String,
    /// The scenario's title.
    pub title: String,
    /// The seed that it was played with.
    pub seed: u64,
    /// Virtual time at the start.
    pub started: Timestamp,
    /// Virtual time at the end.
    pub ended: Timestamp,
    /// Whether all steps and expectations held.
    pub passed: bool,
    /// The steps in the order in which they were done.
    pub steps: Vec<StepOutcome>,
    /// The expectations at the end.
    pub expectations: Vec<StepOutcome>,
    /// A digest of the world at the end, when it was played at the greatest speed: the same seed gives the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<String>,
    /// The file's text, to show failures in.
    #[serde(skip)]
    pub source: Arc<Source>,
}

impl Report {
    /// The same report of a play elsewhere, with the places and the text of the scenario as it stands here.
    #[must_use]
    pub fn placed(mut self, scenario: &Scenario) -> Self {
        self.source = Arc::clone(&scenario.source);
        let places: BTreeMap<(u32, u32), Position> =
            scenario.positions().map(|position| ((position.line, position.column), position)).collect();
        for outcome in self.steps.iter_mut().chain(&mut self.expectations) {
            outcome.position = places.get(&(outcome.line, outcome.column)).copied().unwrap_or_default();
        }
        self
    }

    /// Everything that failed, in order.
    pub fn failures(&self) -> impl Iterator<Item = &StepOutcome> {
        self.steps.iter().chain(&self.expectations).filter(|outcome| outcome.failure.is_some())
    }

    fn show(&self, outcome: &StepOutcome, colour: bool) -> String {
        let mut problem = Problem::invalid(outcome.failure.clone().unwrap_or_default());
        problem.position = Some(outcome.position);
        self.source.render(&problem, colour)
    }
}

/// The most lines of a timeline; those that failed are shown with their places anyway.
const LINES: usize = 60;

/// What was done when: a line a step, a repeated step on one.
fn timeline(report: &Report, colour: bool) -> String {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for outcome in &report.steps {
        let failed = usize::from(outcome.failure.is_some());
        let known = rows.iter_mut().find(|row| outcome.round.is_some() && row.outcome.position == outcome.position);
        match known {
            Some(row) => {
                row.rounds += 1;
                row.failed += failed;
                row.last = outcome.at;
            }
            None => rows.push(Row { outcome, last: outcome.at, rounds: 1, failed }),
        }
    }
    for outcome in &report.expectations {
        rows.push(Row { outcome, last: outcome.at, rounds: 1, failed: usize::from(outcome.failure.is_some()) });
    }
    let moments: Vec<String> = rows.iter().map(Row::moment).collect();
    let width = moments.iter().map(|moment| moment.chars().count()).max().unwrap_or(0);
    let beyond = rows.len().saturating_sub(LINES);
    let mut text = String::new();
    for (row, moment) in rows.iter().zip(&moments).take(LINES) {
        let mark = match (row.failed > 0, colour) {
            (false, false) => "✓",
            (true, false) => "✗",
            (false, true) => "\u{1b}[32m✓\u{1b}[0m",
            (true, true) => "\u{1b}[31m✗\u{1b}[0m",
        };
        let what: String = row.outcome.what.chars().take(100).collect();
        let cut = if what.len() < row.outcome.what.len() { "…" } else { "" };
        let _ = write!(text, "{moment:>width$}  {mark} {what}{cut}");
        let _ = match (row.rounds, row.failed) {
            (1, _) => writeln!(text),
            (rounds, 0) => writeln!(text, " ({rounds} times)"),
            (rounds, failed) => writeln!(text, " ({rounds} times, {failed} failed)"),
        };
    }
    if beyond > 0 {
        let _ = writeln!(text, "… and {beyond} more");
    }
    text
}

/// A line of a timeline.
struct Row<'a> {
    outcome: &'a StepOutcome,
    last: Span,
    rounds: usize,
    failed: usize,
}

impl Row<'_> {
    fn moment(&self) -> String {
        match self.rounds {
            1 => self.outcome.at.to_string(),
            _ => format!("{}…{}", self.outcome.at, self.last),
        }
    }
}

/// For people.
pub fn pretty(report: &Report, colour: bool) -> String {
    // Titles and values are of others: they must not steer the terminal.
    let report = &report.visible();
    let mut text = timeline(report, colour);
    if report.failures().next().is_some() {
        text.push('\n');
    }
    for outcome in report.failures().take(20) {
        let round = outcome.round.map(|round| format!(", round {round}")).unwrap_or_default();
        let _ = writeln!(text, "at {}{round}: {}\n{}\n", outcome.at, outcome.what, report.show(outcome, colour));
    }
    let failed = report.failures().count();
    if failed > 20 {
        let _ = writeln!(text, "… and {} more failures\n", failed - 20);
    }
    let span = Span::between(report.started, report.ended);
    let (mark, word) = if report.passed { ("✓", "passed") } else { ("✗", "FAILED") };
    let (start, end) = match (colour, report.passed) {
        (false, _) => ("", ""),
        (true, true) => ("\u{1b}[32m", "\u{1b}[0m"),
        (true, false) => ("\u{1b}[31m", "\u{1b}[0m"),
    };
    let _ = write!(
        text,
        "{start}{mark} {}{end}: {word}, {} in {span} of virtual time, {}; seed {}",
        report.title,
        plural(report.steps.len(), "step"),
        plural(report.expectations.len(), "expectation"),
        report.seed
    );
    if failed > 0 {
        let _ = write!(text, "; {failed} failed");
    }
    text.push('\n');
    text
}

impl Report {
    /// The same with control characters made visible.
    fn visible(&self) -> Self {
        let mut shown = self.clone();
        shown.title = visible(&shown.title).into_owned();
        for outcome in shown.steps.iter_mut().chain(&mut shown.expectations) {
            outcome.what = visible(&outcome.what).into_owned();
            outcome.failure = outcome.failure.as_deref().map(|failure| visible(failure).into_owned());
        }
        shown
    }
}

fn plural(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// JUnit XML of several plays: a suite a file, a case a step or expectation that can fail.
pub fn junit(reports: &[Report]) -> String {
    let mut all = quick_junit::Report::new("stend play");
    for report in reports {
        let mut suite = TestSuite::new(report.file.clone());
        for outcome in report.steps.iter().chain(&report.expectations) {
            let mut status = TestCaseStatus::success();
            if let Some(failure) = &outcome.failure {
                status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(failure.clone()).set_description(report.show(outcome, false));
            }
            let round = outcome.round.map(|round| format!(" #{round}")).unwrap_or_default();
            let mut case =
                TestCase::new(format!("{} (line {}{round}, at {})", outcome.what, outcome.line, outcome.at), status);
            case.set_classname(report.title.clone());
            suite.add_test_case(case);
        }
        all.add_test_suite(suite);
    }
    all.to_string().unwrap_or_else(|error| {
        tracing::error!(%error, "the JUnit report cannot be written");
        String::new()
    })
}
