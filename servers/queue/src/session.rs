//! The socket loop: one socket, its frames, its outbox.

mod faults;

use std::pin::{Pin, pin};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use actix_http::ws::{CloseCode, CloseReason};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use actix_ws::Closed;
use bytes::Bytes;
use bytestring::ByteString;
use stend_core::fault::{Effect, Facts, Hit};
use stend_core::journal::{Entry, Way};
use stend_core::{Fake, Timestamp, World, near};
use stend_web::{Arrival, Reply, Site, StatusCode, header, let_go, ours, split_world};

use self::faults::instead;
use crate::Queue;
use crate::ask::{Answer, Ask};
use crate::error::Error;
use crate::frames::{Frames, Incoming, LIMIT};
use crate::handlers::books;
use crate::outbox::{Item, Outbox};
use crate::routes::{self, Route, Run};
use crate::state::State;
use crate::state::hub::SocketId;
use crate::wire::{self, KEYS, Request};

/// How many pings a silent socket may leave unanswered.
const MISSED: u32 = 3;

/// A frame that is not taken for so long makes a socket slow: nobody waits for it.
const SLOW: Duration = Duration::from_millis(100);

/// A frame that is not taken for so long ends the connection.
const STUCK: Duration = Duration::from_secs(60);

/// The queue on its port.
#[derive(Debug)]
pub struct QueueSite {
    slot: usize,
}

impl QueueSite {
    /// The site of the fake in this slot of every world.
    pub fn at(slot: usize) -> Arc<dyn Site> {
        Arc::new(Self { slot })
    }
}

impl Site for QueueSite {
    fn name(&self) -> &'static str {
        Queue::NAME
    }

    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>> {
        let slot = self.slot;
        Box::pin(open(slot, arrival))
    }
}

/// Shakes hands and lets the socket run by itself.
async fn open(slot: usize, arrival: Arrival) -> HttpResponse {
    let Arrival { request, payload, worlds } = arrival;
    let (world, path) = match split_world(&worlds, request.path()) {
        Ok(found) => found,
        Err(reply) => return reply.into_response(),
    };
    let is_upgrade = request
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("websocket")));
    // The frames are read from the true payload below; actix-ws shakes hands and writes.
    let nothing = web::Payload::from_request(&request, &mut Payload::None).into_inner();
    let shaken = nothing.and_then(|nothing| actix_ws::handle(&request, nothing));
    let Ok((response, session, _)) = shaken else {
        let hint = Some("connect with a WebSocket client, e.g. to ws://127.0.0.1:7703/");
        let message = "this port speaks WebSocket; the handshake is missing or wrong";
        let status = if is_upgrade { StatusCode::BAD_REQUEST } else { StatusCode::UPGRADE_REQUIRED };
        let reply = ours(status, "handshake", message, hint, None)
            .header(header::UPGRADE, header::HeaderValue::from_static("websocket"));
        refused(&world, &request, path, &reply);
        return reply.into_response();
    };
    let_go(&request);
    let outbox = Arc::new(Outbox::new(Arc::downgrade(&world)));
    let Some(live) = world.live::<Queue>(slot) else {
        tracing::error!(slot, "the registry and the sites disagree");
        return HttpResponse::InternalServerError().finish();
    };
    let (id, ping) =
        world.run(live, |state| (state.hub.open(Arc::clone(&outbox)), state.settings.ping.signed().unsigned_abs()));
    let socket = Socket {
        slot,
        id,
        outbox,
        world: Arc::downgrade(&world),
        path: path.to_owned(),
        ping,
        session,
        held: Arc::default(),
    };
    actix_web::rt::spawn(socket.run(Frames::new(payload)));
    response
}

fn refused(world: &World, request: &HttpRequest, path: &str, reply: &Reply) {
    world.journal.write(Entry {
        seq: 0,
        at: world.now(),
        fake: Queue::NAME,
        operation: None,
        way: Way::Http,
        head: format!("{} {path}\n", request.method()).into(),
        request: Bytes::new(),
        status: reply.status.as_u16(),
        reply: reply.body.clone(),
        remarks: Vec::new(),
        fault: None,
    });
}

/// One open socket. It holds its world weakly: a world that is removed closes its sockets.
struct Socket {
    slot: usize,
    id: SocketId,
    outbox: Arc<Outbox>,
    world: Weak<World>,
    path: String,
    /// How often it is pinged when it is silent.
    ping: Duration,
    session: actix_ws::Session,
    /// Replies that faults hold back.
    held: Arc<AtomicUsize>,
}

