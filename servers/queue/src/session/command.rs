//! Commands: a request is read, the state is asked once, the reply is queued.

use actix_ws::CloseCode;
use bytes::Bytes;
use bytestring::ByteString;
use stend_core::fault::{Effect, Hit};
use stend_core::journal::{Channel, Note};
use stend_core::{Service, Timestamp, World, near};

use super::Socket;
use super::faults::instead;
use super::line::End;
use crate::Queue;
use crate::api::ask::{Answer, Ask};
use crate::api::books;
use crate::api::routes::{self, Route, Run};
use crate::api::text::Text;
use crate::api::wire::{self, Data, KEYS, Request};
use crate::errors::Error;
use crate::outbox::Ending;
use crate::state::State;
use crate::state::settings::Manner;

impl Socket {
    /// A message that is no request: an error reply, and the socket stays open.
    pub(super) fn broken(&self, error: Error) {
        let Some(world) = self.world.upgrade() else { return };
        let now = world.now();
        let text = wire::failure(now, &Request::default(), &error.object(), self.manner(&world));
        self.note(&world, now, None, &self.outbox.head(""), Bytes::new(), 400, text.bytes(), Vec::new(), None);
        self.outbox.reply("", text);
    }

    /// How this world envelopes replies.
    fn manner(&self, world: &World) -> Manner {
        let live = world.live::<Queue>(self.index);
        live.map_or_else(Manner::default, |live| world.run(live, |state| state.settings.manner()))
    }

    /// Answers a request.
    pub(super) fn command(&mut self, frame: ByteString) -> Option<End> {
        let Some(world) = self.world.upgrade() else {
            return Some(End::Close(CloseCode::Restart, "the world is gone"));
        };
        let now = world.now();
        let (request, read) = Request::read(&frame);
        let route = routes::find(&request.command);
        let operation = route.map(|route| route.operation.id);
        let head = self.head(operation, &request.command);
        let hit = world.faults.any().then(|| self.match_fault(&world, operation, &request, now)).flatten();
        let fault = hit.as_ref().map(|hit| hit.id.clone());
        if let Some((text, status)) =
            hit.as_ref().and_then(|hit| instead(&hit.effect, &request, now, self.manner(&world)))
        {
            let reply = text.bytes();
            self.note(
                &world,
                now,
                operation,
                &head,
                frame.as_bytes().clone(),
                status,
                reply,
                Vec::new(),
                fault.as_deref(),
            );
            self.outbox.reply(operation.unwrap_or(""), text);
            return None;
        }
        let ending = match &hit {
            Some(Hit { effect: Effect::Reset, .. }) => Some(Ending::Reset),
            Some(Hit { effect: Effect::Close(code), .. }) => Some(Ending::Close(*code)),
            _ => None,
        };
        if let Some(ending) = ending {
            self.note(
                &world,
                now,
                operation,
                &head,
                frame.as_bytes().clone(),
                0,
                Bytes::new(),
                Vec::new(),
                fault.as_deref(),
            );
            return Some(End::Fault(ending, None));
        }
        let Some(live) = world.live::<Queue>(self.index) else { return Some(End::Fault(Ending::Reset, None)) };
        // A reply that a fault changes or holds back goes its own way; any other is queued before the pushes that
        // come of it, while the state is still held.
        let plain = hit.is_none();
        let command = operation.unwrap_or("");
        let outcome = world.run(live, |state| {
            if !state.hub.has_socket(self.id, &self.outbox) {
                return None;
            }
            let mut ask = Ask {
                request: &request,
                session: None,
                now,
                socket: self.id,
                strict: world.is_strict(),
                warnings: Vec::new(),
            };
            let result = read.and_then(|()| answer(&mut ask, route, state));
            let manner = state.settings.manner();
            let login = match &result {
                Ok(Answer::Login(_, token)) => {
                    state.sessions.get(token.as_str()).and_then(|session| state.login_of(session))
                }
                _ => ask.session.as_ref().and_then(|session| state.login_of(session)),
            };
            if let Some(login) = login {
                self.outbox.set_client(login);
            }
            let reply = match result {
                Ok(Answer::Data(data)) => Done::Reply(wire::reply(now, &request, None, &data, manner), 200),
                Ok(Answer::Login(data, token)) => {
                    Done::Reply(wire::reply(now, &request, Some(&token), &Data::Value(data), manner), 200)
                }
                Ok(Answer::Late(make)) => Done::Late(make),
                Err(error) => Done::Reply(wire::failure(now, &request, &error.object(), manner), 400),
            };
            if let (true, Done::Reply(text, _)) = (plain, &reply) {
                self.outbox.reply(command, text.clone());
            }
            let warnings = ask.warnings;
            if let Done::Reply(..) = reply {
                state.settle(now);
            }
            Some((reply, warnings, manner))
        });
        let Some((reply, warnings, manner)) = outcome else {
            return Some(End::Close(CloseCode::Restart, "the world was reset"));
        };
        let (text, status) = match reply {
            Done::Reply(text, status) => (text, status),
            Done::Late(make) => {
                // Made while nobody waits for the state; what follows from the command comes after its reply here too.
                let text = wire::reply(now, &request, None, &Data::Value(make()), manner);
                world.run(live, |state| {
                    if plain {
                        self.outbox.reply(command, text.clone());
                    }
                    state.settle(now);
                });
                (text, 200)
            }
        };
        drop(request);
        self.note(&world, now, operation, &head, frame.into_bytes(), status, text.bytes(), warnings, fault.as_deref());
        hit.and_then(|hit| self.misbehave(&world, now, command, hit.effect, text))
    }

    /// The first line of a command's journal entry.
    fn head(&self, operation: Option<&'static str>, command: &str) -> String {
        match operation {
            Some(operation) => self.outbox.head(operation),
            None => {
                // The command stands where HTTP has its method, so it must not break the line.
                let command: String = command.chars().filter(|c| !c.is_whitespace()).take(64).collect();
                self.outbox.head(&command)
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one journal entry")]
    fn note(
        &self,
        world: &World,
        at: Timestamp,
        operation: Option<&'static str>,
        head: &str,
        request: Bytes,
        status: u16,
        reply: Bytes,
        warnings: Vec<String>,
        fault: Option<&str>,
    ) {
        world.journal.write(Note {
            at,
            service: Queue::NAME,
            operation,
            channel: Channel::Frame,
            client: self.outbox.client(),
            head,
            request,
            status,
            reply,
            warnings,
            fault,
        });
    }
}

/// A reply that is ready, or can be made once the state is let go.
enum Done {
    Reply(Text, u16),
    Late(Box<dyn FnOnce() -> serde_json::Value + Send>),
}

/// Session, handler, and what follows from success.
fn answer(ask: &mut Ask<'_>, route: Option<&'static Route>, state: &mut State) -> Result<Answer, Error> {
    let Some(route) = route else {
        let name = &ask.request.command;
        let near = near::nearest(name, routes::all().map(|route| route.operation.id)).map(str::to_owned);
        return Err(Error::UnknownCommand(name.chars().take(100).collect(), near));
    };
    if !matches!(route.run, Run::Open(_)) {
        ask.session = Some(state.session(ask.request.token.as_deref(), ask.now)?);
    }
    let request = ask.request;
    request.odd.iter().try_for_each(|key| ask.unknown(key, &KEYS))?;
    let answer = match route.run {
        Run::Open(handler) | Run::Within(handler) => handler(ask, state)?,
        Run::Book(verb, book) => books::run(verb, book, ask, state)?,
    };
    if let Some(session) = &ask.session {
        state.used(session, ask.now);
    }
    Ok(answer)
}
