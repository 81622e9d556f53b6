//! A sale: how it was given out and paid, and sums of many (T14).

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::number::Roubles;
use crate::state::time::Moment;

/// How something was given out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Vend {
    /// Sold.
    #[default]
    Paid,
    /// For nothing.
    Free,
    /// By a technician.
    Test,
}

impl Vend {
    pub(crate) const ALL: [Self; 3] = [Self::Paid, Self::Free, Self::Test];

    /// `vend_type`.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Paid => 3,
            Self::Free => 2,
            Self::Test => 1,
        }
    }

    fn is_paid(&self) -> bool {
        *self == Self::Paid
    }
}

/// What it was paid with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Payment {
    /// Coins and notes.
    #[default]
    Cash,
    /// Cards.
    Cashless,
    /// Tokens.
    Token,
}

impl Payment {
    pub(crate) const ALL: [Self; 3] = [Self::Cash, Self::Cashless, Self::Token];

    /// `payment_type`.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Cash => 1,
            Self::Cashless => 2,
            Self::Token => 3,
        }
    }

    fn is_cash(&self) -> bool {
        *self == Self::Cash
    }
}

/// A sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sold {
    /// When.
    pub at: Moment,
    /// From which spiral or button; none: the machine does not tell, and product statistics leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Arc<str>>,
    /// What, by its name at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// What one cost, in roubles; in a world file, where a spiral is named, the planogram's price unless given.
    #[serde(default = "unpriced")]
    #[schemars(with = "Option<Roubles>")]
    pub price: Roubles,
    /// How many.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub number: u32,
    /// What was taken off the price of each, in roubles.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub discount: Roubles,
    /// How it was given out.
    #[serde(rename = "type", default, skip_serializing_if = "Vend::is_paid")]
    pub vend: Vend,
    /// What it was paid with.
    #[serde(default, skip_serializing_if = "Payment::is_cash")]
    pub payment: Payment,
}

/// Stands for the price of a sale that a world file gives without one, until [`History::complete`].
pub(crate) const UNPRICED: Roubles = Roubles::from_kopecks(i64::MIN);

fn unpriced() -> Roubles {
    UNPRICED
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_nothing(discount: &Roubles) -> bool {
    *discount == Roubles::default()
}

impl Sold {
    pub(crate) fn value(&self) -> Roubles {
        Roubles::from_kopecks(self.price.0.saturating_mul(i64::from(self.number)))
    }
}

/// How many, and for how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tally {
    /// How many.
    pub number: u64,
    /// For how much, in kopecks.
    pub value: i64,
}

impl Tally {
    pub(crate) fn add(&mut self, number: u64, value: i64) {
        self.number = self.number.saturating_add(number);
        self.value = self.value.saturating_add(value);
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self { number: self.number - other.number, value: self.value.saturating_sub(other.value) }
    }
}

/// Tallies by how it was given out and paid.
pub(crate) type Tallies = [Tally; 9];

pub(crate) fn slot(vend: Vend, payment: Payment) -> u8 {
    vend as u8 * 3 + payment as u8
}

/// The sorts of [`Tallies`], in their order.
pub(crate) fn sorts() -> impl Iterator<Item = (Vend, Payment)> {
    Vend::ALL.into_iter().flat_map(|vend| Payment::ALL.into_iter().map(move |payment| (vend, payment)))
}
