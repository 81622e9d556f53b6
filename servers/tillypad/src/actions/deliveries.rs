//! What operators, cooks and couriers do with deliveries.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Problem;
use stend_core::service::Act;

use crate::Tillypad;
use crate::state::State;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::known::{known, known_bill, known_state};
use crate::state::record::{Record, Value};
use crate::state::staff::problem;
use crate::state::states::{Part, StateName, States};
use crate::state::tables::delivery;

/// The state of a delivery.
#[derive(Debug, Serialize)]
pub(super) struct Moved {
    #[serde(rename = "dlvrst_ID")]
    id: i64,
    #[serde(rename = "dlvrst_Name")]
    name: String,
}

fn moved(state: &State, guest: Guid) -> Result<Moved, Problem> {
    known_bill(state, guest).map_err(|unknown| unknown.under("guest"))?;
    let (id, name) = state.delivery_state(guest).map_err(|error| problem(&error).under("guest"))?;
    Ok(Moved { id, name })
}

/// Arguments of `tillypad.confirm`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirm {
    /// The bill.
    #[schemars(extend("x-pick" = "tillypad.deliveries"))]
    guest: Guid,
}

impl Act<Tillypad> for Confirm {
    const NAME: &'static str = "confirm";
    const SUMMARY: &'static str =
        "The operator has called the guest and the executor takes the order: it waits for the start of the cooking.";
    type Output = Moved;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Moved, Problem> {
        let present = moved(state, self.guest)?;
        let unconfirmed = [None, Some(Part::New), Some(Part::WaitsForExecutor)];
        if !unconfirmed.contains(&state.states.part(States::Delivery, Some(present.id))) {
            let text = format!("bill {} is past confirmation: «{}»", self.guest, present.name);
            return Err(Problem::conflict(text).under("guest"));
        }
        let Some(next) = state.states.id(States::Delivery, Part::WaitsForStart) else {
            return Err(Problem::conflict("no delivery state of this world plays the part `waits_for_start`"));
        };
        let change = |row: &mut Record| {
            row.set(delivery::STATE, Value::Int(next));
            row.set(delivery::CONFIRM, Value::Flag(false));
        };
        state.change_delivery(self.guest, now, change).map_err(|error| problem(&error).under("guest"))?;
        moved(state, self.guest)
    }
}

/// A state of deliveries, as scenarios name it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected the id, the name or the part of a delivery state, e.g. `sent`")]
enum Named {
    /// Its id.
    Id(i64),
    /// Its name, or the part that it plays.
    Name(String),
}

impl Named {
    fn find(&self, state: &State) -> Result<i64, Problem> {
        let name = match self {
            Self::Id(id) => return known_state(state, States::Delivery, *id).map(|()| *id),
            Self::Name(name) => name.trim(),
        };
        let rows = || state.states.rows(States::Delivery);
        let part = |row: &StateName| row.part.map_or("", Part::name);
        let found = rows().find(|row| part(row) == name || row.name == name || row.id.to_string() == name);
        found.map(|row| row.id).ok_or_else(|| {
            let known: Vec<&str> = rows().flat_map(|row| [part(row), row.name.as_str()]).collect();
            Problem::unknown("not_found", "delivery state", name, known.into_iter().filter(|name| !name.is_empty()))
        })
    }
}

/// Arguments of `tillypad.delivery_state`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveryState {
    /// The bill.
    #[schemars(extend("x-pick" = "tillypad.deliveries"))]
    guest: Guid,
    /// The state: the id, the name or the part of one of `delivery_states`.
    state: Named,
}

impl Act<Tillypad> for DeliveryState {
    const NAME: &'static str = "delivery_state";
    const SUMMARY: &'static str = "Somebody moves a delivery into a state: the kitchen, an operator, a courier.";
    type Output = Moved;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Moved, Problem> {
        let next = self.state.find(state).map_err(|unknown| unknown.under("state"))?;
        known_bill(state, self.guest).map_err(|unknown| unknown.under("guest"))?;
        let result = state.set_delivery_state(self.guest, next, now);
        result.map_err(|error| problem(&error).under("guest"))?;
        moved(state, self.guest)
    }
}

/// Arguments of `tillypad.courier`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Courier {
    /// The bill.
    #[schemars(extend("x-pick" = "tillypad.deliveries"))]
    guest: Guid,
    /// The courier, one of the users.
    #[schemars(extend("x-pick" = "tillypad.staff"))]
    #[serde(alias = "courier")]
    user: Guid,
    /// What is noted about the courier.
    comment: Option<String>,
}

impl Act<Tillypad> for Courier {
    const NAME: &'static str = "courier";
    const SUMMARY: &'static str = "A delivery gets its courier; one that is cooked is on its way with that.";
    type Output = Moved;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Moved, Problem> {
        known(state, Book::Users, self.user).map_err(|unknown| unknown.under("user"))?;
        let Self { guest, user, comment } = self;
        known_bill(state, guest).map_err(|unknown| unknown.under("guest"))?;
        let cooked = state.bills.get(guest).and_then(|bill| state.delivery_part(bill)) == Some(Part::Cooked);
        let sent = state.states.id(States::Delivery, Part::Sent).filter(|_| cooked);
        let change = |row: &mut Record| {
            row.set(delivery::COURIER, Value::Guid(user));
            if let Some(comment) = comment {
                row.set(delivery::COURIER_COMMENT, Value::Text(comment.into()));
            }
            if let Some(sent) = sent {
                row.set(delivery::STATE, Value::Int(sent));
            }
        };
        state.change_delivery(guest, now, change).map_err(|error| problem(&error).under("guest"))?;
        moved(state, guest)
    }
}
