//! Evidence from real systems: reports of `stend compare --evidence`.

use stend_core::Problem;
use stend_scenario::compare::{Evidence, EvidenceClaim};

use super::{Checked, Claim, Ledger};

/// Each report's path with its text: `fixtures/<service>/evidence/*.json`.
const REPORTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/evidence.rs"));

/// The reports that are part of the ledger.
///
/// # Errors
/// A report that cannot be read; the tests make sure that there is none.
pub fn built_in() -> Result<Vec<Evidence>, Problem> {
    let read = |(path, text): &(&str, &str)| {
        Evidence::read(text).map_err(|problem| Problem::invalid(format!("{path}: {problem}")))
    };
    REPORTS.iter().map(read).collect()
}

/// Notes what a report shows in the ledger of its service.
///
/// # Errors
/// A service or a claim that there is not, with the nearest.
pub fn take(ledgers: &mut [Ledger], evidence: &Evidence) -> Result<(), Problem> {
    let services: Vec<String> = ledgers.iter().map(|ledger| ledger.service.clone()).collect();
    let known = || services.iter().map(String::as_str);
    let ledger = ledgers.iter_mut().find(|ledger| ledger.service == evidence.service);
    let ledger = ledger.ok_or_else(|| Problem::unknown("unknown_fake", "service", &evidence.service, known()))?;
    for EvidenceClaim { id, verdict, times, setting, .. } in &evidence.claims {
        let claims: Vec<String> = ledger.all().map(|claim| claim.id.clone()).collect();
        let unknown = || Problem::unknown("unknown_claim", "claim", id, claims.iter().map(String::as_str));
        let claim: &mut Claim =
            ledger.claims.iter_mut().chain(&mut ledger.rulings).find(|claim| claim.id == *id).ok_or_else(unknown)?;
        claim.confirmed.push(Checked {
            verdict: *verdict,
            by: evidence.by.clone(),
            at: evidence.at.clone(),
            times: *times,
            setting: setting.clone(),
        });
    }
    Ok(())
}
