//! Looking at the queue: `currentQueue` and its subscription, `postponeDelay`, `statistics`, and what was observed.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::ask::{Answer, Ask, Moment};
use crate::api::serving::Words;
use crate::api::topics::Topic;
use crate::errors::Error;
use crate::state::State;
use crate::state::history::Filter;
use crate::state::view::View;

/// A command that takes nothing.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// The queue to a window; left out, the session's.
#[derive(Deserialize)]
pub(crate) struct CurrentQueue {
    workplace: Option<i64>,
    detailed: Option<bool>,
}

/// The queue as newer clients ask for it: boards leave the window out and ask for `servingOnly`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentQueue2 {
    workplace: Option<i64>,
    detailed: Option<bool>,
    /// 0: all.
    size: Option<i64>,
    serving_only: Option<bool>,
}

/// A window; left out, the session's.
#[derive(Deserialize)]
pub(crate) struct CurrentConsumer {
    workplace: Option<i64>,
}

/// The window that is named, or the session's.
fn window(ask: &Ask<'_, '_>, state: &State, named: Option<i64>) -> Result<i64, Error> {
    let workplace = named.or(ask.session()?.workplace);
    let workplace = workplace.ok_or_else(|| Error::Missing("Request", "workplace".into()))?;
    state.check_workplace(workplace)?;
    Ok(workplace)
}

/// The minutes by which a consumer can be postponed, as strings, as printed.
pub(crate) fn postpone_delay(_: &mut Ask<'_, '_>, state: &mut State, _: Nothing) -> Result<Answer, Error> {
    let delays = state.settings.postpone_delays.iter().map(|minutes| json!(minutes.to_string()));
    Ok(Answer::data(delays.collect()))
}

/// The view that `currentQueue` asks for.
fn view(ask: &Ask<'_, '_>, state: &State, at: &CurrentQueue) -> Result<View, Error> {
    let workplace = window(ask, state, at.workplace)?;
    let detailed = at.detailed.unwrap_or(false);
    Ok(View { listed: false, workplace: Some(workplace), detailed, serving_only: false, size: 0 })
}

/// The queue to a window.
pub(crate) fn current(ask: &mut Ask<'_, '_>, state: &mut State, at: CurrentQueue) -> Result<Answer, Error> {
    let view = view(ask, state, &at)?;
    Ok(Answer::data(state.queue(&view)))
}

/// A new view of a window's queue takes the place of the socket's old one.
fn subscribe_view(ask: &mut Ask<'_, '_>, view: View) -> Result<(), Error> {
    let View { listed, workplace, .. } = view;
    ask.context.unsubscribe(
        move |topic| matches!(topic, Topic::Queue(old) if old.listed == listed && old.workplace == workplace),
    );
    ask.subscribe(Topic::Queue(view))
}

/// Subscribes to it.
pub(crate) fn subscribe(ask: &mut Ask<'_, '_>, state: &mut State, at: CurrentQueue) -> Result<Answer, Error> {
    let view = view(ask, state, &at)?;
    subscribe_view(ask, view)?;
    Ok(Answer::done())
}

/// Ends the subscriptions of one of the two kinds to a window's queue; without a window, to all.
fn unsubscribe_views(ask: &mut Ask<'_, '_>, listed: bool, workplace: Option<i64>) -> Answer {
    ask.context.unsubscribe(move |topic| match topic {
        Topic::Queue(view) => view.listed == listed && (workplace.is_none() || view.workplace == workplace),
        Topic::Book(_) => false,
    });
    Answer::done()
}

/// Ends what `subscribeCurrentQueue` began.
pub(crate) fn unsubscribe(ask: &mut Ask<'_, '_>, _: &mut State, which: CurrentQueue2) -> Result<Answer, Error> {
    Ok(unsubscribe_views(ask, false, which.workplace))
}

/// Ends what `subscribeCurrentQueue2` began.
pub(crate) fn unsubscribe2(ask: &mut Ask<'_, '_>, _: &mut State, which: CurrentQueue2) -> Result<Answer, Error> {
    Ok(unsubscribe_views(ask, true, which.workplace))
}

/// The view that `currentQueue2` asks for.
fn view2(state: &State, of: &CurrentQueue2) -> Result<View, Error> {
    let workplace = of.workplace;
    if let Some(workplace) = workplace {
        state.check_workplace(workplace)?;
    }
    let size = of.size.unwrap_or(0);
    let wrong = |_| Error::Value(format!("Parameter 'size': expected a whole number from 0, found {size}"));
    Ok(View {
        listed: true,
        workplace,
        detailed: of.detailed.unwrap_or(false),
        serving_only: of.serving_only.unwrap_or(false),
        size: usize::try_from(size).map_err(wrong)?,
    })
}

/// The queue as newer clients ask for it.
pub(crate) fn current2(_: &mut Ask<'_, '_>, state: &mut State, of: CurrentQueue2) -> Result<Answer, Error> {
    let view = view2(state, &of)?;
    Ok(Answer::data(state.queue(&view)))
}

/// Subscribes to it.
pub(crate) fn subscribe2(ask: &mut Ask<'_, '_>, state: &mut State, of: CurrentQueue2) -> Result<Answer, Error> {
    let view = view2(state, &of)?;
    subscribe_view(ask, view)?;
    Ok(Answer::done())
}

/// Whose ticket is served at a window; `null` when nobody's is, which is what its clients test for.
pub(crate) fn current_consumer(ask: &mut Ask<'_, '_>, state: &mut State, at: CurrentConsumer) -> Result<Answer, Error> {
    let workplace = window(ask, state, at.workplace)?;
    Ok(Answer::data(state.consumer_at(workplace).map_or(Value::Null, |id| state.shown(id))))
}

/// What happened, of which period, and how deep.
#[derive(Deserialize)]
pub(crate) struct Statistics {
    from: Option<Moment>,
    to: Option<Moment>,
    workplace: Option<i64>,
    user: Option<i64>,
    #[serde(rename = "userRole")]
    role: Option<i64>,
    ticket: Option<Words>,
    services: Option<bool>,
    stages: Option<bool>,
    operations: Option<bool>,
}

/// What happened.
pub(crate) fn statistics(_: &mut Ask<'_, '_>, state: &mut State, of: Statistics) -> Result<Answer, Error> {
    // What is deeper is shown within what is around it.
    let operations = of.operations.unwrap_or(false);
    let stages = operations || of.stages.unwrap_or(false);
    let filter = Filter {
        from: of.from.map(|from| from.0),
        to: of.to.map(|to| to.0),
        workplace: of.workplace,
        user: of.user,
        role: of.role,
        ticket: of.ticket.map(|ticket| ticket.to_string()),
        services: stages || of.services.unwrap_or(false),
        stages,
        operations,
    };
    if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
        return Err(Error::Value("Parameter 'from' is later than 'to'".into()));
    }
    Ok(Answer::data(state.statistics(&filter)))
}
