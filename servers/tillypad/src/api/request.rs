//! Reading requests: parameters into structs, as Spring reads them, and bodies as JSON.

use bytes::Bytes;
use jiff::civil::DateTime;
use serde::de::{DeserializeOwned, Error as _, Unexpected};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use stend_core::json::Json;
use stend_core::near;
use stend_core::problem::Step;
use stend_core::request::{Reason, Style};
use stend_transport::header::CONTENT_TYPE;
use stend_transport::{Call, query_pairs};

use crate::Tillypad;
use crate::api::wire::read;
use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::scalar;
use crate::state::sent::{Odd, Sent};
use crate::state::settings::ContentType;

/// A parameter that is an id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Id(pub(crate) Guid);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::invalid_value(Unexpected::Str(&text), &"uniqueidentifier");
        Guid::parse(&text).map(Self).ok_or_else(wrong)
    }
}

/// A parameter that is a date, with or without a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) at: DateTime,
    /// Whether a time stands with the date.
    pub(crate) timed: bool,
    /// Whether a zone stands behind the time; it is dropped.
    zoned: bool,
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::invalid_value(Unexpected::Str(&text), &"a date such as 2020-09-16");
        let at = scalar::parse_date_time(&text).ok_or_else(wrong)?;
        Ok(Self { at, timed: text.trim().len() > 10, zoned: scalar::has_zone(&text) })
    }
}

impl Moment {
    /// Warns about a zone that is dropped.
    pub(crate) fn without_zone(self, call: &mut Call<'_, Tillypad>, name: &str) -> Result<Self, Error> {
        if self.zoned {
            let text = call.query(name).unwrap_or_default().into_owned();
            call.warn(format!("{name}: times have no zone; that of `{}` was dropped", shown(&text)))?;
        }
        Ok(self)
    }
}

/// What happens to a parameter that the operation does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// It is ignored with a warning (G1).
    Ignored,
    /// It is refused, and so is one that is given twice with different values: ignoring it could cost money or data (P16).
    Refused,
}

/// Reads the parameters: those of the query, and of a `POST` or `PUT` also those of a form in its body (G6). Of a
/// parameter that is given twice the first counts; an empty one counts as absent.
///
/// # Errors
/// A parameter that is missing, cannot be read, or is refused.
pub(crate) fn parameters<T: DeserializeOwned>(
    call: &mut Call<'_, Tillypad>,
    known: &'static [&'static str],
    unknown: Unknown,
) -> Result<T, Error> {
    let form = form(call);
    parameters_of(call, known, unknown, form)
}

/// As [`parameters`], of the query alone: the body is read as something else.
///
/// # Errors
/// As [`parameters`].
pub(crate) fn query<T: DeserializeOwned>(
    call: &mut Call<'_, Tillypad>,
    known: &'static [&'static str],
    unknown: Unknown,
) -> Result<T, Error> {
    parameters_of(call, known, unknown, None)
}

fn parameters_of<T: DeserializeOwned>(
    call: &mut Call<'_, Tillypad>,
    known: &'static [&'static str],
    unknown: Unknown,
    form: Option<String>,
) -> Result<T, Error> {
    let mut given: Vec<(String, String)> = Vec::new();
    let query = call.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
    let in_form = form.iter().flat_map(|form| query_pairs(form));
    let all: Vec<(String, String)> =
        query.chain(in_form.map(|(name, value)| (name.into_owned(), value.into_owned()))).collect();
    for (name, value) in all {
        let Some(found) = known.iter().find(|known| **known == name).copied() else {
            if unknown == Unknown::Refused {
                let near = near::nearest(&name, known.iter().copied());
                return Err(Error::UnknownParameter { name: shown(&name), near });
            }
            continue;
        };
        match given.iter().find(|(before, _)| *before == name) {
            Some((_, before)) if unknown == Unknown::Refused && *before != value => {
                return Err(Error::ParameterTwice(found));
            }
            Some(_) => {}
            None => given.push((name, value)),
        }
    }
    call.expect_query(known)?;
    for (name, _) in form.iter().flat_map(|form| query_pairs(form)) {
        if !known.contains(&&*name) {
            call.unknown_field(&name, known)?;
        }
    }
    given.retain(|(_, value)| !value.is_empty());
    let tree: Map<String, Value> = given.into_iter().map(|(name, value)| (name, value.into())).collect();
    let tree = Value::Object(tree);
    read_parameters(&tree, known)
}

