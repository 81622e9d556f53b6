//! An HTTP fake on a port: route, body, fault, handler, journal, reply.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use matchit::Router;
use percent_encoding::percent_decode_str;
use stend_core::fault::{Effect, Facts, Hit};
use stend_core::journal::{Entry, Way, shown};
use stend_core::{Fake, Operation, Timestamp, World, Worlds};

use crate::body::{Cut, Dribbled};
use crate::call::{Call, Params};
use crate::pause::{TICKET, pause, ticket};
use crate::plug::reset;
use crate::reply::{Reply, ours};
use crate::site::{Arrival, Site, read_body, split_world};

/// Reads the request, calls the state once, shapes the reply.
pub type Handler<F> = fn(&mut Call<'_, F>) -> Reply;

/// One row of a house's operation table.
pub struct Route<F: Fake> {
    /// The operation, with method and path.
    pub operation: Operation,
    /// What answers it.
    pub handler: Handler<F>,
}

/// The operations of a table of routes, for [`Fake::operations`].
pub const fn operations<F: Fake, const N: usize>(routes: &[Route<F>; N]) -> [Operation; N] {
    let mut operations = [Operation::http("", "", ""); N];
    let mut i = 0;
    while i < N {
        operations[i] = routes[i].operation;
        i += 1;
    }
    operations
}

/// A fake that speaks HTTP.
pub trait HttpFake: Fake {
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

/// The methods that a path takes.
type Methods<F> = Vec<(&'static str, &'static Route<F>)>;

/// What is found at a path: the words in its braces, and its methods.
struct Place<F: Fake> {
    names: Vec<&'static str>,
    methods: Methods<F>,
}

/// An HTTP fake on its port.
pub struct HttpSite<F: HttpFake> {
    slot: usize,
    paths: Router<Place<F>>,
}

enum Found<'r, F: HttpFake> {
    Route(&'static Route<F>, Params),
    OtherMethods(&'r Methods<F>),
    Nothing,
}

impl<F: HttpFake> HttpSite<F> {
    /// The site of the fake in this slot of every world.
    pub fn at(slot: usize) -> Arc<dyn Site> {
        let mut tables: Vec<(&'static str, Methods<F>)> = Vec::new();
        for route in F::routes() {
            let (Some(method), Some(path)) = (route.operation.method, route.operation.path) else { continue };
            match tables.iter_mut().find(|(known, _)| *known == path) {
                Some((_, methods)) => methods.push((method, route)),
                None => tables.push((path, vec![(method, route)])),
            }
        }
        let mut paths = Router::new();
        for (path, methods) in tables {
            let names = path.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect();
            paths
                .insert(path, Place { names, methods })
                .unwrap_or_else(|error| panic!("the route table of {} has {path}: {error}", F::NAME));
        }
        Arc::new(Shared(Arc::new(Self { slot, paths })))
    }

    fn find(&self, method: &str, path: &str) -> Found<'_, F> {
        let Ok(matched) = self.paths.at(path) else { return Found::Nothing };
        let Place { names, methods } = matched.value;
        let Some((_, route)) = methods.iter().find(|(known, _)| *known == method) else {
            return Found::OtherMethods(methods);
        };
        let value = |name| percent_decode_str(matched.params.get(name).unwrap_or("")).decode_utf8_lossy().into_owned();
        let params = names.iter().map(|name| (*name, value(name))).collect();
        Found::Route(route, params)
    }

    /// Answers a request that has no body in a world that has no faults, which is nearly every one: without waiting
    /// for anything, so without a future.
    fn at_once(&self, request: &HttpRequest, world: &Arc<World>, path: &str) -> HttpResponse {
        let Some(live) = world.live::<F>(self.slot) else { return self.misfit() };
        let now = world.now();
        let found = self.find(request.method().as_str(), path);
        let operation = found.operation();
        let mut call = Call::new(request, path, Bytes::new(), now, world, live);
        let reply = found.answer(&mut call);
        let (body, remarks) = (call.body, call.remarks);
        let exchange = Exchange { fake: F::NAME, operation, now, world, request, path, body, remarks };
        exchange.write(reply.status.as_u16(), reply.body.clone(), None);
        reply.into_response()
    }

    async fn respond(self: Arc<Self>, arrival: Arrival) -> HttpResponse {
        let Arrival { request, payload, worlds } = arrival;
        let (world, path) = match split_world(&worlds, request.path()) {
            Ok(found) => found,
            Err(reply) => return reply.into_response(),
        };
        let Some(live) = world.live::<F>(self.slot) else { return self.misfit() };
        let body = read_body(&request, payload, F::BODY_LIMIT).await;
        let now = world.now();
        let found = self.find(request.method().as_str(), path);
        let operation = found.operation();
        let hit = world.faults.any().then(|| strike(&world, F::NAME, operation, &request, path, now)).flatten();

        let instead = hit.as_ref().and_then(|hit| replacement(&hit.effect));
        let (reply, body, remarks) = match (instead, body) {
            (Some(reply), body) => (reply, body.unwrap_or_default(), Vec::new()),
            (None, Err(reply)) => (F::unreadable_body(reply, path, now), Bytes::new(), Vec::new()),
            (None, Ok(body)) => {
                let mut call = Call::new(&request, path, body, now, &world, live);
                let reply = found.answer(&mut call);
                (reply, call.body, call.remarks)
            }
        };
        let exchange =
            Exchange { fake: F::NAME, operation, now, world: &world, request: &request, path, body, remarks };
        match hit {
            None => {
                exchange.write(reply.status.as_u16(), reply.body.clone(), None);
                reply.into_response()
            }
            Some(hit) => exchange.misbehave(hit, reply).await,
        }
    }

    fn misfit(&self) -> HttpResponse {
        tracing::error!(fake = F::NAME, slot = self.slot, "the registry and the sites disagree");
        Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    }
}

impl<F: HttpFake> Found<'_, F> {
    fn operation(&self) -> Option<&'static str> {
        match self {
            Self::Route(route, _) => Some(route.operation.id),
            _ => None,
        }
    }

    fn answer(self, call: &mut Call<'_, F>) -> Reply {
        match self {
            Self::Route(route, params) => {
                call.params = params;
                (route.handler)(call)
            }
            Self::OtherMethods(methods) => {
                let allowed = methods.iter().map(|(method, _)| *method).collect::<Vec<_>>().join(", ");
                let reply = F::wrong_method(call, &allowed);
                match HeaderValue::from_str(&allowed) {
                    Ok(allowed) => reply.header(header::ALLOW, allowed),
                    Err(_) => reply,
                }
            }
            Self::Nothing => F::unknown_path(call),
        }
    }
}

/// The one allocation that keeps a handler's future: the site itself stays shared.
struct Shared<F: HttpFake>(Arc<HttpSite<F>>);

impl<F: HttpFake> Site for Shared<F> {
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

/// The fault that applies to a request, if any.
fn strike(
    world: &World,
    fake: &'static str,
    operation: Option<&'static str>,
    request: &HttpRequest,
    path: &str,
    now: Timestamp,
) -> Option<Hit> {
    let headers = request.headers();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let texts = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let clients: Vec<&str> = shown(texts).collect();
    let method = request.method().as_str();
    let facts = Facts { fake, way: Way::Http, operation, method, path, clients: &clients, header: &header };
    world.faults.strike(&facts, now)
}

/// The reply of a fault that keeps the handler from being asked.
fn replacement(effect: &Effect) -> Option<Reply> {
    match effect {
        Effect::Respond(respond) => {
            let status = StatusCode::from_u16(respond.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut reply = match &respond.body {
                None => Reply::empty(status),
                Some(serde_json::Value::String(text)) => {
                    Reply::new(status, HeaderValue::from_static("text/plain; charset=utf-8"), text.clone())
                }
                Some(value) => Reply::json(status, value),
            };
            for (name, value) in &respond.headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
                    if name == header::CONTENT_TYPE {
                        reply.content_type = value;
                    } else {
                        reply = reply.header(name, value);
                    }
                }
            }
            Some(reply)
        }
        Effect::TooMany(seconds) => {
            let message = format!("too many requests; come again in {seconds} s");
            let reply = ours(StatusCode::TOO_MANY_REQUESTS, "quota", &message, None, None);
            Some(reply.header(header::RETRY_AFTER, HeaderValue::from(*seconds)))
        }
        Effect::Reset => Some(Reply::empty(StatusCode::OK)),
        _ => None,
    }
}

/// What the journal is told of a request.
struct Exchange<'a> {
    fake: &'static str,
    operation: Option<&'static str>,
    now: Timestamp,
    world: &'a Arc<World>,
    request: &'a HttpRequest,
    path: &'a str,
    body: Bytes,
    remarks: Vec<String>,
}

