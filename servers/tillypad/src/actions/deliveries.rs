//! What operators, cooks and couriers do with deliveries.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Problem;
use stend_core::service::Act;

use crate::Tillypad;
use crate::api::known::{known, known_bill, known_state};
use crate::state::State;
use crate::state::books::Book;
use crate::state::delivery::{COOKED, SENT, WAITS_FOR_EXECUTOR, WAITS_FOR_START};
use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::tables::{States, delivery};

use super::problem;

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
    guest: Guid,
}

impl Act<Tillypad> for Confirm {
    const NAME: &'static str = "confirm";
    const SUMMARY: &'static str =
        "The operator has called the guest and the executor takes the order: it waits for the start of the cooking.";
    type Output = Moved;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Moved, Problem> {
        let present = moved(state, self.guest)?;
        if present.id > WAITS_FOR_EXECUTOR {
            let text = format!("bill {} is past confirmation: «{}»", self.guest, present.name);
            return Err(Problem::conflict(text).under("guest"));
        }
        let change = |row: &mut Record| {
            row.set(delivery::STATE, Value::Int(WAITS_FOR_START));
            row.set(delivery::CONFIRM, Value::Flag(false));
        };
        state.change_delivery(self.guest, now, change).map_err(|error| problem(&error).under("guest"))?;
        moved(state, self.guest)
    }
}

/// Arguments of `tillypad.delivery_state`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliveryState {
    /// The bill.
    guest: Guid,
    /// The state's id: one of `delivery_states`.
    state: i64,
}

impl Act<Tillypad> for DeliveryState {
    const NAME: &'static str = "delivery_state";
    const SUMMARY: &'static str = "Somebody moves a delivery into a state: the kitchen, an operator, a courier.";
    type Output = Moved;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Moved, Problem> {
        known_state(state, States::Delivery, self.state).map_err(|unknown| unknown.under("state"))?;
        known_bill(state, self.guest).map_err(|unknown| unknown.under("guest"))?;
        let result = state.set_delivery_state(self.guest, self.state, now);
        result.map_err(|error| problem(&error).under("guest"))?;
        moved(state, self.guest)
    }
}

/// Arguments of `tillypad.courier`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Courier {
    /// The bill.
    guest: Guid,
    /// The courier, one of the users.
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
        let change = |row: &mut Record| {
            row.set(delivery::COURIER, Value::Guid(user));
            if let Some(comment) = comment {
                row.set(delivery::COURIER_COMMENT, Value::Text(comment.into()));
            }
            if row.int(delivery::STATE) == Some(COOKED) {
                row.set(delivery::STATE, Value::Int(SENT));
            }
        };
        state.change_delivery(guest, now, change).map_err(|error| problem(&error).under("guest"))?;
        moved(state, guest)
    }
}
