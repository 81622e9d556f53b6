//! Pulling the plug of a connection, for the fault `reset`.

use std::any::Any;
use std::net::Shutdown;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::{SockRef, Socket};

/// A second handle of a connection's socket, until it is let go.
#[derive(Debug)]
pub(crate) struct Plug(Mutex<Option<Socket>>);

impl Plug {
    /// Notes the socket of a new connection.
    pub(crate) fn fit(connection: &dyn Any, extensions: &mut Extensions) {
        if let Some(stream) = connection.downcast_ref::<TcpStream>()
            && let Ok(socket) = SockRef::from(stream).try_clone()
        {
            extensions.insert(Self(Mutex::new(Some(socket))));
        }
    }

    /// Ends the connection at once: nothing more is sent, and what the client sends is refused.
    pub(crate) fn pull(&self) {
        let Some(socket) = self.take() else { return };
        // Both fail only on a connection that has ended already.
        let _ = socket.set_linger(Some(Duration::ZERO));
        let _ = socket.shutdown(Shutdown::Both);
    }

    fn take(&self) -> Option<Socket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Lets go of the second handle of a request's connection: ten thousand open WebSockets shall not need twice as many
/// file descriptors.
pub fn let_go(request: &HttpRequest) {
    if let Some(plug) = request.conn_data::<Plug>() {
        drop(plug.take());
    }
}
