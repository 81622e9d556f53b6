//! What a service and the pipeline tell each other: outcomes, the context of a rule, and what the bench itself refuses.

use actix_web::http::StatusCode;
use bytes::Bytes;
use parking_lot::Mutex;
use stend_core::busy::Gone;
use stend_core::{Timestamp, Version, near};

/// What a rule answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<R> {
    /// The typed reply.
    pub reply: R,
    /// Until when the same request gets the same reply, as long as the state does not change; `None`: nobody knows.
    pub fresh_until: Option<Timestamp>,
}

impl<R> Outcome<R> {
    /// An outcome that is this reply and nothing else.
    pub const fn reply(reply: R) -> Self {
        Self { reply, fresh_until: None }
    }

    /// The same outcome, whose reply stays the same until this time unless the state changes.
    #[must_use]
    pub fn fresh_until(mut self, until: Timestamp) -> Self {
        self.fresh_until = Some(until);
        self
    }
}

/// A warning in a strict world: the request is refused before the state is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

/// The warnings of one exchange; in a strict world a warning is a refusal.
#[derive(Debug, Default)]
pub struct Warnings {
    strict: bool,
    texts: Vec<String>,
}

impl Warnings {
    /// No warnings yet.
    pub const fn new(strict: bool) -> Self {
        Self { strict, texts: Vec::new() }
    }

    /// Adds a warning, which the journal shows.
    ///
    /// # Errors
    /// The world is strict. So warn before the state is changed.
    pub fn warn(&mut self, text: impl Into<String>) -> Result<(), Refusal> {
        let text = text.into();
        if self.strict {
            return Err(Refusal(text));
        }
        self.texts.push(text);
        Ok(())
    }

    /// Adds a warning to a request that is refused anyway.
    pub fn note(&mut self, text: impl Into<String>) {
        self.texts.push(text.into());
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Their texts.
    pub fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

/// The text of a warning about a name that nobody knows.
pub(crate) fn ignored(what: &str, name: &str, known: &[&str]) -> String {
    match near::nearest(name, known.iter().copied()) {
        Some(near) => format!("unknown {what} `{name}` ignored; did you mean `{near}`?"),
        None => format!("unknown {what} `{name}` ignored"),
    }
}

/// What a rule is given beside the state and its request.
pub struct Context<'a> {
    /// The world's time, read once for the whole request.
    pub now: Timestamp,
    /// The warnings so far.
    pub warnings: &'a mut Warnings,
    pub(crate) rendered: &'a Rendered,
}

impl Context<'_> {
    /// A rendering of what `version` of a table says, made once for all who ask for the same (`key` tells renderings of
    /// one version apart).
    pub fn rendered(&self, version: Version, key: u64, render: impl FnOnce() -> Bytes) -> Bytes {
        self.rendered.get(version, key, render)
    }
}

/// The last renderings of a service, by the version of the table that they show. A version is never used again, not even
/// in another world, so nothing has to be invalidated.
#[derive(Debug, Default)]
pub(crate) struct Rendered(Mutex<Vec<(Version, u64, Bytes)>>);

/// So many renderings are kept for each service.
const RENDERINGS: usize = 4;

impl Rendered {
    pub(crate) fn get(&self, version: Version, key: u64, render: impl FnOnce() -> Bytes) -> Bytes {
        let mut kept = self.0.lock();
        if let Some((.., bytes)) = kept.iter().find(|(v, k, _)| (*v, *k) == (version, key)) {
            return bytes.clone();
        }
        let bytes = render();
        if kept.len() == RENDERINGS {
            kept.remove(0);
        }
        kept.push((version, key, bytes.clone()));
        bytes
    }
}

/// What the bench refuses in the vendor's place. Each service turns it into its vendor's error (ruling G5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such world; the sentence that says so.
    World(String),
    /// A path that the document does not name.
    Path,
    /// A method that the path does not take; those that it takes, separated by commas.
    Method(String),
    /// A body that cannot be read.
    Body(Unreadable),
    /// A warning in a strict world.
    Strict(String),
    /// A request that opens no socket, on a port that speaks WebSocket; the status, and the URL to connect to.
    Handshake(StatusCode, String),
    /// The fault `respond` without a body.
    Fault(StatusCode),
    /// The fault `quota`; in so many seconds the next request is answered.
    TooMany(u64),
    /// Why there is no reply that was held for the world's clock.
    Held(Gone),
}

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is larger than so many bytes.
    TooLarge(usize),
    /// It did not come in time.
    TooSlow,
    /// It broke off; why.
    Broken(String),
    /// The bench holds too much of other requests.
    NoRoom,
    /// It is compressed: the value of `Content-Encoding`.
    Encoded(String),
    /// Its charset is not UTF-8.
    Charset(String),
    /// It begins with the byte order mark of this encoding.
    Mark(&'static str),
    /// It is a binary message, where text is wanted.
    Binary,
}

