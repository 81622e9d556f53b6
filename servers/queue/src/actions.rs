//! What a scenario can make happen: what visitors, clerks and administrators do.

mod clerks;
pub(crate) mod generate;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stend_core::service::Act;
use stend_core::{Action, Problem, Span};

use self::clerks::{CallNext, ClerkLeaves, ClerkSits, ServeTicket};
use crate::Queue;
use crate::errors::Error;
use crate::state::State;
use crate::state::books::{Book, FURTHER, Key};
use crate::state::consumers::Registration;
use crate::state::fields::{Need, stamp};
use crate::state::people::WorldEvent;
use crate::world::known_ids;

pub(crate) static ACTIONS: &[Action<Queue>] = &[
    Action::of::<TakeTicket>(),
    Action::of::<PreRegister>(),
    Action::of::<Arrive>(),
    Action::of::<CancelTicket>(),
    Action::of::<Visitors>(),
    Action::of::<ClerkSits>(),
    Action::of::<ClerkLeaves>(),
    Action::of::<CallNext>(),
    Action::of::<ServeTicket>(),
    Action::of::<Set>(),
];

/// The most visitors that one action sends.
const MOST_VISITORS: u32 = 100_000;

fn problem(error: &Error) -> Problem {
    match error {
        Error::NotFound(..) => Problem::not_found(error.text()),
        Error::Value(_) | Error::Missing(..) => Problem::invalid(error.text()),
        _ => Problem::conflict(error.text()),
    }
}

/// A problem that names an unknown row, and which there are.
fn unknown(what: &str, id: i64, known: impl Iterator<Item = i64>) -> Problem {
    let mut problem = Problem::not_found(format!("there is no {what} {id}"));
    problem.hint = known_ids(known);
    problem
}

fn check_services(state: &State, services: &[i64]) -> Result<(), Problem> {
    for (i, id) in services.iter().enumerate() {
        if !state.books.services.rows.contains_key(id) {
            return Err(unknown("service", *id, state.books.services.rows.keys().copied()).under(i).under("services"));
        }
    }
    Ok(())
}

/// A ticket that was taken.
#[derive(Debug, Serialize)]
struct Taken {
    id: i64,
    ticket: String,
}

impl Taken {
    fn of(state: &State, id: i64) -> Self {
        Self { id, ticket: state.consumers.get(&id).map(|one| one.ticket()).unwrap_or_default() }
    }
}

/// Arguments of `queue.take_ticket`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TakeTicket {
    /// What for.
    #[schemars(extend("x-pick" = "queue.services"))]
    services: Vec<i64>,
    /// Added to the default priority of 50.
    #[serde(default)]
    priority: i64,
    /// Where a service requires one.
    pin_code: Option<String>,
    /// For the clerk.
    comment: Option<String>,
}

impl Act<Queue> for TakeTicket {
    const NAME: &'static str = "take_ticket";
    const SUMMARY: &'static str = "A visitor takes a ticket.";
    type Output = Taken;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Taken, Problem> {
        check_services(state, &self.services)?;
        let wanted = Registration {
            services: self.services,
            priority: self.priority,
            pin_code: self.pin_code,
            photo: None,
            comment: self.comment,
        };
        let id = state.register(wanted, now).map_err(|error| problem(&error).under("services"))?;
        state.settle(now);
        Ok(Taken::of(state, id))
    }
}

/// Arguments of `queue.pre_register`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PreRegister {
    /// What for.
    #[schemars(extend("x-pick" = "queue.services"))]
    services: Vec<i64>,
    /// When.
    #[serde(deserialize_with = "stamp::deserialize")]
    #[schemars(with = "String", extend("examples" = ["2026-11-21T12:00:00.000Z"]))]
    time: Timestamp,
    /// Who.
    #[serde(default)]
    name: String,
    /// The code to be entered on arrival.
    #[serde(default)]
    pin_code: String,
    /// For the clerk.
    #[serde(default)]
    comment: String,
}

/// An appointment that was made.
#[derive(Debug, Serialize)]
struct Appointment {
    id: i64,
}

impl Act<Queue> for PreRegister {
    const NAME: &'static str = "pre_register";
    const SUMMARY: &'static str = "Somebody makes an appointment: a row of the book `consumerPreRegistered`.";
    type Output = Appointment;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Appointment, Problem> {
        check_services(state, &self.services)?;
        let mut fields = Map::new();
        fields.insert("name".into(), json!(self.name));
        fields.insert("services".into(), json!(self.services));
        fields.insert("time".into(), json!(stamp::print(self.time)));
        fields.insert("pin_code".into(), json!(self.pin_code));
        fields.insert("comment".into(), json!(self.comment));
        let id = state.add_row(Book::ConsumerPreRegistered, fields, now).map_err(|error| problem(&error))?;
        state.settle(now);
        Ok(Appointment { id })
    }
}

/// Arguments of `queue.arrive`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-after" = [{"queue.pre_register": {"services": [1], "time": "2026-11-21T12:00:00.000Z"}}]))]
struct Arrive {
    /// The appointment.
    #[schemars(extend("x-pick" = "queue.appointments"))]
    pre_registered: i64,
}

