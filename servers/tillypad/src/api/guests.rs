//! Bills: posted, calculated, found, placed, deleted.

use jiff::Timestamp;
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use stend_transport::{Call, Context, DOCUMENTED, Decode, On, Operation, Outcome};

use crate::Tillypad;
use crate::api::reply::{Done, Shown, Written, written};
use crate::api::request::{Id, Moment, Unknown, bill, no_body, parameters};
use crate::errors::Error;
use crate::state::State;
use crate::state::guid::Guid;
use crate::state::sent::Sent;
use crate::state::settings::RangeEnd;

/// Stores a bill (P2, P3).
pub(crate) const POST: Operation<Tillypad> =
    Operation::new("post-guest", On::Post("/post-guest"), DOCUMENTED, |call| call.answer(post));

/// Deletes a bill (P8).
pub(crate) const DELETE: Operation<Tillypad> =
    Operation::new("delete-guest", On::Delete("/delete-guest"), DOCUMENTED, |call| call.answer(delete));

/// What a bill would become (P6).
pub(crate) const CALCULATE: Operation<Tillypad> =
    Operation::new("calc-discount", On::Post("/calc-discount"), DOCUMENTED, |call| call.answer(calculate));

/// The same, as a `GET` with a body.
pub(crate) const CALCULATE_BY_GET: Operation<Tillypad> =
    Operation::new("calc-discount-get", On::GetThatDraws("/calc-discount"), DOCUMENTED, |call| call.answer(calculate));

/// A whole bill.
pub(crate) const GET: Operation<Tillypad> =
    Operation::new("get-guest", On::Get("/get-guest"), DOCUMENTED, |call| call.answer(get));

/// All bills of a client.
pub(crate) const LIST: Operation<Tillypad> =
    Operation::new("get-guests", On::Get("/get-guests"), DOCUMENTED, |call| call.answer(list));

/// Places a bill; without `place-id` takes it from its place (P8).
pub(crate) const PLACE: Operation<Tillypad> =
    Operation::new("update-guest-place", On::Put("/update-guest-place"), DOCUMENTED, |call| call.answer(place));

/// The bills of a name and date.
pub(crate) const INFO: Operation<Tillypad> =
    Operation::new("get-guest-info", On::Get("/get-guest-info"), DOCUMENTED, |call| call.answer(info));

/// The ids of the bills that were closed in a range.
pub(crate) const CLOSED: Operation<Tillypad> =
    Operation::new("get-closed-guests-id", On::Get("/get-closed-guests-id"), DOCUMENTED, |call| call.answer(closed));

/// A bill as the client sends it.
struct Bill(Sent);

impl Decode<Tillypad> for Bill {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        call.expect_query(&[])?;
        bill(call).map(Self)
    }
}

/// The id of a stored bill.
#[derive(Serialize)]
struct Stored {
    #[serde(rename = "gest_ID")]
    id: Guid,
}

fn post(state: &mut State, context: &mut Context<'_>, Bill(sent): Bill) -> Result<Outcome<Shown<Stored>>, Error> {
    let id = state.post(sent, context.now)?;
    Ok(Outcome::reply(Shown(Stored { id })))
}

fn calculate(state: &mut State, context: &mut Context<'_>, Bill(sent): Bill) -> Result<Outcome<Written>, Error> {
    let bill = state.calculate(sent, context.now)?;
    Ok(written(state.bill_json(&bill)))
}

/// The bill to delete.
#[derive(Deserialize)]
struct Deleted {
    id: Id,
}

impl Decode<Tillypad> for Deleted {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        let request = parameters(call, &["id"], Unknown::Refused)?;
        no_body(call)?;
        Ok(request)
    }
}

fn delete(state: &mut State, _: &mut Context<'_>, request: Deleted) -> Result<Outcome<Done>, Error> {
    state.delete(request.id.0)?;
    Ok(Outcome::reply(Done))
}

/// The bill that is asked for.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(rename = "guest-id")]
    pub(super) guest: Id,
}

impl Decode<Tillypad> for Asked {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        let request = parameters(call, &["guest-id"], Unknown::Ignored)?;
        no_body(call)?;
        Ok(request)
    }
}

fn get(state: &mut State, _: &mut Context<'_>, request: Asked) -> Result<Outcome<Written>, Error> {
    let id = request.guest.0;
    Ok(written(state.guest_json(id).ok_or(Error::NoGuest(id))?).fresh_until(Timestamp::MAX))
}

/// The client whose bills are asked for.
#[derive(Deserialize)]
struct OfClient {
    #[serde(rename = "client-id")]
    client: Id,
}

impl Decode<Tillypad> for OfClient {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        let request = parameters(call, &["client-id"], Unknown::Ignored)?;
        no_body(call)?;
        Ok(request)
    }
}

fn list(state: &mut State, _: &mut Context<'_>, request: OfClient) -> Result<Outcome<Written>, Error> {
    Ok(written(state.guests_json(request.client.0)).fresh_until(Timestamp::MAX))
}

/// A bill and its new place. Without `place-id` the place is cleared, so a misspelt one is refused (P16).
#[derive(Deserialize)]
struct Placed {
    #[serde(rename = "guest-id")]
    guest: Id,
    #[serde(rename = "place-id")]
    place: Option<Id>,
}

impl Decode<Tillypad> for Placed {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        let request = parameters(call, &["guest-id", "place-id"], Unknown::Refused)?;
        no_body(call)?;
        Ok(request)
    }
}

fn place(state: &mut State, _: &mut Context<'_>, request: Placed) -> Result<Outcome<Done>, Error> {
    state.place(request.guest.0, request.place.map(|place| place.0))?;
    Ok(Outcome::reply(Done))
}

/// A name and a date.
#[derive(Deserialize)]
struct Named {
    name: String,
    date: Moment,
}

impl Decode<Tillypad> for Named {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        let request: Self = parameters(call, &["name", "date"], Unknown::Ignored)?;
        no_body(call)?;
        request.date.without_zone(call, "date")?;
        Ok(request)
    }
}

fn info(state: &mut State, _: &mut Context<'_>, request: Named) -> Result<Outcome<Written>, Error> {
    Ok(written(state.info_json(&request.name, request.date.at.date())))
}

/// A range of time, both ends in it, and a division. A date at its end means all of that day, unless the world says
/// otherwise.
#[derive(Deserialize)]
struct Range {
    from: Moment,
    to: Moment,
    #[serde(rename = "division-id")]
    division: Option<Id>,
}

impl Decode<Tillypad> for Range {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        let request: Self = parameters(call, &["from", "to", "division-id"], Unknown::Ignored)?;
        no_body(call)?;
        request.from.without_zone(call, "from")?;
        request.to.without_zone(call, "to")?;
        Ok(request)
    }
}

fn closed(state: &mut State, _: &mut Context<'_>, request: Range) -> Result<Outcome<Written>, Error> {
    let Range { from, to, division } = request;
    let whole = !to.timed && state.settings.range_end == RangeEnd::WholeDay;
    let end = if whole { to.at.date().to_datetime(Time::MAX) } else { to.at };
    Ok(written(state.closed_json(from.at, end, division.map(|division| division.0))))
}
