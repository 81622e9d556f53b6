//! One actix server for all ports: the workers are shared, and the local port selects the site.

use std::future::{Ready, ready};
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Payload, ServerHandle, ServiceRequest, ServiceResponse, fn_service};
use actix_web::{App, Error, FromRequest, HttpResponse, HttpServer, web};
use futures_util::future::Either;
use stend_core::Worlds;
use tokio::sync::watch;

use crate::raw_socket::RawSocket;
use crate::site::{Arrival, Site};

/// A site and the listener it answers on.
pub struct Listener {
    /// What answers.
    pub site: Arc<dyn Site>,
    /// Where; bound already, so that a port in use is known before anything starts.
    pub socket: TcpListener,
}

/// What can be tuned.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Worker threads.
    pub workers: usize,
}

/// How long sockets may take to close when the server stops.
const FAREWELL: Duration = Duration::from_millis(300);

/// A server that runs until stopped.
pub struct Server {
    handle: ServerHandle,
    stopping: watch::Sender<bool>,
    running: tokio::task::JoinHandle<io::Result<()>>,
}

/// What every request needs. The sites by port: there are five, so looking through them beats any map.
struct Ports {
    worlds: Arc<Worlds>,
    sites: Vec<(u16, Arc<dyn Site>)>,
    stopping: watch::Sender<bool>,
}

/// Starts to serve. Must be called within a tokio runtime, which drives the server.
///
/// # Errors
/// What the system says of the sockets.
pub fn serve(worlds: Arc<Worlds>, listeners: Vec<Listener>, tuning: Tuning) -> io::Result<Server> {
    let mut sites = Vec::new();
    for listener in &listeners {
        sites.push((listener.socket.local_addr()?.port(), Arc::clone(&listener.site)));
    }
    let stopping = watch::Sender::new(false);
    let ports = Arc::new(Ports { worlds, sites, stopping: stopping.clone() });
    let mut server = HttpServer::new(move || {
        let ports = Arc::clone(&ports);
        // A service and no handler: what is answered at once costs no extractor and no future of its own.
        App::new().default_service(fn_service(move |request| answer(&ports, request)))
    })
    .workers(tuning.workers)
    .worker_max_blocking_threads(1)
    .keep_alive(Duration::from_secs(75))
    .on_connect(RawSocket::fit)
    .disable_signals()
    .shutdown_timeout(0);
    for listener in listeners {
        server = server.listen(listener.socket)?;
    }
    let server = server.run();
    let handle = server.handle();
    Ok(Server { handle, stopping, running: tokio::spawn(server) })
}

type Answer = Result<ServiceResponse, Error>;
type Answering = Either<Ready<Answer>, Pin<Box<dyn Future<Output = Answer>>>>;

fn answer(ports: &Ports, request: ServiceRequest) -> Answering {
    let port = request.app_config().local_addr().port();
    let Some((_, site)) = ports.sites.iter().find(|(known, _)| *known == port) else {
        return Either::Left(ready(Ok(request.into_response(HttpResponse::InternalServerError().finish()))));
    };
    let (head, payload) = request.parts();
    if matches!(payload, Payload::None)
        && let Some(response) = site.answer_at_once(head, &ports.worlds)
    {
        return Either::Left(ready(Ok(request.into_response(response))));
    }
    let (site, worlds) = (Arc::clone(site), Arc::clone(&ports.worlds));
    let stopping = ports.stopping.subscribe();
    let (request, mut payload) = request.into_parts();
    Either::Right(Box::pin(async move {
        let payload = web::Payload::from_request(&request, &mut payload).await?;
        let response = site.answer(Arrival { request: request.clone(), payload, worlds, stopping }).await;
        Ok(ServiceResponse::new(request, response))
    }))
}

impl Server {
    /// Stops: sockets close with 1001, no new connection is taken, and open ones end.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        let closed = async {
            while self.stopping.receiver_count() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let _ = tokio::time::timeout(FAREWELL, closed).await;
        self.handle.stop(false).await;
        let _ = self.running.await;
    }

    /// Returns when the server ends by itself, which it does only on an error.
    pub async fn ended(&mut self) -> io::Result<()> {
        match (&mut self.running).await {
            Ok(result) => result,
            Err(error) => Err(io::Error::other(error)),
        }
    }
}
