//! The section `carbis` of a world file: into the state, and back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::random::Drawn;
use stend_core::{Problem, Seed, Span, Streams, Table as Rows};

use crate::actions::generate::{Generate, make_up};
use crate::state::feed::{self, Feed, Kept, RETENTION};
use crate::state::guests::{Guests, Planned};
use crate::state::menu::{Dish, Table, Waiter, missing};
use crate::state::orders::{Line, Order, comes_to, count, draw_guid, kopecks};
use crate::state::settings::Settings;
use crate::state::{State, Totals};

/// A restaurant with a QR menu.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Section {
    /// How the document is read where it is silent.
    pub settings: Settings,
    /// What clients send in the header `token`.
    #[schemars(extend("x-claims" = ["CB-024"], "x-because" = "The page where it is copied from is a program for people; here it is part of the world file."))]
    pub token: String,
    /// How long events stay in the feed.
    #[schemars(extend("x-claims" = ["C3"], "x-because" = "The document calls five minutes the default."))]
    pub retention: Span,
    /// Tables.
    pub tables: Vec<Table>,
    /// Dishes.
    pub dishes: Vec<Dish>,
    /// Waiters.
    pub waiters: Vec<Waiter>,
    /// Open orders.
    pub orders: Vec<OpenOrder>,
    /// Entities to make up beside those that are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate: Option<Generate>,
    /// Events in the feed, oldest first; a saved world carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// What simulated guests are going to do; a saved world carries it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub guests: Vec<Planned>,
    /// Tables at which simulated guests sit.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub seated: BTreeSet<i64>,
    /// What has happened so far.
    pub totals: Totals,
    /// The id of the next invoice; left out, one more than the highest in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-claims" = ["CB-019"], "x-because" = "The one sample has 122 for both."))]
    pub next_invoice: Option<i64>,
    /// How far the random streams were drawn; a saved world carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Drawn>,
}

impl Default for Section {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            token: "demo-token".into(),
            retention: RETENTION,
            tables: Vec::new(),
            dishes: Vec::new(),
            waiters: Vec::new(),
            orders: Vec::new(),
            generate: None,
            events: Vec::new(),
            guests: Vec::new(),
            seated: BTreeSet::new(),
            totals: Totals::default(),
            next_invoice: None,
            random: None,
        }
    }
}

/// An open order.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenOrder {
    /// In braces; left out, it gets one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    /// The table.
    pub table: i64,
    /// The waiter.
    pub waiter: i64,
    /// The invoice's id; left out, it gets one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice: Option<i64>,
    /// What was ordered.
    pub dishes: Vec<OrderLine>,
    /// What of it has been paid, where paid orders stay.
    #[serde(default, skip_serializing_if = "Decimal::is_zero")]
    #[schemars(with = "f64")]
    pub paid: Decimal,
}

/// A line of an open order. Name and price are the menu's, unless given.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The dish.
    pub id: i64,
    /// How many.
    #[schemars(with = "f64")]
    pub count: Decimal,
    /// Its name when it was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its price when it was ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub price: Option<Decimal>,
    /// What it was ordered with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<Line>,
}

/// An event in the feed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// `0xd8833dd3`.
    pub hash: String,
    /// When it happened.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The event as clients get it.
    pub event: serde_json::Value,
}

