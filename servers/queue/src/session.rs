//! Sockets: the handshake, and what a socket is made of. A socket is the body of its handshake's response, so what
//! comes over it is answered where the connection is written to: no other task stands between a command and its reply.

mod command;
mod faults;
mod line;

use std::pin::Pin;
use std::sync::{Arc, Weak};

use actix_web::body::BoxBody;
use actix_web::rt::task::JoinHandle;
use actix_web::{FromRequest, HttpResponse, dev, web};
use bytes::Bytes;
use stend_core::{Service, World};
use stend_transport::{
    Arrival, Reply, ResetHandle, Site, StatusCode, guard_id, header, header_lines, ours, split_world,
};
use tokio::time::Interval;

use crate::Queue;
use crate::frames::{Frames, Incoming};
use crate::handshake::{Faulted, faulted, refused};
use crate::outbox::Outbox;
use crate::state::hub::SocketId;

use self::faults::Pieces;
use self::line::Stage;

/// So many open sockets can be ended by a TCP reset. It costs a file descriptor each, so further ones just end.
const RESETTABLE: usize = 128;

/// The queue on its port.
#[derive(Debug)]
pub struct QueueSite {
    index: usize,
    /// Held by each socket that can be reset.
    resettable: Arc<()>,
}

impl QueueSite {
    /// The site of the service in this slot of every world.
    pub fn at(index: usize) -> Arc<dyn Site> {
        Arc::new(Self { index, resettable: Arc::default() })
    }
}

impl Site for QueueSite {
    fn name(&self) -> &'static str {
        Queue::NAME
    }

    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>> {
        Box::pin(open(self.index, Arc::clone(&self.resettable), arrival))
    }
}

/// Shakes hands; the socket lives in the response.
async fn open(index: usize, resettable: Arc<()>, arrival: Arrival) -> HttpResponse {
    let Arrival { request, payload, worlds } = arrival;
    let (world, path) = match split_world(&worlds, request.path()) {
        Ok(found) => found,
        Err(refused) => {
            return ours(refused.status(), "unknown_world", &refused.to_string(), None, None).into_response();
        }
    };
    let held = match faulted(&world, &request, path).await {
        Faulted::Answered(response) => return response,
        Faulted::Held(held) => Some(held),
        Faulted::No => None,
    };
    let Some(live) = world.live::<Queue>(index) else {
        tracing::error!(index, "the registry and the sites disagree");
        return HttpResponse::InternalServerError().finish();
    };
    // actix-ws shakes hands; what comes and goes is read and written here.
    let nothing = web::Payload::from_request(&request, &mut dev::Payload::None).into_inner();
    let Ok((response, ..)) = nothing.and_then(|nothing| actix_ws::handle(&request, nothing)) else {
        let reply = no_handshake(request.headers());
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
    let mut headers = String::new();
    header_lines(request.headers(), &mut headers);
    let outbox = Arc::new(Outbox::new(Arc::downgrade(&world), path, &headers));
    let (id, ping) =
        world.run(live, |state| (state.hub.open(Arc::clone(&outbox)), state.settings.ping.signed().unsigned_abs()));
    let socket = Socket {
        index,
        id,
        watch: actix_web::rt::spawn(watch(index, id, Arc::clone(&outbox))),
        outbox,
        world: Arc::downgrade(&world),
        frames: Frames::new(payload),
        next: None,
        answered: 0,
        silent: 0,
        ping: {
            let mut ping = tokio::time::interval(ping);
            ping.reset();
            ping
        },
        pieces: None,
        stage: Stage::Open,
        sent: false,
        guard_id: guard_id(request.headers()),
        reset_handle: ResetHandle::of(&request, resettable.is_some()),
        _resettable: resettable,
    };
    response.set_body(BoxBody::new(socket))
}

/// Ends a socket that does not take what it is given.
async fn watch(index: usize, id: SocketId, outbox: Arc<Outbox>) {
    outbox.watch().await;
    outbox.give_up();
    if let Some(world) = outbox.world()
        && let Some(live) = world.live::<Queue>(index)
    {
        world.run(live, |state| state.hub.close(id, &outbox));
    }
}

fn no_handshake(headers: &header::HeaderMap) -> Reply {
    let is_upgrade = headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("websocket")));
    let hint = Some("connect with a WebSocket client, e.g. to ws://127.0.0.1:7703/");
    let message = "this port speaks WebSocket; the handshake is missing or wrong";
    let status = if is_upgrade { StatusCode::BAD_REQUEST } else { StatusCode::UPGRADE_REQUIRED };
    ours(status, "handshake", message, hint, None)
        .header(header::UPGRADE, header::HeaderValue::from_static("websocket"))
}

/// One open socket. It holds its world weakly: a world that is removed closes its sockets.
struct Socket {
    index: usize,
    id: SocketId,
    outbox: Arc<Outbox>,
    world: Weak<World>,
    frames: Frames,
    /// What has come and has to wait until others had their turn.
    next: Option<Incoming>,
    /// Frames that were answered since others had their turn.
    answered: usize,
    /// Pings that were left unanswered.
    silent: u32,
    ping: Interval,
    /// The reply that a fault sends in pieces.
    pieces: Option<Pieces>,
    stage: Stage,
    /// Whether something was given to the connection since others had their turn.
    sent: bool,
    /// Under which a scenario leaves its turn while it waits for a reply.
    guard_id: Option<u64>,
    reset_handle: ResetHandle,
    /// Looks after it when it does not take what it is given.
    watch: JoinHandle<()>,
    _resettable: Option<Arc<()>>,
}
