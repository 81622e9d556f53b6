//! What the API answers when it cannot do what was asked: one row per cause. Texts are the document's where it
//! prints them; the others follow its pattern.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::json;
use stend_core::problem::Step;
use stend_core::request::{self, Reason};
use stend_transport::header::{HeaderValue, WWW_AUTHENTICATE};
use stend_transport::{Refusal, Refused, Reply, StatusCode};

/// Fields and what is wrong with them, in the order they were looked at (T5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Invalid(pub(crate) Vec<(String, Vec<String>)>);

impl Invalid {
    pub(crate) fn one(field: &str, text: impl Into<String>) -> Self {
        Self(vec![(field.to_owned(), vec![text.into()])])
    }

    pub(crate) fn add(&mut self, field: &str, text: impl Into<String>) {
        match self.0.iter_mut().find(|(known, _)| known == field) {
            Some((_, texts)) => texts.push(text.into()),
            None => self.0.push((field.to_owned(), vec![text.into()])),
        }
    }

    /// Adds a mistake of a field that has none yet: Laravel tells the first.
    pub(crate) fn first(&mut self, field: &str, text: impl Into<String>) {
        if !self.0.iter().any(|(known, _)| known == field) {
            self.add(field, text);
        }
    }

    /// The field refers to something that is not there.
    pub(crate) fn selected(&mut self, field: &str) {
        self.first(field, format!("The selected {} is invalid.", words(field)));
    }

    /// Another thing has what the field says.
    pub(crate) fn taken(&mut self, field: &str) {
        self.first(field, format!("The {} has already been taken.", words(field)));
    }

    /// Two items of a list have what the field says.
    pub(crate) fn duplicate(&mut self, field: &str) {
        self.first(field, format!("The {} field has a duplicate value.", words(field)));
    }

    /// The field is missing or empty.
    pub(crate) fn required(&mut self, field: &str) {
        self.first(field, format!("The {} field is required.", words(field)));
    }

    /// Whether nothing is wrong.
    pub(crate) fn done(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

/// A field's name as messages write it.
fn words(field: &str) -> String {
    field.replace('_', " ")
}

/// Mistakes of a reading in Laravel's words. A type's own text counts if it names the field as `:attribute`.
impl From<Vec<request::Invalid>> for Invalid {
    fn from(mistakes: Vec<request::Invalid>) -> Self {
        let mut invalid = Self::default();
        for request::Invalid { path, reason } in mistakes {
            let steps = path.0.iter().map(|step| match step {
                Step::Key(key) => key.clone(),
                Step::Index(index) => index.to_string(),
            });
            let field = steps.collect::<Vec<_>>().join(".");
            let name = words(&field);
            let text = match reason {
                Reason::Required => format!("The {name} field is required."),
                Reason::NotText => format!("The {name} must be a string."),
                Reason::NotNumber => format!("The {name} must be a number."),
                Reason::NotInteger => format!("The {name} must be an integer."),
                Reason::NotFlag => format!("The {name} field must be true or false."),
                Reason::NotList | Reason::NotObject => format!("The {name} must be an array."),
                Reason::TooLong(most) => format!("The {name} may not be greater than {most} characters."),
                Reason::NotOneOf(_) => format!("The selected {name} is invalid."),
                Reason::Expected(expected) => format!("The {name} must be {expected}."),
                Reason::Refused(text) if text.contains(":attribute") => text.replace(":attribute", &name),
                Reason::Refused(_) => format!("The {name} format is invalid."),
            };
            invalid.first(&field, text);
        }
        invalid
    }
}

impl Serialize for Invalid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, texts) in &self.0 {
            map.serialize_entry(field, texts)?;
        }
        map.end()
    }
}

/// A kind of thing that has an id in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Machine,
    Modem,
    Planogram,
    Product,
    Component,
    Location,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Machine => "Vending machine",
            Self::Modem => "Modem",
            Self::Planogram => "Planogram",
            Self::Product => "Product",
            Self::Component => "Component",
            Self::Location => "Location",
        }
    }
}

/// Why no token was given out (RFC 6749, 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// A parameter is missing.
    Missing(&'static str),
    Client,
    Credentials,
    Refresh,
    Code,
    Unsupported,
    Scope,
}

impl Grant {
    fn row(self) -> (&'static str, String) {
        match self {
            Self::Missing(name) => ("invalid_request", format!("The request is missing the parameter {name}.")),
            Self::Client => ("invalid_client", "Client authentication failed.".into()),
            Self::Credentials => ("invalid_grant", "The user credentials were incorrect.".into()),
            Self::Refresh => ("invalid_grant", "The refresh token is invalid.".into()),
            Self::Code => ("invalid_grant", "The authorization code is invalid.".into()),
            Self::Unsupported => {
                ("unsupported_grant_type", "The authorization grant type is not supported by the server.".into())
            }
            Self::Scope => ("invalid_scope", "The requested scope is invalid, unknown, or malformed.".into()),
        }
    }
}

/// One row per cause: status and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// No bearer, or one that has ended (T2).
    Unauthenticated,
    /// No token is given out (T1).
    Grant(Grant),
    /// The same, of which nothing is said.
    Refused,
    /// A body that is no JSON.
    BadRequest,
    /// Fields (T5).
    Invalid(Invalid),
    /// Something in the path that is not there, or not for this user.
    NotFound(What),
    /// A report, request or code that is not there.
    Nothing,
    /// What the thing does not allow.
    NotAllowed,
    /// A command for a machine that has no modem.
    NoModem,
    /// A location that a machine stands at (T13).
    InUse,
    /// A location whose machines have statistics: no `force` helps.
    HasStatistics,
    /// The same loading again (T6).
    Duplicate,
    /// A loading of nothing.
    NoData,
    /// A loading that changes nothing.
    NoLoad,
    /// A Vendista modem that does not answer (T16).
    Silent { machine: i64, modem: i64, heard: Option<String> },
    /// A credit that is none or that nobody takes; printed without fields.
    InvalidCredit,
    /// What the bench refuses in the system's place.
    Bench(Refused),
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Bench(refusal.into())
    }
}

