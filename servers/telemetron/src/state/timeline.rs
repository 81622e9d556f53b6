//! Rows in time order, of which copies share what they have in common.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stend_core::Table;

use crate::state::time::{Moment, Period};

/// A row that knows when it was.
pub trait Timed: Clone {
    /// When.
    fn at(&self) -> Moment;
}

/// Rows by their moments; of one moment, the first to come stands first.
#[derive(Debug, Clone)]
pub struct Timeline<T> {
    rows: Table<(Moment, u64), T>,
    next: u64,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { rows: Table::default(), next: 0 }
    }
}

impl<T: Timed> Timeline<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn push(&mut self, row: T) {
        self.rows.insert((row.at(), self.next), row);
        self.next += 1;
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.values()
    }

    /// The rows of a period, both ends in it.
    pub(crate) fn within(&self, period: Period) -> impl Iterator<Item = &T> {
        let last = period.until.max(period.since);
        let rows = self.rows.range((period.since, 0)..=(last, u64::MAX)).map(|(_, row)| row);
        rows.take_while(move |row| row.at() <= period.until)
    }

    /// Forgets what lies before a moment, and the oldest of more than `most`.
    pub(crate) fn trim(&mut self, before: Moment, most: usize) {
        while self.rows.first().is_some_and(|((at, _), _)| *at < before) || self.rows.len() > most {
            self.rows.pop_first();
        }
    }
}

impl<T: Timed> FromIterator<T> for Timeline<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        let mut timeline = Self::default();
        rows.into_iter().for_each(|row| timeline.push(row));
        timeline
    }
}

impl<T: Timed + Serialize> Serialize for Timeline<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Timed + Deserialize<'de>> Deserialize<'de> for Timeline<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<T>::deserialize(deserializer).map(|rows| rows.into_iter().collect())
    }
}

impl<T: JsonSchema> JsonSchema for Timeline<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Vec::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<T>::json_schema(generator)
    }
}
