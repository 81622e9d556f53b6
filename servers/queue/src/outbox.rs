//! What waits to be sent on one socket. It is bounded by what it holds: at the most one push per subscription, always
//! the newest, the one reply that the socket waits for, and so many that faults hold back. A socket that does not
//! read slows nobody but itself.

mod faults;

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use bytestring::ByteString;
use jiff::Timestamp;
use parking_lot::Mutex;
use stend_core::World;
use stend_core::journal::{Entry, Way};
use stend_core::turn::Turn;
use tokio::sync::Notify;

use crate::state::hub::Topic;

pub(crate) use self::faults::half;

/// What goes over the socket.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Text(ByteString),
    Binary(Bytes),
}

/// What the journal is told of a push once it is sent; of a reply it knows already.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    /// The world's time when it was written, or let go by a fault.
    pub(crate) at: Timestamp,
    pub(crate) client: Option<Arc<str>>,
    pub(crate) fault: Option<Box<str>>,
}

/// One frame to be sent.
pub(crate) struct Item {
    /// The subscription for which a newer push takes its place.
    pub(crate) topic: Option<Topic>,
    pub(crate) command: &'static str,
    pub(crate) payload: Payload,
    pub(crate) pushed: Option<Pushed>,
    /// A fault holds it until then.
    pub(crate) hold: Option<Timestamp>,
    /// Held until the frame is sent, so that an `advance` waits for it.
    pub(crate) turn: Option<Turn>,
}

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

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    closed: bool,
    /// It does not read: nobody waits for it.
    slow: bool,
    /// The login of the session that spoke last.
    client: Option<Arc<str>>,
    /// Pushes that wait for so many later ones.
    behind: Vec<(u32, Item)>,
    /// A fault wants the socket to end.
    ending: Option<(Ending, Option<Turn>)>,
    /// Frames that faults hold back, beside those behind others.
    held: usize,
}

/// The frames that wait for one socket.
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
    something: Notify,
    world: Weak<World>,
    /// The path of its handshake.
    path: Box<str>,
    /// The headers of its handshake, `name: value` a line, names in lower case.
    headers: Box<str>,
}

/// The most frames of a socket that faults hold back at a time.
const HELD: usize = 256;

