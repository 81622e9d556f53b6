//! `POST /auth/` and `GET /logout`.

use serde_json::json;
use stend_transport::header::{CACHE_CONTROL, HeaderValue};
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::request::{Forms, Request};
use crate::api::{Cx, Nothing};
use crate::errors::Error;
use crate::state::State;
use crate::state::access::TokenRequest;
use crate::state::settings::AuthRefusal;

/// Gives out tokens for a password, a refresh token or a code; parameters in query, JSON or form (T1).
pub(crate) fn token(call: &mut Call<'_, Telemetron>) -> Reply {
    let request = match Request::<TokenRequest>::read(call, Forms::Taken) {
        Ok(request) => request,
        Err(refusal) => return Error::from(refusal).into(),
    };
    let answer = call.state(|state, now| {
        let request = request.valid().map_err(|error| match error {
            // RFC 6749 knows no errors by field.
            Error::Invalid(_) => Error::BadRequest,
            other => other,
        })?;
        state.grant(&request, now).map_err(|error| match (&error, state.settings.auth_refusal) {
            (Error::Grant(_), AuthRefusal::NoContent) => Error::Refused,
            _ => error,
        })
    });
    match answer {
        Ok(pair) => Reply::ok(&pair).header(CACHE_CONTROL, HeaderValue::from_static("no-store")),
        Err(error) => error.into(),
    }
}

/// Ends the token that is sent.
pub(crate) fn logout(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    state.log_out(cx.token);
    Ok(Reply::ok(&json!({ "bye": "bye" })))
}
