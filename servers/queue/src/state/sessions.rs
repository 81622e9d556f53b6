//! Sessions: a token belongs to a component, not to a socket (Q6).

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::State;
use super::books::Book;
use super::fields::{stamp, to_milli};
use super::settings::LoginTokenIn;
use crate::errors::Error;

/// What logs in (Q7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Component {
    /// A clerk at a window.
    Workplace,
    /// A terminal.
    Registrator,
    /// An LCD board.
    Qboard,
    /// An LED board.
    Scoreboard,
}

/// A session; a saved world carries them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// `{` and a UUID and `}`.
    #[schemars(with = "String")]
    pub token: Arc<str>,
    /// What logged in.
    pub component: Component,
    /// The user, or the terminal or board, by id.
    pub who: i64,
    /// The window of a clerk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workplace: Option<i64>,
    /// When it was used last.
    #[serde(with = "stamp")]
    #[schemars(with = "String")]
    pub used: Timestamp,
}

impl Session {
    /// Whether it ends with this row: its user, window, terminal or board.
    pub(crate) fn is_of(&self, book: Book, id: i64) -> bool {
        self.is_of_book(book) && if book == Book::Workplace { self.workplace == Some(id) } else { self.who == id }
    }

    /// Whether it ends when all rows of the book go.
    pub(crate) fn is_of_book(&self, book: Book) -> bool {
        match book {
            Book::Workplace | Book::User => self.component == Component::Workplace,
            Book::Registrator => self.component == Component::Registrator,
            Book::QBoard => self.component == Component::Qboard,
            Book::ScoreBoard => self.component == Component::Scoreboard,
            _ => false,
        }
    }
}

/// The most sessions at a time; beyond, the one unused for longest ends.
const MOST: usize = 100_000;

/// What a login gives.
pub(crate) struct Login {
    pub(crate) component: String,
    pub(crate) login: String,
    pub(crate) password: Option<String>,
    pub(crate) workplace: Option<i64>,
}

impl State {
    /// The session of a token.
    ///
    /// # Errors
    /// There is none, or it has ended unused.
    pub(crate) fn session(&self, token: Option<&str>) -> Result<&Session, Error> {
        let token = token.filter(|token| !token.is_empty()).ok_or(Error::NoToken)?;
        let ended = || if self.sessions.has_expired(token) { Error::Expired } else { Error::Token };
        self.sessions.get(token).ok_or_else(ended)
    }

    /// What a session logged in with, as it is called now.
    pub(crate) fn login_of(&self, session: &Session) -> Option<&str> {
        let books = &self.books;
        match session.component {
            Component::Workplace => books.users.rows.get(&session.who).map(|user| user.login.as_str()),
            Component::Registrator => books.registrators.rows.get(&session.who).map(|row| row.name.as_str()),
            Component::Qboard => books.q_boards.rows.get(&session.who).map(|row| row.name.as_str()),
            Component::Scoreboard => books.score_boards.rows.get(&session.who).map(|row| row.name.as_str()),
        }
    }

    /// Notes that a session was used, by a command that came.
    pub(crate) fn used(&mut self, session: &Session, now: Timestamp) {
        self.sessions.used(&session.token, now, self.settings.session_timeout);
    }

    /// Notes that a session has a subscription on an open socket from now on, or none any more.
    pub(crate) fn listens(&mut self, token: &str, listens: bool, now: Timestamp) {
        self.sessions.listens(token, listens, now, self.settings.session_timeout);
    }

    /// Ends sessions, and with them their subscriptions; their windows are free.
    pub(crate) fn end_sessions(&mut self, which: impl Fn(&Session) -> bool, now: Timestamp) {
        let ended: Vec<Session> = self.sessions.values().filter(|session| which(session)).cloned().collect();
        ended.iter().for_each(|session| self.logout(session, now));
    }

    /// Ends the sessions that nobody has used for too long; says whose they were.
    pub(crate) fn end_unused(&mut self, due: Timestamp) -> Vec<String> {
        let mut ended = Vec::new();
        while let Some(session) = self.sessions.lapse(due, self.settings.session_timeout) {
            self.leave(&session, due);
            ended.push(format!("the session of {} ends unused", self.login_of(&session).unwrap_or("nobody")));
        }
        ended
    }

    /// Opens a session; returns the reply's `data` and the token.
    ///
    /// # Errors
    /// Wrong credentials, an unknown or disabled window; a failed login opens nothing.
    pub(crate) fn login(&mut self, login: &Login, now: Timestamp) -> Result<(Value, String), Error> {
        let (component, who, workplace, mut data) = match login.component.to_ascii_lowercase().as_str() {
            "workplace" => {
                let (user, workplace) = self.admit(login)?;
                self.seat(user, workplace, now);
                let data =
                    json!({"workplace": self.workplace_wire(workplace), "user": self.row_wire(Book::User, user)});
                (Component::Workplace, user, Some(workplace), data)
            }
            "registrator" => {
                let who = self.device(Book::Registrator, &login.login)?;
                (Component::Registrator, who, None, json!({"component": self.row_wire(Book::Registrator, who)}))
            }
            "qboard" => {
                let who = self.device(Book::QBoard, &login.login)?;
                (Component::Qboard, who, None, json!({"component": self.row_wire(Book::QBoard, who)}))
            }
            "scoreboard" => {
                let who = self.device(Book::ScoreBoard, &login.login)?;
                (Component::Scoreboard, who, None, json!({"component": self.row_wire(Book::ScoreBoard, who)}))
            }
            _ => return Err(Error::Component(login.component.clone())),
        };
        let token = format!("{{{}}}", self.random.guid("tokens"));
        if self.settings.login_token_in != LoginTokenIn::Beside {
            data["token"] = json!(token);
        }
        let used = to_milli(now);
        if self.sessions.len() >= MOST
            && let Some(oldest) = self.sessions.values().min_by_key(|session| session.used).cloned()
        {
            self.logout(&oldest, now);
        }
        let session = Session { token: token.as_str().into(), component, who, workplace, used };
        self.sessions.open(session, self.settings.session_timeout);
        Ok((data, token))
    }

