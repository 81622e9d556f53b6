//! What waiters and terminals do with bills, and bills by the thousand.

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::service::Act;
use stend_core::{Problem, Span};

use crate::Tillypad;
use crate::state::State;
use crate::state::books::Book;
use crate::state::bulk::Wanted;
use crate::state::guid::Guid;
use crate::state::known::known;
use crate::state::record::MOST_OF_A_LINE;
use crate::state::staff::Added;

use super::float;

/// An answer without content.
#[derive(Debug, Serialize)]
pub(super) struct Done {}

/// Arguments of `tillypad.precheck`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PrintPrecheck {
    /// The bill.
    #[schemars(extend("x-pick" = "tillypad.bills"))]
    guest: Guid,
    /// Bills whose lines are on the same precheck.
    #[schemars(extend("x-pick" = "tillypad.bills"))]
    #[serde(default)]
    with: Vec<Guid>,
}

/// A precheck.
#[derive(Debug, Serialize)]
pub(super) struct Printed {
    precheck: Guid,
    sum: f64,
}

impl Act<Tillypad> for PrintPrecheck {
    const NAME: &'static str = "precheck";
    const SUMMARY: &'static str = "A waiter prints the precheck of a bill, or one that several bills share.";
    type Output = Printed;

    fn run(self, state: &mut State, _: Timestamp) -> Result<Printed, Problem> {
        let (id, sum) = state.print_precheck(self.guest, &self.with)?;
        Ok(Printed { precheck: id, sum: float(sum) })
    }
}

/// Arguments of `tillypad.begin_payment`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-after" = [{"tillypad.precheck": {"guest": "0AF8BD5C-2C23-B54A-9A6A-B64ECA8CEED9"}}]))]
pub(super) struct BeginPayment {
    /// The bill; it has an unpaid precheck.
    #[schemars(extend("x-pick" = "tillypad.bills"))]
    guest: Guid,
}

impl Act<Tillypad> for BeginPayment {
    const NAME: &'static str = "begin_payment";
    const SUMMARY: &'static str = "A terminal begins to authorise a card for a bill's precheck.";
    type Output = Done;

    fn run(self, state: &mut State, _: Timestamp) -> Result<Done, Problem> {
        state.begin_payment(self.guest)?;
        Ok(Done {})
    }
}

/// How an authorisation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// The card is charged, and the precheck gets its receipt.
    Approved,
    /// Nothing is paid, and the precheck is as it was before.
    Declined,
}

/// Arguments of `tillypad.end_payment`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-after" = [{"tillypad.precheck": {"guest": "0AF8BD5C-2C23-B54A-9A6A-B64ECA8CEED9"}}, {"tillypad.begin_payment": {"guest": "0AF8BD5C-2C23-B54A-9A6A-B64ECA8CEED9"}}]))]
pub(super) struct EndPayment {
    /// The bill; an authorisation has begun for it.
    #[schemars(extend("x-pick" = "tillypad.bills"))]
    guest: Guid,
    /// How the authorisation ends.
    result: Outcome,
    /// How it is paid; left out, the first of the world's pay types.
    #[schemars(extend("x-pick" = "tillypad.pay_types"))]
    pay_type: Option<Guid>,
}

impl Act<Tillypad> for EndPayment {
    const NAME: &'static str = "end_payment";
    const SUMMARY: &'static str = "A terminal ends the authorisation of a card: approved, the precheck is paid; declined, it is unpaid as before.";
    type Output = Done;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Done, Problem> {
        let pay_type = pay_type(state, self.pay_type)?;
        let paid_by = (self.result == Outcome::Approved).then_some(pay_type);
        state.end_payment(self.guest, paid_by, now)?;
        Ok(Done {})
    }
}

/// The pay type that is named, or the first of the world.
fn pay_type(state: &State, named: Option<Guid>) -> Result<Guid, Problem> {
    match named {
        Some(id) => known(state, Book::PayTypes, id).map_err(|unknown| unknown.under("pay_type")).map(|()| id),
        None => state.books.ids(Book::PayTypes).first().copied().ok_or_else(|| {
            Problem::conflict("this world has no pay types").hint("add one under `tillypad.books.pay_types`")
        }),
    }
}

/// Arguments of `tillypad.take_money`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TakeMoney {
    /// The bill.
    #[schemars(extend("x-pick" = "tillypad.bills"))]
    guest: Guid,
    /// How it is paid; left out, the first of the world's pay types.
    #[schemars(extend("x-pick" = "tillypad.pay_types"))]
    pay_type: Option<Guid>,
}

/// How much was paid.
#[derive(Debug, Serialize)]
pub(super) struct Taken {
    sum: f64,
}

impl Act<Tillypad> for TakeMoney {
    const NAME: &'static str = "take_money";
    const SUMMARY: &'static str = "A cashier takes the money for all of a bill that is not paid yet.";
    type Output = Taken;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Taken, Problem> {
        let pay_type = pay_type(state, self.pay_type)?;
        state.take_money(self.guest, pay_type, now).map(|sum| Taken { sum: float(sum) })
    }
}

/// Arguments of `tillypad.add_dish`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddDish {
    /// The bill.
    #[schemars(extend("x-pick" = "tillypad.bills"))]
    guest: Guid,
    /// The dish, one of the menu.
    #[schemars(extend("x-pick" = "tillypad.menu"))]
    #[serde(alias = "item")]
    dish: Guid,
    /// How many.
    #[serde(default = "one")]
    #[schemars(with = "f64")]
    count: Decimal,
    /// The price of one in roubles; left out, that of the menu.
    #[schemars(with = "Option<f64>")]
    price: Option<Decimal>,
}

