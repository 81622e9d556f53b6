//! Bodies that misbehave: cut short, or in small pieces.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use stend_core::fault::Dribble;
use stend_core::{Span, World};

use crate::pause::pause;

/// Declares its whole length, sends less, and breaks off.
pub(crate) struct Cut {
    declared: u64,
    sent: Bytes,
    flush: Sleep,
}

/// How long what was sent may take to leave before the connection is broken off.
const FLUSH: Duration = Duration::from_millis(20);

impl Cut {
    /// Of a body of `declared` bytes these are sent.
    pub(crate) fn new(declared: usize, sent: Bytes) -> Self {
        Self { declared: declared as u64, sent, flush: Box::pin(tokio::time::sleep(FLUSH)) }
    }
}

/// The error of a body that a fault cuts: actix then closes the connection.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the body was cut by a fault")
    }
}

impl std::error::Error for BrokenOff {}

impl MessageBody for Cut {
    type Error = BrokenOff;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.declared)
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if !self.sent.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.sent))));
        }
        // actix sends what it has while it waits for us; an error at once would throw it away.
        std::task::ready!(self.flush.as_mut().poll(context));
        Poll::Ready(Some(Err(BrokenOff)))
    }
}

type Sleep = Pin<Box<dyn Future<Output = ()>>>;

/// Sends a few bytes at a time, with the world's time between them.
pub(crate) struct Dribbled {
    rest: Bytes,
    piece: usize,
    every: Span,
    world: Arc<World>,
    guard_id: Option<u64>,
    sleep: Option<Sleep>,
    first: bool,
}

impl Dribbled {
    pub(crate) fn new(rest: Bytes, dribble: &Dribble, world: Arc<World>, guard_id: Option<u64>) -> Self {
        Self { rest, piece: dribble.bytes, every: dribble.every, world, guard_id, sleep: None, first: true }
    }
}

impl MessageBody for Dribbled {
    type Error = BrokenOff;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let this = self.get_mut();
        if this.rest.is_empty() {
            return Poll::Ready(None);
        }
        if !this.first {
            let sleep = this.sleep.get_or_insert_with(|| {
                let (world, guard_id) = (Arc::clone(&this.world), this.guard_id);
                let until = this.every.after(world.now());
                Box::pin(async move {
                    // A world that was reset waits no longer: the rest comes at once.
                    let _ = pause(&world, guard_id, until).await;
                })
            });
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            this.sleep = None;
        }
        this.first = false;
        let piece = this.piece.min(this.rest.len());
        Poll::Ready(Some(Ok(this.rest.split_to(piece))))
    }
}
