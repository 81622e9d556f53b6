//! What waits to be sent on one socket. It is bounded by what it holds: at the most one push per subscription, always
//! the newest, and the one reply that the socket waits for. A socket that does not read slows nobody but itself.

use std::collections::VecDeque;
use std::sync::Weak;

use bytestring::ByteString;
use jiff::Timestamp;
use parking_lot::Mutex;
use stend_core::World;
use stend_core::turn::Turn;
use tokio::sync::Notify;

use crate::state::hub::Topic;

/// One frame to be sent.
pub(crate) struct Item {
    /// The subscription it comes of; a reply has none.
    pub(crate) topic: Option<Topic>,
    pub(crate) command: &'static str,
    pub(crate) text: ByteString,
    /// The world's time when a push was written; a reply is in the journal already.
    pub(crate) at: Timestamp,
    /// Held until the frame is sent, so that an `advance` waits for it.
    pub(crate) turn: Option<Turn>,
}

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    closed: bool,
    /// It does not read: nobody waits for it.
    slow: bool,
}

/// The frames that wait for one socket.
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
    something: Notify,
    world: Weak<World>,
}

impl Outbox {
    pub(crate) fn new(world: Weak<World>) -> Self {
        Self { inner: Mutex::default(), something: Notify::new(), world }
    }

    /// Queues a push in the place of an older one of the same subscription.
    pub(crate) fn push(&self, topic: Topic, command: &'static str, text: ByteString, at: Timestamp) {
        let mut inner = self.inner.lock();
        if inner.closed {
            return;
        }
        let turn = if inner.slow { None } else { self.world.upgrade().map(|world| world.turn()) };
        if !inner.items.is_empty() {
            inner.items.retain(|item| item.topic != Some(topic));
        }
        inner.items.push_back(Item { topic: Some(topic), command, text, at, turn });
        drop(inner);
        self.something.notify_one();
    }

    /// Queues a reply. Pushes that were queued before it keep their place, so a client never sees the past after it.
    pub(crate) fn reply(&self, command: &'static str, text: ByteString) {
        self.inner.lock().items.push_back(Item { topic: None, command, text, at: Timestamp::UNIX_EPOCH, turn: None });
    }

    /// Queues a reply that was held back; the turn goes when it is sent.
    pub(crate) fn late(&self, command: &'static str, text: ByteString, turn: Option<Turn>) {
        self.inner.lock().items.push_back(Item { topic: None, command, text, at: Timestamp::UNIX_EPOCH, turn });
        self.something.notify_one();
    }

    /// The next frame.
    pub(crate) fn take(&self) -> Option<Item> {
        self.inner.lock().items.pop_front()
    }

    /// The socket takes nothing: nobody shall wait for it until it does.
    pub(crate) fn set_slow(&self, slow: bool) {
        let mut inner = self.inner.lock();
        inner.slow = slow;
        if slow {
            inner.items.iter_mut().for_each(|item| item.turn = None);
        }
    }

    /// Nothing more will come.
    pub(crate) fn close(&self) {
        self.inner.lock().closed = true;
        self.something.notify_one();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.inner.lock().closed
    }

    /// Returns when there is something to send, or it was closed.
    pub(crate) async fn something(&self) {
        self.something.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::books::Book;

    #[test]
    fn a_lagging_subscriber_gets_the_newest_of_each_and_no_backlog() {
        let outbox = Outbox::new(Weak::new());
        for n in 0..1000 {
            outbox.push(Topic::Book(Book::Service), "serviceList", format!("s{n}").into(), Timestamp::UNIX_EPOCH);
            outbox.push(Topic::Book(Book::User), "userList", format!("u{n}").into(), Timestamp::UNIX_EPOCH);
        }
        outbox.reply("info", "reply".into());
        let texts: Vec<_> = std::iter::from_fn(|| outbox.take()).map(|item| item.text.to_string()).collect();
        assert_eq!(texts, ["s999", "u999", "reply"]);
    }

    #[test]
    fn a_closed_one_takes_nothing_more() {
        let outbox = Outbox::new(Weak::new());
        outbox.close();
        outbox.push(Topic::Book(Book::Service), "serviceList", "s".into(), Timestamp::UNIX_EPOCH);
        assert!(outbox.take().is_none() && outbox.is_closed());
    }
}
