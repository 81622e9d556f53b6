//! Bills by the thousand, for clients that have to cope with them.

use jiff::Timestamp;
use rand::RngExt;
use rust_decimal::Decimal;
use stend_core::{Problem, Span};

use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::tables::{guest, item};

use super::State;
use super::bill::{Bill, Item, Order};
use super::states::Part;

/// What bills to make.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) count: u32,
    /// All bear this name; left out, they are numbered.
    pub(crate) name: Option<String>,
    pub(crate) division: Guid,
    pub(crate) clients: Vec<Guid>,
    /// Opened evenly over this span, the last one now.
    pub(crate) over: Span,
    pub(crate) closed: bool,
}

impl State {
    /// Makes bills of dishes drawn from the menu.
    ///
    /// # Errors
    /// A menu without dishes.
    pub(crate) fn make_bills(&mut self, wanted: &Wanted, now: Timestamp) -> Result<(), Problem> {
        let dishes: Vec<(Guid, Decimal)> = self.menu.items.values().map(|dish| (dish.id, dish.price)).collect();
        if dishes.is_empty() {
            return Err(
                Problem::conflict("the menu has no dish to put on bills").hint("add one under `tillypad.menu.items`")
            );
        }
        let first = self.bills.len();
        let step = wanted.over.signed() / i32::try_from(wanted.count.max(1)).unwrap_or(i32::MAX);
        let mut opened = wanted.over.before(now);
        for n in 1..=wanted.count {
            opened = opened.checked_add(step).unwrap_or(now);
            let local = self.local(opened);
            let draws = self.random.get("bulk");
            let (id, price) = dishes[draws.random_range(0..dishes.len())];
            let count = draws.random_range(1..=4_i64);
            let client =
                (!wanted.clients.is_empty()).then(|| wanted.clients[draws.random_range(0..wanted.clients.len())]);
            let mut line = Item::default();
            line.record.set(item::MENU, Value::Guid(id));
            line.record.set(item::COUNT, Value::Number(count.into()));
            line.record.set(item::PRICE, Value::Number(price.normalize()));
            let mut row = Record::default();
            row.set(guest::DIVISION, Value::Guid(wanted.division));
            let name = match &wanted.name {
                Some(name) => name.clone(),
                None => format!("G{:07}", first + n as usize),
            };
            row.set(guest::NAME, Value::Text(name.into()));
            if let Some(client) = client {
                row.set(guest::CLIENT, Value::Guid(client));
            }
            if wanted.closed {
                row.set(guest::CLOSED, Value::Date(local));
            }
            let orders = vec![Order { items: vec![line], ..Order::default() }];
            let mut bill = Bill { guest: row, orders, ..Bill::default() };
            if wanted.closed {
                self.set_state(&mut bill, Part::Closed);
            }
            self.fill_bill(&mut bill, local, false);
            let dates = self.name_dates(&bill);
            self.bills.put(bill, &dates);
        }
        Ok(())
    }
}
