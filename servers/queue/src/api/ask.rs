//! One command as a handler sees it.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use stend_core::json::Json;
use stend_core::near;
use stend_transport::SocketContext;

use crate::api::topics::Topic;
use crate::api::wire::{Data, Request};
use crate::errors::{Error, no_errors};
use crate::state::State;
use crate::state::fields::{Field, Kind, Need, odd};
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

/// Reads the request, calls the state once, gives the reply's data.
pub(crate) type Handler = fn(&mut Ask<'_, '_>, &mut State) -> Result<Answer, Error>;

/// One command: what was sent, by whom, and the moment.
pub(crate) struct Ask<'a, 'c> {
    pub(crate) request: &'a Request<'a>,
    /// There for every command but `login`.
    pub(crate) session: Option<Session>,
    pub(crate) now: Timestamp,
    pub(crate) context: &'a mut SocketContext<'c, Topic>,
}

impl Ask<'_, '_> {
    /// Adds a warning, which the journal shows.
    ///
    /// # Errors
    /// The world is strict. So warn before the state is changed.
    pub(crate) fn warn(&mut self, text: String) -> Result<(), Error> {
        self.context.warnings.warn(text).map_err(|refusal| Error::Strict(refusal.0))
    }

    /// Subscribes the socket.
    ///
    /// # Errors
    /// It has too many subscriptions.
    pub(crate) fn subscribe(&mut self, topic: Topic) -> Result<(), Error> {
        self.context.subscribe(topic).map_err(Error::TooManySubscriptions)
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

    fn given(&self, name: &str) -> Option<Value> {
        self.request.data.get(name).filter(|value| !value.is_null()).map(Json::to_value)
    }

    /// A whole number, if it is given.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Error> {
        if let Some(Json::Number(number)) = self.request.data.get(name)
            && let Some(int) = number.as_i64()
        {
            return Ok(Some(int));
        }
        self.given(name).map(|value| Kind::Int.read(name, &value)).transpose().map(|read| read.and_then(|n| n.as_i64()))
    }

    /// A whole number.
    ///
    /// # Errors
    /// It is none, or not given.
    pub(crate) fn need_int(&self, name: &'static str) -> Result<i64, Error> {
        self.int(name)?.ok_or(Error::Missing("Request", name))
    }

    /// A text, if it is given.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let read = self.given(name).map(|value| Kind::Text.read(name, &value)).transpose()?;
        Ok(read.and_then(|text| text.as_str().map(str::to_owned)))
    }

    /// Yes or no; no when it is not given.
    ///
    /// # Errors
    /// It is neither.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.given(name) {
            None => Ok(false),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(value) => Kind::Flag.read(name, &value).map(|flag| flag == 1),
        }
    }

    /// A moment, if it is given; a date or a time without zone is UTC.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        let Some(value) = self.given(name) else { return Ok(None) };
        let text = value.as_str().unwrap_or("").trim();
        let civil = || {
            let date = text.parse::<civil::DateTime>().or_else(|_| text.parse::<civil::Date>().map(Into::into));
            date.ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        };
        match text.parse().ok().or_else(civil) {
            Some(moment) => Ok(Some(moment)),
            None => Err(Error::Value(format!(
                "Parameter '{name}': expected a moment like 2015-06-17T00:00:00.000Z, found {value}"
            ))),
        }
    }

    /// A list of whole numbers.
    ///
    /// # Errors
    /// It is none, or not given.
    pub(crate) fn need_ints(&self, name: &'static str) -> Result<Vec<i64>, Error> {
        let value = self.given(name).ok_or(Error::Missing("Request", name))?;
        let read = Kind::Ints.read(name, &value)?;
        Ok(read.as_array().map_or_else(Vec::new, |ids| ids.iter().filter_map(Value::as_i64).collect()))
    }

    /// The fields of a row, as their kinds have them; others are warned about, and left out.
    ///
    /// # Errors
    /// A value of another kind; in a strict world any warning.
    pub(crate) fn row(&mut self, fields: &[Field], id_is_named: bool) -> Result<Map<String, Value>, Error> {
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        let mut row = Map::new();
        let request = self.request;
        for (name, value) in request.data.iter() {
            let value = &value.to_value();
            match fields.iter().find(|field| field.name == name) {
                Some(field) if field.need != Need::Server => {
                    row.insert(name.to_owned(), field.kind.read(name, value)?);
                    for (below, known) in odd(field.kind, value) {
                        self.unknown_below(name, &below, &known)?;
                    }
                }
                Some(_) if name == "id" && id_is_named => {}
                Some(_) => self.warn(format!("field `{name}` is the server's; ignored"))?,
                None => self.unknown(name, &names)?,
            }
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

    /// The window from which the command comes.
    ///
    /// # Errors
    /// As [`State::post`].
    pub(crate) fn post(&self, state: &State) -> Result<Post, Error> {
        state.post(self.session()?, self.int("workplace")?)
    }
}
