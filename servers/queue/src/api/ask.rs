//! One command as a handler sees it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, Unexpected};
use serde_json::{Map, Value};
use stend_core::json::Json;
use stend_core::near;
use stend_core::request::{self, Invalid, Reason, Style};
use stend_transport::SocketContext;

use crate::api::topics::Topic;
use crate::api::wire::{Data, Request};
use crate::errors::{Error, no_errors};
use crate::state::State;
use crate::state::books::{Book, FURTHER};
use crate::state::fields::{Need, moment, odd};
use crate::state::posts::Post;
use crate::state::sessions::Session;

/// What a handler gives.
pub(crate) enum Answer {
    /// The reply's `data`.
    Data(Data),
    /// The reply's `data`, and the token that goes beside it (Q5).
    Login(Value, String),
}

impl Answer {
    /// The reply's `data`.
    pub(crate) fn data(data: Value) -> Self {
        Self::Data(Data::Value(data))
    }

    /// "No errors".
    pub(crate) fn done() -> Self {
        Self::Data(Data::Value(no_errors()))
    }
}

/// Answers a command: mostly [`Ask::run`] with a rule.
pub(crate) type Handler = fn(&mut Ask<'_, '_>, &mut State) -> Result<Answer, Error>;

/// A rule as a command calls it: with its typed request.
pub(crate) type Rule<T> = fn(&mut Ask<'_, '_>, &mut State, T) -> Result<Answer, Error>;

/// One command: what was sent, by whom, and the moment.
pub(crate) struct Ask<'a, 'c> {
    pub(crate) request: &'a Request<'a>,
    /// There for every command but `login`.
    pub(crate) session: Option<Session>,
    pub(crate) now: Timestamp,
    pub(crate) context: &'a mut SocketContext<'c, Topic>,
}

impl Ask<'_, '_> {
    /// Reads the request and calls the rule once.
    ///
    /// # Errors
    /// What is wrong with the request, or what the rule refuses.
    pub(crate) fn run<T: DeserializeOwned>(&mut self, state: &mut State, rule: Rule<T>) -> Result<Answer, Error> {
        let request = self.read("Request")?;
        rule(self, state, request)
    }

    /// Adds a warning, which the journal shows.
    ///
    /// # Errors
    /// The world is strict. So warn before the state is changed.
    pub(crate) fn warn(&mut self, text: String) -> Result<(), Error> {
        self.context.warnings.warn(text).map_err(|refusal| Error::Strict(refusal.0))
    }

    /// Subscribes the socket, for the session of the command.
    ///
    /// # Errors
    /// It has too many subscriptions.
    pub(crate) fn subscribe(&mut self, topic: Topic) -> Result<(), Error> {
        let owner = Arc::clone(&self.session()?.token);
        self.context.subscribe(topic, owner).map_err(Error::TooManySubscriptions)
    }

    /// Warns about every field of `data` that the command does not know.
    ///
    /// # Errors
    /// As [`Ask::warn`].
    pub(crate) fn known(&mut self, known: &[&str]) -> Result<(), Error> {
        let request = self.request;
        let mut odd = request.data.keys().filter(|key| !known.contains(key));
        odd.try_for_each(|name| self.unknown(name, known))
    }

    /// Warns about one unknown field.
    ///
    /// # Errors
    /// As [`Ask::warn`].
    pub(crate) fn unknown(&mut self, name: &str, known: &[&str]) -> Result<(), Error> {
        self.warn(match near::nearest(name, known.iter().copied()) {
            Some(near) => format!("unknown field `{name}` ignored; did you mean `{near}`?"),
            None => format!("unknown field `{name}` ignored"),
        })
    }

    /// Warns about an unknown key within a field.
    fn unknown_below(&mut self, name: &str, below: &str, known: &[&str]) -> Result<(), Error> {
        let (path, key) = below.rsplit_once('.').map_or(("", below), |(path, key)| (path, key));
        let path = if path.is_empty() { name.to_owned() } else { format!("{name}.{path}") };
        self.warn(match near::nearest(key, known.iter().copied()) {
            Some(near) => format!("unknown field `{path}.{key}` ignored; did you mean `{path}.{near}`?"),
            None => format!("unknown field `{path}.{key}` ignored"),
        })
    }

