//! A guest bill and its sums.

use jiff::Timestamp;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::record::{MOST_OF_A_LINE, Record, Value};
use crate::state::scalar;
use crate::state::tables::{Table, guest, item, note, order};

/// A bill: the tree that clients post and get, and what the server keeps beside it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bill {
    /// Its number in this world: bills of the same moment are listed in the order in which they came.
    pub(crate) serial: u64,
    pub(crate) guest: Record,
    pub(crate) privileges: Vec<Record>,
    pub(crate) delivery: Option<Box<Record>>,
    pub(crate) orders: Vec<Order>,
    pub(crate) points: Vec<Record>,
    pub(crate) notes: Vec<Record>,
    /// Prechecks it is part of.
    pub(crate) prechecks: Vec<Guid>,
    /// When a system task moves its delivery on.
    pub(crate) due: Option<Timestamp>,
}

/// An order of a bill.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Order {
    pub(crate) record: Record,
    pub(crate) items: Vec<Item>,
}

/// A line of an order, or a modifier of one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) record: Record,
    /// What its count is multiplied by: see [`Counting`].
    pub(crate) times: Decimal,
    pub(crate) items: Vec<Item>,
    pub(crate) discounts: Vec<Record>,
}

/// How the lines of a world's bills are counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counting {
    /// Whether the count of a modifier is for one unit of its dish.
    pub(crate) per_unit: bool,
    /// Whether a line costs price × count × volume, and not price × count.
    pub(crate) by_volume: bool,
}

/// Whose id it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RowId {
    Order,
    Line,
}

impl RowId {
    /// The id of a row of this table: orders or lines.
    pub(crate) fn of(table: &Table) -> Self {
        if table.name == order::TABLE.name { Self::Order } else { Self::Line }
    }

    /// The table.
    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::Order => order::TABLE.name,
            Self::Line => item::TABLE.name,
        }
    }
}

impl Default for Item {
    fn default() -> Self {
        Self { record: Record::default(), times: Decimal::ONE, items: Vec::new(), discounts: Vec::new() }
    }
}

impl Item {
    fn number(&self, column: usize) -> Decimal {
        self.record.number(column).unwrap_or_default()
    }

    /// The price of one, discounts and margins in it.
    pub(crate) fn price(&self) -> Decimal {
        self.number(item::PRICE)
    }

    /// How many times its price is paid.
    pub(crate) fn quantity(&self) -> Decimal {
        self.number(item::COUNT) * self.times
    }

    /// Counts it and its modifiers; it is there for so many `dishes`.
    ///
    /// # Errors
    /// More units of a modifier than a line may have.
    fn count(&mut self, dishes: Decimal, counting: Counting) -> Result<(), Error> {
        let units = self.number(item::COUNT) * dishes;
        if units > Decimal::from(MOST_OF_A_LINE) {
            let (field, value) = ("orit_Count".to_owned(), units.to_string());
            return Err(Error::Range { field, value, expected: "at most 1000000 for all units of the dish" });
        }
        let volume = self.record.number(item::VOLUME).filter(|_| counting.by_volume);
        self.times = dishes * volume.unwrap_or(Decimal::ONE);
        let dishes = if counting.per_unit { units } else { Decimal::ONE };
        self.items.iter_mut().try_for_each(|modifier| modifier.count(dishes, counting))
    }

    /// What the line costs without its modifiers, in whole kopecks.
    pub(crate) fn sum(&self) -> Decimal {
        round(self.price() * self.quantity())
    }

    fn total(&self) -> Decimal {
        self.sum() + self.items.iter().map(Self::total).sum::<Decimal>()
    }

    /// This line and its modifiers, depth first.
    pub(crate) fn visit<'b>(&'b self, seen: &mut impl FnMut(&'b Item)) {
        seen(self);
        for item in &self.items {
            item.visit(seen);
        }
    }

    /// As [`Item::visit`], to change them.
    pub(crate) fn visit_mut(&mut self, seen: &mut impl FnMut(&mut Item)) {
        seen(self);
        for item in &mut self.items {
            item.visit_mut(seen);
        }
    }
}

/// To whole kopecks, halves up.
pub(crate) fn round(sum: Decimal) -> Decimal {
    sum.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
}

impl Bill {
    pub(crate) fn id(&self) -> Guid {
        self.guest.guid(guest::ID).unwrap_or(Guid::draft(0))
    }

    pub(crate) fn division(&self) -> Option<Guid> {
        self.guest.guid(guest::DIVISION)
    }

    pub(crate) fn client(&self) -> Option<Guid> {
        self.guest.guid(guest::CLIENT)
    }

    pub(crate) fn name(&self) -> &str {
        self.guest.text(guest::NAME).unwrap_or("")
    }

    pub(crate) fn state(&self) -> i64 {
        self.guest.int(guest::STATE).unwrap_or(0)
    }

    pub(crate) fn opened(&self) -> Option<DateTime> {
        self.guest.date(guest::OPENED)
    }

    /// What the bill costs: all lines with their modifiers.
    pub(crate) fn total(&self) -> Decimal {
        self.orders.iter().flat_map(|order| &order.items).map(Item::total).sum()
    }

