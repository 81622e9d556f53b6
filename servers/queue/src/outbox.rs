//! What waits to be sent on one socket. It is bounded by what it holds: at the most one push per subscription, always
//! the newest, the replies of the frames that are answered at once, and so many that faults hold back. A socket that
//! does not read slows nobody but itself.

mod faults;

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use parking_lot::Mutex;
use stend_core::World;
use stend_core::busy::BusyGuard;
use stend_core::journal::{Channel, Note};
use tokio::sync::Notify;

use crate::api::text::Text;
use crate::state::hub::Topic;

/// What goes over the socket.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Text(Text),
    Binary(Bytes),
}

impl Payload {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
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
    pub(crate) guard: Option<BusyGuard>,
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

/// What a socket has to do next.
pub(crate) enum Next {
    /// Send this, and in one go with it all of these.
    Send(Item, Vec<Item>),
    /// End, as a fault wants it; whoever advanced the clock may wait for that.
    End(Ending, Option<BusyGuard>),
    /// Close: the world was reset.
    Close,
    /// End: it has not taken what it was given for too long.
    GiveUp,
    /// Nothing.
    Wait,
}

#[derive(Default)]
struct Inner {
    items: VecDeque<Item>,
    closed: bool,
    given_up: bool,
    /// It was given something and has not yet asked for more.
    busy: bool,
    /// How often it was given something.
    given: u64,
    /// It does not take what it was given: nobody waits for it.
    slow: bool,
    /// Whom to wake when there is something, once he sleeps.
    waker: Option<Waker>,
    asleep: bool,
    /// The login of the session that spoke last.
    client: Option<Arc<str>>,
    /// Pushes that wait for so many later ones.
    behind: Vec<(u32, Item)>,
    /// A fault wants the socket to end.
    ending: Option<(Ending, Option<BusyGuard>)>,
    /// Frames that faults hold back, beside those behind others.
    held: usize,
}

/// The frames that wait for one socket.
pub(crate) struct Outbox {
    inner: Mutex<Inner>,
    /// Something waits behind what the socket was given.
    behind: Notify,
    world: Weak<World>,
    /// The path of its handshake.
    path: Box<str>,
    /// The headers of its handshake, `name: value` a line, names in lower case.
    headers: Box<str>,
}

/// The most frames of a socket that faults hold back at a time.
const HELD: usize = 256;

/// What is not taken for so long makes a socket slow: nobody waits for it.
const SLOW: Duration = Duration::from_millis(100);

/// What is not taken for so long ends the connection.
const STUCK: Duration = Duration::from_secs(60);

/// So many bytes are given to a socket in one go, if they are several frames.
const AT_ONCE: usize = 1024 * 1024;

impl Outbox {
    /// The outbox of a socket of this world, with the path and the headers of its handshake.
    pub(crate) fn new(world: Weak<World>, path: &str, headers: &str) -> Self {
        let (path, headers) = (path.into(), headers.into());
        Self { inner: Mutex::default(), behind: Notify::new(), world, path, headers }
    }

    /// Its world, if that is still there.
    pub(crate) fn world(&self) -> Option<Arc<World>> {
        self.world.upgrade()
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
    pub(crate) fn push(&self, topic: Topic, command: &'static str, text: Text, at: Timestamp) {
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
        if inner.busy && !inner.slow {
            self.behind.notify_one();
        }
        inner.wake();
    }

    /// Queues a reply. Pushes that were queued before it keep their place, so a client never sees the past after it.
    pub(crate) fn reply(&self, command: &'static str, text: Text) {
        self.late(command, text, None);
    }

    /// Queues a reply that was held back; the turn goes when it is sent.
    pub(crate) fn late(&self, command: &'static str, text: Text, guard: Option<BusyGuard>) {
        let payload = Payload::Text(text);
        let mut inner = self.inner.lock();
        inner.items.push_back(Item { topic: None, command, payload, pushed: None, hold: None, guard });
        inner.wake();
    }

    /// Queues garbage in the place of a reply, before all else.
    pub(crate) fn garbage(&self, command: &'static str, bytes: Bytes) {
        let payload = Payload::Binary(bytes);
        let item = Item { topic: None, command, payload, pushed: None, hold: None, guard: None };
        self.inner.lock().items.push_front(item);
    }

    /// What the socket has to do next: all that was queued before an end is sent first.
    pub(crate) fn next(&self) -> Next {
        let mut inner = self.inner.lock();
        inner.asleep = false;
        inner.slow = false;
        if let Some(first) = inner.items.pop_front() {
            let mut more = Vec::new();
            let mut room = AT_ONCE.saturating_sub(first.payload.len());
            while let Some(item) = inner.items.pop_front_if(|item| item.payload.len() <= room) {
                room -= item.payload.len();
                more.push(item);
            }
            inner.given += 1;
            inner.busy = true;
            if !inner.items.is_empty() {
                self.behind.notify_one();
            }
            return Next::Send(first, more);
        }
        inner.busy = false;
        if let Some((ending, guard)) = &mut inner.ending {
            return Next::End(*ending, guard.take());
        }
        match (inner.given_up, inner.closed) {
            (true, _) => Next::GiveUp,
            (false, true) => Next::Close,
            (false, false) => Next::Wait,
        }
    }

    /// Whom to wake when there is something to do; false if there is already.
    pub(crate) fn sleep(&self, waker: &Waker) -> bool {
        let mut inner = self.inner.lock();
        if !inner.items.is_empty() || inner.ending.is_some() || inner.closed {
            return false;
        }
        if !inner.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            inner.waker = Some(waker.clone());
        }
        inner.asleep = true;
        true
    }

