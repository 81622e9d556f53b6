//! Orders: opened by a waiter, added to by the guest's phone, paid online.

use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Problem, Streams};

use super::State;
use super::menu::{Dish, missing};
use crate::api::wire;
use crate::state::settings::PaidOrder;

/// A dish and how many of it, as an action names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// The dish.
    #[schemars(extend("x-pick" = "carbis.dishes"))]
    pub id: i64,
    /// How many, or how much.
    #[serde(default = "one")]
    #[schemars(with = "f64")]
    pub count: Decimal,
    /// Modifiers of the dish, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<WantedModifier>,
}

/// A modifier and how many of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedModifier {
    /// The modifier.
    pub id: i64,
    /// How many for each dish.
    #[serde(default = "one")]
    #[schemars(with = "f64")]
    pub count: Decimal,
}

fn one() -> Decimal {
    Decimal::ONE
}

/// An open order of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// `{F4CE1102-50DC-48F7-A8E0-74DD68A7D8C1}`.
    pub guid: String,
    /// The table.
    pub table: i64,
    /// The waiter who answers for it.
    pub waiter: i64,
    /// The invoice's id, which is its session's too.
    pub invoice: i64,
    /// The lines in the order in which they were added; equal ones stay apart.
    pub dishes: Vec<Line>,
    /// What of it has been paid.
    #[schemars(with = "f64")]
    pub paid: Decimal,
}

/// A line of an order, with name and price as they were when it was added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The dish.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The price of one.
    #[schemars(with = "f64")]
    pub price: Decimal,
    /// How many.
    #[schemars(with = "f64")]
    pub count: Decimal,
    /// Modifiers; each adds its own sum for every dish.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<Line>,
}

/// The most lines that one order holds: beyond any table's, and small enough that an event stays an event.
const MOST_LINES: usize = 500;

impl Line {
    /// The line's sum in whole kopecks: price times count, modifiers included (ruling C9).
    ///
    /// A modifier's own sum is rounded too, so that the printed lines add up.
    pub(crate) fn sum(&self) -> Decimal {
        let modifiers: Decimal = self.modifiers.iter().map(Self::sum).sum();
        kopecks((self.price + modifiers) * self.count)
    }

    fn wire(&self, kind: &'static str) -> wire::Dish {
        wire::Dish {
            id: self.id,
            kind,
            name: self.name.clone(),
            price: self.price,
            count: self.count,
            sum: self.sum(),
            modifiers: self.modifiers.iter().map(|modifier| modifier.wire("modifier")).collect(),
        }
    }

    fn session_item(&self, kind: &'static str) -> wire::SessionItem {
        wire::SessionItem {
            id: self.id,
            kind,
            count: self.count,
            modifiers: self.modifiers.iter().map(|modifier| modifier.session_item("modifier")).collect(),
            name: self.name.clone(),
        }
    }
}

impl Order {
    /// What it costs.
    pub(crate) fn sum(&self) -> Decimal {
        self.dishes.iter().map(Line::sum).sum()
    }

    /// What of it is unpaid.
    pub(crate) fn unpaid(&self) -> Decimal {
        self.sum() - self.paid
    }
}

impl State {
    /// A waiter opens an order for a table that has none. No event tells of it, for the document names none, unless the
    /// world has a code for it.
    ///
    /// # Errors
    /// An unknown table, dish, modifier or waiter, no dishes, or a table that has an order.
    pub(crate) fn open_order(
        &mut self,
        table: i64,
        waiter: Option<i64>,
        dishes: &[Wanted],
        now: Timestamp,
    ) -> Result<&Order, Problem> {
        self.table(table)?;
        if let Some(order) = self.orders.get(&table) {
            return Err(Problem::conflict(format!("table {table} has an open order, {}", order.guid))
                .hint("`carbis.additional_order` adds to it, `carbis.pay_online` closes it")
                .under("table"));
        }
        let waiter = match waiter {
            Some(id) if !self.waiters.contains_key(&id) => {
                return Err(missing("waiter", id, self.waiters.keys()).under("waiter"));
            }
            Some(id) => id,
            None => *self.waiters.keys().next().ok_or_else(|| {
                Problem::not_found("this world has no waiter to open an order").hint("add one under `carbis.waiters`")
            })?,
        };
        let dishes = self.lines(dishes, 0)?;
        let guid = draw_guid(&mut self.random, |guid| self.orders.values().any(|order| order.guid == *guid));
        let invoice = self.next_invoice;
        self.next_invoice += 1;
        self.totals.orders_opened += 1;
        self.orders.insert(table, Order { guid, table, waiter, invoice, dishes, paid: Decimal::ZERO });
        if let Some(code) = self.settings.order_code.clone() {
            let hash = self.feed.take_hash(None, &mut self.random)?;
            let order = self.order_wire(table);
            self.publish(hash, &code, table, Carry { invoice: None, order, table_repr: true }, now);
        }
        self.order(table)
    }

