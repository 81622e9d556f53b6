//! The pipeline: match faults → call the rule → journal, for every exchange, over HTTP or a socket. Its two adapters find
//! the world, decode what came, and send what [`serve`] gives them as its effect wants it sent.

use std::sync::Arc;

use bytes::Bytes;
use stend_core::fault::{Effect, Facts, Hit, Reset};
use stend_core::journal::{Channel, Note, shown};
use stend_core::tally::Key;
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

impl Exchange<'_> {
    /// What it is counted by.
    fn key(&self) -> Key {
        Key { service: self.service, channel: self.channel, operation: self.operation }
    }
}

/// What answers an exchange.
pub(crate) trait Answer {
    /// The reply of a fault that keeps the rule from being called.
    fn instead(&mut self, effect: &Effect) -> Option<Reply>;
    /// Calls the rule and encodes its outcome; `effect` is what a fault does to the reply.
    fn answer(&mut self, effect: Option<&Effect>, warnings: &mut Warnings) -> Reply;
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

/// The first so many per cent of a text, in whole characters.
pub(crate) fn part(text: &str, percent: u8) -> &str {
    &text[..text.floor_char_boundary(text.len() * usize::from(percent) / 100)]
}

/// Serves one exchange. What is written into the journal is what the client gets.
pub(crate) fn serve(world: &World, exchange: Exchange<'_>, answer: &mut dyn Answer) -> Served {
    let (fault, effect) = match match_fault(world, &exchange) {
        Some(Hit { id, effect }) => (Some(id), Some(effect)),
        None => (None, None),
    };
    let counted = world.tally().map(|tally| (tally, exchange.key(), tally.begin()));
    let mut warnings = Warnings::new(world.is_strict());
    let mut status = None;
    let instead = match &effect {
        Some(Effect::Reset(Reset::Before) | Effect::Close(_)) => {
            status = Some(0);
            Some(Reply::empty(crate::StatusCode::OK))
        }
        Some(effect) => answer.instead(effect),
        None => None,
    };
    let mut reply = instead.unwrap_or_else(|| answer.answer(effect.as_ref(), &mut warnings));
    let whole = reply.body.len();
    match &effect {
        Some(Effect::Truncate(percent)) => {
            let keep = whole * usize::from(*percent) / 100;
            // A socket's text stays text.
            let keep = match (exchange.channel, std::str::from_utf8(&reply.body)) {
                (Channel::Frame, Ok(text)) => part(text, *percent).len(),
                _ => keep,
            };
            reply.body.truncate(keep);
        }
        Some(Effect::Garbage(bytes)) => reply.body = bytes.clone().into(),
        Some(Effect::Reset(Reset::After)) => {
            status = Some(0);
            reply.body = Bytes::new();
        }
        _ => {}
    }
    let status = status.unwrap_or(reply.status.as_u16());
    let sent = if exchange.method == "HEAD" { Bytes::new() } else { reply.body.clone() };
    note(world, exchange, answer.client(), status, sent, warnings.into_texts(), fault.as_deref());
    if let Some((tally, key, began)) = counted {
        tally.took(key, began);
    }
    Served { reply, effect, whole }
}

/// So much of a warning stands in a log line, in characters.
const SHOWN: usize = 300;

/// Writes an exchange into the journal, and a line into the log for a client's mistake.
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
    if let Some(tally) = world.tally() {
        tally.count(Key { service, channel, operation }, status);
    }
    tracing::debug!(service, world = world.id(), method, path, status, fault, "exchange");
    if (400..500).contains(&status) && fault.is_none() {
        let warning = warnings.first().map(|warning| warning.chars().take(SHOWN).collect::<String>());
        tracing::warn!(target: "stend::client", service, world = world.id(), method, path, status, warning, "refused");
    }
    let mut left = Some((request, reply, warnings, client));
    head.show(&mut |head| {
        let Some((request, reply, warnings, client)) = left.take() else { return };
        let note = Note { at: now, service, operation, channel, client, head, request, status, reply, warnings, fault };
        world.journal.write(note);
    });
}

#[cfg(test)]
mod tests {
    use stend_core::fault::Fault;
    use stend_core::{Node, Registry, WorldFile, Worlds};

    use super::*;
    use crate::StatusCode;

    struct OneHeader;

    impl Head for OneHeader {
        fn header(&self, name: &str) -> Option<String> {
            (name == "token").then(|| "demo".into())
        }

        fn headers(&self) -> Vec<(&str, &str)> {
            vec![("token", "demo")]
        }

        fn show(&self, see: &mut dyn FnMut(&str)) {
            see("GET /things\ntoken: demo\n");
        }
    }

    /// Counts how often its rule is called.
    #[derive(Default)]
    struct Rule(u32);

