//! The absolute discount: what the mobile application declares in points, capped by the division, taken from the
//! lines after all programmes, and written down in two notes (P9).

use jiff::civil::DateTime;
use rust_decimal::Decimal;

use crate::api::wire::read::Declared;
use crate::api::wire::scalar;
use crate::errors::Error;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::tables::{discount, item, note};

use super::State;
use super::bill::{Bill, Item, note_sum};
use super::fill::price_vat;

/// Units are priced this fine when a sum does not divide by the count; a line's sum is whole kopecks again.
const FINEST: u32 = 10;

/// The most that a note declares: more than all of a bill's sums together.
const MOST_OF_A_NOTE: Decimal = Decimal::from_parts(3_567_587_328, 232, 0, false, 0);

impl State {
    /// Whether the declared sums can be kept: their types are notes for declared sums.
    pub(crate) fn check_declared(&self, declared: &[Declared]) -> Result<(), Error> {
        for Declared { key, kind, .. } in declared {
            let Some(kind) = kind.filter(|kind| !self.points.declared_notes.contains(kind)) else { continue };
            let field = format!("{key}.type_ID");
            self.check(&field, Book::NoteTypes, kind)?;
            let expected = "a type of notes for declared sums";
            return Err(Error::Range { field, value: kind.to_string(), expected });
        }
        Ok(())
    }

    /// Notes that keep sums are unique on a bill, and real numbers.
    pub(crate) fn check_sum_notes(&self, notes: &[Record]) -> Result<(), Error> {
        let mut seen = Vec::new();
        for row in notes {
            let keeps = |kind: &Guid| self.points.declared_notes.contains(kind) || self.points.applied_note == *kind;
            let Some(kind) = row.guid(note::TYPE).filter(keeps) else { continue };
            if seen.contains(&kind) {
                return Err(Error::Twice { table: note::TABLE.name, field: "note_nttp_ID", id: kind });
            }
            seen.push(kind);
            let field = || "note_Value".to_owned();
            let Some(Value::Any(value)) = row.get(note::VALUE) else { continue };
            let value = value.get("value").unwrap_or(value).into();
            let Some(sum) = scalar::number(&value) else {
                return Err(Error::Malformed { field: field(), value: scalar::shown(&value), expected: "float" });
            };
            if sum < Decimal::ZERO || sum > MOST_OF_A_NOTE {
                let value = scalar::shown(&value);
                return Err(Error::Range { field: field(), value, expected: "from 0 to 1000000000000" });
            }
        }
        Ok(())
    }

    /// Whether a bill has a note of the type that only the server writes; one that comes back with a draft is the server's.
    pub(crate) fn has_applied_note(&self, bill: &Bill) -> bool {
        let ours = |row: &Record| row.guid(note::ITEM).is_some_and(Guid::is_draft);
        bill.notes.iter().any(|row| row.guid(note::TYPE) == Some(self.points.applied_note) && !ours(row))
    }

    /// What was applied the server knows alone: it is written anew where something is.
    pub(crate) fn forget_applied(&self, bill: &mut Bill) {
        bill.notes.retain(|row| row.guid(note::TYPE) != Some(self.points.applied_note));
    }

    /// How points are used on a bill: the discount's type, the menu groups it is for, and the most per cent of the bill;
    /// none where they are not set up.
    fn points_of(&self, bill: &Bill) -> Option<(Guid, Vec<Guid>, Decimal)> {
        let percent = bill.division().and_then(|id| self.divisions.get(&id)?.max_points_percent)?;
        self.loyalty.absolute(bill).map(|(kind, groups)| (kind, groups, percent))
    }

    /// Whether points are set up for a bill.
    pub(crate) fn takes_points(&self, bill: &Bill) -> bool {
        self.points_of(bill).is_some()
    }

