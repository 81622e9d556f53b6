//! Replies, and the one shape in which our own errors come.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use stend_core::{Problem, Timestamp};

/// What a handler answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The content type; none is sent when empty.
    pub content_type: HeaderValue,
    /// Further headers.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body. The journal shares it.
    pub body: Bytes,
    /// Until when the same request gets the same reply, as long as the state does not change, in microseconds since 1970;
    /// `None`: nobody knows. A number, for replies are moved about and should stay small.
    fresh_until: Option<i64>,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Reply {
    /// A body of this type.
    pub fn new(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into(), fresh_until: None }
    }

    /// A JSON body that is ready.
    pub fn json_bytes(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::new(status, JSON, body)
    }

    /// A value as JSON.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::json_bytes(status, body),
            Err(error) => {
                tracing::error!(%error, "a reply cannot be written as JSON");
                Self::json_bytes(StatusCode::INTERNAL_SERVER_ERROR, "{}")
            }
        }
    }

    /// 200 with a value as JSON.
    pub fn ok(value: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, value)
    }

    /// No body.
    pub fn empty(status: StatusCode) -> Self {
        Self::new(status, HeaderValue::from_static(""), Bytes::new())
    }

    /// The same reply, which stays the same until this time unless the state changes.
    #[must_use]
    pub fn fresh_until(mut self, until: Timestamp) -> Self {
        self.fresh_until = Some(until.as_microsecond());
        self
    }

    /// The same reply, which stays the same no longer than until this time.
    #[must_use]
    pub fn fresh_at_most_until(mut self, end: Timestamp) -> Self {
        self.fresh_until = self.fresh_until.map(|until| until.min(end.as_microsecond()));
        self
    }

    /// Until when the same request gets the same reply, as long as the state does not change; `None`: nobody knows.
    pub(crate) fn is_fresh_until(&self) -> Option<Timestamp> {
        // The last time of all is beyond the last whole second that is read back.
        self.fresh_until.map(|until| Timestamp::from_microsecond(until).unwrap_or(Timestamp::MAX))
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn start(&self) -> actix_web::HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status);
        if !self.content_type.is_empty() {
            response.insert_header((CONTENT_TYPE, self.content_type.clone()));
        }
        for (name, value) in &self.headers {
            response.append_header((name.clone(), value.clone()));
        }
        response
    }

    /// As actix sends it.
    pub fn into_response(self) -> HttpResponse {
        self.start().body(self.body)
    }
}

/// Our own error: `{"error": {"code", "message", "hint"?, "at"?}}`.
pub fn ours(status: StatusCode, code: &str, message: &str, hint: Option<&str>, at: Option<&str>) -> Reply {
    let mut error = json!({ "code": code, "message": message });
    if let Some(hint) = hint {
        error["hint"] = json!(hint);
    }
    if let Some(at) = at {
        error["at"] = json!(at);
    }
    Reply::json(status, &json!({ "error": error }))
}

/// The status that goes with a problem's code.
pub fn problem_status(problem: &Problem) -> StatusCode {
    match problem.code {
        "malformed" | "too_deep" => StatusCode::BAD_REQUEST,
        "not_found" | "unknown_world" => StatusCode::NOT_FOUND,
        "conflict" => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// A problem as our own error; `at` tells the place in the request's body: `1:24 (tables[0].id)`.
pub fn problem(problem: &Problem) -> Reply {
    let place = problem
        .position
        .filter(|position| position.line > 0)
        .map(|position| format!("{}:{}", position.line, position.column));
    let path = Some(problem.path.to_string()).filter(|path| !path.is_empty());
    let at = match (place, path) {
        (Some(place), Some(path)) => Some(format!("{place} ({path})")),
        (place, path) => place.or(path),
    };
    ours(problem_status(problem), problem.code, &problem.message, problem.hint.as_deref(), at.as_deref())
}
