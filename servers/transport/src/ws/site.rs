//! The handshake that opens a socket.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use stend_core::fault::{Effect, Hit};
use stend_core::journal::Channel;
use stend_core::{Live, Timestamp, World};
use tokio::sync::oneshot;

use super::SocketService;
use super::body::SocketBody;
use super::frames::Checked;
use super::hub::Hub;
use super::outbox::Outbox;
use super::socket::Socket;
use crate::StatusCode;
use crate::codec::Refused;
use crate::head::{RequestHead, header_lines};
use crate::http::with_headers;
use crate::paths::normal;
use crate::pause::{guard_id, pause};
use crate::pipeline::{Exchange, match_fault, note};
use crate::raw_socket::{ResetHandle, reset};
use crate::reply::Reply;
use crate::site::{Arrival, Site, split_world};

/// So many open sockets can be ended by a TCP reset. It costs a file descriptor each, so further ones just end.
const RESETTABLE: usize = 128;

/// A service that speaks WebSocket on its port.
pub struct SocketSite<S> {
    index: usize,
    /// Held by each socket that can be reset.
    resettable: Arc<()>,
    service: std::marker::PhantomData<fn() -> S>,
}

impl<S: SocketService> SocketSite<S> {
    /// The site of the service in this slot of every world.
    pub fn at(index: usize) -> Arc<dyn Site> {
        Arc::new(Self { index, resettable: Arc::default(), service: std::marker::PhantomData })
    }
}

impl<S: SocketService> Site for SocketSite<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>> {
        Box::pin(open::<S>(self.index, Arc::clone(&self.resettable), arrival))
    }
}

/// The bench's refusal of a handshake, in the vendor's shape.
fn refused<S: SocketService>(world: &World, live: &Live<S>, refused: Refused, now: Timestamp) -> Reply {
    world.run_at(live, now, |state| S::refused(refused, &S::nothing(), state, now))
}

/// Shakes hands; the socket then lives in a task of its own.
async fn open<S: SocketService>(index: usize, resettable: Arc<()>, arrival: Arrival) -> HttpResponse {
    let Arrival { request, payload, worlds, world, stopping } = arrival;
    let plain = normal(request.path());
    let (world, path) = match split_world(&worlds, world.as_deref(), &plain) {
        Ok(found) => found,
        Err(unknown) => {
            let world = worlds.default_world();
            let Some(live) = world.live::<S>(index) else { return mismatch::<S>(index) };
            return refused(world, live, unknown, world.now()).into_response();
        }
    };
    let Some(live) = world.live::<S>(index) else { return mismatch::<S>(index) };
    let now = world.now();
    let head = RequestHead { request: &request, path };
    let exchange = || Exchange {
        service: S::NAME,
        channel: Channel::Http,
        handshake: true,
        operation: None,
        method: request.method().as_str(),
        path,
        head: &head,
        clients: &[],
        client: None,
        now,
        request: Bytes::new(),
    };
    // Of handshakes, the journal has those that were faulted or refused.
    let log = |reply: &Reply, status: u16, fault: Option<&str>| {
        note(&world, exchange(), None, status, reply.body.clone(), Vec::new(), fault);
    };
    let mut held = None;
    let mut fault = None;
    if let Some(Hit { id, effect }) = match_fault(&world, &exchange()) {
        let instead = match &effect {
            Effect::Respond(respond) => {
                let reply = world.run_at(live, now, |state| S::responded(respond, &S::nothing(), state, now));
                Some(with_headers(reply, respond))
            }
            Effect::TooMany(seconds) => {
                let reply = refused(&world, live, Refused::TooMany(*seconds), now);
                Some(reply.header(header::RETRY_AFTER, header::HeaderValue::from(*seconds)))
            }
            _ => None,
        };
        if let Some(reply) = instead {
            log(&reply, reply.status.as_u16(), Some(&id));
            return reply.into_response();
        }
        match effect {
            Effect::Reset(_) => {
                log(&Reply::empty(StatusCode::OK), 0, Some(&id));
                return reset(&request);
            }
            Effect::Delay(span) => match pause(&world, guard_id(request.headers()), span.after(now)).await {
                Ok(guard) => held = guard,
                Err(gone) => return refused(&world, live, Refused::Held(gone), now).into_response(),
            },
            // No other effect is for handshakes.
            _ => {}
        }
        fault = Some(id);
    }
    let checked = Checked::new(payload, S::MESSAGE_LIMIT);
    let shaken = checked.payload(&request).and_then(|payload| actix_ws::handle(&request, payload).ok());
    let Some((response, session, messages)) = shaken else {
        let reply = refused(&world, live, no_handshake(&request), now)
            .header(header::UPGRADE, header::HeaderValue::from_static("websocket"));
        log(&reply, reply.status.as_u16(), fault.as_deref());
        return reply.into_response();
    };
    if let Some(fault) = &fault {
        log(&Reply::empty(StatusCode::OK), response.status().as_u16(), Some(fault));
    }
    drop(held);
    let Some(hub) = live.follower(Hub::<S>::default) else { return mismatch::<S>(index) };
    let resettable = Some(resettable).filter(|held| Arc::strong_count(held) <= RESETTABLE + 1);
    let mut headers = String::new();
    header_lines(request.headers(), &mut headers);
    let outbox = Arc::new(Outbox::new(S::NAME, Arc::downgrade(&world), path, &headers));
    let ping = world.run_at(live, now, |state| S::ping(state));
    let (end, ends) = oneshot::channel();
    let messages =
        messages.max_frame_size(S::MESSAGE_LIMIT).aggregate_continuations().max_continuation_size(S::MESSAGE_LIMIT);
    let socket = Socket {
        index,
        id: hub.open(Arc::clone(&outbox)),
        hub,
        outbox,
        session,
        messages,
        checked,
        ping,
        guard_id: guard_id(request.headers()),
        reset_handle: ResetHandle::of(&request, resettable.is_some()),
        end: Some(end),
        stopping,
        _resettable: resettable,
        _open: world.tally().map(|tally| tally.socket(S::NAME)),
    };
    actix_web::rt::spawn(socket.run());
    response.map_body(|_, messages| BoxBody::new(SocketBody::new(messages, ends)))
}

fn mismatch<S: SocketService>(index: usize) -> HttpResponse {
    tracing::error!(service = S::NAME, index, "the registry and the sites disagree");
    HttpResponse::InternalServerError().finish()
}

fn no_handshake(request: &HttpRequest) -> Refused {
    let upgrade = request.headers().get(header::UPGRADE);
    let is_upgrade = upgrade
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("websocket"));
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let scheme = if request.app_config().secure() { "wss" } else { "ws" };
    // The path tells the world.
    let status = if is_upgrade { StatusCode::BAD_REQUEST } else { StatusCode::UPGRADE_REQUIRED };
    Refused::Handshake(status, format!("{scheme}://{host}{}", request.path()))
}