fn read_parameters<T: DeserializeOwned>(tree: &Value, known: &'static [&'static str]) -> Result<T, Error> {
    stend_core::request::read::<T>(tree, Style::default()).valid().map_err(|wrong| {
        let first = wrong.into_iter().next();
        let Some(first) = first else { return Error::NoParameter(known.first().copied().unwrap_or_default()) };
        let at = match first.path.0.first() {
            Some(Step::Key(name)) => name.to_string(),
            _ => String::new(),
        };
        let name = known.iter().find(|known| **known == at).copied().unwrap_or_default();
        let value = tree.get(name).and_then(Value::as_str).map(shown).unwrap_or_default();
        match first.reason {
            Reason::Required => Error::NoParameter(name),
            Reason::Expected(expected) => Error::Parameter { name, value, expected },
            other => Error::Parameter { name, value, expected: other.to_string() },
        }
    })
}

/// The form in the body of a `POST` or `PUT`.
fn form(call: &Call<'_, Tillypad>) -> Option<String> {
    let method = call.request.method().as_str();
    if !matches!(method, "POST" | "PUT") || media_type(call) != "application/x-www-form-urlencoded" {
        return None;
    }
    String::from_utf8(call.body.to_vec()).ok()
}

/// Whether a parameter was sent at all, with a value or blank.
pub(crate) fn is_sent(call: &Call<'_, Tillypad>, name: &str) -> bool {
    let in_form = |form: String| query_pairs(&form).any(|(key, _)| key == name);
    call.query(name).is_some() || form(call).is_some_and(in_form)
}

/// Warns about a body that the operation does not read.
pub(crate) fn no_body(call: &mut Call<'_, Tillypad>) -> Result<(), Error> {
    if !call.body.is_empty() && form(call).is_none() {
        call.warn("this operation reads no body; it was ignored")?;
    }
    Ok(())
}

fn media_type(call: &Call<'_, Tillypad>) -> String {
    let kind = call.header(CONTENT_TYPE).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The body, to be read as JSON; one that comes as something else is refused, or warned about where the world says so.
pub(crate) fn body(call: &mut Call<'_, Tillypad>) -> Result<Bytes, Error> {
    let media = media_type(call);
    // Spring's JSON converter takes these two.
    let is_json = media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"));
    if !is_json && !call.body.is_empty() {
        if call.state(|state, _| state.settings.content_type == ContentType::Required) {
            return Err(Error::MediaType(shown(call.header(CONTENT_TYPE).unwrap_or_default())));
        }
        call.warn("the content type of a body must be application/json")?;
    }
    Ok(call.body.clone())
}

/// Warns about what is odd about a body.
pub(crate) fn warn(call: &mut Call<'_, Tillypad>, odd: &[Odd]) -> Result<(), Error> {
    for odd in odd {
        match odd {
            Odd::Field { name, known } => call.unknown_field(name, known)?,
            Odd::Said(text) => call.warn(text.as_str())?,
        }
    }
    Ok(())
}

/// The body as a bill, with its warnings.
pub(crate) fn bill(call: &mut Call<'_, Tillypad>) -> Result<Sent, Error> {
    let body = body(call)?;
    let mut sent = Sent::read(&read::json(&body)?)?;
    sent.look_at_links();
    warn(call, &sent.odd)?;
    if !sent.bill.notes.is_empty() && call.state(|state, _| state.has_applied_note(&sent.bill)) {
        call.warn("the note of the applied sum is the server's own; what was sent was ignored")?;
    }
    Ok(sent)
}

/// A text for a sentence: short.
pub(crate) fn shown(text: &str) -> String {
    scalar::shown(&Json::String(text.into()))
}