    /// Reads `data` into a command's typed request. Fields that it does not declare are warned about.
    ///
    /// # Errors
    /// The first field that is missing, or of another kind; in a strict world any warning.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, of: &'static str) -> Result<T, Error> {
        let sent = self.request.data.iter().map(|(name, value)| (name.to_owned(), value.to_value())).collect();
        let read = request::read::<T>(&Value::Object(sent), Style::default());
        for unknown in &read.unknown {
            self.warn(unknown.to_string())?;
        }
        read.valid().map_err(|wrong| self.wrong(of, &wrong))
    }

    /// What is wrong with the request, as the server says it.
    fn wrong(&self, of: &'static str, wrong: &[Invalid]) -> Error {
        let Some(Invalid { path, reason }) = wrong.first() else { return Error::Missing(of, "data".into()) };
        let path = path.to_string();
        let name = path.split(['[', '.']).next().unwrap_or_default();
        let expected = match reason {
            Reason::Required => return Error::Missing(of, name.to_owned()),
            // A list is named as a whole.
            _ if path != name => "a list of whole numbers".to_owned(),
            Reason::NotList => "a list of whole numbers".to_owned(),
            Reason::NotNumber | Reason::NotInteger => "a whole number".to_owned(),
            Reason::NotText => "a string".to_owned(),
            Reason::NotFlag => "0 or 1".to_owned(),
            Reason::Expected(expected) => expected.clone(),
            other => other.to_string(),
        };
        let found = self.request.data.get(name).map_or(Value::Null, Json::to_value);
        Error::Value(format!("Parameter '{name}': expected {expected}, found {found}"))
    }

    /// The fields of a row, as their kinds have them. Others are kept as they came where the book keeps rows, and warned
    /// about unless public clients are known to send them; tickets leave them out.
    ///
    /// # Errors
    /// A value of another kind; in a strict world any warning.
    pub(crate) fn row(&mut self, book: Book, id_is_named: bool) -> Result<Map<String, Value>, Error> {
        let fields = book.fields();
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        let (mut row, mut further) = (Map::new(), Map::new());
        let request = self.request;
        for (name, value) in request.data.iter() {
            let (name, value) = (book.called(name), &value.to_value());
            match fields.iter().find(|field| field.name == name) {
                Some(field) if field.need != Need::Server => {
                    row.insert(name.to_owned(), field.kind.read(name, value)?);
                    for (below, known) in odd(field.kind, value) {
                        self.unknown_below(name, &below, &known)?;
                    }
                }
                Some(_) if name == "id" && id_is_named => {}
                Some(_) => self.warn(format!("field `{name}` is the server's; ignored"))?,
                None if book == Book::Consumer => self.unknown(name, &names)?,
                None => {
                    if !book.observed().contains(&name) {
                        self.warn(match near::nearest(name, names.iter().copied()) {
                            Some(near) => format!("unknown field `{name}` kept; did you mean `{near}`?"),
                            None => format!("unknown field `{name}` kept"),
                        })?;
                    }
                    further.insert(name.to_owned(), value.clone());
                }
            }
        }
        if !further.is_empty() {
            row.insert(FURTHER.to_owned(), Value::Object(further));
        }
        Ok(row)
    }

    /// The session of the command.
    ///
    /// # Errors
    /// There is none, which the dispatcher has seen to already.
    pub(crate) fn session(&self) -> Result<&Session, Error> {
        self.session.as_ref().ok_or(Error::NoToken)
    }

    /// The window from which the command comes: the one that is named, or the session's.
    ///
    /// # Errors
    /// As [`State::post`].
    pub(crate) fn post(&self, state: &State, workplace: Option<i64>) -> Result<Post, Error> {
        state.post(self.session()?, workplace)
    }
}

/// A moment as clients send it; a date or a time without zone is UTC.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sent = Value::deserialize(deserializer)?;
        let text = sent.as_str().unwrap_or("").trim();
        let wrong = || D::Error::invalid_value(Unexpected::Str(text), &"a moment like 2015-06-17T00:00:00.000Z");
        moment(text).map(Self).ok_or_else(wrong)
    }
}
