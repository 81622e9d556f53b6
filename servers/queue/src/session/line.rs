//! What a socket does whenever its connection asks for more to write: it sends what waits, answers what has come, and
//! looks at the time.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_http::ws::{OpCode, Parser};
use actix_web::body::{BodySize, MessageBody};
use actix_ws::{CloseCode, CloseReason};
use bytes::{Bytes, BytesMut};
use stend_core::busy::BusyGuard;
use stend_transport::BrokenOff;

use super::Socket;
use super::faults::Piece;
use crate::Queue;
use crate::errors::Error;
use crate::frames::{Incoming, LIMIT};
use crate::outbox::{Ending, Item, Next, Payload};

/// How many pings a silent socket may leave unanswered.
const MISSED: u32 = 3;

/// So many frames of a socket are answered before others have their turn, however many have come at once. What they
/// are answered with goes out together.
const ANSWERED: usize = 16;

/// How far a socket has come.
pub(super) enum Stage {
    /// It is open.
    Open,
    /// Its connection is to be broken off, once what was sent before is out.
    BreaksOff { _turn: Option<BusyGuard> },
    /// All was sent.
    Over,
}

/// Why a socket ends.
pub(super) enum End {
    /// The client is gone, or has closed.
    Gone(Option<CloseReason>),
    /// We close, with a code.
    Close(CloseCode, &'static str),
    /// A fault wants it closed; whoever advanced the clock may wait for that.
    Fault(Ending, Option<BusyGuard>),
}

/// What comes of asking a socket.
enum Act {
    /// This is sent.
    Send(Bytes),
    /// It is asked again, once something has happened.
    Wait,
    /// It ends.
    End(End),
}

impl MessageBody for Socket {
    type Error = BrokenOff;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let socket = self.get_mut();
        if let Stage::Open = socket.stage {
            match socket.act(context) {
                Act::Send(bytes) => {
                    socket.sent = true;
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Act::Wait => {
                    socket.answered = 0;
                    socket.sent = false;
                    return Poll::Pending;
                }
                Act::End(end) => {
                    socket.leave();
                    let last = socket.last(end);
                    if last.is_some() {
                        return Poll::Ready(last.map(Ok));
                    }
                }
            }
        }
        match socket.stage {
            Stage::BreaksOff { .. } if socket.sent => {
                // An error at once would throw away what was sent before.
                socket.sent = false;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Stage::BreaksOff { .. } => Poll::Ready(Some(Err(socket.reset_handle.pull()))),
            Stage::Open | Stage::Over => Poll::Ready(None),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Stage::Open = self.stage {
            self.leave();
        }
        self.watch.abort();
    }
}

impl Socket {
    fn act(&mut self, context: &mut Context<'_>) -> Act {
        loop {
            if let Some(pieces) = &mut self.pieces {
                match pieces.poll(context) {
                    Poll::Pending => {
                        self.outbox.stand_by();
                        return Act::Wait;
                    }
                    Poll::Ready(Piece::Bytes(bytes)) => return Act::Send(bytes),
                    Poll::Ready(Piece::None) => self.pieces = None,
                    Poll::Ready(Piece::Gone) => return Act::End(End::Close(CloseCode::Restart, "the world was reset")),
                }
            }
            match self.outbox.next() {
                Next::Send(item, more) => match self.send(item, more) {
                    Some(bytes) => return Act::Send(bytes),
                    None => continue,
                },
                Next::End(ending, guard) => return Act::End(End::Fault(ending, guard)),
                Next::Close => return Act::End(End::Close(CloseCode::Restart, "the world was reset")),
                Next::GiveUp => return Act::End(End::Gone(None)),
                Next::Wait => {}
            }
            let incoming = match self.next.take() {
                Some(incoming) => Poll::Ready(Some(incoming)),
                None => self.frames.poll(),
            };
            match incoming {
                Poll::Ready(None) => return Act::End(End::Gone(None)),
                Poll::Ready(Some(incoming)) if self.answered >= ANSWERED => {
                    self.next = Some(incoming);
                    context.waker().wake_by_ref();
                    return Act::Wait;
                }
                Poll::Ready(Some(incoming)) => {
                    self.answered += 1;
                    self.silent = 0;
                    if let Some(act) = self.take(incoming) {
                        return act;
                    }
                    continue;
                }
                Poll::Pending => {}
            }
            if self.ping.poll_tick(context).is_ready() {
                self.silent += 1;
                return if self.silent > MISSED {
                    Act::End(End::Close(CloseCode::Policy, "no answer to pings"))
                } else {
                    Act::Send(message(OpCode::Ping, b""))
                };
            }
            if self.outbox.sleep(context.waker()) {
                return Act::Wait;
            }
        }
    }

    /// Does what a frame wants.
    fn take(&mut self, incoming: Incoming) -> Option<Act> {
        match incoming {
            Incoming::Text(text) => return self.command(text).map(Act::End),
            Incoming::Ping(body) if !self.ignores_ping(&body) => return Some(Act::Send(message(OpCode::Pong, &body))),
            Incoming::Ping(_) | Incoming::Pong => {}
            Incoming::Close(reason) => return Some(Act::End(End::Gone(reason))),
            Incoming::Broken => return Some(Act::End(End::Close(CloseCode::Protocol, "not a WebSocket frame"))),
            Incoming::Binary => self.broken(Error::NotText),
            Incoming::TooLarge => self.broken(Error::TooLarge(LIMIT)),
            Incoming::NotUtf8 => self.broken(Error::NotUtf8),
        }
        None
    }

    /// Frames as they go out; one alone is not copied. None where faults hold all of them back.
    fn send(&self, first: Item, more: Vec<Item>) -> Option<Bytes> {
        let first = self.frame(first);
        if more.is_empty() {
            return first;
        }
        let mut frames: Vec<Bytes> =
            first.into_iter().chain(more.into_iter().filter_map(|item| self.frame(item))).collect();
        if frames.len() < 2 {
            return frames.pop();
        }
        Some(frames.concat().into())
    }

    /// A frame as it goes out; the journal is told of a push.
    fn frame(&self, mut item: Item) -> Option<Bytes> {
        if let Some(until) = item.hold {
            self.hold(item, until);
            return None;
        }
        if let Some(pushed) = item.pushed.take()
            && let Some(world) = self.world.upgrade()
        {
            let sent = match &item.payload {
                Payload::Text(text) => text.bytes(),
                Payload::Binary(bytes) => bytes.clone(),
            };
            self.outbox.note(&world, item.command, pushed, sent, 200);
        }
        Some(match &item.payload {
            Payload::Text(text) => text.frame(),
            Payload::Binary(bytes) => message(OpCode::Binary, bytes),
        })
    }

    /// Leaves the hub: nothing more comes.
    fn leave(&mut self) {
        if let Some(world) = self.world.upgrade()
            && let Some(live) = world.live::<Queue>(self.index)
        {
            world.run(live, |state| state.hub.close(self.id, &self.outbox));
        }
        self.outbox.close();
        self.outbox.clear();
    }

    /// The last that is sent. A turn is held until then.
    fn last(&mut self, end: End) -> Option<Bytes> {
        self.stage = Stage::Over;
        let reason = match end {
            End::Gone(reason) => reason,
            End::Close(code, text) => Some(CloseReason { code, description: Some(text.to_owned()) }),
            End::Fault(Ending::Close(code), _turn) => Some(CloseReason { code: code.into(), description: None }),
            End::Fault(Ending::Overheld, _) => {
                let description = Some("faults hold too much back".to_owned());
                Some(CloseReason { code: CloseCode::Policy, description })
            }
            End::Fault(Ending::Reset, guard) => {
                self.stage = Stage::BreaksOff { _turn: guard };
                return None;
            }
        };
        let mut bytes = BytesMut::new();
        Parser::write_close(&mut bytes, reason, false);
        Some(bytes.freeze())
    }
}

/// A whole message in its frame.
fn message(code: OpCode, body: &[u8]) -> Bytes {
    let mut bytes = BytesMut::new();
    Parser::write_message(&mut bytes, body, code, true, false);
    bytes.freeze()
}
