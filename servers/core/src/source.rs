//! A named text, and problems shown in it: `file:line:col`, the source line, a caret, a hint.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::node::Node;
use crate::problem::Problem;
use crate::visible::visible;

/// A text with the name it is known by.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file's path as the user gave it, or `request body`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// How grave a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It cannot be meant.
    Error,
    /// It is odd, and may be meant.
    Warning,
}

/// A problem and the text it is in.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The text.
    pub source: Arc<Source>,
    /// What is wrong with it.
    pub problem: Problem,
}

impl Diagnostic {
    /// The problem with its place, the source line and the hint, over several lines.
    pub fn render(&self, colour: bool) -> String {
        self.source.render(&self.problem, colour)
    }

    /// The same for what is odd and may be meant.
    pub fn render_warning(&self, colour: bool) -> String {
        self.source.render_as(Severity::Warning, &self.problem, colour)
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// The longest file that is read, in bytes: above what a saved world of some million entities needs.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

impl Source {
    /// A text under this name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A sentence that names the file and says why it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let name = path.display().to_string();
        let wrong = |why: &str| Problem::new("unreadable", format!("cannot read {name}: {why}"));
        if path.is_dir() {
            return Err(wrong("it is a folder").hint("name a file"));
        }
        let bytes = read_file(path, MAX_BYTES).map_err(|error| wrong(&plain(&error)))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let utf16 = error.as_bytes().starts_with(b"\xff\xfe") || error.as_bytes().starts_with(b"\xfe\xff");
            let why =
                if utf16 { "it is UTF-16, as PowerShell writes it, and not UTF-8" } else { "it is not UTF-8 text" };
            wrong(why).hint("save it as UTF-8")
        })?;
        Ok(Self { name, text })
    }

    /// The document in it.
    ///
    /// # Errors
    /// As [`Node::parse`].
    pub fn parse(&self) -> Result<Node, Problem> {
        Node::parse(&self.text)
    }

    /// Whether the document has one of these top-level keys; a large one is not read whole for it.
    pub fn has_key(&self, keys: &[&str]) -> bool {
        match crate::node_json::split(&self.text) {
            Some(parts) => parts.iter().any(|(key, _)| keys.contains(&key.as_str())),
            None => self.parse().is_ok_and(|node| keys.iter().any(|key| node.get(key).is_some())),
        }
    }

    /// `name:line:col` of a problem, or the name alone.
    pub fn place(&self, problem: &Problem) -> String {
        match problem.position {
            Some(position) if position.line > 0 => format!("{}:{}:{}", self.name, position.line, position.column),
            _ => self.name.clone(),
        }
    }

    /// The problem with its place, the source line and the hint, over several lines.
    pub fn render(&self, problem: &Problem, colour: bool) -> String {
        self.render_as(Severity::Error, problem, colour)
    }

    /// The same, called by how grave it is.
    pub fn render_as(&self, severity: Severity, problem: &Problem, colour: bool) -> String {
        let (level, word) = match severity {
            Severity::Error => (Level::ERROR, "error"),
            Severity::Warning => (Level::WARNING, "warning"),
        };
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let Some(position) = problem.position.filter(|position| position.line > 0) else {
            let help = problem.hint.iter().map(|hint| format!("\n  = help: {hint}")).collect::<String>();
            // What stands nowhere may name its file already.
            let place =
                if problem.message.contains(&self.name) { String::new() } else { format!("\n --> {}", self.name) };
            return visible(&format!("{word}: {}{place}{help}", problem.message)).into_owned();
        };
        let (message, name) = (visible(&problem.message), visible(&self.name));
        let start = (position.start as usize).min(self.text.len());
        // An empty span still gets a caret; a span over many lines is shown by its first.
        let rest = &self.text[start..];
        let first_line = rest.find('\n').unwrap_or(rest.len());
        let end = start + (position.len as usize).clamp(1, first_line.max(1));
        let mut group = level.primary_title(&*message).element(
            Snippet::source(self.text.as_str())
                .path(&*name)
                .annotation(AnnotationKind::Primary.span(start..end.min(self.text.len()))),
        );
        let hint = problem.hint.as_deref().map(visible);
        if let Some(hint) = &hint {
            group = group.element(Level::HELP.message(&**hint));
        }
        renderer.render(&[group])
    }
}

/// The most that is read of what has no length of its own: a pipe, a device. In bytes.
const MOST_OF_A_STREAM: u64 = 64 * 1024 * 1024;

/// Reads a file of so many bytes at the most; its length is looked at before it is read.
///
/// # Errors
/// What the system says, or that it is larger.
pub fn read_file(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let meta = file.metadata()?;
    let most = if meta.is_file() { most } else { most.min(MOST_OF_A_STREAM) };
    let too_large = || {
        let most = if most < 1 << 20 { format!("{most} bytes") } else { format!("{} MiB", most >> 20) };
        std::io::Error::other(format!("it is larger than {most}"))
    };
    if meta.is_file() && meta.len() > most {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

/// The system's sentence without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_file_line_column_source_line_and_hint() {
        let source = Source::new("bistro.yaml", "tables:\n  - id: 1\n    naem: x\n");
        let node = source.parse().expect("good YAML");
        let problem = Problem::new("unknown_key", "unknown key `naem`").hint("did you mean `name`?");
        let mut problem = problem.at(["tables".into(), 0.into(), "naem".into()]);
        problem.at_key = true;
        let problem = node.locate(problem);
        assert_eq!(source.place(&problem), "bistro.yaml:3:5");
        let text = source.render(&problem, false);
        for part in ["error: unknown key `naem`", "bistro.yaml:3:5", "    naem: x", "^^^^", "did you mean `name`?"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn escape_sequences_in_a_file_are_shown_and_not_carried_out() {
        let source = Source::new("a\u{1b}[2J.yaml", "title: \"\u{1b}]0;x\u{7}\" # \u{1b}[2J\n");
        let mut problem = Problem::invalid("`\u{1b}[2J` is wrong").hint("not \u{1b}c");
        for line in [0, 1] {
            problem.position = Some(crate::problem::Position { line, column: 8, start: 7, len: 3 });
            let text = source.render(&problem, false);
            assert!(!text.contains(['\u{1b}', '\u{7}']) && text.contains("␛[2J"), "{text:?}");
        }
    }

    #[test]
    fn no_more_is_read_of_a_file_than_its_limit() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(read_file(&path, 1 << 20).is_ok_and(|bytes| bytes.starts_with(b"[package]")));
        assert_eq!(read_file(&path, 512).expect_err("too large").to_string(), "it is larger than 512 bytes");
        #[cfg(unix)]
        assert!(
            read_file(Path::new("/dev/zero"), 4096)
                .expect_err("endless")
                .to_string()
                .contains("larger than 4096 bytes")
        );
    }

    #[test]
    fn an_unreadable_file_is_named_with_the_reason() {
        let problem = Source::open(Path::new("no/such/file.yaml")).expect_err("it is not there");
        assert_eq!(problem.message, "cannot read no/such/file.yaml: no such file or directory");
        assert!(Source::open(Path::new(".")).expect_err("a folder").message.contains("it is a folder"));
    }
}
