//! Pulling the plug of a connection, for the fault `reset`: the client gets a TCP reset, and nothing before it.

use std::any::Any;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use socket2::{SockRef, Socket};

use crate::body::BrokenOff;

/// A second handle of a connection's socket, until it is let go.
#[derive(Debug)]
pub(crate) struct Plug(Mutex<Option<Socket>>);

impl Plug {
    /// Notes the socket of a new connection. What is written to it goes out at once: a push right behind a reply, or the
    /// second of two replies, would else wait for the client to acknowledge the first.
    pub(crate) fn fit(connection: &dyn Any, extensions: &mut Extensions) {
        if let Some(stream) = connection.downcast_ref::<TcpStream>() {
            let _ = stream.set_nodelay(true);
            if let Ok(socket) = SockRef::from(stream).try_clone() {
                extensions.insert(Self(Mutex::new(Some(socket))));
            }
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
pub fn reset(request: &HttpRequest) -> HttpResponse {
    make_abrupt(request.conn_data::<Plug>().and_then(Plug::take));
    HttpResponse::Ok().body(Snapped)
}

/// A body that fails before its response is sent: actix drops the connection without a word.
struct Snapped;

impl MessageBody for Snapped {
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
pub struct Cord {
    socket: Option<Socket>,
    pulled: Arc<AtomicBool>,
}

impl Cord {
    /// The cord of an upgraded connection, and the response to upgrade it with. Without `keep` it lets go of the
    /// connection's second handle, or ten thousand open sockets would need twice as many file descriptors; pulled, it
    /// then ends the connection without a word, but not by a TCP reset.
    pub fn of(request: &HttpRequest, response: HttpResponse, keep: bool) -> (Self, HttpResponse) {
        let socket = request.conn_data::<Plug>().and_then(Plug::take).filter(|_| keep);
        let pulled = Arc::new(AtomicBool::new(false));
        let response =
            response.map_body(|_, body| BoxBody::new(Corded { body: body.boxed(), pulled: Arc::clone(&pulled) }));
        (Self { socket, pulled }, response)
    }

    /// Ends the connection once whatever writes to it is dropped.
    pub fn pull(self) {
        make_abrupt(self.socket);
        self.pulled.store(true, Ordering::Release);
    }
}

/// A body that fails where it would end, if the cord was pulled.
struct Corded {
    body: BoxBody,
    pulled: Arc<AtomicBool>,
}

impl MessageBody for Corded {
    type Error = actix_web::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.pulled.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(actix_web::error::ErrorInternalServerError(BrokenOff))));
        }
        let next = std::task::ready!(Pin::new(&mut self.body).poll_next(context));
        if next.is_none() && self.pulled.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(actix_web::error::ErrorInternalServerError(BrokenOff))));
        }
        Poll::Ready(next.map(|piece| piece.map_err(actix_web::error::ErrorInternalServerError)))
    }
}