/// Why the loop ends.
enum End {
    /// The client is gone, or has closed.
    Gone(Option<CloseReason>),
    /// We close, with a code.
    Close(CloseCode, &'static str),
    /// We end without a word.
    Reset,
}

impl Socket {
    async fn run(mut self, mut frames: Frames) {
        let end = self.serve(&mut frames).await;
        if let Some(world) = self.world.upgrade()
            && let Some(live) = world.live::<Queue>(self.slot)
        {
            world.run(live, |state| state.hub.close(self.id, &self.outbox));
        }
        self.outbox.close();
        while self.outbox.take().is_some() {}
        match end {
            End::Gone(reason) => drop(self.session.close(reason).await),
            End::Close(code, text) => {
                drop(self.session.close(Some(CloseReason { code, description: Some(text.to_owned()) })).await);
            }
            End::Reset => {}
        }
    }

    async fn serve(&mut self, frames: &mut Frames) -> End {
        let mut ping = tokio::time::interval(self.ping);
        ping.reset();
        let mut silent = 0;
        loop {
            while let Some(item) = self.outbox.take() {
                if self.send(item).await.is_err() {
                    return End::Gone(None);
                }
            }
            if self.outbox.is_closed() {
                return End::Close(CloseCode::Restart, "the world was reset");
            }
            let outbox = Arc::clone(&self.outbox);
            let incoming = tokio::select! {
                // A frame, and then whatever waits to be sent: neither keeps the other from its turn.
                biased;
                incoming = frames.next() => incoming,
                () = outbox.something() => continue,
                _ = ping.tick() => {
                    silent += 1;
                    if silent > MISSED {
                        return End::Close(CloseCode::Policy, "no answer to pings");
                    }
                    if self.session.ping(b"").await.is_err() {
                        return End::Gone(None);
                    }
                    continue;
                }
            };
            silent = 0;
            match incoming {
                None => return End::Gone(None),
                Some(Incoming::Ping(body)) => {
                    if self.session.pong(&body).await.is_err() {
                        return End::Gone(None);
                    }
                }
                Some(Incoming::Pong) => {}
                Some(Incoming::Close(reason)) => return End::Gone(reason),
                Some(Incoming::Broken) => return End::Close(CloseCode::Protocol, "not a WebSocket frame"),
                Some(Incoming::Text(text)) => {
                    let (request, read) = Request::read(&text);
                    if let Some(end) = self.command(text.into_bytes(), request, read).await {
                        return end;
                    }
                }
                Some(Incoming::Binary) => self.broken(Error::NotText),
                Some(Incoming::TooLarge) => self.broken(Error::TooLarge(LIMIT)),
                Some(Incoming::NotUtf8) => self.broken(Error::NotUtf8),
            }
            // Others have their turn after every frame, however many have come at once.
            tokio::task::yield_now().await;
        }
    }

    /// Sends a frame; nobody waits for a socket that does not take it.
    async fn send(&mut self, item: Item) -> Result<(), Closed> {
        let Item { topic, command, text, at, turn } = item;
        let journal = topic.is_some().then(|| text.clone().into_bytes());
        {
            let mut sending = pin!(self.session.text(text));
            // Most are taken at once, and need no clock.
            match std::future::poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await {
                Poll::Ready(sent) => sent?,
                Poll::Pending => match tokio::time::timeout(SLOW, sending.as_mut()).await {
                    Ok(sent) => sent?,
                    Err(_) => {
                        drop(turn);
                        self.outbox.set_slow(true);
                        match tokio::time::timeout(STUCK, sending).await {
                            Ok(sent) => sent?,
                            Err(_) => return Err(Closed),
                        }
                        self.outbox.set_slow(false);
                    }
                },
            }
        }
        if let (Some(reply), Some(world)) = (journal, self.world.upgrade()) {
            world.journal.write(Entry {
                seq: 0,
                at,
                fake: Queue::NAME,
                operation: Some(command),
                way: Way::Push,
                head: format!("{command} {}\n", self.path).into(),
                request: Bytes::new(),
                status: 200,
                reply,
                remarks: Vec::new(),
                fault: None,
            });
        }
        Ok(())
    }

    /// A message that is no request: an error reply, and the socket stays open.
    fn broken(&self, error: Error) {
        let Some(world) = self.world.upgrade() else { return };
        let now = world.now();
        let text = wire::failure(now, &Request::default(), &error.object());
        self.note(&world, now, None, "", Bytes::new(), 400, text.clone(), Vec::new(), None);
        self.outbox.reply("", text);
    }

