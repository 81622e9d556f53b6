//! Whether an expectation holds now.

use std::collections::BTreeMap;

use serde_json::json;
use stend_scenario::Expectation;
use stend_web::{Reply, StatusCode, ours};

use crate::request::{Request, wrong};

pub(crate) async fn verify(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let node = request.node()?;
    let expectation = Expectation::read(&node, &request.control.registry).map_err(wrong)?;
    world.now();
    match expectation.verify(&world, &BTreeMap::new()) {
        Ok(()) => Ok(Reply::ok(&json!({ "passed": true }))),
        Err(miss) => {
            let mut reply = ours(StatusCode::CONFLICT, "not_as_expected", &miss.message, None, None);
            if let Some(nearest) = &miss.nearest {
                let error = json!({ "code": "not_as_expected", "message": miss.message, "nearest": nearest });
                reply = Reply::json(StatusCode::CONFLICT, &json!({ "error": error }));
            }
            Err(reply)
        }
    }
}
