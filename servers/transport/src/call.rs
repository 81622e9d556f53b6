//! One request as a handler sees it.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::AsHeaderName;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use stend_core::{Live, Service, Timestamp, World};

use crate::codec::{Context, Outcome, Refusal, Rendered, Warnings, ignored};
use crate::reply::{Reply, ours};

/// The values in braces of a route's path, decoded.
pub type Params = Vec<(&'static str, String)>;

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        ours(StatusCode::BAD_REQUEST, "strict", &refusal.0, Some("this world is strict: warnings are errors"), None)
    }
}

/// One request: what was sent, its time, and access to the state.
pub struct Call<'a, F: Service> {
    /// The request, for its headers.
    pub request: &'a HttpRequest,
    /// The path without the world's prefix.
    pub path: &'a str,
    /// The values in braces of the route's path.
    pub params: Params,
    /// The body.
    pub body: Bytes,
    /// The world's time, read once for the whole request.
    pub now: Timestamp,
    pub(crate) world: &'a Arc<World>,
    pub(crate) live: &'a Live<F>,
    pub(crate) rendered: &'a Rendered,
    pub(crate) warnings: Warnings,
    /// Whether the operation only reads.
    pub(crate) reads: bool,
}

impl<'a, F: Service> Call<'a, F> {
    pub(crate) fn new(
        request: &'a HttpRequest,
        path: &'a str,
        body: Bytes,
        now: Timestamp,
        world: &'a Arc<World>,
        live: &'a Live<F>,
        rendered: &'a Rendered,
    ) -> Self {
        let warnings = Warnings::new(world.is_strict());
        Self { request, path, params: Params::new(), body, now, world, live, rendered, warnings, reads: false }
    }

    /// Runs a rule on the service's state, at the request's time.
    pub fn state<R>(&self, rule: impl FnOnce(&mut F::State, Timestamp) -> R) -> R {
        let now = self.now;
        self.run(|state| rule(state, now))
    }

    fn run<R>(&self, rule: impl FnOnce(&mut F::State) -> R) -> R {
        run(self.world, self.live, self.reads, rule)
    }

    /// A value in braces of the route's path.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A header as text. A name that is a [`HeaderName`](actix_web::http::header::HeaderName) is found quicker than one that has to be parsed.
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// The query's first value of this name, decoded, `+` as a space.
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        query_pairs(self.request.query_string()).find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// All of the query, decoded, `+` as a space.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        query_pairs(self.request.query_string())
    }

    /// Adds a warning, which the journal shows.
    ///
    /// # Errors
    /// The world is strict. So warn before the state is asked.
    pub fn warn(&mut self, text: impl Into<String>) -> Result<(), Refusal> {
        self.warnings.warn(text)
    }

    /// Warns about every query parameter that is not one of `known`, that is given again, or that is no UTF-8.
    ///
    /// # Errors
    /// As [`Call::warn`].
    pub fn expect_query(&mut self, known: &[&'static str]) -> Result<(), Refusal> {
        odd_query(self.request.query_string(), known).into_iter().try_for_each(|text| self.warn(text))
    }

    /// Warns about a field of the body that the document does not know.
    ///
    /// # Errors
    /// As [`Call::warn`].
    pub fn unknown_field(&mut self, name: &str, known: &[&str]) -> Result<(), Refusal> {
        let text = ignored("field", name, known);
        self.warn(text)
    }
}

fn run<S: Service, R>(world: &World, live: &Live<S>, reads: bool, rule: impl FnOnce(&mut S::State) -> R) -> R {
    if reads { world.read(live, rule) } else { world.run(live, rule) }
}