    impl Answer for Rule {
        fn instead(&mut self, effect: &Effect) -> Option<Reply> {
            matches!(effect, Effect::Respond(_)).then(|| Reply::empty(StatusCode::BAD_GATEWAY))
        }

        fn answer(&mut self, _: Option<&Effect>, warnings: &mut Warnings) -> Reply {
            self.0 += 1;
            let _ = warnings.warn("odd");
            Reply::json_bytes(StatusCode::OK, "\"ф\"")
        }
    }

    /// Serves an exchange in a world with this fault: what is sent, how often the rule was called, and the journal's entry.
    fn served(channel: Channel, fault: Option<&str>) -> (Served, u32, (u16, Bytes, Option<String>, usize)) {
        let worlds = Worlds::new(Registry::new(), WorldFile::default()).expect("an empty world");
        let world = worlds.default_world();
        if let Some(fault) = fault {
            let fault: Fault = Node::parse(fault).and_then(|node| node.read()).expect("a fault");
            world.faults.add(fault).expect("a good one");
        }
        let exchange = Exchange {
            service: "a service",
            channel,
            handshake: false,
            operation: Some("things"),
            method: "GET",
            path: "/things",
            head: &OneHeader,
            clients: &["anna"],
            client: None,
            now: world.now(),
            request: Bytes::new(),
        };
        let mut rule = Rule::default();
        let served = serve(world, exchange, &mut rule);
        let entries = world.journal.read(0, |_| true);
        let entry = entries.last().expect("one entry");
        let fault = entry.fault.as_deref().map(str::to_owned);
        let noted = (entry.status, entry.reply.clone(), fault, entry.warnings.len());
        (served, rule.0, noted)
    }

    #[test]
    fn an_exchange_without_a_fault_is_answered_and_noted_with_its_warnings() {
        let (served, called, noted) = served(Channel::Http, None);
        assert_eq!((served.reply.body, served.effect, called), ("\"ф\"".into(), None, 1));
        assert_eq!(noted, (200, "\"ф\"".into(), None, 1));
    }

    #[test]
    fn a_fault_in_the_place_of_the_reply_keeps_the_rule_from_being_called() {
        for (fault, status) in [("{id: f, respond: {status: 502}}", 502), ("{id: f, reset: true}", 0)] {
            let (_, called, noted) = served(Channel::Http, Some(fault));
            assert_eq!((called, noted.0, noted.2.as_deref()), (0, status, Some("f")), "{fault}");
        }
        let (served, called, noted) = served(Channel::Frame, Some("{close: 1011}"));
        assert_eq!((served.effect, called, noted.0), (Some(Effect::Close(1011)), 0, 0));
    }

    #[test]
    fn a_reset_after_the_work_calls_the_rule_and_loses_the_answer() {
        for channel in [Channel::Http, Channel::Frame] {
            let (served, called, noted) = served(channel, Some("{id: f, reset: after}"));
            assert_eq!((served.effect, called), (Some(Effect::Reset(Reset::After)), 1), "{channel:?}");
            assert_eq!(noted, (0, Bytes::new(), Some("f".into()), 1), "{channel:?}");
        }
    }

    #[test]
    fn the_journal_has_what_is_sent_of_a_reply_that_a_fault_spoils() {
        let cut = "{truncate: 50}";
        let (served_, called, noted) = served(Channel::Http, Some(cut));
        assert_eq!((served_.whole, called), (4, 1));
        assert_eq!((served_.reply.body.clone(), noted.1), (Bytes::from_static(b"\"\xd1"), served_.reply.body));
        let (_, _, noted) = served(Channel::Frame, Some(cut));
        assert_eq!(noted.1, "\"", "a socket's text is cut between characters");
        let (spoilt, _, noted) = served(Channel::Frame, Some("{garbage: 3}"));
        assert_eq!((spoilt.reply.body.len(), noted.1), (3, spoilt.reply.body));
    }

    #[test]
    fn faults_match_by_channel_operation_path_header_and_client() {
        let hit = |channel, fault: &str| served(channel, Some(fault)).0.effect.is_some();
        for fits in
            ["operation: things", "path: /th*", "header: {token: demo}", "client: anna", "client: demo", "method: get"]
        {
            assert!(hit(Channel::Http, &format!("{{match: {{{fits}}}, truncate: 50}}")), "{fits}");
        }
        for other in ["operation: other", "path: /other", "header: {token: x}", "client: boris", "way: frame"] {
            assert!(!hit(Channel::Http, &format!("{{match: {{{other}}}, truncate: 50}}")), "{other}");
        }
        assert!(hit(Channel::Frame, "{match: {way: frame}, truncate: 50}"));
    }
}
