//! The state of a delivery.

use serde::Serialize;
use stend_transport::{Context, DOCUMENTED, On, Operation, Outcome};

use crate::Tillypad;
use crate::api::guests::Asked;
use crate::api::reply::Shown;
use crate::errors::Error;
use crate::state::State;

/// The state of a bill's delivery.
pub(crate) const STATE: Operation<Tillypad> =
    Operation::new("get-guest-delivery-state", On::Get("/get-guest-delivery-state"), DOCUMENTED, |call| {
        call.answer(delivery_state)
    });

/// A state, key for key as printed.
#[derive(Serialize)]
struct DeliveryState {
    #[serde(rename = "dlvrst_ID")]
    id: i64,
    #[serde(rename = "dlvrst_Name")]
    name: String,
}

fn delivery_state(
    state: &mut State,
    _: &mut Context<'_>,
    request: Asked,
) -> Result<Outcome<Shown<DeliveryState>>, Error> {
    let (id, name) = state.delivery_state(request.guest.0)?;
    Ok(Outcome::reply(Shown(DeliveryState { id, name })))
}
