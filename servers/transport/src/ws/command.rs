//! One message on its way through the pipeline.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use stend_core::fault::Effect;
use stend_core::journal::Channel;
use stend_core::{Live, Timestamp, World};

use super::hub::{Hub, SocketId};
use super::outbox::{Ending, Outbox, Payload};
use super::socket::{End, RESET, Socket};
use super::{SocketContext, SocketService};
use crate::StatusCode;
use crate::codec::{Refused, Unreadable, Warnings};
use crate::pause::pause;
use crate::pipeline::{Answer, Served, serve};
use crate::reply::Reply;

/// A message and all it takes to answer it.
struct Asked<'a, S: SocketService> {
    envelope: S::Envelope<'a>,
    /// It is no text.
    is_binary: bool,
    operation: &'static str,
    world: &'a World,
    live: &'a Live<S>,
    hub: &'a Hub<S>,
    socket: SocketId,
    outbox: &'a Outbox,
    now: Timestamp,
    /// The world was reset before the rule was called.
    gone: bool,
}

impl<S: SocketService> Asked<'_, S> {
    fn look<R>(&self, look: impl FnOnce(&S::State) -> R) -> R {
        self.world.run_at(self.live, self.now, |state| look(state))
    }
}

fn payload(body: Bytes) -> Payload {
    match ByteString::try_from(body.clone()) {
        Ok(text) => Payload::Text(text),
        Err(_) => Payload::Binary(body),
    }
}

impl<S: SocketService> Answer for Asked<'_, S> {
    fn instead(&mut self, effect: &Effect) -> Option<Reply> {
        let now = self.now;
        match effect {
            Effect::Respond(respond) => Some(self.look(|state| S::responded(respond, &self.envelope, state, now))),
            Effect::TooMany(seconds) => {
                Some(self.look(|state| S::refused(Refused::TooMany(*seconds), &self.envelope, state, now)))
            }
            _ => None,
        }
    }

    fn answer(&mut self, effect: Option<&Effect>, warnings: &mut Warnings) -> Reply {
        let Self { envelope, is_binary, operation, world, live, hub, socket, outbox, now, gone } = self;
        let (hub, outbox, now) = (*hub, *outbox, *now);
        world.run_at(*live, now, |state| {
            if outbox.is_closed() {
                *gone = true;
                return Reply::empty(StatusCode::GONE);
            }
            let open = || hub.subscriptions(*socket);
            let mut context =
                SocketContext { now, warnings, rendered: &hub.1, open: &open, changes: Vec::new(), outbox };
            let reply = if *is_binary {
                S::refused(Refused::Body(Unreadable::Binary), envelope, state, now)
            } else {
                S::answer(envelope, state, &mut context)
            };
            let changes = context.changes;
            if !changes.is_empty() {
                hub.change(*socket, changes, state, now);
            }
            // Queued before the pushes that come of it, while the state is still held; a reply that a fault changes or holds
            // back goes its own way.
            if effect.is_none() {
                outbox.reply(operation, payload(reply.body.clone()), None);
            }
            S::settle(state, now);
            reply
        })
    }

    fn client(&self) -> Option<Arc<str>> {
        self.outbox.client()
    }
}

impl<S: SocketService> Socket<S> {
    /// Answers a message.
    pub(super) async fn command(&mut self, message: Result<ByteString, Bytes>) -> Result<(), End> {
        let world = self.outbox.world().ok_or(RESET)?;
        let live = world.live::<S>(self.index).ok_or(RESET)?;
        let now = world.now();
        let (envelope, request) = match &message {
            Ok(text) => (S::read(text), text.as_bytes().clone()),
            Err(bytes) => (S::nothing(), bytes.clone()),
        };
        let command = S::command(&envelope).to_owned();
        let operation = S::operation(&command);
        let mut names = Vec::new();
        if world.faults.any() {
            names = world.run_at(live, now, |state| S::clients(&envelope, state, now));
            names.extend(self.outbox.client().as_deref().map(str::to_owned));
        }
        let clients: Vec<&str> = names.iter().map(String::as_str).collect();
        let outbox = Arc::clone(&self.outbox);
        let head = outbox.head(operation.unwrap_or(&command));
        let mut exchange = outbox.exchange(Channel::Frame, operation, &head, &clients, now, request);
        exchange.method = &command;
        let operation = operation.unwrap_or("");
        let mut asked = Asked {
            envelope,
            is_binary: message.is_err(),
            operation,
            world: &world,
            live,
            hub: &self.hub,
            socket: self.id,
            outbox: &outbox,
            now,
            gone: false,
        };
        let Served { reply, effect, .. } = serve(&world, exchange, &mut asked);
        if asked.gone {
            return Err(RESET);
        }
        match effect {
            // Queued already.
            None => {}
            Some(Effect::Reset(_)) => return Err(End::Fault(Ending::Reset, None)),
            Some(Effect::Close(code)) => return Err(End::Fault(Ending::Close(code), None)),
            Some(Effect::Delay(span)) => {
                if !outbox.hold() {
                    return Err(End::Fault(Ending::Overheld, None));
                }
                let timer = pause(&world, self.guard_id, span.after(now));
                let outbox = Arc::clone(&outbox);
                actix_web::rt::spawn(async move {
                    if let Ok(guard) = timer.await {
                        outbox.reply(operation, payload(reply.body), guard);
                    }
                    outbox.unhold();
                });
            }
            Some(Effect::Dribble(dribble)) => {
                drop(asked);
                drop(world);
                self.dribble(reply.body, &dribble).await?;
            }
            Some(Effect::Garbage(_)) => outbox.reply_first(operation, Payload::Binary(reply.body)),
            Some(_) => outbox.reply_first(operation, payload(reply.body)),
        }
        Ok(())
    }
}
