//! Trading days: registered orders are tied to the open one of their division (P3).

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::errors::Error;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::tables::guest;

use super::State;
use super::bill::Bill;

/// A trading day of a division.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Day {
    /// Its id (`arch_ID`).
    pub id: Guid,
    /// Its division.
    pub division: Guid,
    /// When it was opened, by the application server's clock; its date is the day's.
    #[serde(deserialize_with = "crate::state::hours::moment")]
    #[schemars(with = "String")]
    pub opened: DateTime,
    /// When it was closed.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::state::hours::moment_or_none"
    )]
    #[schemars(with = "Option<String>")]
    pub closed: Option<DateTime>,
}

impl State {
    /// The open day of a division.
    pub(crate) fn open_day_of(&self, division: Guid) -> Option<Guid> {
        self.divisions.get(&division)?.day
    }

    /// The open day of a division; it is opened now if there is none.
    ///
    /// # Errors
    /// An unknown division.
    pub(crate) fn open_day(&mut self, division: Guid, now: Timestamp) -> Result<Guid, Error> {
        self.check("division-id", Book::Divisions, division)?;
        if let Some(day) = self.open_day_of(division) {
            return Ok(day);
        }
        let id = self.free_id("days", |state, id| state.days.contains_key(id));
        self.days.insert(id, Day { id, division, opened: self.local(now), closed: None });
        if let Some(division) = self.divisions.get_mut(&division) {
            division.day = Some(id);
        }
        Ok(id)
    }

    /// Closes a trading day; a division that is named must be the day's.
    ///
    /// # Errors
    /// An unknown division or day, another division's day, or one that is closed.
    pub(crate) fn close_day(&mut self, division: Option<Guid>, day: Guid, now: Timestamp) -> Result<(), Error> {
        if let Some(division) = division {
            self.check("division-id", Book::Divisions, division)?;
        }
        let closed = self.local(now);
        let unknown = || Error::Unknown { field: "archive-id".into(), table: "tp_Archives", value: day.to_string() };
        let found = self.days.get_mut(&day).ok_or_else(unknown)?;
        if division.is_some_and(|division| division != found.division) {
            return Err(Error::Refused(format!("Торговый день {day} принадлежит другому подразделению")));
        }
        if found.closed.is_some() {
            return Err(Error::Refused(format!("Торговый день {day} уже закрыт")));
        }
        // A clock that was set back, or a summer that ends, closes no day before it was opened.
        found.closed = Some(closed.max(found.opened));
        if let Some(division) = self.divisions.get_mut(&found.division) {
            division.day = None;
        }
        Ok(())
    }

    /// The next change of trading days after a moment, where the world has them change by themselves.
    pub(crate) fn next_change_after(&self, now: Timestamp) -> Option<Timestamp> {
        let time = self.day_change?.time().unwrap_or(Time::midnight());
        let today = self.local(now).date();
        let moment = |date: Date| self.zone.to_timestamp(date.to_datetime(time)).ok().filter(|at| *at > now);
        moment(today).or_else(|| moment(today.checked_add(1.day()).ok()?))
    }

    /// Trading days end as a restaurant ends them: what is paid is closed, open days are closed and the next are opened, and
    /// of closed bills the oldest go to the archive, where no operation finds them.
    pub(crate) fn change_days(&mut self, at: Timestamp) -> String {
        let paid: Vec<Guid> =
            self.bills.in_order().into_iter().filter(|bill| self.is_settled(bill)).map(|bill| bill.id()).collect();
        for id in paid {
            // It is paid and not closed, or it would not be settled.
            drop(self.close_paid(id, at));
        }
        let open: Vec<Guid> =
            self.divisions.iter().filter(|(_, division)| division.day.is_some()).map(|(id, _)| *id).collect();
        for division in &open {
            if let Some(day) = self.open_day_of(*division) {
                drop(self.close_day(None, day, at));
            }
            drop(self.open_day(*division, at));
        }
        let archived = self.archive_closed();
        format!("{} trading day(s) change; {archived} bill(s) go to the archive", open.len())
    }

    /// Forgets the oldest closed bills beyond what the world keeps, and closed days that no bill is of. Returns how many
    /// bills there were.
    fn archive_closed(&mut self) -> usize {
        let Some(most) = self.keep_closed.and_then(|most| usize::try_from(most).ok()) else { return 0 };
        let bills = self.bills.in_order();
        let mut closed: Vec<(Option<DateTime>, u64, Guid)> = bills
            .iter()
            .filter(|bill| self.is_closed(bill))
            .map(|bill| (bill.guest.date(guest::CLOSED), bill.serial, bill.id()))
            .collect();
        closed.sort_unstable();
        let gone = closed.len().saturating_sub(most);
        for (.., id) in closed.into_iter().take(gone) {
            self.remove(id);
        }
        let used: BTreeSet<Guid> = self.bills.in_order().into_iter().flat_map(Bill::days).collect();
        let idle = self.days.values().filter(|day| day.closed.is_some() && !used.contains(&day.id));
        let idle: Vec<Guid> = idle.map(|day| day.id).collect();
        for day in idle {
            self.days.remove(&day);
        }
        gone
    }
}
