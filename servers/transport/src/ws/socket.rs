//! One open socket: it sends what waits in its outbox, answers what comes, and looks at the time.

use std::sync::Arc;
use std::time::Duration;

use actix_ws::{
    AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Closed, Item as Fragment, ProtocolError,
    Session,
};
use bytes::Bytes;
use stend_core::Timestamp;
use stend_core::busy::{BusyGuard, Gone};
use stend_core::fault::Dribble;
use stend_core::journal::Channel;
use stend_core::tally::OpenSocket;
use tokio::sync::{oneshot, watch};

use super::SocketService;
use super::body::Reset;
use super::frames::Checked;
use super::hub::{Hub, SocketId};
use super::outbox::{Ending, Item, Next, Outbox, Payload};
use crate::pause::pause;
use crate::pipeline::{match_fault, note};
use crate::raw_socket::ResetHandle;

/// How many pings a silent socket may leave unanswered.
const MISSED: u32 = 3;

/// What is not taken for so long makes a socket slow: nobody waits for it.
const SLOW: Duration = Duration::from_millis(100);

/// What is not taken for so long ends the connection.
const STUCK: Duration = Duration::from_secs(60);

/// A connection whose client sends nothing more for so long is not read any further once it was closed.
const QUIET: Duration = Duration::from_millis(100);

/// How long the end of a connection may take.
const LAST: Duration = Duration::from_secs(1);

/// Why a socket ends.
pub(super) enum End {
    /// The client is gone.
    Gone,
    /// The client has closed it.
    Closed(Option<CloseReason>),
    /// We close it.
    Close(CloseCode, &'static str),
    /// A fault wants it closed; whoever advanced the clock may wait for that.
    Fault(Ending, Option<BusyGuard>),
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}

const STOPPING: End = End::Close(CloseCode::Away, "the bench stops");

pub(super) const RESET: End = End::Close(CloseCode::Restart, "the world was reset");

/// How a socket ends whose frame was held for its world's clock.
fn ended(gone: Gone) -> End {
    match gone {
        Gone::Reset => RESET,
        Gone::Removed => End::Close(CloseCode::Restart, "the world was removed"),
        Gone::Stopping => STOPPING,
    }
}

/// One open socket. It holds its world weakly: a world that is removed closes its sockets.
pub(super) struct Socket<S: SocketService> {
    pub(super) index: usize,
    pub(super) id: SocketId,
    pub(super) hub: Arc<Hub<S>>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) session: Session,
    pub(super) messages: AggregatedMessageStream,
    pub(super) checked: Checked,
    pub(super) ping: Duration,
    /// Under which a scenario leaves its guard while it waits for a reply.
    pub(super) guard_id: Option<u64>,
    pub(super) reset_handle: ResetHandle,
    pub(super) end: Option<oneshot::Sender<Reset>>,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) _resettable: Option<Arc<()>>,
    /// While it is counted.
    pub(super) _open: Option<OpenSocket>,
}

/// What has happened.
enum Event {
    Next(Next),
    Message(Option<Result<AggregatedMessage, ProtocolError>>),
    Silence,
    Stop,
}

impl<S: SocketService> Socket<S> {
    /// Lives until the connection ends, or has to.
    pub(super) async fn run(mut self) {
        let end = match self.live().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        self.leave();
        self.outbox.close();
        self.outbox.clear();
        let _ = tokio::time::timeout(LAST, self.finish(end)).await;
    }

    /// Ends the subscriptions; the state hears of it, unless there were none.
    fn leave(&self) {
        if self.hub.subscriptions(self.id) > 0
            && let Some(world) = self.outbox.world()
            && let Some(live) = world.live::<S>(self.index)
        {
            let now = world.now();
            world.run_at(live, now, |state| self.hub.close(self.id, Some(state), now));
        } else {
            self.hub.close(self.id, None, Timestamp::UNIX_EPOCH);
        }
    }

    async fn live(&mut self) -> Result<std::convert::Infallible, End> {
        let mut ping = tokio::time::interval(self.ping);
        ping.reset();
        let mut silent = 0;
        loop {
            let event = tokio::select! {
                biased;
                next = std::future::poll_fn(|context| self.outbox.poll_next(context)) => Event::Next(next),
                message = self.messages.recv() => Event::Message(message),
                _ = ping.tick() => Event::Silence,
                _ = self.stopping.wait_for(|stopping| *stopping) => Event::Stop,
            };
            match event {
                Event::Next(Next::Send(item)) => self.send(item).await?,
                Event::Next(Next::End(ending, guard)) => return Err(End::Fault(ending, guard)),
                Event::Next(Next::Close) => return Err(RESET),
                Event::Message(Some(Ok(message))) => {
                    silent = 0;
                    self.take(message).await?;
                }
                Event::Message(Some(Err(error))) => return Err(self.broken(&error)),
                Event::Message(None) => return Err(End::Gone),
                Event::Silence if silent == MISSED => return Err(End::Close(CloseCode::Policy, "no answer to pings")),
                Event::Silence => {
                    silent += 1;
                    self.session.ping(b"").await?;
                }
                Event::Stop => return Err(STOPPING),
            }
        }
    }

