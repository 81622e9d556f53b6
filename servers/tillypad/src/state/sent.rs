//! A bill as a client sends it: the typed request of `post-guest` and `calc-discount`.

use rust_decimal::Decimal;

use crate::state::bill::Bill;
use crate::state::guid::Guid;

/// How deep `orderItems` may nest: dishes are the first level.
pub(crate) const DEEPEST: usize = 16;

/// The most rows that a bill holds, of all tables together, its own not counted.
pub(crate) const MOST_ROWS: usize = 2_000;

/// What is odd about a bill and let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Odd {
    /// A field that the document does not know, and those that it does.
    Field { name: String, known: Vec<&'static str> },
    /// What is taken otherwise than it is written; the whole sentence.
    Said(String),
}

/// Points that the client wants to pay with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Declared {
    /// The key under which they stand.
    pub(crate) key: &'static str,
    /// The type of the note that keeps the sum; left out, the one of the settings.
    pub(crate) kind: Option<Guid>,
    pub(crate) sum: Decimal,
}

/// A bill as the client sent it.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) bill: Bill,
    pub(crate) declared: Vec<Declared>,
    pub(crate) odd: Vec<Odd>,
    pub(crate) rows: usize,
    /// Whether the bill stands in a world file: it holds as many rows as a bill has come to, discounts in it.
    pub(crate) filed: bool,
}
