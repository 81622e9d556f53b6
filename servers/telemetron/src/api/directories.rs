//! The directories: events, errors, models, time zones.

use serde::Serialize;
use stend_core::Timestamp;
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::look;
use crate::errors::Error;
use crate::state::time::Hours;
use crate::state::zones;

/// Codes of events.
pub(crate) fn event_codes(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, _| Ok(Reply::ok(&state.event_codes)))
}

/// What an error's code means.
pub(crate) fn error(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| {
        let code = asked.param("code");
        let known = state.error_codes.iter().find(|known| known.code.eq_ignore_ascii_case(code));
        Ok(Reply::ok(known.ok_or(Error::Nothing)?))
    })
}

#[derive(Serialize)]
struct Model<'a> {
    id: i64,
    name: &'a str,
}

/// Models of machines.
pub(crate) fn models(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, _| {
        let models: Vec<_> = state.models.values().map(|model| Model { id: model.id, name: &model.name }).collect();
        Ok(Reply::ok(&models))
    })
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
pub(crate) fn timezones(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| {
        let zone = |zone| Zone::at(zone, asked.now);
        Ok(Reply::ok(&state.zones.all().iter().map(zone).collect::<Vec<_>>()))
    })
}
