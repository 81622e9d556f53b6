//! The bills of a world file. A mistake in one is reported as in the rest of the file: with the path to the
//! field, not as a client would get it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Kept;
use stend_core::problem::Step;
use stend_core::{Problem, near};

use crate::errors::Error;
use crate::state::State;
use crate::state::bill::{Bill, Item, RowId};
use crate::state::guid::Guid;
use crate::state::known::{absent, known, known_state};
use crate::state::record::{Record, value};
use crate::state::scalar;
use crate::state::sent::{Odd, Sent};
use crate::state::tables::{self, Kind, Table};
use crate::world::section::Due;

/// Puts the bills in; `printed` are bills and their prechecks. Where streams begin `anew`, what the bills have is not
/// to be drawn again.
///
/// # Errors
/// What cannot be read, is not there or is given twice, with the way to it.
pub(super) fn guests(
    state: &mut State,
    guests: Vec<Kept>,
    printed: Vec<(Guid, Guid)>,
    due: &[Due],
    anew: bool,
    now: Timestamp,
) -> Result<(), Problem> {
    let due: BTreeMap<Guid, Timestamp> = due.iter().map(|due| (due.guest, due.at)).collect();
    let mut prechecks: BTreeMap<Guid, Vec<Guid>> = BTreeMap::new();
    for (guest, precheck) in printed {
        prechecks.entry(guest).or_default().push(precheck);
    }
    let mut rows: Vec<(RowId, Guid, usize)> = Vec::new();
    for (i, json) in guests.into_iter().enumerate() {
        let place = |problem: Problem| problem.at(["guests".into(), i.into()]);
        let mut bill = read(state, &json).map_err(place)?;
        let Some(id) = bill.guest.guid(tables::guest::ID) else {
            return Err(place(Problem::new("missing_key", "missing key `gest_ID`")));
        };
        if state.bills.has(id) {
            return Err(place(Problem::conflict(format!("the bill {id} is given twice")).under("gest_ID")));
        }
        rows.extend(bill.row_ids().filter(|(_, id)| !id.is_draft()).map(|(row, id)| (row, id, i)));
        bill.prechecks = prechecks.remove(&id).unwrap_or_default();
        match due.get(&id) {
            Some(at) => bill.due = Some(*at),
            None => state.schedule(&mut bill, now),
        }
        let dates = state.name_dates(&bill);
        state.bills.put(bill, &dates);
    }
    rows.sort_unstable();
    if let Some(twice) = rows.windows(2).find(|two| (two[0].0, two[0].1) == (two[1].0, two[1].1)) {
        let (row, id, i) = twice[1];
        let text = format!("the id {id} is given twice: another bill has it in {}", row.table());
        let mut problem = Problem::conflict(text);
        let bills = state.bills.in_order();
        problem.path.0 = bills.get(i).and_then(|bill| place_of_row(bill, (row, id))).unwrap_or_default();
        return Err(problem.at(["guests".into(), i.into()]));
    }
    if anew {
        state.bills.file_rows(rows.into_iter().map(|(row, id, _)| (row, id)).collect());
    }
    match prechecks.keys().next() {
        Some(id) => {
            Err(Problem::not_found(format!("a precheck is of the bill {id}, which is not there")).under("prechecks"))
        }
        None => Ok(()),
    }
}

fn read(state: &State, json: &Kept) -> Result<Bill, Problem> {
    let described = |error: Error| Located { state, json, error }.problem();
    let mut sent = Sent::read_filed(&json.into()).map_err(described)?;
    if let Some(Odd::Field { name, known }) = sent.odd.iter().find(|odd| matches!(odd, Odd::Field { .. })) {
        let mut problem = Problem::new("unknown_key", format!("unknown key `{name}`"));
        problem.hint = near::hint(name, known.iter().copied());
        problem.at_key = true;
        let found = rows_of(json).into_iter().find(|row| row.json.contains_key(name) && !row.knows(name));
        problem.path.0 = found.map(|row| row.under(name)).unwrap_or_default();
        return Err(problem);
    }
    // What else is odd is read as it is meant.
    if let Some(problem) = if sent.odd.is_empty() { None } else { zoned(json) } {
        return Err(problem);
    }
    if !sent.declared.is_empty() {
        return Err(Problem::invalid("declared and applied sums stand in `notes` here").under("discountSum"));
    }
    state.check_bill(&mut sent.bill).map_err(described)?;
    for (i, order) in sent.bill.orders.iter().enumerate() {
        if let Some(day) = order.record.guid(tables::order::DAY).filter(|day| !state.days.contains_key(day)) {
            let days: Vec<Guid> = state.days.keys().copied().collect();
            return Err(absent("tp_Archives", day, &days).at(["orders".into(), i.into(), "ordr_arch_ID".into()]));
        }
    }
    Ok(sent.bill)
}

