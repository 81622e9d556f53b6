//! The restaurant behind the feed: tables, dishes, waiters, open orders, and the events that come of them.

pub(crate) mod feed;
pub(crate) mod guests;
pub(crate) mod menu;
pub(crate) mod orders;
pub(crate) mod settings;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Shared, Streams, Table as Rows, secret};

use crate::errors::Error;
use crate::state::settings::{MissingHash, Settings};

use feed::Feed;
use guests::Guests;
use menu::{Dish, Table, Waiter};
use orders::Order;

/// The state of one world's QR menu.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) settings: Settings,
    pub(crate) token: String,
    pub(crate) tables: Shared<BTreeMap<i64, Table>>,
    pub(crate) dishes: Shared<BTreeMap<i64, Dish>>,
    pub(crate) waiters: Shared<BTreeMap<i64, Waiter>>,
    /// Open orders by their table: a table has one at the most.
    pub(crate) orders: Rows<i64, Order>,
    pub(crate) feed: Feed,
    pub(crate) guests: Guests,
    pub(crate) totals: Totals,
    pub(crate) next_invoice: i64,
    pub(crate) random: Streams,
}

/// What has happened since the world began.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Totals {
    /// Events by their code.
    pub events: BTreeMap<String, u64>,
    /// Orders opened.
    pub orders_opened: u64,
    /// Orders paid.
    pub orders_paid: u64,
    /// The sum of all paid orders.
    #[schemars(with = "f64")]
    pub revenue: Decimal,
}

impl State {
    /// Where in the feed the reply to a poll begins: after `hash`, or with the oldest event (C1, C2).
    ///
    /// # Errors
    /// Another token than the menu's, or no hash (C4); the token is looked at first. A hash that is not kept, in a
    /// world that refuses such.
    pub(crate) fn poll(&mut self, token: &str, hash: Option<&str>, now: Timestamp) -> Result<u64, Error> {
        if !secret::same(token, &self.token) {
            return Err(Error::Token);
        }
        let hash = match hash.filter(|hash| !hash.is_empty()) {
            None if self.settings.missing_hash == MissingHash::Refused => return Err(Error::NoHash),
            None | Some("none") => None,
            Some(hash) => Some(hash),
        };
        self.feed.poll(hash, self.settings.lost_place, now).ok_or_else(|| {
            let hash: String = hash.unwrap_or_default().chars().take(40).collect();
            Error::LostPlace(hash)
        })
    }

    /// When an event's time in the feed ends, or a guest does something.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        [self.feed.next_deadline(), self.guests.next_deadline()].into_iter().flatten().min()
    }

    /// Guests act, and events that are too old go.
    pub(crate) fn tick(&mut self, due: Timestamp) -> Vec<String> {
        let mut fired = Vec::new();
        let gone = self.feed.expire(due);
        if gone > 0 {
            fired.push(format!("{gone} event(s) left the feed"));
        }
        while let Some(what) = self.guest_acts(due) {
            fired.push(what);
        }
        fired
    }
}
