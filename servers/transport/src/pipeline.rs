//! The pipeline: match faults → call the rule → journal, for every exchange, over HTTP or a socket. Its two adapters find
//! the world, decode what came, and send what [`serve`] gives them as its effect wants it sent.

use std::sync::Arc;

use bytes::Bytes;
use stend_core::fault::{Effect, Facts, Hit};
use stend_core::journal::{Channel, Note, shown};
use stend_core::{Timestamp, World};

use crate::codec::Warnings;
use crate::reply::Reply;

/// The head of a request: what faults match and the journal keeps of it beside its body.
pub(crate) trait Head {
    /// A header by its name in lower case.
    fn header(&self, name: &str) -> Option<String>;
    /// All headers, names in lower case.
    fn headers(&self) -> Vec<(&str, &str)>;
    /// Shows the head as the journal keeps it: method and target, then `name: value` a line.
    fn show(&self, see: &mut dyn FnMut(&str));
}

/// What came.
pub(crate) struct Exchange<'a> {
    pub(crate) service: &'static str,
    pub(crate) channel: Channel,
    /// Whether a socket is to be opened.
    pub(crate) handshake: bool,
    pub(crate) operation: Option<&'static str>,
    /// The method, or the command.
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) head: &'a dyn Head,
    /// The names by which a socket's client is known; over HTTP the headers tell.
    pub(crate) clients: &'a [&'a str],
    pub(crate) client: Option<Arc<str>>,
    pub(crate) now: Timestamp,
    pub(crate) request: Bytes,
}

/// What answers an exchange.
pub(crate) trait Answer {
    /// The reply of a fault that keeps the rule from being called.
    fn instead(&mut self, effect: &Effect) -> Option<Reply>;
    /// Calls the rule and encodes its outcome.
    fn answer(&mut self, warnings: &mut Warnings) -> Reply;
    /// Who a socket's client is after the rule: a login makes it known.
    fn client(&self) -> Option<Arc<str>> {
        None
    }
}

/// What is to be sent.
pub(crate) struct Served {
    pub(crate) reply: Reply,
    /// How: what the adapter does to the reply, or to the connection.
    pub(crate) effect: Option<Effect>,
    /// The length of the reply's body before a fault cut it, in bytes.
    pub(crate) whole: usize,
}

/// The first fault that an exchange matches.
pub(crate) fn match_fault(world: &World, exchange: &Exchange<'_>) -> Option<Hit> {
    if !world.faults.any() {
        return None;
    }
    let headers = exchange.head.headers();
    let mut clients = exchange.clients.to_vec();
    clients.extend(shown(headers.iter().copied()));
    let header = |name: &str| exchange.head.header(name);
    let facts = Facts {
        service: exchange.service,
        channel: exchange.channel,
        handshake: exchange.handshake,
        operation: exchange.operation,
        method: exchange.method,
        path: exchange.path,
        clients: &clients,
        header: &header,
    };
    world.faults.match_fault(&facts, exchange.now)
}

/// Serves one exchange. What is written into the journal is what the client gets.
pub(crate) fn serve(world: &World, exchange: Exchange<'_>, answer: &mut dyn Answer) -> Served {
    let (fault, effect) = match match_fault(world, &exchange) {
        Some(Hit { id, effect }) => (Some(id), Some(effect)),
        None => (None, None),
    };
    let mut warnings = Warnings::new(world.is_strict());
    let mut status = None;
    let instead = match &effect {
        Some(Effect::Reset | Effect::Close(_)) => {
            status = Some(0);
            Some(Reply::empty(crate::StatusCode::OK))
        }
        Some(effect) => answer.instead(effect),
        None => None,
    };
    let mut reply = instead.unwrap_or_else(|| answer.answer(&mut warnings));
    let whole = reply.body.len();
    match &effect {
        Some(Effect::Truncate(percent)) => {
            let keep = whole * usize::from(*percent) / 100;
            // A socket's text stays text.
            let keep = match (exchange.channel, std::str::from_utf8(&reply.body)) {
                (Channel::Frame, Ok(text)) => text.floor_char_boundary(keep),
                _ => keep,
            };
            reply.body.truncate(keep);
        }
        Some(Effect::Garbage(bytes)) => reply.body = bytes.clone().into(),
        _ => {}
    }
    let status = status.unwrap_or(reply.status.as_u16());
    let sent = if exchange.method == "HEAD" { Bytes::new() } else { reply.body.clone() };
    note(world, exchange, answer.client(), status, sent, warnings.into_texts(), fault.as_deref());
    Served { reply, effect, whole }
}

/// Writes an exchange into the journal.
pub(crate) fn note(
    world: &World,
    exchange: Exchange<'_>,
    client: Option<Arc<str>>,
    status: u16,
    reply: Bytes,
    warnings: Vec<String>,
    fault: Option<&str>,
) {
    let Exchange { service, channel, operation, method, path, head, now, request, .. } = exchange;
    let client = client.or(exchange.client);
    tracing::debug!(service, world = world.id(), method, path, status, fault, "exchange");
    let mut left = Some((request, reply, warnings, client));
    head.show(&mut |head| {
        let Some((request, reply, warnings, client)) = left.take() else { return };
        let note = Note { at: now, service, operation, channel, client, head, request, status, reply, warnings, fault };
        world.journal.write(note);
    });
}
