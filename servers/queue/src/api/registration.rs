//! `registrateConsumer`: a ticket with its picture.

use serde::Deserialize;
use serde_json::json;

use crate::api::ask::{Answer, Ask};
use crate::api::serving::Words;
use crate::errors::Error;
use crate::state::State;
use crate::state::consumers::Registration;
use crate::state::picture::Picture;
use crate::state::settings::Preview;

/// The largest photo in base64: tickets are kept for days.
const MOST_PHOTO: usize = 256 * 1024;

/// What a ticket is registered for.
#[derive(Deserialize)]
pub(crate) struct Register {
    /// Left out by who has an appointment and enters its pin code.
    services: Option<Vec<i64>>,
    priority: Option<i64>,
    pin_code: Option<Words>,
    photo: Option<Words>,
    /// No paper: a picture comes back in its place.
    noprint: Option<bool>,
    comment: Option<Words>,
}

/// Registers a ticket. There is no printer, so the ticket is drawn unless the settings say otherwise.
pub(crate) fn registrate(ask: &mut Ask<'_, '_>, state: &mut State, ticket: Register) -> Result<Answer, Error> {
    let drawn = ticket.noprint.unwrap_or(false) || state.settings.preview == Preview::Always;
    let text = |words: Option<Words>| words.map(|words| words.to_string());
    let photo = text(ticket.photo).filter(|photo| !photo.is_empty());
    if photo.as_ref().is_some_and(|photo| photo.len() > MOST_PHOTO) {
        return Err(Error::Value(format!("Parameter 'photo': larger than {MOST_PHOTO} bytes")));
    }
    let session = ask.session()?;
    let wanted = Registration {
        services: ticket.services.unwrap_or_default(),
        priority: ticket.priority.unwrap_or_else(|| state.registrator_priority(session)),
        pin_code: text(ticket.pin_code),
        photo,
        comment: text(ticket.comment),
    };
    let id = state.register(wanted, ask.now)?;
    let picture = state.consumers.get(&id).filter(|_| drawn).map(|consumer| Picture::of(consumer, state));
    let consumer = state.shown(id);
    Ok(Answer::data(match picture {
        Some(picture) => json!({"preview": picture.preview(), "consumer": consumer}),
        None => json!({"consumer": consumer}),
    }))
}
