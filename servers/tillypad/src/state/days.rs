//! Trading days: registered orders are tied to the open one of their division (P3).

use jiff::Timestamp;
use jiff::civil::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::errors::Error;
use crate::state::books::Book;
use crate::state::guid::Guid;

use super::State;

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
}
