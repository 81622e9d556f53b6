//! Delivery: its states, the two system tasks that move a bill on by the world's clock, stop lists, couriers (P4).

use std::collections::BTreeSet;

use jiff::Timestamp;
use rust_decimal::Decimal;
use stend_core::Span;

use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::settings::{Confirmation, CookingStart};
use crate::state::tables::{States, delivery, item};

use super::State;
use super::bill::Bill;

/// Waits for the executor to confirm.
pub(crate) const WAITS_FOR_EXECUTOR: i64 = 2;
/// Waits for the moment when cooking has to begin.
pub(crate) const WAITS_FOR_START: i64 = 3;
/// Cooking has begun.
pub(crate) const COOKING: i64 = 4;
/// Cooked, not sent.
pub(crate) const COOKED: i64 = 6;
/// With the courier.
pub(crate) const SENT: i64 = 7;
/// Delivered and done.
pub(crate) const DELIVERED: i64 = 8;

/// The guest comes for it.
const PICKUP: i64 = 0;

/// A division: a restaurant, or the call centre.
#[derive(Debug, Clone)]
pub(crate) struct Division {
    pub(crate) name: String,
    pub(crate) call_centre: bool,
    pub(crate) cooking_time: Span,
    pub(crate) delivery_time: Span,
    /// Whether the task that takes bills from "waits for the executor" to "waits for the start" runs.
    pub(crate) accepts: bool,
    /// Whether the task that starts the cooking runs.
    pub(crate) starts: bool,
    /// How much of a bill can be paid with points, in per cent; points are not set up without it.
    pub(crate) max_points_percent: Option<Decimal>,
    pub(crate) stop_list: BTreeSet<Guid>,
    /// The open trading day.
    pub(crate) day: Option<Guid>,
}

impl State {
    fn state_of(bill: &Bill) -> Option<i64> {
        bill.delivery.as_ref()?.int(delivery::STATE)
    }

    /// Whether the task of the division may take a bill that waits for the executor.
    fn is_acceptable(&self, bill: &Bill) -> bool {
        let (Some(row), Some(division)) = (&bill.delivery, bill.division().and_then(|id| self.divisions.get(&id)))
        else {
            return false;
        };
        let pickup = row.int(delivery::METHOD) == Some(PICKUP);
        let located = row.text(delivery::COORDINATES).is_some_and(|text| !text.trim().is_empty());
        let confirmed = self.settings.confirmation == Confirmation::Noted || row.flag(delivery::CONFIRM) != Some(true);
        let mut stopped = false;
        bill.visit(|line| {
            stopped |= line.record.guid(item::MENU).is_some_and(|dish| division.stop_list.contains(&dish));
        });
        division.accepts && !division.call_centre && !stopped && confirmed && (pickup || located)
    }

    /// When cooking has to begin: the delivery's time less the way and the cooking.
    fn start(&self, bill: &Bill) -> Option<Timestamp> {
        let division = self.divisions.get(&bill.division()?)?;
        let row = bill.delivery.as_ref()?;
        let seconds =
            |column, default| row.int(column).and_then(|n| u32::try_from(n).ok()).map_or(default, Span::from_secs);
        let opened = self.zone.to_zoned(bill.opened()?).ok()?.timestamp();
        let opened = seconds(delivery::TRAVEL, division.delivery_time).before(opened);
        Some(seconds(delivery::COOKING, division.cooking_time).before(opened))
    }

