//! What managers enter about regular clients.

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Problem;
use stend_core::service::Act;

use crate::Tillypad;
use crate::state::State;
use crate::state::books::Book;
use crate::state::clients::{Operation, SentClient, is_phone};
use crate::state::guid::Guid;
use crate::state::known::known;
use crate::state::staff::problem;

use super::float;

/// Arguments of `tillypad.add_client`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddClient {
    /// The name.
    name: String,
    /// The phone.
    phone: Option<String>,
    /// The id; left out, it gets one.
    id: Option<Guid>,
    /// The group.
    #[schemars(extend("x-pick" = "tillypad.client_groups"))]
    group: Option<Guid>,
}

/// A client.
#[derive(Debug, Serialize)]
pub(super) struct Added {
    #[serde(rename = "clnt_ID")]
    id: Guid,
}

impl Act<Tillypad> for AddClient {
    const NAME: &'static str = "add_client";
    const SUMMARY: &'static str = "A manager enters a regular client.";
    type Output = Added;

    fn run(self, state: &mut State, _: Timestamp) -> Result<Added, Problem> {
        if self.name.trim().is_empty() {
            return Err(Problem::invalid("a client has a name").under("name"));
        }
        if let Some(group) = self.group {
            known(state, Book::ClientGroups, group).map_err(|unknown| unknown.under("group"))?;
        }
        if let Some(phone) = self.phone.as_ref().filter(|phone| !is_phone(phone)) {
            let wrong = Problem::invalid(format!("`{phone}` is no phone: there is no digit in it"));
            return Err(wrong.hint("digits with or without +, brackets, spaces and hyphens").under("phone"));
        }
        let sent = SentClient {
            id: self.id,
            group: self.group,
            name: self.name,
            phones: self.phone.into_iter().collect(),
            ..SentClient::default()
        };
        state.post_client(sent).map(|id| Added { id }).map_err(|error| problem(&error).under("id"))
    }
}

/// Arguments of `tillypad.award_points`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AwardPoints {
    /// The client.
    #[schemars(extend("x-pick" = "tillypad.clients"))]
    client: Guid,
    /// The type of points.
    #[schemars(extend("x-pick" = "tillypad.point_types"))]
    #[serde(rename = "type")]
    kind: Guid,
    /// How many; below zero they are taken.
    #[schemars(with = "f64")]
    value: Decimal,
    /// The operation's name.
    #[serde(default)]
    name: String,
}

/// How many points of the type the client has.
#[derive(Debug, Serialize)]
pub(super) struct Balance {
    balance: f64,
}

impl Act<Tillypad> for AwardPoints {
    const NAME: &'static str = "award_points";
    const SUMMARY: &'static str = "A client is awarded points, or loses some.";
    type Output = Balance;

    fn run(self, state: &mut State, _: Timestamp) -> Result<Balance, Problem> {
        known(state, Book::Clients, self.client).map_err(|unknown| unknown.under("client"))?;
        known(state, Book::PointTypes, self.kind).map_err(|unknown| unknown.under("type"))?;
        if self.value.abs() > Decimal::from(100_000_000) {
            return Err(Problem::invalid(format!("{} points; 100000000 at the most", self.value)).under("value"));
        }
        let client = state.clients.get_mut(&self.client);
        let client = client.ok_or_else(|| Problem::not_found(format!("no client {}", self.client)).under("client"))?;
        client.points.push(Operation { kind: self.kind, name: self.name, value: self.value });
        Ok(Balance { balance: float(client.balance(self.kind)) })
    }
}
