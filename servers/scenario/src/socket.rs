//! A scenario's sockets: a message that carries a command's id is its reply, any other is a push, unless the journal has it
//! as the reply.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use serde_json::Value;
use stend_core::World;
use stend_core::busy::{BusyGuard, ParkedGuard};
use stend_core::envelope::{Command, Envelope};
use stend_core::journal::Channel;
use tokio::sync::{Notify, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

type Stream = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;
type Sink = futures_util::stream::SplitSink<Stream, Message>;

/// The most pushes that wait to be looked at; the oldest go.
const INBOX: usize = 10_000;

/// How long a reply may take by the wall clock, beyond all waiting for the world's.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the journal may take by the wall clock to have what was answered: it is written right after.
const NOTED: Duration = Duration::from_secs(1);

/// The header that carries the id of a parked guard.
pub(crate) const GUARD_HEADER: &str = "stend-guard";

/// The connections of one play, by service's URL and name.
#[derive(Default)]
pub(crate) struct Sockets(BTreeMap<(String, String), Connection>);

struct Connection {
    sink: Sink,
    next: u64,
    shared: Arc<Shared>,
    reader: tokio::task::JoinHandle<()>,
    /// The id of the guard that is parked while a reply is awaited; sent in the handshake, since frames have no headers.
    guard_id: ParkedGuard,
}

struct Shared {
    world: Weak<World>,
    envelope: &'static dyn Envelope,
    desk: Mutex<Desk>,
    came: Notify,
}

#[derive(Default)]
struct Desk {
    /// Who waits for which reply.
    asked: BTreeMap<u64, Asked>,
    pushes: VecDeque<Value>,
    closed: bool,
}

/// One who waits for a reply.
struct Asked {
    command: String,
    /// The frame as it was sent.
    frame: String,
    /// The newest journal entry by then.
    since: u64,
    answer: oneshot::Sender<String>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Sockets {
    /// Sends a frame on a connection, which is opened if need be, and waits for the reply with its `id`; returns it with the
    /// status that the journal has for it. The guard is parked with the world meanwhile, and is returned with the reply unless
    /// the handler had to drop it.
    pub(crate) async fn ask(
        &mut self,
        world: &Arc<World>,
        envelope: &'static dyn Envelope,
        base: &str,
        name: &str,
        command: Command,
        mut guard: BusyGuard,
    ) -> (Result<(String, Option<u16>), String>, Option<BusyGuard>) {
        let key = (base.to_owned(), name.to_owned());
        if self.0.get(&key).is_none_or(|connection| connection.shared.desk.lock().closed) {
            let (opened, back) = Connection::open(world, envelope, base, guard).await;
            match opened {
                Ok(connection) => drop(self.0.insert(key.clone(), connection)),
                Err(why) => return (Err(why), back),
            }
            guard = back.unwrap_or_else(|| world.guard());
        }
        let Some(connection) = self.0.get_mut(&key) else { return (Err("the connection is gone".into()), Some(guard)) };
        connection.next += 1;
        let id = connection.next;
        let (answer, answered) = oneshot::channel();
        let frame = envelope.write(&command, id).to_string();
        let since = world.journal.newest();
        let asked = Asked { command: command.name, frame: frame.clone(), since, answer };
        connection.shared.desk.lock().asked.insert(id, asked);
        world.return_parked_guard(connection.guard_id.number(), guard);
        let sent = connection.sink.send(Message::text(frame.clone())).await;
        let reply = match sent {
            Err(error) => Err(format!("cannot send: {error}")),
            Ok(()) => match tokio::time::timeout(PATIENCE, answered).await {
                Ok(reply) => reply.map_err(|_| "the connection was closed without a reply".into()),
                Err(_) => Err(format!("no reply within {} s", PATIENCE.as_secs())),
            },
        };
        let reply = match reply {
            Ok(text) => Ok((text, status_of(world, frame.as_bytes(), since).await)),
            Err(why) => Err(why),
        };
        (reply, connection.guard_id.fetch())
    }

    /// Whether the connection was opened, and is not closed; what came before it closed may still be there.
    pub(crate) fn is_open(&self, base: &str, name: &str) -> bool {
        let connection = self.0.get(&(base.to_owned(), name.to_owned()));
        connection.is_some_and(|connection| {
            let desk = connection.shared.desk.lock();
            !desk.closed || !desk.pushes.is_empty()
        })
    }

    /// The pushes of a connection that nobody has waited for yet: how many of which command.
    pub(crate) fn waiting(&self, base: &str, name: &str) -> String {
        let Some(connection) = self.0.get(&(base.to_owned(), name.to_owned())) else { return String::new() };
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for push in &connection.shared.desk.lock().pushes {
            let command = connection.shared.envelope.command(push);
            *counts.entry(command.unwrap_or("no JSON").to_owned()).or_default() += 1;
        }
        let described: Vec<String> = counts.iter().map(|(command, count)| format!("{count} of `{command}`")).collect();
        described.join(", ")
    }

    /// The next push of this command on a connection, waiting up to `grace` by the wall clock.
    pub(crate) async fn push(&mut self, base: &str, name: &str, command: &str, grace: Duration) -> Option<Value> {
        let shared = Arc::clone(&self.0.get(&(base.to_owned(), name.to_owned()))?.shared);
        let wait = async {
            loop {
                let came = shared.came.notified();
                {
                    let mut desk = shared.desk.lock();
                    let found = desk.pushes.iter().position(|push| shared.envelope.command(push) == Some(command));
                    if let Some(index) = found {
                        return desk.pushes.remove(index);
                    }
                    if desk.closed {
                        return None;
                    }
                }
                came.await;
            }
        };
        tokio::time::timeout(grace, wait).await.ok().flatten()
    }
}

impl Connection {
    /// Makes the handshake. The guard is parked with the world meanwhile, as while a reply is awaited.
    async fn open(
        world: &Arc<World>,
        envelope: &'static dyn Envelope,
        base: &str,
        guard: BusyGuard,
    ) -> (Result<Self, String>, Option<BusyGuard>) {
        let guard_id = world.park_guard(guard);
        let stream = Self::shake_hands(base, guard_id.number()).await;
        let guard = guard_id.fetch();
        (stream.map(|stream| Self::of(world, envelope, stream, guard_id)), guard)
    }

    async fn shake_hands(base: &str, guard_id: u64) -> Result<Stream, String> {
        let failed = |error| format!("cannot connect: {error}");
        let mut request = format!("{}/", base.trim_end_matches('/')).into_client_request().map_err(failed)?;
        request.headers_mut().insert(GUARD_HEADER, guard_id.into());
        match tokio::time::timeout(PATIENCE, tokio_tungstenite::connect_async(request)).await {
            Ok(shaken) => shaken.map(|(stream, _)| stream).map_err(failed),
            Err(_) => Err(format!("cannot connect: no answer within {} s", PATIENCE.as_secs())),
        }
    }

    fn of(world: &Arc<World>, envelope: &'static dyn Envelope, stream: Stream, guard_id: ParkedGuard) -> Self {
        let (sink, mut frames) = stream.split();
        let (world, came) = (Arc::downgrade(world), Notify::default());
        let shared = Arc::new(Shared { world, envelope, desk: Mutex::default(), came });
        let theirs = Arc::clone(&shared);
        let reader = tokio::spawn(async move {
            while let Some(Ok(frame)) = frames.next().await {
                match frame {
                    Message::Text(text) => theirs.deliver(text.as_str()),
                    // A fault sends bytes in the place of a text.
                    Message::Binary(bytes) => theirs.deliver(&String::from_utf8_lossy(&bytes)),
                    _ => {}
                }
            }
            let mut desk = theirs.desk.lock();
            desk.closed = true;
            desk.asked.clear();
            drop(desk);
            theirs.came.notify_waiters();
        });
        Self { sink, next: 0, shared, reader, guard_id }
    }
}

impl Shared {
    fn deliver(&self, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        let mut desk = self.desk.lock();
        let id = match frame.is_null() {
            // What is no JSON has no `id`: it is taken for the reply that is waited for, unless it names another command.
            true => {
                desk.asked.iter().find(|(_, asked)| self.envelope.can_reply(text, &asked.command)).map(|(id, _)| *id)
            }
            false => self.envelope.reply_id(&frame).filter(|id| desk.asked.contains_key(id)),
        };
        // What a fault answers in the place of the service is written down before it is sent, and may have no `id` or a wrong one.
        let id = id.or_else(|| {
            let mut asked = desk.asked.iter();
            asked.find(|(_, asked)| self.is_reply(text, asked)).map(|(id, _)| *id)
        });
        match id.and_then(|id| desk.asked.remove(&id)) {
            Some(asked) => {
                // One who gave up waiting needs no answer.
                let _ = asked.answer.send(text.to_owned());
            }
            None => {
                if desk.pushes.len() >= INBOX {
                    desk.pushes.pop_front();
                }
                desk.pushes.push_back(frame);
                drop(desk);
                self.came.notify_waiters();
            }
        }
    }
}

impl Shared {
    /// Whether the journal has this frame for what a fault replied.
    fn is_reply(&self, text: &str, asked: &Asked) -> bool {
        let Some(world) = self.world.upgrade() else { return false };
        let mut found = false;
        let later = asked.since + 1..=world.journal.newest();
        world.journal.walk(
            later,
            true,
            |kind| kind.channel == Channel::Frame,
            |entry| {
                found =
                    entry.fault.is_some() && entry.request == asked.frame.as_bytes() && entry.reply == text.as_bytes();
                if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        found
    }
}

/// The status of the entry that the journal has for a frame, once it has one. A frame without an answer has none.
async fn status_of(world: &World, frame: &[u8], since: u64) -> Option<u16> {
    if world.journal.limits().entries == 0 {
        return None;
    }
    let mut recorded = world.watch();
    let noted = async {
        loop {
            let mut status = None;
            world.journal.walk(
                since + 1..=world.journal.newest(),
                false,
                |kind| kind.channel == Channel::Frame,
                |entry| {
                    status = (entry.request == frame).then_some(entry.status);
                    if status.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                },
            );
            if status.is_some() || recorded.changed().await.is_err() {
                return status;
            }
        }
    };
    tokio::time::timeout(NOTED, noted).await.ok().flatten().filter(|status| *status > 0)
}