    /// Looks after a socket behind which something waits: one that does not take what it was given is soon waited for
    /// by nobody. Returns when it has not taken it for too long.
    pub(crate) async fn watch(&self) {
        loop {
            self.behind.notified().await;
            while let Some(given) = self.untaken() {
                tokio::time::sleep(SLOW).await;
                if !self.set_slow(given) {
                    continue;
                }
                tokio::time::sleep(STUCK).await;
                if self.untaken() == Some(given) {
                    return;
                }
            }
        }
    }

    /// The number of what the socket was given and has not yet taken, if there is such.
    fn untaken(&self) -> Option<u64> {
        let inner = self.inner.lock();
        inner.busy.then_some(inner.given)
    }

    /// Nobody shall wait for the socket any more, if it has still not taken this.
    fn set_slow(&self, given: u64) -> bool {
        let mut inner = self.inner.lock();
        let slow = inner.busy && inner.given == given;
        if slow {
            inner.slow_down();
        }
        slow
    }

    /// What is being sent waits for the world's clock, which must not wait for what is behind it.
    pub(crate) fn stand_by(&self) {
        self.inner.lock().slow_down();
    }

    /// The socket has not taken what it was given for too long: it ends.
    pub(crate) fn give_up(&self) {
        self.inner.lock().given_up = true;
        self.close();
    }

    /// Nothing more will come. Pushes that were to be sent after later ones are told of as not sent.
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

    /// The first line of a journal entry: the command stands where HTTP has its method.
    pub(crate) fn head(&self, command: &str) -> String {
        let mut head = String::with_capacity(command.len() + self.path.len() + 2);
        head.extend([command, " ", &self.path, "\n"]);
        head
    }

    /// Writes a push into the journal: what was sent of it, and the status, which is 0 if nothing was.
    pub(crate) fn note(&self, world: &World, command: &'static str, pushed: Pushed, reply: Bytes, status: u16) {
        world.journal.write(Note {
            at: pushed.at,
            service: <crate::Queue as stend_core::Service>::NAME,
            operation: Some(command),
            channel: Channel::Push,
            client: pushed.client,
            head: &self.head(command),
            request: Bytes::new(),
            status,
            reply,
            warnings: Vec::new(),
            fault: pushed.fault.as_deref(),
        });
    }
}

impl Inner {
    /// Nobody waits for the socket until it asks for more.
    fn slow_down(&mut self) {
        self.slow = true;
        self.items.iter_mut().for_each(|item| item.guard = None);
        if let Some((_, guard)) = &mut self.ending {
            *guard = None;
        }
    }

    fn wake(&mut self) {
        if std::mem::take(&mut self.asleep)
            && let Some(waker) = &self.waker
        {
            waker.wake_by_ref();
        }
    }

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

    fn sent(outbox: &Outbox) -> Vec<Bytes> {
        let Next::Send(first, more) = outbox.next() else { return Vec::new() };
        let bytes = |item: Item| match item.payload {
            Payload::Text(text) => text.bytes(),
            Payload::Binary(bytes) => bytes,
        };
        std::iter::once(first).chain(more).map(bytes).collect()
    }

    fn push(outbox: &Outbox, text: &str) {
        outbox.push(Topic::Book(Book::Service), "serviceList", text.into(), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn a_lagging_subscriber_gets_the_newest_of_each_and_no_backlog() {
        let outbox = Outbox::new(Weak::new(), "/", "");
        for n in 0..1000 {
            push(&outbox, &format!("s{n}"));
            outbox.push(Topic::Book(Book::User), "userList", (&*format!("u{n}")).into(), Timestamp::UNIX_EPOCH);
        }
        outbox.reply("info", "reply".into());
        assert_eq!(sent(&outbox), ["s999", "u999", "reply"]);
        assert!(matches!(outbox.next(), Next::Wait));
    }

    #[test]
    fn a_closed_one_takes_nothing_more() {
        let outbox = Outbox::new(Weak::new(), "/", "");
        outbox.close();
        push(&outbox, "s");
        assert!(matches!(outbox.next(), Next::Close));
        assert!(!outbox.sleep(Waker::noop()));
    }

    #[test]
    fn much_is_given_in_parts_and_what_is_not_taken_is_known() {
        let outbox = Outbox::new(Weak::new(), "/", "");
        let half = "x".repeat(AT_ONCE / 2);
        (0..3).for_each(|_| outbox.reply("info", half.as_str().into()));
        assert_eq!(outbox.untaken(), None);
        assert_eq!((sent(&outbox).len(), outbox.untaken()), (1, Some(1)), "frames have heads, too");
        assert_eq!((sent(&outbox).len(), outbox.untaken()), (1, Some(2)));
        assert_eq!((sent(&outbox).len(), outbox.untaken()), (1, Some(3)));
        assert!(!outbox.set_slow(2) && outbox.set_slow(3), "only what was given last may be waited for");
        assert!(matches!(outbox.next(), Next::Wait));
        assert_eq!(outbox.untaken(), None);
        assert!(!outbox.set_slow(3) && !outbox.inner.lock().slow);
        outbox.give_up();
        assert!(matches!(outbox.next(), Next::GiveUp));
    }

    #[test]
    fn headers_of_the_handshake_are_found_by_name() {
        let outbox = Outbox::new(Weak::new(), "/", "host: x\nuser-agent: kiosk: 2\n");
        assert_eq!(outbox.header("user-agent").as_deref(), Some("kiosk: 2"));
        assert_eq!(outbox.header("origin"), None);
    }
}
