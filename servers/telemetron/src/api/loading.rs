//! What a machine is loaded with: `loading`, `inventory`, `loading_tx`.

use serde::Serialize;
use serde_json::json;
use stend_transport::{Reply, StatusCode};

use crate::api::request::Request;
use crate::api::statistics::Dates;
use crate::api::{Cx, Nothing};
use crate::errors::Error;
use crate::state::State;
use crate::state::inventory::Inventory;
use crate::state::loading::Load;
use crate::state::machine::{Change, Transaction};
use crate::state::number::Quantity;
use crate::state::time::HISTORY;

#[derive(Serialize)]
struct Slot {
    component_id: i64,
    value: Quantity,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout_number: Option<String>,
}

/// The present loading.
pub(crate) fn show(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let levels = state.levels(state.machine(cx.viewer, cx.param("id"))?);
    let slot = |((component_id, layout_number), value)| Slot { component_id, value, layout_number };
    Ok(Reply::ok(&levels.into_iter().map(slot).collect::<Vec<_>>()))
}

/// Loads and unloads.
pub(crate) fn load(state: &mut State, cx: &Cx<'_>, request: Request<Load>) -> Result<Reply, Error> {
    let id = state.machine(cx.viewer, cx.param("id"))?.id;
    let digest = state.load(cx.viewer, id, &request.valid()?.into(), cx.now)?;
    Ok(Reply::json(StatusCode::CREATED, &json!({ "digest": digest })))
}

/// Sets what there is: 201 when something differed, 200 when nothing did (T7).
pub(crate) fn inventory(state: &mut State, cx: &Cx<'_>, request: Request<Inventory>) -> Result<Reply, Error> {
    let id = state.machine(cx.viewer, cx.param("id"))?.id;
    let (differed, digest) = state.take_stock(cx.viewer, id, &request.valid()?.into(), cx.now)?;
    let status = if differed { StatusCode::CREATED } else { StatusCode::OK };
    Ok(Reply::json(status, &json!({ "res": true, "digest": digest })))
}

#[derive(Serialize)]
struct Row<'a> {
    id: i64,
    vm_id: i64,
    created_at: String,
    user_id: i64,
    data: &'a [Change],
}

/// The history of loadings.
pub(crate) fn history(state: &mut State, cx: &Cx<'_>, request: Request<Dates>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("id"))?;
    let asked = request.valid()?.asked(state);
    let zone = machine.zone(asked.local);
    let period = asked.period(&zone, HISTORY, cx.now)?;
    let shown = |transaction: &'_ Transaction| -> serde_json::Value {
        json!(Row {
            id: transaction.id,
            vm_id: machine.id,
            created_at: transaction.created_at.plain(&zone),
            user_id: transaction.user_id,
            data: &transaction.data,
        })
    };
    Ok(Reply::ok(&machine.loading_tx.within(period).map(shown).collect::<Vec<_>>()))
}
