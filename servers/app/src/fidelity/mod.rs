//! The claims ledger: every statement of the vendors' documents, how sure we are of it, and the test that shows it.

mod count;
mod show;

use serde::{Deserialize, Serialize};
use stend_core::{Node, Problem};

pub use count::{Count, Tally};
pub use show::{block, headline, json, table};

/// Each API's ledger, in the order of the ports.
const LEDGERS: [&str; 4] = [
    include_str!("../../../../fixtures/carbis/claims.yaml"),
    include_str!("../../../../fixtures/tillypad/claims.yaml"),
    include_str!("../../../../fixtures/queue/claims.yaml"),
    include_str!("../../../../fixtures/telemetron/claims.yaml"),
];

/// The claims about one API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The service's name.
    pub api: String,
    /// The document that the sections are of.
    pub document: String,
    /// In the document's order, rulings last.
    pub claims: Vec<Claim>,
}

/// Where a claim comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The vendor's document says so.
    Documented,
    /// Public clients of the real system rely on it.
    Observed,
    /// We guess.
    Assumed,
}

/// What is known of our own behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Tests show that we do so.
    Proved,
    /// We do otherwise, for a reason.
    Contradicted,
    /// We do nothing of the kind.
    NotEmulated,
}

/// One statement of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// `TM-042`, or the number of a ruling.
    pub id: String,
    /// The heading that it stands under, or `ruling`.
    pub section: String,
    /// Where it comes from.
    pub kind: Kind,
    /// The statement, in our own words.
    pub says: String,
    /// What is known of our own behaviour.
    pub status: Status,
    /// The operations that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// What shows it: `file::function`, or a sample's file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<String>,
    /// Why this reading, or why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The world's setting that chooses another reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
}

impl Claim {
    /// Whether it is a ruling of ours: its number has no dash.
    pub fn is_ruling(&self) -> bool {
        !self.id.contains('-')
    }
}

/// All ledgers, in the order of the ports.
///
/// # Errors
/// A ledger that cannot be read, with the place; the tests see to it that it cannot happen.
pub fn ledgers() -> Result<Vec<Ledger>, Problem> {
    LEDGERS.iter().map(|text| read(text)).collect()
}

/// Reads a ledger.
///
/// # Errors
/// Malformed YAML, unknown keys and words, with the place.
pub fn read(text: &str) -> Result<Ledger, Problem> {
    let node = Node::parse(text)?;
    node.read().map_err(|problem| node.locate(problem))
}
