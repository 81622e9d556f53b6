//! Prechecks and receipts: no operation shows them, but they decide what may be done with a bill.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::record::Value;
use crate::state::tables::{item, order};

use super::State;
use super::bill::{Bill, Order};
use super::settings::DayToPay;
use super::states::{Part, States};

/// A precheck: lines that have been passed on to be paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Precheck {
    /// Its id.
    pub id: Guid,
    /// The bills whose lines are in it; more than one: it is shared.
    pub guests: Vec<Guid>,
    /// Its lines (`orit_pcit_ID`).
    pub lines: BTreeSet<Guid>,
    /// What it comes to.
    #[schemars(with = "f64")]
    pub sum: Decimal,
    /// Whether a payment has begun: a card is being authorised.
    #[serde(default)]
    pub begun: bool,
    /// The fiscal receipt, once it is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// A fiscal receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Its id.
    pub id: Guid,
    /// How it was paid.
    pub pay_type: Guid,
    /// When.
    #[serde(deserialize_with = "crate::state::hours::moment")]
    #[schemars(with = "String")]
    pub at: DateTime,
}

impl State {
    /// The prechecks of a bill.
    pub(crate) fn prechecks_of<'s>(&'s self, bill: &'s Bill) -> impl Iterator<Item = &'s Precheck> {
        bill.prechecks.iter().filter_map(|id| self.prechecks.get(id))
    }

    /// All prechecks: those of a bill in the order in which they were printed.
    pub(crate) fn prechecks_in_order(&self, bills: &[&Bill]) -> Vec<Precheck> {
        let mut seen = BTreeSet::new();
        let ids = bills.iter().flat_map(|bill| &bill.prechecks).filter(|id| seen.insert(**id));
        ids.filter_map(|id| self.prechecks.get(id).cloned()).collect()
    }

    /// The open trading day of an order's division.
    fn day_for(&self, bill: &Bill, row: &Order) -> Option<Guid> {
        let division = row.record.guid(order::DIVISION).or(bill.division()).unwrap_or(self.defaults.division);
        self.open_day_of(division)
    }

    /// Whether every registered order is tied to a trading day or can be; every order when `all`.
    ///
    /// # Errors
    /// An order of a division without an open day (P3).
    pub(crate) fn check_days(&self, bill: &Bill, all: bool) -> Result<(), Error> {
        let wanted = |row: &&Order| (all || self.is_registered(row)) && !row.record.has(order::DAY);
        let open = |row: &Order| self.day_for(bill, row).is_some();
        if bill.orders.iter().filter(wanted).all(open) { Ok(()) } else { Err(Error::NoDay) }
    }

    /// Whether all orders of a bill can be completed: where paying needs a trading day, each has one (P15).
    ///
    /// # Errors
    /// As [`State::check_days`].
    pub(crate) fn check_days_to_pay(&self, bill: &Bill) -> Result<(), Error> {
        self.check_days(bill, self.settings.day_to_pay == DayToPay::Needed)
    }

    /// Ties registered orders, or all of them, to the open trading day of their division, where there is one.
    pub(crate) fn tie_to_days(&self, bill: &mut Bill, all: bool) {
        for i in 0..bill.orders.len() {
            let row = &bill.orders[i];
            if row.record.has(order::DAY) || !(all || self.is_registered(row)) {
                continue;
            }
            let (day, registered) = (self.day_for(bill, row), self.states.id(States::Order, Part::Registered));
            if let (Some(day), Some(registered)) = (day, registered) {
                let record = &mut bill.orders[i].record;
                record.set(order::DAY, Value::Guid(day));
                record.set(order::STATE, Value::Int(registered));
            }
        }
    }

    /// Makes a precheck of the lines that are in none yet: of registered orders, or of all when `all`.
    pub(crate) fn make_precheck(&mut self, bill: &mut Bill, all: bool) {
        let (mut lines, mut sum) = (BTreeSet::new(), Decimal::ZERO);
        for row in &mut bill.orders {
            if !all && !self.is_registered(row) {
                continue;
            }
            for line in &mut row.items {
                line.visit_mut(&mut |line| {
                    if !line.record.has(item::PRECHECK) {
                        let id = self.new_id("prechecks");
                        line.record.set(item::PRECHECK, Value::Guid(id));
                        sum += line.sum();
                        lines.insert(id);
                    }
                });
            }
        }
        // Without lines nothing has been drawn, so what is refused for it leaves no trace.
        if lines.is_empty() {
            return;
        }
        let id = self.free_id("prechecks", |state, id| state.prechecks.contains_key(id));
        self.prechecks.insert(id, Precheck { id, guests: vec![bill.id()], lines, sum, begun: false, receipt: None });
        bill.prechecks.push(id);
        self.set_state(bill, Part::Paying);
    }

    /// Which prechecks of a bill go when they are cancelled: those without a receipt. Marks the lines as free.
    pub(crate) fn cancel_prechecks(&self, bill: &mut Bill) -> Vec<Guid> {
        let gone: Vec<Precheck> =
            self.prechecks_of(bill).filter(|precheck| precheck.receipt.is_none()).cloned().collect();
        bill.visit_mut(|line| {
            if line
                .record
                .guid(item::PRECHECK)
                .is_some_and(|id| gone.iter().any(|precheck| precheck.lines.contains(&id)))
            {
                line.record.remove(item::PRECHECK);
            }
        });
        let gone: Vec<Guid> = gone.into_iter().map(|precheck| precheck.id).collect();
        bill.prechecks.retain(|id| !gone.contains(id));
        if !gone.is_empty() && bill.prechecks.is_empty() {
            self.set_state(bill, Part::Draft);
        }
        gone
    }

    /// What of a bill has been paid.
    pub(crate) fn paid(&self, bill: &Bill) -> Decimal {
        let mut paid = Decimal::ZERO;
        let receipts: Vec<&Precheck> = self.prechecks_of(bill).filter(|precheck| precheck.receipt.is_some()).collect();
        bill.visit(|line| {
            if line
                .record
                .guid(item::PRECHECK)
                .is_some_and(|id| receipts.iter().any(|precheck| precheck.lines.contains(&id)))
            {
                paid += line.sum();
            }
        });
        paid
    }
}
