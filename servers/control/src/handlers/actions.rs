//! Making something happen on the far side of an API.

use serde_json::json;
use stend_core::Problem;
use stend_transport::Reply;

use crate::request::{Request, wrong};

pub(crate) async fn act(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let node = request.node()?;
    let [entry] = node.entries() else {
        let problem = Problem::new("wrong_type", "expected one action with its arguments");
        return Err(wrong(node.locate(problem.hint(format!("e.g. {}", request.control.registry.example_action())))));
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
