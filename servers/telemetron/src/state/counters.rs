//! What a machine counts of itself, ever and since it was last collected.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::sale::{Tally, Vend};
use crate::state::time::Moment;

/// Counts since the machine was made, and since it was last collected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Counter {
    /// Since the machine was made.
    pub ever: Tally,
    /// Since the last collection.
    pub reset: Tally,
}

impl Counter {
    pub(crate) fn add(&mut self, number: u64, value: i64) {
        self.ever.add(number, value);
        self.reset.add(number, value);
    }
}

/// A selection's counters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// Sold.
    pub paid: Counter,
    /// For nothing.
    pub free: Counter,
    /// By a technician.
    pub test: Counter,
}

impl Selection {
    pub(crate) fn of(&mut self, vend: Vend) -> &mut Counter {
        match vend {
            Vend::Paid => &mut self.paid,
            Vend::Free => &mut self.free,
            Vend::Test => &mut self.test,
        }
    }
}

/// The machine's own counters: what an EVA-DTS report tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Counters {
    /// By selection; sales of which the machine does not tell the selection stand under an empty one.
    pub selections: BTreeMap<String, Selection>,
    /// Sold for cash.
    pub cash: Counter,
    /// Sold by card.
    pub cashless: Counter,
    /// Sold for tokens.
    pub token: Counter,
    /// Coins put in.
    pub coins_in: Counter,
    /// Coins that fell into the tubes; the others fell into the box.
    pub coins_to_tubes: Counter,
    /// Notes put in.
    pub notes_in: Counter,
    /// Change paid out.
    pub paid_out: Counter,
    /// Change loaded by hand.
    pub filled: Counter,
    /// How often a report was read.
    pub reads: u64,
    /// When the last report was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read: Option<Moment>,
    /// How often the counters since the last collection were set to nought.
    pub resets: u64,
    /// How often each failure happened.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<String, Counter>,
}
