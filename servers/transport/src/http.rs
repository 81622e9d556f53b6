//! An HTTP service on a port: route, body, fault, handler, journal, reply.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use stend_core::busy::Gone;
use stend_core::fault::{Effect, Hit};
use stend_core::journal::{Channel, Note};
use stend_core::{Operation, Service, Timestamp, World, Worlds};

use crate::body::{Cut, Dribbled};
use crate::call::Call;
use crate::fault::{Asked, instead, interrupted, match_fault};
use crate::head::with_head;
use crate::paths::{Found, Paths};
use crate::pause::{guard_id, pause};
use crate::raw_socket::reset;
use crate::reply::Reply;
use crate::site::{Arrival, Site, read_body, split_world};

/// Reads the request, calls the state once, shapes the reply.
pub type Handler<F> = fn(&mut Call<'_, F>) -> Reply;

/// One row of a service's operation table.
pub struct Route<F: Service> {
    /// The operation, with method and path.
    pub operation: Operation,
    /// What answers it.
    pub handler: Handler<F>,
}

/// The operations of a table of routes, for [`Service::operations`].
pub const fn operations<F: Service, const N: usize>(routes: &[Route<F>; N]) -> [Operation; N] {
    let mut operations = [Operation::http("", "", ""); N];
    let mut i = 0;
    while i < N {
        operations[i] = routes[i].operation;
        i += 1;
    }
    operations
}

/// A service that speaks HTTP.
pub trait HttpService: Service {
    /// The largest body it takes, in bytes.
    const BODY_LIMIT: usize = 1024 * 1024;

    /// The operation table.
    fn routes() -> &'static [Route<Self>];

    /// The answer to a path that the document does not know.
    fn unknown_path(call: &mut Call<'_, Self>) -> Reply;

    /// The answer to a method that a known path does not take; `Allow` is added.
    fn wrong_method(call: &mut Call<'_, Self>, allowed: &str) -> Reply;

    /// The answer to a body that is larger than the limit; ours, unless the vendor's is known.
    fn too_large(reply: Reply) -> Reply {
        reply
    }

    /// The same for a vendor whose errors name the path and the moment.
    fn unreadable_body(reply: Reply, path: &str, now: Timestamp) -> Reply {
        let _ = (path, now);
        Self::too_large(reply)
    }
}

/// An HTTP service on its port.
pub struct HttpSite<F: HttpService> {
    index: usize,
    paths: Paths<Route<F>>,
}

impl<F: HttpService> HttpSite<F> {
    /// The site of the service in this slot of every world.
    pub fn at(index: usize) -> Arc<dyn Site> {
        let rows = F::routes().iter();
        let rows = rows.filter_map(|route| Some((route.operation.method?, route.operation.path?, route)));
        Arc::new(Shared(Arc::new(Self { index, paths: Paths::new(F::NAME, rows) })))
    }

    /// Answers a request that has no body in a world that has no faults, which is nearly every one: without waiting
    /// for anything, so without a future.
    fn at_once(&self, request: &HttpRequest, world: &Arc<World>, path: &str) -> HttpResponse {
        let Some(live) = world.live::<F>(self.index) else { return self.mismatch() };
        let now = world.now();
        let found = self.paths.find(request.method().as_str(), path);
        let operation = operation(&found);
        let mut call = Call::new(request, path, Bytes::new(), now, world, live);
        let reply = answer(found, &mut call);
        let (body, warnings) = (call.body, call.warnings);
        let exchange = Exchange { service: F::NAME, operation, now, world, request, path, body, warnings };
        exchange.write(reply.status.as_u16(), reply.body.clone(), None);
        reply.into_response()
    }

    async fn respond(self: Arc<Self>, arrival: Arrival) -> HttpResponse {
        let Arrival { request, payload, worlds } = arrival;
        let (world, path) = match split_world(&worlds, request.path()) {
            Ok(found) => found,
            Err(reply) => return reply.into_response(),
        };
        let Some(live) = world.live::<F>(self.index) else { return self.mismatch() };
        let body = read_body(&request, payload, F::BODY_LIMIT).await;
        let now = world.now();
        let found = self.paths.find(request.method().as_str(), path);
        let operation = operation(&found);
        let hit = world
            .faults
            .any()
            .then(|| match_fault(&world, Asked { service: F::NAME, operation, handshake: false }, &request, path, now))
            .flatten();

        let instead = hit.as_ref().and_then(|hit| instead(&hit.effect));
        let (reply, body, warnings) = match (instead, body) {
            (Some(reply), body) => (reply, body.unwrap_or_default(), Vec::new()),
            (None, Err(reply)) => (F::unreadable_body(reply, path, now), Bytes::new(), Vec::new()),
            (None, Ok(body)) => {
                let mut call = Call::new(&request, path, body, now, &world, live);
                let reply = answer(found, &mut call);
                (reply, call.body, call.warnings)
            }
        };
        let exchange =
            Exchange { service: F::NAME, operation, now, world: &world, request: &request, path, body, warnings };
        match hit {
            None => {
                exchange.write(reply.status.as_u16(), reply.body.clone(), None);
                reply.into_response()
            }
            Some(hit) => exchange.misbehave(hit, reply).await,
        }
    }

    fn mismatch(&self) -> HttpResponse {
        tracing::error!(service = F::NAME, index = self.index, "the registry and the sites disagree");
        Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    }
}

/// The operation of what was found.
fn operation<F: Service>(found: &Found<Route<F>>) -> Option<&'static str> {
    match found {
        Found::Row(route, _) => Some(route.operation.id),
        _ => None,
    }
}

/// The answer of what was found.
fn answer<F: HttpService>(found: Found<Route<F>>, call: &mut Call<'_, F>) -> Reply {
    match found {
        Found::Row(route, params) => {
            call.params = params;
            (route.handler)(call)
        }
        Found::OtherMethods(allowed) => allowed.on(F::wrong_method(call, &allowed.0)),
        Found::Nothing => F::unknown_path(call),
    }
}

/// The one allocation that keeps a handler's future: the site itself stays shared.
struct Shared<F: HttpService>(Arc<HttpSite<F>>);

impl<F: HttpService> Site for Shared<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn answer_at_once(&self, request: &HttpRequest, worlds: &Worlds) -> Option<HttpResponse> {
        let other;
        let (world, path) = if request.path().starts_with("/w/") {
            let (world, path) = split_world(worlds, request.path()).ok()?;
            other = world;
            (&other, path)
        } else {
            (worlds.default_world(), request.path())
        };
        (!world.faults.any()).then(|| self.0.at_once(request, world, path))
    }

    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>> {
        Box::pin(Arc::clone(&self.0).respond(arrival))
    }
}

/// What the journal is told of a request.
struct Exchange<'a> {
    service: &'static str,
    operation: Option<&'static str>,
    now: Timestamp,
    world: &'a Arc<World>,
    request: &'a HttpRequest,
    path: &'a str,
    body: Bytes,
    warnings: Vec<String>,
}

