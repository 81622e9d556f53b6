//! Writing JSON: decimals digit for digit, so that no sum ever passes through a binary fraction.

use std::fmt::Write as _;

use jiff::civil::DateTime;
use rust_decimal::Decimal;

use crate::state::bill::{Bill, Item, Order};
use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::tables::{self, Table, item, note};

/// A JSON text that grows.
#[derive(Debug, Default)]
pub(crate) struct Out {
    text: String,
    /// Whether numbers that a double would not keep are written as strings: world files are read by parsers
    /// that know doubles only.
    careful: bool,
    /// Whether the only discount of a line is a list of one.
    lists: bool,
}

fn digit(n: u16) -> char {
    char::from_digit(u32::from(n), 10).unwrap_or('0')
}

impl Out {
    /// An empty text with room for `bytes`.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// A text for world files.
    pub(crate) fn careful() -> Self {
        Self { careful: true, ..Self::default() }
    }

    /// The same, writing the only discount of a line as a list of one or as an object.
    pub(crate) fn single_discounts_as_lists(self, lists: bool) -> Self {
        Self { lists, ..self }
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn comma(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.text.push(',');
        }
    }

    /// An object.
    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.comma();
        self.text.push('{');
        fill(self);
        self.text.push('}');
    }

    /// A list of whatever `write` writes for each item.
    pub(crate) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.comma();
        self.text.push('[');
        for item in items {
            write(self, item);
        }
        self.text.push(']');
    }

    /// A key; its value comes next. Keys are our own words and need no escapes.
    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.comma();
        self.text.push('"');
        self.text.push_str(key);
        self.text.push_str("\":");
        self
    }

    /// A string.
    pub(crate) fn string(&mut self, text: &str) {
        self.comma();
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.text.push('"');
            self.text.push_str(text);
            self.text.push('"');
            return;
        }
        match serde_json::to_string(text) {
            Ok(quoted) => self.text.push_str(&quoted),
            Err(_) => self.text.push_str("\"\""),
        }
    }

    /// A string, or `null`.
    pub(crate) fn string_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.string(text),
            None => self.raw("null"),
        }
    }

    /// A GUID.
    pub(crate) fn guid(&mut self, guid: Guid) {
        self.comma();
        self.text.push('"');
        self.text.push_str(guid.text(&mut [0; 36]));
        self.text.push('"');
    }

    /// A whole number.
    pub(crate) fn int(&mut self, int: i64) {
        self.comma();
        let _ = write!(self.text, "{int}");
    }

    /// A decimal as most of the document prints them: `315`, `9.5`.
    pub(crate) fn number(&mut self, number: Decimal) {
        let number = number.normalize();
        if self.careful && number.mantissa().unsigned_abs() >= 1_000_000_000_000_000 {
            self.string(&number.to_string());
        } else if let (0, Ok(int)) = (number.scale(), i64::try_from(number.mantissa())) {
            self.int(int);
        } else {
            self.comma();
            let _ = write!(self.text, "{number}");
        }
    }

    /// A decimal as `get-guest-info` and the sums of points print them: `210.0`.
    pub(crate) fn fraction(&mut self, number: Decimal) {
        self.number(number);
        if number.normalize().scale() == 0 {
            self.text.push_str(".0");
        }
    }

    /// A date and time: `2020-10-12T12:00:00`, with milliseconds if it was given with some.
    pub(crate) fn date(&mut self, date: DateTime) {
        self.comma();
        self.text.push('"');
        if date.subsec_nanosecond() == 0 && (0..=9_999).contains(&date.year()) {
            let year = date.year().unsigned_abs();
            let pairs = [year / 100, year % 100].into_iter().chain(
                [date.month(), date.day(), date.hour(), date.minute(), date.second()]
                    .map(|n| u16::from(n.unsigned_abs())),
            );
            for (pair, before) in pairs.zip(["", "", "-", "-", "T", ":", ":"]) {
                self.text.push_str(before);
                self.text.push(digit(pair / 10));
                self.text.push(digit(pair % 10));
            }
        } else {
            let _ = write!(self.text, "{}", date.strftime("%Y-%m-%dT%H:%M:%S%.f"));
        }
        self.text.push('"');
    }

    /// JSON that is ready.
    pub(crate) fn raw(&mut self, json: &str) {
        self.comma();
        self.text.push_str(json);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Guid(guid) => self.guid(*guid),
            Value::Int(int) => self.int(*int),
            Value::Number(number) => self.number(*number),
            Value::Text(text) => self.string(text),
            Value::Date(date) => self.date(*date),
            Value::Flag(flag) => self.raw(if *flag { "true" } else { "false" }),
            Value::Any(json) => self.raw(&json.to_string()),
        }
    }

    fn fields(&mut self, table: &Table, record: &Record) {
        for (column, value) in record.fields() {
            if let Some(field) = table.fields.get(column) {
                self.key(field.name).value(value);
            }
        }
    }

    fn rows(&mut self, key: &str, table: &Table, rows: &[Record]) {
        if !rows.is_empty() {
            self.key(key).list(rows, |out, row| out.object(|out| out.fields(table, row)));
        }
    }

    fn item(&mut self, item: &Item) {
        self.object(|out| {
            out.fields(&item::TABLE, &item.record);
            if !item.items.is_empty() {
                out.key("orderItems").list(&item.items, Self::item);
            }
            // One discount is an object, as printed, unless the world reads it otherwise; several are a list (P6).
            match &item.discounts[..] {
                [one] if !out.lists => {
                    out.key("orderItemDiscounts").object(|out| out.fields(&tables::discount::TABLE, one))
                }
                several => out.rows("orderItemDiscounts", &tables::discount::TABLE, several),
            }
        });
    }

    fn order(&mut self, order: &Order) {
        self.object(|out| {
            out.fields(&tables::order::TABLE, &order.record);
            out.key("orderItems").list(&order.items, Self::item);
        });
    }

    /// A whole bill. The notes of the types in `tabs`, declared and applied points, are shown a second time as sums.
    pub(crate) fn bill(&mut self, bill: &Bill, tabs: &[(&str, &[Guid])]) {
        self.object(|out| {
            out.fields(&tables::guest::TABLE, &bill.guest);
            if let Some(delivery) = &bill.delivery {
                out.key("guestDeliveries").object(|out| out.fields(&tables::delivery::TABLE, delivery));
            }
            out.rows("guestSalePrivileges", &tables::privilege::TABLE, &bill.privileges);
            out.key("orders").list(&bill.orders, Self::order);
            out.rows("guestDiscountPointOperations", &tables::points::TABLE, &bill.points);
            out.rows("notes", &note::TABLE, &bill.notes);
            for (key, kinds) in tabs {
                let sums: Vec<_> = kinds.iter().flat_map(|kind| bill.note_sums(*kind)).collect();
                if !sums.is_empty() {
                    out.key(key).list(sums, |out, (kind, sum)| out.type_sum(kind, |out| out.fraction(sum)));
                }
            }
        });
    }

    /// `{"type_ID": …, "sum": …}`.
    pub(crate) fn type_sum(&mut self, kind: Guid, sum: impl FnOnce(&mut Self)) {
        self.object(|out| {
            out.key("type_ID").guid(kind);
            sum(out.key("sum"));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("TP-159")]
    #[test]
    fn decimals_are_written_digit_for_digit() {
        let mut out = Out::default();
        out.list(["315.00", "9.5", "0", "1000.5"], |out, text| out.number(text.parse().expect("good")));
        out.list(["210", "45.00", "0.1"], |out, text| out.fraction(text.parse().expect("good")));
        assert_eq!(out.finish(), "[315,9.5,0,1000.5],[210.0,45.0,0.1]");
    }

    #[proves("TP-012", "G3")]
    #[test]
    fn dates_are_written_as_they_were_given() {
        for text in ["2020-10-12T12:00:00", "2020-10-12T12:00:00.25", "0001-01-09T03:04:05"] {
            let mut out = Out::default();
            out.date(text.parse().expect("good"));
            assert_eq!(out.finish(), format!("\"{text}\""));
        }
    }

    #[test]
    fn world_files_keep_what_a_double_would_not() {
        let mut out = Out::careful();
        out.number("1234567.1234567891".parse().expect("good"));
        assert_eq!(out.finish(), "\"1234567.1234567891\"");
    }
}
