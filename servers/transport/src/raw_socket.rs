//! Resets a connection for the fault `reset`: the client gets a TCP reset, and nothing before it.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use socket2::{SockRef, Socket};

use crate::body::BrokenOff;

/// A second handle of a connection's socket, until it is let go.
#[derive(Debug)]
pub(crate) struct RawSocket(Mutex<Option<Socket>>);

impl RawSocket {
    /// Notes the socket of a new connection. What is written to it goes out at once: a push right behind a reply, or the
    /// second of two replies, would else wait for the client to acknowledge the first.
    pub(crate) fn fit(stream: &TcpStream, extensions: &mut Extensions) {
        let _ = stream.set_nodelay(true);
        if let Ok(socket) = SockRef::from(stream).try_clone() {
            extensions.insert(Self(Mutex::new(Some(socket))));
        }
    }

    fn take(&self) -> Option<Socket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// From now on, closing this connection resets it. It fails only on one that has ended already.
fn make_abrupt(socket: Option<Socket>) {
    if let Some(socket) = socket {
        let _ = socket.set_linger(Some(Duration::ZERO));
    }
}

/// A response that is never sent: its connection is reset.
pub(crate) fn reset(request: &HttpRequest) -> HttpResponse {
    make_abrupt(request.conn_data::<RawSocket>().and_then(RawSocket::take));
    HttpResponse::Ok().body(NeverSent)
}

/// A body that fails before its response is sent: actix drops the connection without a word.
struct NeverSent;

impl MessageBody for NeverSent {
    type Error = BrokenOff;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        Poll::Ready(Some(Err(BrokenOff)))
    }
}

/// What ends an upgraded connection abruptly.
#[derive(Debug)]
pub(crate) struct ResetHandle(Option<Socket>);

impl ResetHandle {
    /// The handle of a connection that is to be upgraded. Without `keep` it lets go of the connection's second handle, or
    /// ten thousand open sockets would need twice as many file descriptors; pulled, it then ends the connection without
    /// a word, but not by a TCP reset.
    pub(crate) fn of(request: &HttpRequest, keep: bool) -> Self {
        Self(request.conn_data::<RawSocket>().and_then(RawSocket::take).filter(|_| keep))
    }

    /// Makes the connection end abruptly; the body of its response has to end with what this gives.
    pub(crate) fn pull(&mut self) -> BrokenOff {
        make_abrupt(self.0.take());
        BrokenOff
    }
}