const INVALID: &str = "The given data was invalid.";

impl Error {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Grant(_)
            | Self::BadRequest
            | Self::Refused
            | Self::NotAllowed
            | Self::NoModem
            | Self::InUse
            | Self::HasStatistics => StatusCode::BAD_REQUEST,
            Self::Duplicate | Self::NoData | Self::NoLoad => StatusCode::BAD_REQUEST,
            Self::Invalid(_) | Self::Silent { .. } | Self::InvalidCredit => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound(_) | Self::Nothing => StatusCode::NOT_FOUND,
            Self::Bench(refused) => refused.status(),
        }
    }

    fn body(&self) -> serde_json::Value {
        let message = |text: &str| json!({ "message": text });
        match self {
            Self::Unauthenticated => message("Unauthenticated."),
            Self::Grant(grant) => {
                let (error, text) = grant.row();
                json!({ "error": error, "error_description": text, "message": text })
            }
            Self::BadRequest | Self::Refused => message("Bad request"),
            Self::Invalid(invalid) => json!({ "message": INVALID, "errors": invalid }),
            Self::NotFound(what) => message(&format!("{} not found", what.name())),
            Self::Nothing | Self::Bench(Refused::Path) => message("Not found"),
            Self::NotAllowed => message("Not allowed"),
            Self::NoModem => message("Vending machine has no modem"),
            Self::InUse => message("Location is in use"),
            Self::HasStatistics => message("Location has statistics"),
            Self::Duplicate => json!({ "message": "Duplicate", "subcode": "L102" }),
            Self::NoData => json!({ "message": "Not enough data", "subcode": "L103" }),
            Self::NoLoad => json!({ "message": "Not enough data (no load)", "subcode": "L104" }),
            Self::Silent { machine, modem, heard } => {
                json!({ "status": "error", "data": { "vm_id": machine, "modem_id": modem, "modem_time": heard } })
            }
            Self::InvalidCredit => json!({ "status": "error", "message": INVALID }),
            Self::Bench(Refused::Method(_)) => message("Method not allowed"),
            Self::Bench(refused) => message(&refused.to_string()),
        }
    }
}

impl From<Error> for Reply {
    fn from(error: Error) -> Self {
        if error == Error::Refused {
            return Self::empty(error.status());
        }
        let reply = Self::json(error.status(), &error.body());
        match error {
            Error::Unauthenticated => reply.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            _ => reply,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("TM-019")]
    #[test]
    fn every_row_renders_as_printed() {
        let mut invalid = Invalid::one("name", "The name has already been taken.");
        invalid.add("name", "Another.");
        invalid.add("data.0.loaded", "The data.0.loaded field is required.");
        let heard = Some("2023-07-28 12:32:57".to_owned());
        let rows = [
            (Error::Unauthenticated, 401, r#"{"message":"Unauthenticated."}"#),
            (
                Error::Grant(Grant::Client),
                400,
                r#"{"error":"invalid_client","error_description":"Client authentication failed.","message":"Client authentication failed."}"#,
            ),
            (Error::BadRequest, 400, r#"{"message":"Bad request"}"#),
            (
                Error::Invalid(invalid),
                422,
                r#"{"message":"The given data was invalid.","errors":{"name":["The name has already been taken.","Another."],"data.0.loaded":["The data.0.loaded field is required."]}}"#,
            ),
            (Error::NotFound(What::Machine), 404, r#"{"message":"Vending machine not found"}"#),
            (Error::Nothing, 404, r#"{"message":"Not found"}"#),
            (Error::NotAllowed, 400, r#"{"message":"Not allowed"}"#),
            (Error::NoModem, 400, r#"{"message":"Vending machine has no modem"}"#),
            (Error::InUse, 400, r#"{"message":"Location is in use"}"#),
            (Error::HasStatistics, 400, r#"{"message":"Location has statistics"}"#),
            (Error::Duplicate, 400, r#"{"message":"Duplicate","subcode":"L102"}"#),
            (Error::NoData, 400, r#"{"message":"Not enough data","subcode":"L103"}"#),
            (Error::NoLoad, 400, r#"{"message":"Not enough data (no load)","subcode":"L104"}"#),
            (
                Error::Silent { machine: 13979, modem: 25164, heard },
                422,
                r#"{"status":"error","data":{"vm_id":13979,"modem_id":25164,"modem_time":"2023-07-28 12:32:57"}}"#,
            ),
            (Error::InvalidCredit, 422, r#"{"status":"error","message":"The given data was invalid."}"#),
            (Error::Bench(Refused::Path), 404, r#"{"message":"Not found"}"#),
            (Error::Bench(Refused::Method("GET".into())), 405, r#"{"message":"Method not allowed"}"#),
            (Error::Bench(Refused::TooMany(3)), 429, r#"{"message":"too many requests; come again in 3 s"}"#),
        ];
        for (error, status, body) in rows {
            let reply = Reply::from(error);
            assert_eq!(reply.status, status);
            assert_eq!(reply.body, body);
        }
    }
}
