//! Sessions: a token belongs to a component, not to a socket (Q6).

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stend_core::Version;

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
    /// There is none, or it was unused for too long, which ends it.
    pub(crate) fn session(&self, token: Option<&str>, now: Timestamp) -> Result<Session, Error> {
        let token = token.filter(|token| !token.is_empty()).ok_or(Error::NoToken)?;
        let session = self.sessions.get(token).ok_or(Error::Token)?;
        if self.settings.session_timeout.after(session.used) <= now {
            return Err(Error::Expired);
        }
        Ok(session.clone())
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

    /// Notes that a session was used, by a command that succeeded.
    pub(crate) fn used(&mut self, session: &Session, now: Timestamp) {
        let now = to_milli(now);
        if session.used < now
            && let Some(session) = self.sessions.get_mut(&*session.token)
        {
            session.used = session.used.max(now);
        }
    }

    /// Ends sessions, and with them their subscriptions.
    pub(crate) fn end_sessions(&mut self, which: impl Fn(&Session) -> bool) {
        let before = self.sessions.len();
        self.sessions.retain(|_, session| !which(session));
        if self.sessions.len() != before {
            self.ended = Version::next();
        }
    }

    /// Sessions that are alive.
    pub(crate) fn alive(&self, now: Timestamp) -> usize {
        let timeout = self.settings.session_timeout;
        self.sessions.values().filter(|session| timeout.after(session.used) > now).count()
    }

    /// Opens a session; tells the reply's `data` and the token.
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
        let timeout = self.settings.session_timeout;
        if self.sessions.len() >= MOST {
            self.end_sessions(|session| timeout.after(session.used) <= now);
            if let Some(oldest) =
                self.sessions.values().min_by_key(|session| session.used).map(|old| Arc::clone(&old.token))
                && self.sessions.len() >= MOST
            {
                self.end_sessions(|session| session.token == oldest);
            }
        }
        let key: Arc<str> = token.as_str().into();
        self.sessions.insert(Arc::clone(&key), Session { token: key, component, who, workplace, used });
        Ok((data, token))
    }

    /// The user and the window of a login, checked.
    fn admit(&self, login: &Login) -> Result<(i64, i64), Error> {
        let user = self.books.users.rows.values().find(|user| user.login == login.login).ok_or(Error::Credentials)?;
        let password = login.password.as_deref().unwrap_or("").to_ascii_lowercase();
        if !stend_core::secret::same(&password, &user.password.to_ascii_lowercase()) {
            return Err(Error::Credentials);
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

    /// A terminal or board by its name.
    fn device(&self, book: Book, name: &str) -> Result<i64, Error> {
        let shelf = self.books.shelf(book).ok_or(Error::Credentials)?;
        let id = shelf.find(&super::books::Key::Name(name.to_owned())).ok_or(Error::Credentials)?;
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

    /// Ends a session. The window stays with its clerk while another of his sessions is open there.
    pub(crate) fn logout(&mut self, session: &Session, now: Timestamp) {
        self.end_sessions(|other| other.token == session.token);
        let Some(workplace) = session.workplace else { return };
        let still = self
            .sessions
            .values()
            .any(|other| other.component == Component::Workplace && other.workplace == Some(workplace));
        let clerk = self.clerk_of(session.who);
        let mine = self.books.workplaces.rows.get(&workplace).is_some_and(|row| Some(row.clerk_id) == clerk);
        if mine && !still && !self.people.works_at(workplace) {
            self.change_window(workplace, now, |window| window.clerk_id = -1);
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
