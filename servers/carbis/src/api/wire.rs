//! What goes over the wire, key for key in the document's order.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Serialize, Serializer};

/// An error (C4).
#[derive(Debug, Serialize)]
pub(crate) struct Failure<'a> {
    pub(crate) result: bool,
    pub(crate) error: &'a str,
}

/// One of `updates`. The document's section on each code prints it.
#[derive(Debug, Serialize)]
pub(crate) struct Event<'a> {
    pub(crate) hash: &'a str,
    pub(crate) code: &'a str,
    pub(crate) table: i64,
    pub(crate) invoice: Option<Invoice>,
    pub(crate) order: Option<Order>,
    /// Absent from `additional_order` (C8).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table_repr: Option<TableRepr>,
}

/// The table as `waiter_call` and `online_payment` show it.
#[derive(Debug, Serialize)]
pub(crate) struct TableRepr {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) max_guests: u32,
}

/// What is to be paid, and what was just added (`session`).
#[derive(Debug, Serialize)]
pub(crate) struct Invoice {
    pub(crate) id: i64,
    pub(crate) order_guid: String,
    pub(crate) table_id: i64,
    #[serde(serialize_with = "fraction")]
    pub(crate) unpaid_sum: Decimal,
    pub(crate) session_id: i64,
    pub(crate) status: i32,
    pub(crate) error: Option<String>,
    pub(crate) session: Session,
}

/// The dishes that an additional order has added.
#[derive(Debug, Serialize)]
pub(crate) struct Session {
    pub(crate) items: Vec<SessionItem>,
    pub(crate) payments: Option<()>,
}

/// One added dish.
#[derive(Debug, Serialize)]
pub(crate) struct SessionItem {
    pub(crate) id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(serialize_with = "fraction")]
    pub(crate) count: Decimal,
    pub(crate) modifiers: Vec<SessionItem>,
    pub(crate) name: String,
}

/// A table's order.
#[derive(Debug, Serialize)]
pub(crate) struct Order {
    pub(crate) guid: String,
    #[serde(serialize_with = "fraction")]
    pub(crate) sum: Decimal,
    #[serde(serialize_with = "fraction")]
    pub(crate) pricelist_sum: Decimal,
    pub(crate) table: Named,
    pub(crate) waiter: Named,
    /// No sample shows one, so there are none.
    pub(crate) discounts: [(); 0],
    /// Empty in the sample even of a paid order.
    pub(crate) payments: [(); 0],
    pub(crate) dishes: Vec<Dish>,
}

/// An id and a name.
#[derive(Debug, Serialize)]
pub(crate) struct Named {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// A line of an order.
#[derive(Debug, Serialize)]
pub(crate) struct Dish {
    pub(crate) id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    #[serde(serialize_with = "fraction")]
    pub(crate) price: Decimal,
    #[serde(serialize_with = "fraction")]
    pub(crate) count: Decimal,
    #[serde(serialize_with = "fraction")]
    pub(crate) sum: Decimal,
    pub(crate) modifiers: Vec<Dish>,
}

/// As the document prints sums and counts: `150.0`, never `150`.
fn fraction<S: Serializer>(decimal: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(decimal.to_f64().unwrap_or(f64::MAX))
}
