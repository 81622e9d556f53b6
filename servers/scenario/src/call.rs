//! Being a client: a request to a service over the network, HTTP or a command on a socket.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use stend_core::busy::BusyGuard;
use stend_core::envelope::{self, Envelope};
use stend_core::{Node, Problem, Raw, Registry, World};

use crate::file::Files;
use crate::socket::{GUARD_HEADER, Sockets};
use crate::subst::{Captured, fill, fill_string};

/// The URLs of a world's services, by name, without a slash at the end.
pub type Reach = BTreeMap<String, String>;

/// How long a reply may take by the wall clock, beyond all waiting for the world's.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, checked.
pub(crate) struct Call {
    service: String,
    kind: Kind,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Call").field(&self.title()).finish()
    }
}

/// What an HTTP request is for.
pub(crate) struct Target<'c> {
    pub(crate) method: &'c Method,
    /// With what of the query is in it.
    pub(crate) path: &'c str,
    /// The names of the other query parameters.
    pub(crate) query: Vec<&'c str>,
    /// The names of its headers.
    pub(crate) headers: Vec<&'c str>,
}

enum Kind {
    Http(Box<Http>),
    /// With the frames of the service.
    Command(Command, &'static dyn Envelope),
}

#[derive(Debug)]
struct Http {
    method: Method,
    path: String,
    query: BTreeMap<String, Raw>,
    headers: BTreeMap<String, Raw>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    None,
    Json(Value),
    Form(BTreeMap<String, Raw>),
    Text(String),
}

/// An HTTP request as it is written: one method with its path, and what goes with it.
#[derive(Debug, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "HttpCall")]
pub(crate) struct HttpFile {
    /// GET this path.
    get: Option<String>,
    /// POST to this path.
    post: Option<String>,
    /// PUT to this path.
    put: Option<String>,
    /// PATCH this path.
    patch: Option<String>,
    /// DELETE this path.
    delete: Option<String>,
    /// Query parameters, beside those in the path.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    query: BTreeMap<String, Raw>,
    /// Headers.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    headers: BTreeMap<String, Raw>,
    /// A JSON body; `{file: order.json}` takes it from a file beside the scenario.
    #[schemars(with = "Option<serde_json::Value>")]
    json: Option<Raw>,
    /// A form body.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    form: Option<BTreeMap<String, Raw>>,
    /// A body as it is.
    body: Option<String>,
}

/// A command on a socket, as it is written. The connection is opened by the first command on it, and stays.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SocketCall")]
pub(crate) struct Command {
    /// The command.
    pub(crate) command: String,
    /// Its data; left out, an empty object.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) data: Option<Raw>,
    /// The session's token.
    pub(crate) token: Option<String>,
    /// The connection, by a name of your own; left out, `main`.
    #[serde(rename = "as", default = "main")]
    pub(crate) connection: String,
}

pub(crate) fn main() -> String {
    "main".into()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Of a command that which the journal has; nothing where it has none.
    pub(crate) status: Option<u16>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    /// The body as JSON, or nothing.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl Call {
    /// Reads `{service: request}`.
    pub(crate) fn read(node: &Node, registry: &Registry, files: &Files<'_>) -> Result<Self, Problem> {
        let [entry] = node.entries() else {
            return Err(Problem::new(
                "wrong_type",
                format!("expected one service with a request, found {}", node.kind()),
            )
            .hint(format!("e.g. {}", registry.example_call())));
        };
        let service = entry.key.as_str();
        let (_, kind) = registry.get(service).map_err(|mut problem| {
            problem.at_key = true;
            problem.position = Some(entry.position);
            problem.under(service)
        })?;
        let kind = match kind.envelope() {
            Some(envelope) => entry.value.read().map(|command| Kind::Command(command, envelope)),
            None => Http::read(&entry.value, files).map(|http| Kind::Http(Box::new(http))),
        };
        Ok(Self { service: service.to_owned(), kind: kind.map_err(|problem| problem.under(service))? })
    }

    /// The service that it goes to.
    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// The command that it sends, if it is one; placeholders as they are written.
    pub(crate) fn command(&self) -> Option<&str> {
        match &self.kind {
            Kind::Http(_) => None,
            Kind::Command(command, _) => Some(&command.command),
        }
    }

    /// The connection that it opens or uses, if it is a command on a socket.
    pub(crate) fn connection(&self) -> Option<&str> {
        match &self.kind {
            Kind::Http(_) => None,
            Kind::Command(command, _) => Some(&command.connection),
        }
    }

    /// What it is for, if it is an HTTP request.
    pub(crate) fn target(&self) -> Option<Target<'_>> {
        match &self.kind {
            Kind::Http(http) => Some(Target {
                method: &http.method,
                path: &http.path,
                query: http.query.keys().map(String::as_str).collect(),
                headers: http.headers.keys().map(String::as_str).collect(),
            }),
            Kind::Command(..) => None,
        }
    }

