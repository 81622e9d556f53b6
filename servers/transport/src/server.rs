//! One actix server for all ports: the workers are shared, the port tells the site.

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

/// A server that runs until stopped.
pub struct Server {
    handle: ServerHandle,
    running: tokio::task::JoinHandle<io::Result<()>>,
}

/// What every request needs. The sites by port: there are five, so looking through them beats any map.
struct House {
    worlds: Arc<Worlds>,
    sites: Vec<(u16, Arc<dyn Site>)>,
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
    let house = Arc::new(House { worlds, sites });
    let mut server = HttpServer::new(move || {
        let house = Arc::clone(&house);
        // A service and no handler: what is answered at once costs no extractor and no future of its own.
        App::new().default_service(fn_service(move |request| answer(&house, request)))
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
    Ok(Server { handle, running: tokio::spawn(server) })
}

type Answer = Result<ServiceResponse, Error>;
type Answering = Either<Ready<Answer>, Pin<Box<dyn Future<Output = Answer>>>>;

fn answer(house: &House, request: ServiceRequest) -> Answering {
    let port = request.app_config().local_addr().port();
    let Some((_, site)) = house.sites.iter().find(|(known, _)| *known == port) else {
        return Either::Left(ready(Ok(request.into_response(HttpResponse::InternalServerError().finish()))));
    };
    let (head, payload) = request.parts();
    if matches!(payload, Payload::None)
        && let Some(response) = site.answer_at_once(head, &house.worlds)
    {
        return Either::Left(ready(Ok(request.into_response(response))));
    }
    let (site, worlds) = (Arc::clone(site), Arc::clone(&house.worlds));
    let (request, mut payload) = request.into_parts();
    Either::Right(Box::pin(async move {
        let payload = web::Payload::from_request(&request, &mut payload).await?;
        let response = site.answer(Arrival { request: request.clone(), payload, worlds }).await;
        Ok(ServiceResponse::new(request, response))
    }))
}

impl Server {
    /// Stops: no new connection is taken, and open ones end.
    pub async fn stop(self) {
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
