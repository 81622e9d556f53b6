//! What a scenario can make happen: what managers, operators, cooks, couriers and cashiers do.

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::fake::Act;
use stend_core::{Action, Problem, Span};

use crate::Tillypad;
use crate::books::Book;
use crate::error::Error;
use crate::guid::Guid;
use crate::record::Value;
use crate::state::bulk::Wanted;
use crate::state::clients::{Operation, SentClient};
use crate::state::delivery::{COOKED, SENT, WAITS_FOR_EXECUTOR, WAITS_FOR_START};
use crate::state::{CLOSED, State};
use crate::tables::{States, delivery};

pub(crate) static ACTIONS: &[Action<Tillypad>] = &[
    Action::of::<OpenDay>(),
    Action::of::<CloseDay>(),
    Action::of::<StopList>(),
    Action::of::<Confirm>(),
    Action::of::<DeliveryState>(),
    Action::of::<Courier>(),
    Action::of::<PrintPrecheck>(),
    Action::of::<BeginPayment>(),
    Action::of::<AddClient>(),
    Action::of::<AwardPoints>(),
    Action::of::<SeedGuests>(),
];

/// What a rule refuses, as a scenario's author sees it.
fn problem(error: &Error) -> Problem {
    match error {
        Error::NoGuest(_) => Problem::not_found(error.message()),
        Error::Refused(_) | Error::NoDelivery(_) | Error::Duplicate { .. } | Error::NoDay => {
            Problem::conflict(error.message())
        }
        _ => Problem::invalid(error.message()),
    }
}

/// A row must be there, or the problem names the nearest that is.
fn known(state: &State, book: Book, id: Guid) -> Result<(), Problem> {
    if state.knows(book, id) {
        return Ok(());
    }
    let ids: Vec<String> = match book {
        Book::Divisions => state.divisions.keys().map(Guid::to_string).collect(),
        Book::Clients => state.clients.keys().map(Guid::to_string).collect(),
        Book::MenuItems => state.menu.items.keys().map(Guid::to_string).collect(),
        book => state.books.ids(book).iter().map(Guid::to_string).collect(),
    };
    let what = format!("row of {}", book.table());
    let mut unknown = Problem::unknown("not_found", &what, &id.to_string(), ids.iter().map(String::as_str));
    unknown.message = format!("{} has no row {id}", book.table());
    Err(unknown)
}

/// A trading day.
#[derive(Debug, Serialize)]
struct DayOf {
    #[serde(rename = "arch_ID")]
    id: Guid,
}

/// Nothing more to tell.
#[derive(Debug, Serialize)]
struct Done {}

/// Arguments of `tillypad.open_day`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OpenDay {
    /// The division; left out, the default one.
    division: Option<Guid>,
}

impl Act<Tillypad> for OpenDay {
    const NAME: &'static str = "open_day";
    const SUMMARY: &'static str = "A manager opens the trading day of a division; an open one stays as it is.";
    type Output = DayOf;

    fn run(self, state: &mut State, now: Timestamp) -> Result<DayOf, Problem> {
        let division = self.division.unwrap_or(state.defaults.division);
        known(state, Book::Divisions, division).map_err(|unknown| unknown.under("division"))?;
        state.open_day(division, now).map(|id| DayOf { id }).map_err(|error| problem(&error))
    }
}

/// Arguments of `tillypad.close_day`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CloseDay {
    /// The division; left out, the default one.
    division: Option<Guid>,
}

impl Act<Tillypad> for CloseDay {
    const NAME: &'static str = "close_day";
    const SUMMARY: &'static str = "A manager closes the open trading day of a division.";
    type Output = DayOf;

    fn run(self, state: &mut State, now: Timestamp) -> Result<DayOf, Problem> {
        let division = self.division.unwrap_or(state.defaults.division);
        known(state, Book::Divisions, division).map_err(|unknown| unknown.under("division"))?;
        let id = state.open_day_of(division).ok_or_else(|| {
            Problem::conflict(format!("division {division} has no open trading day"))
                .hint("`tillypad.open_day` opens one")
                .under("division")
        })?;
        state.close_day(division, id, now).map(|()| DayOf { id }).map_err(|error| problem(&error))
    }
}

/// Arguments of `tillypad.stop_list`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StopList {
    /// The division; left out, the default one.
    division: Option<Guid>,
    /// Dishes to put on the list.
    #[serde(default)]
    add: Vec<Guid>,
    /// Dishes to take off it.
    #[serde(default)]
    remove: Vec<Guid>,
}

/// How many dishes are on a stop list.
#[derive(Debug, Serialize)]
struct Stopped {
    stopped: usize,
}

impl Act<Tillypad> for StopList {
    const NAME: &'static str = "stop_list";
    const SUMMARY: &'static str =
        "The kitchen puts dishes on a division's stop list or takes them off: orders with one wait for the executor.";
    type Output = Stopped;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Stopped, Problem> {
        let division = self.division.unwrap_or(state.defaults.division);
        known(state, Book::Divisions, division).map_err(|unknown| unknown.under("division"))?;
        for (key, dishes) in [("add", &self.add), ("remove", &self.remove)] {
            for (i, dish) in dishes.iter().enumerate() {
                known(state, Book::MenuItems, *dish).map_err(|unknown| unknown.at([key.into(), i.into()]))?;
            }
        }
        state.stop(division, &self.add, true, now);
        state.stop(division, &self.remove, false, now);
        Ok(Stopped { stopped: state.divisions.get(&division).map_or(0, |division| division.stop_list.len()) })
    }
}

