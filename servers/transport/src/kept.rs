//! Replies that are kept: a client that polls asks for the same again and again.
//!
//! A reply of an operation that only reads stays what it is until the state changes, or until time alone changes it. The
//! first is known by the version of the service's state, which its lock gives it; the second is said by the rule
//! ([`Outcome::fresh_until`](crate::Outcome::fresh_until)). So nothing has to be invalidated. `stend-bench limit` measures
//! what this saves: a list of 50 machines costs 73 µs of CPU to write, and 12 to send.

use std::collections::VecDeque;

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, HeaderValue};
use parking_lot::Mutex;
use stend_core::{Timestamp, Version};

use crate::reply::Reply;

/// So many replies are kept for each service; the oldest goes first.
const REPLIES: usize = 64;

/// The longest body that is kept, in bytes.
const LONGEST: usize = 256 * 1024;

/// What a reply depends on, beside the time.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) state: Version,
    pub(crate) request: &'a HttpRequest,
    /// The path without the world's prefix.
    pub(crate) path: &'a str,
    /// The header that says who asks.
    pub(crate) credential: Option<&'a HeaderName>,
}

impl Asked<'_> {
    fn credential(&self) -> Option<&HeaderValue> {
        self.credential.and_then(|name| self.request.headers().get(name))
    }
}

#[derive(Debug)]
struct Kept {
    state: Version,
    path: Box<str>,
    query: Box<str>,
    credential: Option<HeaderValue>,
    /// The time of the request that it was written for: a clock may be set back.
    from: Timestamp,
    until: Timestamp,
    reply: Reply,
}

impl Kept {
    fn answers(&self, asked: &Asked<'_>, now: Timestamp) -> bool {
        self.state == asked.state
            && self.from <= now
            && now < self.until
            && *self.path == *asked.path
            && *self.query == *asked.request.query_string()
            && self.credential.as_ref() == asked.credential()
    }
}

/// The kept replies of a service, in all worlds.
#[derive(Debug, Default)]
pub(crate) struct Replies(Mutex<VecDeque<Kept>>);

impl Replies {
    /// The reply, if it is kept and still good.
    pub(crate) fn get(&self, asked: &Asked<'_>, now: Timestamp) -> Option<Reply> {
        self.0.lock().iter().rev().find(|kept| kept.answers(asked, now)).map(|kept| kept.reply.clone())
    }

    /// Keeps a reply that was written at `now`, if its rule has said how long it is good.
    pub(crate) fn keep(&self, asked: &Asked<'_>, now: Timestamp, reply: &Reply) {
        let Some(until) = reply.is_fresh_until().filter(|until| now < *until && reply.body.len() <= LONGEST) else {
            return;
        };
        let kept = Kept {
            state: asked.state,
            path: asked.path.into(),
            query: asked.request.query_string().into(),
            credential: asked.credential().cloned(),
            from: now,
            until,
            reply: reply.clone(),
        };
        let mut replies = self.0.lock();
        if replies.len() == REPLIES {
            replies.pop_front();
        }
        replies.push_back(kept);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::AUTHORIZATION;
    use actix_web::test::TestRequest;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_reply_is_kept_for_its_state_request_client_and_time() {
        let replies = Replies::default();
        let request = |uri: &str, token: &'static str| {
            TestRequest::with_uri(uri).insert_header((AUTHORIZATION, token)).to_http_request()
        };
        let (anna, boris) = (request("/things?a=1", "anna"), request("/things?a=1", "boris"));
        let other = request("/things?a=2", "anna");
        let state = Version::next();
        let asked = |request, path, state| Asked { state, request, path, credential: Some(&AUTHORIZATION) };
        let body = |request, path, state, second| replies.get(&asked(request, path, state), at(second)).map(|r| r.body);

        let reply = Reply::ok(&"x");
        replies.keep(&asked(&anna, "/things", state), at(10), &reply);
        assert_eq!(body(&anna, "/things", state, 10), None, "its rule has not said how long it is good");
        let reply = reply.fresh_until(at(20));
        replies.keep(&asked(&anna, "/things", state), at(10), &reply);
        assert_eq!(body(&anna, "/things", state, 19).as_deref(), Some(&b"\"x\""[..]));
        for (what, found) in [
            ("another query", body(&other, "/things", state, 10)),
            ("another client", body(&boris, "/things", state, 10)),
            ("another path", body(&anna, "/thing", state, 10)),
            ("another state", body(&anna, "/things", Version::next(), 10)),
            ("too late", body(&anna, "/things", state, 20)),
            ("a clock that was set back", body(&anna, "/things", state, 9)),
        ] {
            assert_eq!(found, None, "{what}");
        }
        let for_ever = Reply::ok(&"y").fresh_until(Timestamp::MAX);
        replies.keep(&asked(&other, "/things", state), at(10), &for_ever);
        assert_eq!(body(&other, "/things", state, 4_000_000_000).as_deref(), Some(&b"\"y\""[..]));
        for _ in 0..REPLIES {
            replies.keep(&asked(&boris, "/things", state), at(10), &reply);
        }
        assert_eq!(body(&anna, "/things", state, 10), None, "the oldest goes first");
    }
}
