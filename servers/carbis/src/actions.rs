//! What a scenario can make happen: what guests and waiters do.

pub(crate) mod generate;
use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::service::Act;
use stend_core::{Action, Problem, Span};

use crate::Carbis;
use crate::state::State;
use crate::state::feed;
use crate::state::orders::{Carry, Wanted};

pub(crate) static ACTIONS: &[Action<Carbis>] = &[
    Action::of::<CallWaiter>(),
    Action::of::<OpenOrder>(),
    Action::of::<AdditionalOrder>(),
    Action::of::<PayOnline>(),
    Action::of::<CloseOrder>(),
    Action::of::<Emit>(),
    Action::of::<SeatGuests>(),
];

/// What an action tells of the event that came of it.
#[derive(Debug, Serialize)]
struct Published {
    hash: String,
}

/// A hash that a script wants an event to have.
fn wanted(hash: &Option<String>) -> Result<Option<u32>, Problem> {
    let Some(text) = hash else { return Ok(None) };
    let wrong =
        || Problem::invalid(format!("`{text}` is no hash")).hint("`0x` and eight hex digits: 0xd8833dd3").under("hash");
    feed::parse(text).map(Some).ok_or_else(wrong)
}

/// Arguments of `carbis.call_waiter`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CallWaiter {
    /// The table.
    #[schemars(extend("x-pick" = "carbis.tables"))]
    table: i64,
    /// The event's hash, instead of a random one.
    hash: Option<String>,
}

impl Act<Carbis> for CallWaiter {
    const NAME: &'static str = "call_waiter";
    const SUMMARY: &'static str = "A guest calls the waiter: the event `waiter_call`.";
    type Output = Published;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Published, Problem> {
        let hash = state.call_waiter(self.table, now, wanted(&self.hash)?)?;
        Ok(Published { hash })
    }
}

/// Arguments of `carbis.order`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-after" = [{"carbis.close_order": {"table": 1000028}}]))]
struct OpenOrder {
    /// The table.
    #[schemars(extend("x-pick" = "carbis.tables"))]
    table: i64,
    /// The dishes.
    dishes: Vec<Wanted>,
    /// The waiter; left out, the one with the lowest id.
    #[schemars(extend("x-pick" = "carbis.waiters"))]
    waiter: Option<i64>,
}

/// The order that was opened.
#[derive(Debug, Serialize)]
struct Opened {
    guid: String,
    invoice: i64,
    sum: f64,
}

impl Act<Carbis> for OpenOrder {
    const NAME: &'static str = "order";
    const SUMMARY: &'static str =
        "A waiter opens an order for a table. The document names no event for it; `settings.order_code` gives it one.";
    type Output = Opened;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Opened, Problem> {
        let order = state.open_order(self.table, self.waiter, &self.dishes, now)?;
        Ok(Opened { guid: order.guid.clone(), invoice: order.invoice, sum: float(order.sum()) })
    }
}

/// Arguments of `carbis.additional_order`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AdditionalOrder {
    /// The table; it must have an open order.
    #[schemars(extend("x-pick" = "carbis.tables"))]
    table: i64,
    /// The dishes to add.
    dishes: Vec<Wanted>,
    /// The event's hash, instead of a random one.
    hash: Option<String>,
}

impl Act<Carbis> for AdditionalOrder {
    const NAME: &'static str = "additional_order";
    const SUMMARY: &'static str = "A guest adds dishes to the table's order: the event `additional_order`.";
    type Output = Published;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Published, Problem> {
        let hash = state.add_dishes(self.table, &self.dishes, now, wanted(&self.hash)?)?;
        Ok(Published { hash })
    }
}

/// Arguments of `carbis.pay_online`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PayOnline {
    /// The table; it must have an open order.
    #[schemars(extend("x-pick" = "carbis.tables"))]
    table: i64,
    /// The event's hash, instead of a random one.
    hash: Option<String>,
}

