//! One row per documented error.

use serde::Serialize;
use stend_transport::{At, Failure, Refusal, Refused, Reply, StatusCode};

use crate::@Name@;
use crate::state::State;

/// What a client is told when its request fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// The query parameter `limit` is no number.
    Limit(String),
    /// What the bench refuses in the vendor's place.
    Bench(Refused),
}

#[derive(Serialize)]
struct Body {
    error: String,
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

impl Failure<@Name@> for Error {
    fn reply(&self, _state: Option<&State>, _at: &At<'_>) -> Reply {
        let (status, error) = match self {
            Self::Limit(text) => (StatusCode::BAD_REQUEST, format!("limit '{text}' is not a number from 0 to 65535")),
            Self::Bench(refused) => (refused.status(), refused.to_string()),
        };
        Reply::json(status, &Body { error })
    }
}
