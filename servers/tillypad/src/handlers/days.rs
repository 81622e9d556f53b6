//! Trading days.

use serde_json::json;
use stend_web::{Reply, StatusCode};

use super::{Request, id, no_body, reply, required_id};

/// `POST /operate-archive`: opens a division's trading day, or with `archive-id` closes it.
pub(crate) fn operate(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["division-id", "archive-id"])?;
        no_body(call)?;
        let division = required_id(call, "division-id")?;
        match id(call, "archive-id")? {
            Some(day) => {
                call.state(|state, now| state.close_day(division, day, now))?;
                Ok(Reply::empty(StatusCode::OK))
            }
            None => {
                let day = call.state(|state, now| state.open_day(division, now))?;
                Ok(Reply::ok(&json!({ "arch_ID": day })))
            }
        }
    })
}
