//! Looking at the queue: `currentQueue` and its subscription, `postponeDelay`, `statistics`, and what was observed.

use serde_json::{Value, json};

use crate::api::ask::{Answer, Ask};
use crate::api::topics::Topic;
use crate::errors::Error;
use crate::state::State;
use crate::state::history::Filter;
use crate::state::view::View;

/// The minutes by which a consumer can be postponed, as strings, as printed.
pub(crate) fn postpone_delay(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&[])?;
    let delays = state.settings.postpone_delays.iter().map(|minutes| json!(minutes.to_string()));
    Ok(Answer::data(delays.collect()))
}

/// The view that `currentQueue` speaks of.
fn view(ask: &mut Ask<'_, '_>, state: &State) -> Result<View, Error> {
    ask.known(&["workplace", "detailed"])?;
    let workplace = ask.int("workplace")?.or(ask.session()?.workplace);
    let workplace = workplace.ok_or(Error::Missing("Request", "workplace"))?;
    state.check_workplace(workplace)?;
    let detailed = ask.flag("detailed")?;
    Ok(View { listed: false, workplace: Some(workplace), detailed, serving_only: false, size: 0 })
}

/// The queue to a window.
pub(crate) fn current(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    let view = view(ask, state)?;
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
pub(crate) fn subscribe(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    let view = view(ask, state)?;
    subscribe_view(ask, view)?;
    Ok(Answer::done())
}

/// Ends the subscription to a window's queue; without a window, to all.
pub(crate) fn unsubscribe(ask: &mut Ask<'_, '_>, _: &mut State) -> Result<Answer, Error> {
    ask.known(&["workplace", "detailed", "size", "servingOnly"])?;
    let workplace = ask.int("workplace")?;
    ask.context.unsubscribe(move |topic| match topic {
        Topic::Queue(view) => workplace.is_none() || view.workplace == workplace,
        Topic::Book(_) => false,
    });
    Ok(Answer::done())
}

/// The view that `currentQueue2` speaks of: boards leave the window out and ask for `servingOnly`.
fn view2(ask: &mut Ask<'_, '_>, state: &State) -> Result<View, Error> {
    ask.known(&["workplace", "detailed", "size", "servingOnly"])?;
    let workplace = ask.int("workplace")?;
    if let Some(workplace) = workplace {
        state.check_workplace(workplace)?;
    }
    let size = ask.int("size")?.unwrap_or(0);
    let wrong = |_| Error::Value(format!("Parameter 'size': expected a whole number from 0, found {size}"));
    Ok(View {
        listed: true,
        workplace,
        detailed: ask.flag("detailed")?,
        serving_only: ask.flag("servingOnly")?,
        size: usize::try_from(size).map_err(wrong)?,
    })
}

/// The queue as newer clients ask for it.
pub(crate) fn current2(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    let view = view2(ask, state)?;
    Ok(Answer::data(state.queue(&view)))
}

/// Subscribes to it.
pub(crate) fn subscribe2(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    let view = view2(ask, state)?;
    subscribe_view(ask, view)?;
    Ok(Answer::done())
}

/// Whose ticket is served at a window; `null` when nobody's is, which is what its clients test for.
pub(crate) fn current_consumer(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["workplace"])?;
    let workplace = ask.int("workplace")?.or(ask.session()?.workplace);
    let workplace = workplace.ok_or(Error::Missing("Request", "workplace"))?;
    state.check_workplace(workplace)?;
    Ok(Answer::data(state.consumer_at(workplace).map_or(Value::Null, |id| state.shown(id))))
}

/// What happened.
pub(crate) fn statistics(ask: &mut Ask<'_, '_>, state: &mut State) -> Result<Answer, Error> {
    ask.known(&["from", "to", "workplace", "user", "userRole", "ticket", "services", "stages", "operations"])?;
    let filter = Filter {
        from: ask.moment("from")?,
        to: ask.moment("to")?,
        workplace: ask.int("workplace")?,
        user: ask.int("user")?,
        role: ask.int("userRole")?,
        ticket: ask.text("ticket")?,
        services: ask.flag("services")?,
        stages: ask.flag("stages")?,
        operations: ask.flag("operations")?,
    };
    if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
        return Err(Error::Value("Parameter 'from' is later than 'to'".into()));
    }
    Ok(Answer::data(state.statistics(&filter)))
}
