//! The HTTP adapter of the pipeline: route and body in, reply and effects of faults out.

use std::pin::Pin;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use stend_core::fault::{Effect, Respond};
use stend_core::journal::Channel;
use stend_core::{Live, Service, Timestamp, World, Worlds};

use crate::body::{Cut, Dribbled};
use crate::call::{At, Call, Params};
use crate::codec::{Refused, Rendered, Unread, Unreadable, Warnings};
use crate::head::RequestHead;
use crate::intake::{BodyRules, read_body};
use crate::kept::{self, Replies};
use crate::operation::Operation;
use crate::paths::{Entry, Found, Paths, normal};
use crate::pause::{guard_id, pause};
use crate::pipeline::{Answer, Exchange, Served, serve};
use crate::raw_socket::reset;
use crate::reply::Reply;
use crate::site::{Arrival, Site, split_world};

/// A service that speaks HTTP.
pub trait HttpService: Service {
    /// What bodies it takes.
    const BODY: BodyRules = BodyRules { limit: 1024 * 1024, decodes: false };
    /// The header that says who asks: replies of operations that only read are kept for each of its values.
    const CREDENTIAL: Option<HeaderName> = None;

    /// The operation table.
    fn table() -> &'static [Operation<Self>];

    /// What the bench refuses in the vendor's place, in the vendor's shape.
    fn refused(refused: Refused, at: &At<'_>) -> Reply;
}

/// An HTTP service on its port.
pub struct HttpSite<S: HttpService> {
    index: usize,
    paths: Paths<Operation<S>>,
    rendered: Rendered,
    replies: Replies,
}

/// What came over HTTP for a world, its body read.
struct Came<'a> {
    request: &'a HttpRequest,
    path: &'a str,
    body: Result<Bytes, Unread>,
    now: Timestamp,
}

impl<S: HttpService> HttpSite<S> {
    /// The site of the service in this slot of every world.
    pub fn at(index: usize) -> Arc<dyn Site> {
        let entries = S::table().iter().filter_map(|row| {
            let stend_core::Operation { method, path, changes, .. } = row.operation;
            Some(Entry { method: method?, path: path?, changes, row })
        });
        let paths = Paths::new(S::NAME, entries);
        Arc::new(Shared(Arc::new(Self { index, paths, rendered: Rendered::default(), replies: Replies::default() })))
    }

    fn exchange(&self, world: &Arc<World>, live: &Live<S>, came: Came<'_>) -> Served {
        let Came { request, path, body, now } = came;
        let found = self.paths.find(request.method().as_str(), path);
        let operation = match &found {
            Found::Row(row, _) => Some(row.operation.id),
            _ => None,
        };
        let (body, unreadable) = match body {
            Ok(body) => (body, None),
            Err(Unread { why, bytes }) => (bytes, Some(why)),
        };
        let exchange = Exchange {
            service: S::NAME,
            channel: Channel::Http,
            handshake: false,
            operation,
            method: request.method().as_str(),
            path,
            head: &RequestHead { request, path },
            clients: &[],
            client: None,
            now,
            request: body.clone(),
        };
        let call = Call::new(request, path, body, now, world, live, &self.rendered);
        serve(world, exchange, &mut Asked { call, found: Some(found), unreadable, replies: &self.replies })
    }

    async fn respond(self: Arc<Self>, arrival: Arrival) -> HttpResponse {
        let Arrival { request, payload, worlds, world, .. } = arrival;
        let plain = normal(request.path());
        let (world, path) = match split_world(&worlds, world.as_deref(), &plain) {
            Ok(found) => found,
            Err(refused) => {
                let now = worlds.default_world().now();
                let at = At { method: request.method().as_str(), path: &plain, now };
                return S::refused(refused, &at).into_response();
            }
        };
        let Some(live) = world.live::<S>(self.index) else { return self.mismatch() };
        let body = read_body(&request, payload, S::BODY).await;
        let now = world.now();
        let Served { reply, effect, whole } = self.exchange(&world, live, Came { request: &request, path, body, now });
        match effect {
            Some(Effect::Reset(_)) => reset(&request),
            Some(Effect::Delay(span)) => match pause(&world, guard_id(request.headers()), span.after(now)).await {
                Ok(_guard) => reply.into_response(),
                Err(gone) => {
                    let at = At { method: request.method().as_str(), path, now };
                    S::refused(Refused::Held(gone), &at).into_response()
                }
            },
            Some(Effect::Truncate(_)) => reply.start().body(Cut::new(whole, reply.body)),
            Some(Effect::Dribble(dribble)) => {
                let body = Dribbled::new(reply.body.clone(), &dribble, Arc::clone(&world), guard_id(request.headers()));
                reply.start().body(body)
            }
            _ => reply.into_response(),
        }
    }