    /// Counts all lines.
    ///
    /// # Errors
    /// More units of a modifier than a line may have.
    pub(crate) fn count_lines(&mut self, counting: Counting) -> Result<(), Error> {
        let mut lines = self.orders.iter_mut().flat_map(|order| &mut order.items);
        lines.try_for_each(|line| line.count(Decimal::ONE, counting))
    }

    /// All lines and modifiers, depth first.
    pub(crate) fn visit<'b>(&'b self, mut seen: impl FnMut(&'b Item)) {
        for item in self.orders.iter().flat_map(|order| &order.items) {
            item.visit(&mut seen);
        }
    }

    /// As [`Bill::visit`], to change them.
    pub(crate) fn visit_mut(&mut self, mut seen: impl FnMut(&mut Item)) {
        for item in self.orders.iter_mut().flat_map(|order| &mut order.items) {
            item.visit_mut(&mut seen);
        }
    }

    /// The trading days that its orders are tied to.
    pub(crate) fn days(&self) -> impl Iterator<Item = Guid> {
        self.orders.iter().filter_map(|order| order.record.guid(order::DAY))
    }

    /// The ids of its orders and lines, with modifiers.
    pub(crate) fn row_ids(&self) -> impl Iterator<Item = (RowId, Guid)> {
        let mut ids = Vec::new();
        ids.extend(self.orders.iter().filter_map(|row| Some((RowId::Order, row.record.guid(order::ID)?))));
        self.visit(|line| ids.extend(line.record.guid(item::ID).map(|id| (RowId::Line, id))));
        ids.into_iter()
    }

    /// Takes away the ids of a draft, which are numbers of its rows.
    pub(crate) fn forget_draft_ids(&mut self) {
        let forget = |record: &mut Record, column| {
            if record.guid(column).is_some_and(Guid::is_draft) {
                record.remove(column);
            }
        };
        forget(&mut self.guest, guest::ID);
        self.orders.iter_mut().for_each(|row| forget(&mut row.record, order::ID));
        self.visit_mut(|line| forget(&mut line.record, item::ID));
    }

    /// The sums in notes of a type.
    pub(crate) fn note_sums(&self, kind: Guid) -> impl Iterator<Item = (Guid, Decimal)> {
        self.notes.iter().filter(move |row| row.guid(note::TYPE) == Some(kind)).filter_map(move |row| {
            let Some(Value::Any(value)) = row.get(note::VALUE) else { return None };
            let value = value.get("value").unwrap_or(value);
            // Clients write notes of these types, too: what is no sum that a bill can have counts for nothing.
            scalar::number(&value.into())
                .filter(|sum| sum.abs() <= Decimal::from(1_000_000_000_000_i64))
                .map(|sum| (kind, sum))
        })
    }

    /// Gives back what memory it does not need.
    pub(crate) fn shrink(&mut self) {
        self.guest.shrink();
        if let Some(delivery) = &mut self.delivery {
            delivery.shrink();
        }
        for order in &mut self.orders {
            order.record.shrink();
            order.items.shrink_to_fit();
        }
        self.visit_mut(|item| {
            item.record.shrink();
            item.items.shrink_to_fit();
            item.discounts.iter_mut().for_each(Record::shrink);
        });
        self.orders.shrink_to_fit();
        self.notes.iter_mut().chain(&mut self.points).chain(&mut self.privileges).for_each(Record::shrink);
    }
}

/// A sum as notes keep it.
pub(crate) fn note_sum(sum: Decimal) -> Json {
    let text = sum.normalize().to_string();
    // At most two digits behind the point and nine before it: a double keeps that.
    let number: serde_json::Number = text.parse().unwrap_or_else(|_| 0.into());
    json!({ "value": number, "type": "float" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(price: &str, count: &str, volume: &str) -> Item {
        let mut record = Record::default();
        for (column, text) in [(item::PRICE, price), (item::COUNT, count), (item::VOLUME, volume)] {
            record.set(column, Value::Number(text.parse().expect("good")));
        }
        Item { record, ..Item::default() }
    }

    #[test]
    fn a_bill_costs_what_its_lines_and_their_modifiers_cost() {
        let mut dish = line("10.5", "2", "1");
        dish.items.push(line("20.5", "1", "1"));
        let order = Order { items: vec![dish, line("30.5", "2", "1")], ..Order::default() };
        let bill = Bill { orders: vec![order], ..Bill::default() };
        assert_eq!(bill.total(), Decimal::new(1025, 1));
    }

    #[test]
    fn a_line_costs_price_by_count_in_whole_kopecks_and_by_volume_where_the_world_says_so() {
        assert_eq!(line("350", "2", "250").sum(), Decimal::from(700));
        assert_eq!(line("0.333", "3", "1").sum(), Decimal::new(100, 2));
        let mut by_volume = line("100", "1", "0.333");
        by_volume.count(Decimal::ONE, Counting { per_unit: false, by_volume: true }).expect("few");
        assert_eq!(by_volume.sum(), Decimal::new(333, 1));
    }
}
