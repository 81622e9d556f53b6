//! What is wrong with something a person wrote: a world file, a scenario, an action's arguments.

use std::fmt;

use crate::near;

/// One step from a document's root to the place a [`Problem`] speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The value under this key.
    Key(String),
    /// The item at this index, from 0.
    Index(usize),
}

/// Where in a document, from its root: `timeline[3].do`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(pub Vec<Step>);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if i == 0 => write!(f, "{key}")?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Step::Key(key.to_owned())
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Step::Key(key)
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Step::Index(index)
    }
}

/// Where a value or key stands in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Line, from 1; 0 when the value came from nowhere that has lines.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte.
    pub start: u32,
    /// Length in bytes.
    pub len: u32,
}

/// One mistake: what it is, what was expected, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// A stable word for programs: `unknown_key`, `wrong_type`, `not_found`, `conflict`, `invalid`…
    pub code: &'static str,
    /// The sentence, naming the value and what was expected.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The way there from the document's root.
    pub path: Path,
    /// Whether the key at the end of `path` is meant, not its value.
    pub at_key: bool,
    /// The place in the source, once known.
    pub position: Option<Position>,
}

impl Problem {
    /// A problem of this code with this sentence.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, path: Path::default(), at_key: false, position: None }
    }

    /// A value that is well formed and yet cannot be meant.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid", message)
    }

    /// Something that is referred to and is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("not_found", message)
    }

    /// Something that the present state forbids.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new("conflict", message)
    }

    /// An unknown name among known ones: the hint names the nearest.
    pub fn unknown<'a>(
        code: &'static str,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let mut problem = Self::new(code, format!("unknown {what} `{name}`"));
        problem.hint = near::hint(name, known);
        problem
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that the problem lies under `step`; called from the inside out.
    #[must_use]
    pub fn under(mut self, step: impl Into<Step>) -> Self {
        self.path.0.insert(0, step.into());
        self
    }

    /// Says that the problem lies under these steps, outermost first.
    #[must_use]
    pub fn at<const N: usize>(mut self, steps: [Step; N]) -> Self {
        self.path.0.splice(0..0, steps);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.0.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
