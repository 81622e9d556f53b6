//! One service's section of a world file: a tree that knows its places until it is read, and a typed value from then on.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

use crate::node::Node;
use crate::problem::{Problem, Step};
use crate::relative::{self, Beginning};
use crate::source::{Diagnostic, Source};

/// A typed section or a state, its type erased: what worlds share.
pub type Erased = Arc<dyn Any + Send + Sync>;

/// A service's section. It is read once, whatever number of worlds is made of it.
#[derive(Debug, Default)]
pub struct Section {
    text: Text,
    source: Option<Arc<Source>>,
    read: OnceLock<Erased>,
}

#[derive(Debug)]
enum Text {
    Tree(Node),
    /// A section that is known to be good: it is built in, and tests read it.
    BuiltIn(&'static str),
    Saved(serde_json::Value),
}

impl Default for Text {
    fn default() -> Self {
        Self::Tree(Node::default())
    }
}

impl From<Node> for Section {
    fn from(node: Node) -> Self {
        Self { text: Text::Tree(node), ..Self::default() }
    }
}

impl Section {
    /// A section that is built in, as JSON; it stands nowhere.
    pub fn built_in(json: &'static str) -> Self {
        Self { text: Text::BuiltIn(json), ..Self::default() }
    }

    /// A section that a service has saved.
    pub fn saved(json: serde_json::Value) -> Self {
        Self { text: Text::Saved(json), ..Self::default() }
    }

    /// The same, standing in this text.
    #[must_use]
    pub fn of(mut self, source: &Arc<Source>) -> Self {
        self.source = Some(Arc::clone(source));
        self
    }

    pub(crate) fn is_built_in(&self) -> bool {
        matches!(self.text, Text::BuiltIn(_))
    }

    /// The typed value, read at the first call.
    ///
    /// # Errors
    /// What does not fit, with path and place in the section.
    pub(crate) fn read<T: DeserializeOwned + Send + Sync + 'static>(&self) -> Result<Erased, Problem> {
        if let Some(read) = self.read.get() {
            return Ok(Arc::clone(read));
        }
        let value: T = match &self.text {
            Text::Tree(node) => node.read().map_err(|problem| node.locate(problem))?,
            Text::BuiltIn(json) => {
                serde_json::from_str(json).map_err(|error| Problem::new("malformed", error.to_string()))?
            }
            Text::Saved(json) => Node::from_json(json).read()?,
        };
        Ok(Arc::clone(self.read.get_or_init(|| Arc::new(value))))
    }

    /// Whether it holds times that are relative to the beginning of a world, so that every world reads it anew.
    pub(crate) fn is_relative(&self) -> bool {
        match &self.text {
            Text::Tree(node) => relative::is_in(node),
            Text::BuiltIn(json) => relative::may_be_in_json(json),
            Text::Saved(_) => false,
        }
    }

    /// The typed value for a world that begins as `beginning` says.
    ///
    /// # Errors
    /// As [`Section::read`].
    pub(crate) fn read_at<T: DeserializeOwned>(&self, beginning: Beginning) -> Result<T, Problem> {
        match &self.text {
            Text::Tree(node) => {
                let mut node = node.clone();
                beginning.lay(&mut node);
                node.read().map_err(|problem| node.locate(problem))
            }
            Text::BuiltIn(json) => {
                let malformed = |error: serde_json::Error| Problem::new("malformed", error.to_string());
                let mut json = serde_json::from_str(json).map_err(malformed)?;
                beginning.lay_json(&mut json);
                serde_json::from_value(json).map_err(malformed)
            }
            Text::Saved(json) => Node::from_json(json).read(),
        }
    }

    /// Gives a problem, whose path begins with the section's name, its place.
    pub(crate) fn locate(&self, mut problem: Problem) -> Problem {
        if let Text::Tree(node) = &self.text
            && matches!(problem.path.0.first(), Some(Step::Key(_)))
        {
            let name = problem.path.0.remove(0);
            problem = node.locate(problem);
            problem.path.0.insert(0, name);
        }
        problem
    }

    /// The problem in the text that the section stands in; `None` if it stands nowhere.
    pub(crate) fn show(&self, problem: &Problem) -> Option<Diagnostic> {
        Some(Diagnostic { source: Arc::clone(self.source.as_ref()?), problem: self.locate(problem.clone()) })
    }

    /// As plain JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.text {
            Text::Tree(node) => node.to_json(),
            Text::BuiltIn(json) => serde_json::from_str(json).unwrap_or_default(),
            Text::Saved(json) => json.clone(),
        }
    }
}
