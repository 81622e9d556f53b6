//! All bills of a world and the ways to find them: each costs what its answer costs, however many bills there are.

use std::hash::{Hash, Hasher};
use std::ops::Bound;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use stend_core::{Index, Shared, Table};

use crate::state::guid::Guid;
use crate::state::tables::guest;

use super::bill::{Bill, RowId};
use super::collation;

/// The bills.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bills {
    all: Table<Guid, Bill>,
    /// The guest states that play the part of a closed bill.
    closed_states: Shared<Vec<i64>>,
    next_serial: u64,
    by_client: Index<(Guid, u64, Guid)>,
    /// By a hash of the name: names are long and many, and the bill itself knows its own.
    by_name: Index<(u64, Date, u64, Guid)>,
    closed: Index<(Guid, DateTime, u64, Guid)>,
    /// Those that are not among the closed ones, in the order in which they came.
    open: Index<(u64, Guid)>,
    due: Index<(Timestamp, u64, Guid)>,
    /// The ids of all orders and lines, from the moment on when a client gives a row its id: until then all are drawn, and
    /// a world of a million bills does without.
    rows: Option<Index<(RowId, Guid)>>,
    /// Those that a file has which does not say how far the streams were drawn, in order: they may be drawn again.
    filed: Shared<Vec<(RowId, Guid)>>,
}

/// The same for the same name on every platform: FNV-1a.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// The hash of a name; names that the database takes for equal have the same.
fn hashed(name: &str) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    collation::key(name).hash(&mut hasher);
    hasher.finish()
}

impl Bills {
    /// No bills; these guest states are the closed ones.
    pub(crate) fn new(closed_states: Vec<i64>) -> Self {
        Self { closed_states: closed_states.into(), ..Self::default() }
    }

    /// Where and when a bill was closed. A date alone closes nothing: clients may send one with a draft.
    fn closing(&self, bill: &Bill) -> Option<(Guid, DateTime)> {
        if !self.closed_states.contains(&bill.state()) {
            return None;
        }
        bill.division().zip(bill.guest.date(guest::CLOSED))
    }

    pub(crate) fn get(&self, id: Guid) -> Option<&Bill> {
        self.all.get(&id)
    }

    pub(crate) fn has(&self, id: Guid) -> bool {
        self.all.contains_key(&id)
    }

    /// Keeps the ids of orders and lines from now on.
    pub(crate) fn know_rows(&mut self) {
        if self.rows.is_none() {
            // In order: a million of them are put in several times as fast.
            let mut ids: Vec<_> = self.all.values().flat_map(Bill::row_ids).collect();
            ids.sort_unstable();
            let mut rows = Index::new();
            rows.extend(ids);
            self.rows = Some(rows);
        }
    }