/// A time with a zone: nobody would see that it is dropped.
fn zoned(json: &Kept) -> Option<Problem> {
    rows_of(json).iter().find_map(|row| {
        let has_zone = |(name, value): &(&String, &Kept)| {
            let column = row.table.find(name);
            let is_time = column.is_some_and(|column| row.table.fields[column].kind == Kind::Date);
            is_time && value.as_str().is_some_and(scalar::has_zone)
        };
        let (name, value) = row.json.iter().find(has_zone)?;
        let text = value.as_str().unwrap_or_default();
        let problem = Problem::invalid(format!("`{text}` has a zone; the times of a bill have none"));
        let problem = problem.hint("write the time of the wall clock, e.g. \"2026-11-21T10:00:00\"");
        Some(Problem { path: stend_core::Path(row.under(name)), ..problem })
    })
}

/// A row of a bill in the file, and the way to it.
struct Row<'j> {
    channel: Vec<Step>,
    table: &'static Table,
    nested: &'static [&'static str],
    json: &'j serde_json::Map<String, Kept>,
}

impl Row<'_> {
    fn under(&self, name: &str) -> Vec<Step> {
        let mut channel = self.channel.clone();
        channel.push(name.into());
        channel
    }

    fn knows(&self, name: &str) -> bool {
        self.nested.contains(&name) || self.table.find(name).is_some()
    }
}

/// All rows of a bill, in the order in which they are read.
fn rows_of(json: &Kept) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let none = Vec::new();
    push(&mut rows, none.clone(), &tables::guest::TABLE, &crate::api::wire::read::BILL_KEYS, json);
    for (key, table) in
        [("guestDeliveries", &tables::delivery::TABLE), ("guestSalePrivileges", &tables::privilege::TABLE)]
    {
        listed(&none, json, key, |channel, json| push(&mut rows, channel, table, &[], json));
    }
    let mut orders = Vec::new();
    listed(&none, json, "orders", |channel, json| orders.push((channel, json)));
    for (channel, order) in orders {
        push(&mut rows, channel.clone(), &tables::order::TABLE, &["orderItems"], order);
        lines(&mut rows, &channel, order, 0);
    }
    for (key, table) in [("guestDiscountPointOperations", &tables::points::TABLE), ("notes", &tables::note::TABLE)] {
        listed(&none, json, key, |channel, json| push(&mut rows, channel, table, &[], json));
    }
    rows
}

fn push<'j>(
    rows: &mut Vec<Row<'j>>,
    channel: Vec<Step>,
    table: &'static Table,
    nested: &'static [&'static str],
    json: &'j Kept,
) {
    if let Some(json) = json.as_object() {
        rows.push(Row { channel, table, nested, json });
    }
}

fn lines<'j>(rows: &mut Vec<Row<'j>>, channel: &[Step], json: &'j Kept, depth: usize) {
    let mut found = Vec::new();
    listed(channel, json, "orderItems", |channel, json| found.push((channel, json)));
    for (channel, line) in found {
        push(rows, channel.clone(), &tables::item::TABLE, &["orderItems", "orderItemDiscounts"], line);
        listed(&channel, line, "orderItemDiscounts", |channel, json| {
            push(rows, channel, &tables::discount::TABLE, &[], json);
        });
        if depth < crate::state::sent::DEEPEST {
            lines(rows, &channel, line, depth + 1);
        }
    }
}

/// What stands under a key: the items of a list, or an object alone.
fn listed<'j>(channel: &[Step], json: &'j Kept, key: &str, mut found: impl FnMut(Vec<Step>, &'j Kept)) {
    let under = |more: &[Step]| channel.iter().chain([&Step::from(key)]).chain(more).cloned().collect::<Vec<_>>();
    match json.get(key) {
        Some(Kept::Array(list)) => {
            list.iter().enumerate().for_each(|(i, json)| found(under(&[i.into()]), json));
        }
        Some(one) => found(under(&[]), one),
        None => {}
    }
}

/// An error of a bill with its place in the world file.
struct Located<'a> {
    state: &'a State,
    json: &'a Kept,
    error: Error,
}

