//! The state of a delivery.

use serde_json::json;
use stend_transport::Reply;

use super::{Request, no_body, reply, required_id};

/// `GET /get-guest-delivery-state`.
pub(crate) fn state(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["guest-id"])?;
        no_body(call)?;
        let guest = required_id(call, "guest-id")?;
        let (id, name) = call.state(|state, _| state.delivery_state(guest))?;
        Ok(Reply::ok(&json!({ "dlvrst_ID": id, "dlvrst_Name": name })))
    })
}
