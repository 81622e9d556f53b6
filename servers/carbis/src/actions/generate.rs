//! Tables, dishes and waiters that are made up beside those that a world lists.

use std::collections::BTreeMap;

use fake::Fake as _;
use fake::faker::name::en::FirstName;
use rand::RngExt;
use rand::seq::IndexedRandom;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Problem, Streams};

use crate::state::menu::{Dish, Table, Waiter};

/// How many of each to make up. Names are drawn from the stream `menu`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generate {
    /// Tables, with ids from 2000001 on.
    pub tables: u32,
    /// Dishes, with ids from 2100001 on.
    pub dishes: u32,
    /// Waiters, with ids from 2200001 on.
    pub waiters: u32,
}

const KINDS: [&str; 12] = [
    "Борщ",
    "Солянка",
    "Уха",
    "Пельмени",
    "Вареники",
    "Котлета",
    "Плов",
    "Сырники",
    "Блины",
    "Салат",
    "Компот",
    "Морс",
];
const CHANNELS: [&str; 10] = [
    "по-домашнему",
    "с грибами",
    "с зеленью",
    "от шефа",
    "с телятиной",
    "со сметаной",
    "по-сибирски",
    "с вишней",
    "постный",
    "в горшочке",
];

/// The most entities of a kind that are made up.
const MOST: u32 = 10_000;

/// Makes them up.
///
/// # Errors
/// More than may be made up.
pub(crate) fn make_up(
    generate: &Generate,
    random: &mut Streams,
    tables: &mut BTreeMap<i64, Table>,
    dishes: &mut BTreeMap<i64, Dish>,
    waiters: &mut BTreeMap<i64, Waiter>,
) -> Result<(), Problem> {
    for (key, count) in [("tables", generate.tables), ("dishes", generate.dishes), ("waiters", generate.waiters)] {
        if count > MOST {
            return Err(
                Problem::invalid(format!("{count} {key}; {MOST} at the most")).at(["generate".into(), key.into()])
            );
        }
    }
    let stream = random.get("menu");
    for n in 1..=i64::from(generate.tables) {
        let max_guests = stream.random_range(2..=8);
        tables.insert(2_000_000 + n, Table { id: 2_000_000 + n, name: n.to_string(), max_guests });
    }
    for n in 1..=i64::from(generate.dishes) {
        let name = format!(
            "{} {}",
            KINDS.choose(stream).unwrap_or(&KINDS[0]),
            CHANNELS.choose(stream).unwrap_or(&CHANNELS[0])
        );
        let price = Decimal::from(stream.random_range(9..=90) * 10);
        dishes.insert(2_100_000 + n, Dish { id: 2_100_000 + n, name, price, modifiers: Vec::new() });
    }
    for n in 1..=i64::from(generate.waiters) {
        let name: String = FirstName().fake_with_rng(stream);
        waiters.insert(2_200_000 + n, Waiter { id: 2_200_000 + n, name });
    }
    Ok(())
}
