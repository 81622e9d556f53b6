//! The WebSocket adapter of the pipeline: connections, subscriptions, pushes, idle pings, and faults on all of them.

mod body;
mod command;
mod frames;
mod hub;
mod outbox;
mod push_faults;
mod site;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use stend_core::fault::Respond;
use stend_core::{Service, Timestamp, Version};

use crate::codec::{Refused, Rendered, Warnings};
use crate::http::responded;
use crate::reply::Reply;

pub use site::SocketSite;

use hub::{Change, MOST};
use outbox::Outbox;

/// A service that speaks in text messages over WebSocket: its codec, and what can be subscribed to.
pub trait SocketService: Service {
    /// The largest message, in bytes.
    const MESSAGE_LIMIT: usize = 1024 * 1024;

    /// What can be subscribed to.
    type Topic: Topic<Self>;

    /// A request: its command, and what is in it, read as far as it can be. It remembers what is wrong with it.
    type Envelope<'t>;

    /// Reads a message.
    fn read(text: &str) -> Self::Envelope<'_>;

    /// What stands for a message that is no text.
    fn nothing<'t>() -> Self::Envelope<'t>;

    /// The command as it was sent.
    fn command<'e>(envelope: &'e Self::Envelope<'_>) -> &'e str;

    /// The operation of a command, if it is known.
    fn operation(command: &str) -> Option<&'static str>;

    /// The names by which faults know whose request this is, beside the login of the socket.
    fn clients(envelope: &Self::Envelope<'_>, state: &Self::State, now: Timestamp) -> Vec<String>;

    /// Calls the rule of the command and writes its reply; the status is the journal's: 200, or 400 for an error.
    fn answer(
        envelope: &Self::Envelope<'_>,
        state: &mut Self::State,
        context: &mut SocketContext<'_, Self::Topic>,
    ) -> Reply;

    /// What the bench refuses in the vendor's place, in the vendor's shape.
    fn refused(refused: Refused, envelope: &Self::Envelope<'_>, state: &Self::State, now: Timestamp) -> Reply;

    /// The reply of the fault `respond`: its body, or the vendor's error of that status.
    fn responded(respond: &Respond, envelope: &Self::Envelope<'_>, state: &Self::State, now: Timestamp) -> Reply {
        responded(respond, |status| Self::refused(Refused::Fault(status), envelope, state, now))
    }

    /// Changes whenever owners of subscriptions, such as sessions, end.
    fn owners(_state: &Self::State) -> Version {
        Version::default()
    }

    /// Whether an owner of subscriptions is still there: they end with it, on every socket.
    fn is_owner(_state: &Self::State, _owner: &str) -> bool {
        true
    }

    /// Notes that an owner has a subscription on an open socket from now on, or has none any more.
    fn listens(_state: &mut Self::State, _owner: &str, _listens: bool, _now: Timestamp) {}

    /// What the state does by itself after a command was answered.
    fn settle(_state: &mut Self::State, _now: Timestamp) {}

    /// After how long a silent socket is pinged.
    fn ping(state: &Self::State) -> Duration;
}

/// Something that can be subscribed to: which tables it shows, and how.
pub trait Topic<S: SocketService>: Ord + Clone + Send + Sync + 'static {
    /// The versions of the tables it shows. While they are the same, so is the rendering.
    fn versions(&self, state: &S::State) -> Vec<Version>;

    /// What it shows now.
    fn render(&self, state: &S::State) -> Rendering;

    /// The push of a rendering: the command that it goes by, and the message.
    fn push(&self, now: Timestamp, data: &str) -> (&'static str, ByteString);
}

/// What a topic shows. A change of it is pushed to the subscribers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// The data of the push.
    pub data: String,
    /// Counts the announcements in it: a change of the count is pushed although `data` is the same, as when somebody is called
    /// again while the clock stands.
    pub announced: u64,
}

/// What a command's rule is given beside the state and its request.
pub struct SocketContext<'a, T> {
    /// The world's time, read once for the whole request.
    pub now: Timestamp,
    /// The warnings so far.
    pub warnings: &'a mut Warnings,
    rendered: &'a Rendered,
    /// Counts the subscriptions that the socket has.
    open: &'a dyn Fn() -> usize,
    changes: Vec<Change<T>>,
    outbox: &'a Outbox,
}

impl<T> SocketContext<'_, T> {
    /// Subscribes the socket for this owner, once the rule has succeeded; once is enough.
    ///
    /// # Errors
    /// It has too many subscriptions: the most.
    pub fn subscribe(&mut self, topic: T, owner: Arc<str>) -> Result<(), usize> {
        if (self.open)() >= MOST {
            return Err(MOST);
        }
        self.changes.push(Change::Subscribe(topic, owner));
        Ok(())
    }

    /// Ends those subscriptions of the socket.
    pub fn unsubscribe(&mut self, which: impl Fn(&T) -> bool + 'static) {
        self.changes.push(Change::Unsubscribe(Box::new(which)));
    }

    /// Notes whose session speaks: the journal and faults know the socket by it.
    pub fn set_client(&mut self, client: &str) {
        self.outbox.set_client(client);
    }

    /// A rendering of what `version` of a table says, made once for all who ask for the same.
    pub fn rendered(&self, version: Version, render: impl FnOnce() -> Bytes) -> Bytes {
        self.rendered.get(version, 0, render)
    }
}
