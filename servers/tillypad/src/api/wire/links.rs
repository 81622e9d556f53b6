//! Fields that the server sets by itself, whatever a client sends in them: what says otherwise is warned about.

use crate::state::bill::Item;
use crate::state::guid::Guid;
use crate::state::record::Record;
use crate::state::tables::{self, Link, Need, Table};

use crate::state::sent::{Odd, Sent};

/// The rows that a row belongs to, as the client names them.
#[derive(Clone, Copy, Default)]
struct Owners {
    bill: Option<Guid>,
    order: Option<Guid>,
    master: Option<Guid>,
    item: Option<Guid>,
}

impl Owners {
    fn of(self, link: Link) -> Option<Guid> {
        match link {
            Link::Bill => self.bill,
            Link::Order => self.order,
            Link::Master => self.master,
            Link::Item => self.item,
        }
    }

    /// Notes what the client gives and the server sets otherwise. Ids of a draft are replaced with all that names them.
    fn look(self, table: &'static Table, row: &Record, odd: &mut Vec<Odd>) {
        for column in row.among(table.own) {
            let (field, given) = (&table.fields[column], row.guid(column));
            let kept = match field.need {
                Need::Link(link) => given.is_none_or(Guid::is_draft) || given == self.of(link),
                _ => false,
            };
            if !kept {
                odd.push(Odd::Said(format!("{} is the server's own; what was sent was ignored", field.name)));
            }
        }
    }

    fn look_at(self, line: &Item, odd: &mut Vec<Odd>) {
        self.look(&tables::item::TABLE, &line.record, odd);
        let id = line.record.guid(tables::item::ID);
        for row in &line.discounts {
            Self { item: id, ..self }.look(&tables::discount::TABLE, row, odd);
        }
        for modifier in &line.items {
            Self { master: id, ..self }.look_at(modifier, odd);
        }
    }
}

impl Sent {
    /// Notes links and other fields that the server sets by itself, whatever was sent.
    pub(crate) fn look_at_links(&mut self) {
        let Self { bill, odd, .. } = self;
        let owners = Owners { bill: bill.guest.guid(tables::guest::ID), ..Owners::default() };
        for (table, rows) in [
            (&tables::privilege::TABLE, &bill.privileges),
            (&tables::points::TABLE, &bill.points),
            (&tables::note::TABLE, &bill.notes),
        ] {
            rows.iter().for_each(|row| owners.look(table, row, odd));
        }
        if let Some(row) = &bill.delivery {
            owners.look(&tables::delivery::TABLE, row, odd);
        }
        for order in &bill.orders {
            owners.look(&tables::order::TABLE, &order.record, odd);
            let owners = Owners { order: order.record.guid(tables::order::ID), ..owners };
            order.items.iter().for_each(|line| owners.look_at(line, odd));
        }
    }
}
