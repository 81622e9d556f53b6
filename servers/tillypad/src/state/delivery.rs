//! Delivery: its states, the two system tasks that move a bill on by the world's clock, stop lists, couriers (P4).

use std::collections::BTreeSet;

use jiff::Timestamp;
use rust_decimal::Decimal;
use stend_core::Span;

use crate::errors::{Error, SHARED};
use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::settings::{Confirmation, CookingStart};
use crate::state::states::{Part, States};
use crate::state::tables::{delivery, item};

use super::State;
use super::bill::Bill;

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
    /// The state of a delivery: its id and its name.
    ///
    /// # Errors
    /// An unknown bill, or one that is no delivery.
    pub(crate) fn delivery_state(&self, id: Guid) -> Result<(i64, String), Error> {
        let bill = self.bills.get(id).ok_or(Error::NoGuest(id))?;
        let row = bill.delivery.as_ref().ok_or(Error::NoDelivery(id))?;
        let state = row.int(delivery::STATE).unwrap_or(0);
        Ok((state, self.state_name(States::Delivery, state).unwrap_or_default().to_owned()))
    }

    /// The part that the state of a bill's delivery plays.
    pub(crate) fn delivery_part(&self, bill: &Bill) -> Option<Part> {
        self.states.part(States::Delivery, bill.delivery.as_ref()?.int(delivery::STATE))
    }

    /// Whether a bill's delivery is handed over.
    pub(crate) fn is_delivered(&self, bill: &Bill) -> bool {
        self.delivery_part(bill) == Some(Part::Closed)
    }

    /// Whether the task of the division may take a bill that waits for the executor.
    fn is_acceptable(&self, bill: &Bill) -> bool {
        let (Some(row), Some(division)) = (&bill.delivery, bill.division().and_then(|id| self.divisions.get(&id)))
        else {
            return false;
        };
        let pickup = self.states.part(States::Method, row.int(delivery::METHOD)) == Some(Part::Pickup);
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
        bill.due = match self.delivery_part(bill) {
            Some(Part::WaitsForExecutor) if self.is_acceptable(bill) => Some(soon),
            Some(Part::WaitsForExecutor) => {
                self.waiting.insert(bill.id());
                None
            }
            Some(Part::WaitsForStart) if starts => Some(self.start(bill).map_or(soon, |start| start.max(soon))),
            _ => None,
        };
    }

    /// Runs the task that is due for a bill.
    pub(crate) fn run_task(&mut self, id: Guid, at: Timestamp) -> String {
        let Some(mut bill) = self.bills.get(id).cloned() else { return format!("bill {id} is gone") };
        let dates = self.name_dates(&bill);
        let next = match self.delivery_part(&bill) {
            Some(Part::WaitsForExecutor) if self.is_acceptable(&bill) => Some(Part::WaitsForStart),
            Some(Part::WaitsForStart) => Some(Part::StartOfCooking),
            _ => None,
        };
        let next = next.and_then(|part| self.states.id(States::Delivery, part));
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
    /// An unknown bill, one that is no delivery, an unknown state, or what [`State::conclude`] refuses.
    pub(crate) fn set_delivery_state(&mut self, id: Guid, state: i64, now: Timestamp) -> Result<(), Error> {
        if self.state_name(States::Delivery, state).is_none() {
            let (field, value) = ("gsdlv_dlvrst_ID".to_owned(), state.to_string());
            return Err(Error::Unknown { field, table: States::Delivery.table(), value });
        }
        let delivered = self.local(now);
        let was_closed = self.bills.get(id).is_some_and(|bill| self.is_delivered(bill));
        let is_closed = self.states.part(States::Delivery, Some(state)) == Some(Part::Closed);
        self.change_delivery(id, now, |row| {
            row.set(delivery::STATE, Value::Int(state));
            if is_closed && !(was_closed && row.has(delivery::DELIVERED)) {
                row.set(delivery::DELIVERED, Value::Date(delivered));
            }
        })
    }

    /// Changes the delivery of a bill, and sets its tasks anew.
    ///
    /// # Errors
    /// An unknown bill, one that is no delivery, or what [`State::conclude`] refuses.
    pub(crate) fn change_delivery(
        &mut self,
        id: Guid,
        now: Timestamp,
        change: impl FnOnce(&mut Record),
    ) -> Result<(), Error> {
        let mut bill = self.bills.get(id).ok_or(Error::NoGuest(id))?.clone();
        let before = self.name_dates(&bill);
        change(bill.delivery.as_mut().ok_or(Error::NoDelivery(id))?);
        self.check_conclusion(&bill)?;
        self.conclude(&mut bill, now);
        self.schedule(&mut bill, now);
        let after = self.name_dates(&bill);
        self.bills.replace(bill, &before, &after);
        Ok(())
    }

    /// The type of payment of a delivery that is handed over and counts as paid by it: «Если тип оплаты указан, то
    /// считается что сумма счета доставки полностью им оплачена» (P13).
    fn prepaid(&self, bill: &Bill) -> Option<Guid> {
        if self.is_closed(bill) || !self.is_delivered(bill) || self.is_settled(bill) {
            return None;
        }
        bill.delivery.as_ref()?.guid(delivery::PREPAID)
    }

    /// Whether [`State::conclude`] can close a bill.
    ///
    /// # Errors
    /// A precheck that other bills share, or no trading day.
    pub(crate) fn check_conclusion(&self, bill: &Bill) -> Result<(), Error> {
        if self.prepaid(bill).is_none() {
            return Ok(());
        }
        if self.has_shared_precheck(bill) {
            return Err(Error::Refused(SHARED.into()));
        }
        self.check_days_to_pay(bill)
    }

    /// Closes the bill of a delivery that is handed over, if it is paid or prepaid.
    pub(crate) fn conclude(&mut self, bill: &mut Bill, now: Timestamp) {
        if let Some(pay_type) = self.prepaid(bill) {
            self.settle(bill, pay_type, now);
        } else if self.is_delivered(bill) && self.is_settled(bill) {
            self.close(bill, now);
        }
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