    /// A guest adds dishes to the table's order: lines are appended, and the event carries what was added (C9).
    ///
    /// # Errors
    /// An unknown table, dish or modifier, no dishes, or a table without an order.
    pub(crate) fn add_dishes(
        &mut self,
        table: i64,
        dishes: &[Wanted],
        now: Timestamp,
        hash: Option<u32>,
    ) -> Result<String, Problem> {
        let present = self.order(table)?.dishes.len();
        let added = self.lines(dishes, present)?;
        let hash = self.feed.take_hash(hash, &mut self.random)?;
        let items = added.iter().map(|line| line.session_item("dish")).collect();
        if let Some(order) = self.orders.get_mut(&table) {
            order.dishes.extend(added);
        }
        let (invoice, order) = (self.invoice(table, items), self.order_wire(table));
        Ok(self.publish(hash, "additional_order", table, Carry { invoice, order, table_repr: false }, now))
    }

    /// A guest pays what is unpaid of the table's order: the event carries it as it stands. Then it is closed, or stays
    /// where the world has it so.
    ///
    /// # Errors
    /// An unknown table, or one without an order or with one that is paid.
    pub(crate) fn pay(&mut self, table: i64, now: Timestamp, hash: Option<u32>) -> Result<(String, Decimal), Problem> {
        let stays = self.settings.paid_order == PaidOrder::Stays;
        let (sum, again) = self.order(table).map(|order| (order.unpaid(), !order.paid.is_zero()))?;
        if stays && sum.is_zero() {
            return Err(Problem::conflict(format!("the order of table {table} is paid"))
                .hint("`carbis.close_order` closes it")
                .under("table"));
        }
        let hash = self.feed.take_hash(hash, &mut self.random)?;
        let order = self.order_wire(table);
        let hash = self.publish(hash, "online_payment", table, Carry { invoice: None, order, table_repr: true }, now);
        match self.orders.get_mut(&table) {
            Some(order) if stays => order.paid += sum,
            _ => drop(self.orders.remove(&table)),
        }
        self.totals.orders_paid += u64::from(!again);
        self.totals.revenue = self.totals.revenue.saturating_add(sum);
        Ok((hash, sum))
    }

    /// A waiter closes the table's order: the table is free. No event tells of it.
    ///
    /// # Errors
    /// An unknown table, or one without an order.
    pub(crate) fn close_order(&mut self, table: i64) -> Result<Decimal, Problem> {
        let unpaid = self.order(table)?.unpaid();
        self.orders.remove(&table);
        Ok(unpaid)
    }

    /// A guest calls the waiter.
    ///
    /// # Errors
    /// An unknown table.
    pub(crate) fn call_waiter(&mut self, table: i64, now: Timestamp, hash: Option<u32>) -> Result<String, Problem> {
        self.table(table)?;
        let hash = self.feed.take_hash(hash, &mut self.random)?;
        Ok(self.publish(hash, "waiter_call", table, Carry { invoice: None, order: None, table_repr: true }, now))
    }

    /// The open order of a table.
    ///
    /// # Errors
    /// An unknown table, or one without an order.
    pub(crate) fn order(&self, table: i64) -> Result<&Order, Problem> {
        self.table(table)?;
        self.orders.get(&table).ok_or_else(|| {
            Problem::conflict(format!("table {table} has no open order"))
                .hint("`carbis.order` opens one")
                .under("table")
        })
    }

    fn lines(&self, wanted: &[Wanted], present: usize) -> Result<Vec<Line>, Problem> {
        if wanted.is_empty() {
            let mut problem = Problem::invalid("no dishes");
            problem.hint = self.dishes.keys().next().map(|id| format!("e.g. dishes: [{{id: {id}, count: 1}}]"));
            return Err(problem.under("dishes"));
        }
        if wanted.len() + present > MOST_LINES {
            return Err(Problem::invalid(format!("an order holds {MOST_LINES} lines at the most")).under("dishes"));
        }
        let lines = wanted.iter().enumerate().map(|(i, wanted)| self.line(wanted).map_err(|problem| problem.under(i)));
        lines.collect::<Result<_, _>>().map_err(|problem| problem.under("dishes"))
    }

