//! What waits to be sent on one socket. It is bounded by what it holds: at the most one push per subscription, always the
//! newest, the reply to the message that is answered, and so many frames that faults hold back.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use bytestring::ByteString;
use parking_lot::Mutex;
use stend_core::busy::BusyGuard;
use stend_core::journal::Channel;
use stend_core::{Timestamp, World};

use crate::pipeline::{Exchange, Head, note};

/// What goes over the socket as one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Payload {
    Text(ByteString),
    Binary(Bytes),
}

impl Payload {
    pub(crate) fn bytes(&self) -> Bytes {
        match self {
            Self::Text(text) => text.as_bytes().clone(),
            Self::Binary(bytes) => bytes.clone(),
        }
    }
}

/// What the journal records of a push once it is sent; replies are recorded before.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    /// The world's time when it was written, or let go by a fault.
    pub(crate) at: Timestamp,
    pub(crate) client: Option<Arc<str>>,
    pub(crate) fault: Option<Box<str>>,
}

/// One message to be sent.
pub(crate) struct Item {
    /// The subscription for which a newer push takes its place.
    pub(crate) topic: Option<TopicId>,
    pub(crate) command: &'static str,
    pub(crate) payload: Payload,
    pub(crate) pushed: Option<Pushed>,
    /// A fault holds it until then.
    pub(crate) hold: Option<Timestamp>,
    /// Held until the message is sent, so that an `advance` waits for it.
    pub(crate) guard: Option<BusyGuard>,
}

/// A topic that somebody has subscribed to, by the number that the hub gave it.
pub(crate) type TopicId = u64;

/// How a fault ends a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With this code.
    Close(u16),
    /// With a TCP reset.
    Reset,
    /// Faults hold back more than a socket may have.
    Overheld,
}

/// What a socket has to do next.
pub(crate) enum Next {
    /// Send this.
    Send(Item),
    /// End, as a fault wants it; whoever advanced the clock may wait for that.
    End(Ending, Option<BusyGuard>),
    /// Close: the world was reset.
    Close,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) items: VecDeque<Item>,
    pub(super) closed: bool,
    /// The socket does not take what it was given: nobody waits for it.
    slow: bool,
    waker: Option<Waker>,
    /// The login of the session that spoke last.
    pub(super) client: Option<Arc<str>>,
    /// Pushes that wait for so many later ones.
    pub(super) behind: Vec<(u32, Item)>,
    /// A fault wants the socket to end.
    pub(super) ending: Option<(Ending, Option<BusyGuard>)>,
    /// Messages that faults hold back, beside those behind others.
    pub(super) held: usize,
}

/// The messages that wait for one socket.
pub(crate) struct Outbox {
    pub(super) inner: Mutex<Inner>,
    pub(super) service: &'static str,
    world: Weak<World>,
    /// The path of its handshake.
    path: Box<str>,
    /// The headers of its handshake, `name: value` a line, names in lower case.
    headers: Box<str>,
}

/// The head of a message: a command and the handshake of its socket.
pub(crate) struct MessageHead<'a> {
    outbox: &'a Outbox,
    command: &'a str,
}

impl Head for MessageHead<'_> {
    fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.outbox.headers.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        // A socket's client is known by its session.
        Vec::new()
    }

    fn show(&self, see: &mut dyn FnMut(&str)) {
        // The command stands where HTTP has its method, so it must not break the line.
        let command: String = self.command.chars().filter(|c| !c.is_whitespace()).take(64).collect();
        see(&format!("{command} {}\n", self.outbox.path));
    }
}

impl Outbox {
    /// The outbox of a socket of this world, with the path and the headers of its handshake.
    pub(crate) fn new(service: &'static str, world: Weak<World>, path: &str, headers: &str) -> Self {
        let (path, headers) = (path.into(), headers.into());
        Self { inner: Mutex::default(), service, world, path, headers }
    }

    /// Its world, if that is still there.
    pub(crate) fn world(&self) -> Option<Arc<World>> {
        self.world.upgrade()
    }

    /// Who the client is: the login of the session that spoke last on this socket.
    pub(crate) fn client(&self) -> Option<Arc<str>> {
        self.inner.lock().client.clone()
    }

    /// Notes whose session speaks.
    pub(crate) fn set_client(&self, client: &str) {
        let mut inner = self.inner.lock();
        if inner.client.as_deref() != Some(client) {
            inner.client = Some(client.into());
        }
    }

    /// The head of a message with this command.
    pub(crate) fn head<'a>(&'a self, command: &'a str) -> MessageHead<'a> {
        MessageHead { outbox: self, command }
    }

