//! What faults do to frames.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix_http::ws::{CloseCode, Item as Fragment};
use bytestring::ByteString;
use stend_core::fault::Effect;
use stend_core::{Timestamp, World};

use super::{End, Socket};
use crate::error::{Error, ErrorObject};
use crate::wire::{self, Request};

/// The most replies of a socket that a fault holds back at a time.
const HELD: usize = 256;

impl Socket {
    /// What faults do to a reply.
    pub(super) async fn misbehave(
        &mut self,
        world: &Arc<World>,
        now: Timestamp,
        command: &'static str,
        effect: Effect,
        text: ByteString,
    ) -> Option<End> {
        match effect {
            Effect::Delay(span) => {
                let until = span.after(now);
                if self.held.fetch_add(1, Ordering::AcqRel) >= HELD {
                    self.held.fetch_sub(1, Ordering::AcqRel);
                    return Some(End::Close(CloseCode::Policy, "too many replies are held back"));
                }
                let (world, outbox, held) = (Arc::clone(world), Arc::clone(&self.outbox), Arc::clone(&self.held));
                actix_web::rt::spawn(async move {
                    if let Ok(turn) = world.sleep_until(until).await {
                        outbox.late(command, text, Some(turn));
                    }
                    held.fetch_sub(1, Ordering::AcqRel);
                });
            }
            Effect::Truncate(percent) => {
                let mut keep = text.len() * usize::from(percent) / 100;
                while !text.is_char_boundary(keep) {
                    keep -= 1;
                }
                self.outbox.reply(command, text[..keep].into());
            }
            Effect::Garbage(bytes) => {
                if self.session.binary(bytes).await.is_err() {
                    return Some(End::Gone(None));
                }
            }
            Effect::Dribble(dribble) => {
                let body = text.into_bytes();
                let mut at = 0;
                while at < body.len() {
                    let end = (at + dribble.bytes).min(body.len());
                    let piece = body.slice(at..end);
                    let fragment = match (at == 0, end == body.len()) {
                        (true, true) => {
                            let whole = ByteString::try_from(piece).unwrap_or_default();
                            return self.session.text(whole).await.is_err().then_some(End::Gone(None));
                        }
                        (true, false) => Fragment::FirstText(piece),
                        (false, false) => Fragment::Continue(piece),
                        (false, true) => Fragment::Last(piece),
                    };
                    if self.session.continuation(fragment).await.is_err() {
                        return Some(End::Gone(None));
                    }
                    at = end;
                    if at < body.len() && world.sleep_until(dribble.every.after(world.now())).await.is_err() {
                        return Some(End::Close(CloseCode::Restart, "the world was reset"));
                    }
                }
            }
            Effect::Respond(_) | Effect::TooMany(_) | Effect::Reset => {}
        }
        None
    }
}

/// The reply of a fault that keeps the state from being asked, and the status for the journal.
pub(super) fn instead(effect: &Effect, request: &Request, now: Timestamp) -> Option<(ByteString, u16)> {
    match effect {
        Effect::Respond(respond) => {
            let text = match &respond.body {
                None => {
                    let error = Error::Fault(format!("Fault {}", respond.status));
                    wire::failure(now, request, &error.object())
                }
                Some(serde_json::Value::String(text)) => text.as_str().into(),
                // An error object is put into the envelope; anything else is the whole frame.
                Some(body) => match serde_json::from_value::<FaultBody>(body.clone()) {
                    Ok(error) => {
                        wire::failure(now, request, &ErrorObject::new(error.code_module, error.code_error, error.desc))
                    }
                    Err(_) => body.to_string().into(),
                },
            };
            Some((text, respond.status))
        }
        Effect::TooMany(seconds) => Some((wire::failure(now, request, &Error::TooMany(*seconds).object()), 429)),
        _ => None,
    }
}

/// The error object that a fault may give for a body.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FaultBody {
    code_error: i64,
    #[serde(default)]
    code_module: i64,
    desc: String,
}
