//! What a machine's modem sends and receives: events, requests for data, commands.

use serde::Serialize;
use serde_json::{Value, json};
use stend_transport::Reply;

use crate::api::request::Request;
use crate::api::statistics::Dates;
use crate::api::{Cx, Nothing, status_ok};
use crate::errors::Error;
use crate::state::State;
use crate::state::modems::{DataRequest, Dispense, VendistaCredit};
use crate::state::time::{EVENTS, Iso};

#[derive(Serialize)]
struct Event<'a> {
    date: Iso,
    code: &'a str,
    payload: &'a Value,
}

/// The events of a period, oldest first.
pub(crate) fn events(state: &mut State, cx: &Cx<'_>, request: Request<Dates>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("vm_id"))?;
    let asked = request.valid()?.asked(state);
    let zone = machine.zone(asked.local);
    let period = asked.period(&zone, EVENTS, cx.now)?;
    let within = machine.events.within(period);
    let shown = within.map(|event| Event { date: event.at.iso(&zone), code: &event.code, payload: &event.payload });
    Ok(Reply::ok(&shown.collect::<Vec<_>>()))
}

/// Restarts the modem.
pub(crate) fn reset(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let id = state.machine(cx.viewer, cx.param("id"))?.id;
    state.restart_modem(id, cx.now)?;
    Ok(status_ok())
}

/// Gives out a drink.
pub(crate) fn dispense(state: &mut State, cx: &Cx<'_>, request: Request<Dispense>) -> Result<Reply, Error> {
    let id = state.machine(cx.viewer, cx.param("vm_id"))?.id;
    state.dispense(id, &request.valid()?, cx.now)?;
    Ok(status_ok())
}

/// Credits the modem.
pub(crate) fn credit(state: &mut State, cx: &Cx<'_>, request: Request<VendistaCredit>) -> Result<Reply, Error> {
    let id = state.machine(cx.viewer, cx.param("vm_id"))?.id;
    let credit = request.valid().map_err(|error| match error {
        // Printed with a status and without fields.
        Error::Invalid(_) => Error::InvalidCredit,
        other => other,
    })?;
    state.vendista_credit(id, &credit)?;
    Ok(status_ok())
}

/// Asks for data: an attribute with any value says which (T9).
pub(crate) fn request(state: &mut State, cx: &Cx<'_>, request: Request<DataRequest>) -> Result<Reply, Error> {
    let id = state.machine(cx.viewer, cx.param("vm_id"))?.id;
    let wanted = request.checked(|wanted, invalid| {
        if !wanted.report.is_sent() && !wanted.config.is_sent() {
            invalid.first("report", "The report field is required when config is not present.");
        }
    })?;
    let (number, under_way) = state.request(id, &wanted, cx.now)?;
    Ok(Reply::ok(&match under_way {
        true => json!({ "request_id": number, "progress": true }),
        false => json!({ "request_id": number }),
    }))
}

/// Whether a request is still open.
pub(crate) fn progress(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("vm_id"))?;
    let open = machine.request.as_ref().is_some_and(|request| request.id.to_string() == cx.param("id"));
    if open { Ok(Reply::ok(&json!({ "progress": true }))) } else { Err(Error::Nothing) }
}
