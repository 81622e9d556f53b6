//! Simulated guests: parties that come, order, call, add and pay by the world's clock.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rand::RngExt;
use rand::seq::IndexedRandom;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Problem, Shared, Span, Table};

use super::State;
use super::menu::Dish;
use super::orders::{Wanted, WantedModifier};

/// What a party does next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Looks for a free table among these.
    Arrive {
        /// The tables.
        tables: Vec<i64>,
        /// How long the party will stay.
        stay: Span,
    },
    /// Orders from the waiter.
    Order(i64),
    /// Calls the waiter to this table.
    CallWaiter(i64),
    /// Adds dishes by phone.
    AddDishes(i64),
    /// Pays online and leaves.
    Pay(i64),
}

/// A step and its moment, as a saved world holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What.
    pub step: Step,
}

/// The parties in the service and on their way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guests {
    agenda: Table<(Timestamp, u64), Step>,
    next: u64,
    seated: Shared<BTreeSet<i64>>,
}

/// How long a party waits before it looks for a table again.
const WAIT: Span = Span::from_secs(30);

/// The most parties that one action sends.
const MOST_PARTIES: u32 = 100_000;

impl Guests {
    pub(crate) fn plan(&mut self, at: Timestamp, step: Step) {
        self.next += 1;
        self.agenda.insert((at, self.next), step);
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.agenda.first().map(|((at, _), _)| *at)
    }

    pub(crate) fn planned(&self) -> Vec<Planned> {
        self.agenda.iter().map(|((at, _), step)| Planned { at: *at, step: step.clone() }).collect()
    }

    pub(crate) fn seated(&self) -> &BTreeSet<i64> {
        &self.seated
    }

    pub(crate) fn restore(planned: Vec<Planned>, seated: BTreeSet<i64>) -> Self {
        let mut guests = Self { seated: seated.into(), ..Self::default() };
        planned.into_iter().for_each(|planned| guests.plan(planned.at, planned.step));
        guests
    }

    fn take_due(&mut self, due: Timestamp) -> Option<(Timestamp, Step)> {
        self.next_deadline().filter(|at| *at <= due)?;
        self.agenda.pop_first().map(|((at, _), step)| (at, step))
    }
}

impl State {
    /// Sends parties who come one by one over a span of time, sit down at free tables, and leave after about `stay`.
    ///
    /// # Errors
    /// Unknown tables, no dishes or waiters to serve them with, or too many parties.
    pub(crate) fn seat_guests(
        &mut self,
        parties: u32,
        over: Span,
        stay: Span,
        tables: Option<Vec<i64>>,
        now: Timestamp,
    ) -> Result<(), Problem> {
        if tables.as_ref().is_some_and(Vec::is_empty) {
            return Err(Problem::invalid("no tables to sit at").hint("leave it out for all tables").under("tables"));
        }
        let tables = tables.unwrap_or_else(|| self.tables.keys().copied().collect());
        for (i, table) in tables.iter().enumerate() {
            self.table(*table)
                .map_err(|problem| Problem { path: stend_core::Path::default(), ..problem }.under(i).under("tables"))?;
        }
        if parties > MOST_PARTIES {
            return Err(Problem::invalid(format!("{parties} parties; {MOST_PARTIES} at the most")).under("parties"));
        }
        for (what, none) in
            [("table", tables.is_empty()), ("dish", self.dishes.is_empty()), ("waiter", self.waiters.is_empty())]
        {
            if none {
                return Err(Problem::conflict(format!("this world has no {what} for guests"))
                    .hint("`carbis: {generate: {tables: 20, dishes: 30, waiters: 5}}` in the world makes some"));
            }
        }
        for _ in 0..parties {
            let random = self.random.get("guests");
            let at = Span::from_secs_f64(random.random_range(0.0..=over.as_secs_f64())).after(now);
            let stay = Span::from_secs_f64(stay.as_secs_f64() * random.random_range(0.6..1.4));
            self.guests.plan(at, Step::Arrive { tables: tables.clone(), stay });
        }
        Ok(())
    }

