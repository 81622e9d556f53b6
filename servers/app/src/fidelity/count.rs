//! Counting claims.

use serde::Serialize;

use stend_scenario::compare::Verdict;

use super::{Claim, Kind, Ledger, Status};

/// Claims of one kind, by what is known of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// All of them.
    pub total: usize,
    /// Shown by tests.
    pub proved: usize,
    /// Shown by tests under a setting that is not the default.
    pub by_setting: usize,
    /// We do otherwise.
    pub contradicted: usize,
    /// We do nothing of the kind.
    pub not_emulated: usize,
    /// No test shows that we do so.
    pub unproved: usize,
}

impl Count {
    pub(super) fn add(&mut self, status: Status) {
        self.total += 1;
        match status {
            Status::Proved => self.proved += 1,
            Status::BySetting => self.by_setting += 1,
            Status::Contradicted => self.contradicted += 1,
            Status::NotEmulated => self.not_emulated += 1,
            Status::Unproved => self.unproved += 1,
        }
    }
}

/// Claims by their kind, and rulings apart from them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// What the document says.
    pub documented: Count,
    /// What public clients rely on.
    pub observed: Count,
    /// What we guess.
    pub assumed: Count,
    /// What we decided; no statement of a vendor.
    pub rulings: Count,
    /// Claims and rulings with a setting for another interpretation.
    pub settings: usize,
    /// Claims and rulings that real systems have been asked about.
    pub checked: Checks,
}

/// Claims by what real systems have shown of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Checks {
    /// Real systems do so.
    pub confirmed: usize,
    /// A real system does otherwise.
    pub refuted: usize,
}

impl Checks {
    fn add(&mut self, claim: &Claim) {
        let is = |verdict: Verdict| claim.confirmed.iter().any(|checked| checked.verdict == verdict);
        // One system that does otherwise outweighs any number that do so.
        if is(Verdict::Refuted) {
            self.refuted += 1;
        } else if is(Verdict::Confirmed) {
            self.confirmed += 1;
        }
    }

    /// All of them.
    pub const fn total(self) -> usize {
        self.confirmed + self.refuted
    }
}

impl Tally {
    /// Counts the claims and rulings of these ledgers.
    pub fn of<'l>(ledgers: impl IntoIterator<Item = &'l Ledger>) -> Self {
        let mut tally = Self::default();
        for ledger in ledgers {
            ledger.claims.iter().for_each(|claim| tally.of_kind(claim.kind).add(claim.status));
            ledger.rulings.iter().for_each(|ruling| tally.rulings.add(ruling.status));
            ledger.all().for_each(|claim| tally.checked.add(claim));
            tally.settings += ledger.all().filter(|claim| claim.setting.is_some()).count();
        }
        tally
    }

    fn of_kind(&mut self, kind: Kind) -> &mut Count {
        match kind {
            Kind::Documented => &mut self.documented,
            Kind::Observed => &mut self.observed,
            Kind::Assumed => &mut self.assumed,
        }
    }
}
