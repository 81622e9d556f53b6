//! Who is told of what: subscriptions belong to sockets (Q6), and one change is one push (Q13).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};

use super::State;
use super::books::Book;
use super::view::View;
use crate::api::text::Text;
use crate::api::wire::push;
use crate::errors::Error;
use crate::outbox::Outbox;

/// A socket, by the number it got when it opened.
pub(crate) type SocketId = u64;

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    Book(Book),
    Queue(View),
}

/// The most subscriptions of a socket.
const MOST: usize = 256;

/// The sockets of one world and their subscriptions. It is not saved: dropping it closes the sockets, and so
/// a reset does.
#[derive(Default)]
pub(crate) struct Hub {
    sockets: BTreeMap<SocketId, Arc<Outbox>>,
    next: SocketId,
    topics: BTreeMap<Topic, BTreeMap<SocketId, Arc<Outbox>>>,
    /// What subscribers know already of what changes only now and then with a change elsewhere.
    known: BTreeMap<Topic, String>,
    changed: BTreeSet<Book>,
    derived: BTreeSet<Book>,
    queue_changed: bool,
    /// Lists of books as they were last written, until a row changes. Only of books that show nothing but their rows.
    written: BTreeMap<Book, Arc<RawValue>>,
}

/// Sockets belong to their world: a fork begins without them, and so without subscribers.
impl Clone for Hub {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.sockets.values().for_each(|outbox| outbox.close());
    }
}

impl Hub {
    /// A socket has opened.
    pub(crate) fn open(&mut self, outbox: Arc<Outbox>) -> SocketId {
        self.next += 1;
        self.sockets.insert(self.next, outbox);
        self.next
    }

    /// Whether this socket is one of this hub's: after a reset the old ones are not, whatever their number.
    pub(crate) fn has_socket(&self, socket: SocketId, outbox: &Arc<Outbox>) -> bool {
        self.sockets.get(&socket).is_some_and(|known| Arc::ptr_eq(known, outbox))
    }

    /// A socket has gone.
    pub(crate) fn close(&mut self, socket: SocketId, outbox: &Arc<Outbox>) {
        if self.has_socket(socket, outbox) {
            self.sockets.remove(&socket);
            self.leave(socket, |_| true);
        }
    }

    fn leave(&mut self, socket: SocketId, topics: impl Fn(&Topic) -> bool) {
        self.topics.retain(|topic, subscribers| {
            if topics(topic) {
                subscribers.remove(&socket);
            }
            !subscribers.is_empty()
        });
        let Self { known, topics, .. } = self;
        known.retain(|topic, _| topics.contains_key(topic));
    }

    /// Subscribes a socket; once is enough. A new view of a window's queue takes the place of the socket's old one.
    ///
    /// # Errors
    /// It has too many.
    pub(crate) fn subscribe(&mut self, socket: SocketId, topic: Topic) -> Result<(), Error> {
        if self.topics.values().filter(|subscribers| subscribers.contains_key(&socket)).count() >= MOST {
            return Err(Error::TooManySubscriptions(MOST));
        }
        if let Topic::Queue(view) = topic {
            self.leave(socket, |other| {
                matches!(other, Topic::Queue(old) if old.listed == view.listed && old.workplace == view.workplace)
            });
        }
        if let Some(outbox) = self.sockets.get(&socket) {
            self.topics.entry(topic).or_default().insert(socket, Arc::clone(outbox));
        }
        Ok(())
    }

    /// Ends a subscription, if there is one.
    pub(crate) fn unsubscribe(&mut self, socket: SocketId, topics: impl Fn(&Topic) -> bool) {
        self.leave(socket, topics);
    }

    /// A book has changed.
    pub(crate) fn touch(&mut self, book: Book) {
        self.written.remove(&book);
        self.changed.insert(book);
    }

    /// What a book shows of other books may have changed.
    pub(crate) fn touch_derived(&mut self, book: Book) {
        self.derived.insert(book);
    }

    /// The queue of some window may have changed.
    pub(crate) fn touch_queue(&mut self) {
        self.queue_changed = true;
    }

    fn has(&self, topic: Topic) -> bool {
        self.topics.contains_key(&topic)
    }

    fn send(&self, topic: Topic, command: &'static str, text: &Text, at: Timestamp) {
        for outbox in self.topics.get(&topic).into_iter().flat_map(BTreeMap::values) {
            outbox.push(topic, command, text.clone(), at);
        }
    }
}

impl State {
    /// A list as it is sent, for books of which it is kept until a row changes.
    pub(crate) fn written_list(&mut self, book: Book) -> Option<Arc<RawValue>> {
        // These show what is elsewhere, too.
        if matches!(book, Book::Workplace | Book::User | Book::Consumer) {
            return None;
        }
        if let Some(written) = self.hub.written.get(&book) {
            return Some(Arc::clone(written));
        }
        let written: Arc<RawValue> = to_raw_value(&self.list(book)).ok()?.into();
        self.hub.written.insert(book, Arc::clone(&written));
        Some(written)
    }

    /// Subscribes a socket; what it knows is what it could ask for now.
    ///
    /// # Errors
    /// As [`Hub::subscribe`].
    pub(crate) fn subscribe(&mut self, socket: SocketId, topic: Topic) -> Result<(), Error> {
        self.hub.subscribe(socket, topic)?;
        let known = match topic {
            Topic::Book(book @ (Book::Workplace | Book::User)) => self.list(book).to_string(),
            Topic::Book(_) => return Ok(()),
            Topic::Queue(view) => self.queue(&view).to_string(),
        };
        self.hub.known.insert(topic, known);
        Ok(())
    }

    /// Tells subscribers what has changed since the last time, each thing once.
    pub(crate) fn publish(&mut self, now: Timestamp) {
        let changed = std::mem::take(&mut self.hub.changed);
        let derived = std::mem::take(&mut self.hub.derived);
        let queue_changed = std::mem::take(&mut self.hub.queue_changed);
        if self.hub.topics.is_empty() {
            return;
        }
        for book in Book::ALL {
            let topic = Topic::Book(book);
            let (sure, perhaps) = (changed.contains(&book), derived.contains(&book));
            if !(sure || perhaps) || !self.hub.has(topic) {
                continue;
            }
            let data = self.list(book).to_string();
            if let Some(known) = self.hub.known.get_mut(&topic) {
                if !sure && *known == data {
                    continue;
                }
                known.clone_from(&data);
            }
            self.hub.send(topic, book.list_command(), &push(now, book.list_command(), &data), now);
        }
        if !queue_changed {
            return;
        }
        let views: Vec<View> = self
            .hub
            .topics
            .keys()
            .filter_map(|topic| if let Topic::Queue(view) = topic { Some(*view) } else { None })
            .collect();
        for view in views {
            let topic = Topic::Queue(view);
            let data = self.queue(&view).to_string();
            if self.hub.known.get(&topic) == Some(&data) {
                continue;
            }
            let command = if view.listed { "currentQueue2" } else { "currentQueue" };
            self.hub.send(topic, command, &push(now, command, &data), now);
            self.hub.known.insert(topic, data);
        }
    }
}
