//! What a play came to: for people, as JSON, as JUnit. No figure in it is the wall clock's.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::moment::Moment;
use stend_core::problem::Position;
use stend_core::visible::visible;
use stend_core::{Node, Problem, Source, Span};

use crate::file::Scenario;

/// One step that was done, or one expectation at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Virtual time since the start.
    pub at: Span,
    /// How long it took, in virtual time.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub took: Span,
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
    /// What it was to be: of a step its `expect`, of an expectation all of it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub expected: Value,
    /// What was found in its place, where that is not the result: a reply, what was waited for.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub found: Value,
    /// The journal entry that came nearest to what was expected, by its `seq`, and what it misses.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub nearest: Value,
    /// What it captured, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captured: BTreeMap<String, Value>,
    /// The newest journal entries before it and after it, by their `seq`, where it caused any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<(u64, u64)>,
    /// Line and column of what failed, where that is not the whole step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<(u32, u32)>,
    /// Where in the file.
    #[serde(skip)]
    pub position: Position,
}

impl StepOutcome {
    /// Of something that stands at a place of the file; what came of it is empty.
    pub(crate) fn of(node: &Node, what: String, at: Span) -> Self {
        Self {
            at,
            took: Span::ZERO,
            line: node.position.line,
            column: node.position.column,
            what,
            round: None,
            result: Value::Null,
            failure: None,
            expected: Value::Null,
            found: Value::Null,
            nearest: Value::Null,
            captured: BTreeMap::new(),
            journal: None,
            failed_at: None,
            position: node.position,
        }
    }

    /// The same, failed for this reason.
    #[must_use]
    pub(crate) fn failing(mut self, why: Option<String>) -> Self {
        self.failure = why;
        self
    }
}

fn is_zero(span: &Span) -> bool {
    *span == Span::ZERO
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
    pub started: Moment,
    /// Virtual time at the end.
    pub ended: Moment,
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

    /// When a step was done by the world's clock.
    fn moment(&self, outcome: &StepOutcome) -> Moment {
        Moment { at: outcome.at.after(self.started.at), ..self.started }
    }

    fn show(&self, outcome: &StepOutcome, colour: bool) -> String {
        let mut problem = Problem::invalid(outcome.failure.clone().unwrap_or_default());
        problem.position = Some(outcome.failed_at.map_or(outcome.position, |at| place(&self.source.text, at)));
        self.source.render(&problem, colour)
    }
}

/// The place of the key or value at this line and column.
fn place(text: &str, (line, column): (u32, u32)) -> Position {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let rest = text.get(before..).unwrap_or("");
    let skipped: usize = rest.chars().take(column.saturating_sub(1) as usize).map(char::len_utf8).sum();
    let found = rest.get(skipped..).unwrap_or("").lines().next().unwrap_or("");
    let end = found.find([',', '}', ']', '#']).unwrap_or(found.len());
    let len = found[..end].trim_end().len().max(1);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line, column, start: number(before + skipped), len: number(len) }
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
        let _ = writeln!(
            text,
            "at {} ({}){round}: {}\n{}\n",
            outcome.at,
            report.moment(outcome),
            outcome.what,
            report.show(outcome, colour)
        );
    }
    let failed = report.failures().count();
    if failed > 20 {
        let _ = writeln!(text, "… and {} more failures\n", failed - 20);
    }
    let span = Span::between(report.started.at, report.ended.at);
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

