//! One service's section of a world file: text until it is read, then a typed value.

use std::any::Any;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;
use serde::ser::{Serialize, Serializer};

use crate::node::Node;
use crate::node_json;
use crate::problem::{Problem, Step};
use crate::relative::{self, Beginning};
use crate::source::{Diagnostic, Source};

/// A typed section or a state, its type erased: what worlds share.
pub type Erased = Arc<dyn Any + Send + Sync>;

/// A service's section. It is read once, whatever number of worlds is made of it.
#[derive(Debug, Default)]
pub struct Section {
    content: Content,
    source: Option<Arc<Source>>,
    read: OnceLock<Erased>,
}

#[derive(Debug)]
enum Content {
    /// A tree with positions.
    Tree(Node),
    /// A part of a large text, in JSON: read without a tree.
    Json(Arc<Source>, Range<usize>),
    /// A section that is known to be good: it is built in, and tests read it.
    BuiltIn(&'static str),
    /// The state of a world that was saved.
    State(Box<dyn SavedState>),
}

/// A state that was saved; the section is made of it when it is written.
pub(crate) trait SavedState: std::fmt::Debug + Send + Sync {
    /// The section, to be written.
    fn to_write(&self) -> Box<dyn erased_serde::Serialize>;
    /// The typed section.
    fn section(&self) -> Erased;
}

impl Default for Content {
    fn default() -> Self {
        Self::Tree(Node::default())
    }
}

impl From<Node> for Section {
    fn from(node: Node) -> Self {
        Self { content: Content::Tree(node), ..Self::default() }
    }
}

impl Section {
    /// A section that is built in, as JSON; it stands in no file.
    pub fn built_in(json: &'static str) -> Self {
        Self { content: Content::BuiltIn(json), ..Self::default() }
    }

    /// The section of a state that was saved.
    pub(crate) fn saved(state: Box<dyn SavedState>) -> Self {
        Self { content: Content::State(state), ..Self::default() }
    }

    /// The section that stands as JSON in `range` of a large text.
    pub(crate) fn json(source: &Arc<Source>, range: Range<usize>) -> Self {
        Self { content: Content::Json(Arc::clone(source), range), source: Some(Arc::clone(source)), ..Self::default() }
    }

    /// The same, standing in this text.
    #[must_use]
    pub fn of(mut self, source: &Arc<Source>) -> Self {
        self.source = Some(Arc::clone(source));
        self
    }

    pub(crate) fn is_built_in(&self) -> bool {
        matches!(self.content, Content::BuiltIn(_))
    }

    /// Whether it is too large to be kept twice: the worlds made of it share the state instead.
    pub(crate) fn is_large(&self) -> bool {
        matches!(self.content, Content::Json(..))
    }

    /// The typed value; a small one is read at the first call and kept.
    ///
    /// # Errors
    /// What does not fit, with path and place in the section.
    pub(crate) fn read<T: DeserializeOwned + Send + Sync + 'static>(&self) -> Result<Erased, Problem> {
        if let Some(read) = self.read.get() {
            return Ok(Arc::clone(read));
        }
        let value: Erased = match &self.content {
            Content::Tree(node) => Arc::new(node.read::<T>().map_err(|problem| node.locate(problem))?),
            Content::Json(..) => return Ok(Arc::new(self.read_anew::<T>()?)),
            Content::BuiltIn(json) => {
                Arc::new(serde_json::from_str::<T>(json).map_err(|error| Problem::new("malformed", error.to_string()))?)
            }
            Content::State(state) => return Ok(state.section()),
        };
        Ok(Arc::clone(self.read.get_or_init(|| value)))
    }

