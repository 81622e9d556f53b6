//! The control API on its port.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use actix_web::body::{BoxBody, MessageBody as _};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use stend_core::{Library, Problem, Registry, Timestamp};
use stend_transport::{
    Arrival, BodyRules, Entry, Found, LazyAuthority, Paths, Reply, Site, StatusCode, Unreadable, normal, ours, problem,
    read_body,
};

use crate::access::Access;
use crate::handlers::library::Shelf;
use crate::plays::Plays;
use crate::pretty::pretty;
use crate::request::Request;
use crate::routes::{ROUTES, Row};

/// The URLs by name: `control` and each service, without a slash at the end.
pub type Urls = BTreeMap<String, String>;

/// Where the bench is reached.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// The URLs by name: `control`, each service, and `gateway` where there is one.
    pub urls: Urls,
    /// The URLs that are handed out instead, whoever asks.
    pub public: Urls,
    /// The services' URLs for scenarios that are played here: plain HTTP.
    pub reach: Urls,
    /// The hosts that the gateway maps to services.
    pub hosts: Vec<String>,
}

/// Gives the specification of a service, or another document about it, if it has one.
pub type Specs = fn(&str) -> Result<Option<serde_json::Value>, Problem>;

/// A saved world of some size comes in one body.
const BODY: BodyRules = BodyRules { limit: 64 * 1024 * 1024, decodes: false };

/// What the control API knows beside the worlds.
pub struct Control {
    pub(crate) registry: Registry,
    pub(crate) library: Library,
    pub(crate) access: Access,
    pub(crate) addresses: Arc<OnceLock<Addresses>>,
    pub(crate) authority: Option<Arc<LazyAuthority>>,
    pub(crate) started: Timestamp,
    pub(crate) version: &'static str,
    pub(crate) specs: Specs,
    pub(crate) plays: Arc<Plays>,
    pub(crate) shelf: Shelf,
}

impl Control {
    /// A control API for these services. `addresses` are set once all ports are bound; `started` is the wall clock's time.
    pub fn new(
        registry: Registry,
        library: Library,
        access: Access,
        addresses: Arc<OnceLock<Addresses>>,
        started: Timestamp,
        version: &'static str,
        specs: Specs,
    ) -> Self {
        let (plays, shelf) = (Arc::default(), Shelf::default());
        Self { registry, library, access, addresses, authority: None, started, version, specs, plays, shelf }
    }

    /// With scenarios, a manual and claims to look up.
    #[must_use]
    pub fn with_shelf(mut self, shelf: Shelf) -> Self {
        self.shelf = shelf;
        self
    }

    /// With the certificate authority that clients of the bench trust.
    #[must_use]
    pub fn with_authority(mut self, authority: Option<Arc<LazyAuthority>>) -> Self {
        self.authority = authority;
        self
    }

    /// The scenarios that are played in the worlds.
    pub fn plays(&self) -> Arc<Plays> {
        Arc::clone(&self.plays)
    }

    /// As a site.
    pub fn site(self) -> Arc<dyn Site> {
        let entry = |row: &'static Row| Entry { method: row.method, path: row.path, changes: false, row };
        let paths = Paths::new("the control API", ROUTES.iter().map(entry));
        Arc::new(ControlSite { control: Arc::new(self), paths: Arc::new(paths) })
    }

    /// All URLs, for a client that reached this port by the host `by`.
    pub(crate) fn urls(&self, by: Option<&str>) -> Urls {
        let Some(addresses) = self.addresses.get() else { return Urls::new() };
        let handed = |(name, url): (&String, &String)| {
            let public = addresses.public.get(name).cloned();
            (name.clone(), public.unwrap_or_else(|| by.map_or_else(|| url.clone(), |host| at_host(url, host))))
        };
        addresses.urls.iter().map(handed).collect()
    }

    /// The URLs of a world's services, for a client that reached this port by the host `by`.
    pub(crate) fn urls_of(&self, world: &str, by: Option<&str>) -> Urls {
        self.of_world(world, self.urls(by))
    }

