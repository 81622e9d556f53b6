//! The socket loop: one socket, its frames, its outbox.

mod command;
mod faults;

use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use actix_http::ws::{CloseCode, CloseReason};
use actix_web::dev;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use actix_ws::Closed;
use bytes::Bytes;
use stend_core::journal::{Entry, Way};
use stend_core::turn::Turn;
use stend_core::{Fake, World};
use stend_web::{Arrival, Cord, Reply, Site, StatusCode, TICKET, header, ours, split_world, ticket};

use crate::Queue;
use crate::error::Error;
use crate::frames::{Frames, Incoming, LIMIT};
use crate::handshake::{Struck, struck};
use crate::outbox::{Ending, Item, Outbox, Payload};
use crate::state::hub::SocketId;
use crate::wire::Request;

/// How many pings a silent socket may leave unanswered.
const MISSED: u32 = 3;

/// A frame that is not taken for so long makes a socket slow: nobody waits for it.
const SLOW: Duration = Duration::from_millis(100);

/// A frame that is not taken for so long ends the connection.
const STUCK: Duration = Duration::from_secs(60);

/// So many open sockets can be ended by a TCP reset. It costs a file descriptor each, so further ones just end.
const RESETTABLE: usize = 128;

/// The queue on its port.
#[derive(Debug)]
pub struct QueueSite {
    slot: usize,
    /// Held by each socket that can be reset.
    resettable: Arc<()>,
}

impl QueueSite {
    /// The site of the fake in this slot of every world.
    pub fn at(slot: usize) -> Arc<dyn Site> {
        Arc::new(Self { slot, resettable: Arc::default() })
    }
}

impl Site for QueueSite {
    fn name(&self) -> &'static str {
        Queue::NAME
    }

    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>> {
        Box::pin(open(self.slot, Arc::clone(&self.resettable), arrival))
    }
}

/// Shakes hands and lets the socket run by itself.
async fn open(slot: usize, resettable: Arc<()>, arrival: Arrival) -> HttpResponse {
    let Arrival { request, payload, worlds } = arrival;
    let (world, path) = match split_world(&worlds, request.path()) {
        Ok(found) => found,
        Err(reply) => return reply.into_response(),
    };
    let held = match struck(&world, &request, path).await {
        Struck::Answered(response) => return response,
        Struck::Held(held) => Some(held),
        Struck::No => None,
    };
    let is_upgrade = request
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("websocket")));
    // The frames are read from the true payload below; actix-ws shakes hands and writes.
    let nothing = web::Payload::from_request(&request, &mut dev::Payload::None).into_inner();
    let shaken = nothing.and_then(|nothing| actix_ws::handle(&request, nothing));
    let Ok((response, session, _)) = shaken else {
        let hint = Some("connect with a WebSocket client, e.g. to ws://127.0.0.1:7703/");
        let message = "this port speaks WebSocket; the handshake is missing or wrong";
        let status = if is_upgrade { StatusCode::BAD_REQUEST } else { StatusCode::UPGRADE_REQUIRED };
        let reply = ours(status, "handshake", message, hint, None)
            .header(header::UPGRADE, header::HeaderValue::from_static("websocket"));
        match held {
            Some(held) => held.note(&world, &request, path, reply.status.as_u16(), reply.body.clone()),
            None => refused(&world, &request, path, &reply),
        }
        return reply.into_response();
    };
    if let Some(held) = &held {
        held.note(&world, &request, path, response.status().as_u16(), Bytes::new());
    }
    let resettable = Some(resettable).filter(|held| Arc::strong_count(held) <= RESETTABLE + 1);
    let (cord, response) = Cord::of(&request, response, resettable.is_some());
    let outbox = Arc::new(Outbox::new(Arc::downgrade(&world), path, &handshake(request.headers())));
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
        ping,
        session,
        ticket: ticket(request.headers()),
        cord,
        _resettable: resettable,
    };
    actix_web::rt::spawn(socket.run(Frames::new(payload)));
    response
}

/// The headers of a handshake, a line each.
fn handshake(headers: &header::HeaderMap) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        if let Ok(value) = value.to_str()
            && name.as_str() != TICKET
        {
            lines.extend([name.as_str(), ": ", value, "\n"]);
        }
    }
    lines
}

fn refused(world: &World, request: &HttpRequest, path: &str, reply: &Reply) {
    world.journal.write(Entry {
        seq: 0,
        at: world.now(),
        fake: Queue::NAME,
        operation: None,
        way: Way::Http,
        client: None,
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
    /// How often it is pinged when it is silent.
    ping: Duration,
    session: actix_ws::Session,
    /// Under which a scenario leaves its turn while it waits for a reply.
    ticket: Option<u64>,
    cord: Cord,
    _resettable: Option<Arc<()>>,
}

/// Why the loop ends.
enum End {
    /// The client is gone, or has closed.
    Gone(Option<CloseReason>),
    /// We close, with a code.
    Close(CloseCode, &'static str),
    /// A fault wants it closed; whoever advanced the clock may wait for that.
    Fault(Ending, Option<Turn>),
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
        let mut _until_closed = None;
        let reason = match end {
            End::Gone(reason) => reason,
            End::Close(code, text) => Some(CloseReason { code, description: Some(text.to_owned()) }),
            End::Fault(Ending::Close(code), turn) => {
                _until_closed = turn;
                Some(CloseReason { code: code.into(), description: None })
            }
            End::Fault(Ending::Overheld, _) => {
                let description = Some("faults hold too much back".to_owned());
                Some(CloseReason { code: CloseCode::Policy, description })
            }
            End::Fault(Ending::Reset, _turn) => return self.cord.pull(),
        };
        drop(self.session.close(reason).await);
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
            if let Some((ending, turn)) = self.outbox.ending() {
                return End::Fault(ending, turn);
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
                    if self.ignores_ping(&body) {
                        continue;
                    }
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
    async fn send(&mut self, mut item: Item) -> Result<(), Closed> {
        if let Some(until) = item.hold {
            self.hold(item, until);
            return Ok(());
        }
        let mut turn = item.turn.take();
        let journal = item.pushed.take().map(|pushed| {
            let bytes = match &item.payload {
                Payload::Text(text) => text.clone().into_bytes(),
                Payload::Binary(bytes) => bytes.clone(),
            };
            (pushed, bytes)
        });
        {
            let session = &mut self.session;
            let mut sending = pin!(async move {
                match item.payload {
                    Payload::Text(text) => session.text(text).await,
                    Payload::Binary(bytes) => session.binary(bytes).await,
                }
            });
            // Most are taken at once, and need no clock.
            match std::future::poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await {
                Poll::Ready(sent) => sent?,
                Poll::Pending => match tokio::time::timeout(SLOW, sending.as_mut()).await {
                    Ok(sent) => sent?,
                    Err(_) => {
                        drop(turn.take());
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
        if let (Some((pushed, reply)), Some(world)) = (journal, self.world.upgrade()) {
            self.outbox.note(&world, item.command, pushed, reply, 200);
        }
        Ok(())
    }
}