/// The state of a delivery.
#[derive(Debug, Serialize)]
struct Moved {
    #[serde(rename = "dlvrst_ID")]
    id: i64,
    #[serde(rename = "dlvrst_Name")]
    name: String,
}

fn moved(state: &State, guest: Guid) -> Result<Moved, Problem> {
    let (id, name) = state.delivery_state(guest).map_err(|error| problem(&error).under("guest"))?;
    Ok(Moved { id, name })
}

/// Arguments of `tillypad.confirm`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Confirm {
    /// The bill.
    guest: Guid,
}

impl Act<Tillypad> for Confirm {
    const NAME: &'static str = "confirm";
    const SUMMARY: &'static str =
        "The operator has called the guest and the executor takes the order: it waits for the start of the cooking.";
    type Output = Moved;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Moved, Problem> {
        let present = moved(state, self.guest)?;
        if present.id > WAITS_FOR_EXECUTOR {
            let text = format!("bill {} is past confirmation: «{}»", self.guest, present.name);
            return Err(Problem::conflict(text).under("guest"));
        }
        let change = |row: &mut crate::record::Record| {
            row.set(delivery::STATE, Value::Int(WAITS_FOR_START));
            row.set(delivery::CONFIRM, Value::Flag(false));
        };
        state.change_delivery(self.guest, now, change).map_err(|error| problem(&error).under("guest"))?;
        moved(state, self.guest)
    }
}

/// Arguments of `tillypad.delivery_state`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryState {
    /// The bill.
    guest: Guid,
    /// The state's id: one of `delivery_states`.
    state: i64,
}

impl Act<Tillypad> for DeliveryState {
    const NAME: &'static str = "delivery_state";
    const SUMMARY: &'static str = "Somebody moves a delivery into a state: the kitchen, an operator, a courier.";
    type Output = Moved;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Moved, Problem> {
        if state.state_name(States::Delivery, self.state).is_none() {
            let list = state.states.get(States::Delivery.key());
            let known: Vec<String> = list.into_iter().flatten().map(|(id, name)| format!("{id} «{name}»")).collect();
            return Err(Problem::not_found(format!("no delivery state {}", self.state))
                .hint(format!("known: {}", known.join(", ")))
                .under("state"));
        }
        let result = state.set_delivery_state(self.guest, self.state, now);
        result.map_err(|error| problem(&error).under("guest"))?;
        moved(state, self.guest)
    }
}

/// Arguments of `tillypad.courier`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Courier {
    /// The bill.
    guest: Guid,
    /// The courier, one of the users.
    user: Guid,
    /// What is noted about the courier.
    comment: Option<String>,
}

impl Act<Tillypad> for Courier {
    const NAME: &'static str = "courier";
    const SUMMARY: &'static str = "A delivery gets its courier; one that is cooked is on its way with that.";
    type Output = Moved;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Moved, Problem> {
        known(state, Book::Users, self.user).map_err(|unknown| unknown.under("user"))?;
        let Self { guest, user, comment } = self;
        let change = |row: &mut crate::record::Record| {
            row.set(delivery::COURIER, Value::Guid(user));
            if let Some(comment) = comment {
                row.set(delivery::COURIER_COMMENT, Value::Text(comment.into()));
            }
            if row.int(delivery::STATE) == Some(COOKED) {
                row.set(delivery::STATE, Value::Int(SENT));
            }
        };
        state.change_delivery(guest, now, change).map_err(|error| problem(&error).under("guest"))?;
        moved(state, guest)
    }
}

/// Arguments of `tillypad.precheck`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PrintPrecheck {
    /// The bill.
    guest: Guid,
    /// Bills whose lines are on the same precheck.
    #[serde(default)]
    with: Vec<Guid>,
}

/// A precheck.
#[derive(Debug, Serialize)]
struct Printed {
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
struct BeginPayment {
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

/// Arguments of `tillypad.add_client`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AddClient {
    /// The name.
    name: String,
    /// The phone.
    phone: Option<String>,
    /// The id; left out, it gets one.
    id: Option<Guid>,
    /// The group.
    group: Option<Guid>,
}

/// A client.
#[derive(Debug, Serialize)]
struct Added {
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
struct AwardPoints {
    /// The client.
    client: Guid,
    /// The type of points.
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
struct Balance {
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

/// Arguments of `tillypad.seed_guests`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeedGuests {
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
struct Seeded {
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

/// Whether a bill can still be changed by the staff.
pub(crate) fn open(state: &State, id: Guid) -> Result<(), Problem> {
    let bill = state.bills.get(id).ok_or_else(|| Problem::not_found(format!("no bill {id}")))?;
    if bill.state() == CLOSED {
        return Err(Problem::conflict(format!("bill {id} is closed")));
    }
    Ok(())
}

fn float(decimal: Decimal) -> f64 {
    use rust_decimal::prelude::ToPrimitive;
    decimal.to_f64().unwrap_or(f64::MAX)
}
