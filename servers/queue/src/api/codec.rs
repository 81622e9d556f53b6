//! The codec: messages to commands, outcomes to replies.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use stend_core::fault::Respond;
use stend_core::{Version, near};
use stend_transport::{Refused, Reply, SocketContext, SocketService, StatusCode, Unreadable};

use crate::Queue;
use crate::api::ask::{Answer, Ask};
use crate::api::books;
use crate::api::routes::{self, Route, Run};
use crate::api::topics::Topic;
use crate::api::wire::{self, Data, KEYS, Request};
use crate::errors::{Error, ErrorObject};
use crate::state::State;

/// A message: the request in it as far as it could be read, and what is wrong with it.
pub struct Envelope<'t> {
    request: Request<'t>,
    wrong: Option<Error>,
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

fn failed(status: StatusCode, object: &ErrorObject, request: &Request<'_>, state: &State, now: Timestamp) -> Reply {
    Reply::json_bytes(status, wire::failure(now, request, object, state.settings.manner()))
}

impl SocketService for Queue {
    type Topic = Topic;
    type Envelope<'t> = Envelope<'t>;

    fn read(text: &str) -> Envelope<'_> {
        let (request, read) = Request::read(text);
        Envelope { request, wrong: read.err() }
    }

    fn nothing<'t>() -> Envelope<'t> {
        Envelope { request: Request::default(), wrong: None }
    }

    fn command<'e>(envelope: &'e Envelope<'_>) -> &'e str {
        &envelope.request.command
    }

    fn operation(command: &str) -> Option<&'static str> {
        routes::find(command).map(|route| route.operation.id)
    }

    /// The token that is sent and the login of its session, and the login that is logged in with.
    fn clients(envelope: &Envelope<'_>, state: &State, _: Timestamp) -> Vec<String> {
        let request = &envelope.request;
        let token = request.token.as_deref();
        let session = state.session(token).ok();
        let login = session.and_then(|session| state.login_of(session));
        let logs_in = request.data.get("login").filter(|_| request.command == "login").and_then(|login| login.as_str());
        let kept = session.map(|session| &*session.token).filter(|kept| token != Some(*kept));
        [token, kept, login, logs_in].into_iter().flatten().map(str::to_owned).collect()
    }

    fn answer(envelope: &Envelope<'_>, state: &mut State, context: &mut SocketContext<'_, Topic>) -> Reply {
        let Envelope { request, wrong } = envelope;
        let now = context.now;
        let mut ask = Ask { request, session: None, now, context };
        let result = match wrong {
            Some(error) => Err(error.clone()),
            None => answer(&mut ask, routes::find(&request.command), state),
        };
        let session = match &result {
            Ok(Answer::Login(_, token)) => state.sessions.get(token).cloned(),
            _ => ask.session,
        };
        if let Some(login) = session.as_ref().and_then(|session| state.login_of(session)) {
            context.set_client(login);
        }
        let manner = state.settings.manner();
        let text = match result {
            Ok(Answer::Data(data)) => wire::reply(now, request, None, &data, manner),
            Ok(Answer::Login(data, token)) => wire::reply(now, request, Some(&token), &Data::Value(data), manner),
            Err(error) => return failed(StatusCode::BAD_REQUEST, &error.object(), request, state, now),
        };
        Reply::json_bytes(StatusCode::OK, text)
    }

    fn refused(refused: Refused, envelope: &Envelope<'_>, state: &State, now: Timestamp) -> Reply {
        let status = refused.status();
        let error = match refused {
            Refused::Fault(status) => Error::Fault(format!("Fault {}", status.as_u16())),
            Refused::TooMany(seconds) => Error::TooMany(seconds),
            Refused::Body(Unreadable::Binary) => Error::NotText,
            other => Error::Fault(other.to_string()),
        };
        failed(status, &error.object(), &envelope.request, state, now)
    }

    /// An error object is put into the envelope; anything else is the whole message.
    fn responded(respond: &Respond, envelope: &Envelope<'_>, state: &State, now: Timestamp) -> Reply {
        let status = StatusCode::from_u16(respond.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match &respond.body {
            None => Self::refused(Refused::Fault(status), envelope, state, now),
            Some(Value::String(text)) => Reply::json_bytes(status, text.clone()),
            Some(body) => match serde_json::from_value::<FaultBody>(body.clone()) {
                Ok(FaultBody { code_error, code_module, desc }) => {
                    let object = ErrorObject::new(code_module, code_error, desc);
                    failed(status, &object, &envelope.request, state, now)
                }
                Err(_) => Reply::json_bytes(status, Bytes::from(body.to_string())),
            },
        }
    }

    fn owners(state: &State) -> Version {
        state.sessions.version()
    }

    /// A session's subscriptions end with it (Q29).
    fn is_owner(state: &State, token: &str) -> bool {
        state.sessions.get(token).is_some()
    }

    /// A session lives while it listens (Q29).
    fn listens(state: &mut State, token: &str, listens: bool, now: Timestamp) {
        state.listens(token, listens, now);
    }

    /// Simulated clerks take what has come.
    fn settle(state: &mut State, now: Timestamp) {
        state.settle(now);
    }

    fn ping(state: &State) -> Duration {
        state.settings.ping.signed().unsigned_abs()
    }
}

/// Session and rule. A session lives while its commands come (Q29): one that is refused has come, too, and is a sign of life;
/// of all else what fails changes nothing.
fn answer(ask: &mut Ask<'_, '_>, route: Option<&'static Route>, state: &mut State) -> Result<Answer, Error> {
    let Some(route) = route else {
        let name = &ask.request.command;
        let near = near::nearest(name, routes::all().map(|route| route.operation.id)).map(str::to_owned);
        return Err(Error::UnknownCommand(name.chars().take(100).collect(), near));
    };
    if !matches!(route.run, Run::Open(_)) {
        ask.session = Some(state.session(ask.request.token.as_deref())?.clone());
    }
    let answer = run(ask, route, state);
    if let Some(session) = &ask.session {
        state.used(session, ask.now);
    }
    answer
}

fn run(ask: &mut Ask<'_, '_>, route: &'static Route, state: &mut State) -> Result<Answer, Error> {
    let request = ask.request;
    request.odd.iter().try_for_each(|key| ask.unknown(key, &KEYS))?;
    match route.run {
        Run::Open(handler) | Run::Within(handler) => handler(ask, state),
        Run::Book(verb, book) => books::run(verb, book, ask, state),
    }
}
