//! Evidence: which claims a real system confirms or refutes, without anything of what was sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::{Node, Problem};

use super::matching::Seen;
use super::{Comparison, Verdict};

/// A report that can be attached to an issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The version of the format: 1.
    pub stend: u8,
    /// The service.
    pub service: String,
    /// The version of stend that compared.
    pub version: String,
    /// By whom; empty where nobody is named.
    #[serde(default)]
    pub by: String,
    /// The day of the last exchange, `2026-11-27`; empty where the traffic has no times.
    #[serde(default)]
    pub at: String,
    /// How many exchanges were compared.
    pub exchanges: usize,
    /// What they show, by claim.
    pub claims: Vec<EvidenceClaim>,
}

/// What was shown of one claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceClaim {
    /// The claim's id.
    pub id: String,
    /// Whether the system does so.
    pub verdict: Verdict,
    /// In how many exchanges.
    pub times: usize,
    /// The setting, with its value, that agrees with the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// The shape that was found: types, and no values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
}

impl Evidence {
    /// The evidence of a comparison.
    pub fn of(comparison: &Comparison, version: &str, by: &str) -> Self {
        let claim = |claim: &super::ClaimSeen| EvidenceClaim {
            id: claim.id.clone(),
            verdict: claim.verdict,
            times: claim.times,
            setting: claim.setting.clone(),
            shape: claim.shape.clone(),
        };
        Self {
            stend: 1,
            service: comparison.service.clone(),
            version: version.to_owned(),
            by: by.to_owned(),
            at: comparison.to.as_deref().unwrap_or_default().chars().take(10).collect(),
            exchanges: comparison.exchanges,
            claims: comparison.claims.iter().map(claim).collect(),
        }
    }

    /// Reads evidence.
    ///
    /// # Errors
    /// What is no evidence, with its place; another version of the format.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let node = Node::parse(text)?;
        let evidence: Self = node.read().map_err(|problem| node.locate(problem))?;
        if evidence.stend != 1 {
            return Err(Problem::invalid(format!(
                "evidence of version {}; this stend reads version 1",
                evidence.stend
            )));
        }
        Ok(evidence)
    }
}

/// The deepest level and the most keys that a shape shows.
const LEVELS: usize = 6;
const KEYS: usize = 60;

/// The shape of an exchange: its status and the types in its reply.
pub(super) fn shape(seen: &Seen) -> String {
    format!("{} {}", seen.status, of(&seen.reply_json(), 0))
}

/// Types and keys. A key that is no plain word may be data, as an id is, and is shown as `*`.
fn of(value: &Value, level: usize) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
        Value::Array(_) | Value::Object(_) if level == LEVELS => "…".into(),
        Value::Array(items) => match items.first() {
            Some(first) => format!("[{}]", of(first, level + 1)),
            None => "[]".into(),
        },
        Value::Object(map) => {
            let is_word =
                |key: &str| key.len() <= 40 && key.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
            let entry = |(key, value): (&String, &Value)| {
                format!("{}: {}", if is_word(key) { key } else { "*" }, of(value, level + 1))
            };
            let mut entries: Vec<String> = map.iter().take(KEYS).map(entry).collect();
            entries.dedup();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shape_has_types_and_no_values() {
        let reply =
            json!({"result": true, "data": {"updates": [{"hash": "0x1", "table": 5, "order": null}], "805c3c1e": "x"}});
        assert_eq!(
            of(&reply, 0),
            "{result: boolean, data: {updates: [{hash: string, table: number, order: null}], *: string}}"
        );
    }

    #[test]
    fn what_is_no_evidence_is_told() {
        for (text, part) in [
            ("{}", "stend"),
            ("{\"stend\": 2, \"service\": \"a\", \"version\": \"1\", \"exchanges\": 1, \"claims\": []}", "version 2"),
        ] {
            let why = Evidence::read(text).expect_err("no evidence").to_string();
            assert!(why.contains(part), "{why}");
        }
    }
}