/// JUnit XML of several plays: a suite a file, a case a step or expectation. Times are virtual, so that the same seed gives
/// the same report. What failed refers to a `page`, the report that opens in a browser, as CI systems have it.
pub fn junit(reports: &[Report], page: Option<&Path>) -> String {
    let mut all = quick_junit::Report::new("stend play");
    let page = page.map(|page| std::path::absolute(page).unwrap_or_else(|_| page.to_path_buf()).display().to_string());
    for report in reports {
        let mut suite = TestSuite::new(xml(&report.file));
        if let Some(page) = &page {
            suite.add_property(Property::new("report", xml(page)));
        }
        suite.set_time(duration(Span::between(report.started.at, report.ended.at)));
        suite.extra.insert("timestamp".into(), report.started.to_string().into());
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for outcome in report.steps.iter().chain(&report.expectations) {
            let mut status = TestCaseStatus::success();
            if let Some(failure) = &outcome.failure {
                status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(xml(failure)).set_description(xml(&report.show(outcome, false)));
            }
            // A name stays the same when lines are added above it, and no two cases of a suite share one.
            let name = match outcome.round {
                Some(round) => format!("{} #{round}", outcome.what),
                None => outcome.what.clone(),
            };
            let count = names.entry(name.clone()).or_default();
            *count += 1;
            let name = if *count > 1 { format!("{name} ({count})") } else { name };
            let mut case = TestCase::new(xml(&name), status);
            case.set_classname(xml(&report.title)).set_time(duration(outcome.took));
            case.extra.insert("file".into(), xml(&report.file).into());
            case.extra.insert("line".into(), outcome.line.to_string().into());
            if let (Some(page), Some(_)) = (&page, &outcome.failure) {
                case.set_system_out(xml(&format!("[[ATTACHMENT|{page}]]")));
            }
            suite.add_test_case(case);
        }
        all.add_test_suite(suite);
    }
    all.to_string().unwrap_or_else(|error| {
        tracing::error!(%error, "the JUnit report cannot be written");
        String::new()
    })
}

/// A text without the two characters that XML forbids and the writer lets pass.
fn xml(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn duration(span: Span) -> Duration {
    Duration::try_from_secs_f64(span.as_secs_f64()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use stend_core::Timestamp;

    use super::*;

    fn step(what: &str, failure: Option<&str>) -> StepOutcome {
        let mut node = Node::from_json(&Value::Null);
        (node.position.line, node.position.column) = (3, 5);
        let outcome = StepOutcome::of(&node, what.into(), Span::from_secs(5)).failing(failure.map(str::to_owned));
        StepOutcome { took: Span::from_millis(1500), position: Position::default(), ..outcome }
    }

    fn report(steps: Vec<StepOutcome>) -> Report {
        let (started, offset) = (Timestamp::UNIX_EPOCH, stend_core::Offset::constant(3));
        Report {
            file: "a <b>.yaml".into(),
            title: "Обед & \"co\"".into(),
            seed: 1,
            started: Moment { at: started, offset },
            ended: Moment { at: Span::from_secs(90).after(started), offset },
            passed: false,
            steps,
            expectations: Vec::new(),
            world: None,
            source: Arc::new(Source::new("a <b>.yaml", "stend: 1\n")),
        }
    }

    #[test]
    fn a_case_has_a_name_without_its_line_a_class_a_file_and_a_time() {
        let xml = junit(
            &[report(vec![step("a call", None), step("a call", Some("expected 2, found 1"))])],
            Some(Path::new("/out/a&b.html")),
        );
        for part in [
            "<testsuite name=\"a &lt;b&gt;.yaml\" tests=\"2\"",
            "time=\"90.000\"",
            "timestamp=\"1970-01-01T03:00:00+03:00\"",
            "<testcase name=\"a call\" classname=\"Обед &amp; &quot;co&quot;\" time=\"1.500\" file=\"a &lt;b&gt;.yaml\" line=\"3\"",
            "<testcase name=\"a call (2)\"",
            "expected 2, found 1",
            "<property name=\"report\" value=\"/out/a&amp;b.html\"/>",
            "[[ATTACHMENT|/out/a&amp;b.html]]",
        ] {
            assert!(xml.contains(part), "{part} is not in {xml}");
        }
    }

    #[test]
    fn the_caret_stands_under_what_failed() {
        let text = "stend: 1\ntimeline:\n  - call: x\n    expect: { статус: 404, body: a }\n";
        let mut outcome = step("a call", Some("expected 404, found 200"));
        outcome.failed_at = Some((4, 23));
        let mut report = report(vec![outcome]);
        report.source = Arc::new(Source::new("a.yaml", text));
        let shown = report.show(&report.steps[0], false);
        assert!(shown.contains("--> a.yaml:4:23") && shown.contains("|                       ^^^"), "{shown}");
    }

    #[test]
    fn it_is_well_formed_whatever_the_text() {
        let wild = "\u{1b}[31m\u{0}\u{8}\u{b}\u{fffe}\u{ffff}]]> <![CDATA[ & < > \" ' \u{10ffff} \r\n";
        let xml = junit(&[report(vec![step(wild, Some(wild))])], None);
        let forbidden = |c: &char| matches!(*c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        assert_eq!(xml.chars().find(forbidden), None, "{xml:?}");
        assert!(!xml.contains("]]>") && xml.contains("&lt;![CDATA["), "{xml}");
    }
}