impl Outbox {
    /// The outbox of a socket of this world, with the path and the headers of its handshake.
    pub(crate) fn new(world: Weak<World>, path: &str, headers: &str) -> Self {
        let (path, headers) = (path.into(), headers.into());
        Self { inner: Mutex::default(), something: Notify::new(), world, path, headers }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// A header of the handshake, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.headers.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    }

    /// Who the client is: the login of the session that spoke last on this socket.
    pub(crate) fn client(&self) -> Option<Arc<str>> {
        self.inner.lock().client.clone()
    }

    /// Notes whose session speaks.
    pub(crate) fn set_client(&self, login: &str) {
        let mut inner = self.inner.lock();
        if inner.client.as_deref() != Some(login) {
            inner.client = Some(login.into());
        }
    }

    /// Queues a push in the place of an older one of the same subscription, or does to it what a fault says.
    pub(crate) fn push(&self, topic: Topic, command: &'static str, text: ByteString, at: Timestamp) {
        let mut inner = self.inner.lock();
        if inner.closed || inner.ending.is_some() {
            return;
        }
        let world = self.world.upgrade();
        let turn = world.as_ref().filter(|_| !inner.slow).map(|world| world.turn());
        let pushed = Pushed { at, client: inner.client.clone(), fault: None };
        let item =
            Item { topic: Some(topic), command, payload: Payload::Text(text), pushed: Some(pushed), hold: None, turn };
        match world.filter(|world| world.faults.any()) {
            None => inner.put(item),
            Some(world) => self.put_or_misbehave(&mut inner, &world, item, at),
        }
        drop(inner);
        self.something.notify_one();
    }

    /// Queues a reply. Pushes that were queued before it keep their place, so a client never sees the past after it.
    pub(crate) fn reply(&self, command: &'static str, text: ByteString) {
        self.late(command, text, None);
    }

    /// Queues a reply that was held back; the turn goes when it is sent.
    pub(crate) fn late(&self, command: &'static str, text: ByteString, turn: Option<Turn>) {
        let payload = Payload::Text(text);
        self.inner.lock().items.push_back(Item { topic: None, command, payload, pushed: None, hold: None, turn });
        self.something.notify_one();
    }

    /// The next frame.
    pub(crate) fn take(&self) -> Option<Item> {
        self.inner.lock().items.pop_front()
    }

    /// How a fault wants the socket to end, once all that was queued before is sent.
    pub(crate) fn ending(&self) -> Option<(Ending, Option<Turn>)> {
        let mut inner = self.inner.lock();
        inner.ending.as_mut().map(|(ending, turn)| (*ending, turn.take()))
    }

    /// The socket takes nothing: nobody shall wait for it until it does.
    pub(crate) fn set_slow(&self, slow: bool) {
        let mut inner = self.inner.lock();
        inner.slow = slow;
        if slow {
            inner.items.iter_mut().for_each(|item| item.turn = None);
            if let Some((_, turn)) = &mut inner.ending {
                *turn = None;
            }
        }
    }

    /// Nothing more will come. Pushes that were to be sent after later ones are told of as not sent.
    pub(crate) fn close(&self) {
        let mut inner = self.inner.lock();
        inner.closed = true;
        let behind = std::mem::take(&mut inner.behind);
        drop(inner);
        if let Some(world) = self.world.upgrade().filter(|_| !behind.is_empty()) {
            behind.into_iter().for_each(|(_, item)| self.note_unsent(&world, item));
        }
        self.something.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.inner.lock().closed
    }

    /// Returns when there is something to send, or it was closed.
    pub(crate) async fn something(&self) {
        self.something.notified().await;
    }

    /// Writes a push into the journal: what was sent of it, and the status, which is 0 if nothing was.
    pub(crate) fn note(&self, world: &World, command: &'static str, pushed: Pushed, reply: Bytes, status: u16) {
        world.journal.write(Entry {
            seq: 0,
            at: pushed.at,
            fake: <crate::Queue as stend_core::Fake>::NAME,
            operation: Some(command),
            way: Way::Push,
            client: pushed.client,
            head: format!("{command} {}\n", self.path).into(),
            request: Bytes::new(),
            status,
            reply,
            remarks: Vec::new(),
            fault: pushed.fault,
        });
    }
}

impl Inner {
    /// Puts a frame last, in the place of an older one of its subscription.
    fn put(&mut self, item: Item) {
        if item.topic.is_some() && !self.items.is_empty() {
            self.items.retain(|older| older.topic != item.topic);
        }
        self.items.push_back(item);
        self.let_pass();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::books::Book;

    fn text(item: Item) -> String {
        match item.payload {
            Payload::Text(text) => text.to_string(),
            Payload::Binary(bytes) => format!("{} bytes", bytes.len()),
        }
    }

    #[test]
    fn a_lagging_subscriber_gets_the_newest_of_each_and_no_backlog() {
        let outbox = Outbox::new(Weak::new(), "/", "");
        for n in 0..1000 {
            outbox.push(Topic::Book(Book::Service), "serviceList", format!("s{n}").into(), Timestamp::UNIX_EPOCH);
            outbox.push(Topic::Book(Book::User), "userList", format!("u{n}").into(), Timestamp::UNIX_EPOCH);
        }
        outbox.reply("info", "reply".into());
        let texts: Vec<_> = std::iter::from_fn(|| outbox.take()).map(text).collect();
        assert_eq!(texts, ["s999", "u999", "reply"]);
    }

    #[test]
    fn a_closed_one_takes_nothing_more() {
        let outbox = Outbox::new(Weak::new(), "/", "");
        outbox.close();
        outbox.push(Topic::Book(Book::Service), "serviceList", "s".into(), Timestamp::UNIX_EPOCH);
        assert!(outbox.take().is_none() && outbox.is_closed());
    }

    #[test]
    fn headers_of_the_handshake_are_found_by_name() {
        let outbox = Outbox::new(Weak::new(), "/", "host: x\nuser-agent: kiosk: 2\n");
        assert_eq!(outbox.header("user-agent").as_deref(), Some("kiosk: 2"));
        assert_eq!(outbox.header("origin"), None);
    }
}
