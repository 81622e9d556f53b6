//! The reference books: one mechanism for all of them (Q10). The tickets of `consumer` are kept in `tickets`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stend_core::json::{Json, Object};
use stend_core::{Problem, Table, Version};

use super::fields::{Field, Kind, Need, int};
use super::rows::{
    ConsumerPreRegistered, Operation, QBoard, Registrator, Row, ScoreBoard, Service, ServiceGroup, TicketRange, User,
    UserRole, Workplace,
};
use crate::errors::Error;

pub(crate) use super::book::Book;

/// The most rows of a book.
pub(crate) const MOST_ROWS: usize = 10_000;

/// The most fields of a row that its book does not know.
const MOST_FURTHER: usize = 64;

/// Under which a row keeps them; on the wire they stand among the others.
pub(crate) const FURTHER: &str = "further";

/// A row as clients get it: further fields stand behind its own.
pub(crate) fn spread(mut row: Value) -> Value {
    if let Some(keys) = row.as_object_mut()
        && let Some(Value::Object(further)) = keys.shift_remove(FURTHER)
    {
        for (name, value) in further {
            keys.entry(name).or_insert(value);
        }
    }
    row
}

/// What a client names a row by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    Id(i64),
    Name(String),
}

impl Key {
    /// As messages show it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Name(name) => format!("'{name}'"),
        }
    }
}

/// The rows of one book by their ids, and the id of the next new one.
#[derive(Debug, Clone)]
pub(crate) struct Shelf<T> {
    pub(crate) rows: Table<i64, T>,
    pub(crate) next: i64,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { rows: Table::default(), next: 1 }
    }
}

impl<T: Row> Shelf<T> {
    /// The rows of a world file.
    ///
    /// # Errors
    /// Ids that are none or given twice, and what a row cannot mean.
    pub(crate) fn seed(rows: Vec<T>, next: Option<i64>, now: Timestamp) -> Result<Self, Problem> {
        let mut shelf = Self::default();
        for (i, mut row) in rows.into_iter().enumerate() {
            let id = row.id();
            if !(1..=i64::from(i32::MAX)).contains(&id) {
                return Err(Problem::invalid(format!("{id} is no id; from 1")).under("id").under(i));
            }
            row.check().map_err(|text| Problem::invalid(text).under(i))?;
            if let Some(field) = T::FIELDS.iter().find(|field| field.need == Need::Required && field.kind == Kind::Text)
                && row.name().is_empty()
            {
                let text = format!("a row without `{}`", field.name);
                return Err(Problem::invalid(text).under(i));
            }
            if let Some((name, flag)) = row.flags().into_iter().find(|(_, flag)| !(0..=1).contains(flag)) {
                let problem = Problem::invalid(format!("{flag} is neither 0 nor 1"));
                return Err(name.rsplit('.').fold(problem, Problem::under).under(i));
            }
            if row.unique().is_some_and(|name| shelf.named(name, id)) {
                return Err(Problem::conflict(format!("`{}` is given twice", row.name())).under(i));
            }
            row.complete(now);
            if shelf.rows.insert(id, row).is_some() {
                return Err(Problem::conflict(format!("the id {id} is given twice")).under("id").under(i));
            }
        }
        let highest = shelf.rows.keys().next_back().copied().unwrap_or(0);
        shelf.next = next.unwrap_or(highest + 1).max(highest + 1);
        Ok(shelf)
    }

    fn named(&self, name: &str, except: i64) -> bool {
        self.rows.values().any(|row| row.id() != except && row.unique() == Some(name))
    }
}