/// The payment.
#[derive(Debug, Serialize)]
struct Paid {
    hash: String,
    sum: f64,
}

impl Act<Carbis> for PayOnline {
    const NAME: &'static str = "pay_online";
    const SUMMARY: &'static str =
        "A guest pays the table's order, which closes it unless the world lets it stay: the event `online_payment`.";
    type Output = Paid;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Paid, Problem> {
        let (hash, sum) = state.pay(self.table, now, wanted(&self.hash)?)?;
        Ok(Paid { hash, sum: float(sum) })
    }
}

/// Arguments of `carbis.close_order`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CloseOrder {
    /// The table; it must have an open order.
    #[schemars(extend("x-pick" = "carbis.tables"))]
    table: i64,
}

/// What was unpaid of it.
#[derive(Debug, Serialize)]
struct Closed {
    unpaid: f64,
}

impl Act<Carbis> for CloseOrder {
    const NAME: &'static str = "close_order";
    const SUMMARY: &'static str = "A waiter closes the table's order, paid online or at the till; no event.";
    type Output = Closed;

    fn run(self, state: &mut State, _: Timestamp) -> Result<Closed, Problem> {
        state.close_order(self.table).map(|unpaid| Closed { unpaid: float(unpaid) })
    }
}

/// Arguments of `carbis.emit`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Emit {
    /// The event's code, any word.
    code: String,
    /// The table.
    #[schemars(extend("x-pick" = "carbis.tables"))]
    table: i64,
    /// Whether the event carries the table's order; left out, it does when there is one.
    order: Option<bool>,
    /// Whether the event carries the order's invoice.
    #[serde(default)]
    invoice: bool,
    /// Whether the event carries `table_repr`.
    #[serde(default = "yes")]
    table_repr: bool,
    /// The event's hash, instead of a random one.
    hash: Option<String>,
}

fn yes() -> bool {
    true
}

impl Act<Carbis> for Emit {
    const NAME: &'static str = "emit";
    const SUMMARY: &'static str = "An event with any code of your own, made of the table as it stands.";
    type Output = Published;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Published, Problem> {
        if self.code.trim().is_empty() || self.code.len() > 100 {
            return Err(Problem::invalid("an event's code has 1 to 100 characters").under("code"));
        }
        state.table(self.table)?;
        if self.order == Some(true) || self.invoice {
            state.order(self.table)?;
        }
        let hash = state.feed.take_hash(wanted(&self.hash)?, &mut state.random)?;
        let order = if self.order == Some(false) { None } else { state.order_wire(self.table) };
        let invoice = if self.invoice { state.invoice(self.table, Vec::new()) } else { None };
        let hash =
            state.publish(hash, &self.code, self.table, Carry { invoice, order, table_repr: self.table_repr }, now);
        Ok(Published { hash })
    }
}

/// Arguments of `carbis.seat_guests`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeatGuests {
    /// How many parties come.
    parties: u32,
    /// They arrive spread evenly over this span.
    over: Span,
    /// About how long each stays: ordering, adding, calling, and paying at the end.
    #[serde(default = "six_minutes")]
    stay: Span,
    /// The tables they sit at; left out, all.
    #[schemars(extend("x-pick" = "carbis.tables"))]
    tables: Option<Vec<i64>>,
}

fn six_minutes() -> Span {
    Span::from_secs(6 * 60)
}

/// How many were sent.
#[derive(Debug, Serialize)]
struct Seated {
    parties: u32,
}

impl Act<Carbis> for SeatGuests {
    const NAME: &'static str = "seat_guests";
    const SUMMARY: &'static str =
        "Parties of simulated guests come, order, call the waiter, add dishes and pay, by the world's clock and seed.";
    type Output = Seated;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Seated, Problem> {
        state.seat_guests(self.parties, self.over, self.stay, self.tables, now)?;
        Ok(Seated { parties: self.parties })
    }
}

fn float(decimal: Decimal) -> f64 {
    decimal.to_f64().unwrap_or(f64::MAX)
}