/// A typed request: how it is read from a call.
pub trait Decode<S: Service>: Sized {
    /// The service's errors.
    type Error;

    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with the request.
    fn decode(call: &mut Call<'_, S>) -> Result<Self, Self::Error>;
}

/// An error of a service: how its vendor shows it.
pub trait Failure<S: Service> {
    /// The reply. There is no state where there is no world.
    fn reply(&self, state: Option<&S::State>, at: &At<'_>) -> Reply;
}

/// A typed reply: how it is written.
pub trait Encode {
    /// Writes it.
    fn encode(self) -> Reply;
}

/// A rule as an operation calls it: state, context and typed request to typed outcome.
pub type Rule<S, A, R, E> = fn(&mut <S as Service>::State, &mut Context<'_>, A) -> Result<Outcome<R>, E>;

impl<S: Service> Call<'_, S> {
    /// Reads the request, calls the rule once, and writes its outcome, or the vendor's error.
    pub fn answer<A: Decode<S, Error = E>, R: Encode, E: Failure<S>>(&mut self, rule: Rule<S, A, R, E>) -> Reply {
        let request = match A::decode(self) {
            Ok(request) => request,
            Err(error) => return self.failure(&error),
        };
        let Self { now, world, live, rendered, warnings, reads, .. } = self;
        let mut context = Context { now: *now, warnings, rendered };
        match run(world, live, *reads, |state| rule(state, &mut context, request)) {
            Ok(Outcome { reply, fresh_until: None }) => reply.encode(),
            Ok(Outcome { reply, fresh_until: Some(until) }) => reply.encode().fresh_until(until),
            Err(error) => self.failure(&error),
        }
    }

    fn failure(&self, error: &impl Failure<S>) -> Reply {
        let at = self.at();
        self.world.read(self.live, |state| error.reply(Some(state), &at))
    }

    /// What was asked for.
    pub(crate) fn at(&self) -> At<'_> {
        At { method: self.request.method().as_str(), path: self.path, now: self.now }
    }
}

/// What was asked for when something went wrong.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path without the world's prefix.
    pub path: &'a str,
    /// The world's time.
    pub now: Timestamp,
}

/// Warnings about a query whose known parameters are `known`.
fn odd_query(query: &str, known: &[&str]) -> Vec<String> {
    let again = |n: usize, key: &str| raw_pairs(query).take(n).any(|(before, _)| before == key);
    let plain = |(n, (key, value)): (usize, (&str, &str))| {
        known.contains(&key) && !value.bytes().any(|byte| byte == b'%') && (n == 0 || !again(n, key))
    };
    if raw_pairs(query).enumerate().all(plain) {
        return Vec::new();
    }
    let mut odd = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (raw, value) in raw_pairs(query) {
        let key = decoded(raw).into_owned();
        if !known.contains(&key.as_str()) {
            odd.push(ignored("query parameter", &key, known));
        } else if seen.contains(&key) {
            odd.push(format!("query parameter `{key}` is given again; the first counts"));
        }
        if [raw, value].iter().any(|text| percent_decode_str(text).decode_utf8().is_err()) {
            odd.push(format!("query parameter `{key}` is not UTF-8: `{}`", value.chars().take(60).collect::<String>()));
        }
        seen.push(key);
    }
    odd
}

/// A query's pairs, decoded, `+` as a space.
pub fn query_pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    raw_pairs(query).map(|(key, value)| (decoded(key), decoded(value)))
}

/// A query's pairs as they were sent. Queries are short, so bytes are looked at one by one.
fn raw_pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = query;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = rest.bytes().position(|byte| byte == b'&').unwrap_or(rest.len());
            let pair = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or("");
            if !pair.is_empty() {
                let equals = pair.bytes().position(|byte| byte == b'=');
                return Some(equals.map_or((pair, ""), |at| (&pair[..at], &pair[at + 1..])));
            }
        }
        None
    })
}

fn decoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded() {
        let pairs: Vec<_> = query_pairs("hash=none&q=%D0%B1+%31&flag&&a=b=c").collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(pairs, [("hash", "none"), ("q", "б 1"), ("flag", ""), ("a", "b=c")]);
    }

    #[test]
    fn queries_that_are_odd_are_told() {
        let odd = |query| odd_query(query, &["hash", "name"]);
        assert_eq!(odd("hash=none&name=%D0%B1+%31&&"), Vec::<String>::new());
        assert_eq!(odd("hash=1&name=x&hash=2"), ["query parameter `hash` is given again; the first counts"]);
        assert_eq!(odd("hash=1&h%61sh=1"), ["query parameter `hash` is given again; the first counts"]);
        assert_eq!(odd("name=%CE%F0"), ["query parameter `name` is not UTF-8: `%CE%F0`"]);
        assert_eq!(odd("hsah=1&hsah=2").len(), 2);
    }
}
