//! Posting, calculating, placing and deleting bills.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::errors::Error;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::record::Value;
use crate::state::sent::Sent;
use crate::state::settings::{FoundBy, PostProgrammes, RepeatedBill};
use crate::state::states::{Part, States};
use crate::state::tables::{guest, order};

use super::State;
use super::bill::Bill;
use super::prechecks::Precheck;

impl State {
    /// Stores a bill (P2, P3); one that is posted again under its id as the world's `repeated_bill` says (P14).
    ///
    /// # Errors
    /// What is missing, unknown, there already, or registered without an open trading day.
    pub(crate) fn post(&mut self, sent: Sent, now: Timestamp) -> Result<Guid, Error> {
        let Sent { mut bill, declared, .. } = sent;
        let repeated = bill.guest.guid(guest::ID).filter(|id| self.bills.has(*id));
        if let Some(id) = repeated {
            match self.settings.repeated_bill {
                RepeatedBill::Refused => return Err(Error::Duplicate { table: "tp_Guests", id }),
                RepeatedBill::Same => return Ok(id),
                RepeatedBill::Replaced => self.check_deletable(id)?,
            }
        }
        self.forget_applied(&mut bill);
        self.check_bill(&mut bill)?;
        self.check_rows_are_new(&bill, repeated)?;
        self.check_declared(&declared)?;
        if matches!(self.states.part(States::Guest, Some(bill.state())), Some(Part::Paying | Part::Closed)) {
            let name = self.state_name(States::Guest, bill.state()).unwrap_or_default();
            return Err(Error::Refused(format!("Счет не может быть создан в состоянии «{name}»")));
        }
        for row in &mut bill.orders {
            row.record.remove(order::DAY);
        }
        // Asked before anything is drawn; the orders are tied once they are filled in.
        self.check_days(&bill, false)?;
        self.check_conclusion(&bill)?;
        if let Some(id) = repeated {
            self.remove(id);
        }
        let local = self.local(now);
        self.fill_bill(&mut bill, local, false);
        if self.settings.post_programmes == PostProgrammes::Apply {
            self.apply_programmes(&mut bill, local);
        }
        self.use_points(&mut bill, &declared, local);
        self.tie_to_days(&mut bill, false);
        self.make_precheck(&mut bill, false);
        self.conclude(&mut bill, now);
        self.schedule(&mut bill, now);
        let id = bill.id();
        let dates = self.name_dates(&bill);
        self.bills.put(bill, &dates);
        Ok(id)
    }

    /// Whether the ids that the client gives orders and lines are no other bill's; those of the bill that is `replaced`
    /// are free.
    fn check_rows_are_new(&mut self, bill: &Bill, replaced: Option<Guid>) -> Result<(), Error> {
        let freed: BTreeSet<_> =
            replaced.and_then(|id| self.bills.get(id)).into_iter().flat_map(Bill::row_ids).collect();
        for (row, id) in bill.row_ids().filter(|(_, id)| !id.is_draft()) {
            self.bills.know_rows();
            if self.bills.has_row((row, id)) && !freed.contains(&(row, id)) {
                return Err(Error::Duplicate { table: row.table(), id });
            }
        }
        Ok(())
    }

    /// What a bill would become, without storing it (P6).
    ///
    /// # Errors
    /// What is missing or unknown.
    pub(crate) fn calculate(&mut self, sent: Sent, now: Timestamp) -> Result<Bill, Error> {
        let Sent { mut bill, declared, .. } = sent;
        self.forget_applied(&mut bill);
        self.check_bill(&mut bill)?;
        self.check_declared(&declared)?;
        let local = self.local(now);
        self.fill_bill(&mut bill, local, true);
        self.apply_programmes(&mut bill, local);
        let rows = bill.row_ids().count();
        self.use_points(&mut bill, &declared, local);
        if bill.row_ids().count() > rows {
            // A line was split: the draft is numbered anew.
            bill.forget_draft_ids();
            self.fill_bill(&mut bill, local, true);
        }
        Ok(bill)
    }

    /// Deletes a bill with its prechecks (P8).
    ///
    /// # Errors
    /// As [`State::check_deletable`].
    pub(crate) fn delete(&mut self, id: Guid) -> Result<(), Error> {
        self.check_deletable(id)?;
        self.remove(id);
        Ok(())
    }

    /// Whether a bill can be deleted.
    ///
    /// # Errors
    /// An unknown bill; one with a payment, a fiscal receipt or a precheck that it shares.
    fn check_deletable(&self, id: Guid) -> Result<(), Error> {
        let bill = self.bills.get(id).ok_or(Error::NoGuest(id))?;
        let refused = |why| Error::Refused(format!("Гостевой счет {id} не может быть удален: {why}"));
        if self.is_closed(bill) {
            return Err(refused("у счета есть операции фискализации"));
        }
        for precheck in self.prechecks_of(bill) {
            let why = if precheck.receipt.is_some() {
                "у счета есть операции фискализации"
            } else if precheck.begun {
                "у счета есть операции авторизации"
            } else if precheck.guests.len() > 1 {
                "пречек счета является общим с другими счетами"
            } else {
                continue;
            };
            return Err(refused(why));
        }
        Ok(())
    }

    /// Takes a bill out, with its prechecks that are no other bill's, too.
    pub(crate) fn remove(&mut self, id: Guid) {
        let dates = self.bills.get(id).map(|bill| self.name_dates(bill)).unwrap_or_default();
        if let Some(bill) = self.bills.take(id, &dates) {
            for id in bill.prechecks {
                let shared = |precheck: &Precheck| precheck.guests.iter().any(|guest| self.bills.has(*guest));
                if !self.prechecks.get(&id).is_some_and(shared) {
                    self.prechecks.remove(&id);
                }
            }
        }
        self.waiting.remove(&id);
    }

    /// Places a bill, or without a place takes it from its place (P8).
    ///
    /// # Errors
    /// An unknown bill or place, or a bill that is closed.
    pub(crate) fn place(&mut self, id: Guid, place: Option<Guid>) -> Result<(), Error> {
        let mut bill = self.bills.get(id).ok_or(Error::NoGuest(id))?.clone();
        if let Some(place) = place {
            self.check("place-id", Book::Places, place)?;
        }
        if self.is_closed(&bill) {
            return Err(Error::Refused(format!("Гостевой счет {id} закрыт")));
        }
        match place {
            Some(place) => bill.guest.set(guest::PLACE, Value::Guid(place)),
            None => bill.guest.remove(guest::PLACE),
        }
        let dates = self.name_dates(&bill);
        self.bills.replace(bill, &dates, &dates);
        Ok(())
    }

    /// The dates by which a bill is found: when it was opened, and those of its trading days where these count.
    pub(crate) fn name_dates(&self, bill: &Bill) -> Vec<Date> {
        let days = bill.days().filter_map(|day| self.days.get(&day)).map(|day| day.opened.date());
        let days = days.filter(|_| self.settings.found_by == FoundBy::OpenedOrTradingDay);
        let mut dates: Vec<Date> = bill.opened().map(|opened| opened.date()).into_iter().chain(days).collect();
        dates.sort_unstable();
        dates.dedup();
        dates
    }
}
