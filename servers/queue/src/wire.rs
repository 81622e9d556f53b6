//! The envelope: how requests are read and replies and pushes are written (Q1 to Q4).

use bytestring::ByteString;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, ErrorObject};
use crate::state::fields::stamp;
use crate::state::settings::{ErrorsIn, LoginTokenIn, Manner, UnsubscribeEcho, Vintage};

/// A request, as far as it could be read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) command: String,
    pub(crate) token: Option<String>,
    /// Echoed as it came (Q3).
    pub(crate) id: Option<Value>,
    pub(crate) data: Map<String, Value>,
    /// Keys beside the four.
    pub(crate) odd: Vec<String>,
}

/// The keys of a request.
pub(crate) const KEYS: [&str; 4] = ["token", "command", "id", "data"];

impl Request {
    /// Reads a frame; what could be read is there even when something is wrong, so that the reply can echo it.
    pub(crate) fn read(text: &str) -> (Self, Result<(), Error>) {
        let mut request = Self::default();
        let result = request.fill(text);
        (request, result)
    }

    fn fill(&mut self, text: &str) -> Result<(), Error> {
        let value: Value = serde_json::from_str(text).map_err(|error| Error::NotJson(error.to_string()))?;
        let Value::Object(mut object) = value else { return Err(Error::NotJson("it is another kind of value".into())) };
        self.id = object.remove("id").filter(|id| !id.is_null());
        let command = object.remove("command");
        let token = object.remove("token");
        let data = object.remove("data");
        self.odd = object.into_iter().map(|(key, _)| key).collect();
        if let Some(Value::String(token)) = &token {
            self.token = Some(token.clone());
        }
        match command {
            Some(Value::String(command)) if !command.is_empty() => self.command = command,
            None | Some(Value::Null | Value::String(_)) => return Err(Error::NoCommand),
            Some(other) => {
                return Err(Error::Value(format!("Parameter 'command': expected a string, found {other}")));
            }
        }
        match token {
            None | Some(Value::Null | Value::String(_)) => {}
            Some(other) => return Err(Error::Value(format!("Parameter 'token': expected a string, found {other}"))),
        }
        match data {
            None | Some(Value::Null) => {}
            Some(Value::Object(data)) => self.data = data,
            // The server's language writes an empty map as an empty list now and then.
            Some(Value::Array(items)) if items.is_empty() => {}
            Some(other) => {
                return Err(Error::Value(format!("Parameter 'data': expected an object, found {}", kind(&other))));
            }
        }
        Ok(())
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A reply in the order of the older samples, with what the newer ones add at its end.
#[derive(Serialize)]
struct Reply<'a, D> {
    #[serde(rename = "dateTime")]
    date_time: &'a str,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<D>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
}

/// Writes a reply; `fresh` is the token of a session that it opens.
pub(crate) fn reply(
    now: Timestamp,
    request: &Request,
    fresh: Option<&str>,
    data: impl Serialize,
    manner: Manner,
) -> ByteString {
    let reply = Reply {
        date_time: &stamp::print(now),
        command: echo(&request.command, manner),
        data: Some(data),
        error: None,
        token: match fresh {
            Some(token) => Some(token).filter(|_| manner.login_token_in != LoginTokenIn::Data),
            None => echoed(request, manner),
        },
        id: request.id.as_ref(),
    };
    written(&reply)
}

/// The command that a reply names.
fn echo(command: &str, manner: Manner) -> &str {
    match manner.unsubscribe_echo {
        // The slip is printed for books; the observed `unsubscribeCurrentQueue` has none.
        UnsubscribeEcho::Printed if command.starts_with("unsubscribe") && !command.ends_with("CurrentQueue") => {
            &command["un".len()..]
        }
        _ => command,
    }
}

/// The request's token, where replies echo it.
fn echoed(request: &Request, manner: Manner) -> Option<&str> {
    request.token.as_deref().filter(|_| manner.vintage == Vintage::Full)
}

/// Writes the reply to what failed: the error object under `data`, as documented, and under `error` (Q2).
pub(crate) fn failure(now: Timestamp, request: &Request, error: &ErrorObject, manner: Manner) -> ByteString {
    let object = serde_json::to_value(error).unwrap_or_default();
    let reply = Reply {
        date_time: &stamp::print(now),
        command: &request.command,
        data: Some(&object).filter(|_| manner.errors_in != ErrorsIn::Error),
        error: Some(&object).filter(|_| manner.errors_in != ErrorsIn::Data),
        token: echoed(request, manner),
        id: request.id.as_ref(),
    };
    written(&reply)
}

/// Writes a push: what a reply to the list's command would be, for everybody alike (Q3). `data` is JSON already.
pub(crate) fn push(now: Timestamp, command: &str, data: &str) -> ByteString {
    format!(r#"{{"dateTime":"{}","command":"{command}","data":{data}}}"#, stamp::print(now)).into()
}

fn written(value: &impl Serialize) -> ByteString {
    match serde_json::to_string(value) {
        Ok(text) => text.into(),
        Err(error) => {
            tracing::error!(%error, "a reply cannot be written as JSON");
            ByteString::from_static("{}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_far_as_they_go() {
        let (request, result) =
            Request::read(r#"{"token":"{t}","command":"serviceList","id":"7","data":{"a":1},"x":1}"#);
        assert_eq!(result, Ok(()));
        assert_eq!((request.command.as_str(), request.token.as_deref()), ("serviceList", Some("{t}")));
        assert_eq!((request.id, request.odd), (Some("7".into()), vec!["x".to_owned()]));
        let (request, result) = Request::read(r#"{"command":"info","id":3,"data":"x"}"#);
        assert!(matches!(result, Err(Error::Value(_))));
        assert_eq!((request.command.as_str(), request.id), ("info", Some(3.into())));
        assert!(matches!(Request::read("{").1, Err(Error::NotJson(_))));
        assert!(matches!(Request::read("[1]").1, Err(Error::NotJson(_))));
        assert!(matches!(Request::read("{}").1, Err(Error::NoCommand)));
    }

    #[test]
    fn a_push_carries_neither_token_nor_id() {
        let now = "2015-06-18T08:47:18.655Z".parse().expect("a moment");
        assert_eq!(
            push(now, "serviceList", "[1]"),
            r#"{"dateTime":"2015-06-18T08:47:18.655Z","command":"serviceList","data":[1]}"#
        );
    }
}