    /// Whether an order or a line has this id, of those that are kept.
    pub(crate) fn has_row(&self, id: (RowId, Guid)) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.contains(&id))
    }

    /// Keeps ids, in order, that are not to be drawn.
    pub(crate) fn file_rows(&mut self, rows: Vec<(RowId, Guid)>) {
        self.filed = rows.into();
    }

    /// Whether an order or a line may have an id that was drawn.
    pub(crate) fn is_free(&self, id: (RowId, Guid)) -> bool {
        self.filed.binary_search(&id).is_err() && !self.has_row(id)
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The ids of all.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Guid> {
        self.all.keys().copied()
    }

    /// All of them, in the order in which they came.
    pub(crate) fn in_order(&self) -> Vec<&Bill> {
        let mut bills: Vec<&Bill> = self.all.values().collect();
        bills.sort_by_key(|bill| bill.serial);
        bills
    }

    /// Puts a bill in; `dates` are those by which its name finds it.
    pub(crate) fn put(&mut self, mut bill: Bill, dates: &[Date]) {
        self.next_serial += 1;
        bill.serial = self.next_serial;
        bill.shrink();
        self.index(&bill, dates);
        if let Some(rows) = &mut self.rows {
            rows.extend(bill.row_ids());
        }
        self.all.insert(bill.id(), bill);
    }

    /// Takes a bill out; `dates` as it was put in with.
    pub(crate) fn take(&mut self, id: Guid, dates: &[Date]) -> Option<Bill> {
        let bill = self.all.remove(&id)?;
        self.unindex(&bill, dates);
        if let Some(rows) = &mut self.rows {
            bill.row_ids().for_each(|id| {
                rows.remove(&id);
            });
        }
        Some(bill)
    }

    /// Puts another version of a bill in its place.
    pub(crate) fn replace(&mut self, mut bill: Bill, before: &[Date], after: &[Date]) {
        if let Some(old) = self.all.remove(&bill.id()) {
            self.unindex(&old, before);
            bill.serial = old.serial;
            if let Some(rows) = &mut self.rows {
                old.row_ids().for_each(|id| {
                    rows.remove(&id);
                });
            }
        }
        bill.shrink();
        self.index(&bill, after);
        if let Some(rows) = &mut self.rows {
            rows.extend(bill.row_ids());
        }
        self.all.insert(bill.id(), bill);
    }

    fn index(&mut self, bill: &Bill, dates: &[Date]) {
        let (serial, id) = (bill.serial, bill.id());
        if let Some(client) = bill.client() {
            self.by_client.insert((client, serial, id));
        }
        let name = hashed(bill.name());
        self.by_name.extend(dates.iter().map(|date| (name, *date, serial, id)));
        match self.closing(bill) {
            Some((division, closed)) => self.closed.insert((division, closed, serial, id)),
            None => self.open.insert((serial, id)),
        };
        if let Some(due) = bill.due {
            self.due.insert((due, serial, id));
        }
    }

    fn unindex(&mut self, bill: &Bill, dates: &[Date]) {
        let (serial, id) = (bill.serial, bill.id());
        if let Some(client) = bill.client() {
            self.by_client.remove(&(client, serial, id));
        }
        let name = hashed(bill.name());
        for date in dates {
            self.by_name.remove(&(name, *date, serial, id));
        }
        match self.closing(bill) {
            Some((division, closed)) => self.closed.remove(&(division, closed, serial, id)),
            None => self.open.remove(&(serial, id)),
        };
        if let Some(due) = bill.due {
            self.due.remove(&(due, serial, id));
        }
    }

    /// A client's bills, in the order in which they came.
    pub(crate) fn of_client(&self, client: Guid) -> impl Iterator<Item = &Bill> {
        let range = (client, 0, Guid::draft(0))..=(client, u64::MAX, Guid::draft(u32::MAX));
        self.by_client.range(range).filter_map(|(_, _, id)| self.get(*id))
    }

    /// The bills of this name and date, in the order in which they came.
    pub(crate) fn named(&self, name: &str, date: Date) -> impl Iterator<Item = &Bill> {
        let (hash, name) = (hashed(name), collation::key(name));
        let range = (hash, date, 0, Guid::draft(0))..=(hash, date, u64::MAX, Guid::draft(u32::MAX));
        self.by_name
            .range(range)
            .filter_map(|(_, _, _, id)| self.get(*id))
            .filter(move |bill| collation::key(bill.name()) == name)
    }

    /// The bills of a division that were closed within this time, both ends in it: the moment, the serial and the id.
    pub(crate) fn closed(
        &self,
        division: Guid,
        from: DateTime,
        to: DateTime,
    ) -> impl Iterator<Item = (DateTime, u64, Guid)> {
        let first = (division, from, 0, Guid::draft(0));
        let last = (division, to.max(from), u64::MAX, Guid::draft(u32::MAX));
        let empty = to < from;
        self.closed
            .range(first..=last)
            .take_while(move |_| !empty)
            .map(|(_, closed, serial, id)| (*closed, *serial, *id))
    }

    /// The bills of a division that were closed before a place among them, the last one first.
    pub(crate) fn closed_before(
        &self,
        division: Guid,
        place: Option<(DateTime, u64, Guid)>,
    ) -> impl Iterator<Item = (DateTime, u64, Guid)> {
        let first = (division, DateTime::MIN, 0, Guid::LOWEST);
        let end = match place {
            Some((at, serial, id)) => Bound::Excluded((division, at, serial, id)),
            None => Bound::Included((division, DateTime::MAX, u64::MAX, Guid::draft(u32::MAX))),
        };
        self.closed.range((Bound::Included(first), end)).rev().map(|(_, at, serial, id)| (*at, *serial, *id))
    }

    /// How many are not closed.
    pub(crate) fn open_count(&self) -> usize {
        self.open.len()
    }

    /// The bills that are not closed, with their numbers, the newest first, those before a number.
    pub(crate) fn open(&self, end: Bound<u64>) -> impl Iterator<Item = (u64, &Bill)> {
        let end = match end {
            Bound::Excluded(serial) => Bound::Excluded((serial, Guid::LOWEST)),
            Bound::Included(serial) => Bound::Included((serial, Guid::draft(u32::MAX))),
            Bound::Unbounded => Bound::Unbounded,
        };
        self.open.range((Bound::Unbounded, end)).rev().filter_map(|(serial, id)| Some((*serial, self.get(*id)?)))
    }

    /// The bill whose delivery falls due first.
    pub(crate) fn first_due(&self) -> Option<(Timestamp, Guid)> {
        self.due.first().map(|(at, _, id)| (*at, *id))
    }
}
