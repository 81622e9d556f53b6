//! What a scenario can make happen: what managers, operators, cooks, couriers and cashiers do.

mod bills;
mod clients;
mod deliveries;

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::service::Act;
use stend_core::{Action, Problem};

use crate::Tillypad;
use crate::state::State;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::known::known;
use crate::state::staff::problem;

use bills::{AddDish, BeginPayment, CloseBill, EndPayment, PrintPrecheck, RemoveDish, SeedGuests, TakeMoney};
use clients::{AddClient, AwardPoints};
use deliveries::{Confirm, Courier, DeliveryState};

pub(crate) static ACTIONS: &[Action<Tillypad>] = &[
    Action::of::<OpenDay>(),
    Action::of::<CloseDay>(),
    Action::of::<StopList>(),
    Action::of::<Confirm>(),
    Action::of::<DeliveryState>(),
    Action::of::<Courier>(),
    Action::of::<PrintPrecheck>(),
    Action::of::<BeginPayment>(),
    Action::of::<EndPayment>(),
    Action::of::<TakeMoney>(),
    Action::of::<AddDish>(),
    Action::of::<RemoveDish>(),
    Action::of::<CloseBill>(),
    Action::of::<AddClient>(),
    Action::of::<AwardPoints>(),
    Action::of::<SeedGuests>(),
];

/// A trading day.
#[derive(Debug, Serialize)]
struct DayOf {
    #[serde(rename = "arch_ID")]
    id: Guid,
}

/// Arguments of `tillypad.open_day`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OpenDay {
    /// The division; left out, the default one.
    #[schemars(extend("x-pick" = "tillypad.divisions"))]
    division: Option<Guid>,
}

impl Act<Tillypad> for OpenDay {
    const NAME: &'static str = "open_day";
    const SUMMARY: &'static str = "A manager opens the trading day of a division; an open one stays as it is.";
    type Output = DayOf;

    fn run(self, state: &mut State, now: Timestamp) -> Result<DayOf, Problem> {
        let division = self.division.unwrap_or(state.defaults.division);
        known(state, Book::Divisions, division).map_err(|unknown| unknown.under("division"))?;
        state.open_day(division, now).map(|id| DayOf { id }).map_err(|error| problem(&error))
    }
}

/// Arguments of `tillypad.close_day`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CloseDay {
    /// The division; left out, the default one.
    #[schemars(extend("x-pick" = "tillypad.divisions"))]
    division: Option<Guid>,
}

impl Act<Tillypad> for CloseDay {
    const NAME: &'static str = "close_day";
    const SUMMARY: &'static str = "A manager closes the open trading day of a division.";
    type Output = DayOf;

    fn run(self, state: &mut State, now: Timestamp) -> Result<DayOf, Problem> {
        let division = self.division.unwrap_or(state.defaults.division);
        known(state, Book::Divisions, division).map_err(|unknown| unknown.under("division"))?;
        let id = state.open_day_of(division).ok_or_else(|| {
            Problem::conflict(format!("division {division} has no open trading day"))
                .hint("`tillypad.open_day` opens one")
                .under("division")
        })?;
        state.close_day(Some(division), id, now).map(|()| DayOf { id }).map_err(|error| problem(&error))
    }
}

/// Arguments of `tillypad.stop_list`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StopList {
    /// The division; left out, the default one.
    #[schemars(extend("x-pick" = "tillypad.divisions"))]
    division: Option<Guid>,
    /// Dishes to put on the list.
    #[schemars(extend("x-pick" = "tillypad.menu"))]
    #[serde(default, alias = "items")]
    add: Vec<Guid>,
    /// Dishes to take off it.
    #[schemars(extend("x-pick" = "tillypad.menu"))]
    #[serde(default)]
    remove: Vec<Guid>,
}

/// How many dishes are on a stop list.
#[derive(Debug, Serialize)]
struct Stopped {
    stopped: usize,
}

impl Act<Tillypad> for StopList {
    const NAME: &'static str = "stop_list";
    const SUMMARY: &'static str =
        "The kitchen puts dishes on a division's stop list or takes them off: orders with one wait for the executor.";
    type Output = Stopped;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Stopped, Problem> {
        let division = self.division.unwrap_or(state.defaults.division);
        known(state, Book::Divisions, division).map_err(|unknown| unknown.under("division"))?;
        for (key, dishes) in [("add", &self.add), ("remove", &self.remove)] {
            for (i, dish) in dishes.iter().enumerate() {
                known(state, Book::MenuItems, *dish).map_err(|unknown| unknown.at([key.into(), i.into()]))?;
            }
        }
        state.stop(division, &self.add, true, now);
        state.stop(division, &self.remove, false, now);
        Ok(Stopped { stopped: state.divisions.get(&division).map_or(0, |division| division.stop_list.len()) })
    }
}

fn float(decimal: Decimal) -> f64 {
    use rust_decimal::prelude::ToPrimitive;
    decimal.to_f64().unwrap_or(f64::MAX)
}
