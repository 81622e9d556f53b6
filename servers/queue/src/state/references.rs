//! What the eight commands of every reference book do (Q10 to Q13).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::State;
use super::books::{Book, Draft, FURTHER, Key, spread};
use super::fields::{Field, Kind, Need, to_milli};
use super::rows::{
    ConsumerPreRegistered, Operation, QBoard, Registrator, Row, ScoreBoard, Service, ServiceGroup, TicketRange, User,
    UserRole, Workplace,
};
use super::settings::Vintage;
use crate::errors::Error;

/// What clients may send of a ticket.
const CONSUMER: &[Field] = &[
    Field { name: "id", kind: Kind::Int, need: Need::Server },
    Field { name: "services", kind: Kind::Ints, need: Need::Required },
    Field { name: "priority", kind: Kind::Int, need: Need::Optional },
    Field { name: "pin_code", kind: Kind::MaybeText, need: Need::Optional },
    Field { name: "photo", kind: Kind::MaybeText, need: Need::Optional },
    Field { name: "comment", kind: Kind::MaybeText, need: Need::Optional },
];

impl Book {
    /// Which fields a row of it has.
    pub(crate) fn fields(self) -> &'static [Field] {
        match self {
            Self::Operation => Operation::FIELDS,
            Self::Service => Service::FIELDS,
            Self::TicketRange => TicketRange::FIELDS,
            Self::Workplace => Workplace::FIELDS,
            Self::UserRole => UserRole::FIELDS,
            Self::User => User::FIELDS,
            Self::QBoard => QBoard::FIELDS,
            Self::ScoreBoard => ScoreBoard::FIELDS,
            Self::Registrator => Registrator::FIELDS,
            Self::Consumer => CONSUMER,
            Self::ConsumerPreRegistered => ConsumerPreRegistered::FIELDS,
            Self::ServiceGroup => ServiceGroup::FIELDS,
        }
    }
}

/// What the samples of 2015 show of a window, beside `currentOperations`.
const TERSE_WINDOW: [&str; 9] =
    ["id", "operations", "name", "alias", "disabled", "state_id", "clerk_id", "consumer_id", "all_operations"];

impl State {
    /// All rows as clients get them.
    pub(crate) fn list(&self, book: Book) -> Value {
        match self.books.shelf(book) {
            Some(shelf) => shelf.ids().into_iter().map(|id| self.row_wire(book, id)).collect(),
            None => self.consumers.values().map(|consumer| self.consumer_wire(consumer)).collect(),
        }
    }

    /// One row as clients get it; `null` when there is none.
    pub(crate) fn row_wire(&self, book: Book, id: i64) -> Value {
        match (book, self.books.shelf(book)) {
            (Book::Workplace, _) => self.workplace_wire(id),
            (_, Some(shelf)) => {
                let mut row = spread(shelf.row(id).unwrap_or(Value::Null));
                if book == Book::User
                    && let Some(role) = row["role_id"].as_i64().and_then(|role| self.books.user_roles.rows.get(&role))
                {
                    row["role"] = spread(json!(role));
                }
                row
            }
            (_, None) => self.consumers.get(&id).map_or(Value::Null, |consumer| self.consumer_wire(consumer)),
        }
    }

    /// A window as clients get it.
    pub(crate) fn workplace_wire(&self, id: i64) -> Value {
        let Some(row) = self.books.workplaces.rows.get(&id) else { return Value::Null };
        let mut wire = json!(row);
        if let (Vintage::Terse, Some(keys)) = (self.settings.vintage, wire.as_object_mut()) {
            keys.retain(|key, _| key == FURTHER || TERSE_WINDOW.contains(&key.as_str()));
        }
        wire["currentOperations"] = json!(self.operations_of(id));
        spread(wire)
    }

    /// Changes a window, if this changes anything.
    pub(crate) fn change_window(&mut self, id: i64, now: Timestamp, change: impl FnOnce(&mut Workplace)) {
        let Some(row) = self.books.workplaces.rows.get_mut(&id) else { return };
        let before = (row.clerk_id, row.consumer_id);
        change(row);
        if before != (row.clerk_id, row.consumer_id) {
            row.last_update = to_milli(now);
        }
    }

