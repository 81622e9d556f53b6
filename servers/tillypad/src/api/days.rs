//! Trading days.

use serde_json::json;
use stend_transport::{Reply, StatusCode};

use super::{Request, id, no_body, reply, required_id};

/// `POST /operate-archive`: opens a division's trading day, or with `archive-id` closes it.
pub(crate) fn operate(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["division-id", "archive-id"])?;
        no_body(call)?;
        match id(call, "archive-id")? {
            Some(day) => {
                // The day knows its division; one that is named must be it.
                let division = id(call, "division-id")?;
                call.state(|state, now| state.close_day(division, day, now))?;
                Ok(Reply::empty(StatusCode::OK))
            }
            None => {
                let division = required_id(call, "division-id")?;
                let day = call.state(|state, now| state.open_day(division, now))?;
                Ok(Reply::ok(&json!({ "arch_ID": day })))
            }
        }
    })
}