    /// Answers a request.
    async fn command(&mut self, frame: Bytes, request: Request, read: Result<(), Error>) -> Option<End> {
        let Some(world) = self.world.upgrade() else {
            return Some(End::Close(CloseCode::Restart, "the world is gone"));
        };
        let now = world.now();
        let route = routes::find(&request.command);
        let operation = route.map(|route| route.operation.id);
        let no_header = |_: &str| None;
        let facts =
            Facts { fake: Queue::NAME, operation, method: &request.command, path: &self.path, header: &no_header };
        let hit = world.faults.strike(&facts, now);
        let fault = hit.as_ref().map(|hit| hit.id.clone());
        if let Some((text, status)) = hit.as_ref().and_then(|hit| instead(&hit.effect, &request, now)) {
            self.note(&world, now, operation, &request.command, frame, status, text.clone(), Vec::new(), fault);
            self.outbox.reply(operation.unwrap_or(""), text);
            return None;
        }
        if matches!(hit, Some(Hit { effect: Effect::Reset, .. })) {
            self.note(&world, now, operation, &request.command, frame, 0, ByteString::new(), Vec::new(), fault);
            return Some(End::Reset);
        }
        let Some(live) = world.live::<Queue>(self.slot) else { return Some(End::Reset) };
        // A reply that a fault changes or holds back goes its own way; any other is queued before the pushes that
        // come of it, while the state is still held.
        let plain = hit.is_none();
        let command = operation.unwrap_or("");
        let outcome = world.run(live, |state| {
            if !state.hub.has_socket(self.id, &self.outbox) {
                return None;
            }
            let mut ask = Ask {
                request: &request,
                session: None,
                now,
                socket: self.id,
                strict: world.is_strict(),
                remarks: Vec::new(),
            };
            let result = read.and_then(|()| answer(&mut ask, route, state));
            let reply = match result {
                Ok(Answer::Data(data)) => Done::Reply(wire::reply(now, &request, None, &data), 200),
                Ok(Answer::Login(data, token)) => Done::Reply(wire::reply(now, &request, Some(&token), &data), 200),
                Ok(Answer::Late(make)) => Done::Late(make),
                Err(error) => Done::Reply(wire::failure(now, &request, &error.object()), 400),
            };
            if let (true, Done::Reply(text, _)) = (plain, &reply) {
                self.outbox.reply(command, text.clone());
            }
            let remarks = ask.remarks;
            if let Done::Reply(..) = reply {
                state.settle(now);
            }
            Some((reply, remarks))
        });
        let Some((reply, remarks)) = outcome else {
            return Some(End::Close(CloseCode::Restart, "the world was reset"));
        };
        let (text, status) = match reply {
            Done::Reply(text, status) => (text, status),
            Done::Late(make) => {
                // Made while nobody waits for the state; what follows from the command comes after its reply here too.
                let text = wire::reply(now, &request, None, &make());
                world.run(live, |state| {
                    if plain {
                        self.outbox.reply(command, text.clone());
                    }
                    state.settle(now);
                });
                (text, 200)
            }
        };
        match hit {
            None => {
                self.note(&world, now, operation, &request.command, frame, status, text, remarks, None);
                None
            }
            Some(hit) => {
                self.note(&world, now, operation, &request.command, frame, status, text.clone(), remarks, fault);
                self.misbehave(&world, now, command, hit.effect, text).await
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one journal entry")]
    fn note(
        &self,
        world: &World,
        at: Timestamp,
        operation: Option<&'static str>,
        command: &str,
        request: Bytes,
        status: u16,
        reply: ByteString,
        remarks: Vec<String>,
        fault: Option<String>,
    ) {
        // The command stands where HTTP has its method, so it must not break the line.
        let command: String = command.chars().filter(|c| !c.is_whitespace()).take(64).collect();
        world.journal.write(Entry {
            seq: 0,
            at,
            fake: Queue::NAME,
            operation,
            way: Way::Frame,
            head: format!("{command} {}\n", self.path).into(),
            request,
            status,
            reply: reply.into_bytes(),
            remarks,
            fault: fault.map(Into::into),
        });
    }
}

/// A reply that is ready, or can be made once the state is let go.
enum Done {
    Reply(ByteString, u16),
    Late(Box<dyn FnOnce() -> serde_json::Value + Send>),
}

/// Session, handler, and what follows from success.
fn answer(ask: &mut Ask<'_>, route: Option<&'static Route>, state: &mut State) -> Result<Answer, Error> {
    let Some(route) = route else {
        let name = &ask.request.command;
        let near = near::nearest(name, routes::all().map(|route| route.operation.id)).map(str::to_owned);
        return Err(Error::UnknownCommand(name.chars().take(100).collect(), near));
    };
    if !matches!(route.run, Run::Open(_)) {
        ask.session = Some(state.session(ask.request.token.as_deref(), ask.now)?);
    }
    let odd = ask.request.odd.clone();
    odd.iter().try_for_each(|key| ask.unknown(key, &KEYS))?;
    let answer = match route.run {
        Run::Open(handler) | Run::Within(handler) => handler(ask, state)?,
        Run::Book(verb, book) => books::run(verb, book, ask, state)?,
    };
    if let Some(session) = &ask.session {
        state.used(session, ask.now);
    }
    Ok(answer)
}
