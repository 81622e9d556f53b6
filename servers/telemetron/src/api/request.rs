//! Requests of this API: query and body as one typed struct, mistakes in Laravel's words (T5).

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use stend_core::request::{Read, Style, pairs, read};
use stend_transport::{Call, Refusal, not_utf8, query_pairs};

use crate::Telemetron;
use crate::errors::{Error, Invalid};

/// Laravel turns blank strings into `null` before anything else looks at them.
const STYLE: Style = Style { blank_is_null: true };

/// Fields that are true or false; one without a value is worth a warning.
const FLAGS: [&str; 8] =
    ["base64", "composite", "cp1251", "force", "full", "is_crt_active", "local", "track_bus_vends"];

/// Whether a body may be a form: all request data must be in JSON, but OAuth2 asks for tokens by forms (T1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forms {
    Taken,
    Refused,
}

/// A request that has been read, mistakes included: whoever asks is looked at first.
#[derive(Debug)]
pub(crate) struct Request<T>(Option<Read<T>>);

impl<T: DeserializeOwned> Request<T> {
    /// Reads query and body; a body counts for more than a query. Warns about unknown fields.
    pub(crate) fn read(call: &mut Call<'_, Telemetron>, forms: Forms) -> Result<Self, Refusal> {
        let Some(sent) = sent(call, forms)? else { return Ok(Self(None)) };
        let request = read::<T>(&sent, STYLE);
        warn_of_unknown(call, &request)?;
        Ok(Self(Some(request)))
    }
}

impl<T: DeserializeOwned> Request<Vec<T>> {
    /// Reads a body that is an object, or a list of such objects.
    pub(crate) fn read_one_or_more(call: &mut Call<'_, Telemetron>) -> Result<Self, Refusal> {
        let Some(sent) = sent(call, Forms::Refused)? else { return Ok(Self(None)) };
        if sent.is_array() {
            let request = read::<Vec<T>>(&sent, STYLE);
            warn_of_unknown(call, &request)?;
            return Ok(Self(Some(request)));
        }
        let request = read::<T>(&sent, STYLE);
        warn_of_unknown(call, &request)?;
        let Read { value, invalid, unknown } = request;
        Ok(Self(Some(Read { value: value.map(|one| vec![one]), invalid, unknown })))
    }
}

impl<T> Request<T> {
    /// What was sent, as far as it could be read: for warnings only.
    pub(crate) fn peek(&self) -> Option<&T> {
        self.0.as_ref()?.value.as_ref()
    }

    /// The request, if nothing is wrong with it.
    ///
    /// # Errors
    /// No JSON object; fields.
    pub(crate) fn valid(self) -> Result<T, Error> {
        self.checked(|_, _| {})
    }

    /// The same after checks of the caller, whose mistakes join those of the reading.
    ///
    /// # Errors
    /// No JSON object; fields.
    pub(crate) fn checked(self, check: impl FnOnce(&T, &mut Invalid)) -> Result<T, Error> {
        let request = self.0.ok_or(Error::BadRequest)?;
        // A list where an object belongs.
        if request.invalid.iter().any(|one| one.path.0.is_empty()) {
            return Err(Error::BadRequest);
        }
        let mut invalid = Invalid::from(request.invalid);
        if let Some(value) = &request.value {
            check(value, &mut invalid);
        }
        invalid.done()?;
        request.value.ok_or(Error::BadRequest)
    }
}

fn warn_of_unknown<T>(call: &mut Call<'_, Telemetron>, request: &Read<T>) -> Result<(), Refusal> {
    request.unknown.iter().try_for_each(|unknown| call.warn(unknown.to_string()))
}

/// What was sent, as a tree; `None` if the body is no JSON object or list.
fn sent(call: &mut Call<'_, Telemetron>, forms: Forms) -> Result<Option<Value>, Refusal> {
    let mut fields = pairs(call.query_pairs().map(|(key, value)| (key, value.into_owned())));
    let reads_body = !matches!(call.request.method().as_str(), "GET" | "HEAD");
    if !reads_body && !call.body.is_empty() {
        call.warn("a GET request carries its parameters in the query; its body was ignored")?;
    }
    if reads_body && !call.body.iter().all(u8::is_ascii_whitespace) {
        let declared =
            call.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let json = call.body.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte));
        if declared && json {
            // What `curl -d` sends when nobody names the type.
            call.warn("the body is JSON and is declared a form; it was read as JSON")?;
        }
        if declared && !json && forms == Forms::Taken {
            let text = String::from_utf8_lossy(&call.body);
            fields.extend(pairs(query_pairs(&text).map(|(key, value)| (key, value.into_owned()))));
        } else {
            match serde_json::from_slice::<Value>(&call.body) {
                Ok(Value::Object(body)) => fields.extend(body),
                Ok(list @ Value::Array(_)) => return Ok(Some(list)),
                _ => {
                    if let Some(text) = not_utf8(&call.body, "send UTF-8") {
                        call.warn(text)?;
                    }
                    return Ok(None);
                }
            }
        }
    }
    warn_of_empty_flags(call, &fields)?;
    Ok(Some(Value::Object(fields)))
}

fn warn_of_empty_flags(call: &mut Call<'_, Telemetron>, fields: &Map<String, Value>) -> Result<(), Refusal> {
    for name in FLAGS {
        if fields.get(name).is_some_and(|value| value == "") {
            call.warn(format!("`{name}` is empty and counts as left out; `{name}=1` says yes"))?;
        }
    }
    Ok(())
}
