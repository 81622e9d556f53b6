//! `POST /auth/` and `GET /logout`.

use serde_json::json;
use stend_transport::header::{CACHE_CONTROL, HeaderValue};
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Forms, Input, field};
use crate::api::look;
use crate::errors::Error;
use crate::state::access::Wish;
use crate::state::settings::AuthRefusal;

const GRANT: &[Field] = &[
    field("grant_type", &[]),
    field("client_id", &[]),
    field("client_secret", &[]),
    field("scope", &[]),
    field("username", &[]),
    field("password", &[]),
    field("refresh_token", &[]),
    field("code", &[]),
    field("redirect_uri", &[]),
];

/// Tokens for a password, a refresh token or a code; parameters in query, JSON or form (T1).
pub(crate) fn token(call: &mut Call<'_, Telemetron>) -> Reply {
    let input = match Input::read(call, &[], GRANT, Forms::Taken) {
        Ok(input) => input,
        Err(refusal) => return refusal.into(),
    };
    let wish = Wish {
        grant_type: input.text("grant_type"),
        client_id: input.text("client_id"),
        client_secret: input.text("client_secret"),
        scope: input.text("scope"),
        username: input.text("username"),
        password: input.text("password"),
        refresh_token: input.text("refresh_token"),
        code: input.text("code"),
    };
    let answer = call.state(|state, now| {
        input.whole()?;
        state.grant(&wish, now).map_err(|error| match (&error, state.settings.auth_refusal) {
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
pub(crate) fn logout(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| {
        state.log_out(asked.token);
        Ok(Reply::ok(&json!({ "bye": "bye" })))
    })
}