    /// Lets the first guest act whose time has come; says what was done.
    pub(crate) fn guest_acts(&mut self, due: Timestamp) -> Option<String> {
        let (at, step) = self.guests.take_due(due)?;
        Some(match step {
            Step::Arrive { tables, stay } => self.arrive(tables, stay, at),
            Step::Order(table) => {
                let dishes = self.choose();
                let waiter = self.waiter_of(table);
                done("guests order", table, self.open_order(table, waiter, &dishes, at).map(|_| ()))
            }
            Step::CallWaiter(table) => {
                done("guests call the waiter", table, self.call_waiter(table, at, None).map(|_| ()))
            }
            Step::AddDishes(table) => {
                let dishes = self.choose();
                done("guests add dishes", table, self.add_dishes(table, &dishes, at, None).map(|_| ()))
            }
            Step::Pay(table) => {
                self.guests.seated.remove(&table);
                let paid = self.pay(table, at, None).map(|_| ());
                // Where a paid order stays, the waiter clears the table once they have left.
                if paid.is_ok() && self.orders.contains_key(&table) {
                    drop(self.close_order(table));
                }
                done("guests pay and leave", table, paid)
            }
        })
    }

    fn arrive(&mut self, tables: Vec<i64>, stay: Span, at: Timestamp) -> String {
        let is_free = |table: &i64| !self.orders.contains_key(table) && !self.guests.seated.contains(table);
        let free: Vec<i64> = tables.iter().copied().filter(is_free).collect();
        let random = self.random.get("guests");
        let Some(table) = free.choose(random).copied() else {
            self.guests.plan(WAIT.after(at), Step::Arrive { tables, stay });
            return "guests wait for a table".into();
        };
        // The order comes first and the payment last; what lies between is spread over the stay.
        let moment = |part: f64| Span::from_secs_f64(stay.as_secs_f64() * part).after(at);
        let mut plan = vec![(moment(random.random_range(0.05..0.15)), Step::Order(table))];
        for _ in 0..random.random_range(0..=2) {
            plan.push((moment(random.random_range(0.2..0.85)), Step::AddDishes(table)));
        }
        if random.random_bool(0.5) {
            plan.push((moment(random.random_range(0.02..0.95)), Step::CallWaiter(table)));
        }
        plan.push((moment(1.0), Step::Pay(table)));
        self.guests.seated.insert(table);
        plan.into_iter().for_each(|(at, step)| self.guests.plan(at, step));
        format!("guests sit down at table {table}")
    }

    /// The waiter who serves a table: tables are dealt to the waiters in turn, in the order of their ids.
    fn waiter_of(&self, table: i64) -> Option<i64> {
        let place = self.tables.keys().position(|id| *id == table)?;
        self.waiters.keys().nth(place % self.waiters.len().max(1)).copied()
    }

    /// Draws one to four lines from the menu, every other one of a dish that has modifiers with one of them.
    fn choose(&mut self) -> Vec<Wanted> {
        let dishes: Vec<&Dish> = self.dishes.values().collect();
        let random = self.random.get("guests");
        let mut lines = Vec::new();
        for _ in 0..random.random_range(1..=4) {
            let Some(dish) = dishes.choose(random) else { break };
            let count = Decimal::from(random.random_range(1..=3));
            let wants = !dish.modifiers.is_empty() && random.random_bool(0.5);
            let modifier = dish.modifiers.choose(random).filter(|_| wants);
            let modifiers = modifier.map(|modifier| WantedModifier { id: modifier.id, count: Decimal::ONE });
            lines.push(Wanted { id: dish.id, count, modifiers: modifiers.into_iter().collect() });
        }
        lines
    }
}

/// What a guest did; or why not, when somebody else has been at the table meanwhile.
fn done(what: &str, table: i64, result: Result<(), Problem>) -> String {
    match result {
        Ok(()) => format!("{what}, table {table}"),
        Err(problem) => format!("{what}, table {table}: not done, {}", problem.message),
    }
}