    /// An exchange over this socket.
    pub(crate) fn exchange<'a>(
        &'a self,
        channel: Channel,
        operation: Option<&'static str>,
        head: &'a MessageHead<'a>,
        clients: &'a [&'a str],
        now: Timestamp,
        request: Bytes,
    ) -> Exchange<'a> {
        Exchange {
            service: self.service,
            channel,
            handshake: false,
            operation,
            method: head.command,
            path: &self.path,
            head,
            clients,
            client: None,
            now,
            request,
        }
    }

    /// Queues a push in the place of an older one of the same subscription, or does to it what a fault says.
    pub(crate) fn push(&self, topic: TopicId, command: &'static str, text: ByteString, at: Timestamp) {
        let mut inner = self.inner.lock();
        if inner.closed || inner.ending.is_some() {
            return;
        }
        let world = self.world.upgrade();
        let guard = world.as_ref().filter(|_| !inner.slow).map(|world| world.guard());
        let pushed = Pushed { at, client: inner.client.clone(), fault: None };
        let item =
            Item { topic: Some(topic), command, payload: Payload::Text(text), pushed: Some(pushed), hold: None, guard };
        match world.filter(|world| world.faults.any()) {
            None => inner.put(item),
            Some(world) => self.put_or_misbehave(&mut inner, &world, item, at),
        }
        inner.wake();
    }

    /// Queues a reply; the guard goes when it is sent. Pushes that were queued before it keep their place, so a client never
    /// sees the past after it.
    pub(crate) fn reply(&self, command: &'static str, payload: Payload, guard: Option<BusyGuard>) {
        let mut inner = self.inner.lock();
        inner.items.push_back(Item { topic: None, command, payload, pushed: None, hold: None, guard });
        inner.wake();
    }

    /// Queues what a fault makes of a reply, before the pushes that come of the command.
    pub(crate) fn reply_first(&self, command: &'static str, payload: Payload) {
        let item = Item { topic: None, command, payload, pushed: None, hold: None, guard: None };
        self.inner.lock().items.push_front(item);
    }

    /// What the socket has to do next: all that was queued before an end is sent first. Whoever waits is woken when there is
    /// something.
    pub(crate) fn poll_next(&self, context: &mut Context<'_>) -> Poll<Next> {
        let mut inner = self.inner.lock();
        if let Some(item) = inner.items.pop_front() {
            return Poll::Ready(Next::Send(item));
        }
        if let Some((ending, guard)) = &mut inner.ending {
            return Poll::Ready(Next::End(*ending, guard.take()));
        }
        if inner.closed {
            return Poll::Ready(Next::Close);
        }
        if !inner.waker.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
            inner.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// Whether the socket does not take what it is given: nobody waits for a slow one.
    pub(crate) fn set_slow(&self, slow: bool) {
        let mut inner = self.inner.lock();
        inner.slow = slow;
        if slow {
            inner.items.iter_mut().for_each(|item| item.guard = None);
            if let Some((_, guard)) = &mut inner.ending {
                *guard = None;
            }
        }
    }

    /// Whether nothing more will come.
    pub(crate) fn is_closed(&self) -> bool {
        self.inner.lock().closed
    }

    /// Nothing more will come. Pushes that wait for later ones are recorded as not sent.
    pub(crate) fn close(&self) {
        let mut inner = self.inner.lock();
        inner.closed = true;
        let behind = std::mem::take(&mut inner.behind);
        inner.wake();
        drop(inner);
        if let Some(world) = self.world.upgrade().filter(|_| !behind.is_empty()) {
            behind.into_iter().for_each(|(_, item)| self.note_unsent(&world, item));
        }
    }

    /// Forgets what waits to be sent.
    pub(crate) fn clear(&self) {
        let items = std::mem::take(&mut self.inner.lock().items);
        drop(items);
    }

    /// Writes a push into the journal: what was sent of it, and the status, which is 0 if nothing was.
    pub(crate) fn note(&self, world: &World, command: &'static str, pushed: Pushed, reply: Bytes, status: u16) {
        let head = self.head(command);
        let exchange = self.exchange(Channel::Push, Some(command), &head, &[], pushed.at, Bytes::new());
        note(world, exchange, pushed.client, status, reply, Vec::new(), pushed.fault.as_deref());
    }
}

impl Inner {
    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Puts a message last, in the place of an older one of its subscription.
    pub(super) fn put(&mut self, item: Item) {
        if item.topic.is_some() && !self.items.is_empty() {
            self.items.retain(|older| older.topic != item.topic);
        }
        self.items.push_back(item);
        self.let_pass();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::ws) fn outbox() -> Outbox {
        Outbox::new("a service", Weak::new(), "/", "host: x\nuser-agent: kiosk: 2\n")
    }

    pub(in crate::ws) fn sent(outbox: &Outbox) -> Vec<Bytes> {
        let mut context = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match outbox.poll_next(&mut context) {
            Poll::Ready(Next::Send(item)) => Some(item.payload.bytes()),
            _ => None,
        })
        .collect()
    }

    fn reply(outbox: &Outbox, text: &'static str) {
        outbox.reply("info", Payload::Text(ByteString::from_static(text)), None);
    }

    #[test]
    fn a_lagging_subscriber_gets_the_newest_of_each_and_no_backlog() {
        let outbox = outbox();
        for n in 0..1000 {
            outbox.push(1, "serviceList", format!("s{n}").into(), Timestamp::UNIX_EPOCH);
            outbox.push(2, "userList", format!("u{n}").into(), Timestamp::UNIX_EPOCH);
        }
        reply(&outbox, "reply");
        assert_eq!(sent(&outbox), ["s999", "u999", "reply"]);
    }

    #[test]
    fn a_reply_keeps_its_place_among_pushes() {
        let outbox = outbox();
        outbox.push(1, "serviceList", "before".into(), Timestamp::UNIX_EPOCH);
        reply(&outbox, "reply");
        outbox.push(2, "userList", "after".into(), Timestamp::UNIX_EPOCH);
        assert_eq!(sent(&outbox), ["before", "reply", "after"]);
    }

    #[test]
    fn a_closed_one_takes_nothing_more() {
        let outbox = outbox();
        outbox.close();
        outbox.push(1, "serviceList", "s".into(), Timestamp::UNIX_EPOCH);
        let next = outbox.poll_next(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(next, Poll::Ready(Next::Close)) && outbox.is_closed());
    }

    #[test]
    fn headers_of_the_handshake_are_found_by_name() {
        let outbox = outbox();
        let head = outbox.head("in\nfo");
        assert_eq!(head.header("user-agent").as_deref(), Some("kiosk: 2"));
        assert_eq!(head.header("origin"), None);
        head.show(&mut |lines| assert_eq!(lines, "info /\n"));
    }
}