impl Exchange<'_> {
    fn write(self, status: u16, reply: Bytes, fault: Option<&str>) {
        tracing::debug!(fake = self.fake, world = self.world.id(), method = %self.request.method(), path = self.path, status, fault, "request");
        self.world.journal.write(Entry {
            seq: 0,
            at: self.now,
            fake: self.fake,
            operation: self.operation,
            way: Way::Http,
            client: None,
            head: head(self.request.method().as_str(), self.path, self.request.query_string(), self.request.headers()),
            request: self.body,
            status,
            reply,
            remarks: self.remarks,
            fault: fault.map(Into::into),
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
                match pause(&world, ticket(request.headers()), span.after(now)).await {
                    Ok(_turn) => reply.into_response(),
                    Err(_) => ours(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "reset",
                        "the world was reset while this reply was held",
                        None,
                        None,
                    )
                    .into_response(),
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
                let body = Dribbled::new(reply.body.clone(), &dribble, world, ticket(request.headers()));
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

/// Method, target and headers as the journal keeps them: one allocation.
fn head(method: &str, path: &str, query: &str, headers: &HeaderMap) -> Box<str> {
    let room: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 3).sum();
    let mut head = String::with_capacity(method.len() + path.len() + query.len() + 3 + room);
    head.push_str(method);
    head.push(' ');
    head.push_str(path);
    if !query.is_empty() {
        head.push('?');
        head.push_str(query);
    }
    head.push('\n');
    for (name, value) in headers {
        // A header's value holds no line break; what is not ASCII is left out.
        if let Ok(value) = value.to_str()
            && name.as_str() != TICKET
        {
            head.push_str(name.as_str());
            head.push_str(": ");
            head.push_str(value);
            head.push('\n');
        }
    }
    head.into_boxed_str()
}
