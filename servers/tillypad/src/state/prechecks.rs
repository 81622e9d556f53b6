//! Prechecks and receipts: no operation shows them, but they decide what may be done with a bill.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Problem;

use crate::api::known::known_bill;
use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::record::Value;
use crate::state::tables::{guest, item, order};

use super::bill::{Bill, Order};
use super::{CLOSED, DRAFT, PAYING, REGISTERED, State};

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

    /// Ties registered orders to the open trading day of their division; every order when `all`.
    ///
    /// # Errors
    /// No open day for an order that is registered; orders that are only paid do without (P3).
    pub(crate) fn tie_to_days(&self, bill: &mut Bill, all: bool) -> Result<(), Error> {
        let default = bill.division();
        for row in &mut bill.orders {
            let registered = row.record.int(order::STATE) == Some(REGISTERED);
            if (!registered && !all) || (registered && row.record.has(order::DAY)) {
                continue;
            }
            let division = row.record.guid(order::DIVISION).or(default);
            match division.and_then(|division| self.open_day_of(division)) {
                Some(day) => {
                    row.record.set(order::DAY, Value::Guid(day));
                    row.record.set(order::STATE, Value::Int(REGISTERED));
                }
                None if registered => return Err(Error::NoDay),
                None => {}
            }
        }
        Ok(())
    }

    /// Whether every order is tied to a trading day or can be.
    ///
    /// # Errors
    /// An order of a division without an open day.
    pub(crate) fn check_days(&self, bill: &Bill) -> Result<(), Error> {
        let open = |row: &Order| {
            let division = row.record.guid(order::DIVISION).or(bill.division());
            row.record.has(order::DAY) || division.and_then(|division| self.open_day_of(division)).is_some()
        };
        if bill.orders.iter().all(open) { Ok(()) } else { Err(Error::NoDay) }
    }

    /// Makes a precheck of the lines that are in none yet: of registered orders, or of all when `all`.
    pub(crate) fn make_precheck(&mut self, bill: &mut Bill, all: bool) {
        let (mut lines, mut sum) = (BTreeSet::new(), Decimal::ZERO);
        for row in &mut bill.orders {
            if !all && row.record.int(order::STATE) != Some(REGISTERED) {
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
        bill.guest.set(guest::STATE, Value::Int(PAYING));
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
            bill.guest.set(guest::STATE, Value::Int(DRAFT));
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

impl State {
    /// A waiter prints a precheck of a bill, or one that it shares with others.
    ///
    /// # Errors
    /// An unknown or closed bill, or one whose lines are all in prechecks.
    pub(crate) fn print_precheck(&mut self, first: Guid, with: &[Guid]) -> Result<(Guid, Decimal), Problem> {
        self.still_open(first).map_err(|problem| problem.under("guest"))?;
        for (i, id) in with.iter().enumerate() {
            self.still_open(*id).map_err(|problem| problem.at(["with".into(), i.into()]))?;
        }
        let mut ids = vec![first];
        ids.extend(with);
        ids.sort_unstable();
        ids.dedup();
        let mut bills: Vec<Bill> = ids.iter().filter_map(|id| self.bills.get(*id).cloned()).collect();
        let mut made: Vec<Guid> = Vec::new();
        for bill in &mut bills {
            let before = bill.prechecks.len();
            self.make_precheck(bill, true);
            made.extend(&bill.prechecks[before..]);
        }
        let mut parts: Vec<Precheck> = made.iter().filter_map(|id| self.prechecks.remove(id)).collect();
        if parts.is_empty() {
            return Err(Problem::conflict("all lines are in prechecks already").under("guest"));
        }
        // One paper for all: the parts become the first of them.
        let mut whole = parts.remove(0);
        for part in parts {
            whole.lines.extend(part.lines);
            whole.sum += part.sum;
        }
        whole.guests = ids;
        for mut bill in bills {
            bill.prechecks.retain(|id| !made.contains(id));
            bill.prechecks.push(whole.id);
            let dates = self.name_dates(&bill);
            self.bills.replace(bill, &dates, &dates);
        }
        let described = (whole.id, whole.sum);
        self.prechecks.insert(whole.id, whole);
        Ok(described)
    }

    /// Whether the staff can still do something with a bill.
    fn still_open(&self, id: Guid) -> Result<(), Problem> {
        known_bill(self, id)?;
        if self.bills.get(id).is_some_and(|bill| bill.state() == CLOSED) {
            return Err(Problem::conflict(format!("bill {id} is closed")));
        }
        Ok(())
    }

    /// The staff close a bill that is paid.
    ///
    /// # Errors
    /// An unknown or closed bill, or one that is not paid in full.
    pub(crate) fn close_paid(&mut self, id: Guid, now: Timestamp) -> Result<(), Problem> {
        self.still_open(id).map_err(|problem| problem.under("guest"))?;
        let Some(mut bill) = self.bills.get(id).filter(|bill| self.is_settled(bill)).cloned() else {
            let hint = "`POST /pay-guest` pays it";
            return Err(Problem::conflict(format!("bill {id} is not paid in full")).hint(hint).under("guest"));
        };
        self.close(&mut bill, now);
        let dates = self.name_dates(&bill);
        self.bills.replace(bill, &dates, &dates);
        Ok(())
    }

    /// A terminal begins to authorise a card.
    ///
    /// # Errors
    /// An unknown bill, or one without an unpaid precheck.
    pub(crate) fn begin_payment(&mut self, id: Guid) -> Result<(), Problem> {
        self.still_open(id).map_err(|problem| problem.under("guest"))?;
        let prechecks = self.bills.get(id).map(|bill| bill.prechecks.clone()).unwrap_or_default();
        for precheck in prechecks {
            if let Some(precheck) = self.prechecks.get_mut(&precheck).filter(|precheck| precheck.receipt.is_none()) {
                precheck.begun = true;
                return Ok(());
            }
        }
        Err(Problem::conflict(format!("bill {id} has no unpaid precheck"))
            .hint("`tillypad.precheck` prints one")
            .under("guest"))
    }
}
