//! One resource a file. Each operation reads the request, calls the state once and shapes the reply.

pub(crate) mod auth;
pub(crate) mod catalog;
pub(crate) mod company;
pub(crate) mod directories;
pub(crate) mod fiscal;
pub(crate) mod input;
pub(crate) mod loading;
pub(crate) mod locations;
pub(crate) mod machines;
pub(crate) mod modems;
pub(crate) mod planograms;
pub(crate) mod products;
pub(crate) mod reports;
pub(crate) mod routes;
pub(crate) mod spec;
pub(crate) mod statistics;
pub(crate) mod telemetry;

use serde_json::json;
use stend_core::Timestamp;
use stend_transport::{Call, Refusal, Reply, StatusCode, header};

use crate::Telemetron;
use crate::api::input::{Field, Forms, Input, Rule, field};
use crate::errors::Error;
use crate::state::State;
use crate::state::access::Who;

/// What a rule is given beside the state.
pub(crate) struct Asked<'a> {
    pub(crate) who: &'a Who,
    pub(crate) input: &'a Input,
    pub(crate) now: Timestamp,
    pub(crate) token: &'a str,
    params: &'a [(&'static str, String)],
}

impl Asked<'_> {
    /// A value in braces of the path.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// The flags of queries.
pub(crate) const FLAGS: &[Field] = &[
    field("local", &[Rule::Flag]),
    field("full", &[Rule::Flag]),
    field("cp1251", &[Rule::Flag]),
    field("base64", &[Rule::Flag]),
];

/// What an operation does: it is told who asks, and answers.
type Work = fn(&mut State, &Asked<'_>) -> Result<Reply, Error>;

/// The token of the header `Authorization`.
fn bearer<'c>(call: &'c Call<'_, Telemetron>) -> Option<&'c str> {
    let (kind, token) = call.header(&header::AUTHORIZATION)?.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn operate(
    call: &mut Call<'_, Telemetron>,
    query: &[&'static str],
    fields: &'static [Field],
    writes: bool,
    rule: Work,
) -> Reply {
    let input = match Input::read(call, query, fields, Forms::Refused) {
        Ok(input) => input,
        Err(refusal) => return Refusal::into(refusal),
    };
    let (token, params) = (bearer(call), &call.params);
    let answer = call.state(|state, now| {
        let who = state.who(token, now)?;
        if !writes && !input.is_nothing() {
            // A flag that the operation does not take is ignored like any other parameter.
            let taken = |flag: &&Field| query.contains(&flag.name) && input.has(flag.name);
            let flags: Vec<Field> = FLAGS.iter().filter(taken).copied().collect();
            input.check(state, &flags)?;
        }
        let reply = rule(state, &Asked { who: &who, input: &input, now, token: token.unwrap_or_default(), params });
        if writes && reply.is_ok() {
            state.touch();
        }
        reply
    });
    answer.unwrap_or_else(Reply::from)
}

/// An operation that only looks.
fn look(call: &mut Call<'_, Telemetron>, query: &[&'static str], rule: Work) -> Reply {
    operate(call, query, &[], false, rule)
}

/// An operation that changes something.
fn change(call: &mut Call<'_, Telemetron>, query: &[&'static str], fields: &'static [Field], rule: Work) -> Reply {
    operate(call, query, fields, true, rule)
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
