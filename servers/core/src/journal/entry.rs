//! An entry of the journal, and how it is shown.

use std::ops::Deref;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Channel, Exchange};

/// One exchange, as the journal keeps it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number in this world, from 1, never used again.
    pub seq: u64,
    /// The world's time when it came.
    pub at: Timestamp,
    /// What was sent and got: entries that follow each other and say the same share it.
    pub(super) exchange: Arc<Exchange>,
}

impl Deref for Entry {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        &self.exchange
    }
}

impl Entry {
    /// The entry as if this had been sent and got: method, target and header lines as [`Exchange::head`], and the bodies.
    #[must_use]
    pub fn rewritten(&self, head: &str, request: Vec<u8>, reply: Vec<u8>) -> Self {
        let Exchange { service, operation, channel, status, ref client, ref warnings, ref fault, .. } = *self.exchange;
        let (head, request, reply) = (Arc::from(head), request.into(), reply.into());
        let (client, warnings, fault) = (client.clone(), warnings.clone(), fault.clone());
        let exchange = Exchange { service, operation, channel, status, client, head, request, reply, warnings, fault };
        Self { seq: self.seq, at: self.at, exchange: Arc::new(exchange) }
    }

    /// The entry as a tree, for conditions and messages: bodies as [`body`] has them.
    pub fn to_json(&self) -> Value {
        self.shown(body(&self.request), body(&self.reply))
    }

    /// The entry as a list shows it: as the control API shows it otherwise, but without headers and bodies, and with the
    /// lengths of these, in bytes.
    pub fn head_json(&self) -> Head<'_> {
        Head { shown: self.parts(), request_bytes: self.request.len(), reply_bytes: self.reply.len() }
    }

    fn shown<B: Serialize>(&self, request: B, reply: B) -> Value {
        serde_json::to_value(self.show(request, reply)).unwrap_or_default()
    }

    fn show<B: Serialize>(&self, request: B, reply: B) -> Shown<'_, B> {
        let headers = self.headers().map(|(name, value)| Header { name, value }).collect();
        Shown { headers: Some(headers), request: Some(request), reply: Some(reply), ..self.parts() }
    }

    /// All but headers and bodies.
    fn parts<B>(&self) -> Shown<'_, B> {
        Shown {
            seq: self.seq,
            at: self.at.to_string(),
            service: self.service,
            operation: self.operation,
            channel: self.channel,
            way: self.channel,
            method: self.method(),
            path: self.path(),
            query: self.query(),
            headers: None,
            request: None,
            status: self.status,
            reply: None,
            client: self.client.as_deref(),
            traceparent: self.traceparent(),
            warnings: &self.warnings,
            remarks: &self.warnings,
            fault: self.fault.as_deref(),
        }
    }
}

/// The entry as the control API shows it: a body that is JSON as it was sent, key by key and digit by digit.
impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.show(Sent(&self.request), Sent(&self.reply)).serialize(serializer)
    }
}

#[derive(Serialize)]
struct Header<'e> {
    name: &'e str,
    value: &'e str,
}

#[derive(Serialize)]
struct Shown<'e, B> {
    seq: u64,
    at: String,
    #[serde(rename = "fake")]
    service: &'static str,
    operation: Option<&'static str>,
    channel: Channel,
    /// The older name of `channel`.
    way: Channel,
    method: &'e str,
    path: &'e str,
    query: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<Header<'e>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<B>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<B>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'e str>,
    /// The header of that name, by which traces are distinguished.
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'e str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'e [String],
    /// The older name of `warnings`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    remarks: &'e [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'e str>,
}

/// An entry without headers and bodies.
#[derive(Serialize)]
pub struct Head<'e> {
    #[serde(flatten)]
    shown: Shown<'e, ()>,
    request_bytes: usize,
    reply_bytes: usize,
}

/// A body as it was sent.
struct Sent<'e>(&'e [u8]);

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = std::str::from_utf8(self.0).ok().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
        match json {
            Some(json) => json.serialize(serializer),
            None => body(self.0).serialize(serializer),
        }
    }
}

/// A body as a tree: JSON where it is JSON, a string where it is text, `{"base64": …}` for other bytes, `null` for none.
pub fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if let Ok(json) = serde_json::from_slice(bytes) {
        return json;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => json!({ "base64": BASE64.encode(bytes) }),
    }
}