/// A book without the type of its rows.
pub(crate) trait AnyShelf {
    fn find(&self, key: &Key) -> Option<i64>;
    fn row(&self, id: i64) -> Option<Value>;
    fn ids(&self) -> Vec<i64>;
    /// Changes with every row.
    fn version(&self) -> Version;
    fn refers(&self, id: i64) -> Vec<(Book, i64, &'static str)>;
    /// Who refers to this row of another book: id and name of each.
    fn referrers(&self, to: Book, id: i64) -> Vec<i64>;
    /// A row of the given fields that is not yet in the book.
    ///
    /// # Errors
    /// What is missing or cannot be meant.
    fn draft(&self, title: &'static str, fields: Map<String, Value>, now: Timestamp) -> Result<Draft, Error>;
    /// The row with these changes, not yet in the book.
    ///
    /// # Errors
    /// As [`AnyShelf::draft`].
    fn change(
        &self,
        title: &'static str,
        id: i64,
        fields: Map<String, Value>,
        now: Timestamp,
    ) -> Result<Option<Draft>, Error>;
    fn put(&mut self, draft: &Draft);
    fn remove(&mut self, id: i64);
}

/// A row that was checked and can be put into its book.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) id: i64,
    pub(crate) row: Value,
    pub(crate) refers: Vec<(Book, i64, &'static str)>,
}

impl<T: Row> Shelf<T> {
    fn drafted(&self, title: &'static str, row: &Value) -> Result<(T, Draft), Error> {
        let typed: T =
            serde_json::from_value(row.clone()).map_err(|error| Error::Value(format!("{title}: {error}")))?;
        typed.check().map_err(|text| Error::Value(format!("{title}: {text}")))?;
        if row[FURTHER].as_object().is_some_and(|further| further.len() > MOST_FURTHER) {
            return Err(Error::Value(format!("{title}: {MOST_FURTHER} further fields at most")));
        }
        if typed.unique().is_some_and(|name| self.named(name, typed.id())) {
            return Err(Error::Taken(format!("{title} '{}'", typed.name())));
        }
        let draft = Draft { id: typed.id(), row: json!(typed), refers: typed.refers() };
        Ok((typed, draft))
    }
}

impl<T: Row> AnyShelf for Shelf<T> {
    fn find(&self, key: &Key) -> Option<i64> {
        match key {
            Key::Id(id) => self.rows.contains_key(id).then_some(*id),
            Key::Name(name) => self.rows.values().find(|row| row.name() == name).map(Row::id),
        }
    }

    fn row(&self, id: i64) -> Option<Value> {
        self.rows.get(&id).map(|row| json!(row))
    }

    fn ids(&self) -> Vec<i64> {
        self.rows.keys().copied().collect()
    }

    fn version(&self) -> Version {
        self.rows.version()
    }

    fn refers(&self, id: i64) -> Vec<(Book, i64, &'static str)> {
        self.rows.get(&id).map(Row::refers).unwrap_or_default()
    }

    fn referrers(&self, to: Book, id: i64) -> Vec<i64> {
        let names = |row: &&T| row.refers().iter().any(|(book, other, _)| *book == to && *other == id);
        self.rows.values().filter(names).map(Row::id).collect()
    }

    fn draft(&self, title: &'static str, fields: Map<String, Value>, now: Timestamp) -> Result<Draft, Error> {
        if self.rows.len() >= MOST_ROWS {
            return Err(Error::Full(title, MOST_ROWS));
        }
        let is_missing = |field: &&Field| field.need == Need::Required && fields.get(field.name).is_none_or(is_nothing);
        if let Some(missing) = T::FIELDS.iter().find(is_missing) {
            return Err(Error::Missing(title, missing.name.into()));
        }
        let mut row = json!(T::default());
        for (name, value) in fields {
            row[name] = value;
        }
        row["id"] = json!(self.next);
        let (mut typed, _) = self.drafted(title, &row)?;
        typed.complete(now);
        self.drafted(title, &json!(typed)).map(|(_, draft)| draft)
    }

    fn change(
        &self,
        title: &'static str,
        id: i64,
        fields: Map<String, Value>,
        now: Timestamp,
    ) -> Result<Option<Draft>, Error> {
        let Some(old) = self.rows.get(&id) else { return Err(Error::NotFound(title, id.to_string())) };
        // What a new row needs is not taken from an old one.
        let is_taken = |field: &&Field| field.need == Need::Required && fields.get(field.name).is_some_and(is_nothing);
        if let Some(taken) = T::FIELDS.iter().find(is_taken) {
            return Err(Error::Missing(title, taken.name.into()));
        }
        let mut row = json!(old);
        for (name, value) in fields {
            match (row.get_mut(&name), value) {
                // A part such as `clerk` is changed field by field too.
                (Some(Value::Object(part)), Value::Object(changes)) if name == FURTHER || is_part::<T>(&name) => {
                    part.extend(changes);
                }
                (_, value) => row[name] = value,
            }
        }
        row["id"] = json!(id);
        let (mut typed, _) = self.drafted(title, &row)?;
        if typed == *old {
            return Ok(None);
        }
        typed.complete(now);
        typed.touch(now);
        self.drafted(title, &json!(typed)).map(|(_, draft)| Some(draft))
    }

    fn put(&mut self, draft: &Draft) {
        // The draft came out of a row of this very type.
        if let Ok(row) = serde_json::from_value::<T>(draft.row.clone()) {
            self.rows.insert(draft.id, row);
            self.next = self.next.max(draft.id + 1);
        }
    }

    fn remove(&mut self, id: i64) {
        self.rows.remove(&id);
    }
}

/// What a required field is not.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == ""
}

/// Whether the field is an object with fields of its own, and no map.
fn is_part<T: Row>(name: &str) -> bool {
    T::FIELDS.iter().any(|field| field.name == name && matches!(field.kind, Kind::Object(_)))
}

/// All books but the tickets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    pub(crate) operations: Shelf<Operation>,
    pub(crate) services: Shelf<Service>,
    pub(crate) ticket_ranges: Shelf<TicketRange>,
    pub(crate) workplaces: Shelf<Workplace>,
    pub(crate) user_roles: Shelf<UserRole>,
    pub(crate) users: Shelf<User>,
    pub(crate) q_boards: Shelf<QBoard>,
    pub(crate) score_boards: Shelf<ScoreBoard>,
    pub(crate) registrators: Shelf<Registrator>,
    pub(crate) pre_registered: Shelf<ConsumerPreRegistered>,
    pub(crate) service_groups: Shelf<ServiceGroup>,
}