fn one() -> Decimal {
    Decimal::ONE
}

/// The line that was added.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    #[serde(rename = "orit_ID")]
    id: Guid,
}

impl Act<Tillypad> for AddDish {
    const NAME: &'static str = "add_dish";
    const SUMMARY: &'static str = "A waiter adds a dish to a bill: a line at the end of its last order.";
    type Output = Line;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Line, Problem> {
        known(state, Book::MenuItems, self.dish).map_err(|unknown| unknown.under("dish"))?;
        let Self { guest, dish, count, price } = self;
        in_range(count, Decimal::from(MOST_OF_A_LINE), "count")?;
        if let Some(price) = price.filter(|price| !price.is_zero()) {
            in_range(price, Decimal::from(MOST_PRICE), "price")?;
        }
        state.add_dish(guest, &Added { dish, count: count.normalize(), price }, now).map(|id| Line { id })
    }
}

/// The highest price of a dish.
const MOST_PRICE: i64 = 100_000_000;

fn in_range(number: Decimal, most: Decimal, key: &'static str) -> Result<(), Problem> {
    if number > Decimal::ZERO && number <= most && number.scale() <= 10 {
        return Ok(());
    }
    Err(Problem::invalid(format!("`{number}`: above 0 and at most {most}, with ten decimals at the most")).under(key))
}

/// Arguments of `tillypad.remove_dish`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoveDish {
    /// The bill.
    #[schemars(extend("x-pick" = "tillypad.bills"))]
    guest: Guid,
    /// The line (`orit_ID`).
    #[schemars(extend("examples" = ["C1A7E5D0-4B3C-4E2A-9F10-000000000801"]))]
    line: Guid,
    /// How many units; left out, all of the line.
    #[schemars(with = "Option<f64>")]
    count: Option<Decimal>,
}

impl Act<Tillypad> for RemoveDish {
    const NAME: &'static str = "remove_dish";
    const SUMMARY: &'static str =
        "A waiter takes a line off a bill, or some units of it, as long as it is in no precheck.";
    type Output = Done;

    fn run(self, state: &mut State, _: Timestamp) -> Result<Done, Problem> {
        if let Some(count) = self.count {
            in_range(count, Decimal::from(MOST_OF_A_LINE), "count")?;
        }
        state.remove_dish(self.guest, self.line, self.count)?;
        Ok(Done {})
    }
}

/// Arguments of `tillypad.close_bill`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBill {
    /// The bill; it is paid in full.
    #[schemars(extend("x-pick" = "tillypad.bills"))]
    guest: Guid,
}

impl Act<Tillypad> for CloseBill {
    const NAME: &'static str = "close_bill";
    const SUMMARY: &'static str = "The staff close a bill that is paid; only worlds where paid bills stay have such.";
    type Output = Done;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Done, Problem> {
        state.close_paid(self.guest, now)?;
        Ok(Done {})
    }
}

/// Arguments of `tillypad.seed_guests`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedGuests {
    /// How many bills.
    count: u32,
    /// Their name; left out, they are numbered.
    name: Option<String>,
    /// Their division; left out, the default one.
    #[schemars(extend("x-pick" = "tillypad.divisions"))]
    division: Option<Guid>,
    /// Whose bills they are, drawn for each; left out, nobody's.
    #[schemars(extend("x-pick" = "tillypad.clients"))]
    #[serde(default)]
    clients: Vec<Guid>,
    /// They were opened evenly over this span, the last one now.
    #[serde(default = "thirty_days")]
    over: Span,
    /// Whether they are paid.
    #[serde(default)]
    closed: bool,
}

fn thirty_days() -> Span {
    Span::from_secs(30 * 24 * 3_600)
}

/// How many bills there are.
#[derive(Debug, Serialize)]
pub(super) struct Seeded {
    guests: usize,
}

/// The most bills that one action makes, and that a world holds of them.
const MOST_BILLS: u32 = 1_000_000;

impl Act<Tillypad> for SeedGuests {
    const NAME: &'static str = "seed_guests";
    const SUMMARY: &'static str = "Bills by the thousand, of dishes drawn from the menu.";
    type Output = Seeded;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Seeded, Problem> {
        let division = self.division.unwrap_or(state.defaults.division);
        known(state, Book::Divisions, division).map_err(|unknown| unknown.under("division"))?;
        for (i, client) in self.clients.iter().enumerate() {
            known(state, Book::Clients, *client).map_err(|unknown| unknown.at(["clients".into(), i.into()]))?;
        }
        if self.count > MOST_BILLS || state.bills.len() > 2 * MOST_BILLS as usize {
            let text = format!("{} bills beside {}; {MOST_BILLS} at the most", self.count, state.bills.len());
            return Err(Problem::invalid(text).under("count"));
        }
        if self.name.as_ref().is_some_and(|name| name.trim().is_empty() || name.len() > 100) {
            return Err(Problem::invalid("a bill's name has 1 to 100 characters").under("name"));
        }
        let Self { count, name, clients, over, closed, .. } = self;
        state.make_bills(&Wanted { count, name, division, clients, over, closed }, now)?;
        Ok(Seeded { guests: state.bills.len() })
    }
}
