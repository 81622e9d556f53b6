//! What the queue's server answers when it cannot do what was asked. The document prints one shape and one code
//! (150 of module 0); all other codes and all texts are ours (Q8), one row per cause.

use serde::Serialize;
use serde_json::{Value, json};

/// The module of the object "No errors".
pub(crate) const COMMON: i64 = 100;

/// The error object of the document; "No errors" is one too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(non_snake_case, reason = "the document's names")]
pub(crate) struct ErrorObject {
    pub(crate) codeError: i64,
    pub(crate) codeModule: i64,
    pub(crate) code: i64,
    pub(crate) desc: String,
    pub(crate) children: Vec<ErrorObject>,
}

impl ErrorObject {
    pub(crate) fn new(module: i64, error: i64, desc: impl Into<String>) -> Self {
        Self {
            codeError: error,
            codeModule: module,
            code: (module << 32) + error,
            desc: desc.into(),
            children: Vec::new(),
        }
    }
}

/// The reply of a command that has nothing else to say.
pub(crate) fn no_errors() -> Value {
    json!(ErrorObject::new(COMMON, 0, "No errors"))
}

/// Causes of failure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Error {
    // --- module 0: the request
    /// A value that cannot be meant: the document's code 150.
    Value(String),
    /// A warning in a strict world.
    Strict(String),
    // --- module 1: the protocol
    NotJson(String),
    NotText,
    NoCommand,
    UnknownCommand(String, Option<String>),
    Fault(String),
    TooMany(u64),
    TooManySubscriptions(usize),
    // --- module 2: sessions
    NoToken,
    Token,
    Expired,
    /// With the component as which this login is known.
    Credentials(Option<&'static str>),
    Device(&'static str, String),
    Disabled(String),
    Component(String),
    NoClerk,
    NotHere(i64),
    UserWithoutClerk(String),
    // --- module 3: reference books
    NotFound(&'static str, String),
    InUse(&'static str, i64, Vec<String>),
    Missing(&'static str, String),
    Taken(String),
    Full(&'static str, usize),
    // --- module 4: service
    NoConsumer(i64),
    Busy(i64, String),
    NobodyElse,
    NotWaiting(String, &'static str),
    NotServable(String, i64),
    NotInService(i64, i64, i64),
    NoSuchService(i64),
    ServiceTaken(i64),
    PinCode(i64),
    RangeFull(String),
    Delay(i64, String),
}

impl Error {
    /// Module and code within it.
    pub(crate) fn code(&self) -> (i64, i64) {
        match self {
            Self::Value(_) => (0, 150),
            Self::Strict(_) => (0, 151),
            Self::NotJson(_) => (1, 1),
            Self::NotText => (1, 2),
            Self::NoCommand => (1, 5),
            Self::UnknownCommand(..) => (1, 6),
            Self::TooMany(_) => (1, 7),
            Self::TooManySubscriptions(_) => (1, 8),
            Self::Fault(_) => (1, 9),
            Self::NoToken => (2, 1),
            Self::Token => (2, 2),
            Self::Expired => (2, 3),
            Self::Credentials(_) => (2, 4),
            Self::Device(..) => (2, 10),
            Self::Disabled(_) => (2, 5),
            Self::Component(_) => (2, 6),
            Self::NoClerk => (2, 7),
            Self::NotHere(_) => (2, 8),
            Self::UserWithoutClerk(_) => (2, 9),
            Self::NotFound(..) => (3, 1),
            Self::InUse(..) => (3, 2),
            Self::Missing(..) => (3, 3),
            Self::Taken(_) => (3, 4),
            Self::Full(..) => (3, 5),
            Self::NoConsumer(_) => (4, 1),
            Self::Busy(..) => (4, 2),
            Self::NobodyElse => (4, 3),
            Self::NotWaiting(..) => (4, 4),
            Self::NotServable(..) => (4, 5),
            Self::NotInService(..) => (4, 6),
            Self::NoSuchService(_) => (4, 7),
            Self::ServiceTaken(_) => (4, 8),
            Self::PinCode(_) => (4, 9),
            Self::RangeFull(_) => (4, 10),
            Self::Delay(..) => (4, 11),
        }
    }

    /// How a board or a terminal logs in.
    fn logs_in(book: &str) -> String {
        let component = book.to_lowercase();
        format!("{{\"component\": \"{component}\", \"login\": \"<name in the book {book}>\"}}")
    }

    /// What it says.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Value(text) | Self::Strict(text) | Self::Fault(text) => text.clone(),
            Self::NotJson(why) => format!("The request is not a JSON object: {why}"),
            Self::NotText => "The request is a binary frame; send JSON as text".into(),
            Self::NoCommand => "Parameter 'command' is required".into(),
            Self::UnknownCommand(name, None) => format!("Unknown command '{name}'"),
            Self::UnknownCommand(name, Some(near)) => format!("Unknown command '{name}'; did you mean '{near}'?"),
            Self::TooMany(seconds) => format!("Too many requests; come again in {seconds} s"),
            Self::TooManySubscriptions(most) => format!("A connection holds {most} subscriptions at most"),
            Self::NoToken => "Parameter 'token' is required".into(),
            Self::Token => "Session not found".into(),
            Self::Expired => "Session expired".into(),
            Self::Credentials(None) => "Wrong login or password".into(),
            Self::Credentials(Some(book)) => {
                format!("Wrong login or password; the book {book} has this name: {}", Self::logs_in(book))
            }
            Self::Device(book, name) => {
                format!("Wrong login: {book} '{name}' not found; it logs in with its name: {}", Self::logs_in(book))
            }
            Self::Disabled(what) => format!("{what} is disabled"),
            Self::Component(name) => {
                format!(
                    "Unknown component '{name}'; known: workplace with login, password and workplace; registrator, \
                     qboard, scoreboard with login alone, their name in the book"
                )
            }
            Self::NoClerk => "The session has no clerk; log in as component 'workplace'".into(),
            Self::NotHere(workplace) => format!("The clerk is not logged in at workplace {workplace}"),
            Self::UserWithoutClerk(login) => {
                format!("User '{login}' has no 'clerk' and cannot log in at a workplace; setUser gives him one")
            }
            Self::NotFound(what, key) => format!("{what} {key} not found"),
            Self::InUse(what, id, _) => format!("{what} {id} is in use"),
            Self::Missing(what, field) => format!("{what}: parameter '{field}' is required"),
            Self::Taken(what) => format!("{what} exists already"),
            Self::Full(what, most) => format!("{what} holds {most} elements at most"),
            Self::NoConsumer(workplace) => format!("No consumer at workplace {workplace}"),
            Self::Busy(workplace, ticket) => format!("Workplace {workplace} is serving consumer {ticket}"),
            Self::NobodyElse => "The queue has no other consumer".into(),
            Self::NotWaiting(ticket, state) => format!("Consumer {ticket} is not waiting: {state}"),
            Self::NotServable(ticket, workplace) => {
                format!("Consumer {ticket} has no operation that workplace {workplace} can serve now")
            }
            Self::NotInService(service, stage, operation) => {
                format!("Operation {operation} (service {service}, priority {stage}) is not in service here")
            }
            Self::NoSuchService(service) => format!("The consumer has no service {service} to be served"),
            Self::ServiceTaken(service) => format!("The consumer has service {service} already"),
            Self::PinCode(service) => format!("Service {service} requires a pin code, and this one is wrong"),
            Self::RangeFull(range) => format!("Ticket range '{range}' is used up for today"),
            Self::Delay(minutes, which) => format!("Cannot postpone by '{minutes}' minutes; {which}"),
        }
    }

    /// One of each cause, with values for an example; the specification lists them.
    pub(crate) fn each() -> Vec<Self> {
        vec![
            Self::Value("Parameter 'id': expected a whole number, found \"x\"".into()),
            Self::Strict("unknown field `nmae` ignored; did you mean `name`?".into()),
            Self::NotJson("it is another kind of value".into()),
            Self::NotText,
            Self::NoCommand,
            Self::UnknownCommand("servicesList".into(), Some("serviceList".into())),
            Self::TooMany(1),
            Self::TooManySubscriptions(256),
            Self::Fault("Fault 503".into()),
            Self::NoToken,
            Self::Token,
            Self::Expired,
            Self::Credentials(None),
            Self::Device("QBoard", "hall".into()),
            Self::Disabled("User".into()),
            Self::Component("kiosk".into()),
            Self::NoClerk,
            Self::NotHere(11),
            Self::UserWithoutClerk("ivanov".into()),
            Self::NotFound("Service", "99".into()),
            Self::InUse("Service", 1, vec!["Consumer 5".into()]),
            Self::Missing("Service", "name".into()),
            Self::Taken("User 'admin'".into()),
            Self::Full("Service", 10_000),
            Self::NoConsumer(11),
            Self::Busy(11, "Г001".into()),
            Self::NobodyElse,
            Self::NotWaiting("Г001".into(), "SERVED"),
            Self::NotServable("Г001".into(), 11),
            Self::NotInService(4, 50, 3),
            Self::NoSuchService(5),
            Self::ServiceTaken(4),
            Self::PinCode(4),
            Self::RangeFull("Занятия на тренажере".into()),
            Self::Delay(0, "from 1 to 1440".into()),
        ]
    }

    /// As the document prints errors.
    pub(crate) fn object(&self) -> ErrorObject {
        let (module, code) = self.code();
        let mut object = ErrorObject::new(module, code, self.text());
        if let Self::InUse(_, _, users) = self {
            object.children = users.iter().map(|user| ErrorObject::new(3, 2, user)).collect();
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("QU-007")]
    #[test]
    fn no_errors_is_as_printed() {
        let printed = r#"{"codeError":0,"codeModule":100,"code":429496729600,"desc":"No errors","children":[]}"#;
        assert_eq!(no_errors().to_string(), printed);
    }

    #[proves("QU-008", "QU-011", "Q1")]
    #[test]
    fn the_printed_code_comes_out_of_module_and_error() {
        let object = Error::Value("Description".into()).object();
        let printed = r#"{"codeError":150,"codeModule":0,"code":150,"desc":"Description","children":[]}"#;
        assert_eq!(json!(object).to_string(), printed);
    }

    #[proves("QU-009", "Q8")]
    #[test]
    fn every_cause_has_a_code_of_its_own_and_a_text() {
        let all = Error::each();
        let codes: std::collections::BTreeSet<_> = all.iter().map(Error::code).collect();
        assert_eq!(codes.len(), all.len());
        for error in all {
            let object = error.object();
            assert!(!object.desc.is_empty());
            assert_eq!(object.code, object.codeModule * 4_294_967_296 + object.codeError);
        }
    }
}
