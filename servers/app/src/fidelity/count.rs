//! Counting claims.

use serde::Serialize;

use super::{Claim, Kind, Ledger, Status};

/// Claims of one kind, by what is known of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// All of them.
    pub total: usize,
    /// Shown by tests.
    pub proved: usize,
    /// We do otherwise.
    pub contradicted: usize,
    /// We do nothing of the kind.
    pub not_emulated: usize,
}

impl Count {
    pub(super) fn add(&mut self, status: Status) {
        self.total += 1;
        match status {
            Status::Proved => self.proved += 1,
            Status::Contradicted => self.contradicted += 1,
            Status::NotEmulated => self.not_emulated += 1,
        }
    }
}

/// Claims by their kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// What the document says.
    pub documented: Count,
    /// What public clients rely on.
    pub observed: Count,
    /// What we guess.
    pub assumed: Count,
    /// Claims of any kind with a setting for another reading.
    pub settings: usize,
}

impl Tally {
    /// The claims of these ledgers, counted.
    pub fn of<'l>(ledgers: impl IntoIterator<Item = &'l Ledger>) -> Self {
        let mut tally = Self::default();
        ledgers.into_iter().flat_map(|ledger| &ledger.claims).for_each(|claim| tally.add(claim));
        tally
    }

    fn add(&mut self, claim: &Claim) {
        self.settings += usize::from(claim.setting.is_some());
        match claim.kind {
            Kind::Documented => self.documented.add(claim.status),
            Kind::Observed => self.observed.add(claim.status),
            Kind::Assumed => self.assumed.add(claim.status),
        }
    }
}
