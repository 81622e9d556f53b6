//! Tables: Markdown on the standard output as they come, and in a file for the whole report.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// A part of the report.
pub(crate) struct Table {
    title: String,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, head: &[&'static str]) -> Self {
        Self { title: title.into(), head: head.to_vec(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a row, a cell for each of the head.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        eprintln_row(&cells);
        self.rows.push(cells.to_vec());
    }

    /// Adds a row of as many cells as there are.
    pub(crate) fn cells(&mut self, cells: Vec<String>) {
        eprintln_row(&cells);
        self.rows.push(cells);
    }

    /// Adds a sentence below the table.
    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    fn markdown(&self) -> String {
        let mut text =
            format!("### {}\n\n| {} |\n|{}\n", self.title, self.head.join(" | "), "---|".repeat(self.head.len()));
        for row in &self.rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text.push('\n');
        text
    }
}

/// A row as it comes, so that a long run shows that it lives.
#[allow(clippy::print_stderr, reason = "progress")]
fn eprintln_row(cells: &[String]) {
    eprintln!("  … {}", cells.join(" · "));
}

/// What is printed, and kept for the file.
#[derive(Default)]
pub(crate) struct Report {
    text: String,
}

impl Report {
    /// Says something.
    pub(crate) fn say(&mut self, text: &str) {
        println!("{text}");
        self.text.push_str(text);
        self.text.push('\n');
    }

    pub(crate) fn table(&mut self, table: &Table) {
        self.say(&table.markdown());
    }

    /// Writes all that was said.
    pub(crate) fn save(&self, path: &Path) -> Outcome<()> {
        Ok(std::fs::write(path, &self.text).map_err(|error| format!("{}: {error}", path.display()))?)
    }
}

/// The machine on which it was measured.
pub(crate) fn machine() -> String {
    let field = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(':').map_or("unknown", |(_, value)| value).trim().to_owned()
    };
    let said = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok();
        output.map_or_else(|| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let memory: f64 = field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0.0);
    let cores = std::thread::available_parallelism().map_or(0, usize::from).max(cores());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    [
        "| machine | |".to_owned(),
        "|---|---|".into(),
        format!("| processor | {}, {cores} cores |", field("/proc/cpuinfo", "model name")),
        format!("| memory | {:.0} GiB |", memory / 1024.0 / 1024.0),
        format!("| kernel | {} |", said("uname", &["-sr"])),
        format!("| compiler | {} |", said("rustc", &["--version"])),
        format!("| load before it began | {} |", load.split(' ').take(3).collect::<Vec<_>>().join(" ")),
    ]
    .join("\n")
}

/// The machine's cores, whichever of them this process may use.
pub(crate) fn cores() -> usize {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines().filter(|line| line.starts_with("processor")).count()
}
