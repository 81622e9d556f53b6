//! The directories: events, errors, models, time zones.

use serde::Serialize;
use stend_core::Timestamp;
use stend_transport::Reply;

use crate::api::request::Request;
use crate::api::{Cx, Nothing};
use crate::errors::Error;
use crate::state::State;
use crate::state::time::Hours;
use crate::state::zones;

/// Codes of events.
pub(crate) fn event_codes(state: &mut State, _: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    Ok(Reply::ok(&state.event_codes))
}

/// What an error's code means.
pub(crate) fn error(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let code = cx.param("code");
    let known = state.error_codes.iter().find(|known| known.code.eq_ignore_ascii_case(code));
    Ok(Reply::ok(known.ok_or(Error::Nothing)?))
}

#[derive(Serialize)]
struct Model<'a> {
    id: i64,
    name: &'a str,
}

/// Models of machines.
pub(crate) fn models(state: &mut State, _: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let models: Vec<_> = state.models.values().map(|model| Model { id: model.id, name: &model.name }).collect();
    Ok(Reply::ok(&models))
}

#[derive(Serialize)]
struct Zone<'a> {
    tz_id: i64,
    tz: &'a str,
    utc_offset: String,
}

impl<'a> Zone<'a> {
    fn at(zone: &'a zones::Zone, now: Timestamp) -> Self {
        Self { tz_id: zone.id, tz: zone.name, utc_offset: Hours(zones::offset(zone, now)).to_string() }
    }
}

/// All time zones with their present offsets.
pub(crate) fn timezones(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let zone = |zone| Zone::at(zone, cx.now);
    Ok(Reply::ok(&state.zones.all().iter().map(zone).collect::<Vec<_>>()))
}
