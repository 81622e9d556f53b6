//! `registrateConsumer`: a ticket with its picture.

use serde_json::json;

use crate::api::ask::{Answer, Ask};
use crate::errors::Error;
use crate::state::State;
use crate::state::consumers::Registration;
use crate::state::picture::Picture;
use crate::state::settings::Preview;

/// The largest photo in base64: tickets are kept for days.
const MOST_PHOTO: usize = 256 * 1024;

/// Registers a ticket. There is no printer, so the ticket is drawn unless the settings say otherwise.
pub(crate) fn registrate(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["services", "priority", "pin_code", "photo", "noprint", "comment"])?;
    let drawn = ask.flag("noprint")? || state.settings.preview == Preview::Always;
    let photo = ask.text("photo")?.filter(|photo| !photo.is_empty());
    if photo.as_ref().is_some_and(|photo| photo.len() > MOST_PHOTO) {
        return Err(Error::Value(format!("Parameter 'photo': larger than {MOST_PHOTO} bytes")));
    }
    let session = ask.session()?;
    let wanted = Registration {
        services: ask.need_ints("services")?,
        priority: ask.int("priority")?.unwrap_or_else(|| state.registrator_priority(session)),
        pin_code: ask.text("pin_code")?,
        photo,
        comment: ask.text("comment")?,
    };
    let id = state.register(wanted, ask.now)?;
    let picture = state.consumers.get(&id).filter(|_| drawn).map(|consumer| Picture::of(consumer, state));
    let consumer = state.shown(id);
    Ok(Answer::data(match picture {
        Some(picture) => json!({"preview": picture.preview(), "consumer": consumer}),
        None => json!({"consumer": consumer}),
    }))
}