    /// Whether it may change something: all but GET.
    pub(crate) fn changes(&self) -> bool {
        match &self.kind {
            Kind::Http(http) => http.method != Method::GET,
            Kind::Command(..) => true,
        }
    }

    pub(crate) fn title(&self) -> String {
        match &self.kind {
            Kind::Http(http) => format!("{} {} {}", self.service, http.method, http.path),
            Kind::Command(command, _) => format!("{} {}", self.service, command.command),
        }
    }

    /// Sends it and waits for the answer. The guard is parked with the world meanwhile, and taken back with the answer.
    pub(crate) async fn send(
        &self,
        client: &reqwest::Client,
        sockets: &mut Sockets,
        reach: &Reach,
        world: &Arc<World>,
        captured: &Captured,
        guard: BusyGuard,
    ) -> (Result<Answer, String>, BusyGuard) {
        let Some(base) = reach.get(&self.service) else {
            return (Err(format!("{} is not served here", self.service)), guard);
        };
        let (answer, guard) = match &self.kind {
            Kind::Http(http) => match http.request(client, base, captured) {
                Ok(request) => {
                    let guard_id = world.park_guard(guard);
                    (receive(request.header(GUARD_HEADER, guard_id.number())).await, guard_id.fetch())
                }
                Err(problem) => (Err(problem.message), Some(guard)),
            },
            Kind::Command(command, envelope) => match command.fill(captured) {
                Ok((connection, command)) => {
                    let (reply, guard) = sockets.ask(world, *envelope, base, &connection, command, guard).await;
                    (reply.map(|(body, status)| Answer { status, headers: BTreeMap::new(), body }), guard)
                }
                Err(problem) => (Err(problem.message), Some(guard)),
            },
        };
        (answer, guard.unwrap_or_else(|| world.guard()))
    }
}

async fn receive(request: reqwest::RequestBuilder) -> Result<Answer, String> {
    let described = |error: reqwest::Error| {
        let mut text = error.without_url().to_string();
        if text == "error sending request" {
            text = "no reply: the connection was closed or refused".into();
        }
        text
    };
    let response = request.timeout(PATIENCE).send().await.map_err(described)?;
    let status = Some(response.status().as_u16());
    let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = response.headers().iter().filter_map(header).collect();
    let body = response.bytes().await.map_err(|_| "the reply broke off".to_owned())?;
    Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

impl Command {
    /// The connection's name and the command, with what has been captured so far.
    fn fill(&self, captured: &Captured) -> Result<(String, envelope::Command), Problem> {
        let data = self.data.as_ref().map(|data| fill(&data.0.to_json(), captured)).transpose()?;
        let token = self.token.as_ref().map(|token| fill_string(token, captured)).transpose()?;
        let name = fill_string(&self.command, captured)?;
        let command = envelope::Command { name, token, data: data.unwrap_or(Value::Null) };
        Ok((fill_string(&self.connection, captured)?, command))
    }
}

impl Http {
    fn read(node: &Node, files: &Files<'_>) -> Result<Self, Problem> {
        let file: HttpFile = node.read()?;
        let methods = [
            (Method::GET, file.get),
            (Method::POST, file.post),
            (Method::PUT, file.put),
            (Method::PATCH, file.patch),
            (Method::DELETE, file.delete),
        ];
        let mut given = methods.into_iter().filter_map(|(method, path)| Some((method, path?)));
        let (method, path) = given.next().ok_or_else(|| {
            Problem::new("missing_key", "a request without a method")
                .hint("one of `get`, `post`, `put`, `patch`, `delete` with the path")
        })?;
        if let Some((other, _)) = given.next() {
            return Err(Problem::invalid(format!("a request has one method, and here are {method} and {other}")));
        }
        if !path.starts_with("${") {
            check_path(&path).map_err(|problem| problem.under(method.as_str().to_lowercase()))?;
        }
        let bodies =
            [file.json.is_some(), file.form.is_some(), file.body.is_some()].into_iter().filter(|given| *given).count();
        if bodies > 1 {
            return Err(Problem::invalid("a request has one body: `json`, `form` or `body`"));
        }
        let body = match (file.json, file.form, file.body) {
            (Some(json), ..) => Body::Json(json_body(&json.0, files).map_err(|problem| problem.under("json"))?),
            (_, Some(form), _) => Body::Form(form),
            (.., Some(text)) => Body::Text(text),
            _ => Body::None,
        };
        Ok(Self { method, path, query: file.query, headers: file.headers, body })
    }

    fn request(
        &self,
        client: &reqwest::Client,
        base: &str,
        captured: &Captured,
    ) -> Result<reqwest::RequestBuilder, Problem> {
        let path = fill_string(&self.path, captured)?;
        check_path(&path)?;
        let mut url = format!("{base}{path}");
        for (name, value) in pairs(&self.query, captured)? {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!("{}={}", encoded(&name), encoded(&value)));
        }
        let url = of_service(&url, base)?;
        let mut request = client.request(self.method.clone(), url);
        for (name, value) in pairs(&self.headers, captured)? {
            request = request.header(name, value);
        }
        Ok(match &self.body {
            Body::None => request,
            Body::Json(value) => request.json(&fill(value, captured)?),
            Body::Form(form) => {
                let pairs = pairs(form, captured)?;
                let text = pairs
                    .iter()
                    .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
                    .collect::<Vec<_>>()
                    .join("&");
                request.header("content-type", "application/x-www-form-urlencoded").body(text)
            }
            Body::Text(text) => request.body(fill_string(text, captured)?),
        })
    }
}

