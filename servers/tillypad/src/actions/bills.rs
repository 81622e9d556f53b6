//! What waiters and terminals do with bills, and bills by the thousand.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::service::Act;
use stend_core::{Problem, Span};

use crate::Tillypad;
use crate::api::known::known;
use crate::state::State;
use crate::state::books::Book;
use crate::state::bulk::Wanted;
use crate::state::guid::Guid;

use super::float;

/// Nothing more to tell.
#[derive(Debug, Serialize)]
pub(super) struct Done {}

/// Arguments of `tillypad.precheck`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PrintPrecheck {
    /// The bill.
    guest: Guid,
    /// Bills whose lines are on the same precheck.
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
pub(super) struct BeginPayment {
    /// The bill; it has an unpaid precheck.
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

/// Arguments of `tillypad.close_bill`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseBill {
    /// The bill; it is paid in full.
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
    division: Option<Guid>,
    /// Whose bills they are, drawn for each; left out, nobody's.
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
