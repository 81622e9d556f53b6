//! One row of a table: only the fields it has, in the table's order.

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde_json::Value as Kept;
use stend_core::json::Json;

use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::scalar;
use crate::state::tables::{Kind, Sign, Table, columns};

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Guid(Guid),
    Int(i64),
    Number(Decimal),
    Text(Box<str>),
    Date(DateTime),
    Flag(bool),
    Any(Box<Kept>),
}

/// A row: a bit for every field that is there, and the values in the table's order. Bills are many, so rows are
/// small: nothing is kept for a field that is not there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Record {
    present: u32,
    values: Vec<Value>,
}

impl Record {
    /// An empty row with room for so many fields.
    pub(crate) fn with_room(fields: usize) -> Self {
        Self { present: 0, values: Vec::with_capacity(fields) }
    }

    fn index(&self, column: usize) -> usize {
        (self.present & ((1_u32 << column) - 1)).count_ones() as usize
    }

    /// Whether the field is there.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.present & (1 << column) != 0
    }

    /// The value of a field.
    pub(crate) fn get(&self, column: usize) -> Option<&Value> {
        if self.has(column) { self.values.get(self.index(column)) } else { None }
    }

    /// Gives a field a value.
    pub(crate) fn set(&mut self, column: usize, value: Value) {
        let index = self.index(column);
        if self.has(column) {
            self.values[index] = value;
        } else {
            self.values.insert(index, value);
            self.present |= 1 << column;
        }
    }

    /// Takes a field away.
    pub(crate) fn remove(&mut self, column: usize) {
        if self.has(column) {
            let index = self.index(column);
            self.values.remove(index);
            self.present &= !(1 << column);
        }
    }

    /// The columns of the fields that are there and whose bits are set, in order.
    pub(crate) fn among(&self, bits: u32) -> impl Iterator<Item = usize> + use<> {
        columns(self.present & bits)
    }

    /// The columns of the fields that are there or whose bits are set, in order.
    pub(crate) fn and(&self, bits: u32) -> impl Iterator<Item = usize> + use<> {
        columns(self.present | bits)
    }

    /// Goes through the fields that are there or that the server gives, in order, and keeps of each what `fill` makes of
    /// its value, which it gets with the fields before it.
    pub(crate) fn refill(&mut self, table: &Table, mut fill: impl FnMut(usize, Option<Value>, &Self) -> Option<Value>) {
        let (old, all) = (self.present, self.present | table.served);
        let filled = Self::with_room(all.count_ones() as usize);
        let mut given = std::mem::replace(self, filled).values.into_iter();
        for column in columns(all) {
            let value = if old & 1 << column == 0 { None } else { given.next() };
            if let Some(value) = fill(column, value, self) {
                self.values.push(value);
                self.present |= 1 << column;
            }
        }
    }

    /// The fields that are there, with their columns, in order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (usize, &Value)> {
        columns(self.present).zip(&self.values)
    }

    /// Gives back what memory it does not need.
    pub(crate) fn shrink(&mut self) {
        self.values.shrink_to_fit();
    }

    pub(crate) fn guid(&self, column: usize) -> Option<Guid> {
        if let Some(Value::Guid(guid)) = self.get(column) { Some(*guid) } else { None }
    }

    pub(crate) fn int(&self, column: usize) -> Option<i64> {
        if let Some(Value::Int(int)) = self.get(column) { Some(*int) } else { None }
    }

    pub(crate) fn flag(&self, column: usize) -> Option<bool> {
        if let Some(Value::Flag(flag)) = self.get(column) { Some(*flag) } else { None }
    }

    pub(crate) fn number(&self, column: usize) -> Option<Decimal> {
        if let Some(Value::Number(number)) = self.get(column) { Some(*number) } else { None }
    }

    pub(crate) fn text(&self, column: usize) -> Option<&str> {
        if let Some(Value::Text(text)) = self.get(column) { Some(text) } else { None }
    }

    pub(crate) fn date(&self, column: usize) -> Option<DateTime> {
        if let Some(Value::Date(date)) = self.get(column) { Some(*date) } else { None }
    }
}

/// The most that a sum on a bill can be, and a count or a volume: with these no product of them leaves a decimal.
const MOST: i64 = 100_000_000;
/// As [`MOST`], of a count or a volume.
pub(crate) const MOST_OF_A_LINE: i64 = 1_000_000;

