//! Bills: posted, calculated, found, placed, deleted.

use jiff::civil::Time;
use stend_transport::{Reply, StatusCode};

use crate::api::wire::out::Out;
use crate::errors::Error;
use crate::state::settings::RangeEnd;

use super::{Denied, Request, bill, id, no_body, only_query, reply, required, required_date, required_id};

/// `POST /post-guest` (P2, P3).
pub(crate) fn post(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&[])?;
        let sent = bill(call)?;
        let id = call.state(|state, now| state.post(sent, now))?;
        let mut out = Out::with_room(64);
        out.object(|out| out.key("gest_ID").guid(id));
        ready(out.finish())
    })
}

/// `POST /calc-discount`, and `GET` with a body (P6).
pub(crate) fn calculate(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&[])?;
        let sent = bill(call)?;
        let text = call.state(|state, now| state.calculate(sent, now).map(|bill| state.bill_json(&bill)))?;
        Ok(Reply::json_bytes(StatusCode::OK, text))
    })
}

/// `DELETE /delete-guest` (P8).
pub(crate) fn delete(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        only_query(call, &["id"])?;
        no_body(call)?;
        let id = required_id(call, "id")?;
        call.state(|state, _| state.delete(id))?;
        Ok(Reply::empty(StatusCode::OK))
    })
}

/// `GET /get-guest`.
pub(crate) fn get(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["guest-id"])?;
        no_body(call)?;
        let id = required_id(call, "guest-id")?;
        let body = call.state(|state, _| state.guest_bytes(id)).ok_or(Error::NoGuest(id))?;
        Ok(Reply::json_bytes(StatusCode::OK, body))
    })
}

/// `GET /get-guests`.
pub(crate) fn of_client(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["client-id"])?;
        no_body(call)?;
        let client = required_id(call, "client-id")?;
        ready(call.state(|state, _| state.guests_json(client)))
    })
}

/// `PUT /update-guest-place` (P8).
pub(crate) fn place(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        // Without `place-id` the place is cleared, so a misspelt one must not pass for none.
        only_query(call, &["guest-id", "place-id"])?;
        no_body(call)?;
        let guest = required_id(call, "guest-id")?;
        let place = id(call, "place-id")?;
        call.state(|state, _| state.place(guest, place))?;
        Ok(Reply::empty(StatusCode::OK))
    })
}

/// `GET /get-guest-info`.
pub(crate) fn info(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["name", "date"])?;
        no_body(call)?;
        let name = required(call, "name")?;
        let (date, _) = required_date(call, "date")?;
        ready(call.state(|state, _| state.info_json(&name, date.date())))
    })
}

/// `GET /get-closed-guests-id`: a date at the end of the range means all of that day, unless the world reads it otherwise.
pub(crate) fn closed(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["from", "to", "division-id"])?;
        no_body(call)?;
        let (from, _) = required_date(call, "from")?;
        let (to, timed) = required_date(call, "to")?;
        let division = id(call, "division-id")?;
        let found = call.state(|state, _| {
            let whole = !timed && state.settings.range_end == RangeEnd::WholeDay;
            let to = if whole { to.date().to_datetime(Time::MAX) } else { to };
            state.closed_json(from, to, division)
        });
        ready(found)
    })
}

/// A body that the state has written.
fn ready(text: String) -> Result<Reply, Denied> {
    Ok(Reply::json_bytes(StatusCode::OK, text))
}
