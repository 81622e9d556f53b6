//! What has happened in a world, as a scenario.

use serde_json::json;
use stend_core::library::DOCUMENTED;
use stend_scenario::record;
use stend_transport::Reply;

use crate::request::{Request, shown, wrong};

pub(crate) async fn read(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let control = &request.control;
    let documented = control.library.by_name(DOCUMENTED, &control.registry).map_err(|diagnostic| shown(&diagnostic))?;
    let recording = record(&world, &documented).map_err(wrong)?;
    Ok(Reply::ok(&json!({ "scenario": recording.text, "steps": recording.steps, "notes": recording.notes })))
}
