//! The operations, one file per resource. Each handler reads a typed request, calls the state once and shapes the reply.

pub(crate) mod auth;
pub(crate) mod catalog;
pub(crate) mod company;
pub(crate) mod directories;
pub(crate) mod fiscal;
pub(crate) mod loading;
pub(crate) mod locations;
pub(crate) mod machines;
pub(crate) mod modems;
pub(crate) mod planograms;
pub(crate) mod products;
pub(crate) mod reports;
pub(crate) mod request;
pub(crate) mod routes;
pub(crate) mod spec;
pub(crate) mod statistics;
pub(crate) mod telemetry;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use stend_core::Timestamp;
use stend_transport::{Call, Params, Reply, StatusCode, header};

use crate::Telemetron;
use crate::api::request::{Forms, Request};
use crate::errors::Error;
use crate::state::State;
use crate::state::access::Viewer;

/// What a handler is given beside the state and its request.
pub(crate) struct Cx<'a> {
    /// Whoever the token belongs to.
    pub(crate) viewer: &'a Viewer,
    pub(crate) now: Timestamp,
    pub(crate) token: &'a str,
    params: &'a Params,
}

impl Cx<'_> {
    /// A value in braces of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// What answers an operation.
type Handle<Q> = fn(&mut State, &Cx<'_>, Request<Q>) -> Result<Reply, Error>;

/// A request that carries nothing.
#[derive(Debug, Deserialize)]
pub(crate) struct Nothing {}

/// A query that may ask for times in the machine's own zone.
#[derive(Debug, Deserialize)]
pub(crate) struct Local {
    local: Option<bool>,
}

/// The token of the header `Authorization`.
fn bearer<'c>(call: &'c Call<'_, Telemetron>) -> Option<&'c str> {
    let (kind, token) = call.header(&header::AUTHORIZATION)?.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Reads the request and lets the handler answer it, if the token is good.
fn serve<Q: DeserializeOwned>(call: &mut Call<'_, Telemetron>, handle: Handle<Q>) -> Reply {
    match Request::read(call, Forms::Refused) {
        Ok(request) => answer(call, request, handle),
        Err(refusal) => Error::from(refusal).into(),
    }
}

/// Lets the handler answer a request that has been read, if the token is good.
fn answer<Q>(call: &Call<'_, Telemetron>, request: Request<Q>, handle: Handle<Q>) -> Reply {
    let (token, params) = (bearer(call), &call.params);
    let answer = call.state(|state, now| {
        let viewer = state.viewer(token, now)?;
        let reply = handle(state, &Cx { viewer: &viewer, now, token: token.unwrap_or_default(), params }, request)?;
        Ok(reply.fresh_at_most_until(viewer.until.timestamp()))
    });
    answer.unwrap_or_else(|error: Error| error.into())
}

/// `{"res": true}`.
fn done() -> Reply {
    Reply::ok(&json!({ "res": true }))
}

/// 201 with the new thing's id.
fn created(id: i64) -> Reply {
    Reply::json(StatusCode::CREATED, &json!({ "res": true, "resource": { "id": id } }))
}

/// `{"status": "ok"}`.
fn status_ok() -> Reply {
    Reply::ok(&json!({ "status": "ok" }))
}
