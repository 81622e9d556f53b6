//! Whether an expectation holds now.

use std::collections::BTreeMap;

use serde_json::json;
use stend_scenario::Expectation;
use stend_transport::{Reply, StatusCode};

use crate::request::{Request, wrong};

pub(crate) async fn verify(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let node = request.node()?;
    let expectation = Expectation::read(&node, &request.control.registry).map_err(wrong)?;
    // A journal may be long and a path may look at all of a large world: the requests of others go on meanwhile.
    let verify = move || {
        world.now();
        expectation.verify(&world, &BTreeMap::new())
    };
    match request.apart(verify).await? {
        Ok(()) => Ok(Reply::ok(&json!({ "passed": true }))),
        Err(miss) => {
            let mut error = json!({ "code": "not_as_expected", "message": miss.message });
            if let Some(nearest) = &miss.nearest {
                error["nearest"] = nearest.clone();
            }
            if !miss.unmet.is_empty() {
                error["unmet"] = json!(miss.unmet);
            }
            Err(Reply::json(StatusCode::CONFLICT, &json!({ "error": error })))
        }
    }
}
