//! What a machine's modem sends and is told: events, requests for data, commands.

use serde::Serialize;
use serde_json::{Value, json};
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Rule, field};
use crate::api::{change, look, status_ok};
use crate::errors::Error;
use crate::state::time::{EVENTS, Iso};

#[derive(Serialize)]
struct Event<'a> {
    date: Iso,
    code: &'a str,
    payload: &'a Value,
}

/// The events of a period, oldest first.
pub(crate) fn events(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &["since", "until", "local"], |state, asked| {
        let machine = state.machine(asked.who, asked.param("vm_id"))?;
        let period = asked.input.asked(&state.settings);
        let zone = machine.zone(period.local);
        let period = period.period(&zone, EVENTS, asked.now)?;
        let within = machine.events.within(period);
        let shown = within.map(|event| Event { date: event.at.iso(&zone), code: &event.code, payload: &event.payload });
        Ok(Reply::ok(&shown.collect::<Vec<_>>()))
    })
}

/// Restarts the modem.
pub(crate) fn reset(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], &[], |state, asked| {
        let id = state.machine(asked.who, asked.param("id"))?.id;
        state.restart_modem(id, asked.now)?;
        Ok(status_ok())
    })
}

pub(crate) const DISPENSE: &[Field] = &[
    field("number", &[Rule::Required, Rule::Code(255)]),
    field("cup", &[Rule::Required, Rule::Integer, Rule::In(&[0, 1])]),
    field("sugar", &[Rule::Required, Rule::Integer, Rule::Between(0, 4)]),
    field("discount", &[Rule::Number, Rule::Min(0)]),
];

/// Gives out a drink.
pub(crate) fn dispense(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], DISPENSE, |state, asked| {
        let id = state.machine(asked.who, asked.param("vm_id"))?.id;
        asked.input.check(state, DISPENSE)?;
        let number = asked.input.text("number").unwrap_or_default();
        state.dispense(id, &number, asked.input.number("discount").unwrap_or_default(), asked.now)?;
        Ok(status_ok())
    })
}

pub(crate) const CREDIT: &[Field] = &[field("amount", &[Rule::Required, Rule::Integer, Rule::Between(1, 99_999_900)])];

/// Credits the modem.
pub(crate) fn credit(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], CREDIT, |state, asked| {
        let id = state.machine(asked.who, asked.param("vm_id"))?.id;
        asked.input.check(state, CREDIT).map_err(|error| match error {
            // Printed with a status and without fields.
            Error::Invalid(_) => Error::InvalidCredit,
            other => other,
        })?;
        state.vendista_credit(id, asked.input.id("amount").unwrap_or_default())?;
        Ok(status_ok())
    })
}

pub(crate) const REQUEST: &[Field] = &[field("report", &[Rule::RequiredWithout("config")]), field("config", &[])];

/// Asks for data: an attribute with any value says which (T9).
pub(crate) fn request(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], REQUEST, |state, asked| {
        let id = state.machine(asked.who, asked.param("vm_id"))?.id;
        let (report, config) = (asked.input.has("report"), asked.input.has("config"));
        if !report && !config {
            asked.input.check(state, REQUEST)?;
        }
        asked.input.whole()?;
        let (number, under_way) = state.request(id, report, config, asked.now)?;
        Ok(Reply::ok(&match under_way {
            true => json!({ "request_id": number, "progress": true }),
            false => json!({ "request_id": number }),
        }))
    })
}

/// Whether a request is still open.
pub(crate) fn progress(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| {
        let machine = state.machine(asked.who, asked.param("vm_id"))?;
        let open = machine.request.as_ref().is_some_and(|request| request.id.to_string() == asked.param("id"));
        if open { Ok(Reply::ok(&json!({ "progress": true }))) } else { Err(Error::Nothing) }
    })
}