    /// Writes down what is declared and takes from the lines what of it may be used, beside what notes of the bill
    /// declare. What was used before is given back first.
    pub(crate) fn use_points(&mut self, bill: &mut Bill, declared: &[Declared], now: DateTime) {
        let mut sums: Vec<(Guid, Decimal)> = Vec::new();
        for Declared { kind, sum, .. } in declared {
            let Some(kind) = kind.or(self.points.declared_notes.first().copied()) else { continue };
            match sums.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, total)) => *total += sum,
                None => sums.push((kind, *sum)),
            }
        }
        for (kind, sum) in sums {
            self.write_note(bill, kind, note_sum(sum), now);
        }
        let sums = self.declared_sums(bill);
        if sums.is_empty() {
            return;
        }
        if let Some((kind, _)) = self.loyalty.absolute(bill) {
            give_back(bill, kind);
        }
        let Some((kind, groups, percent)) = self.points_of(bill) else { return };
        let wanted: Decimal = sums.iter().map(|(_, sum)| sum).sum();
        let wanted = wanted.round_dp_with_strategy(2, DOWN);
        let mut cap = bill.total() * percent / Decimal::ONE_HUNDRED;
        cap = if self.points.whole_roubles { cap.floor() } else { cap.round_dp_with_strategy(2, DOWN) };
        let wanted = if self.points.whole_roubles { wanted.floor() } else { wanted };
        let used = self.spread(bill, kind, &groups, wanted.min(cap));
        let note = self.points.applied_note;
        self.write_note(bill, note, note_sum(used), now);
    }

    /// The declared sums of a bill, by their note's type.
    pub(crate) fn declared_sums(&self, bill: &Bill) -> Vec<(Guid, Decimal)> {
        self.points.declared_notes.iter().flat_map(|kind| bill.note_sums(*kind)).collect()
    }

    /// The applied sum of a bill; none when points are not set up for it.
    pub(crate) fn applied_sums(&self, bill: &Bill) -> Vec<(Guid, Decimal)> {
        bill.note_sums(self.points.applied_note).collect()
    }

    /// Takes a sum from the lines, in proportion to what they cost, in whole kopecks a line; says how much it took.
    fn spread(&mut self, bill: &mut Bill, kind: Guid, groups: &[Guid], sum: Decimal) -> Decimal {
        let mut costs = Vec::new();
        bill.visit(|line| {
            let open = self.in_groups(line, groups) && !line.record.has(item::PRECHECK);
            costs.push(if open { line.sum() } else { Decimal::ZERO });
        });
        let total: Decimal = costs.iter().sum();
        let sum = sum.min(total);
        if sum <= Decimal::ZERO {
            return Decimal::ZERO;
        }
        let mut shares: Vec<Decimal> =
            costs.iter().map(|cost| (sum * cost / total).round_dp_with_strategy(2, DOWN).min(*cost)).collect();
        let mut left = sum - shares.iter().sum::<Decimal>();
        for (share, cost) in shares.iter_mut().zip(&costs) {
            let more = left.min(*cost - *share);
            *share += more;
            left -= more;
        }
        let mut shares = shares.into_iter();
        bill.visit_mut(|line| {
            let share = shares.next().unwrap_or_default();
            if !share.is_zero() {
                // From the line's sum, not from its price: what remains is exact to the kopeck.
                let price = ((line.sum() - share) / line.quantity()).round_dp(FINEST);
                let off = line.price() - price;
                self.discount_line(line, kind, off, Decimal::ZERO);
            }
        });
        sum
    }
}

const DOWN: rust_decimal::RoundingStrategy = rust_decimal::RoundingStrategy::ToZero;

/// Undoes an absolute discount.
fn give_back(bill: &mut Bill, kind: Guid) {
    bill.visit_mut(|line: &mut Item| {
        let mine: Decimal = line
            .discounts
            .iter()
            .filter(|row| row.guid(discount::TYPE) == Some(kind))
            .filter_map(|row| row.number(discount::DISCOUNT))
            .sum();
        // What is in a precheck already has been asked for at its price.
        if mine.is_zero() || line.record.has(item::PRECHECK) {
            return;
        }
        line.discounts.retain(|row| row.guid(discount::TYPE) != Some(kind));
        let price = line.price() + mine;
        let off = line.record.number(item::DISCOUNT).unwrap_or_default() - mine;
        line.record.set(item::PRICE, Value::Number(price.normalize()));
        line.record.set(item::DISCOUNT, Value::Number(off.normalize()));
        let vat = price_vat(&line.record);
        line.record.set(item::PRICE_VAT, Value::Number(vat));
    });
}
