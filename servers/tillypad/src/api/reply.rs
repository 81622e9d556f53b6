//! Replies, and how they are written.

use bytes::Bytes;
use serde::Serialize;
use stend_transport::{Encode, Outcome, Reply, StatusCode};

/// A reply without a body.
pub(crate) struct Done;

impl Encode for Done {
    fn encode(self) -> Reply {
        Reply::empty(StatusCode::OK)
    }
}

/// A reply that is written by serde.
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Serialize> Encode for Shown<T> {
    fn encode(self) -> Reply {
        Reply::ok(&self.0)
    }
}

/// A reply that is JSON already: bills, whose decimals are written digit for digit.
pub(crate) struct Written(pub(crate) Bytes);

impl Encode for Written {
    fn encode(self) -> Reply {
        Reply::json_bytes(StatusCode::OK, self.0)
    }
}

/// The outcome of a rule that has written its reply.
pub(crate) fn written(text: impl Into<Bytes>) -> Outcome<Written> {
    Outcome::reply(Written(text.into()))
}