/// Reads one field. `null` and an empty string where no text is meant are no value.
pub(crate) fn value(table: &Table, column: usize, json: &Json<'_>) -> Result<Option<Value>, Error> {
    let Some(field) = table.fields.get(column) else { return Ok(None) };
    let empty = json.as_str().is_some_and(|text| text.trim().is_empty());
    if json.is_null() || (empty && !matches!(field.kind, Kind::Text | Kind::Any)) {
        return Ok(None);
    }
    let malformed = |expected| Error::Malformed { field: field.name.to_owned(), value: scalar::shown(json), expected };
    let range = |expected| Error::Range { field: field.name.to_owned(), value: scalar::shown(json), expected };
    let value = match field.kind {
        Kind::Guid | Kind::Ref(_) => {
            Value::Guid(json.as_str().and_then(Guid::parse).ok_or_else(|| malformed("uniqueidentifier"))?)
        }
        Kind::Int | Kind::State(_) => {
            let int = scalar::int(json).ok_or_else(|| malformed("int"))?;
            if !(0..=i64::from(i32::MAX)).contains(&int) {
                return Err(range("from 0 to 2147483647"));
            }
            Value::Int(int)
        }
        Kind::Number(sign) => {
            // Nearly all counts and prices are so, and within all limits.
            if let Json::Number(number) = json
                && let Some(whole @ 1..=MOST_OF_A_LINE) = number.as_i64()
            {
                return Ok(Some(Value::Number(whole.into())));
            }
            let number = scalar::number(json).ok_or_else(|| malformed("decimal"))?;
            match sign {
                Sign::Positive if number <= Decimal::ZERO => return Err(range("above 0")),
                Sign::NotNegative if number < Decimal::ZERO => return Err(range("0 or above")),
                Sign::Positive if number > Decimal::from(MOST_OF_A_LINE) => return Err(range("1000000 at the most")),
                _ if number.abs() > Decimal::from(MOST) => return Err(range("100000000 at the most")),
                _ => {
                    let number = number.round_dp(10).normalize();
                    if sign == Sign::Positive && number.is_zero() {
                        return Err(range("above 0"));
                    }
                    Value::Number(number)
                }
            }
        }
        Kind::Text => Value::Text(scalar::text(json).ok_or_else(|| malformed("nvarchar"))?.into()),
        Kind::Date => Value::Date(scalar::date_time(json).ok_or_else(|| malformed("datetime"))?),
        Kind::Flag => Value::Flag(scalar::flag(json).ok_or_else(|| malformed("bit"))?),
        Kind::Any => Value::Any(Box::new(json.to_value())),
    };
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tables::{guest, item};
    use serde_json::json;

    #[test]
    fn a_row_keeps_fields_in_the_tables_order() {
        let mut record = Record::default();
        record.set(guest::NAME, Value::Text("11".into()));
        record.set(guest::STATE, Value::Int(0));
        record.set(guest::ID, Value::Guid(Guid::draft(0)));
        record.set(guest::STATE, Value::Int(4));
        let columns: Vec<usize> = record.fields().map(|(column, _)| column).collect();
        assert_eq!(columns, [guest::ID, guest::STATE, guest::NAME]);
        assert_eq!(record.int(guest::STATE), Some(4));
        record.remove(guest::STATE);
        assert_eq!((record.int(guest::STATE), record.text(guest::NAME)), (None, Some("11")));
    }

    #[test]
    fn rows_stay_small() {
        assert!(size_of::<Value>() <= 24, "{}", size_of::<Value>());
    }

    #[test]
    fn reads_leniently_and_names_the_field_it_cannot_read() {
        let read = |column, json: Kept| value(&item::TABLE, column, &Json::from(&json));
        assert_eq!(read(item::PRICE, json!("480")), Ok(Some(Value::Number(480.into()))));
        assert_eq!(read(item::PRICE, json!(10.5)), Ok(Some(Value::Number(Decimal::new(105, 1)))));
        assert_eq!(read(item::PRICE, json!(null)), Ok(None));
        assert_eq!(read(item::MOVEMENT, json!("")), Ok(None));
        assert_eq!(read(item::UNSPENT, json!("0")), Ok(Some(Value::Flag(false))));
        let error = read(item::COUNT, json!(-1)).expect_err("negative");
        assert!(error.message().contains("orit_Count") && error.message().contains("-1"), "{}", error.message());
        let error = read(item::MENU, json!("12")).expect_err("no GUID");
        assert!(error.message().contains("orit_mitm_ID"), "{}", error.message());
        assert!(read(item::PRICE, json!(1e30)).is_err());
        assert!(read(item::PRICE, json!([1])).is_err());
    }
}
