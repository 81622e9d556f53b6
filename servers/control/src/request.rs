//! A control request as its handler sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpRequest;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use stend_core::{Diagnostic, Node, Problem, Source, Span, World, WorldFile, Worlds};
use stend_transport::{Params, Reply, StatusCode, header, ours, problem, problem_status};
use tokio::sync::watch;

use crate::access::host_of;
use crate::routes::Row;
use crate::site::Control;

/// From this size on, in bytes, a body is read on a thread of its own.
const LARGE: usize = 256 * 1024;

/// A request, its body read.
pub(crate) struct Request {
    pub(crate) control: Arc<Control>,
    pub(crate) worlds: Arc<Worlds>,
    pub(crate) request: HttpRequest,
    pub(crate) params: Params,
    pub(crate) body: Bytes,
    /// Becomes true when the bench stops.
    pub(crate) stopping: watch::Receiver<bool>,
    query: BTreeMap<&'static str, String>,
}

impl Request {
    /// A request for this operation.
    ///
    /// # Errors
    /// A query parameter or a body that the operation does not take.
    pub(crate) fn new(
        control: Arc<Control>,
        worlds: Arc<Worlds>,
        request: HttpRequest,
        params: Params,
        body: Bytes,
        stopping: watch::Receiver<bool>,
        row: &Row,
    ) -> Result<Self, Problem> {
        let query = query(request.query_string(), row)?;
        let empty = body.iter().all(|byte| byte.is_ascii_whitespace()) || matches!(&*body, b"{}" | b"null");
        if row.body.is_none() && !empty {
            return Err(Problem::new("unexpected_body", format!("{} {} takes no body", row.method, row.path)));
        }
        Ok(Self { control, worlds, request, params, body, stopping, query })
    }

    /// The world that the path names.
    pub(crate) fn world(&self) -> Result<Arc<World>, Reply> {
        self.worlds.get(self.param("world")).map_err(|wrong| problem(&wrong))
    }

    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The body as text under a name for messages.
    pub(crate) fn source(&self) -> Result<Source, Reply> {
        let text = std::str::from_utf8(&self.body)
            .map_err(|_| problem(&Problem::new("malformed", "the body is not UTF-8 text")))?;
        Ok(Source::new("request body", text))
    }

    /// The body as a document, JSON or YAML.
    pub(crate) async fn node(&self) -> Result<Node, Reply> {
        let source = self.source()?;
        self.elsewhere(move || source.parse()).await?.map_err(|wrong| problem(&wrong))
    }

    /// The body as a typed value; an empty body is an empty map.
    pub(crate) async fn read<T: DeserializeOwned + Send + 'static>(&self) -> Result<T, Reply> {
        let node = if self.body.iter().all(u8::is_ascii_whitespace) {
            Node::from_json(&serde_json::json!({}))
        } else {
            self.node().await?
        };
        let read = move || node.read().map_err(|wrong| node.locate(wrong));
        self.elsewhere(read).await?.map_err(|wrong| problem(&wrong))
    }

    /// The host by which the client reached this port.
    pub(crate) fn by(&self) -> Option<&str> {
        host_of(&self.request)
    }

    /// A query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A query parameter that says yes or no; what it says where it is left out.
    pub(crate) fn flag(&self, name: &str, without: bool) -> Result<bool, Reply> {
        match self.query(name) {
            None => Ok(without),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => {
                let problem = Problem::invalid(format!("`{other}` says neither yes nor no")).hint("`true` or `false`");
                Err(wrong(problem.under(name)))
            }
        }
    }

    /// A query parameter that says how long to wait by the wall clock, such as `2s`.
    pub(crate) fn wait(&self, name: &str) -> Result<Option<Span>, Reply> {
        let wait = self.query(name).map(|text| text.parse::<Span>().map_err(Problem::invalid).and_then(bounded));
        wait.transpose().map_err(|problem| wrong(problem.under(name)))
    }

    /// Reads the body by `read`: a large one on a thread of its own, so that the requests of other worlds go on meanwhile.
    pub(crate) async fn elsewhere<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Reply> {
        elsewhere(self.body.len(), read).await
    }

    /// A world file as the client wants it: JSON, or YAML where the client would rather have that.
    pub(crate) async fn world_file(&self, file: WorldFile) -> Result<Reply, Reply> {
        let yaml = self.wants_yaml();
        let write = move || {
            let mut body = Vec::new();
            let written = if yaml {
                file.write_yaml(&mut body)
            } else {
                serde_json::to_writer(&mut body, &file).map_err(Into::into)
            };
            written.map(|()| body)
        };
        // How large a world is, is known once it is written.
        let body = tokio::task::spawn_blocking(write).await.map_err(|error| error.to_string());
        let body = body.and_then(|body| body.map_err(|error: std::io::Error| error.to_string())).map_err(|error| {
            tracing::error!(%error, "a world cannot be written");
            ours(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the world could not be written", None, None)
        })?;
        let kind = if yaml { "application/yaml" } else { "application/json" };
        Ok(Reply::new(StatusCode::OK, header::HeaderValue::from_static(kind), body))
    }

    /// A document as the client wants it: JSON, or YAML where the client would rather have that.
    pub(crate) fn document(&self, document: &serde_json::Value) -> Result<Reply, Reply> {
        if !self.wants_yaml() {
            return Ok(Reply::ok(document));
        }
        let yaml = stend_core::node::to_yaml(document).map_err(wrong)?;
        Ok(Reply::new(StatusCode::OK, header::HeaderValue::from_static("application/yaml"), yaml))
    }

    fn wants_yaml(&self) -> bool {
        self.wants("yaml")
    }

    /// Whether the client accepts documents of this type.
    pub(crate) fn wants(&self, kind: &str) -> bool {
        let accept = self.request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        accept.is_some_and(|accept| accept.contains(kind))
    }
}

