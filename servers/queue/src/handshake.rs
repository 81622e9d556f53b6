//! What faults do to the handshake that opens a socket.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use stend_core::fault::Effect;
use stend_core::journal::{Note, Way};
use stend_core::turn::Turn;
use stend_core::{Fake, Timestamp, World};
use stend_web::{Asked, Reply, instead, interrupted, pause, reset, strike, ticket, with_head};

use crate::Queue;

/// What has become of a handshake.
pub(crate) enum Struck {
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
    _turn: Option<Turn>,
}

/// Lets a fault strike a handshake.
pub(crate) async fn struck(world: &Arc<World>, request: &HttpRequest, path: &str) -> Struck {
    if !world.faults.any() {
        return Struck::No;
    }
    let at = world.now();
    let asked = Asked { fake: Queue::NAME, operation: None, handshake: true };
    let Some(hit) = strike(world, asked, request, path, at) else { return Struck::No };
    if let Some(reply) = instead(&hit.effect) {
        let is_reset = hit.effect == Effect::Reset;
        let status = if is_reset { 0 } else { reply.status.as_u16() };
        with_head(request, path, |head| note(world, at, head, status, reply.body.clone(), Some(&hit.id)));
        return Struck::Answered(if is_reset { reset(request) } else { reply.into_response() });
    }
    // No other effect is for handshakes.
    let Effect::Delay(span) = hit.effect else { return Struck::No };
    match pause(world, ticket(request.headers()), span.after(at)).await {
        Ok(turn) => Struck::Held(Held { fault: hit.id, at, _turn: turn }),
        Err(_) => Struck::Answered(interrupted().into_response()),
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
        fake: Queue::NAME,
        operation: None,
        way: Way::Http,
        client: None,
        head,
        request: Bytes::new(),
        status,
        reply,
        remarks: Vec::new(),
        fault,
    });
}
