//! What the staff do with bills: prechecks, money at the till, authorisations, dishes added and taken off (P17).

use jiff::Timestamp;
use rust_decimal::Decimal;
use stend_core::Problem;

use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::known::known_bill;
use crate::state::record::{Record, Value};
use crate::state::sent::MOST_ROWS;
use crate::state::settings::PostProgrammes;
use crate::state::tables::{item, order};

use super::State;
use super::bill::{Bill, Item};
use super::prechecks::{Precheck, Receipt};

/// A refusal of a rule, for the author of a scenario.
pub(crate) fn problem(error: &Error) -> Problem {
    match error {
        Error::NoGuest(_) => Problem::not_found(error.message()),
        Error::NoDay => {
            Problem::conflict("the division of an order has no open trading day").hint("`tillypad.open_day` opens one")
        }
        Error::Refused(_) | Error::NoDelivery(_) | Error::Duplicate { .. } => Problem::conflict(error.message()),
        _ => Problem::invalid(error.message()),
    }
}

/// A dish that a waiter adds to a bill.
#[derive(Debug)]
pub(crate) struct Added {
    pub(crate) dish: Guid,
    pub(crate) count: Decimal,
    /// The price of one; left out, that of the menu.
    pub(crate) price: Option<Decimal>,
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
        // In the order in which they are named, so that no drawn id decides which lines come first.
        let mut ids = vec![first];
        for id in with {
            if !ids.contains(id) {
                ids.push(*id);
            }
        }
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
        if self.bills.get(id).is_some_and(|bill| self.is_closed(bill)) {
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
        let unpaid = self.first_precheck(id, |precheck| precheck.receipt.is_none());
        let none = || {
            Problem::conflict(format!("bill {id} has no unpaid precheck"))
                .hint("`tillypad.precheck` prints one")
                .under("guest")
        };
        self.prechecks.get_mut(&unpaid.ok_or_else(none)?).ok_or_else(none)?.begun = true;
        Ok(())
    }

    /// The terminal ends the authorisation that has begun: with a receipt for `paid_by`, or declined without it.
    ///
    /// # Errors
    /// An unknown or closed bill, one that was paid otherwise meanwhile, or one for which no authorisation has begun.
    pub(crate) fn end_payment(&mut self, id: Guid, paid_by: Option<Guid>, now: Timestamp) -> Result<(), Problem> {
        known_bill(self, id).map_err(|problem| problem.under("guest"))?;
        if self.bills.get(id).is_some_and(|bill| self.is_closed(bill) || self.is_settled(bill)) {
            let text = format!("bill {id} has been paid otherwise: the authorisation fails");
            return Err(Problem::conflict(text).under("guest"));
        }
        let begun = self.first_precheck(id, |precheck| precheck.begun && precheck.receipt.is_none());
        let none = || {
            Problem::conflict(format!("no authorisation has begun for bill {id}"))
                .hint("`tillypad.begin_payment` begins one")
                .under("guest")
        };
        let precheck = begun.ok_or_else(none)?;
        let Some(pay_type) = paid_by else {
            self.prechecks.get_mut(&precheck).ok_or_else(none)?.begun = false;
            return Ok(());
        };
        let bills = self.prechecks.get(&precheck).map(|precheck| precheck.guests.clone()).unwrap_or_default();
        for bill in bills.iter().filter_map(|id| self.bills.get(*id)) {
            self.check_days_to_pay(bill).map_err(|error| problem(&error).under("guest"))?;
        }
        let receipt = Receipt { id: self.new_id("prechecks"), pay_type, at: self.local(now) };
        self.prechecks.get_mut(&precheck).ok_or_else(none)?.receipt = Some(receipt);
        for id in bills {
            let Some(mut bill) = self.bills.get(id).cloned() else { continue };
            let before = self.name_dates(&bill);
            if self.is_settled(&bill) {
                self.settle(&mut bill, pay_type, now);
            }
            let after = self.name_dates(&bill);
            self.bills.replace(bill, &before, &after);
        }
        Ok(())
    }

