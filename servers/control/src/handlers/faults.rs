//! A world's faults.

use serde::Deserialize;
use serde_json::json;
use stend_core::fault::Fault;
use stend_transport::{Reply, StatusCode};

use crate::request::{Request, wrong};

pub(crate) async fn list(request: Request) -> Result<Reply, Reply> {
    Ok(Reply::ok(&request.world()?.faults.list()))
}

pub(crate) async fn add(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let node = request.node().await?;
    let fault: Fault = node.read().map_err(|problem| wrong(node.locate(problem)))?;
    fault.check_for(&request.control.registry).map_err(|problem| wrong(node.locate(problem)))?;
    let id = world.add_fault(fault).map_err(|problem| wrong(node.locate(problem)))?;
    Ok(Reply::json(StatusCode::CREATED, &json!({ "id": id })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    off: bool,
}

pub(crate) async fn switch(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let Switch { off } = request.read().await?;
    Ok(Reply::ok(&world.switch_fault(request.param("id"), off).map_err(wrong)?))
}

pub(crate) async fn remove(request: Request) -> Result<Reply, Reply> {
    request.world()?.remove_fault(request.param("id")).map_err(wrong)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

pub(crate) async fn clear(request: Request) -> Result<Reply, Reply> {
    request.world()?.clear_faults();
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