/// Builds the state.
///
/// # Errors
/// Ids given twice, references to what is not there, hashes that are none.
pub(crate) fn seed(section: Section, seed: Seed) -> Result<State, Problem> {
    let mut random = match &section.random {
        Some(drawn) => Streams::restore(drawn, seed.seed, "carbis"),
        None => Streams::new(seed.seed, "carbis"),
    };
    if section.token.is_empty() {
        return Err(Problem::invalid("an empty token would let everybody in").under("token"));
    }
    let sendable = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if section.token.trim() != section.token || !section.token.bytes().all(sendable) {
        return Err(Problem::invalid(format!("no header can carry the token `{}`", section.token))
            .hint("letters of ASCII, digits and signs, without a space at either end")
            .under("token"));
    }
    if section.retention.is_zero() {
        return Err(Problem::invalid("events that stay no time are never seen").under("retention"));
    }
    if section.settings.order_code.as_ref().is_some_and(|code| code.trim().is_empty() || code.len() > 100) {
        let wrong = Problem::invalid("an event's code has 1 to 100 characters");
        return Err(wrong.at(["settings".into(), "order_code".into()]));
    }
    if let Some(code) = section.settings.order_code.as_ref().filter(|code| CODES.contains(&code.as_str())) {
        let wrong = Problem::conflict(format!("`{code}` is the code of another event"));
        return Err(wrong.hint("any other word, e.g. new_order").at(["settings".into(), "order_code".into()]));
    }
    for (i, dish) in section.dishes.iter().enumerate() {
        let place = |problem: Problem| problem.at(["dishes".into(), i.into()]);
        price(dish.price).map_err(place)?;
        for (n, modifier) in dish.modifiers.iter().enumerate() {
            price(modifier.price.abs()).map_err(|problem| place(problem.at(["modifiers".into(), n.into()])))?;
            if dish.modifiers.iter().take(n).any(|before| before.id == modifier.id) {
                let twice = Problem::conflict(format!("the id {} is given twice", modifier.id));
                return Err(place(twice.at(["modifiers".into(), n.into(), "id".into()])));
            }
        }
    }
    let mut tables = by_id("tables", section.tables, |table| table.id)?;
    let mut dishes = by_id("dishes", section.dishes, |dish| dish.id)?;
    let mut waiters = by_id("waiters", section.waiters, |waiter| waiter.id)?;
    if let Some(generate) = &section.generate {
        make_up(generate, &mut random, &mut tables, &mut dishes, &mut waiters)?;
    }
    let highest = section.orders.iter().filter_map(|order| order.invoice).max().unwrap_or(0);
    let mut next_invoice = section.next_invoice.unwrap_or(highest.saturating_add(1));
    if next_invoice > MOST_INVOICES && highest <= MOST_INVOICES {
        let high = Problem::invalid(format!("the next invoice is to be {next_invoice}; {MOST_INVOICES} at the most"));
        return Err(high.under("next_invoice"));
    }
    if next_invoice <= highest {
        let used = Problem::conflict(format!("the next invoice is to be {next_invoice}, and {highest} is in use"));
        return Err(used.hint("leave it out for one more than the highest").under("next_invoice"));
    }
    let given: BTreeSet<String> = section.orders.iter().filter_map(|order| printed(order.guid.as_ref()?)).collect();
    let (mut invoices, mut guids) = (BTreeSet::new(), BTreeSet::new());
    let mut orders = Rows::new();
    for (i, order) in section.orders.into_iter().enumerate() {
        let order = open(order, &tables, &dishes, &waiters, &given, &mut random, &mut next_invoice);
        let order = order.map_err(|problem| problem.under(i).under("orders"))?;
        let table = order.table;
        let twice = |what: String, key: &'static str| {
            Err(Problem::conflict(format!("two orders have the {what}")).at(["orders".into(), i.into(), key.into()]))
        };
        if !invoices.insert(order.invoice) {
            return twice(format!("invoice {}", order.invoice), "invoice");
        }
        if !guids.insert(order.guid.clone()) {
            return twice(format!("guid {}", order.guid), "guid");
        }
        if orders.insert(table, order).is_some() {
            return Err(Problem::conflict(format!("table {table} has two open orders")).at([
                "orders".into(),
                i.into(),
                "table".into(),
            ]));
        }
    }
    let mut feed = Feed::new(section.retention);
    for (i, event) in section.events.into_iter().enumerate() {
        let place = |problem: Problem| problem.at(["events".into(), i.into(), "hash".into()]);
        let hash =
            feed::parse(&event.hash).ok_or_else(|| place(Problem::invalid(format!("`{}` is no hash", event.hash))))?;
        if feed.has(hash) {
            return Err(place(Problem::conflict(format!("two events have the hash {}", event.hash))));
        }
        feed.keep(Kept { hash, at: event.at, json: event.event.to_string().into() });
    }
    let guests = Guests::restore(section.guests, section.seated);
    Ok(State {
        settings: section.settings,
        token: section.token,
        tables: tables.into(),
        dishes: dishes.into(),
        waiters: waiters.into(),
        orders,
        feed,
        guests,
        totals: section.totals,
        next_invoice,
        random,
    })
}

/// The section that makes this state.
pub(crate) fn save(state: &State) -> Section {
    let line = |line: &Line| OrderLine {
        id: line.id,
        count: line.count,
        name: Some(line.name.clone()),
        price: Some(line.price),
        modifiers: line.modifiers.clone(),
    };
    let order = |order: &Order| OpenOrder {
        guid: Some(order.guid.clone()),
        table: order.table,
        waiter: order.waiter,
        invoice: Some(order.invoice),
        dishes: order.dishes.iter().map(line).collect(),
        paid: order.paid,
    };
    let event = |event: &Kept| Event {
        hash: feed::print(event.hash),
        at: event.at,
        event: serde_json::from_str(&event.json).unwrap_or_default(),
    };
    Section {
        settings: state.settings.clone(),
        token: state.token.clone(),
        retention: state.feed.retention,
        tables: state.tables.values().cloned().collect(),
        dishes: state.dishes.values().cloned().collect(),
        waiters: state.waiters.values().cloned().collect(),
        orders: state.orders.values().map(order).collect(),
        generate: None,
        events: state.feed.events().map(event).collect(),
        guests: state.guests.planned(),
        seated: state.guests.seated().clone(),
        totals: state.totals.clone(),
        next_invoice: Some(state.next_invoice),
        random: Some(state.random.save()),
    }
}

