//! The body of a handshake's response, through which a socket writes: actix-ws's own, but that it can end in a TCP reset, and
//! that it stays open until what the client still sends has been read.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;
use stend_core::busy::BusyGuard;
use tokio::sync::oneshot;

use crate::body::BrokenOff;
use crate::raw_socket::ResetHandle;

/// How the connection of a socket ends. Dropped, it just ends.
pub(crate) struct Reset(pub(crate) ResetHandle, pub(crate) Option<BusyGuard>);

pub(crate) struct SocketBody {
    messages: BoxBody,
    over: bool,
    /// Whether something was given to the connection since it last had to wait.
    sent: bool,
    end: oneshot::Receiver<Reset>,
}

impl SocketBody {
    pub(crate) fn new(messages: BoxBody, end: oneshot::Receiver<Reset>) -> Self {
        Self { messages, over: false, sent: false, end }
    }
}

impl MessageBody for SocketBody {
    type Error = BrokenOff;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let this = &mut *self;
        if !this.over {
            match Pin::new(&mut this.messages).poll_next(context) {
                Poll::Ready(Some(Ok(bytes))) => {
                    this.sent = true;
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Poll::Ready(_) => this.over = true,
                Poll::Pending => {}
            }
        }
        match Pin::new(&mut this.end).poll(context) {
            Poll::Ready(Ok(reset)) => {
                // An error at once would throw away what was sent before.
                if std::mem::take(&mut this.sent) {
                    let (again, end) = oneshot::channel();
                    let _ = again.send(reset);
                    this.end = end;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                let Reset(mut handle, _guard) = reset;
                Poll::Ready(Some(Err(handle.pull())))
            }
            Poll::Ready(Err(_)) => Poll::Ready(None),
            Poll::Pending => {
                this.sent = false;
                Poll::Pending
            }
        }
    }
}
