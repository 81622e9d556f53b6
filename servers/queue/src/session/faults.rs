//! What faults do to commands, and to pushes that they hold back.

use std::sync::Arc;

use actix_http::ws::{CloseCode, Item as Fragment};
use bytes::Bytes;
use bytestring::ByteString;
use stend_core::fault::{Effect, Hit};
use stend_core::journal::{Entry, Way};
use stend_core::{Fake, Timestamp, World};
use stend_web::pause;

use super::{End, Socket};
use crate::Queue;
use crate::error::{Error, ErrorObject};
use crate::outbox::{Ending, Item, half};
use crate::wire::{self, Request};

impl Socket {
    /// The fault that applies to a command, if any. Its client is known by the socket's session, by the token that it
    /// sends and the login of that session, and by the login that it logs in with.
    pub(super) fn strike(
        &self,
        world: &World,
        operation: Option<&'static str>,
        request: &Request,
        now: Timestamp,
    ) -> Option<Hit> {
        let live = world.live::<Queue>(self.slot)?;
        let login = world.run(live, |state| {
            let session = state.session(request.token.as_deref(), now).ok()?;
            state.login_of(&session).map(str::to_owned)
        });
        let own = self.outbox.client();
        let logs_in = request.data.get("login").filter(|_| request.command == "login");
        let clients =
            [own.as_deref(), request.token.as_deref(), login.as_deref(), logs_in.and_then(|login| login.as_str())];
        let clients: Vec<&str> = clients.into_iter().flatten().collect();
        self.outbox.strike(world, Way::Frame, operation, &request.command, &clients, now)
    }

    /// Whether a fault keeps a ping from being answered; the journal has it then.
    pub(super) fn ignores_ping(&self, body: &Bytes) -> bool {
        let Some(world) = self.world.upgrade().filter(|world| world.faults.any()) else { return false };
        let now = world.now();
        let client = self.outbox.client();
        let clients = client.as_deref();
        let Some(hit) = self.outbox.strike(&world, Way::Ping, None, "ping", clients.as_slice(), now) else {
            return false;
        };
        world.journal.write(Entry {
            seq: 0,
            at: now,
            fake: Queue::NAME,
            operation: None,
            way: Way::Ping,
            client,
            head: format!("ping {}\n", self.outbox.path()).into(),
            request: body.clone(),
            status: 0,
            reply: Bytes::new(),
            remarks: Vec::new(),
            fault: Some(hit.id.into()),
        });
        true
    }

    /// Holds a push back until then. It lies down before the push's turn ends, so that no `advance` runs past it.
    pub(super) fn hold(&self, mut item: Item, until: Timestamp) {
        let Some(world) = self.world.upgrade() else { return };
        let sleep = pause(&world, None, until);
        drop(item.turn.take());
        let outbox = Arc::clone(&self.outbox);
        actix_web::rt::spawn(async move {
            if let Ok(turn) = sleep.await {
                item.turn = turn;
                outbox.release(item);
            }
        });
    }

    /// What a fault does to a reply.
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
                if !self.outbox.hold() {
                    return Some(End::Fault(Ending::Overheld, None));
                }
                let sleep = pause(world, self.ticket, span.after(now));
                let outbox = Arc::clone(&self.outbox);
                actix_web::rt::spawn(async move {
                    if let Ok(turn) = sleep.await {
                        outbox.late(command, text, turn);
                    }
                    outbox.unhold();
                });
            }
            Effect::Truncate(percent) => self.outbox.reply(command, half(&text, percent)),
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
                    if at < body.len() && pause(world, self.ticket, dribble.every.after(world.now())).await.is_err() {
                        return Some(End::Close(CloseCode::Restart, "the world was reset"));
                    }
                }
            }
            // Done before the state was asked, or not for commands.
            Effect::Respond(_)
            | Effect::TooMany(_)
            | Effect::Reset
            | Effect::Close(_)
            | Effect::Drop
            | Effect::Duplicate
            | Effect::Reorder(_)
            | Effect::NoPong => {}
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
