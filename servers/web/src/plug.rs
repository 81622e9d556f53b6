//! Pulling the plug of a connection, for the fault `reset`.

use std::any::Any;
use std::net::Shutdown;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::{SockRef, Socket};

/// A second handle of a connection's socket.
#[derive(Debug)]
pub(crate) struct Plug(Socket);

impl Plug {
    /// Notes the socket of a new connection.
    pub(crate) fn fit(connection: &dyn Any, extensions: &mut Extensions) {
        if let Some(stream) = connection.downcast_ref::<TcpStream>()
            && let Ok(socket) = SockRef::from(stream).try_clone()
        {
            extensions.insert(Self(socket));
        }
    }

    /// Ends the connection at once: nothing more is sent, and what the client sends is refused.
    pub(crate) fn pull(&self) {
        // Both fail only on a connection that has ended already.
        let _ = self.0.set_linger(Some(Duration::ZERO));
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
