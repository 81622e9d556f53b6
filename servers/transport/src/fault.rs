//! What faults do to a request over HTTP, the handshake of a socket among them, before anybody else is asked.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use stend_core::fault::{Effect, Facts, Hit};
use stend_core::journal::{Channel, shown};
use stend_core::{Timestamp, World};

use crate::reply::{Reply, ours};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The service.
    pub service: &'static str,
    /// The operation, if there is one.
    pub operation: Option<&'static str>,
    /// Whether a socket is to be opened.
    pub handshake: bool,
}

/// The fault that applies to a request, if any.
pub fn match_fault(world: &World, asked: Asked, request: &HttpRequest, path: &str, now: Timestamp) -> Option<Hit> {
    let Asked { service, operation, handshake } = asked;
    let headers = request.headers();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let texts = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let clients: Vec<&str> = shown(texts).collect();
    let method = request.method().as_str();
    let facts = Facts {
        service,
        channel: Channel::Http,
        handshake,
        operation,
        method,
        path,
        clients: &clients,
        header: &header,
    };
    world.faults.match_fault(&facts, now)
}

/// The reply of a fault that keeps the handler from being asked.
pub fn instead(effect: &Effect) -> Option<Reply> {
    match effect {
        Effect::Respond(respond) => {
            let status = StatusCode::from_u16(respond.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut reply = match &respond.body {
                None => Reply::empty(status),
                Some(serde_json::Value::String(text)) => {
                    Reply::new(status, HeaderValue::from_static("text/plain; charset=utf-8"), text.clone())
                }
                Some(value) => Reply::json(status, value),
            };
            for (name, value) in &respond.headers {
                if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::from_str(value)) {
                    if name == header::CONTENT_TYPE {
                        reply.content_type = value;
                    } else {
                        reply = reply.header(name, value);
                    }
                }
            }
            Some(reply)
        }
        Effect::TooMany(seconds) => {
            let message = format!("too many requests; come again in {seconds} s");
            let reply = ours(StatusCode::TOO_MANY_REQUESTS, "quota", &message, None, None);
            Some(reply.header(header::RETRY_AFTER, HeaderValue::from(*seconds)))
        }
        Effect::Reset => Some(Reply::empty(StatusCode::OK)),
        _ => None,
    }
}

/// The reply to a request that was held when its world was reset.
pub fn interrupted() -> Reply {
    let message = "the world was reset while this reply was held";
    ours(StatusCode::SERVICE_UNAVAILABLE, "reset", message, None, None)
}
