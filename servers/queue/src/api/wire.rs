//! The envelope: how requests are read and replies and pushes are written (Q1 to Q4).

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::Value;
use stend_core::json::{Json, Key, Object};

use crate::errors::{Error, ErrorObject};
use crate::state::fields::stamp;
use crate::state::settings::{ErrorsIn, LoginTokenIn, Manner, UnsubscribeEcho, Vintage};

/// A request, as far as it could be read; it borrows from its frame.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request<'t> {
    pub(crate) command: Cow<'t, str>,
    pub(crate) token: Option<Cow<'t, str>>,
    /// Echoed as it came (Q3).
    pub(crate) id: Option<Json<'t>>,
    pub(crate) data: Object<'t>,
    /// Keys beside the four.
    pub(crate) odd: Vec<String>,
}

/// The keys of a request.
pub(crate) const KEYS: [&str; 4] = ["token", "command", "id", "data"];

impl<'t> Request<'t> {
    /// Reads a frame; what could be read is there even when something is wrong, so that the reply can echo it.
    pub(crate) fn read(text: &'t str) -> (Self, Result<(), Error>) {
        let mut request = Self::default();
        let result = request.fill(text);
        (request, result)
    }

    fn fill(&mut self, text: &'t str) -> Result<(), Error> {
        let Parts { command, token, id, data } = match serde_json::from_str(text) {
            Ok(parts) => parts,
            Err(_) => self.odd_parts(text)?,
        };
        self.id = id.filter(|id| !id.is_null());
        let token = match token {
            Some(Json::String(token)) => {
                self.token = Some(token);
                None
            }
            other => other,
        };
        match command {
            Some(Json::String(command)) if !command.is_empty() => self.command = command,
            None | Some(Json::Null | Json::String(_)) => return Err(Error::NoCommand),
            Some(other) => {
                return Err(Error::Value(format!("Parameter 'command': expected a string, found {other}")));
            }
        }
        match token {
            None | Some(Json::Null) => {}
            Some(other) => return Err(Error::Value(format!("Parameter 'token': expected a string, found {other}"))),
        }
        match data {
            None | Some(Json::Null) => {}
            Some(Json::Object(data)) => self.data = data,
            // The server's language writes an empty map as an empty list now and then.
            Some(Json::Array(items)) if items.is_empty() => {}
            Some(other) => {
                return Err(Error::Value(format!("Parameter 'data': expected an object, found {}", kind(&other))));
            }
        }
        Ok(())
    }

    /// The same of a frame that is no object of just these keys.
    fn odd_parts(&mut self, text: &'t str) -> Result<Parts<'t>, Error> {
        let json: Json<'t> = serde_json::from_str(text).map_err(|error| {
            let marked = text.starts_with('\u{feff}');
            let why = "it begins with a byte order mark (UTF-8); send it without one";
            Error::NotJson(if marked { why.into() } else { error.to_string() })
        })?;
        let Json::Object(mut object) = json else { return Err(Error::NotJson("it is another kind of value".into())) };
        let id = object.swap_remove("id");
        let command = object.swap_remove("command");
        let token = object.swap_remove("token");
        let data = object.swap_remove("data");
        self.odd = object.keys().map(str::to_owned).collect();
        Ok(Parts { command, token, id, data })
    }
}

/// The values of a request's keys, read straight from an object that has each once and no others, as nearly all do.
#[derive(Default)]
struct Parts<'t> {
    command: Option<Json<'t>>,
    token: Option<Json<'t>>,
    id: Option<Json<'t>>,
    data: Option<Json<'t>>,
}

impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Parts<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a request")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
                let mut parts = Parts::default();
                while let Some(Key(key)) = map.next_key()? {
                    let part = match &*key {
                        "command" => &mut parts.command,
                        "token" => &mut parts.token,
                        "id" => &mut parts.id,
                        "data" => &mut parts.data,
                        _ => return Err(A::Error::custom("an odd key")),
                    };
                    if part.replace(map.next_value()?).is_some() {
                        return Err(A::Error::custom("a key twice"));
                    }
                }
                Ok(parts)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

fn kind(value: &Json<'_>) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// What a reply says.
pub(crate) enum Data {
    /// This.
    Value(Value),
    /// This, which is written already.
    Written(Bytes),
}

impl Data {
    /// How long it will be, about.
    fn room(&self) -> usize {
        match self {
            Self::Value(Value::Null | Value::Bool(_) | Value::Number(_)) => 20,
            Self::Value(_) => 512,
            Self::Written(text) => text.len(),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Value(value) => json(out, value),
            Self::Written(text) => out.extend_from_slice(text),
        }
    }
}

/// Writes a reply; `fresh` is the token of a session that it opens.
pub(crate) fn reply(now: Timestamp, request: &Request<'_>, fresh: Option<&str>, data: &Data, manner: Manner) -> Bytes {
    let token = match fresh {
        Some(token) => Some(token).filter(|_| manner.login_token_in != LoginTokenIn::Data),
        None => echoed(request, manner),
    };
    written(160 + data.room(), |out| {
        envelope(out, now, echo(&request.command, manner), token, request.id.as_ref(), |out| {
            out.extend_from_slice(b",\"data\":");
            data.write(out);
        });
    })
}

/// What `write` writes, for which there is room for so many bytes at first.
fn written(room: usize, write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut bytes = Vec::with_capacity(room);
    write(&mut bytes);
    if bytes.capacity() - bytes.len() > bytes.len() / 4 + 64 {
        // The journal keeps it.
        bytes.shrink_to_fit();
    }
    bytes.into()
}

/// A reply in the order of the older samples, with what the newer ones add at its end.
fn envelope(
    out: &mut Vec<u8>,
    now: Timestamp,
    command: &str,
    token: Option<&str>,
    id: Option<&Json<'_>>,
    body: impl FnOnce(&mut Vec<u8>),
) {
    out.extend_from_slice(b"{\"dateTime\":\"");
    stamp::write(out, now);
    out.extend_from_slice(b"\",\"command\":");
    string(out, command);
    body(out);
    if let Some(token) = token {
        out.extend_from_slice(b",\"token\":");
        string(out, token);
    }
    if let Some(id) = id {
        out.extend_from_slice(b",\"id\":");
        json(out, id);
    }
    out.push(b'}');
}

/// A string; most need no escapes.
fn string(out: &mut Vec<u8>, text: &str) {
    // Looked at to its end: many bytes at once.
    if !text.bytes().fold(false, |odd, byte| odd | (byte < b' ') | (byte == b'"') | (byte == b'\\')) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        json(out, text);
    }
}