    /// How a socket ends whose client broke the protocol.
    fn broken(&self, error: &ProtocolError) -> End {
        match (self.checked.violation(), error) {
            (Some(violation), _) => End::Close(violation.code(), violation.reason()),
            (None, ProtocolError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                End::Close(CloseCode::Invalid, "text that is not UTF-8")
            }
            (None, ProtocolError::Io(_)) => End::Gone,
            (None, _) => End::Close(CloseCode::Protocol, "broken framing"),
        }
    }

    async fn take(&mut self, message: AggregatedMessage) -> Result<(), End> {
        match message {
            AggregatedMessage::Text(text) => self.command(Ok(text)).await,
            AggregatedMessage::Binary(bytes) => self.command(Err(bytes)).await,
            AggregatedMessage::Ping(body) if !self.ignores_ping(&body) => Ok(self.session.pong(&body).await?),
            AggregatedMessage::Ping(_) | AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Close(reason) => Err(End::Closed(reason)),
        }
    }

    /// Whether a fault keeps a ping from being answered; the journal has it then.
    fn ignores_ping(&self, body: &Bytes) -> bool {
        let Some(world) = self.outbox.world().filter(|world| world.faults.any()) else { return false };
        let client = self.outbox.client();
        let clients = client.as_deref();
        let head = self.outbox.head("ping");
        let exchange = self.outbox.exchange(Channel::Ping, None, &head, clients.as_slice(), world.now(), body.clone());
        let Some(hit) = match_fault(&world, &exchange) else { return false };
        note(&world, exchange, client.clone(), 0, Bytes::new(), Vec::new(), Some(&hit.id));
        true
    }

    /// Sends a message; its guard is released afterwards. A push is recorded in the journal.
    async fn send(&mut self, mut item: Item) -> Result<(), End> {
        if let Some(until) = item.hold {
            self.hold(item, until);
            return Ok(());
        }
        if let Some(pushed) = item.pushed.take()
            && let Some(world) = self.outbox.world()
        {
            self.outbox.note(&world, item.command, pushed, item.payload.bytes(), 200);
        }
        let Item { payload, mut guard, .. } = item;
        let session = &mut self.session;
        let sending = async move {
            match payload {
                Payload::Text(text) => session.text(text).await,
                Payload::Binary(bytes) => session.binary(bytes).await,
            }
        };
        let mut sending = std::pin::pin!(sending);
        if let Ok(sent) = tokio::time::timeout(SLOW, &mut sending).await {
            return Ok(sent?);
        }
        drop(guard.take());
        self.outbox.set_slow(true);
        let sent = tokio::time::timeout(STUCK, sending).await;
        self.outbox.set_slow(false);
        Ok(sent.map_err(|_| End::Gone)??)
    }

    /// Holds a push back until then. The timer is set before the push's guard ends, so that no `advance` runs past it.
    fn hold(&self, mut item: Item, until: Timestamp) {
        let Some(world) = self.outbox.world() else { return };
        let timer = pause(&world, None, until);
        drop(item.guard.take());
        let outbox = Arc::clone(&self.outbox);
        actix_web::rt::spawn(async move {
            if let Ok(guard) = timer.await {
                item.guard = guard;
                outbox.release(item);
            }
        });
    }

    /// Sends a text in fragments, with the world's time between them. Nothing else goes over the socket meanwhile, and nobody
    /// waits for what is behind it.
    pub(super) async fn dribble(&mut self, mut rest: Bytes, dribble: &Dribble) -> Result<(), End> {
        self.outbox.set_slow(true);
        let mut begun = false;
        while !rest.is_empty() {
            // Kept until the fragment is sent.
            let mut _guard = None;
            if begun {
                let Some(world) = self.outbox.world() else { return Err(RESET) };
                let timer = pause(&world, self.guard_id, dribble.every.after(world.now()));
                drop(world);
                _guard = timer.await.map_err(ended)?;
            }
            let piece = rest.split_to(dribble.bytes.min(rest.len()));
            match (begun, rest.is_empty()) {
                (false, true) => {
                    let text = bytestring::ByteString::try_from(piece).unwrap_or_default();
                    self.session.text(text).await?;
                }
                (false, false) => self.session.continuation(Fragment::FirstText(piece)).await?,
                (true, false) => self.session.continuation(Fragment::Continue(piece)).await?,
                (true, true) => self.session.continuation(Fragment::Last(piece)).await?,
            }
            begun = true;
        }
        self.outbox.set_slow(false);
        Ok(())
    }

    /// The last that is sent. A guard is held until then.
    async fn finish(mut self, end: End) {
        let reason = |code, text: &str| {
            let description = Some(text.to_owned()).filter(|text| !text.is_empty());
            Some(CloseReason { code, description })
        };
        let (reason, _guard) = match end {
            End::Gone => return,
            End::Closed(reason) => {
                let _ = self.session.close(reason).await;
                return;
            }
            End::Close(code, text) => (reason(code, text), None),
            End::Fault(Ending::Close(code), guard) => (reason(code.into(), ""), guard),
            End::Fault(Ending::Overheld, guard) => (reason(CloseCode::Policy, "faults hold too much back"), guard),
            End::Fault(Ending::Reset, guard) => {
                if let Some(end) = self.end.take() {
                    let _ = end.send(Reset(self.reset_handle, guard));
                }
                return;
            }
        };
        let _ = self.session.close(reason).await;
        drop(_guard);
        // A connection that is closed with unread bytes is reset, and the close frame may be lost with it.
        while let Ok(Some(_)) = tokio::time::timeout(QUIET, self.checked.discard()).await {}
    }
}