/// The query parameters of an operation, by their names. The same rule holds for the whole API: what is unknown, said
/// twice or empty is an error.
fn query(text: &str, row: &Row) -> Result<BTreeMap<&'static str, String>, Problem> {
    let mut found = BTreeMap::new();
    for (name, value) in stend_transport::query_pairs(text) {
        let known = row.query.iter().find(|known| known.name == name || known.alias == Some(&*name));
        let Some(known) = known else {
            let names = row.query.iter().flat_map(|known| [known.name].into_iter().chain(known.alias));
            let names: Vec<&str> = names.collect();
            let mut problem = Problem::unknown("unknown_key", "query parameter", &name, names.iter().copied());
            if names.is_empty() {
                problem.hint = Some(format!("{} {} takes none", row.method, row.path));
            }
            return Err(problem);
        };
        if value.is_empty() {
            return Err(Problem::invalid("an empty value").hint("leave the parameter out").under(known.name));
        }
        if found.insert(known.name, value.into_owned()).is_some() {
            return Err(Problem::invalid("given twice").under(known.name));
        }
    }
    Ok(found)
}

/// The longest that a request waits for something to happen, in seconds.
const LONGEST: f64 = 300.0;

/// A wait that a request may take.
///
/// # Errors
/// It is too long.
pub(crate) fn bounded(wait: Span) -> Result<Span, Problem> {
    if wait.as_secs_f64() > LONGEST {
        return Err(Problem::invalid(format!("{wait} is too long to wait")).hint("5m at the most; ask again then"));
    }
    Ok(wait)
}

/// A problem as a reply.
pub(crate) fn wrong(wrong: Problem) -> Reply {
    problem(&wrong)
}

/// A problem with a world as a reply, in the file that it is made of.
pub(crate) fn mismatch(file: &WorldFile, problem: Problem) -> Reply {
    match file.find(problem) {
        Ok(diagnostic) => shown(&diagnostic),
        Err(problem) => wrong(problem),
    }
}

/// A diagnostic as a reply: one in another file than the body names that file.
pub(crate) fn shown(diagnostic: &Diagnostic) -> Reply {
    if diagnostic.source.name == "request body" {
        return problem(&diagnostic.problem);
    }
    let Problem { code, message, hint, .. } = &diagnostic.problem;
    let place = diagnostic.source.place(&diagnostic.problem);
    ours(problem_status(&diagnostic.problem), code, message, hint.as_deref(), Some(&place))
}

async fn elsewhere<T: Send + 'static>(bytes: usize, read: impl FnOnce() -> T + Send + 'static) -> Result<T, Reply> {
    if bytes < LARGE { Ok(read()) } else { apart(read).await }
}

/// Runs what may take long on a thread of its own.
pub(crate) async fn apart<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> Result<T, Reply> {
    tokio::task::spawn_blocking(run).await.map_err(|error| {
        tracing::error!(%error, "a control request ended early");
        ours(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the request could not be carried out", None, None)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ROUTES;

    fn asked(id: &str, text: &str) -> Result<BTreeMap<&'static str, String>, String> {
        let row = ROUTES.iter().find(|row| row.id == id).expect(id);
        query(text, row).map_err(|problem| problem.to_string())
    }

    /// A large body is read on a thread of its own (B9), whatever handler reads it and whatever it holds.
    #[tokio::test]
    async fn large_bodies_are_read_off_the_threads_that_answer() {
        let here = std::thread::current().id();
        for bytes in [0, 1, LARGE - 1, LARGE, LARGE + 1, 4 * LARGE] {
            let apart = elsewhere(bytes, || std::thread::current().id()).await.expect("read") != here;
            assert_eq!(apart, bytes >= LARGE, "{bytes}");
        }
    }

    #[test]
    fn parameters_are_known_by_both_names_and_decoded() {
        let query =
            asked("read_journal", "service=desk&channel=push&since=2026-11-21T12:00:00%2B03:00").expect("known");
        assert_eq!((query["fake"].as_str(), query["way"].as_str()), ("desk", "push"));
        assert_eq!(query["since"], "2026-11-21T12:00:00+03:00");
        assert_eq!(asked("list_worlds", ""), Ok(BTreeMap::new()));
    }

    #[test]
    fn every_operation_refuses_what_it_does_not_know_what_is_empty_and_what_is_said_twice() {
        for row in ROUTES {
            let why = asked(row.id, "no_such=1").expect_err(row.id);
            assert!(why.contains("unknown query parameter `no_such`"), "{}: {why}", row.id);
            for known in row.query {
                let name = known.name;
                assert!(asked(row.id, &format!("{name}=")).is_err_and(|why| why.contains("an empty value")), "{name}");
                assert!(asked(row.id, &format!("{name}=1&{name}=2")).is_err_and(|why| why.contains("twice")), "{name}");
                if let Some(alias) = known.alias {
                    assert!(asked(row.id, &format!("{name}=1&{alias}=2")).is_err(), "{alias}");
                }
            }
        }
        assert!(asked("read_journal", "statsu=200").is_err_and(|why| why.contains("did you mean `status`?")));
    }
}
