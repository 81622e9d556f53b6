//! Statements of the vendors' documents: the ledger's claims, which are in our own words.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use stend::fidelity::{Claim, Ledger, ledgers};
use stend_core::Problem;

use super::bench::Bench;
use super::tools::{Arguments, limit, told};

/// Claims, unless asked otherwise, and at the most.
const PAGE: usize = 10;
const LARGEST_PAGE: usize = 50;

const KINDS: [&str; 4] = ["documented", "observed", "assumed", "ruling"];
const STATUSES: [&str; 5] = ["proved", "by_setting", "contradicted", "not_emulated", "unproved"];

/// Looks up what a vendor's document states: by a claim's id, or by words. Each claim says where the document has it
/// (`document`, `section`), whether that is documented, observed at public clients, assumed, or a ruling of the bench's makers,
/// and whether the bench does so (`status`); `setting` names the world's setting that chooses another interpretation.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LookUp {
    /// A claim's id, such as `TM-042`.
    id: Option<String>,
    /// Words that are looked for in statements, sections and operations. Claims with more of them come first.
    words: Option<String>,
    /// Only of this service.
    service: Option<String>,
    /// Only of this kind.
    #[schemars(extend("enum" = KINDS))]
    kind: Option<String>,
    /// Only with this status.
    #[schemars(extend("enum" = STATUSES))]
    status: Option<String>,
    /// The most claims, 1 to 50; 10 unless given.
    limit: Option<usize>,
}

impl Arguments for LookUp {
    const NAME: &'static str = "look_up";
    const TITLE: &'static str = "Look a statement up";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let limit = limit(self.limit, PAGE, LARGEST_PAGE)?;
        let one_of = |what: &str, word: &Option<String>, known: &[&str]| match word {
            Some(word) if !known.contains(&word.as_str()) => {
                Err(told(&Problem::unknown("invalid", what, word, known.iter().copied())))
            }
            _ => Ok(()),
        };
        one_of("kind", &self.kind, &KINDS)?;
        one_of("status", &self.status, &STATUSES)?;
        if let Some(name) = &self.service {
            bench.registry.get(name).map_err(|problem| told(&problem))?;
        }
        let ledgers = ledgers().map_err(|problem| told(&problem))?;
        let rows = || ledgers.iter().filter(|ledger| self.service.as_ref().is_none_or(|name| *name == ledger.service));
        let rows: Vec<Value> = rows().flat_map(all).collect();
        if let Some(id) = &self.id {
            let found: Vec<&Value> = rows.iter().filter(|row| is(row, "id", id)).collect();
            if found.is_empty() {
                let known: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
                return Err(told(&Problem::unknown("unknown_claim", "claim", id, known)));
            }
            return Ok(json!({ "matched": found.len(), "claims": found }));
        }
        let wanted = |row: &&Value| {
            let of = |key: &str, value: &Option<String>| value.as_ref().is_none_or(|value| is(row, key, value));
            of("kind", &self.kind) && of("status", &self.status)
        };
        let words: Vec<String> =
            self.words.iter().flat_map(|words| words.split_whitespace()).map(str::to_lowercase).collect();
        let mut found: Vec<(usize, &Value)> = rows.iter().filter(wanted).map(|row| (hits(row, &words), row)).collect();
        found.retain(|(hits, _)| words.is_empty() || *hits > 0);
        // The order of the document among equals.
        found.sort_by_key(|(hits, _)| std::cmp::Reverse(*hits));
        let shown: Vec<&Value> = found.iter().take(limit).map(|(_, row)| *row).collect();
        Ok(json!({ "matched": found.len(), "claims": shown }))
    }
}

fn is(row: &Value, key: &str, value: &str) -> bool {
    row[key].as_str().is_some_and(|text| text.eq_ignore_ascii_case(value))
}

/// The claims and rulings of a ledger, each with its service and document.
fn all(ledger: &Ledger) -> impl Iterator<Item = Value> {
    let row = move |claim: &Claim, is_ruling: bool| {
        let mut row = json!({ "id": claim.id, "service": ledger.service });
        if !is_ruling {
            row["document"] = json!(ledger.document);
        }
        if let (Value::Object(row), Value::Object(claim)) = (&mut row, json!(claim)) {
            row.extend(claim);
            if is_ruling {
                row.insert("kind".into(), "ruling".into());
            }
        }
        row
    };
    let claims = ledger.claims.iter().map(move |claim| row(claim, false));
    claims.chain(ledger.rulings.iter().map(move |ruling| row(ruling, true)))
}

/// How many of the words are in the claim.
fn hits(row: &Value, words: &[String]) -> usize {
    let texts = ["id", "says", "section", "because", "setting"].into_iter().filter_map(|key| row[key].as_str());
    let operations = row["operations"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let text = texts.chain(operations).collect::<Vec<_>>().join(" ").to_lowercase();
    words.iter().filter(|word| text.contains(word.as_str())).count()
}