    /// The row that a client means.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn find(&self, book: Book, key: &Key) -> Result<i64, Error> {
        let found = match self.books.shelf(book) {
            Some(shelf) => shelf.find(key),
            None => match key {
                Key::Id(id) => self.consumers.contains_key(id).then_some(*id),
                Key::Name(ticket) => {
                    self.consumers.values().rev().find(|consumer| consumer.ticket() == *ticket).map(|one| one.id)
                }
            },
        };
        found.ok_or_else(|| Error::NotFound(book.title(), key.shown()))
    }

    /// Adds a row and returns its id.
    ///
    /// # Errors
    /// Missing fields, references that lead nowhere, names that are taken.
    pub(crate) fn add_row(&mut self, book: Book, fields: Map<String, Value>, now: Timestamp) -> Result<i64, Error> {
        let Some(shelf) = self.books.shelf(book) else { return self.new_consumer(fields, now) };
        let draft = shelf.draft(book.title(), fields, to_milli(now))?;
        self.books.check_references(book.title(), &draft)?;
        self.check_clerk(book, &draft)?;
        if let Some(shelf) = self.books.shelf_mut(book) {
            shelf.put(&draft);
        }
        self.changed(book);
        Ok(draft.id)
    }

    /// That no other user is this clerk: windows name one by it.
    fn check_clerk(&self, book: Book, draft: &Draft) -> Result<(), Error> {
        let Some(clerk) = draft.row["clerk"]["id"].as_i64().filter(|_| book == Book::User) else { return Ok(()) };
        let mut others = self.books.users.rows.values().filter(|user| user.id != draft.id);
        match others.find(|user| user.clerk.as_ref().is_some_and(|part| part.id == clerk)) {
            Some(other) => Err(Error::Taken(format!("Clerk {clerk} (user '{}')", other.login))),
            None => Ok(()),
        }
    }

    /// The windows of a clerk have another one; -1: none.
    fn rename_clerk(&mut self, clerk: i64, new: i64, now: Timestamp) {
        let rows = self.books.workplaces.rows.values();
        let windows: Vec<i64> = rows.filter(|row| row.clerk_id == clerk).map(|row| row.id).collect();
        windows.into_iter().for_each(|window| self.change_window(window, now, |window| window.clerk_id = new));
    }

    /// Changes a row.
    ///
    /// # Errors
    /// As [`State::add_row`].
    pub(crate) fn set_row(
        &mut self,
        book: Book,
        id: i64,
        fields: Map<String, Value>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(shelf) = self.books.shelf(book) else { return self.set_consumer(id, fields, now) };
        let Some(draft) = shelf.change(book.title(), id, fields, to_milli(now))? else { return Ok(()) };
        self.books.check_references(book.title(), &draft)?;
        self.check_clerk(book, &draft)?;
        let clerk = self.clerk_of(id).filter(|_| book == Book::User);
        if let Some(shelf) = self.books.shelf_mut(book) {
            shelf.put(&draft);
        }
        if let Some(clerk) = clerk {
            self.rename_clerk(clerk, self.clerk_of(id).unwrap_or(-1), now);
        }
        self.changed(book);
        Ok(())
    }

    /// Removes a row that nothing refers to.
    ///
    /// # Errors
    /// There is none, or something refers to it; the error's children say what.
    pub(crate) fn remove_row(&mut self, book: Book, id: i64, now: Timestamp) -> Result<(), Error> {
        self.find(book, &Key::Id(id))?;
        let users = self.users_of(book, id);
        if !users.is_empty() {
            return Err(Error::InUse(book.title(), id, users));
        }
        self.drop_row(book, id, now);
        self.changed(book);
        Ok(())
    }

    /// Removes all rows, or none when something refers to one.
    ///
    /// # Errors
    /// As [`State::remove_row`].
    pub(crate) fn remove_all(&mut self, book: Book, now: Timestamp) -> Result<(), Error> {
        let ids = match self.books.shelf(book) {
            Some(shelf) => shelf.ids(),
            None => self.consumers.keys().copied().collect(),
        };
        for id in &ids {
            let users = self.users_of(book, *id);
            if !users.is_empty() {
                return Err(Error::InUse(book.title(), *id, users));
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        ids.into_iter().for_each(|id| self.drop_row(book, id, now));
        self.changed(book);
        Ok(())
    }

    fn drop_row(&mut self, book: Book, id: i64, now: Timestamp) {
        self.end_sessions(|session| session.is_of(book, id), now);
        if let Some(clerk) = self.clerk_of(id).filter(|_| book == Book::User) {
            self.rename_clerk(clerk, -1, now);
        }
        match self.books.shelf_mut(book) {
            Some(shelf) => shelf.remove(id),
            None => self.drop_consumer(id),
        }
    }

    /// What refers to a row, in words: rows of other books, tickets that are not done with, clerks at work.
    fn users_of(&self, book: Book, id: i64) -> Vec<String> {
        let mut users = self.books.referrers(book, id);
        let open = self.consumers.values().filter(|consumer| !consumer.state.is_final());
        let name = |consumer: &super::tickets::Consumer| format!("Consumer {}", consumer.id);
        match book {
            Book::Service => users.extend(open.filter(|one| one.services.contains_key(&id)).map(name)),
            Book::Operation => {
                users.extend(open.filter(|one| one.open().iter().any(|place| place.2 == id)).map(name));
            }
            Book::Consumer => {
                let at = self.consumers.get(&id).filter(|one| one.state == super::tickets::Stand::Serving);
                users.extend(at.map(|one| format!("Workplace {}", one.workplace_id)));
            }
            Book::Workplace => {
                users.extend(open.filter(|one| one.workplace_id == id).map(name));
                users.extend(self.people.works_at(id).then(|| "a simulated clerk".to_owned()));
            }
            Book::User => {
                let clerk = self.clerk_of(id);
                let sits = |row: &&Workplace| Some(row.clerk_id) == clerk && row.consumer_id >= 0;
                users.extend(
                    self.books.workplaces.rows.values().filter(sits).map(|row| format!("Workplace {}", row.id)),
                );
                users.extend(self.people.has_user(id).then(|| "a simulated clerk".to_owned()));
            }
            _ => {}
        }
        users
    }

    /// What follows from a change to a book: the order of the line.
    fn changed(&mut self, book: Book) {
        if book == Book::Service {
            self.line_up();
        }
    }
}