fn by_id<T>(key: &'static str, list: Vec<T>, id: impl Fn(&T) -> i64) -> Result<BTreeMap<i64, T>, Problem> {
    let mut map = BTreeMap::new();
    for (i, item) in list.into_iter().enumerate() {
        let id = id(&item);
        if map.insert(id, item).is_some() {
            return Err(Problem::conflict(format!("the id {id} is given twice")).at([
                key.into(),
                i.into(),
                "id".into(),
            ]));
        }
    }
    Ok(map)
}

fn open(
    order: OpenOrder,
    tables: &BTreeMap<i64, Table>,
    dishes: &BTreeMap<i64, Dish>,
    waiters: &BTreeMap<i64, Waiter>,
    given: &BTreeSet<String>,
    random: &mut Streams,
    next_invoice: &mut i64,
) -> Result<Order, Problem> {
    if !tables.contains_key(&order.table) {
        return Err(missing("table", order.table, tables.keys()).under("table"));
    }
    if !waiters.contains_key(&order.waiter) {
        return Err(missing("waiter", order.waiter, waiters.keys()).under("waiter"));
    }
    let line = |(i, line): (usize, OrderLine)| {
        let dish = dishes.get(&line.id);
        let known = || missing("dish", line.id, dishes.keys()).at(["dishes".into(), i.into(), "id".into()]);
        let name = line.name.or_else(|| dish.map(|dish| dish.name.clone())).ok_or_else(known)?;
        let price = line.price.or_else(|| dish.map(|dish| dish.price)).ok_or_else(known)?;
        let line = Line { id: line.id, name, price, count: line.count, modifiers: line.modifiers };
        sound(&line).map_err(|problem| problem.at(["dishes".into(), i.into()]))?;
        Ok(line)
    };
    let lines = order.dishes.into_iter().enumerate().map(line).collect::<Result<Vec<_>, Problem>>()?;
    if lines.is_empty() {
        return Err(Problem::invalid("an order without dishes").under("dishes"));
    }
    let invoice = match order.invoice {
        Some(id) if !(1..=MOST_INVOICES).contains(&id) => {
            let odd = Problem::invalid(format!("an invoice {id}; they count from 1 to {MOST_INVOICES}"));
            return Err(odd.under("invoice"));
        }
        Some(id) => id,
        None => {
            *next_invoice += 1;
            *next_invoice - 1
        }
    };
    let guid = match order.guid {
        Some(guid) => printed(&guid).ok_or_else(|| {
            Problem::invalid(format!("`{guid}` is no guid of an order"))
                .hint("in braces: \"{F4CE1102-50DC-48F7-A8E0-74DD68A7D8C1}\"")
                .under("guid")
        })?,
        None => draw_guid(random, |guid| given.contains(guid)),
    };
    let order =
        Order { guid, table: order.table, waiter: order.waiter, invoice, dishes: lines, paid: kopecks(order.paid) };
    if order.paid.is_sign_negative() || order.unpaid().is_sign_negative() {
        return Err(Problem::invalid(format!("{} is paid of {}", order.paid, order.sum())).under("paid"));
    }
    Ok(order)
}

/// Whether a line of an order, with its modifiers, is one that an action could have made.
fn sound(line: &Line) -> Result<(), Problem> {
    price(line.price)?;
    count(line.count)?;
    for (i, modifier) in line.modifiers.iter().enumerate() {
        let place = |problem: Problem| problem.at(["modifiers".into(), i.into()]);
        // What a modifier takes off its dish is a price below 0.
        price(modifier.price.abs()).and_then(|()| count(modifier.count)).map_err(place)?;
        if !modifier.modifiers.is_empty() {
            return Err(place(Problem::invalid("a modifier has no modifiers of its own").under("modifiers")));
        }
    }
    comes_to(line)
}

/// The price of a dish: small enough that no sum of an order leaves a decimal.
fn price(price: Decimal) -> Result<(), Problem> {
    if !price.is_sign_negative() && price <= Decimal::from(100_000_000) {
        return Ok(());
    }
    Err(Problem::invalid(format!("a price of {price}; it is from 0 to 100000000")).under("price"))
}

/// The most that an invoice's id can be: whole numbers up to there survive every parser of JSON.
const MOST_INVOICES: i64 = 9_007_199_254_740_990;

/// A guid of an order as it is printed: in braces, upper case.
fn printed(guid: &str) -> Option<String> {
    let inner = guid.strip_prefix('{')?.strip_suffix('}')?;
    let dashed =
        |(i, byte): (usize, u8)| if matches!(i, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    (inner.len() == 36 && inner.bytes().enumerate().all(dashed)).then(|| guid.to_uppercase())
}

/// The codes that the document prints: other events have other ones.
const CODES: [&str; 3] = ["waiter_call", "additional_order", "online_payment"];
