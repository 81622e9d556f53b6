//! What the menu's server answers when it cannot do what was asked. The document prints no error; the shape is
//! ruling C4's, the texts are ours.

use stend_transport::{Reply, StatusCode};

use crate::api::wire::Failure;
use crate::state::settings::Refusal;

/// One row per cause: status and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// No header `token`, or another than the menu's.
    Token,
    /// No query parameter `hash`.
    NoHash,
    /// A hash that is unknown or no longer kept, in a world that refuses such.
    LostPlace(String),
    /// A path that the document does not name.
    UnknownPath(String),
    /// A method that the path does not take, and those that it does.
    WrongMethod(String, String),
    /// A body that is too large, too slow or broken; the feed reads none.
    Body(StatusCode),
}

impl Error {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::NoHash | Self::LostPlace(_) => StatusCode::BAD_REQUEST,
            Self::UnknownPath(_) => StatusCode::NOT_FOUND,
            Self::WrongMethod(..) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Body(status) => *status,
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Token => "wrong or missing token".into(),
            Self::NoHash => "query parameter 'hash' is required; pass 'none' for all events".into(),
            Self::LostPlace(hash) => format!("hash {hash} is unknown or no longer kept; pass 'none' for all events"),
            Self::UnknownPath(path) => format!("unknown path {path}"),
            Self::WrongMethod(method, allowed) => format!("method {method} is not allowed here; allowed: {allowed}"),
            Self::Body(StatusCode::PAYLOAD_TOO_LARGE) => "request body is too large".into(),
            Self::Body(StatusCode::REQUEST_TIMEOUT) => "request body did not arrive in time".into(),
            Self::Body(_) => "request body cannot be read".into(),
        }
    }
}

impl Error {
    /// The reply, with the status as the world has it.
    pub(crate) fn reply(&self, refusal: Refusal) -> Reply {
        let status = if refusal == Refusal::Ok { StatusCode::OK } else { self.status() };
        Reply::json(status, &Failure { result: false, error: &self.text() })
    }
}

impl From<Error> for Reply {
    fn from(error: Error) -> Self {
        error.reply(Refusal::Status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_renders() {
        let rows = [
            (Error::Token, 401, "token"),
            (Error::NoHash, 400, "hash"),
            (Error::LostPlace("0x01".into()), 400, "0x01"),
            (Error::UnknownPath("/x".into()), 404, "/x"),
            (Error::WrongMethod("POST".into(), "GET".into()), 405, "POST"),
            (Error::Body(StatusCode::PAYLOAD_TOO_LARGE), 413, "too large"),
        ];
        for (error, status, part) in rows {
            let reply = Reply::from(error);
            let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
            assert_eq!(reply.status, status);
            assert_eq!(body["result"], false);
            assert!(body["error"].as_str().is_some_and(|text| text.contains(part)), "{body}");
        }
    }
}
