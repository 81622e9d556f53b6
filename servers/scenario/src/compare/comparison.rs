//! What a comparison comes to.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use stend_core::interpretations::Interpretation;

use super::diff::general;
use super::matching::Unmatched;

/// What traffic says of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The system does so.
    Confirmed,
    /// The system does otherwise.
    Refuted,
    /// The traffic does not say.
    Untouched,
}

/// A claim that traffic has something to say of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClaimSeen {
    /// Its id in the ledger.
    pub id: String,
    /// Whether the system does so.
    pub verdict: Verdict,
    /// In how many exchanges.
    pub times: usize,
    /// The statement.
    pub says: String,
    /// Where it comes from: documented, observed, assumed, or a ruling.
    pub kind: String,
    /// The setting, with its value, that agrees with the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// The shape that was found: types, and no values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
}

/// A setting that chooses between interpretations, and what the traffic says of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingSeen {
    /// Its dotted path in the service's section.
    pub setting: String,
    /// What it decides.
    pub about: String,
    /// The default.
    pub default: Value,
    /// The claims that hold under the default.
    pub claims: Vec<String>,
    /// Whether the default is as the system is.
    pub verdict: Verdict,
    /// The value that would make the bench answer as the system does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<Value>,
    /// The claims that hold under that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead_claims: Vec<String>,
    /// How many exchanges tell the values apart.
    pub exchanges: usize,
    /// Whether some exchanges speak for the default and some against it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
}

impl SettingSeen {
    pub(super) fn of(one: &Interpretation) -> Self {
        Self {
            setting: one.setting.clone(),
            about: one.about.clone(),
            default: one.default.clone().unwrap_or_default(),
            claims: one.claims.clone(),
            verdict: Verdict::Untouched,
            instead: None,
            instead_claims: Vec::new(),
            exchanges: 0,
            mixed: false,
        }
    }
}

/// What a difference is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Against {
    /// The specification.
    Specification,
    /// A statement of the ledger.
    Claim,
    /// The bench's own answer.
    Bench,
}

/// A place where the system differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The first entry that shows it, from 1.
    pub entry: usize,
    /// Method and path, or command.
    pub exchange: String,
    /// The operation.
    pub operation: String,
    /// From what.
    pub against: Against,
    /// Which part: `request`, `reply 200`, `push`.
    pub part: String,
    /// Where in it, a JSONPath; `[*]` stands for several places of a list.
    pub path: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// How often.
    pub times: usize,
    /// The claims that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// The setting that would make the bench answer so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
}

/// How the bench answered the same requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Asked {
    /// How many it was asked.
    pub asked: usize,
    /// How many it answered as the system did, under its own settings.
    pub same: usize,
    /// What it was not asked, and why.
    pub left_out: Vec<Unmatched>,
    /// What the world leaves out.
    pub notes: Vec<String>,
    /// What the world holds.
    pub world: BTreeMap<String, usize>,
}

/// What a comparison came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The service.
    pub service: String,
    /// The file or URL.
    pub source: String,
    /// Entries in it.
    pub entries: usize,
    /// The service's exchanges among them.
    pub exchanges: usize,
    /// How many there were of each operation.
    pub operations: BTreeMap<String, usize>,
    /// The first and the last time.
    pub from: Option<String>,
    /// The last time.
    pub to: Option<String>,
    /// Where the system differs.
    pub differences: Vec<Difference>,
    /// What is shown of claims.
    pub claims: Vec<ClaimSeen>,
    /// What is shown of settings.
    pub settings: Vec<SettingSeen>,
    /// How the bench answered.
    pub bench: Asked,
    /// What was not compared.
    pub unmatched: Vec<Unmatched>,
}

impl Comparison {
    /// Whether the system is as we say.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A claim of the ledger, as far as a comparison needs it.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its id.
    pub id: String,
    /// What it says.
    pub says: String,
    /// `documented`, `observed`, `assumed`, or `ruling`.
    pub kind: String,
    /// The operations that it is about.
    pub operations: Vec<String>,
}

/// Differences, those of a kind once.
#[derive(Default)]
pub(super) struct Grouped(Vec<Difference>);

impl Grouped {
    pub(super) fn add(&mut self, mut one: Difference) {
        let path = general(&one.path);
        let is_room = self.0.len() < MOST_DIFFERENCES;
        let known = self.0.iter_mut().find(|known| {
            (known.against, &known.operation, &known.part, &known.setting)
                == (one.against, &one.operation, &one.part, &one.setting)
                && general(&known.path) == path
                && (one.against == Against::Bench || known.expected == one.expected)
        });
        match known {
            Some(known) => {
                known.times += 1;
                if known.path != one.path {
                    known.path = path;
                }
            }
            None if is_room => {
                one.found = one.found.chars().take(300).collect();
                self.0.push(one);
            }
            None => {}
        }
    }

    pub(super) fn rows(self) -> Vec<Difference> {
        self.0
    }
}

/// The most kinds of differences that are listed.
const MOST_DIFFERENCES: usize = 1_000;

/// The report as JSON.
pub fn to_json(comparison: &Comparison) -> Value {
    let mut json = json!({ "stend": stend_core::world_file::VERSION, "agrees": comparison.agrees() });
    if let (Value::Object(whole), Ok(Value::Object(parts))) = (&mut json, serde_json::to_value(comparison)) {
        whole.extend(parts);
    }
    json
}
