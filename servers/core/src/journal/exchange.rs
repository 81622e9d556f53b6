//! What was sent and got. Clients that poll send the same and get the same again and again, so it is kept once.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::{Channel, Kind};

/// What a service tells the journal of an exchange.
#[derive(Debug, Clone)]
pub struct Note<'a> {
    /// The world's time when it came.
    pub at: Timestamp,
    /// The service.
    pub service: &'static str,
    /// The operation, if the request was for one.
    pub operation: Option<&'static str>,
    /// What kind of exchange.
    pub channel: Channel,
    /// Who a socket's client is: the login of its session, if it has one. Over HTTP the headers tell.
    pub client: Option<Arc<str>>,
    /// Method and target on the first line (a socket: the command), then one `name: value` a line.
    pub head: &'a str,
    /// What the client sent.
    pub request: Bytes,
    /// The status sent; on a socket 200, or 400 for an error reply, and 0 where nothing was sent.
    pub status: u16,
    /// What the client got.
    pub reply: Bytes,
    /// What was odd about the request and was let pass.
    pub warnings: Vec<String>,
    /// The fault that was applied.
    pub fault: Option<&'a str>,
}

/// An exchange that is kept: a [`Note`] without its time.
#[derive(Debug)]
pub struct Exchange {
    /// The service.
    pub service: &'static str,
    /// The operation, if the request was for one.
    pub operation: Option<&'static str>,
    /// What kind of exchange.
    pub channel: Channel,
    /// The status sent.
    pub status: u16,
    /// Who a socket's client is.
    pub client: Option<Arc<str>>,
    /// Method and target on the first line, then one `name: value` a line.
    pub head: Arc<str>,
    /// What the client sent.
    pub request: Bytes,
    /// What the client got.
    pub reply: Bytes,
    /// What was odd about the request and was let pass.
    pub warnings: Box<[String]>,
    /// The fault that was applied.
    pub fault: Option<Box<str>>,
}

impl Note<'_> {
    /// Its kind.
    pub(super) fn kind(&self) -> Kind {
        Kind { status: self.status, channel: self.channel, operation: self.operation, service: self.service }
    }

    /// Whether an exchange of the same kind is this one over again.
    pub(super) fn repeats(&self, other: &Exchange) -> bool {
        *self.head == *other.head
            && same(&self.reply, &other.reply)
            && same(&self.request, &other.request)
            && self.client == other.client
            && *self.warnings == *other.warnings
            && self.fault == other.fault.as_deref()
    }

    /// What is kept of it, beside the last one of its kind.
    pub(super) fn kept(self, beside: Option<&Exchange>) -> Exchange {
        let head = beside.map(|other| &other.head).filter(|head| ***head == *self.head);
        Exchange {
            service: self.service,
            operation: self.operation,
            channel: self.channel,
            status: self.status,
            client: self.client,
            head: head.map_or_else(|| Arc::from(self.head), Arc::clone),
            // A slice of what was read from the socket would keep the whole of it in memory.
            request: Bytes::copy_from_slice(&self.request),
            reply: self.reply,
            warnings: self.warnings.into(),
            fault: self.fault.map(Into::into),
        }
    }

    /// What it takes to keep it, in bytes.
    pub(super) fn weight(&self) -> usize {
        let warnings = self.warnings.iter().map(String::len);
        weight(self.head, [&self.request, &self.reply], warnings, self.fault)
    }
}

impl Exchange {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        Kind { status: self.status, channel: self.channel, operation: self.operation, service: self.service }
    }

    /// What it takes to keep it, in bytes.
    pub(super) fn weight(&self) -> usize {
        let warnings = self.warnings.iter().map(String::len);
        weight(&self.head, [&self.request, &self.reply], warnings, self.fault.as_deref())
    }

    /// The HTTP method, or the word before the target.
    pub fn method(&self) -> &str {
        self.first_line().split(' ').next().unwrap_or("")
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or("")
    }

    /// The query, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.target().split_once('?').map(|(_, query)| query)
    }

    /// Header lines in the order of their names, which are in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(": "))
    }

    /// The names and tokens by which the client is known: see [`shown`].
    pub fn clients(&self) -> impl Iterator<Item = &str> {
        self.client.as_deref().into_iter().chain(shown(self.headers()))
    }

    /// The header `traceparent` (W3C Trace Context), as it came.
    pub fn traceparent(&self) -> Option<&str> {
        self.headers().find(|(name, _)| *name == "traceparent").map(|(_, value)| value)
    }

    fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or("")
    }

    fn target(&self) -> &str {
        self.first_line().split_once(' ').map_or("", |(_, target)| target)
    }
}

/// The tokens that a request's headers show (names in lower case): a bearer token, and the header `token`.
pub fn shown<'h>(headers: impl Iterator<Item = (&'h str, &'h str)>) -> impl Iterator<Item = &'h str> {
    headers.filter_map(|(name, value)| match name {
        "token" => Some(value),
        "authorization" => value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")),
        _ => None,
    })
}

fn weight(head: &str, bodies: [&Bytes; 2], warnings: impl Iterator<Item = usize>, fault: Option<&str>) -> usize {
    let warnings: usize = warnings.map(|length| length + size_of::<String>()).sum();
    let bodies: usize = bodies.iter().map(|body| body.len()).sum();
    size_of::<Exchange>() + head.len() + bodies + warnings + fault.map_or(0, str::len)
}

/// Whether bodies are equal. Those of a poll mostly are one and the same, which is quickly seen.
fn same(one: &Bytes, other: &Bytes) -> bool {
    one.len() == other.len() && (one.as_ptr() == other.as_ptr() || one == other)
}
