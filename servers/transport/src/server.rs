//! One actix server for all ports: the workers are shared, and each listener has its site.

use std::any::Any;
use std::future::{Ready, ready};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::ServerHandle;
use actix_service::{ServiceFactory, ServiceFactoryExt as _, map_config};
use actix_web::dev::{AppConfig, Payload, ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::header;
use actix_web::{App, Error, FromRequest, HttpResponse, web};
use futures_util::future::Either;
use rustls::ServerConfig;
use stend_core::Worlds;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::StatusCode;
use crate::cors::Origins;
use crate::gateway::{Connection, Found, Gateway, HOP, accept_plain, accept_secure};
use crate::raw_socket::RawSocket;
use crate::site::{Arrival, Site};

/// A site and the listener it answers on.
pub struct Listener {
    /// What answers.
    pub site: Arc<dyn Site>,
    /// Where; bound already, so that a port in use is known before anything starts.
    pub socket: TcpListener,
}

/// What stands before the sites.
#[derive(Default)]
pub struct Front {
    /// TLS for every port of a site; without it they speak plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    /// What answers a TLS hello on a port that speaks plain HTTP, to say so.
    pub hello: Option<Arc<ServerConfig>>,
    /// Further listeners, which speak plain HTTP whatever the others do.
    pub inner: Vec<Listener>,
    /// The gateway, and where it listens.
    pub gateway: Option<(Gateway, TcpListener)>,
    /// The pages of other origins that may use the services and the control API.
    pub origins: Origins,
}

/// What can be tuned.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Worker threads.
    pub workers: usize,
}

/// How long sockets may take to close when the server stops.
const FAREWELL: Duration = Duration::from_millis(300);

/// How long a connection may stay open between requests.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long the head of a request may take to come.
const REQUEST: Duration = Duration::from_secs(5);

/// How long a client may take to end its connection.
const DISCONNECT: Duration = Duration::from_secs(1);

/// A server that runs until stopped.
pub struct Server {
    handle: ServerHandle,
    stopping: watch::Sender<bool>,
    running: tokio::task::JoinHandle<io::Result<()>>,
}

/// What every request needs.
struct Ports {
    worlds: Arc<Worlds>,
    sites: Vec<(u16, Arc<dyn Site>)>,
    origins: Origins,
    stopping: watch::Sender<bool>,
}

/// What answers on one listener.
#[derive(Clone)]
enum Place {
    Site(Arc<dyn Site>),
    Gateway(Arc<Gateway>),
}

/// Starts to serve. Must be called within a tokio runtime, which drives the server.
///
/// # Errors
/// What the system says of the sockets.
pub fn serve(worlds: Arc<Worlds>, listeners: Vec<Listener>, front: Front, tuning: Tuning) -> io::Result<Server> {
    let mut sites = Vec::new();
    for listener in &listeners {
        sites.push((listener.socket.local_addr()?.port(), Arc::clone(&listener.site)));
    }
    let stopping = watch::Sender::new(false);
    let Front { tls, hello, inner, gateway, origins } = front;
    let ports = Arc::new(Ports { worlds, sites, origins, stopping: stopping.clone() });
    let mut server = actix_server::Server::build()
        .workers(tuning.workers)
        .worker_max_blocking_threads(1)
        .disable_signals()
        .shutdown_timeout(0);
    let listeners = listeners.into_iter().map(|listener| (listener, tls.as_ref()));
    for (Listener { site, socket }, tls) in listeners.chain(inner.into_iter().map(|listener| (listener, None))) {
        let (name, address) = (site.name(), socket.local_addr()?);
        let (ports, place) = (Arc::clone(&ports), Place::Site(site));
        server = match tls {
            Some(tls) => {
                let tls = Arc::clone(tls);
                server.listen(name, socket, move || {
                    let tls = Arc::clone(&tls);
                    fn_service(move |socket: TcpStream| begun(Box::pin(accept_secure(Arc::clone(&tls), socket))))
                        .and_then(http(&ports, &place, address))
                })?
            }
            None => {
                let hello = hello.clone();
                server.listen(name, socket, move || {
                    let hello = hello.clone();
                    fn_service(move |socket: TcpStream| begun(accept_plain(hello.clone(), socket)))
                        .and_then(http(&ports, &place, address))
                })?
            }
        };
    }
    if let Some((gateway, socket)) = gateway {
        let (gateway, address) = (Arc::new(gateway), socket.local_addr()?);
        let place = Place::Gateway(Arc::clone(&gateway));
        server = server.listen("gateway", socket, move || {
            let gateway = Arc::clone(&gateway);
            fn_service(move |socket: TcpStream| begun(Box::pin(Arc::clone(&gateway).accept(socket))))
                .and_then(http(&ports, &place, address))
        })?;
    }
    let server = server.run();
    let handle = server.handle();
    Ok(Server { handle, stopping, running: tokio::spawn(server) })
}

