//! The claims ledger: every statement of the vendors' documents, and how sure we are of it. Tests name the claims that
//! they show.

mod count;
mod evidence;
mod show;

use serde::{Deserialize, Serialize};
use stend_core::interpretations::{self, Choice, Interpretation};
use stend_core::{Node, Problem};
use stend_scenario::compare::Verdict;

use crate::registry;

pub use count::{Count, Tally};
pub use evidence::{built_in, take};
pub use show::{block, headline, json, settings, table};

/// Each service's name with the text of its ledger, `fixtures/<service>/claims.yaml`.
const LEDGERS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/ledgers.rs"));

/// The claims about one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The service's name.
    pub service: String,
    /// The document that the sections are of.
    pub document: String,
    /// The prefix of the claims' ids, such as `TM`.
    pub prefix: String,
    /// The ids that the rulings have to have, as ids and ranges such as `T1-T22`.
    pub expects: Vec<String>,
    /// The statements of the document, and what goes beyond them, in the document's order.
    pub claims: Vec<Claim>,
    /// Decisions of ours where the document is silent or contradicts itself.
    pub rulings: Vec<Claim>,
}

impl Ledger {
    /// The claims, then the rulings.
    pub fn all(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().chain(&self.rulings)
    }

    /// Notes the setting with the claims that hold under one of its options.
    fn apply(&mut self, interpretation: &Interpretation) {
        for claim in self.claims.iter_mut().chain(&mut self.rulings) {
            let under = |choice: &&Choice| choice.claims.contains(&claim.id);
            if interpretation.claims.contains(&claim.id) {
                claim.under = None;
            } else if let Some(choice) = interpretation.options.iter().find(under) {
                claim.under = Some(choice.value.clone());
                if claim.status == Status::Proved {
                    claim.status = Status::BySetting;
                }
            } else {
                continue;
            }
            claim.setting = Some(interpretation.setting.clone());
            claim.because.get_or_insert_with(|| interpretation.because.clone());
        }
    }
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Tests or samples that name the claim show that we do so. The repository's tests hold that.
    #[default]
    Proved,
    /// Tests show that we do so under a setting of the world; by default we do otherwise.
    BySetting,
    /// We do otherwise, for a reason.
    Contradicted,
    /// We do nothing of the kind.
    NotEmulated,
    /// No test shows that we do so.
    Unproved,
}

/// What a real system has shown of a claim: evidence of `stend compare`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Whether the system does so.
    pub verdict: Verdict,
    /// By whom; empty where nobody is named.
    pub by: String,
    /// The day of the last exchange; empty where it is not known.
    pub at: String,
    /// In how many exchanges.
    pub times: usize,
    /// The setting, with its value, that agrees with the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
}

/// One statement of a document, or a ruling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// `TM-042`, or the number of a ruling.
    pub id: String,
    /// The heading that it stands under. Rulings have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Where it comes from.
    pub kind: Kind,
    /// The statement, in our own words.
    pub says: String,
    /// What is known of our own behaviour. `by_setting` follows from the interpretations.
    #[serde(default)]
    pub status: Status,
    /// The operations that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// The samples that show it, below `fixtures/<service>/samples`. Tests name what they show by `#[proves]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// Why this interpretation, or why not; where a setting chooses, the setting says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The world's setting that chooses another interpretation; the service's interpretations name the claim.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// The value of the setting under which the claim holds, where that is not the default.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub under: Option<String>,
    /// What real systems have shown of it.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub confirmed: Vec<Checked>,
}

/// All ledgers, in the order of the ports, with the settings that choose between interpretations.
///
/// # Errors
/// A ledger that cannot be read, with its position; the tests make sure that there is none.
pub fn ledgers() -> Result<Vec<Ledger>, Problem> {
    let registry = registry::services();
    let texts =
        registry.services().iter().filter_map(|service| LEDGERS.iter().find(|(name, _)| *name == service.name()));
    let mut ledgers: Vec<Ledger> = texts.map(|(_, text)| read(text)).collect::<Result<_, _>>()?;
    for ledger in &mut ledgers {
        if let Some((_, service)) = registry.find(&ledger.service) {
            interpretations::of(service).iter().for_each(|interpretation| ledger.apply(interpretation));
        }
    }
    for evidence in built_in()? {
        take(&mut ledgers, &evidence)?;
    }
    Ok(ledgers)
}

fn read(text: &str) -> Result<Ledger, Problem> {
    let node = Node::parse(text)?;
    node.read().map_err(|problem| node.locate(problem))
}
