//! `/v2/locations`.

use serde::Serialize;
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Rule, Table, field};
use crate::api::{change, created, done, look};

#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    name: &'a str,
    address: Option<&'a str>,
    note: Option<&'a str>,
}

/// The locations that the user sees.
pub(crate) fn list(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| {
        let shown = state.seen_locations(asked.who).map(|location| Shown {
            id: location.id,
            name: &location.name,
            address: location.address.as_deref(),
            note: location.note.as_deref(),
        });
        Ok(Reply::ok(&shown.collect::<Vec<_>>()))
    })
}

pub(crate) const LOCATION: &[Field] = &[
    field("name", &[Rule::Required, Rule::Text(255), Rule::Unique(Table::Location)]),
    field("address", &[Rule::Required, Rule::Text(255)]),
    field("note", &[Rule::Text(65_535)]),
];

/// A new location.
pub(crate) fn create(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], LOCATION, |state, asked| {
        asked.input.check(state, LOCATION)?;
        Ok(created(state.create_location(asked.who, asked.input)))
    })
}

/// Changes what is given.
pub(crate) fn update(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], LOCATION, |state, asked| {
        let id = state.location(asked.who, asked.param("id"))?;
        asked.input.check_change(state, LOCATION, id)?;
        state.change_location(id, asked.input);
        Ok(done())
    })
}

const FORCE: &[Field] = &[field("force", &[Rule::Flag])];

/// Deletes a location that no machine stands at.
pub(crate) fn delete(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], FORCE, |state, asked| {
        let id = state.location(asked.who, asked.param("id"))?;
        asked.input.check(state, FORCE)?;
        state.delete_location(id, asked.input.flag("force"))?;
        Ok(done())
    })
}
