//! `GET /api/v4/events`: the feed.

use stend_transport::header::HeaderName;
use stend_transport::{Call, Reply, StatusCode};

use crate::Carbis;
use crate::state::feed;

const TOKEN: HeaderName = HeaderName::from_static("token");

/// All retained events for `hash=none`, else those after the event with this hash, oldest first (C1, C2).
pub(crate) fn list(call: &mut Call<'_, Carbis>) -> Reply {
    answer(call).unwrap_or_else(|refused| refused)
}

fn answer(call: &mut Call<'_, Carbis>) -> Result<Reply, Reply> {
    call.expect_query(&["hash"])?;
    if !call.body.is_empty() {
        call.warn("the feed reads no body; it was ignored")?;
    }
    // Anything but `none` and a hash as printed has to be a slip.
    if let Some(odd) =
        call.query("hash").filter(|hash| !hash.is_empty() && hash != "none" && feed::parse(hash).is_none())
    {
        let odd: String = odd.chars().take(40).collect();
        call.warn(format!("`{odd}` is no hash: `none`, or `0x` and eight hex digits as the events have them"))?;
    }
    let token = call.header(&TOKEN).unwrap_or("");
    let hash = call.query("hash");
    let body = call.state(|state, now| {
        state.poll(token, hash.as_deref(), now).map_err(|error| error.reply(state.settings.refusal))
    })?;
    Ok(Reply::json_bytes(StatusCode::OK, body))
}