    /// The window of a clerk's good login, and the others at which he has open sessions.
    pub(crate) fn sits_elsewhere(&self, login: &Login) -> Option<(i64, String)> {
        let is_clerk = login.component.eq_ignore_ascii_case("workplace");
        let (user, workplace) = self.admit(login).ok().filter(|_| is_clerk)?;
        let others = self.sessions.windows_of(user).filter(|other| *other != workplace);
        let others: Vec<String> = others.map(|other| format!("workplace {other}")).collect();
        (!others.is_empty()).then(|| (workplace, others.join(", ")))
    }

    /// The user and the window of a login, checked.
    fn admit(&self, login: &Login) -> Result<(i64, i64), Error> {
        let user = self.books.users.rows.values().find(|user| user.login == login.login);
        let user = user.ok_or_else(|| Error::Credentials(self.device_called(&login.login)))?;
        if !stend_core::secret::same(login.password.as_deref().unwrap_or(""), &user.password) {
            return Err(Error::Credentials(None));
        }
        if user.disabled != 0 {
            return Err(Error::Disabled("User".into()));
        }
        let role = self.books.user_roles.rows.get(&user.role_id);
        if role.is_some_and(|role| role.disabled != 0) {
            return Err(Error::Disabled("UserRole".into()));
        }
        let clerk = user.clerk.as_ref().ok_or_else(|| Error::UserWithoutClerk(user.login.clone()))?;
        let workplace =
            login.workplace.or(clerk.default_workplace).ok_or_else(|| Error::Missing("login", "workplace".into()))?;
        let row = self.books.workplaces.rows.get(&workplace);
        let row = row.ok_or_else(|| Error::NotFound("Workplace", workplace.to_string()))?;
        if row.disabled != 0 {
            return Err(Error::Disabled(format!("Workplace {workplace}")));
        }
        Ok((user.id, workplace))
    }

    /// The book of a terminal or board of this name.
    fn device_called(&self, name: &str) -> Option<&'static str> {
        let key = super::books::Key::Name(name.to_owned());
        let has = |book: &Book| self.books.shelf(*book).is_some_and(|shelf| shelf.find(&key).is_some());
        [Book::Registrator, Book::QBoard, Book::ScoreBoard].into_iter().find(has).map(Book::title)
    }

    /// A terminal or board by its name.
    fn device(&self, book: Book, name: &str) -> Result<i64, Error> {
        let shelf = self.books.shelf(book).ok_or(Error::Credentials(None))?;
        let id = shelf.find(&super::books::Key::Name(name.to_owned()));
        let id = id.ok_or_else(|| Error::Device(book.title(), name.to_owned()))?;
        if shelf.row(id).is_some_and(|row| row["disabled"] != 0) {
            return Err(Error::Disabled(format!("{} '{name}'", book.title())));
        }
        Ok(id)
    }

    /// A clerk sits down at a window, in the place of whoever sat there, simulated or not.
    pub(crate) fn seat(&mut self, user: i64, workplace: i64, now: Timestamp) {
        self.people.go(workplace);
        let clerk = self.books.users.rows.get(&user).and_then(|user| user.clerk.as_ref()).map_or(-1, |clerk| clerk.id);
        self.change_window(workplace, now, |window| window.clerk_id = clerk);
    }

    /// Ends a session.
    pub(crate) fn logout(&mut self, session: &Session, now: Timestamp) {
        self.sessions.close(&session.token);
        self.leave(session, now);
    }

    /// A session has ended: its window is free, unless another of the same clerk is open there.
    fn leave(&mut self, session: &Session, now: Timestamp) {
        let Some(workplace) = session.workplace else { return };
        let clerk = self.clerk_of(session.who);
        let mine = self.books.workplaces.rows.get(&workplace).is_some_and(|row| Some(row.clerk_id) == clerk);
        if mine && !self.sessions.has_seat(workplace, session.who) && !self.people.works_at(workplace) {
            self.change_window(workplace, to_milli(now), |window| window.clerk_id = -1);
        }
    }

    /// The clerk's id of a user.
    pub(crate) fn clerk_of(&self, user: i64) -> Option<i64> {
        self.books.users.rows.get(&user)?.clerk.as_ref().map(|clerk| clerk.id)
    }

    /// What the tickets of a session's terminal differ by; 0 of what is no terminal.
    pub(crate) fn registrator_priority(&self, session: &Session) -> i64 {
        let terminal = Some(session).filter(|session| session.component == Component::Registrator);
        terminal.and_then(|session| self.books.registrators.rows.get(&session.who)).map_or(0, |row| row.priority)
    }

    /// Who is logged in (observed, Q27).
    pub(crate) fn me(&self, session: &Session) -> Value {
        match session.component {
            Component::Workplace => {
                let workplace = session.workplace.map_or(Value::Null, |id| self.workplace_wire(id));
                json!({"workplace": workplace, "user": self.row_wire(Book::User, session.who), "component": {}})
            }
            Component::Registrator => json!({"component": self.row_wire(Book::Registrator, session.who)}),
            Component::Qboard => json!({"component": self.row_wire(Book::QBoard, session.who)}),
            Component::Scoreboard => json!({"component": self.row_wire(Book::ScoreBoard, session.who)}),
        }
    }
}
