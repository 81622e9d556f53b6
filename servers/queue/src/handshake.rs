//! What faults do to the handshake that opens a socket.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use stend_core::busy::BusyGuard;
use stend_core::fault::Effect;
use stend_core::journal::{Channel, Note};
use stend_core::{Service, Timestamp, World};
use stend_transport::{Asked, Reply, guard_id, instead, interrupted, match_fault, pause, reset, with_head};

use crate::Queue;

/// What has become of a handshake.
pub(crate) enum Faulted {
    /// Nothing.
    No,
    /// It was held, and goes on.
    Held(Held),
    /// It was answered.
    Answered(HttpResponse),
}

/// A handshake that was held.
pub(crate) struct Held {
    fault: String,
    at: Timestamp,
    /// Whoever advances the clock waits for the answer.
    _turn: Option<BusyGuard>,
}

/// Lets a fault strike a handshake.
pub(crate) async fn faulted(world: &Arc<World>, request: &HttpRequest, path: &str) -> Faulted {
    if !world.faults.any() {
        return Faulted::No;
    }
    let at = world.now();
    let asked = Asked { service: Queue::NAME, operation: None, handshake: true };
    let Some(hit) = match_fault(world, asked, request, path, at) else { return Faulted::No };
    if let Some(reply) = instead(&hit.effect) {
        let is_reset = hit.effect == Effect::Reset;
        let status = if is_reset { 0 } else { reply.status.as_u16() };
        with_head(request, path, |head| note(world, at, head, status, reply.body.clone(), Some(&hit.id)));
        return Faulted::Answered(if is_reset { reset(request) } else { reply.into_response() });
    }
    // No other effect is for handshakes.
    let Effect::Delay(span) = hit.effect else { return Faulted::No };
    match pause(world, guard_id(request.headers()), span.after(at)).await {
        Ok(guard) => Faulted::Held(Held { fault: hit.id, at, _turn: guard }),
        Err(_) => Faulted::Answered(interrupted().into_response()),
    }
}

impl Held {
    /// Writes the handshake into the journal, with how it was answered in the end. The turn stays.
    pub(crate) fn note(&self, world: &World, request: &HttpRequest, path: &str, status: u16, reply: Bytes) {
        with_head(request, path, |head| note(world, self.at, head, status, reply, Some(&self.fault)));
    }
}

/// Writes a request that no fault struck, and that was no handshake, into the journal.
pub(crate) fn refused(world: &World, request: &HttpRequest, path: &str, reply: &Reply) {
    let head = format!("{} {path}\n", request.method());
    note(world, world.now(), &head, reply.status.as_u16(), reply.body.clone(), None);
}

fn note(world: &World, at: Timestamp, head: &str, status: u16, reply: Bytes, fault: Option<&str>) {
    world.journal.write(Note {
        at,
        service: Queue::NAME,
        operation: None,
        channel: Channel::Http,
        client: None,
        head,
        request: Bytes::new(),
        status,
        reply,
        warnings: Vec::new(),
        fault,
    });
}