    /// Sets when the next task takes a bill that has come into its state `now`.
    pub(crate) fn schedule(&mut self, bill: &mut Bill, now: Timestamp) {
        self.waiting.remove(&bill.id());
        let soon = self.task_period.after(now);
        let flagged = |row: &Record| row.flag(delivery::AUTO_START) == Some(true);
        let starts = bill.division().and_then(|id| self.divisions.get(&id)).is_some_and(|division| division.starts)
            && (self.settings.cooking_start == CookingStart::Task || bill.delivery.as_deref().is_some_and(flagged));
        bill.due = match Self::state_of(bill) {
            Some(WAITS_FOR_EXECUTOR) if self.is_acceptable(bill) => Some(soon),
            Some(WAITS_FOR_EXECUTOR) => {
                self.waiting.insert(bill.id());
                None
            }
            Some(WAITS_FOR_START) if starts => Some(self.start(bill).map_or(soon, |start| start.max(soon))),
            _ => None,
        };
    }

    /// Runs the task that is due for a bill.
    pub(crate) fn run_task(&mut self, id: Guid, at: Timestamp) -> String {
        let Some(mut bill) = self.bills.get(id).cloned() else { return format!("bill {id} is gone") };
        let dates = self.name_dates(&bill);
        let next = match Self::state_of(&bill) {
            Some(WAITS_FOR_EXECUTOR) if self.is_acceptable(&bill) => Some(WAITS_FOR_START),
            Some(WAITS_FOR_START) => Some(COOKING),
            _ => None,
        };
        if let (Some(next), Some(row)) = (next, &mut bill.delivery) {
            row.set(delivery::STATE, Value::Int(next));
        }
        self.schedule(&mut bill, at);
        let name = bill.name().to_owned();
        self.bills.replace(bill, &dates, &dates);
        match next.and_then(|next| self.state_name(States::Delivery, next)) {
            Some(state) => format!("bill {name}: {state}"),
            None => format!("bill {name} waits"),
        }
    }

    /// Puts a delivery into a state.
    ///
    /// # Errors
    /// An unknown bill, one that is no delivery, or an unknown state.
    pub(crate) fn set_delivery_state(&mut self, id: Guid, state: i64, now: Timestamp) -> Result<(), Error> {
        if self.state_name(States::Delivery, state).is_none() {
            let (field, value) = ("gsdlv_dlvrst_ID".to_owned(), state.to_string());
            return Err(Error::Unknown { field, table: States::Delivery.table(), value });
        }
        let delivered = self.local(now);
        self.change_delivery(id, now, |row| {
            let before = row.int(delivery::STATE);
            row.set(delivery::STATE, Value::Int(state));
            if state == DELIVERED && (before != Some(DELIVERED) || !row.has(delivery::DELIVERED)) {
                row.set(delivery::DELIVERED, Value::Date(delivered));
            }
        })
    }

    /// Changes the delivery of a bill, and sets its tasks anew.
    pub(crate) fn change_delivery(
        &mut self,
        id: Guid,
        now: Timestamp,
        change: impl FnOnce(&mut Record),
    ) -> Result<(), Error> {
        let mut bill = self.bills.get(id).ok_or(Error::NoGuest(id))?.clone();
        let dates = self.name_dates(&bill);
        change(bill.delivery.as_mut().ok_or(Error::NoDelivery(id))?);
        if Self::state_of(&bill) == Some(DELIVERED) && self.is_settled(&bill) {
            self.close(&mut bill, now);
        }
        self.schedule(&mut bill, now);
        self.bills.replace(bill, &dates, &dates);
        Ok(())
    }

    /// Puts dishes on a division's stop list, or takes them off; bills that waited for them move on.
    pub(crate) fn stop(&mut self, division: Guid, dishes: &[Guid], on: bool, now: Timestamp) {
        if let Some(division) = self.divisions.get_mut(&division) {
            for dish in dishes {
                if on {
                    division.stop_list.insert(*dish);
                } else {
                    division.stop_list.remove(dish);
                }
            }
        }
        let waiting: Vec<Guid> = self.waiting.iter().copied().collect();
        for id in waiting {
            if self.bills.get(id).is_some_and(|bill| self.is_acceptable(bill)) {
                // It is a delivery, or it would not wait.
                let _ = self.change_delivery(id, now, |_| {});
            }
        }
    }
}