    fn line(&self, wanted: &Wanted) -> Result<Line, Problem> {
        let dish =
            self.dishes.get(&wanted.id).ok_or_else(|| missing("dish", wanted.id, self.dishes.keys()).under("id"))?;
        count(wanted.count)?;
        let modifier = |(i, wanted): (usize, &WantedModifier)| {
            let found = dish.modifiers.iter().find(|modifier| modifier.id == wanted.id);
            let modifier = found.ok_or_else(|| no_modifier(dish, wanted.id).at([i.into(), "id".into()]))?;
            count(wanted.count).map_err(|problem| problem.under(i))?;
            Ok(Line {
                id: modifier.id,
                name: modifier.name.clone(),
                price: modifier.price,
                count: wanted.count,
                modifiers: Vec::new(),
            })
        };
        let modifiers = wanted.modifiers.iter().enumerate().map(modifier).collect::<Result<_, _>>();
        let modifiers = modifiers.map_err(|problem: Problem| problem.under("modifiers"))?;
        let line = Line { id: dish.id, name: dish.name.clone(), price: dish.price, count: wanted.count, modifiers };
        comes_to(&line).map(|()| line)
    }

    /// The table's order as events carry it.
    pub(crate) fn order_wire(&self, table: i64) -> Option<wire::Order> {
        let order = self.orders.get(&table)?;
        let table = self.tables.get(&table)?;
        let waiter = self.waiters.get(&order.waiter)?;
        Some(wire::Order {
            guid: order.guid.clone(),
            sum: order.sum(),
            pricelist_sum: order.sum(),
            table: wire::Named { id: table.id, name: table.name.clone() },
            waiter: wire::Named { id: waiter.id, name: waiter.name.clone() },
            discounts: [],
            payments: [],
            dishes: order.dishes.iter().map(|line| line.wire("dish")).collect(),
        })
    }

    /// The invoice of the table's order, with what was just added.
    pub(crate) fn invoice(&self, table: i64, items: Vec<wire::SessionItem>) -> Option<wire::Invoice> {
        let order = self.orders.get(&table)?;
        Some(wire::Invoice {
            id: order.invoice,
            order_guid: order.guid.clone(),
            table_id: table,
            unpaid_sum: order.unpaid(),
            session_id: order.invoice,
            status: 0,
            error: None,
            session: wire::Session { items, payments: None },
        })
    }

    /// Puts an event into the feed, and counts it.
    pub(crate) fn publish(&mut self, hash: u32, code: &str, table: i64, carry: Carry, now: Timestamp) -> String {
        let printed = super::feed::print(hash);
        let table_repr = self.tables.get(&table).filter(|_| carry.table_repr).map(|table| wire::TableRepr {
            id: table.id,
            name: table.name.clone(),
            max_guests: table.max_guests,
        });
        let event = wire::Event { hash: &printed, code, table, invoice: carry.invoice, order: carry.order, table_repr };
        self.feed.push(hash, &event, now);
        *self.totals.events.entry(code.to_owned()).or_default() += 1;
        printed
    }
}

/// What an event carries beside its head.
pub(crate) struct Carry {
    pub(crate) invoice: Option<wire::Invoice>,
    pub(crate) order: Option<wire::Order>,
    pub(crate) table_repr: bool,
}

/// A modifier that the dish cannot be ordered with.
fn no_modifier(dish: &Dish, id: i64) -> Problem {
    let problem = Problem::not_found(format!("the dish {} has no modifier {id}", dish.id));
    let known: Vec<String> = dish.modifiers.iter().map(|modifier| modifier.id.to_string()).collect();
    let hint = stend_core::near::hint(&id.to_string(), known.iter().map(String::as_str));
    problem.hint(hint.unwrap_or_else(|| "it has no modifiers at all".into()))
}

/// A guid for an order: a stream that begins anew draws what orders of a file may have already.
pub(crate) fn draw_guid(random: &mut Streams, taken: impl Fn(&String) -> bool) -> String {
    loop {
        let guid = format!("{{{}}}", random.guid("order").to_uppercase());
        if !taken(&guid) {
            return guid;
        }
    }
}

/// Rounds a sum of roubles half up to whole kopecks.
pub(crate) fn kopecks(sum: Decimal) -> Decimal {
    sum.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// A line takes nothing off an order, whatever its modifiers take off its dish.
pub(crate) fn comes_to(line: &Line) -> Result<(), Problem> {
    let sum = line.sum();
    if sum.is_sign_negative() && !sum.is_zero() {
        return Err(Problem::invalid(format!("a line of the dish {} comes to {sum}", line.id)).under("modifiers"));
    }
    Ok(())
}

/// A count of a line, in a file or an action.
pub(crate) fn count(count: Decimal) -> Result<(), Problem> {
    if count > Decimal::ZERO && count <= Decimal::from(10_000) {
        return Ok(());
    }
    Err(Problem::invalid(format!("a count of {count}; it is above 0 and at most 10000")).under("count"))
}
