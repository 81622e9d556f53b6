//! The absolute discount: what the mobile application declares in points, capped by the division, taken from the
//! lines after all programmes, and written down in two notes (P9).

use jiff::civil::DateTime;
use rust_decimal::Decimal;

use crate::errors::Error;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::scalar;
use crate::state::sent::Declared;
use crate::state::tables::{discount, item, note};

use super::State;
use super::bill::{Bill, Item, note_sum, round};
use super::fill::price_vat;

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

    /// Takes a sum from the lines, in proportion to what they cost; says how much it took. New prices are whole kopecks:
    /// what does not divide by the counts goes to a line of few units, or to one unit that gets a line of its own. Less
    /// than the sum is taken where no line can be split.
    fn spread(&mut self, bill: &mut Bill, kind: Guid, groups: &[Guid], sum: Decimal) -> Decimal {
        let open = |line: &Item| self.in_groups(line, groups) && !line.record.has(item::PRECHECK);
        let mut lines: Vec<Line> = Vec::new();
        for (i, order) in bill.orders.iter().enumerate() {
            collect(&order.items, &[i], &mut |path, item| lines.extend(open(item).then(|| Line::of(path, item))));
        }
        let total: Decimal = lines.iter().map(Line::cost).sum();
        let sum = sum.min(total);
        if sum <= Decimal::ZERO {
            return Decimal::ZERO;
        }
        let mut left = sum;
        for line in &mut lines {
            let cost = line.cost();
            left -= line.take((sum * cost / total).round_dp_with_strategy(2, DOWN));
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.quantity));
        for line in &mut lines {
            left -= line.take(left);
        }
        let split = lines.iter().filter(|line| line.splits && line.price >= left).max_by_key(|line| line.price);
        let split = split.filter(|_| !left.is_zero()).map(|line| (line.path.clone(), line.price - left));
        if let Some((path, price)) = split {
            self.split(bill, kind, &path, price);
            left = Decimal::ZERO;
        }
        lines.sort_by(|one, other| one.path.cmp(&other.path));
        for line in &lines {
            if let Some(item) = item_at(bill, &line.path) {
                let off = item.price() - line.price;
                self.discount_line(item, kind, off, Decimal::ZERO);
            }
        }
        sum - left
    }

    /// Gives one unit of a line a line of its own, the last of its siblings, at this price.
    fn split(&mut self, bill: &mut Bill, kind: Guid, path: &[usize], price: Decimal) {
        let drawn = self.new_line_id(bill);
        let mut rows = 0;
        bill.visit(|_| rows += 1);
        let numbered = Guid::draft(u32::try_from(rows + bill.orders.len()).unwrap_or(u32::MAX - 1) + 1);
        let Some(item) = item_at(bill, path) else { return };
        let mut unit = item.clone();
        let count = item.record.number(item::COUNT).unwrap_or_default() - Decimal::ONE;
        item.record.set(item::COUNT, Value::Number(count.normalize()));
        unit.record.set(item::COUNT, Value::Number(Decimal::ONE));
        let of_draft = item.record.guid(item::ID).is_some_and(Guid::is_draft);
        let id = if of_draft { numbered } else { drawn };
        unit.record.set(item::ID, Value::Guid(id));
        for row in &mut unit.discounts {
            row.set(discount::ID, Value::Guid(self.new_id("rows")));
            row.set(discount::ITEM, Value::Guid(id));
        }
        let off = unit.price() - price;
        self.discount_line(&mut unit, kind, off, Decimal::ZERO);
        if let Some(siblings) = siblings_at(bill, path) {
            let position = i64::try_from(siblings.len()).unwrap_or(i64::MAX);
            unit.record.set(item::ORDER, Value::Int(position));
            siblings.push(unit);
        }
    }
}

const DOWN: rust_decimal::RoundingStrategy = rust_decimal::RoundingStrategy::ToZero;
const UP: rust_decimal::RoundingStrategy = rust_decimal::RoundingStrategy::AwayFromZero;

/// Half a kopeck.
const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// A line that points may be taken from.
struct Line {
    /// Its order, its place in it, and those of its modifiers.
    path: Vec<usize>,
    quantity: Decimal,
    /// The price of one that is left.
    price: Decimal,
    /// Whether one unit of it can have a line of its own.
    splits: bool,
}

impl Line {
    fn of(path: &[usize], item: &Item) -> Self {
        let (quantity, price) = (item.quantity(), item.price());
        let count = item.record.number(item::COUNT).unwrap_or_default();
        let whole = quantity == count && count.fract().is_zero() && count > Decimal::ONE;
        let splits = whole && item.items.is_empty() && price.normalize().scale() <= 2;
        Self { path: path.to_vec(), quantity, price, splits }
    }

    fn cost(&self) -> Decimal {
        round(self.price * self.quantity)
    }

    /// Lowers its price to whole kopecks so that the line costs at most so much less; says how much less it costs.
    fn take(&mut self, sum: Decimal) -> Decimal {
        let cost = self.cost();
        let least = (cost - sum).max(Decimal::ZERO);
        // The lowest price at which the line, rounded to kopecks, does not cost less than that.
        let price = ((least - HALF) / self.quantity).round_dp_with_strategy(2, UP).max(Decimal::ZERO);
        let lower = Self { path: Vec::new(), price, ..*self };
        if sum.is_zero() || price >= self.price || lower.cost() >= cost {
            return Decimal::ZERO;
        }
        let taken = cost - lower.cost();
        self.price = price;
        taken
    }
}

/// Goes through lines and modifiers, depth first, with their paths.
fn collect(items: &[Item], above: &[usize], found: &mut impl FnMut(&[usize], &Item)) {
    for (i, item) in items.iter().enumerate() {
        let path: Vec<usize> = above.iter().copied().chain([i]).collect();
        found(&path, item);
        collect(&item.items, &path, found);
    }
}

/// The line at a path.
fn item_at<'b>(bill: &'b mut Bill, path: &[usize]) -> Option<&'b mut Item> {
    siblings_at(bill, path)?.get_mut(*path.last()?)
}

/// The lines beside the one at a path.
fn siblings_at<'b>(bill: &'b mut Bill, path: &[usize]) -> Option<&'b mut Vec<Item>> {
    let (order, rest) = path.split_first()?;
    let (_, above) = rest.split_last()?;
    above.iter().try_fold(&mut bill.orders.get_mut(*order)?.items, |items, i| Some(&mut items.get_mut(*i)?.items))
}

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