/// A connection as actix's HTTP takes it, once what comes before HTTP is done. Large futures come in boxes: the task of a
/// connection has room for them as long as it lives.
async fn begun<T>(
    accepting: impl Future<Output = io::Result<T>>,
) -> Result<(T, Protocol, Option<SocketAddr>), DispatchError> {
    let stream = accepting.await.map_err(DispatchError::Io)?;
    Ok((stream, Protocol::Http1, None))
}

/// HTTP on connections of one kind.
fn http<T: AsyncRead + AsyncWrite + Unpin + 'static>(
    ports: &Arc<Ports>,
    place: &Place,
    address: SocketAddr,
) -> impl ServiceFactory<
    (T, Protocol, Option<SocketAddr>),
    Config = (),
    Response = (),
    Error = DispatchError,
    InitError = (),
> + use<T> {
    let (ports, place) = (Arc::clone(ports), place.clone());
    // A service and no handler: what is answered at once costs no extractor and no future of its own.
    let app = App::new().default_service(fn_service(move |request| match &place {
        Place::Site(site) => answer(&ports, site, request, None),
        Place::Gateway(gateway) => answer_through(&ports, gateway, request),
    }));
    HttpService::build()
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(REQUEST)
        .client_disconnect_timeout(DISCONNECT)
        .local_addr(address)
        .on_connect_ext(|connection: &T, extensions: &mut _| {
            let connection: &dyn Any = connection;
            if let Some(stream) = connection.downcast_ref::<TcpStream>() {
                RawSocket::fit(stream, extensions);
            } else if let Some(connection) = connection.downcast_ref::<Connection>() {
                RawSocket::fit(connection.socket(), extensions);
                extensions.insert(connection.before.clone());
            }
        })
        .finish(map_config(app, |()| AppConfig::default()))
}

type Answer = Result<ServiceResponse, Error>;
type Answering = Either<Ready<Answer>, Pin<Box<dyn Future<Output = Answer>>>>;

fn answer(ports: &Arc<Ports>, site: &Arc<dyn Site>, request: ServiceRequest, world: Option<String>) -> Answering {
    if ports.origins.concern(&request) {
        return cross_origin(ports, site, request, world);
    }
    let (head, payload) = request.parts();
    if matches!(payload, Payload::None)
        && world.is_none()
        && let Some(response) = site.answer_at_once(head, &ports.worlds)
    {
        return at_once(request, response);
    }
    Either::Right(Box::pin(ask(Arc::clone(ports), Arc::clone(site), request, world)))
}

fn at_once(request: ServiceRequest, response: HttpResponse) -> Answering {
    Either::Left(ready(Ok(request.into_response(response))))
}

async fn ask(ports: Arc<Ports>, site: Arc<dyn Site>, request: ServiceRequest, world: Option<String>) -> Answer {
    let (worlds, stopping) = (Arc::clone(&ports.worlds), ports.stopping.subscribe());
    let (request, mut payload) = request.into_parts();
    let payload = web::Payload::from_request(&request, &mut payload).await?;
    let response = site.answer(Arrival { request: request.clone(), payload, worlds, world, stopping }).await;
    Ok(ServiceResponse::new(request, response))
}

/// Answers a page of another origin, or a browser that asks for it.
fn cross_origin(ports: &Arc<Ports>, site: &Arc<dyn Site>, request: ServiceRequest, world: Option<String>) -> Answering {
    if let Some(response) = ports.origins.preflight(&request) {
        return at_once(request, response);
    }
    let (ports, site) = (Arc::clone(ports), Arc::clone(site));
    Either::Right(Box::pin(async move {
        let shared = ports.origins.shared(&request);
        let mut response = ask(ports, site, request, world).await?;
        for (name, value) in shared {
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }))
}

/// Answers what came through the gateway.
fn answer_through(ports: &Arc<Ports>, gateway: &Gateway, mut request: ServiceRequest) -> Answering {
    let (site, world) = match gateway.find(request.request()) {
        Found::Service(service, world) => (ports.sites.iter().find(|(_, site)| site.name() == service), world),
        Found::Own(port) => (ports.sites.iter().find(|(known, _)| *known == port), None),
        Found::Refused(status, text) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let mut response = HttpResponse::build(status);
            response.insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"));
            if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
                response.insert_header((header::PROXY_AUTHENTICATE, "Basic realm=\"stend world\""));
            }
            return at_once(request, response.force_close().body(format!("stend: {text}\n")));
        }
    };
    let Some((_, site)) = site else {
        return at_once(request, HttpResponse::InternalServerError().finish());
    };
    if let Some(authority) = request.uri().authority().cloned()
        && let Ok(host) = header::HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
    for name in HOP {
        request.headers_mut().remove(name);
    }
    answer(ports, site, request, world)
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
