//! A control request as its handler sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpRequest;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use stend_core::{Diagnostic, Node, Problem, Source, World, WorldFile, Worlds, near};
use stend_transport::{Params, Reply, StatusCode, header, ours, problem, problem_status};

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
}

impl Request {
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
    pub(crate) fn node(&self) -> Result<Node, Reply> {
        self.source()?.parse().map_err(|wrong| problem(&wrong))
    }

    /// The body as a typed value; an empty body is an empty map.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Reply> {
        let node = if self.body.iter().all(u8::is_ascii_whitespace) {
            Node::from_json(&serde_json::json!({}))
        } else {
            self.node()?
        };
        node.read().map_err(|wrong| problem(&node.locate(wrong)))
    }

    /// The query; a parameter that is not one of `known` is an error.
    pub(crate) fn query(&self, known: &[&str]) -> Result<BTreeMap<String, String>, Reply> {
        let pairs = stend_transport::query_pairs(self.request.query_string());
        let pairs: BTreeMap<String, String> =
            pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect();
        match pairs.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(pairs),
            Some(odd) => {
                let hint = near::hint(odd, known.iter().copied());
                Err(ours(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "unknown_key",
                    &format!("unknown query parameter `{odd}`"),
                    hint.as_deref(),
                    None,
                ))
            }
        }
    }

    /// Reads the body by `read`: a large one on a thread of its own, so that the requests of other worlds go on meanwhile.
    pub(crate) async fn elsewhere<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Reply> {
        if self.body.len() < LARGE {
            return Ok(read());
        }
        self.apart(read).await
    }

    /// Runs what may take long on a thread of its own.
    pub(crate) async fn apart<T: Send + 'static>(&self, run: impl FnOnce() -> T + Send + 'static) -> Result<T, Reply> {
        tokio::task::spawn_blocking(run).await.map_err(|error| {
            tracing::error!(%error, "a control request ended early");
            ours(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the request could not be carried out", None, None)
        })
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
        self.request
            .headers()
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("yaml"))
    }
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
