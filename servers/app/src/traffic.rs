//! What is known of the services' traffic, and of their ledgers, for comparisons.

use stend_core::{AnyService, Problem};
use stend_scenario::compare::{Rules, Statement};

use crate::fidelity::{Kind, ledgers};

/// Each service's name with the text of `fixtures/<service>/traffic.yaml`.
const RULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/traffic.rs"));

/// The rules of a service; a service without a file has none.
///
/// # Errors
/// What is wrong with the file; the tests make sure that nothing is.
pub fn rules(kind: &dyn AnyService) -> Result<Rules, Problem> {
    let Some((name, text)) = RULES.iter().find(|(name, _)| *name == kind.name()) else { return Ok(Rules::default()) };
    Rules::read(text, kind).map_err(|mut problem| {
        problem.message = format!("fixtures/{name}/traffic.yaml: {}", problem.message);
        problem
    })
}

/// The ledger of a service.
///
/// # Errors
/// A ledger that cannot be read.
pub fn statements(service: &str) -> Result<Vec<Statement>, Problem> {
    let ledger = ledgers()?.into_iter().find(|ledger| ledger.service == service);
    let Some(ledger) = ledger else { return Ok(Vec::new()) };
    let row = |claim: crate::fidelity::Claim, kind: &str| Statement {
        id: claim.id,
        says: claim.says,
        kind: kind.to_owned(),
        operations: claim.operations,
    };
    let word = |kind: Kind| match kind {
        Kind::Documented => "documented",
        Kind::Observed => "observed",
        Kind::Assumed => "assumed",
    };
    let claims = ledger.claims.into_iter().map(|claim| {
        let kind = word(claim.kind);
        row(claim, kind)
    });
    Ok(claims.chain(ledger.rulings.into_iter().map(|claim| row(claim, "ruling"))).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::registry;

    #[test]
    fn rules_are_good_and_speak_of_claims_that_there_are() {
        for kind in registry::services().services() {
            let rules = rules(*kind).unwrap_or_else(|problem| panic!("{problem}"));
            let known = statements(kind.name()).expect("a ledger");
            let known: BTreeSet<&str> = known.iter().map(|statement| statement.id.as_str()).collect();
            let unknown: Vec<&str> = rules.claims().filter(|id| !known.contains(id)).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", kind.name());
            // What a setting decides is told by trying its values, and names the setting.
            let ledgers = ledgers().expect("good ledgers");
            let settled = ledgers.iter().flat_map(crate::fidelity::Ledger::all).filter(|claim| claim.setting.is_some());
            let settled: BTreeSet<&str> = settled.map(|claim| claim.id.as_str()).collect();
            let told: Vec<&str> = rules.claims().filter(|id| settled.contains(id)).collect();
            assert!(told.is_empty(), "{}: {told:?}", kind.name());
        }
    }
}