impl Located<'_> {
    /// The way to the field that brings the error about, and what the field is.
    fn place(&self) -> Option<(Vec<Step>, Option<Kind>)> {
        let rows = rows_of(self.json);
        let mut read = Vec::new();
        for row in &rows {
            let mut record = Record::default();
            for (name, json) in row.json {
                let Some(column) = row.table.find(name) else { continue };
                match value(row.table, column, &json.into()) {
                    Ok(Some(value)) => record.set(column, value),
                    Err(error) if error == self.error => {
                        return Some((row.under(name), Some(row.table.fields[column].kind)));
                    }
                    _ => {}
                }
            }
            read.push(record);
        }
        let mut seen = Vec::new();
        for (row, record) in rows.iter().zip(&read) {
            let twice = match &self.error {
                Error::Duplicate { table, id } if *table == row.table.name => {
                    record.guid(id_of(row.table)) == Some(*id)
                }
                Error::Twice { table, id, .. } if *table == row.table.name => {
                    record.guid(tables::note::TYPE) == Some(*id)
                }
                // A sum in a note is looked at when all of it is read.
                Error::Malformed { field, .. } | Error::Range { field, .. } if field == "note_Value" => {
                    let alone = self.state.check_sum_notes(std::slice::from_ref(record));
                    if row.table.name == tables::note::TABLE.name && alone.as_ref() == Err(&self.error) {
                        return Some((row.under("note_Value"), None));
                    }
                    false
                }
                _ => false,
            };
            if twice {
                seen.push(row);
            }
            if self.state.check_row(row.table, record).as_ref() == Err(&self.error) {
                let column = self.field().and_then(|field| row.table.find(field));
                let kind = column.map(|column| row.table.fields[column].kind);
                // The name as the file writes it, if it does.
                let name = column.and_then(|column| row.json.keys().find(|name| row.table.find(name) == Some(column)));
                return Some((name.map_or_else(|| row.channel.clone(), |name| row.under(name)), kind));
            }
        }
        let second = seen.get(1)?;
        let column = if matches!(self.error, Error::Twice { .. }) { tables::note::TYPE } else { id_of(second.table) };
        Some((second.under(second.table.fields[column].name), None))
    }

    fn field(&self) -> Option<&str> {
        match &self.error {
            Error::Missing { field, .. } => Some(field),
            Error::Unknown { field, .. } => Some(field),
            _ => None,
        }
    }

    fn problem(&self) -> Problem {
        let (channel, kind) = self.place().unwrap_or_default();
        let problem = match &self.error {
            Error::Missing { field, .. } => Problem::new("missing_key", format!("missing key `{field}`")),
            Error::Malformed { value, expected, .. } => {
                let (what, example) = wanted(expected);
                Problem::new("wrong_type", format!("`{value}` is no {what}")).hint(format!("e.g. {example}"))
            }
            Error::Range { field, value, expected } => Problem::invalid(format!("`{value}` for {field}: {expected}")),
            Error::Unknown { value, .. } => self.absent(kind, value),
            Error::Duplicate { id, .. } => Problem::conflict(format!("the id {id} is given twice")),
            Error::Twice { id, .. } => Problem::conflict(format!("two notes of the type {id}; a bill has one")),
            other => {
                let text = other.message();
                Problem::invalid(text.trim_start_matches("Could not read document: "))
            }
        };
        Problem { path: stend_core::Path(channel), ..problem }
    }

    fn absent(&self, kind: Option<Kind>, value: &str) -> Problem {
        let found = match kind {
            Some(Kind::Ref(book)) => Guid::parse(value).map(|id| known(self.state, book, id)),
            Some(Kind::State(states)) => value.parse().ok().map(|id| known_state(self.state, states, id)),
            _ => None,
        };
        found.and_then(Result::err).unwrap_or_else(|| Problem::not_found(self.error.message()))
    }
}

/// What a type of the vendor's database is called here, and an example.
fn wanted(expected: &str) -> (&'static str, &'static str) {
    match expected {
        "uniqueidentifier" => ("GUID", "7BF665B0-2793-4B26-946E-D03A82E7EECB"),
        "int" => ("whole number", "2"),
        "decimal" | "float" => ("number", "2.5"),
        "datetime" => ("date and time", "\"2026-11-21T10:00:00\""),
        "bit" => ("flag", "true, false, 0 or 1"),
        _ => ("text", "\"01\""),
    }
}

/// The column of a table's id.
fn id_of(table: &Table) -> usize {
    if table.name == tables::order::TABLE.name { tables::order::ID } else { tables::item::ID }
}

/// The way to the order or line of this id.
fn place_of_row(bill: &Bill, (row, id): (RowId, Guid)) -> Option<Vec<Step>> {
    fn line(items: &[Item], id: Guid, channel: &[Step]) -> Option<Vec<Step>> {
        items.iter().enumerate().find_map(|(i, item)| {
            let channel: Vec<Step> = channel.iter().cloned().chain(["orderItems".into(), i.into()]).collect();
            if item.record.guid(tables::item::ID) == Some(id) {
                return Some(channel.into_iter().chain(["orit_ID".into()]).collect());
            }
            line(&item.items, id, &channel)
        })
    }
    bill.orders.iter().enumerate().find_map(|(i, order)| {
        let channel = ["orders".into(), i.into()];
        if row == RowId::Line {
            return line(&order.items, id, &channel);
        }
        let found = order.record.guid(tables::order::ID) == Some(id);
        found.then(|| channel.into_iter().chain(["ordr_ID".into()]).collect())
    })
}
