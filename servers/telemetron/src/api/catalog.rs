//! `/v2/components`.

use serde::Serialize;
use stend_transport::Reply;

use crate::api::request::Request;
use crate::api::{Cx, Nothing, created};
use crate::errors::Error;
use crate::state::State;
use crate::state::catalog::Unit;
use crate::state::products::NewComponent;

#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    name: &'a str,
    is_product: bool,
    units: Unit,
}

/// All components.
pub(crate) fn list(state: &mut State, _: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let all = state.components.values();
    let shown = all.map(|one| Shown { id: one.id, name: &one.name, is_product: one.is_product, units: one.units });
    Ok(Reply::ok(&shown.collect::<Vec<_>>()))
}

/// Makes a component.
pub(crate) fn create(state: &mut State, _: &Cx<'_>, request: Request<NewComponent>) -> Result<Reply, Error> {
    let new = request.checked(|new, invalid| state.check_component(new, invalid))?;
    Ok(created(state.create_component(new)))
}
