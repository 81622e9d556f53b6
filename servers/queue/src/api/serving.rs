//! What clerks command.

use jiff::SignedDuration;
use serde_json::{Value, json};
use stend_core::Span;

use crate::api::ask::{Answer, Ask};
use crate::errors::Error;
use crate::state::State;
use crate::state::serving::Ending;
use crate::state::settings::{Nobody, PostponeBy};
use crate::state::tickets::Place;

/// Calls the next consumer; `data` is empty when nobody waits.
pub(crate) fn next(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["workplace"])?;
    let post = ask.post(state)?;
    let id = state.next_consumer(post, ask.now);
    let nobody = || match state.settings.nobody {
        Nobody::Object => json!({}),
        Nobody::None => Value::Null,
        Nobody::List => json!([]),
    };
    Ok(Answer::data(id.map_or_else(nobody, |id| state.shown(id))))
}

/// Calls a certain consumer out of the queue.
pub(crate) fn from_body(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["id", "workplace"])?;
    let id = ask.need_int("id")?;
    let post = ask.post(state)?;
    let id = state.call_from_body(post, id, ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Calls the consumer at the window once more.
pub(crate) fn retry(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["workplace"])?;
    let post = ask.post(state)?;
    state.retry(post, ask.now)?;
    Ok(Answer::done())
}

/// Which operation is meant: service, stage, operation.
fn place(ask: &mut Ask<'_, '_>) -> Result<Place, Error> {
    ask.known(&["service", "priority", "operation", "comment", "workplace"])?;
    Ok((ask.need_int("service")?, ask.need_int("priority")?, ask.need_int("operation")?))
}

/// Serves one operation.
pub(crate) fn serve_operation(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    end_operation(ask, state, Ending::Serve)
}

/// Rejects one operation.
pub(crate) fn reject_operation(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    end_operation(ask, state, Ending::Reject)
}

fn end_operation(ask: &mut Ask<'_, '_>, state: &mut State, ending: Ending) -> Result<Answer, Error> {
    let place = place(ask)?;
    let comment = comment(ask)?;
    let post = ask.post(state)?;
    let id = state.end_operation(post, place, ending, comment.as_deref(), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

fn comment(ask: &Ask<'_, '_>) -> Result<Option<String>, Error> {
    Ok(ask.text("comment")?.filter(|comment| !comment.is_empty()))
}

/// Serves everything that is in service at the window.
pub(crate) fn serve_consumer(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["comment", "workplace"])?;
    let comment = comment(ask)?;
    let post = ask.post(state)?;
    let id = state.serve_consumer(post, comment.as_deref(), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Rejects everything of the consumer.
pub(crate) fn reject_consumer(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["comment", "workplace"])?;
    let comment = comment(ask)?;
    let post = ask.post(state)?;
    let id = state.reject_consumer(post, comment.as_deref(), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Rejects everything of one service.
pub(crate) fn reject_service(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["service", "comment", "workplace"])?;
    let service = ask.need_int("service")?;
    let comment = comment(ask)?;
    let post = ask.post(state)?;
    let id = state.reject_service(post, service, comment.as_deref(), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// The longest a consumer is postponed, in minutes.
const LONGEST: i64 = 24 * 60;

/// Postpones the consumer at the window.
pub(crate) fn postpone(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["delay", "return2me", "comment", "workplace"])?;
    let minutes = ask.need_int("delay")?;
    if !(1..=LONGEST).contains(&minutes) {
        return Err(Error::Delay(minutes, format!("from 1 to {LONGEST}")));
    }
    let listed = &state.settings.postpone_delays;
    if state.settings.postpone_by == PostponeBy::Listed && !listed.contains(&minutes) {
        let known: Vec<String> = listed.iter().map(i64::to_string).collect();
        return Err(Error::Delay(minutes, format!("one of {}", known.join(", "))));
    }
    let delay = Span::from_signed(SignedDuration::from_mins(minutes));
    let return2me = ask.flag("return2me")?;
    let comment = comment(ask)?;
    let post = ask.post(state)?;
    let id = state.postpone(post, delay, return2me, comment.as_deref(), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Puts the consumer at the window back and calls the next other one.
pub(crate) fn skip(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["workplace"])?;
    let post = ask.post(state)?;
    let id = state.skip(post, ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Adds a service to the consumer at the window.
pub(crate) fn add_service(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["service", "workplace"])?;
    let service = ask.need_int("service")?;
    let post = ask.post(state)?;
    let id = state.add_service(post, service, ask.now)?;
    Ok(Answer::data(state.shown(id)))
}
