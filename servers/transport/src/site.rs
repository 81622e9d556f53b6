//! What answers on one port.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{Bytes, BytesMut};
use stend_core::{World, Worlds};

use crate::reply::{Reply, ours, problem};

/// A request that has come in, its body still unread.
pub struct Arrival {
    /// The request.
    pub request: HttpRequest,
    /// Its body.
    pub payload: web::Payload,
    /// All worlds.
    pub worlds: Arc<Worlds>,
}

/// What answers on one port: a service, or the control API.
pub trait Site: Send + Sync + 'static {
    /// The word for its URL in the ready file: a service's name, or `control`.
    fn name(&self) -> &'static str;

    /// Answers a request without a body for which nothing has to be waited for; `None` leaves it to [`Site::answer`].
    fn answer_at_once(&self, _request: &HttpRequest, _worlds: &Worlds) -> Option<HttpResponse> {
        None
    }

    /// Answers.
    fn answer(&self, arrival: Arrival) -> Pin<Box<dyn Future<Output = HttpResponse>>>;
}

/// The world that a path speaks of, and the rest of the path: `/w/w1/v2/me` is `/v2/me` in `w1`.
///
/// # Errors
/// The reply that says there is no such world.
pub fn split_world<'p>(worlds: &Worlds, path: &'p str) -> Result<(Arc<World>, &'p str), Reply> {
    let Some(rest) = path.strip_prefix("/w/") else { return Ok((Arc::clone(worlds.default_world()), path)) };
    let (id, rest) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, "/"),
    };
    match worlds.get(id) {
        Ok(world) => Ok((world, rest)),
        Err(wrong) => Err(problem(&wrong)),
    }
}

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a request comes with a body.
fn has_body(request: &HttpRequest) -> bool {
    declared(request).is_some_and(|length| length > 0) || request.headers().contains_key(TRANSFER_ENCODING)
}

fn declared(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// The reply for a body that is too large (413), too slow (408) or breaks off (400).
pub async fn read_body(request: &HttpRequest, mut payload: web::Payload, limit: usize) -> Result<Bytes, Reply> {
    if !has_body(request) {
        return Ok(Bytes::new());
    }
    let declared = declared(request);
    let too_large = || {
        let message = format!("the body is larger than {limit} bytes");
        ours(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &message, None, None)
    };
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let read = async {
        let mut body = BytesMut::with_capacity(usize::try_from(declared.unwrap_or(0)).unwrap_or(0).min(limit));
        loop {
            // The pinned payload is polled by hand: actix gives a stream, and this is all that is asked of it.
            let piece = std::future::poll_fn(|context| {
                use actix_web::web::Payload;
                futures_core::Stream::poll_next(Pin::<&mut Payload>::new(&mut payload), context)
            });
            match piece.await {
                None => return Ok(body.freeze()),
                Some(Ok(piece)) if body.len() + piece.len() > limit => return Err(too_large()),
                Some(Ok(piece)) => body.extend_from_slice(&piece),
                Some(Err(error)) => {
                    let message = format!("the body cannot be read: {error}");
                    return Err(ours(StatusCode::BAD_REQUEST, "malformed", &message, None, None));
                }
            }
        }
    };
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(result) => result,
        Err(_) => Err(ours(StatusCode::REQUEST_TIMEOUT, "too_slow", "the body did not come within 30 s", None, None)),
    }
}
