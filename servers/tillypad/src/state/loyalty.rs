//! Loyalty: sale rules say when a programme applies, programmes say what it gives.

use jiff::civil::{Date, DateTime, Time, Weekday};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::state::guid::Guid;
use crate::state::hours::Hour;
use crate::state::record::{Record, Value};
use crate::state::tables::{discount, guest, item, note, points, privilege};

use super::State;
use super::bill::{Bill, Item, round};
use super::fill::price_vat;

/// Programmes and the rules by which they apply.
#[derive(Debug, Clone, Default)]
pub(crate) struct Loyalty {
    pub(crate) programmes: Vec<Programme>,
    pub(crate) rules: Vec<Rule>,
}

/// A loyalty programme: what a bill gets when a rule lets it apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// Its name; rules refer to it.
    pub name: String,
    /// The type under which its discounts are written (`oritd_dstp_ID`).
    pub discount_type: Guid,
    /// The menu groups it is for; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Guid>,
    /// Taken off the price of every unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub off: Option<Decimal>,
    /// Per cent taken off the price of every unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub percent: Option<Decimal>,
    /// Added to the price of every unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub margin: Option<Decimal>,
    /// Whether it is the absolute discount that the mobile application asks for in points.
    #[serde(default, skip_serializing_if = "is_false")]
    pub absolute: bool,
    /// Points that it awards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Award>,
    /// A note that it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<NoteGift>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Points that a programme awards: a fixed value, or per cent of the bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Award {
    /// The type of points (`gdpo_dspt_ID`).
    #[serde(rename = "type")]
    pub kind: Guid,
    /// The operation (`gdpo_gdpot_ID`).
    pub operation: i64,
    /// Its name (`gdpo_Name`); left out, the bill's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub value: Option<Decimal>,
    /// How many per hundred of the bill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub percent: Option<Decimal>,
}

/// A note that a programme writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteGift {
    /// The type of the note (`note_nttp_ID`).
    #[serde(rename = "type")]
    pub kind: Guid,
    /// What stands in it (`note_Value`).
    pub value: Json,
}

/// A sale rule: a programme, and for whom and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The programme's name.
    pub programme: String,
    /// Only bills, or lines, with this privilege.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privilege: Option<Guid>,
    /// Only in this division.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<Guid>,
    /// Only for this client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Guid>,
    /// The type of days: on these alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// From this time of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Hour>,
    /// Until before this time of the day, or of the next where it is not after `from`; `00:00` and `24:00` are the day's
    /// end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Hour>,
}

impl Rule {
    /// Whether a moment is within its days and hours; what follows midnight belongs to the day on which it began.
    fn is_on(&self, moment: DateTime) -> bool {
        let on = |date: Date| self.days.is_empty() || self.days.iter().any(|day| day.is(date.weekday()));
        let (date, time) = (moment.date(), moment.time());
        let from = self.from.and_then(Hour::time).unwrap_or(Time::midnight());
        match self.to.and_then(Hour::time).filter(|to| *to != Time::midnight()) {
            Some(to) if to <= from => (time >= from && on(date)) || (time < to && date.yesterday().is_ok_and(on)),
            Some(to) => from <= time && time < to && on(date),
            None => from <= time && on(date),
        }
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    fn is(self, weekday: Weekday) -> bool {
        self as i8 == weekday.to_monday_zero_offset()
    }
}

/// A programme that applies to a bill, and whether to every line.
struct Applies {
    programme: Programme,
    /// Only to lines with this privilege of their own.
    only: Option<Guid>,
}

impl Loyalty {
    fn applying(&self, bill: &Bill, absolute: bool) -> Vec<Applies> {
        let opened = bill.opened().unwrap_or_default();
        let has = |privilege: Guid| {
            bill.guest.guid(guest::PRIVILEGE) == Some(privilege)
                || bill.privileges.iter().any(|row| row.guid(privilege::PRIVILEGE) == Some(privilege))
        };
        let mut applying = Vec::new();
        for rule in &self.rules {
            let fits = rule.division.is_none_or(|division| bill.division() == Some(division))
                && rule.client.is_none_or(|client| bill.client() == Some(client))
                && rule.is_on(opened);
            let programme = self.programmes.iter().find(|programme| programme.name == rule.programme);
            if let Some(programme) = programme.filter(|programme| fits && programme.absolute == absolute) {
                let only = rule.privilege.filter(|privilege| !has(*privilege));
                applying.push(Applies { programme: programme.clone(), only });
            }
        }
        applying
    }

