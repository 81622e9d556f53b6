//! Reading the tree of a bill. What the client said is kept as it is; nothing is filled in here and no other row
//! is looked up, so that warnings can be made before the state is asked.

use std::fmt;

use rust_decimal::Decimal;
use stend_core::json::{Json, Object};
use stend_transport::not_utf8;

use crate::errors::Error;
use crate::state::bill::{Item, Order};
use crate::state::guid::Guid;
use crate::state::record::{Record, Value, value};
use crate::state::scalar;
use crate::state::sent::{DEEPEST, Declared, MOST_ROWS, Odd, Sent};
use crate::state::tables::{self, Table};

pub(crate) const BILL_KEYS: [&str; 8] = [
    "guestDeliveries",
    "guestSalePrivileges",
    "orders",
    "guestDiscountPointOperations",
    "notes",
    "discountSum",
    // The sentences about the protocol write it so.
    "DiscountSum",
    "appliedDiscountSum",
];

/// The body of a request as JSON.
pub(crate) fn json(body: &[u8]) -> Result<Json<'_>, Error> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Json("the request body is missing".into()));
    }
    // As text: its strings are then known to be text, too.
    let Ok(text) = std::str::from_utf8(body) else {
        let advice = "send it with `Content-Type: application/json; charset=windows-1251`";
        return Err(Error::Json(not_utf8(body, advice).unwrap_or_default()));
    };
    serde_json::from_str(text).map_err(|error| {
        let text = error.to_string();
        if text.starts_with("recursion limit") { Error::TooDeep(DEEPEST) } else { Error::Json(text) }
    })
}

/// The object that a body has to be.
pub(crate) fn object<'j, 't>(json: &'j Json<'t>, what: impl fmt::Display) -> Result<&'j Object<'t>, Error> {
    json.as_object().ok_or_else(|| Error::Shape(format!("{what} must be an object, found {}", kind(json))))
}

fn kind(json: &Json<'_>) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

/// Rows under a key: a list of objects; one object stands for a list of one, nothing for none.
fn rows<'j, 't>(
    map: &'j Object<'t>,
    key: &str,
) -> Result<impl ExactSizeIterator<Item = &'j Object<'t>> + use<'j, 't>, Error> {
    let rows = |list: &'j [Json<'t>]| list.iter().map(|row| row.as_object().unwrap_or(const { &Object::new() }));
    match map.get(key) {
        None | Some(Json::Null) => Ok(rows(&[])),
        Some(Json::Array(list)) => {
            list.iter().enumerate().try_for_each(|(i, row)| object(row, format_args!("{key}[{i}]")).map(drop))?;
            Ok(rows(list))
        }
        Some(one @ Json::Object(_)) => Ok(rows(std::slice::from_ref(one))),
        Some(other) => Err(Error::Shape(format!("{key} must be an array, found {}", kind(other)))),
    }
}

impl Sent {
    /// Reads a bill that a client sends.
    ///
    /// # Errors
    /// What is not shaped as the document shows or cannot be read, naming the field.
    pub(crate) fn read(json: &Json<'_>) -> Result<Self, Error> {
        Self::default().fill(json)
    }

    /// Reads a bill of a world file.
    ///
    /// # Errors
    /// As [`Sent::read`], but for the number of rows.
    pub(crate) fn read_filed(json: &Json<'_>) -> Result<Self, Error> {
        Self { filed: true, ..Self::default() }.fill(json)
    }