    fn mismatch(&self) -> HttpResponse {
        tracing::error!(service = S::NAME, index = self.index, "the registry and the sites disagree");
        Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    }
}

/// A request on its way to its rule.
struct Asked<'a, S: HttpService> {
    call: Call<'a, S>,
    /// Taken by the answer.
    found: Option<Found<Operation<S>>>,
    unreadable: Option<Unreadable>,
    replies: &'a Replies,
}

impl<S: HttpService> Asked<'_, S> {
    fn refused(&self, refused: Refused) -> Reply {
        S::refused(refused, &self.call.at())
    }

    /// The reply of an operation: kept, or written now.
    fn operate(&mut self, row: &Operation<S>, params: Params) -> Reply {
        let call = &mut self.call;
        call.params = params;
        call.reads = row.operation.only_reads();
        // A body may bring a warning, and the rules of how it is read are the operation's.
        if !call.reads || !call.body.is_empty() {
            return (row.handler)(call);
        }
        let credential = S::CREDENTIAL;
        let asked = kept::Asked {
            state: call.live.version(),
            request: call.request,
            path: call.path,
            credential: credential.as_ref(),
        };
        if let Some(reply) = self.replies.get(&asked, call.now) {
            return reply;
        }
        let reply = (row.handler)(call);
        if call.warnings.is_empty() {
            self.replies.keep(&asked, call.now, &reply);
        }
        reply
    }
}

impl<S: HttpService> Answer for Asked<'_, S> {
    fn instead(&mut self, effect: &Effect) -> Option<Reply> {
        match effect {
            Effect::Respond(respond) => {
                let reply = responded(respond, |status| self.refused(Refused::Fault(status)));
                Some(with_headers(reply, respond))
            }
            Effect::TooMany(seconds) => {
                let reply = self.refused(Refused::TooMany(*seconds));
                Some(reply.header(header::RETRY_AFTER, HeaderValue::from(*seconds)))
            }
            _ => None,
        }
    }

    fn answer(&mut self, _: Option<&Effect>, warnings: &mut Warnings) -> Reply {
        if let Some(unreadable) = self.unreadable.take() {
            warnings.note(unreadable.to_string());
            return self.refused(Refused::Body(unreadable));
        }
        let reply = match self.found.take() {
            Some(Found::Row(row, params)) => self.operate(row, params),
            Some(Found::Options(allowed)) => allowed.on(Reply::empty(StatusCode::OK)),
            Some(Found::OtherMethods(allowed)) => allowed.on(self.refused(Refused::Method(allowed.0.clone()))),
            Some(Found::Nothing) | None => self.refused(Refused::Path),
        };
        std::mem::swap(warnings, &mut self.call.warnings);
        reply
    }
}

/// The reply of the fault `respond`: its body, or the vendor's error of that status.
pub(crate) fn responded(respond: &Respond, failure: impl FnOnce(StatusCode) -> Reply) -> Reply {
    let status = StatusCode::from_u16(respond.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match &respond.body {
        None if status.is_client_error() || status.is_server_error() => failure(status),
        None => Reply::empty(status),
        Some(serde_json::Value::String(text)) => {
            Reply::new(status, HeaderValue::from_static("text/plain; charset=utf-8"), text.clone())
        }
        Some(value) => Reply::json(status, value),
    }
}

/// A reply with the headers of the fault `respond`.
pub(crate) fn with_headers(mut reply: Reply, respond: &Respond) -> Reply {
    for (name, value) in &respond.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
            if name == header::CONTENT_TYPE {
                reply.content_type = value;
            } else {
                reply = reply.header(name, value);
            }
        }
    }
    reply
}

/// The one allocation that keeps a request's future: the site itself stays shared.
struct Shared<S: HttpService>(Arc<HttpSite<S>>);

impl<S: HttpService> Site for Shared<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    /// A request without a body in a world without faults, as nearly all are, waits for nothing.
    fn answer_at_once(&self, request: &HttpRequest, worlds: &Worlds) -> Option<HttpResponse> {
        let plain = normal(request.path());
        let other;
        let (world, path) = if plain.starts_with("/w/") {
            let (world, path) = split_world(worlds, None, &plain).ok()?;
            other = world;
            (&other, path)
        } else {
            (worlds.default_world(), &*plain)
        };
        if world.faults.any() {
            return None;
        }
        let Some(live) = world.live::<S>(self.0.index) else { return Some(self.0.mismatch()) };
        let came = Came { request, path, body: Ok(Bytes::new()), now: world.now() };
        Some(self.0.exchange(world, live, came).reply.into_response())
    }

    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>> {
        Box::pin(Arc::clone(&self.0).respond(arrival))
    }
}