    /// The absolute discount that applies to a bill: its type, and the menu groups it is for.
    pub(crate) fn absolute(&self, bill: &Bill) -> Option<(Guid, Vec<Guid>)> {
        let found = self.applying(bill, true).into_iter().find(|applies| applies.only.is_none())?;
        Some((found.programme.discount_type, found.programme.groups))
    }
}

impl State {
    /// Applies the programmes whose rules fit (`p_CalcDiscount`): prices, points, notes.
    pub(crate) fn apply_programmes(&mut self, bill: &mut Bill, now: DateTime) {
        for Applies { programme, only } in self.loyalty.applying(bill, false) {
            let mut used = only.is_none();
            bill.visit_mut(|line| {
                let for_line = only.is_none_or(|privilege| line.record.guid(item::PRIVILEGE) == Some(privilege));
                if for_line && self.in_groups(line, &programme.groups) {
                    used = true;
                    self.apply_to_line(line, &programme);
                }
            });
            if used {
                self.award(bill, &programme, now);
            }
        }
    }

    /// Applies to one line, which came to a bill later, the programmes whose rules fit; what they give to the whole bill
    /// is not given again.
    pub(crate) fn apply_to_new_line(&mut self, bill: &Bill, line: &mut Item) {
        for Applies { programme, only } in self.loyalty.applying(bill, false) {
            let for_line = only.is_none_or(|privilege| line.record.guid(item::PRIVILEGE) == Some(privilege));
            if for_line && self.in_groups(line, &programme.groups) {
                self.apply_to_line(line, &programme);
            }
        }
    }

    /// Whether a line's dish belongs to one of the menu groups; no groups: to all.
    pub(crate) fn in_groups(&self, line: &Item, groups: &[Guid]) -> bool {
        let dish = line.record.guid(item::MENU).and_then(|id| self.menu.items.get(&id));
        groups.is_empty() || dish.and_then(|dish| dish.group).is_some_and(|group| groups.contains(&group))
    }

    fn apply_to_line(&mut self, line: &mut Item, programme: &Programme) {
        let price = line.price();
        let percent = programme.percent.map_or(Decimal::ZERO, |percent| round(price * percent / Decimal::ONE_HUNDRED));
        let off = (programme.off.unwrap_or_default() + percent).min(price);
        let margin = programme.margin.unwrap_or_default();
        self.discount_line(line, programme.discount_type, off, margin);
    }

    /// Takes `off` from a line's unit price, adds `margin`, and writes both down.
    pub(crate) fn discount_line(&mut self, line: &mut Item, kind: Guid, off: Decimal, margin: Decimal) {
        if off.is_zero() && margin.is_zero() {
            return;
        }
        let price = (line.price() - off + margin).max(Decimal::ZERO);
        let add = |record: &mut Record, column, number: Decimal| {
            let sum = record.number(column).unwrap_or_default() + number;
            record.set(column, Value::Number(sum.normalize()));
        };
        line.record.set(item::PRICE, Value::Number(price.normalize()));
        add(&mut line.record, item::DISCOUNT, off);
        add(&mut line.record, item::MARGIN, margin);
        let vat = price_vat(&line.record);
        line.record.set(item::PRICE_VAT, Value::Number(vat));
        let mut row = Record::default();
        row.set(discount::ID, Value::Guid(self.new_id("rows")));
        if let Some(id) = line.record.guid(item::ID) {
            row.set(discount::ITEM, Value::Guid(id));
        }
        row.set(discount::TYPE, Value::Guid(kind));
        row.set(discount::PRICE, Value::Number(price.normalize()));
        row.set(discount::DISCOUNT, Value::Number(off.normalize()));
        row.set(discount::MARGIN, Value::Number(margin.normalize()));
        row.set(discount::ORDER, Value::Int(i64::try_from(line.discounts.len()).unwrap_or(0) + 1));
        line.discounts.push(row);
    }

    fn award(&mut self, bill: &mut Bill, programme: &Programme, now: DateTime) {
        if let Some(award) = &programme.points {
            let share = award.percent.map(|percent| round(bill.total() * percent / Decimal::ONE_HUNDRED));
            let mut row = Record::default();
            row.set(points::TYPE, Value::Guid(award.kind));
            row.set(points::OPERATION, Value::Int(award.operation));
            if let Some(name) = &award.name {
                row.set(points::NAME, Value::Text(name.as_str().into()));
            }
            row.set(
                points::VALUE,
                Value::Number((award.value.unwrap_or_default() + share.unwrap_or_default()).normalize()),
            );
            let mut rows = [row];
            self.fill_later(bill, &points::TABLE, &mut rows, now);
            bill.points.extend(rows);
        }
        if let Some(gift) = &programme.note {
            self.write_note(bill, gift.kind, gift.value.clone(), now);
        }
    }

    /// Writes a note of a type; a bill has one of each.
    pub(crate) fn write_note(&mut self, bill: &mut Bill, kind: Guid, value: Json, now: DateTime) {
        bill.notes.retain(|row| row.guid(note::TYPE) != Some(kind));
        let mut row = Record::default();
        row.set(note::TYPE, Value::Guid(kind));
        row.set(note::VALUE, Value::Any(Box::new(value)));
        let mut rows = [row];
        self.fill_later(bill, &note::TABLE, &mut rows, now);
        bill.notes.extend(rows);
    }
}