impl Exchange<'_> {
    fn write(self, status: u16, reply: Bytes, fault: Option<&str>) {
        tracing::debug!(service = self.service, world = self.world.id(), method = %self.request.method(), path = self.path, status, fault, "request");
        with_head(self.request, self.path, |head| {
            self.world.journal.write(Note {
                at: self.now,
                service: self.service,
                operation: self.operation,
                channel: Channel::Http,
                client: None,
                head,
                request: self.body,
                status,
                reply,
                warnings: self.warnings,
                fault,
            })
        });
    }

    async fn misbehave(self, hit: Hit, mut reply: Reply) -> HttpResponse {
        let world = Arc::clone(self.world);
        let request = self.request.clone();
        let now = self.now;
        let status = reply.status.as_u16();
        match hit.effect {
            Effect::Respond(_) | Effect::TooMany(_) => {
                self.write(status, reply.body.clone(), Some(&hit.id));
                reply.into_response()
            }
            Effect::Reset => {
                self.write(0, Bytes::new(), Some(&hit.id));
                reset(&request)
            }
            Effect::Delay(span) => {
                self.write(status, reply.body.clone(), Some(&hit.id));
                match pause(&world, guard_id(request.headers()), span.after(now)).await {
                    Ok(_turn) => reply.into_response(),
                    Err(Gone) => interrupted().into_response(),
                }
            }
            Effect::Truncate(percent) => {
                let keep = reply.body.len() * usize::from(percent) / 100;
                let sent = reply.body.slice(..keep);
                self.write(status, sent.clone(), Some(&hit.id));
                reply.start().body(Cut::new(reply.body.len(), sent))
            }
            Effect::Dribble(dribble) => {
                self.write(status, reply.body.clone(), Some(&hit.id));
                let body = Dribbled::new(reply.body.clone(), &dribble, world, guard_id(request.headers()));
                reply.start().body(body)
            }
            Effect::Garbage(bytes) => {
                reply.body = bytes.into();
                self.write(status, reply.body.clone(), Some(&hit.id));
                reply.into_response()
            }
            // These are for sockets: a fault with one of them never matches a request over HTTP.
            Effect::Drop | Effect::Duplicate | Effect::Reorder(_) | Effect::Close(_) | Effect::NoPong => {
                self.write(status, reply.body.clone(), None);
                reply.into_response()
            }
        }
    }
}
