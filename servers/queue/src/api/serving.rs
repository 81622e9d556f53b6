//! What clerks command.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};
use stend_core::Span;
use stend_core::request::Code;

use crate::api::ask::{Answer, Ask};
use crate::errors::Error;
use crate::state::State;
use crate::state::serving::Ending;
use crate::state::settings::{Nobody, PostponeBy};

/// Any text; a number stands for its digits.
pub(crate) type Words = Code<{ usize::MAX }>;

/// A window; left out, the session's.
#[derive(Deserialize)]
pub(crate) struct AtWindow {
    workplace: Option<i64>,
}

/// A certain consumer, to be called to a window.
#[derive(Deserialize)]
pub(crate) struct Certain {
    id: i64,
    workplace: Option<i64>,
}

/// One operation of the consumer at a window.
#[derive(Deserialize)]
pub(crate) struct OneOperation {
    service: i64,
    /// The stage.
    priority: i64,
    operation: i64,
    comment: Option<Words>,
    workplace: Option<i64>,
}

/// The consumer at a window, and what is said of him.
#[derive(Deserialize)]
pub(crate) struct WithComment {
    comment: Option<Words>,
    workplace: Option<i64>,
}

/// One service of the consumer at a window.
#[derive(Deserialize)]
pub(crate) struct OneService {
    service: i64,
    comment: Option<Words>,
    workplace: Option<i64>,
}

/// A service for the consumer at a window.
#[derive(Deserialize)]
pub(crate) struct AddService {
    service: i64,
    workplace: Option<i64>,
}

/// For how long the consumer at a window is sent away, in minutes, and whether only this clerk serves him then.
#[derive(Deserialize)]
pub(crate) struct Postpone {
    delay: i64,
    return2me: Option<bool>,
    comment: Option<Words>,
    workplace: Option<i64>,
}

/// Calls the next consumer; `data` is empty when nobody waits.
pub(crate) fn next(ask: &mut Ask<'_, '_>, state: &mut State, at: AtWindow) -> Result<Answer, Error> {
    let post = ask.post(state, at.workplace)?;
    let id = state.next_consumer(post, ask.now);
    let nobody = || match state.settings.nobody {
        Nobody::Object => json!({}),
        Nobody::None => Value::Null,
        Nobody::List => json!([]),
    };
    Ok(Answer::data(id.map_or_else(nobody, |id| state.shown(id))))
}

/// Calls a certain consumer out of the queue.
pub(crate) fn from_body(ask: &mut Ask<'_, '_>, state: &mut State, call: Certain) -> Result<Answer, Error> {
    let post = ask.post(state, call.workplace)?;
    let id = state.call_from_body(post, call.id, ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Calls the consumer at the window once more.
pub(crate) fn retry(ask: &mut Ask<'_, '_>, state: &mut State, at: AtWindow) -> Result<Answer, Error> {
    let post = ask.post(state, at.workplace)?;
    state.retry(post, ask.now)?;
    Ok(Answer::done())
}

/// Serves one operation.
pub(crate) fn serve_operation(ask: &mut Ask<'_, '_>, state: &mut State, which: OneOperation) -> Result<Answer, Error> {
    end_operation(ask, state, which, Ending::Serve)
}

/// Rejects one operation.
pub(crate) fn reject_operation(ask: &mut Ask<'_, '_>, state: &mut State, which: OneOperation) -> Result<Answer, Error> {
    end_operation(ask, state, which, Ending::Reject)
}

fn end_operation(
    ask: &mut Ask<'_, '_>,
    state: &mut State,
    which: OneOperation,
    ending: Ending,
) -> Result<Answer, Error> {
    let post = ask.post(state, which.workplace)?;
    let place = (which.service, which.priority, which.operation);
    let id = state.end_operation(post, place, ending, comment(&which.comment), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// A comment that says something.
fn comment(comment: &Option<Words>) -> Option<&str> {
    comment.as_deref().filter(|comment| !comment.is_empty())
}

/// Serves everything that is in service at the window.
pub(crate) fn serve_consumer(ask: &mut Ask<'_, '_>, state: &mut State, at: WithComment) -> Result<Answer, Error> {
    let post = ask.post(state, at.workplace)?;
    let id = state.serve_consumer(post, comment(&at.comment), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Rejects everything of the consumer.
pub(crate) fn reject_consumer(ask: &mut Ask<'_, '_>, state: &mut State, at: WithComment) -> Result<Answer, Error> {
    let post = ask.post(state, at.workplace)?;
    let id = state.reject_consumer(post, comment(&at.comment), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Rejects everything of one service.
pub(crate) fn reject_service(ask: &mut Ask<'_, '_>, state: &mut State, which: OneService) -> Result<Answer, Error> {
    let post = ask.post(state, which.workplace)?;
    let id = state.reject_service(post, which.service, comment(&which.comment), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// The longest a consumer is postponed, in minutes.
const LONGEST: i64 = 24 * 60;

/// Postpones the consumer at the window.
pub(crate) fn postpone(ask: &mut Ask<'_, '_>, state: &mut State, how: Postpone) -> Result<Answer, Error> {
    let minutes = how.delay;
    if !(1..=LONGEST).contains(&minutes) {
        return Err(Error::Delay(minutes, format!("from 1 to {LONGEST}")));
    }
    let listed = &state.settings.postpone_delays;
    if state.settings.postpone_by == PostponeBy::Listed && !listed.contains(&minutes) {
        let known: Vec<String> = listed.iter().map(i64::to_string).collect();
        return Err(Error::Delay(minutes, format!("one of {}", known.join(", "))));
    }
    let delay = Span::from_signed(SignedDuration::from_mins(minutes));
    let post = ask.post(state, how.workplace)?;
    let return2me = how.return2me.unwrap_or(false);
    let id = state.postpone(post, delay, return2me, comment(&how.comment), ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Puts the consumer at the window back and calls the next other one.
pub(crate) fn skip(ask: &mut Ask<'_, '_>, state: &mut State, at: AtWindow) -> Result<Answer, Error> {
    let post = ask.post(state, at.workplace)?;
    let id = state.skip(post, ask.now)?;
    Ok(Answer::data(state.shown(id)))
}

/// Adds a service to the consumer at the window.
pub(crate) fn add_service(ask: &mut Ask<'_, '_>, state: &mut State, add: AddService) -> Result<Answer, Error> {
    let post = ask.post(state, add.workplace)?;
    let id = state.add_service(post, add.service, ask.now)?;
    Ok(Answer::data(state.shown(id)))
}
