//! What the menu's server answers when it cannot do what was asked. The document prints no error; the shape is
//! ruling C4's, the texts are ours.

use stend_transport::{At, Failure, Refusal, Refused, Reply, StatusCode};

use crate::Carbis;
use crate::api::wire;
use crate::state::State;
use crate::state::settings;

/// One row per cause: status and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// No header `token`, or another than the menu's.
    Token,
    /// No query parameter `hash`.
    NoHash,
    /// A hash that is unknown or no longer kept, in a world that refuses such.
    LostPlace(String),
    /// What the bench refuses in the menu's place.
    Bench(Refused),
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::Bench(refused)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Bench(refusal.into())
    }
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::NoHash | Self::LostPlace(_) => StatusCode::BAD_REQUEST,
            Self::Bench(refused) => refused.status(),
        }
    }

    fn text(&self, at: &At<'_>) -> String {
        match self {
            Self::Token => "wrong or missing token".into(),
            Self::NoHash => "query parameter 'hash' is required; pass 'none' for all events".into(),
            Self::LostPlace(hash) => format!("hash {hash} is unknown or no longer kept; pass 'none' for all events"),
            Self::Bench(Refused::Path) => format!("unknown path {}", at.path),
            Self::Bench(Refused::Method(allowed)) => {
                format!("method {} is not allowed here; allowed: {allowed}", at.method)
            }
            Self::Bench(refused) => refused.to_string(),
        }
    }
}

impl Failure<Carbis> for Error {
    /// A world may have it that the feed's own errors come with status 200.
    fn reply(&self, state: Option<&State>, at: &At<'_>) -> Reply {
        let is_ok = state.is_some_and(|state| state.settings.refusal == settings::Refusal::Ok);
        let status = match self {
            Self::Token | Self::NoHash | Self::LostPlace(_) if is_ok => StatusCode::OK,
            _ => self.status(),
        };
        Reply::json(status, &wire::Failure { result: false, error: &self.text(at) })
    }
}

#[cfg(test)]
mod tests {
    use stend_core::Timestamp;
    use stend_transport::Unreadable;

    use super::*;

    #[test]
    fn every_row_renders() {
        let rows = [
            (Error::Token, 401, "token"),
            (Error::NoHash, 400, "hash"),
            (Error::LostPlace("0x01".into()), 400, "0x01"),
            (Error::Bench(Refused::Path), 404, "/x"),
            (Error::Bench(Refused::Method("GET".into())), 405, "POST"),
            (Error::Bench(Refused::Body(Unreadable::TooLarge(7))), 413, "too large"),
            (Error::Bench(Refused::World("w1".into())), 404, "w1"),
            (Error::Bench(Refused::Fault(StatusCode::BAD_GATEWAY)), 502, "Bad Gateway"),
            (Error::Bench(Refused::TooMany(3)), 429, "3 s"),
        ];
        let at = At { method: "POST", path: "/x", now: Timestamp::UNIX_EPOCH };
        for (error, status, part) in rows {
            let reply = error.reply(None, &at);
            let body: serde_json::Value = serde_json::from_slice(&reply.body).expect("JSON");
            assert_eq!(reply.status, status);
            assert_eq!(body["result"], false);
            assert!(body["error"].as_str().is_some_and(|text| text.contains(part)), "{body}");
        }
    }
}