    /// Money is taken at the till: all of a bill that is not paid yet. Says how much it was.
    ///
    /// # Errors
    /// An unknown or closed bill, one that is paid, one with a shared precheck, or one without a trading day.
    pub(crate) fn take_money(&mut self, id: Guid, pay_type: Guid, now: Timestamp) -> Result<Decimal, Problem> {
        self.still_open(id).map_err(|problem| problem.under("guest"))?;
        let mut bill = self.bills.get(id).cloned().unwrap_or_default();
        if self.is_settled(&bill) {
            return Err(Problem::conflict(format!("bill {id} is paid")).hint("`tillypad.close_bill` closes it"));
        }
        if self.has_shared_precheck(&bill) {
            return Err(Problem::conflict(format!("a precheck of bill {id} has lines of other bills")).under("guest"));
        }
        if self.is_authorised(&bill) {
            return Err(Problem::conflict(format!("a card is being authorised for bill {id}"))
                .hint("`tillypad.end_payment` ends the authorisation")
                .under("guest"));
        }
        self.check_days_to_pay(&bill).map_err(|error| problem(&error).under("guest"))?;
        let before = self.name_dates(&bill);
        let sum = bill.total() - self.paid(&bill);
        self.settle(&mut bill, pay_type, now);
        let after = self.name_dates(&bill);
        self.bills.replace(bill, &before, &after);
        Ok(sum)
    }

    /// A waiter adds a dish to the last order of a bill, or to a new one where there is none. Prices are those of the
    /// bill's programmes; points and notes that they give are not given again. Says the id of the line.
    ///
    /// # Errors
    /// An unknown or closed bill.
    pub(crate) fn add_dish(&mut self, id: Guid, added: &Added, now: Timestamp) -> Result<Guid, Problem> {
        self.still_open(id).map_err(|problem| problem.under("guest"))?;
        let mut bill = self.bills.get(id).cloned().unwrap_or_default();
        let mut record = Record::default();
        let price = added.price.or(self.menu.items.get(&added.dish).map(|dish| dish.price)).unwrap_or_default();
        record.set(item::MENU, Value::Guid(added.dish));
        record.set(item::COUNT, Value::Number(added.count));
        record.set(item::PRICE, Value::Number(price.normalize()));
        if bill.row_ids().count() >= MOST_ROWS {
            return Err(
                Problem::conflict(format!("bill {id} has {MOST_ROWS} orders and lines, the most")).under("guest")
            );
        }
        let local = self.local(now);
        let mut order = bill.orders.pop().unwrap_or_default();
        if !order.record.has(order::ID) {
            self.fill_order(&bill, &mut order, local);
        }
        let mut line = Item { record, ..Item::default() };
        self.fill_line(&bill, &order, &mut line, local);
        let line_id = line.record.guid(item::ID).unwrap_or(id);
        if self.settings.post_programmes == PostProgrammes::Apply {
            self.apply_to_new_line(&bill, &mut line);
        }
        order.items.push(line);
        bill.orders.push(order);
        // A dish without modifiers has no more units than its count.
        let _ = self.count_lines(&mut bill);
        let dates = self.name_dates(&bill);
        self.bills.replace(bill, &dates, &dates);
        Ok(line_id)
    }

    /// A waiter takes a line off a bill, or some units of it.
    ///
    /// # Errors
    /// An unknown or closed bill, a line that is not on it or is in a precheck, or more units than the line has.
    pub(crate) fn remove_dish(&mut self, id: Guid, line: Guid, count: Option<Decimal>) -> Result<(), Problem> {
        self.still_open(id).map_err(|problem| problem.under("guest"))?;
        let mut bill = self.bills.get(id).cloned().unwrap_or_default();
        let mut found = None;
        bill.visit(|row| {
            if row.record.guid(item::ID) == Some(line) {
                let mut printed = false;
                row.visit(&mut |part| printed |= part.record.has(item::PRECHECK));
                found = Some((printed, row.record.number(item::COUNT).unwrap_or_default()));
            }
        });
        let Some((printed, units)) = found else {
            return Err(Problem::not_found(format!("bill {id} has no line {line}")).under("line"));
        };
        if printed {
            return Err(Problem::conflict(format!("line {line} is in a precheck")).under("line"));
        }
        let left = units - count.unwrap_or(units);
        if left.is_sign_negative() {
            return Err(Problem::conflict(format!("line {line} has {units} of it")).under("count"));
        }
        for order in &mut bill.orders {
            take_off(&mut order.items, line, left);
        }
        let dates = self.name_dates(&bill);
        self.bills.replace(bill, &dates, &dates);
        Ok(())
    }

    /// The first precheck of a bill that is wanted.
    fn first_precheck(&self, id: Guid, wanted: impl Fn(&Precheck) -> bool) -> Option<Guid> {
        self.prechecks_of(self.bills.get(id)?).find(|precheck| wanted(precheck)).map(|precheck| precheck.id)
    }
}

/// Leaves so many units of a line; a line of none goes, with its modifiers.
fn take_off(items: &mut Vec<Item>, line: Guid, left: Decimal) {
    items.retain(|item| item.record.guid(item::ID) != Some(line) || !left.is_zero());
    for item in items {
        if item.record.guid(item::ID) == Some(line) {
            item.record.set(item::COUNT, Value::Number(left.normalize()));
        }
        take_off(&mut item.items, line, left);
    }
}