/// A body that cannot be read, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Why.
    pub why: Unreadable,
    /// All of it, if all of it came.
    pub bytes: Bytes,
}

impl From<Unreadable> for Unread {
    fn from(why: Unreadable) -> Self {
        Self { why, bytes: Bytes::new() }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Strict(refusal.0)
    }
}

impl Refused {
    /// The HTTP status that goes with it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::World(_) | Self::Path => StatusCode::NOT_FOUND,
            Self::Handshake(status, _) => *status,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Body(unreadable) => unreadable.status(),
            Self::Strict(_) => StatusCode::BAD_REQUEST,
            Self::Fault(status) => *status,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Held(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::World(text) => f.write_str(text),
            Self::Path => f.write_str("unknown path"),
            Self::Handshake(_, url) => write!(
                f,
                "this port speaks WebSocket; the handshake is missing or wrong; connect with a WebSocket client to {url}"
            ),
            Self::Method(allowed) => write!(f, "this method is not allowed here; allowed: {allowed}"),
            Self::Body(unreadable) => unreadable.fmt(f),
            Self::Strict(text) => write!(f, "refused because this world is strict: {text}"),
            Self::Fault(status) => f.write_str(status.canonical_reason().unwrap_or("fault")),
            Self::TooMany(seconds) => write!(f, "too many requests; come again in {seconds} s"),
            Self::Held(gone) => write!(f, "{gone} while this reply was held"),
        }
    }
}

impl Unreadable {
    /// The HTTP status that goes with it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) | Self::Binary => StatusCode::BAD_REQUEST,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::Encoded(_) | Self::Charset(_) | Self::Mark(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(f, "request body is too large; the limit is {limit} bytes"),
            Self::TooSlow => f.write_str("request body did not arrive in time"),
            Self::Broken(why) => write!(f, "request body cannot be read: {why}"),
            Self::NoRoom => f.write_str("request body cannot be taken now: too much of others is being read"),
            Self::Encoded(encoding) => {
                write!(f, "content encoding '{encoding}' is not supported; send the body uncompressed")
            }
            Self::Charset(charset) => write!(f, "charset '{charset}' is not supported; send UTF-8"),
            Self::Binary => f.write_str("expected a text message, found a binary one"),
            Self::Mark(encoding) => {
                write!(f, "request body begins with a byte order mark ({encoding}); send UTF-8 without one")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strict_world_refuses_what_another_warns_about() {
        let mut lenient = Warnings::new(false);
        assert_eq!(lenient.warn("odd"), Ok(()));
        assert_eq!(lenient.into_texts(), ["odd"]);
        let mut strict = Warnings::new(true);
        assert_eq!(strict.warn("odd"), Err(Refusal("odd".into())));
        assert!(strict.into_texts().is_empty());
    }

    #[test]
    fn a_rendering_is_made_once_for_each_version() {
        let rendered = Rendered::default();
        let get = |version, key, text: &'static str| rendered.get(version, key, || Bytes::from_static(text.as_bytes()));
        let (first, second) = (Version::next(), Version::next());
        assert_eq!(get(first, 0, "a"), "a");
        assert_eq!(get(first, 0, "not asked for"), "a");
        assert_eq!(get(first, 1, "b"), "b");
        assert_eq!(get(second, 0, "c"), "c");
        for _ in 0..RENDERINGS {
            get(Version::next(), 0, "x");
        }
        assert_eq!(get(first, 0, "again"), "again", "old ones are forgotten");
    }

    #[test]
    fn warnings_name_what_was_meant() {
        assert_eq!(
            ignored("query parameter", "hsah", &["hash"]),
            "unknown query parameter `hsah` ignored; did you mean `hash`?"
        );
        assert_eq!(ignored("field", "zebra", &["hash"]), "unknown field `zebra` ignored");
    }
}
