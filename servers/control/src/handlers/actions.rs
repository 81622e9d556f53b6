//! Making something happen on the far side of an API.

use std::sync::Arc;

use serde_json::json;
use stend_core::{Node, Problem, World};
use stend_transport::Reply;

use crate::request::{Request, apart, wrong};
use crate::site::Control;

/// The action runs on a thread of its own: one may make a million sales, and the requests of other worlds go on meanwhile.
pub(crate) async fn act(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let node = request.node().await?;
    let control = Arc::clone(&request.control);
    apart(move || carry_out(&node, &world, &control)).await?
}

fn carry_out(node: &Node, world: &World, control: &Control) -> Result<Reply, Reply> {
    let [entry] = node.entries() else {
        let problem = Problem::new("wrong_type", "expected one action with its arguments");
        return Err(wrong(node.locate(problem.hint(format!("e.g. {}", control.registry.example_action())))));
    };
    let args = entry.value.clone().or_empty_map();
    let result = world.act(&entry.key, &args).map_err(|mut problem| {
        if problem.code == "unknown_action" {
            problem.position = Some(entry.position);
        }
        wrong(node.locate(problem.under(entry.key.as_str())))
    })?;
    Ok(Reply::ok(&json!({ "at": world.now(), "action": entry.key, "result": result })))
}
