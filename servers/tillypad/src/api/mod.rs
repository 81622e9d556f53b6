//! One resource a file: read the request, call the state once, shape the reply.

pub(crate) mod clients;
pub(crate) mod days;
pub(crate) mod deliveries;
pub(crate) mod guests;
pub(crate) mod known;
pub(crate) mod menu;
pub(crate) mod payments;
pub(crate) mod routes;
pub(crate) mod spec;
pub(crate) mod wire;

use bytes::Bytes;
use jiff::civil::DateTime;
use stend_core::json::Json;
use stend_core::near;
use stend_transport::header::CONTENT_TYPE;
use stend_transport::{Call, Refusal, Reply};

use crate::Tillypad;
use crate::api::wire::read::{self, Odd, Sent};
use crate::api::wire::scalar;
use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::settings::ContentType;

/// A request.
pub(crate) type Request<'a, 'c> = &'a mut Call<'c, Tillypad>;

/// Why a request is not answered as it wishes.
#[derive(Debug)]
pub(crate) enum Denied {
    /// The vendor's error.
    Error(Error),
    /// A strict world's.
    Strict(Refusal),
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Strict(refusal)
    }
}

/// The reply, or the reply to what was wrong.
pub(crate) fn reply(call: Request<'_, '_>, answer: fn(Request<'_, '_>) -> Result<Reply, Denied>) -> Reply {
    match answer(call) {
        Ok(reply) => reply,
        Err(Denied::Error(error)) => error.reply(call.path, call.now),
        Err(Denied::Strict(refusal)) => refusal.into(),
    }
}

/// A parameter that has to be there.
pub(crate) fn required(call: &Call<'_, Tillypad>, name: &'static str) -> Result<String, Error> {
    let value = call.query(name).filter(|value| !value.is_empty()).ok_or(Error::NoParameter(name))?;
    Ok(value.into_owned())
}

/// A parameter that is an id, if it is there.
pub(crate) fn id(call: &Call<'_, Tillypad>, name: &'static str) -> Result<Option<Guid>, Error> {
    match call.query(name).filter(|value| !value.is_empty()) {
        None => Ok(None),
        Some(value) => {
            let parsed = Guid::parse(&value);
            let malformed = || Error::Parameter { name, value: shown(&value), expected: "uniqueidentifier" };
            parsed.map(Some).ok_or_else(malformed)
        }
    }
}

/// A parameter that is an id and has to be there.
pub(crate) fn required_id(call: &Call<'_, Tillypad>, name: &'static str) -> Result<Guid, Error> {
    id(call, name)?.ok_or(Error::NoParameter(name))
}

/// A parameter that is a date with or without a time, and has to be there; says whether it had a time.
pub(crate) fn required_date(call: Request<'_, '_>, name: &'static str) -> Result<(DateTime, bool), Denied> {
    let text = required(call, name)?;
    let parsed = scalar::parse_date_time(&text);
    let expected = "a date such as 2020-09-16";
    let parsed = parsed.ok_or_else(|| Error::Parameter { name, value: shown(&text), expected })?;
    if scalar::has_zone(&text) {
        call.warn(format!("{name}: times have no zone; that of `{}` was dropped", shown(&text)))?;
    }
    Ok((parsed, text.trim().len() > 10))
}

/// The query of an operation that moves money or deletes: a parameter that is misspelt, or given twice with different
/// values, is refused and never ignored (P16).
pub(crate) fn only_query(call: Request<'_, '_>, known: &[&'static str]) -> Result<(), Denied> {
    let mut seen: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in call.query_pairs() {
        let Some(found) = known.iter().find(|known| **known == name).copied() else {
            let near = near::nearest(&name, known.iter().copied());
            return Err(Error::UnknownParameter { name: shown(&name), near }.into());
        };
        if seen.iter().any(|(before, given)| *before == found && *given != value) {
            return Err(Error::ParameterTwice(found).into());
        }
        seen.push((found, value.into_owned()));
    }
    call.expect_query(known)?;
    Ok(())
}

pub(crate) fn shown(text: &str) -> String {
    scalar::shown(&Json::String(text.into()))
}

/// Warns about a body that no operation reads.
pub(crate) fn no_body(call: Request<'_, '_>) -> Result<(), Refusal> {
    if call.body.is_empty() { Ok(()) } else { call.warn("this operation reads no body; it was ignored") }
}

/// The body, to be read as JSON; one that comes as something else is refused, or warned about where the world has it so.
pub(crate) fn body(call: Request<'_, '_>) -> Result<Bytes, Denied> {
    let kind = call.header(CONTENT_TYPE).unwrap_or_default();
    let media = kind.split(';').next().unwrap_or_default().trim();
    // Spring's JSON converter takes these two.
    let lower = media.to_ascii_lowercase();
    let is_json = lower == "application/json" || (lower.starts_with("application/") && lower.ends_with("+json"));
    if !is_json && !call.body.is_empty() {
        let refused = Error::MediaType(shown(kind));
        if call.state(|state, _| state.settings.content_type == ContentType::Required) {
            return Err(refused.into());
        }
        call.warn("the content type of a body must be application/json")?;
    }
    Ok(call.body.clone())
}

/// Warns about what is odd about a body.
pub(crate) fn warn(call: Request<'_, '_>, odd: &[Odd]) -> Result<(), Refusal> {
    odd.iter().try_for_each(|odd| match odd {
        Odd::Field { name, known } => call.unknown_field(name, known),
        Odd::Said(text) => call.warn(text.as_str()),
    })
}

/// The body as a bill, warnings made.
pub(crate) fn bill(call: Request<'_, '_>) -> Result<Sent, Denied> {
    let body = body(call)?;
    let mut sent = Sent::read(&read::json(&body)?)?;
    sent.look_at_links();
    warn(call, &sent.odd)?;
    if !sent.bill.notes.is_empty() && call.state(|state, _| state.has_applied_note(&sent.bill)) {
        call.warn("the note of the applied sum is the server's own; what was sent was ignored")?;
    }
    Ok(sent)
}