    fn fill(self, json: &Json<'_>) -> Result<Self, Error> {
        let map = object(json, "the guest bill")?;
        let mut sent = self;
        sent.bill.guest = sent.record(&tables::guest::TABLE, map, &BILL_KEYS)?;
        sent.rows = 0;
        match map.get("guestDeliveries") {
            None | Some(Json::Null) => {}
            Some(Json::Array(list)) if list.is_empty() => {}
            Some(Json::Array(list)) if list.len() > 1 => {
                return Err(Error::Shape("guestDeliveries holds one delivery".into()));
            }
            Some(given) => {
                let one = match given {
                    Json::Array(list) => {
                        sent.said("guestDeliveries is an object; the only one of a list was taken for it");
                        list.first().unwrap_or(given)
                    }
                    other => other,
                };
                let row = object(one, "guestDeliveries")?;
                sent.bill.delivery = Some(Box::new(sent.record(&tables::delivery::TABLE, row, &[])?));
            }
        }
        sent.bill.privileges = sent.records(&tables::privilege::TABLE, map, "guestSalePrivileges")?;
        sent.lists(map, "orders");
        let orders = rows(map, "orders")?;
        sent.bill.orders.reserve_exact(orders.len().min(MOST_ROWS));
        for row in orders {
            let record = sent.record(&tables::order::TABLE, row, &["orderItems"])?;
            let items = sent.items(row, 1)?;
            sent.bill.orders.push(Order { record, items });
        }
        sent.bill.points = sent.records(&tables::points::TABLE, map, "guestDiscountPointOperations")?;
        sent.bill.notes = sent.records(&tables::note::TABLE, map, "notes")?;
        for key in ["discountSum", "DiscountSum"] {
            let declared = sent.declared(map, key)?;
            sent.declared.extend(declared);
        }
        Ok(sent)
    }

    fn items(&mut self, map: &Object<'_>, depth: usize) -> Result<Vec<Item>, Error> {
        self.lists(map, "orderItems");
        let rows = rows(map, "orderItems")?;
        let mut items = Vec::with_capacity(rows.len().min(MOST_ROWS));
        for row in rows {
            if depth > DEEPEST {
                return Err(Error::TooDeep(DEEPEST));
            }
            let record = self.record(&tables::item::TABLE, row, &["orderItems", "orderItemDiscounts"])?;
            let discounts = self.records(&tables::discount::TABLE, row, "orderItemDiscounts")?;
            items.push(Item { record, items: self.items(row, depth + 1)?, discounts, ..Item::default() });
        }
        Ok(items)
    }

    /// Rows of a table under a key.
    pub(crate) fn records(&mut self, table: &'static Table, map: &Object<'_>, key: &str) -> Result<Vec<Record>, Error> {
        // The only discount of a line is printed as an object.
        if table.name != tables::discount::TABLE.name {
            self.lists(map, key);
        }
        rows(map, key)?.map(|row| self.record(table, row, &[])).collect()
    }

    fn count_row(&mut self) -> Result<(), Error> {
        self.rows += 1;
        if self.rows > MOST_ROWS && !self.filed { Err(Error::TooMany(MOST_ROWS)) } else { Ok(()) }
    }

