//! Checking a bill against the tables' descriptions, and filling in what the server fills in. Checks come first and
//! draw nothing: a bill that is refused leaves no trace.

use std::collections::BTreeSet;

use jiff::civil::DateTime;
use rust_decimal::Decimal;

use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::tables::{
    Fill, Kind, Link, Need, Table, delivery, discount, guest, item, note, order, points, privilege,
};

use super::State;
use super::bill::{Bill, Item, Order, RowId, round};
use super::menu::MenuItem;
use super::states::{Part, States};

impl State {
    /// Whether a bill has what only the client can know, and refers to nothing that is not there; counts its
    /// modifiers as this world does.
    pub(crate) fn check_bill(&self, bill: &mut Bill) -> Result<(), Error> {
        self.count_lines(bill)?;
        self.check_row(&guest::TABLE, &bill.guest)?;
        if let Some(delivery) = &bill.delivery {
            self.check_row(&delivery::TABLE, delivery)?;
        }
        self.check_rows(&privilege::TABLE, &bill.privileges)?;
        let mut seen = BTreeSet::new();
        let mut fresh = |table: &'static Table, id: Option<Guid>| match id.filter(|id| !id.is_draft()) {
            Some(id) if !seen.insert((table.name, id)) => Err(Error::Duplicate { table: table.name, id }),
            _ => Ok(()),
        };
        for row in &bill.orders {
            self.check_row(&order::TABLE, &row.record)?;
            fresh(&order::TABLE, row.record.guid(order::ID))?;
        }
        let mut result = Ok(());
        bill.visit(|line| {
            if result.is_ok() {
                result = self
                    .check_row(&item::TABLE, &line.record)
                    .and_then(|()| self.check_rows(&discount::TABLE, &line.discounts))
                    .and_then(|()| fresh(&item::TABLE, line.record.guid(item::ID)));
            }
        });
        result?;
        self.check_rows(&points::TABLE, &bill.points)?;
        self.check_rows(&note::TABLE, &bill.notes)?;
        self.check_sum_notes(&bill.notes)
    }

    /// As [`State::check_bill`], for rows of one table.
    pub(crate) fn check_rows(&self, table: &'static Table, rows: &[Record]) -> Result<(), Error> {
        rows.iter().try_for_each(|row| self.check_row(table, row))
    }

    pub(crate) fn check_row(&self, table: &'static Table, row: &Record) -> Result<(), Error> {
        for column in row.and(table.asked) {
            let (field, value) = (&table.fields[column], row.get(column));
            let blank = matches!(value, Some(Value::Text(text)) if text.trim().is_empty());
            if field.need == Need::Client && (value.is_none() || blank) {
                return Err(Error::Missing { table: table.name, field: field.name });
            }
            match (field.kind, value) {
                (Kind::Ref(book), Some(Value::Guid(id))) => self.check(field.name, book, *id)?,
                (Kind::State(states), Some(Value::Int(id))) if self.state_name(states, *id).is_none() => {
                    let value = id.to_string();
                    return Err(Error::Unknown { field: field.name.to_owned(), table: states.table(), value });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Fills in what the client left to the server. A draft's ids are numbered depth first; what is stored gets
    /// random ones, also where the client sent a draft's back.
    pub(crate) fn fill_bill(&mut self, bill: &mut Bill, now: DateTime, draft: bool) {
        let mut row = Row { now, draft, next: 0, ..Row::default() };
        if !draft {
            row.given = bill.row_ids().filter(|(_, id)| !id.is_draft()).collect();
        }
        if !draft && bill.guest.guid(guest::ID).is_some_and(Guid::is_draft) {
            bill.guest.remove(guest::ID);
        }
        self.fill_row(&guest::TABLE, &mut bill.guest, &mut row);
        row.bill = Some(bill.id());
        row.name = bill.name().to_owned();
        row.division = bill.division();
        row.user = bill.guest.guid(guest::USER);
        row.device = bill.guest.guid(guest::DEVICE);
        if let Some(delivery) = &mut bill.delivery {
            self.fill_row(&delivery::TABLE, delivery, &mut row);
            // It is given the state «Закрыта» now.
            let closed = self.states.part(States::Delivery, delivery.int(delivery::STATE)) == Some(Part::Closed);
            if !draft && closed && !delivery.has(delivery::DELIVERED) {
                delivery.set(delivery::DELIVERED, Value::Date(now));
            }
        }
        self.fill_rows(&privilege::TABLE, &mut bill.privileges, &mut row);
        for order in &mut bill.orders {
            row.order = None;
            if !draft && order.record.guid(order::ID).is_some_and(Guid::is_draft) {
                order.record.remove(order::ID);
            }
            self.fill_row(&order::TABLE, &mut order.record, &mut row);
            row.order = order.record.guid(order::ID);
            row.master = None;
            self.fill_items(&mut order.items, &mut row);
        }
        // The volumes that were filled in count, too; what they come to has been checked.
        let _ = self.count_lines(bill);
        row.position = 0;
        self.fill_rows(&points::TABLE, &mut bill.points, &mut row);
        self.fill_rows(&note::TABLE, &mut bill.notes, &mut row);
    }

    /// Fills in rows that come to a bill later.
    pub(crate) fn fill_later(&mut self, bill: &Bill, table: &'static Table, rows: &mut [Record], now: DateTime) {
        let mut row = Row::of(bill, now);
        self.fill_rows(table, rows, &mut row);
    }

    /// Fills in an order that comes to a bill later.
    pub(crate) fn fill_order(&mut self, bill: &Bill, order: &mut Order, now: DateTime) {
        let mut row = Row::of(bill, now);
        self.fill_row(&order::TABLE, &mut order.record, &mut row);
    }

    /// Fills in a line without modifiers that comes to an order of a bill later, as the last.
    pub(crate) fn fill_line(&mut self, bill: &Bill, order: &Order, line: &mut Item, now: DateTime) {
        let mut row = Row::of(bill, now);
        row.order = order.record.guid(order::ID);
        row.position = order.items.len();
        row.menu = line.record.guid(item::MENU);
        self.fill_row(&item::TABLE, &mut line.record, &mut row);
    }

    fn fill_items(&mut self, items: &mut [Item], row: &mut Row) {
        let master = row.master;
        for (position, line) in items.iter_mut().enumerate() {
            row.master = master;
            row.position = position;
            row.menu = line.record.guid(item::MENU);
            if !row.draft && line.record.guid(item::ID).is_some_and(Guid::is_draft) {
                line.record.remove(item::ID);
            }
            self.fill_row(&item::TABLE, &mut line.record, row);
            row.item = line.record.guid(item::ID);
            for (n, discount) in line.discounts.iter_mut().enumerate() {
                row.position = n + 1;
                self.fill_row(&discount::TABLE, discount, row);
            }
            row.master = line.record.guid(item::ID);
            self.fill_items(&mut line.items, row);
        }
        row.master = master;
    }

    fn fill_rows(&mut self, table: &'static Table, rows: &mut [Record], row: &mut Row) {
        for record in rows {
            self.fill_row(table, record, row);
        }
    }

    fn fill_row(&mut self, table: &'static Table, record: &mut Record, row: &mut Row) {
        record.refill(table, |column, given, before| match table.fields[column].need {
            Need::Link(link) => row.link(link).map(Value::Guid),
            Need::Later => None,
            // Drafts are numbered as they are walked, whether or not the client gave the row an id.
            Need::Server(Fill::Id) => {
                let numbered = Guid::draft(row.next);
                row.next += 1;
                given.or_else(|| Some(Value::Guid(if row.draft { numbered } else { self.draw_id(table, row) })))
            }
            Need::Server(fill) => given.or_else(|| self.fill(fill, before, row)),
            Need::Client | Need::Optional => given,
        });
    }

    /// An id that no row of this table has: streams that begin anew draw what bills of a file may have already.
    fn draw_id(&mut self, table: &'static Table, row: &Row) -> Guid {
        loop {
            let id = self.new_id("bill");
            let free = if table.name == guest::TABLE.name {
                !self.bills.has(id)
            } else {
                let id = (RowId::of(table), id);
                !row.given.contains(&id) && self.bills.is_free(id)
            };
            if free {
                return id;
            }
        }
    }

    /// An id for a line that comes to a bill later.
    pub(crate) fn new_line_id(&mut self, bill: &Bill) -> Guid {
        let row = Row { given: bill.row_ids().collect(), ..Row::default() };
        self.draw_id(&item::TABLE, &row)
    }

    /// The menu item of a row.
    fn dish(&self, row: &Row) -> Option<&MenuItem> {
        self.menu.items.get(&row.menu?)
    }

    /// What a field is filled in with; `record` has the fields before it.
    fn fill(&mut self, fill: Fill, record: &Record, row: &Row) -> Option<Value> {
        Some(match fill {
            Fill::Id | Fill::NewId => Value::Guid(self.new_id("rows")),
            Fill::Now => Value::Date(row.now),
            Fill::BillName => Value::Text(row.name.as_str().into()),
            Fill::Division => Value::Guid(row.division.unwrap_or(self.defaults.division)),
            Fill::User => Value::Guid(row.user.unwrap_or(self.defaults.user)),
            Fill::Device => Value::Guid(row.device.unwrap_or(self.defaults.device)),
            Fill::State(states, part) => Value::Int(self.states.id(states, part)?),
            Fill::Number(number) => Value::Number(number.into()),
            Fill::No => Value::Flag(false),
            Fill::Position => Value::Int(i64::try_from(row.position).unwrap_or(i64::MAX)),
            Fill::Movement if row.draft => return None,
            Fill::Movement => Value::Guid(self.dish(row).and_then(|dish| dish.movement).or(self.defaults.movement)?),
            Fill::SaleGroup if row.draft => return None,
            Fill::SaleGroup => {
                Value::Guid(self.dish(row).and_then(|dish| dish.sale_group).or(self.defaults.sale_group)?)
            }
            Fill::Volume => Value::Number(self.dish(row).map_or(Decimal::ONE, |dish| dish.volume)),
            Fill::Vat => Value::Number(self.dish(row).map_or(Decimal::ZERO, |dish| dish.vat)),
            Fill::PriceVat => Value::Number(price_vat(record)),
            Fill::SystemObject => Value::Guid(self.system_object),
        })
    }
}

/// The VAT that is in a line's price.
pub(crate) fn price_vat(line: &Record) -> Decimal {
    let vat = line.number(item::VAT).unwrap_or_default();
    if vat.is_zero() {
        return vat;
    }
    round(line.number(item::PRICE).unwrap_or_default() * vat / (vat + Decimal::ONE_HUNDRED)).normalize()
}

/// What a row is filled in from.
#[derive(Debug, Default)]
struct Row {
    now: DateTime,
    draft: bool,
    next: u32,
    bill: Option<Guid>,
    name: String,
    division: Option<Guid>,
    user: Option<Guid>,
    device: Option<Guid>,
    order: Option<Guid>,
    master: Option<Guid>,
    item: Option<Guid>,
    menu: Option<Guid>,
    position: usize,
    /// The ids that the client gave.
    given: Vec<(RowId, Guid)>,
}

impl Row {
    /// For rows that come to a bill later.
    fn of(bill: &Bill, now: DateTime) -> Self {
        Self {
            now,
            bill: Some(bill.id()),
            name: bill.name().to_owned(),
            division: bill.division(),
            user: bill.guest.guid(guest::USER),
            device: bill.guest.guid(guest::DEVICE),
            given: bill.row_ids().collect(),
            ..Self::default()
        }
    }

    fn link(&self, link: Link) -> Option<Guid> {
        match link {
            Link::Bill => self.bill,
            Link::Order => self.order,
            Link::Master => self.master,
            Link::Item => self.item,
        }
    }
}