impl Books {
    /// The rows of a book; the tickets have none here.
    pub(crate) fn shelf(&self, book: Book) -> Option<&dyn AnyShelf> {
        Some(match book {
            Book::Operation => &self.operations,
            Book::Service => &self.services,
            Book::TicketRange => &self.ticket_ranges,
            Book::Workplace => &self.workplaces,
            Book::UserRole => &self.user_roles,
            Book::User => &self.users,
            Book::QBoard => &self.q_boards,
            Book::ScoreBoard => &self.score_boards,
            Book::Registrator => &self.registrators,
            Book::ConsumerPreRegistered => &self.pre_registered,
            Book::ServiceGroup => &self.service_groups,
            Book::Consumer => return None,
        })
    }

    /// The same, to change it.
    pub(crate) fn shelf_mut(&mut self, book: Book) -> Option<&mut dyn AnyShelf> {
        Some(match book {
            Book::Operation => &mut self.operations,
            Book::Service => &mut self.services,
            Book::TicketRange => &mut self.ticket_ranges,
            Book::Workplace => &mut self.workplaces,
            Book::UserRole => &mut self.user_roles,
            Book::User => &mut self.users,
            Book::QBoard => &mut self.q_boards,
            Book::ScoreBoard => &mut self.score_boards,
            Book::Registrator => &mut self.registrators,
            Book::ConsumerPreRegistered => &mut self.pre_registered,
            Book::ServiceGroup => &mut self.service_groups,
            Book::Consumer => return None,
        })
    }

    /// The versions of all of them.
    pub(crate) fn versions(&self) -> Vec<Version> {
        Book::ALL.into_iter().filter_map(|book| self.shelf(book)).map(|shelf| shelf.version()).collect()
    }

    /// That everything which is referred to is there.
    ///
    /// # Errors
    /// The first reference that leads nowhere.
    pub(crate) fn check_references(&self, title: &'static str, draft: &Draft) -> Result<(), Error> {
        for (book, id, field) in &draft.refers {
            if self.shelf(*book).is_some_and(|shelf| shelf.row(*id).is_none()) {
                return Err(Error::Value(format!("{title}: parameter '{field}': {} {id} not found", book.title())));
            }
        }
        Ok(())
    }

    /// Who in the books refers to this row, in words.
    pub(crate) fn referrers(&self, book: Book, id: i64) -> Vec<String> {
        Book::ALL
            .into_iter()
            .filter_map(|other| Some((other, self.shelf(other)?)))
            .flat_map(|(other, shelf)| {
                shelf.referrers(book, id).into_iter().map(move |by| format!("{} {by}", other.title()))
            })
            .collect()
    }
}

/// The row that `id` or `name` of a request means.
///
/// # Errors
/// Neither is given, or the id is none.
pub(crate) fn key(title: &'static str, data: &Object<'_>) -> Result<Key, Error> {
    match (data.get("id").filter(|id| !id.is_null()), data.get("name").filter(|name| !name.is_null())) {
        (Some(id), _) => match int(&id.to_value()) {
            Some(id) => Ok(Key::Id(id)),
            None => Err(Error::Value(format!("Parameter 'id': expected a whole number, found {id}"))),
        },
        (None, Some(Json::String(name))) => Ok(Key::Name(name.clone().into_owned())),
        (None, Some(name)) => Err(Error::Value(format!("Parameter 'name': expected a string, found {name}"))),
        (None, None) => Err(Error::Missing(title, "id".into())),
    }
}
