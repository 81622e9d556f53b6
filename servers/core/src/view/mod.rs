//! What people see of a state: tables of typed cells, and the actions that fit each row. A service makes its view with
//! [`View::table`]; the page and the terminal show it without knowing the service.

mod cell;
mod rows;

use schemars::JsonSchema;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

/// Draws a picture, as PNG. It is called when no lock is held.
pub type Draw = Box<dyn FnOnce() -> Vec<u8> + Send>;

pub use cell::{Cell, Chart, Tone};
pub use rows::Rows;

use crate::problem::Problem;

/// Rows a table unless asked otherwise, and at the most.
pub const PAGE: usize = 50;
/// The most rows of a table that one look shows.
pub const LARGEST_PAGE: usize = 1000;

/// A text for people, in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Title {
    /// English.
    pub en: &'static str,
    /// Russian.
    pub ru: &'static str,
}

/// How a table wants to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Rows under a head.
    Table,
    /// A card a row, side by side.
    Cards,
    /// Lines one below the other, as they came.
    Feed,
}

/// What the cells of a column hold; how each is written is said at [`Cell`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A sum in kopecks.
    Money,
    /// A moment.
    Time,
    /// A length of time in seconds.
    Span,
    /// A word with a tone.
    Badge,
    /// A value of a maximum.
    Meter,
    /// The path of a picture on the control port.
    Picture,
    /// A row of another table.
    Link,
    /// A small chart.
    Series,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Column {
    /// The key of its cells.
    pub id: &'static str,
    /// Its head.
    pub title: Title,
    /// What its cells hold.
    #[serde(rename = "type")]
    pub kind: Kind,
}

impl Column {
    /// A column of this kind.
    pub const fn new(id: &'static str, kind: Kind, en: &'static str, ru: &'static str) -> Self {
        Self { id, title: Title { en, ru }, kind }
    }
}

/// What is known of a table before any of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The word that `?table=` and `x-pick` name it by.
    pub id: &'static str,
    /// Its title.
    pub title: Title,
    /// How it wants to be shown.
    pub layout: Layout,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

impl Head {
    /// A table of rows under a head.
    pub const fn new(id: &'static str, en: &'static str, ru: &'static str, columns: &'static [Column]) -> Self {
        Self { id, title: Title { en, ru }, layout: Layout::Table, columns }
    }

    /// The same, shown in another way.
    #[must_use]
    pub const fn shown_as(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }
}

/// An action that fits a row or a table, its arguments filled in as far as they are known.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Offer {
    /// `queue.call_next`.
    pub name: String,
    /// What its button says.
    pub title: Title,
    /// The arguments that the row knows.
    pub args: Map<String, Value>,
    /// The arguments that have to be asked for; with `args` they are enough.
    #[serde(default, skip_serializing_if = "<[&str]>::is_empty")]
    pub ask: &'static [&'static str],
}

impl Offer {
    /// The action of this name after the service's.
    pub fn new(action: &'static str, en: &'static str, ru: &'static str) -> Self {
        Self { name: action.to_owned(), title: Title { en, ru }, args: Map::new(), ask: &[] }
    }

    /// The same with an argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }

    /// The same, and these are to be asked for.
    #[must_use]
    pub const fn asking(mut self, names: &'static [&'static str]) -> Self {
        self.ask = names;
        self
    }
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// What tells it from the others of its table; what an argument with this table's `x-pick` takes.
    pub key: String,
    /// Its cells by their columns; one that is left out is empty.
    #[serde(serialize_with = "by_column")]
    #[schemars(with = "std::collections::BTreeMap<String, Cell>")]
    pub cells: Vec<(&'static str, Cell)>,
    /// What can be done with it.
    pub actions: Vec<Offer>,
}

fn by_column<S: Serializer>(cells: &[(&'static str, Cell)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(cells.len()))?;
    for (column, cell) in cells {
        map.serialize_entry(column, cell)?;
    }
    map.end()
}

impl Row {
    /// A row without cells.
    pub fn new(key: impl ToString) -> Self {
        Self { key: key.to_string(), cells: Vec::new(), actions: Vec::new() }
    }

    /// The same with a cell.
    #[must_use]
    pub fn cell(mut self, column: &'static str, cell: impl Into<Cell>) -> Self {
        self.cells.push((column, cell.into()));
        self
    }

    /// The same with a cell, if there is one.
    #[must_use]
    pub fn maybe(self, column: &'static str, cell: Option<impl Into<Cell>>) -> Self {
        match cell {
            Some(cell) => self.cell(column, cell),
            None => self,
        }
    }

    /// The same with an action.
    #[must_use]
    pub fn offer(mut self, offer: Offer) -> Self {
        self.actions.push(offer);
        self
    }

    /// The same with an action, if it fits.
    #[must_use]
    pub fn offer_if(self, fits: bool, offer: impl FnOnce() -> Offer) -> Self {
        if fits { self.offer(offer()) } else { self }
    }
}

/// A table with the rows that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Shown {
    /// The word that `?table=` and `x-pick` name it by.
    pub id: &'static str,
    /// Its title.
    pub title: Title,
    /// How it wants to be shown.
    pub layout: Layout,
    /// Its columns, in order.
    pub columns: &'static [Column],
    /// A page of its rows.
    pub rows: Vec<Row>,
    /// What can be done that is of no row.
    pub actions: Vec<Offer>,
    /// How many rows there are; null where nobody has counted them.
    pub total: Option<usize>,
    /// What `?after=` takes for the next page; null: these are the last rows.
    pub next: Option<String>,
}

/// Which part of a view is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look<'l> {
    /// This table alone.
    pub table: Option<&'l str>,
    /// The most rows of each table.
    pub limit: usize,
    /// The rows after this; the `next` of the page before.
    pub after: Option<&'l str>,
}

impl Default for Look<'_> {
    fn default() -> Self {
        Self { table: None, limit: PAGE, after: None }
    }
}

/// What people see of a service's state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct View {
    /// The tables, the most wanted first.
    pub tables: Vec<Shown>,
    /// The words of all tables, also of those that were not asked for.
    #[serde(skip)]
    known: Vec<&'static str>,
    /// What of the look cannot be meant.
    #[serde(skip)]
    problem: Option<Problem>,
}

impl View {
    /// Without tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a table, if it is asked for.
    #[must_use]
    pub fn table(mut self, look: &Look<'_>, head: Head, fill: impl FnOnce(&mut Rows<'_>)) -> Self {
        self.known.push(head.id);
        if look.table.is_some_and(|table| table != head.id) {
            return self;
        }
        let mut rows = Rows::new(look);
        fill(&mut rows);
        let Head { id, title, layout, columns } = head;
        self.problem = self.problem.or(rows.problem);
        let (rows, actions, total, next) = (rows.rows, rows.actions, rows.total, rows.next);
        self.tables.push(Shown { id, title, layout, columns, rows, actions, total, next });
        self
    }

    /// The view with the full names of its actions.
    ///
    /// # Errors
    /// A table that is not there, or a place in one that cannot be.
    pub(crate) fn of(mut self, service: &str, look: &Look<'_>) -> Result<Self, Problem> {
        if let Some(table) = look.table.filter(|table| !self.known.contains(table)) {
            return Err(Problem::unknown("not_found", "table", table, self.known.iter().copied()).under("table"));
        }
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        for table in &mut self.tables {
            let of_rows = table.rows.iter_mut().flat_map(|row| &mut row.actions);
            for offer in table.actions.iter_mut().chain(of_rows) {
                offer.name = format!("{service}.{}", offer.name);
            }
        }
        Ok(self)
    }
}
