//! What is there before any guest comes: tables, dishes, waiters.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Problem;

use super::State;

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The id that events carry.
    pub id: i64,
    /// What stands on it: `6`.
    pub name: String,
    /// How many it seats.
    #[serde(default = "four")]
    pub max_guests: u32,
}

fn four() -> u32 {
    4
}

/// A dish, or a modifier of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dish {
    /// The id that orders name.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its price, in the menu's currency.
    #[schemars(with = "f64")]
    pub price: Decimal,
    /// What it can be ordered with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modifiers: Vec<Modifier>,
}

/// What a dish can be ordered with. No sample of the document shows one filled in; its shape is assumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Modifier {
    /// The id that orders name.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it adds to the price of one dish.
    #[schemars(with = "f64")]
    pub price: Decimal,
}

/// A waiter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waiter {
    /// The id that orders carry.
    pub id: i64,
    /// Their name.
    pub name: String,
}

impl State {
    /// The table of this id.
    ///
    /// # Errors
    /// There is none; the hint names those there are.
    pub(crate) fn table(&self, id: i64) -> Result<&Table, Problem> {
        self.tables.get(&id).ok_or_else(|| missing("table", id, self.tables.keys()).under("table"))
    }
}

/// A problem about an id that nothing has, with a hint at those that something has.
pub(crate) fn missing<'a>(what: &str, id: i64, known: impl Iterator<Item = &'a i64>) -> Problem {
    let known: Vec<String> = known.map(i64::to_string).collect();
    let problem = Problem::not_found(format!("there is no {what} {id}"));
    match stend_core::near::hint(&id.to_string(), known.iter().map(String::as_str)) {
        Some(hint) => problem.hint(hint),
        None => problem.hint(format!("this world has no {what} at all")),
    }
}