    fn record(&mut self, table: &'static Table, map: &Object<'_>, nested: &[&'static str]) -> Result<Record, Error> {
        self.count_row()?;
        let mut record = Record::with_room(map.len());
        for (name, json) in map.iter() {
            if nested.contains(&name) {
                continue;
            }
            match table.find(name) {
                Some(column) => {
                    if let Some(value) = value(table, column, json)? {
                        if matches!(value, Value::Date(_)) && json.as_str().is_some_and(scalar::has_zone) {
                            self.dropped_zone(name, json);
                        }
                        record.set(column, value);
                    }
                }
                None => self.odd(name, table.names().chain(nested.iter().copied())),
            }
        }
        Ok(record)
    }

    /// Notes a field that nobody knows.
    pub(crate) fn odd(&mut self, name: &str, known: impl Iterator<Item = &'static str>) {
        self.odd.push(Odd::Field { name: name.to_owned(), known: known.collect() });
    }

    fn said(&mut self, text: impl Into<String>) {
        self.odd.push(Odd::Said(text.into()));
    }

    fn dropped_zone(&mut self, name: &str, json: &Json<'_>) {
        self.said(format!("{name}: times have no zone; that of `{}` was dropped", scalar::shown(json)));
    }

    /// Notes an object that stands where a list belongs.
    fn lists(&mut self, map: &Object<'_>, key: &str) {
        if matches!(map.get(key), Some(Json::Object(_))) {
            self.said(format!("{key} is a list; an object was taken for a list of one"));
        }
    }

    /// Sums of points under a key.
    pub(crate) fn declared(&mut self, map: &Object<'_>, key: &'static str) -> Result<Vec<Declared>, Error> {
        const KNOWN: [&str; 2] = ["type_ID", "sum"];
        let mut declared = Vec::new();
        self.lists(map, key);
        for row in rows(map, key)? {
            self.count_row()?;
            for name in row.keys().filter(|name| !KNOWN.contains(name)) {
                self.odd(name, KNOWN.into_iter());
            }
            let kind = match row.get("type_ID") {
                None | Some(Json::Null) => None,
                Some(Json::String(text)) if text.trim().is_empty() => None,
                Some(json) => Some(json.as_str().and_then(Guid::parse).ok_or_else(|| Error::Malformed {
                    field: format!("{key}.type_ID"),
                    value: scalar::shown(json),
                    expected: "uniqueidentifier",
                })?),
            };
            let field = || format!("{key}.sum");
            let json = row.get("sum").filter(|json| !json.is_null());
            let json = json.ok_or(Error::Missing { table: key, field: "sum" })?;
            let sum = scalar::number(json).ok_or_else(|| Error::Malformed {
                field: field(),
                value: scalar::shown(json),
                expected: "decimal",
            })?;
            if sum < Decimal::ZERO || sum > Decimal::from(100_000_000) {
                let value = scalar::shown(json);
                return Err(Error::Range { field: field(), value, expected: "from 0 to 100000000" });
            }
            if json.as_str().is_some() {
                self.said(format!("{}: a number without quotes, the document says", field()));
            }
            declared.push(Declared { key, kind, sum: sum.round_dp(2).normalize() });
        }
        Ok(declared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Kept, json};

    fn read(json: &Kept) -> Result<Sent, Error> {
        Sent::read(&json.into())
    }

    #[proves("TP-002")]
    #[test]
    fn keeps_what_was_sent_and_notes_what_is_odd() {
        let sent = read(&json!({
            "gest_Name": "11", "gest_Nmae": 1,
            "orders": [{ "orderItems": [{ "orit_Count": "2", "orderItems": [{ "orit_Count": 1 }] }] }],
            "discountSum": [{ "sum": 25 }],
        }))
        .expect("good");
        assert_eq!(sent.bill.guest.text(tables::guest::NAME), Some("11"));
        assert_eq!(sent.bill.orders[0].items[0].items.len(), 1);
        assert_eq!(sent.declared, [Declared { key: "discountSum", kind: None, sum: 25.into() }]);
        assert!(matches!(&sent.odd[..], [Odd::Field { name, .. }] if name == "gest_Nmae"), "{:?}", sent.odd);
    }

    #[proves("TP-246")]
    #[test]
    fn limits_hold() {
        let mut items = json!([]);
        for _ in 0..=DEEPEST {
            items = json!([{ "orit_Count": 1, "orderItems": items }]);
        }
        let error = read(&json!({ "orders": [{ "orderItems": items }] })).expect_err("deep");
        assert_eq!(error, Error::TooDeep(DEEPEST));
        // The order is one of them.
        let most = vec![json!({ "orit_Count": 1 }); MOST_ROWS - 1];
        assert!(read(&json!({ "orders": [{ "orderItems": most }] })).is_ok());
        let many = vec![json!({ "orit_Count": 1 }); MOST_ROWS];
        let error = read(&json!({ "orders": [{ "orderItems": many }] })).expect_err("many");
        assert_eq!(error, Error::TooMany(MOST_ROWS));
        assert_eq!(json("[".repeat(1_000).as_bytes()).expect_err("deep"), Error::TooDeep(DEEPEST));
        assert!(matches!(json(b"{\"a\": "), Err(Error::Json(_))));
        assert!(matches!(json(b" "), Err(Error::Json(_))));
        assert!(
            matches!(json(b"\"\xff\""), Err(Error::Json(text)) if text.starts_with("the body is not UTF-8: byte 0xFF at 1"))
        );
        for odd in [json!([]), json!("x"), json!({ "orders": 5 }), json!({ "orders": ["x"] })] {
            assert!(matches!(read(&odd), Err(Error::Shape(_))), "{odd}");
        }
    }
}