impl Act<Queue> for Arrive {
    const NAME: &'static str = "arrive";
    const SUMMARY: &'static str = "Somebody with an appointment comes and gets a ticket for it.";
    type Output = Taken;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Taken, Problem> {
        let known = &state.books.pre_registered.rows;
        let Some(row) = known.get(&self.pre_registered) else {
            return Err(unknown("appointment", self.pre_registered, known.keys().copied()).under("pre_registered"));
        };
        if row.consumer_id >= 0 {
            let text = format!("appointment {} has its ticket already: {}", row.id, row.consumer_id);
            return Err(Problem::conflict(text).under("pre_registered"));
        }
        let arrived = state.arrive(self.pre_registered, Registration::default(), now);
        let id = arrived.map_err(|error| problem(&error).under("pre_registered"))?;
        state.settle(now);
        Ok(Taken::of(state, id))
    }
}

/// Arguments of `queue.cancel_ticket`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"consumer": 29}], "x-after" = [{"queue.take_ticket": {"services": [1]}}]))]
struct CancelTicket {
    /// The ticket's id.
    #[schemars(extend("x-pick" = "queue.tickets"))]
    consumer: i64,
}

impl Act<Queue> for CancelTicket {
    const NAME: &'static str = "cancel_ticket";
    const SUMMARY: &'static str = "A visitor who waits goes away: the ticket is removed.";
    type Output = Map<String, Value>;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Map<String, Value>, Problem> {
        state.remove_row(Book::Consumer, self.consumer, now).map_err(|error| problem(&error).under("consumer"))?;
        state.settle(now);
        Ok(Map::new())
    }
}

/// Arguments of `queue.visitors`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Visitors {
    /// How many.
    count: u32,
    /// They come spread evenly over this span.
    over: Span,
    /// What for, one of these each; left out, any service that is not disabled.
    #[schemars(extend("x-pick" = "queue.services"))]
    services: Option<Vec<i64>>,
}

/// How many were sent.
#[derive(Debug, Serialize)]
struct Sent {
    count: u32,
}

impl Act<Queue> for Visitors {
    const NAME: &'static str = "visitors";
    const SUMMARY: &'static str = "Simulated visitors come and take tickets, by the world's clock and seed.";
    type Output = Sent;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Sent, Problem> {
        if self.count > MOST_VISITORS {
            let text = format!("{} visitors; {MOST_VISITORS} at the most", self.count);
            return Err(Problem::invalid(text).under("count"));
        }
        let services = match self.services {
            Some(services) => {
                check_services(state, &services)?;
                services
            }
            None => {
                let open = state.books.services.rows.values().filter(|service| service.disabled == 0);
                open.map(|service| service.id).collect()
            }
        };
        if services.is_empty() {
            return Err(Problem::conflict("there is no service to come for").under("services"));
        }
        for _ in 0..self.count {
            let after = state.random.get("visitors").random_range(0.0..=self.over.as_secs_f64());
            let at = Span::from_secs_f64(after).after(now);
            state.people.plan(at, WorldEvent::Arrive { services: services.clone() });
        }
        Ok(Sent { count: self.count })
    }
}

/// Arguments of `queue.set`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"book": "service", "id": 4, "fields": {"priority": 10}}]))]
struct Set {
    /// The reference book: `service`, `workplace`, `ticketRange`…
    book: String,
    /// The row.
    id: i64,
    /// What changes.
    fields: BTreeMap<String, Value>,
}

impl Act<Queue> for Set {
    const NAME: &'static str = "set";
    const SUMMARY: &'static str = "An administrator changes a row of a reference book.";
    type Output = Map<String, Value>;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Map<String, Value>, Problem> {
        let titles: Vec<String> = Book::ALL.iter().map(|book| lower(book.title())).collect();
        let Some(index) = titles.iter().position(|title| *title == lower(&self.book)) else {
            let known = titles.iter().map(String::as_str);
            return Err(Problem::unknown("not_found", "book", &self.book, known).under("book"));
        };
        let book = Book::ALL[index];
        state.find(book, &Key::Id(self.id)).map_err(|error| problem(&error).under("id"))?;
        let (mut fields, mut further) = (Map::new(), Map::new());
        for (name, value) in self.fields {
            let (known, name) = (book.fields(), book.called(&name).to_owned());
            if book.observed().contains(&name.as_str()) {
                further.insert(name, value);
                continue;
            }
            let Some(field) = known.iter().find(|field| field.name == name && field.need != Need::Server) else {
                let names = known.iter().filter(|field| field.need != Need::Server).map(|field| field.name);
                return Err(Problem::unknown("unknown_key", "field", &name, names).under(name.clone()).under("fields"));
            };
            let value = field.kind.read(field.name, &value);
            // Of a wrong kind whatever the book holds, so that `check` can tell it beforehand.
            let wrong = |error: Error| Problem::new("wrong_value", error.text()).under(name.clone()).under("fields");
            fields.insert(name.clone(), value.map_err(wrong)?);
        }
        if !further.is_empty() {
            fields.insert(FURTHER.to_owned(), Value::Object(further));
        }
        state.set_row(book, self.id, fields, now).map_err(|error| problem(&error).under("fields"))?;
        state.settle(now);
        Ok(Map::new())
    }
}

fn lower(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