/// Refuses a path that would change the host it is sent to: `${url}` may hold anything by the time it is filled in.
fn check_path(path: &str) -> Result<(), Problem> {
    if path.starts_with('/') {
        return Ok(());
    }
    Err(Problem::invalid(format!("`{path}` does not begin with `/`"))
        .hint("a call goes to its service only; give the path of an operation"))
}

/// The URL of a request, which has the scheme, host and port of its service.
fn of_service(url: &str, base: &str) -> Result<reqwest::Url, Problem> {
    let wrong = |_| Problem::invalid(format!("`{url}` is no URL"));
    let (url, base) = (reqwest::Url::parse(url).map_err(wrong)?, reqwest::Url::parse(base).map_err(wrong)?);
    let place = |url: &reqwest::Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port());
    if place(&url) == place(&base) && url.username().is_empty() && url.password().is_none() {
        return Ok(url);
    }
    Err(Problem::invalid(format!("`{url}` is not at its service, {base}")))
}

fn json_body(node: &Node, files: &Files<'_>) -> Result<Value, Problem> {
    let file = match node.entries() {
        [entry] if entry.key == "file" => entry.value.as_text(),
        _ => None,
    };
    match file {
        Some(name) => files.json(name).map_err(|problem| problem.under("file")),
        None => Ok(node.to_json()),
    }
}

fn pairs(map: &BTreeMap<String, Raw>, captured: &Captured) -> Result<Vec<(String, String)>, Problem> {
    let pair = |(name, raw): (&String, &Raw)| {
        let value = match fill(&raw.0.to_json(), captured)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        Ok((name.clone(), value))
    };
    map.iter().map(pair).collect()
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn url(path: &str, captured: &str) -> Result<String, Problem> {
        let node = Node::from_json(&json!({ "get": path }));
        let http = Http::read(&node, &Files::beside(None))?;
        let captured = Captured::from([("u".to_owned(), json!(captured))]);
        let request = http.request(&reqwest::Client::new(), "http://127.0.0.1:7701/w/w1", &captured)?;
        Ok(request.build().map_err(|error| Problem::invalid(error.to_string()))?.url().to_string())
    }

    #[test]
    fn what_is_filled_in_stays_at_the_service() {
        for (path, captured) in [
            ("${u}", "@10.0.0.1:80/"),
            ("${u}", "evil.example/"),
            ("${u}", "http://evil.example/"),
            ("${u}", ":80/"),
            ("${u}", ".evil.example/"),
            ("${u}", ""),
            ("${u}/x", "\\@evil.example"),
        ] {
            let problem = url(path, captured).expect_err(captured).to_string();
            assert!(problem.contains("does not begin with `/`"), "{captured}: {problem}");
        }
        for (path, captured, sent) in [
            ("${u}", "/events?hash=1", "http://127.0.0.1:7701/w/w1/events?hash=1"),
            ("/${u}", "@evil.example/", "http://127.0.0.1:7701/w/w1/@evil.example/"),
            ("/${u}", "/evil.example/", "http://127.0.0.1:7701/w/w1//evil.example/"),
        ] {
            assert_eq!(url(path, captured).expect(captured), sent);
        }
        for base in ["http://127.0.0.1:7701", "http://[::1]:7701"] {
            assert!(of_service("http://evil.example:7701/", base).is_err());
            assert!(of_service(&format!("{base}/x"), base).is_ok());
            assert!(of_service(&base.replace("7701", "7702"), base).is_err());
            assert!(of_service(&base.replace("http://", "http://me@"), base).is_err());
        }
    }
}