    /// The URLs of a world's services for scenarios that are played here.
    pub(crate) fn reach(&self, world: &str) -> Urls {
        self.of_world(world, self.addresses.get().map(|addresses| addresses.reach.clone()).unwrap_or_default())
    }

    fn of_world(&self, world: &str, urls: Urls) -> Urls {
        let of = |(name, url): (String, String)| {
            let url = if world == stend_core::worlds::DEFAULT { url } else { format!("{url}/w/{world}") };
            (name, url)
        };
        urls.into_iter().filter(|(name, _)| self.registry.find(name).is_some()).map(of).collect()
    }
}

/// A URL at another host.
fn at_host(url: &str, host: &str) -> String {
    let parts = url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once(':')?.1)));
    parts.map_or_else(|| url.to_owned(), |(scheme, port)| format!("{scheme}://{host}:{port}"))
}

struct ControlSite {
    control: Arc<Control>,
    paths: Arc<Paths<Row>>,
}

impl Site for ControlSite {
    fn name(&self) -> &'static str {
        "control"
    }

    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>> {
        let (control, paths) = (Arc::clone(&self.control), Arc::clone(&self.paths));
        let curl = is_curl(&arrival.request);
        Box::pin(async move {
            let response = answer(control, &paths, arrival).await.unwrap_or_else(Reply::into_response);
            if curl { laid_out(response) } else { response }
        })
    }
}

/// Whether somebody asks by hand.
fn is_curl(request: &HttpRequest) -> bool {
    let agent = request.headers().get(header::USER_AGENT);
    agent.is_some_and(|agent| agent.as_bytes().starts_with(b"curl/"))
}

/// The same with JSON laid out for people, which is still the same JSON.
fn laid_out(response: HttpResponse) -> HttpResponse {
    let json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/json");
    if !json {
        return response;
    }
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) if !text.is_empty() => BoxBody::new(pretty(text)),
            _ => BoxBody::new(bytes),
        },
        Err(body) => body,
    })
}

/// Answers, or refuses before an operation is found.
async fn answer(control: Arc<Control>, paths: &Paths<Row>, arrival: Arrival) -> Result<HttpResponse, Reply> {
    let Arrival { request, payload, worlds, stopping, .. } = arrival;
    let page = crate::page::find(&request);
    if let Some(refused) = control.access.refuse(&request, page.is_some()) {
        return Err(refused);
    }
    if let Some(page) = page {
        return Ok(page.into_response());
    }
    let path = normal(request.path());
    let method = request.method().as_str();
    let (row, params) = match paths.find(method, &path) {
        Found::Row(row, params) => (row, params),
        Found::Options(allowed) => return Err(allowed.on(Reply::empty(StatusCode::OK))),
        Found::OtherMethods(allowed) => {
            let message = format!("{method} is not for {}", request.path());
            let hint = format!("it takes {}", allowed.0);
            return Err(allowed.on(ours(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", &message, Some(&hint), None)));
        }
        Found::Nothing => {
            let near = stend_core::near::nearest(&path, ROUTES.iter().map(|row| row.path));
            let hint = near.map_or("GET / lists what there is".into(), |near| format!("did you mean {near}?"));
            let message = format!("there is nothing at {}", request.path());
            return Err(ours(StatusCode::NOT_FOUND, "unknown_path", &message, Some(&hint), None));
        }
    };
    let body = match read_body(&request, payload, BODY).await {
        Ok(body) => body,
        Err(unread) => return Err(refused_body(&unread.why)),
    };
    drop(path);
    let request =
        Request::new(control, worlds, request, params, body, stopping, row).map_err(|wrong| problem(&wrong))?;
    (row.handler)(request).await
}

fn refused_body(unreadable: &Unreadable) -> Reply {
    let code = match unreadable {
        Unreadable::TooLarge(_) => "too_large",
        Unreadable::TooSlow => "too_slow",
        Unreadable::Broken(_) | Unreadable::Binary => "malformed",
        Unreadable::NoRoom => "busy",
        Unreadable::Encoded(_) | Unreadable::Charset(_) | Unreadable::Mark(_) => "encoding",
    };
    ours(unreadable.status(), code, &unreadable.to_string(), None, None)
}
