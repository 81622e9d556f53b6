//! `/v2/locations`.

use serde::{Deserialize, Serialize};
use stend_transport::Reply;

use crate::api::request::Request;
use crate::api::{Cx, Nothing, created, done};
use crate::errors::Error;
use crate::state::State;
use crate::state::locations::{LocationChange, NewLocation};

#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    name: &'a str,
    address: Option<&'a str>,
    note: Option<&'a str>,
}

/// The locations that the user sees.
pub(crate) fn list(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let shown = state.seen_locations(cx.viewer).map(|location| Shown {
        id: location.id,
        name: &location.name,
        address: location.address.as_deref(),
        note: location.note.as_deref(),
    });
    Ok(Reply::ok(&shown.collect::<Vec<_>>()))
}

/// Makes a location.
pub(crate) fn create(state: &mut State, cx: &Cx<'_>, request: Request<NewLocation>) -> Result<Reply, Error> {
    let new = request.checked(|new, invalid| state.check_location(None, Some(&new.name), invalid))?;
    Ok(created(state.create_location(cx.viewer, new)))
}

/// Changes what is given.
pub(crate) fn update(state: &mut State, cx: &Cx<'_>, request: Request<LocationChange>) -> Result<Reply, Error> {
    let id = state.location(cx.viewer, cx.param("id"))?;
    let change =
        request.checked(|change, invalid| state.check_location(Some(id), change.name.0.as_deref(), invalid))?;
    state.update_location(id, change);
    Ok(done())
}

#[derive(Debug, Deserialize)]
pub(crate) struct Deletion {
    /// Also where a machine stands.
    force: Option<bool>,
}

/// Deletes a location that no machine stands at.
pub(crate) fn delete(state: &mut State, cx: &Cx<'_>, request: Request<Deletion>) -> Result<Reply, Error> {
    let id = state.location(cx.viewer, cx.param("id"))?;
    state.delete_location(id, request.valid()?.force.unwrap_or_default())?;
    Ok(done())
}