    /// The typed value of a large section, which is not kept.
    ///
    /// # Errors
    /// As [`Section::read`].
    pub(crate) fn read_anew<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let malformed = |error: serde_json::Error| Problem::new("malformed", error.to_string());
        match &self.content {
            Content::Json(source, range) => serde_json::from_str::<T>(&source.text[range.clone()]).or_else(|_| {
                // Read again as a tree, which knows the place of what does not fit.
                let node = tree(source, range)?;
                node.read::<T>().map_err(|problem| node.locate(problem))
            }),
            Content::Tree(node) => node.read::<T>().map_err(|problem| node.locate(problem)),
            Content::BuiltIn(json) => serde_json::from_str(json).map_err(malformed),
            Content::State(_) => {
                serde_json::to_string(self).and_then(|json| serde_json::from_str(&json)).map_err(malformed)
            }
        }
    }

    /// The tree that it stands in a text as; `None` if it stands in no text.
    pub(crate) fn tree(&self) -> Option<Node> {
        match &self.content {
            Content::Tree(node) => Some(node.clone()),
            Content::Json(source, range) => tree(source, range).ok(),
            Content::BuiltIn(_) | Content::State(_) => None,
        }
    }

    /// Whether it holds times that are relative to the beginning of a world, so that every world reads it anew.
    pub(crate) fn is_relative(&self) -> bool {
        match &self.content {
            Content::Tree(node) => relative::is_in(node),
            Content::Json(source, range) => relative::may_be_in_json(&source.text[range.clone()]),
            Content::BuiltIn(json) => relative::may_be_in_json(json),
            Content::State(_) => false,
        }
    }

    /// The typed value for a world that begins as `beginning` says.
    ///
    /// # Errors
    /// As [`Section::read`].
    pub(crate) fn read_at<T: DeserializeOwned>(&self, beginning: Beginning) -> Result<T, Problem> {
        let mut node = match &self.content {
            Content::Tree(node) => node.clone(),
            Content::Json(source, range) => tree(source, range)?,
            Content::BuiltIn(_) | Content::State(_) => {
                let malformed = |error: serde_json::Error| Problem::new("malformed", error.to_string());
                let mut json = serde_json::to_value(self).map_err(malformed)?;
                beginning.lay_json(&mut json);
                // By way of its text: a third reader of every section would add megabytes to the program.
                return serde_json::from_str(&json.to_string()).map_err(malformed);
            }
        };
        beginning.lay(&mut node);
        node.read().map_err(|problem| node.locate(problem))
    }

    /// Gives a problem, whose path begins with the section's name, its place.
    pub(crate) fn locate(&self, mut problem: Problem) -> Problem {
        let made;
        let node = match &self.content {
            Content::Tree(node) => node,
            Content::Json(source, range) => {
                made = tree(source, range).unwrap_or_default();
                &made
            }
            Content::BuiltIn(_) | Content::State(_) => return problem,
        };
        if problem.position.is_some_and(|position| position.line > 0) {
            return problem;
        }
        if matches!(problem.path.0.first(), Some(Step::Key(_))) {
            let name = problem.path.0.remove(0);
            problem = node.locate(problem);
            problem.path.0.insert(0, name);
        }
        problem
    }

    /// The problem in the text that the section stands in; `None` if it stands in no text.
    pub(crate) fn show(&self, problem: &Problem) -> Option<Diagnostic> {
        Some(Diagnostic { source: Arc::clone(self.source.as_ref()?), problem: self.locate(problem.clone()) })
    }
}

fn tree(source: &Source, range: &Range<usize>) -> Result<Node, Problem> {
    node_json::parse_in(&source.text, range).map_err(|fail| match fail {
        node_json::Fail::Problem(problem) => problem,
        node_json::Fail::Syntax => node_json::complaint(&source.text[range.clone()]),
    })
}

impl Serialize for Section {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
        match &self.content {
            Content::Tree(node) => node.serialize(serializer),
            Content::Json(source, range) => json(&source.text[range.clone()]).serialize(serializer),
            Content::BuiltIn(text) => json(text).serialize(serializer),
            Content::State(state) => erased_serde::serialize(&*state.to_write(), serializer),
        }
    }
}
