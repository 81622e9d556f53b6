//! What faults do to commands, and to pushes that they hold back.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::ws::{OpCode, Parser};
use bytes::{Bytes, BytesMut};
use stend_core::busy::{BusyGuard, Gone};
use stend_core::fault::{Dribble, Effect, Hit};
use stend_core::journal::{Channel, Note};
use stend_core::{Service, Span, Timestamp, World};
use stend_transport::pause;

use super::Socket;
use super::line::End;
use crate::Queue;
use crate::api::text::Text;
use crate::api::wire::{self, Request};
use crate::errors::{Error, ErrorObject};
use crate::outbox::{Ending, Item};
use crate::state::settings::Manner;

impl Socket {
    /// The fault that applies to a command, if any. Its client is known by the socket's session, by the token that it
    /// sends and the login of that session, and by the login that it logs in with.
    pub(super) fn match_fault(
        &self,
        world: &World,
        operation: Option<&'static str>,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Option<Hit> {
        let live = world.live::<Queue>(self.index)?;
        let login = world.run(live, |state| {
            let session = state.session(request.token.as_deref(), now).ok()?;
            state.login_of(&session).map(str::to_owned)
        });
        let own = self.outbox.client();
        let logs_in = request.data.get("login").filter(|_| request.command == "login");
        let clients =
            [own.as_deref(), request.token.as_deref(), login.as_deref(), logs_in.and_then(|login| login.as_str())];
        let clients: Vec<&str> = clients.into_iter().flatten().collect();
        self.outbox.match_fault(world, Channel::Frame, operation, &request.command, &clients, now)
    }

    /// Whether a fault keeps a ping from being answered; the journal has it then.
    pub(super) fn ignores_ping(&self, body: &Bytes) -> bool {
        let Some(world) = self.world.upgrade().filter(|world| world.faults.any()) else { return false };
        let now = world.now();
        let client = self.outbox.client();
        let clients = client.as_deref();
        let Some(hit) = self.outbox.match_fault(&world, Channel::Ping, None, "ping", clients.as_slice(), now) else {
            return false;
        };
        world.journal.write(Note {
            at: now,
            service: Queue::NAME,
            operation: None,
            channel: Channel::Ping,
            client,
            head: &self.outbox.head("ping"),
            request: body.clone(),
            status: 0,
            reply: Bytes::new(),
            warnings: Vec::new(),
            fault: Some(&hit.id),
        });
        true
    }

    /// Holds a push back until then. It lies down before the push's turn ends, so that no `advance` runs past it.
    pub(super) fn hold(&self, mut item: Item, until: Timestamp) {
        let Some(world) = self.world.upgrade() else { return };
        let sleep = pause(&world, None, until);
        drop(item.guard.take());
        let outbox = Arc::clone(&self.outbox);
        actix_web::rt::spawn(async move {
            if let Ok(guard) = sleep.await {
                item.guard = guard;
                outbox.release(item);
            }
        });
    }

    /// What a fault does to a reply.
    pub(super) fn misbehave(
        &mut self,
        world: &Arc<World>,
        now: Timestamp,
        command: &'static str,
        effect: Effect,
        text: Text,
    ) -> Option<End> {
        match effect {
            Effect::Delay(span) => {
                if !self.outbox.hold() {
                    return Some(End::Fault(Ending::Overheld, None));
                }
                let sleep = pause(world, self.guard_id, span.after(now));
                let outbox = Arc::clone(&self.outbox);
                actix_web::rt::spawn(async move {
                    if let Ok(guard) = sleep.await {
                        outbox.late(command, text, guard);
                    }
                    outbox.unhold();
                });
            }
            Effect::Truncate(percent) => self.outbox.reply(command, text.part(percent)),
            Effect::Garbage(bytes) => self.outbox.garbage(command, bytes.into()),
            Effect::Dribble(dribble) => {
                self.pieces = Some(Pieces::new(text.bytes(), &dribble, world, self.guard_id));
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

/// A reply that goes out in pieces, with the world's time between them. Nothing else goes over the socket meanwhile.
pub(super) struct Pieces {
    rest: Bytes,
    begun: bool,
    size: usize,
    every: Span,
    world: Arc<World>,
    guard_id: Option<u64>,
    pause: Option<Pause>,
}

type Pause = Pin<Box<dyn Future<Output = Result<Option<BusyGuard>, Gone>>>>;

/// What comes next of a reply in pieces.
pub(super) enum Piece {
    /// A frame with a piece of it.
    Bytes(Bytes),
    /// That was all.
    None,
    /// The world was reset.
    Gone,
}

impl Pieces {
    fn new(text: Bytes, dribble: &Dribble, world: &Arc<World>, guard_id: Option<u64>) -> Self {
        let (size, every, world) = (dribble.bytes, dribble.every, Arc::clone(world));
        Self { rest: text, begun: false, size, every, world, guard_id, pause: None }
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Piece> {
        if self.rest.is_empty() {
            return Poll::Ready(Piece::None);
        }
        if self.begun {
            let (world, guard_id, every) = (&self.world, self.guard_id, self.every);
            let pause = self.pause.get_or_insert_with(|| Box::pin(pause(world, guard_id, every.after(world.now()))));
            let over = std::task::ready!(pause.as_mut().poll(context));
            self.pause = None;
            if over.is_err() {
                return Poll::Ready(Piece::Gone);
            }
        }
        let piece = self.rest.split_to(self.size.min(self.rest.len()));
        let code = if self.begun { OpCode::Continue } else { OpCode::Text };
        let mut bytes = BytesMut::new();
        Parser::write_message(&mut bytes, piece, code, self.rest.is_empty(), false);
        self.begun = true;
        Poll::Ready(Piece::Bytes(bytes.freeze()))
    }
}

/// The reply of a fault that keeps the state from being asked, and the status for the journal.
pub(super) fn instead(effect: &Effect, request: &Request<'_>, now: Timestamp, manner: Manner) -> Option<(Text, u16)> {
    match effect {
        Effect::Respond(respond) => {
            let text = match &respond.body {
                None => {
                    let error = Error::Fault(format!("Fault {}", respond.status));
                    wire::failure(now, request, &error.object(), manner)
                }
                Some(serde_json::Value::String(text)) => text.as_str().into(),
                // An error object is put into the envelope; anything else is the whole frame.
                Some(body) => match serde_json::from_value::<FaultBody>(body.clone()) {
                    Ok(error) => wire::failure(
                        now,
                        request,
                        &ErrorObject::new(error.code_module, error.code_error, error.desc),
                        manner,
                    ),
                    Err(_) => body.to_string().as_str().into(),
                },
            };
            Some((text, respond.status))
        }
        Effect::TooMany(seconds) => {
            Some((wire::failure(now, request, &Error::TooMany(*seconds).object(), manner), 429))
        }
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