fn json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    if let Err(error) = serde_json::to_writer(out, value) {
        tracing::error!(%error, "a reply cannot be written as JSON");
    }
}

/// The command that a reply names.
fn echo(command: &str, manner: Manner) -> &str {
    match manner.unsubscribe_echo {
        // The slip is printed for books; the observed `unsubscribeCurrentQueue` has none.
        UnsubscribeEcho::Printed if command.starts_with("unsubscribe") && !command.contains("CurrentQueue") => {
            &command["un".len()..]
        }
        _ => command,
    }
}

/// The request's token, where replies echo it.
fn echoed<'r>(request: &'r Request<'_>, manner: Manner) -> Option<&'r str> {
    request.token.as_deref().filter(|_| manner.vintage == Vintage::Full)
}

/// Writes the reply to what failed: the error object under `data`, as documented, and under `error` (Q2).
pub(crate) fn failure(now: Timestamp, request: &Request<'_>, error: &ErrorObject, manner: Manner) -> Bytes {
    written(512, |out| {
        envelope(out, now, &request.command, echoed(request, manner), request.id.as_ref(), |out| {
            if manner.errors_in != ErrorsIn::Error {
                out.extend_from_slice(b",\"data\":");
                json(out, error);
            }
            if manner.errors_in != ErrorsIn::Data {
                out.extend_from_slice(b",\"error\":");
                json(out, error);
            }
        });
    })
}

/// Writes a push: what a reply to the list's command would be, for everybody alike (Q3). `data` is JSON already.
pub(crate) fn push(now: Timestamp, command: &str, data: &str) -> ByteString {
    let text = written(80 + data.len(), |out| {
        envelope(out, now, command, None, None, |out| {
            out.extend_from_slice(b",\"data\":");
            out.extend_from_slice(data.as_bytes());
        });
    });
    // It is put together of texts.
    ByteString::try_from(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("Q3")]
    #[test]
    fn requests_are_read_as_far_as_they_go() {
        let (request, result) =
            Request::read(r#"{"token":"{t}","command":"serviceList","id":"7","data":{"a":1},"x":1}"#);
        assert_eq!(result, Ok(()));
        assert_eq!((&*request.command, request.token.as_deref()), ("serviceList", Some("{t}")));
        assert_eq!((request.id, request.odd), (Some(Json::String("7".into())), vec!["x".to_owned()]));
        let (request, result) = Request::read(r#"{"command":"info","id":3,"data":"x"}"#);
        assert!(matches!(result, Err(Error::Value(_))));
        assert_eq!((&*request.command, request.id), ("info", Some(Json::Number(3.into()))));
        assert!(matches!(Request::read("{").1, Err(Error::NotJson(_))));
        let marked = Request::read("\u{feff}{}").1;
        assert!(matches!(marked, Err(Error::NotJson(why)) if why.contains("byte order mark")));
        assert!(matches!(Request::read("[1]").1, Err(Error::NotJson(_))));
        assert!(matches!(Request::read("{}").1, Err(Error::NoCommand)));
        // A key that comes twice has its last value.
        let (request, result) = Request::read(r#"{"id":1,"command":"a","id":2,"command":"b","data":[]}"#);
        assert_eq!((result, &*request.command, request.id), (Ok(()), "b", Some(Json::Number(2.into()))));
    }

    #[proves("Q3")]
    #[test]
    fn a_push_carries_neither_token_nor_id() {
        let now = "2015-06-18T08:47:18.655Z".parse().expect("a moment");
        assert_eq!(
            push(now, "serviceList", "[1]"),
            r#"{"dateTime":"2015-06-18T08:47:18.655Z","command":"serviceList","data":[1]}"#
        );
    }

    #[test]
    fn a_reply_echoes_what_was_sent_escaped() {
        let now = "2015-06-18T08:47:18.655Z".parse().expect("a moment");
        let (request, _) = Request::read(r#"{"command":"a\"b","token":"\\","id":{"x":[1.50,"\n"],"x2":null}}"#);
        let data = Data::Value(serde_json::json!({"a": null}));
        assert_eq!(
            reply(now, &request, None, &data, Manner::default()),
            r#"{"dateTime":"2015-06-18T08:47:18.655Z","command":"a\"b","data":{"a":null},"token":"\\","id":{"x":[1.5,"\n"],"x2":null}}"#
        );
    }
}
