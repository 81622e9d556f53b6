//! What clerks do: call, serve, reject, postpone, skip. The rules of a ticket's states.

use jiff::Timestamp;
use serde_json::{Value, json};
use stend_core::Span;

use super::State;
use super::fields::to_milli;
use super::line::{Rank, best};
use super::posts::Post;
use super::settings::{NextStage, RejectComment, RejectedEnds, SkipAlone};
use super::tickets::{Place, Stand};
use crate::errors::Error;

/// How operations end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Serve,
    Reject,
}

impl State {
    /// Whose ticket is served at a window.
    pub(crate) fn consumer_at(&self, workplace: i64) -> Option<i64> {
        self.books
            .workplaces
            .rows
            .get(&workplace)
            .map(|row| row.consumer_id)
            .filter(|id| self.consumers.contains_key(id))
    }

    fn served_at(&self, workplace: i64) -> Result<i64, Error> {
        self.consumer_at(workplace).ok_or(Error::NoConsumer(workplace))
    }

    /// A ticket by its id, as clients get it.
    pub(crate) fn shown(&self, id: i64) -> Value {
        self.consumers.get(&id).map_or_else(|| json!({}), |consumer| self.consumer_wire(consumer))
    }

    /// Calls the next consumer; who is being served already stays (Q18). `None` when nobody waits.
    pub(crate) fn next_consumer(&mut self, post: Post, now: Timestamp) -> Option<i64> {
        if let Some(id) = self.consumer_at(post.workplace) {
            return Some(id);
        }
        let operations = self.operations_for(post.workplace, Some(post.user));
        let id = self.line.first(&operations, Some(post.user))?;
        self.call(id, post, &operations, now);
        Some(id)
    }

    /// Calls a certain waiting consumer.
    ///
    /// # Errors
    /// The window is busy; nobody of this id; not waiting; nothing that could be served here.
    pub(crate) fn call_from_body(&mut self, post: Post, id: i64, now: Timestamp) -> Result<i64, Error> {
        let consumer = self.consumers.get(&id).ok_or_else(|| Error::NotFound("Consumer", id.to_string()))?;
        if let Some(other) = self.consumer_at(post.workplace).and_then(|other| self.consumers.get(&other)) {
            return Err(Error::Busy(post.workplace, other.ticket()));
        }
        if consumer.state != Stand::Waiting {
            return Err(Error::NotWaiting(consumer.ticket(), consumer.state.word()));
        }
        let operations = self.operations_for(post.workplace, Some(post.user));
        if self.servable(id, &operations, post.user).is_empty() {
            return Err(Error::NotServable(consumer.ticket(), post.workplace));
        }
        self.call(id, post, &operations, now);
        Ok(id)
    }

    /// The waiting operations of a ticket that a user with these operations may serve now.
    fn servable(&self, id: i64, operations: &[i64], user: i64) -> Vec<Place> {
        let Some(consumer) = self.consumers.get(&id) else { return Vec::new() };
        let mut places = consumer.due(Stand::Waiting);
        places.retain(|place| {
            let bound = consumer.step(*place).and_then(|step| step.bound_to);
            operations.contains(&place.2) && bound.is_none_or(|bound| bound == user)
        });
        places
    }

    fn call(&mut self, id: i64, post: Post, operations: &[i64], now: Timestamp) {
        let now = to_milli(now);
        let places = self.servable(id, operations, post.user);
        self.line.leave(id);
        let Some(consumer) = self.consumers.get_mut(&id) else { return };
        for place in places {
            if let Some(step) = consumer.step_mut(place) {
                step.user_id = Some(post.user);
                step.enter(Stand::Serving, now, Some((post.user, post.workplace)), None);
            }
        }
        consumer.workplace_id = post.workplace;
        consumer.last_call = Some(now);
        consumer.calls += 1;
        consumer.enter(Stand::Serving, now);
        self.change_window(post.workplace, now, |window| window.consumer_id = id);
        self.totals.called += 1;
    }

    /// Calls the consumer at the window once more.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn retry(&mut self, post: Post, now: Timestamp) -> Result<(), Error> {
        let id = self.served_at(post.workplace)?;
        if let Some(consumer) = self.consumers.get_mut(&id) {
            consumer.last_call = Some(to_milli(now));
            consumer.calls += 1;
            consumer.last_update = to_milli(now);
        }
        self.totals.called += 1;
        Ok(())
    }

    /// Serves or rejects one operation (Q19: as printed, the ticket ends SERVED either way).
    ///
    /// # Errors
    /// Nobody at the window, or that operation is not in service.
    pub(crate) fn end_operation(
        &mut self,
        post: Post,
        place: Place,
        ending: Ending,
        comment: Option<&str>,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let id = self.served_at(post.workplace)?;
        let serving = self.consumers.get(&id).and_then(|consumer| consumer.step(place));
        let Some(step) = serving.filter(|step| step.state == Stand::Serving) else {
            return Err(Error::NotInService(place.0, place.1, place.2));
        };
        if ending == Ending::Serve && step.bound_to.is_some_and(|user| user != post.user) {
            return Err(self.not_servable(id, post));
        }
        self.end(id, &[place], ending, comment, 1, post, now);
        let ended = if ending == Ending::Serve { Stand::Served } else { self.rejected() };
        self.part(id, post, ended, now);
        Ok(id)
    }

    /// Serves everything that is in service here and not bound to another user: who logs in at the window after the one
    /// who called may not serve what only that one may (Q20).
    ///
    /// # Errors
    /// Nobody is at the window, or all of it is bound to another.
    pub(crate) fn serve_consumer(&mut self, post: Post, comment: Option<&str>, now: Timestamp) -> Result<i64, Error> {
        let id = self.served_at(post.workplace)?;
        let mut places = self.in_service(id);
        places.retain(|place| !self.is_bound_to_another(id, *place, post.user));
        if places.is_empty() {
            return Err(self.not_servable(id, post));
        }
        self.end(id, &places, Ending::Serve, comment, 1, post, now);
        self.part(id, post, Stand::Served, now);
        Ok(id)
    }

    fn is_bound_to_another(&self, id: i64, place: Place, user: i64) -> bool {
        let step = self.consumers.get(&id).and_then(|consumer| consumer.step(place));
        step.and_then(|step| step.bound_to).is_some_and(|bound| bound != user)
    }

    fn not_servable(&self, id: i64, post: Post) -> Error {
        let ticket = self.consumers.get(&id).map(super::tickets::Consumer::ticket).unwrap_or_default();
        Error::NotServable(ticket, post.workplace)
    }

    /// How `rejectOperation` and `rejectConsumer` leave a ticket.
    fn rejected(&self) -> Stand {
        match self.settings.rejected_ends {
            RejectedEnds::Served => Stand::Served,
            RejectedEnds::Rejected => Stand::Rejected,
        }
    }

    /// Rejects everything of the ticket; the comment is written twice, as printed (Q19).
    ///
    /// # Errors
    /// Nobody is at the window.
    pub(crate) fn reject_consumer(&mut self, post: Post, comment: Option<&str>, now: Timestamp) -> Result<i64, Error> {
        let id = self.served_at(post.workplace)?;
        let places = self.consumers.get(&id).map(super::tickets::Consumer::open).unwrap_or_default();
        let times = if self.settings.reject_comment == RejectComment::Twice { 2 } else { 1 };
        self.end(id, &places, Ending::Reject, comment, times, post, now);
        let ended = self.rejected();
        self.part(id, post, ended, now);
        Ok(id)
    }

    /// Rejects everything of one service; the ticket ends REJECTED if nothing else is open (Q19).
    ///
    /// # Errors
    /// Nobody is at the window, or the ticket has no such service to be served.
    pub(crate) fn reject_service(
        &mut self,
        post: Post,
        service: i64,
        comment: Option<&str>,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let id = self.served_at(post.workplace)?;
        let mut places = self.consumers.get(&id).map(super::tickets::Consumer::open).unwrap_or_default();
        places.retain(|place| place.0 == service);
        if places.is_empty() {
            return Err(Error::NoSuchService(service));
        }
        self.end(id, &places, Ending::Reject, comment, 1, post, now);
        self.part(id, post, Stand::Rejected, now);
        Ok(id)
    }

    fn in_service(&self, id: i64) -> Vec<Place> {
        let Some(consumer) = self.consumers.get(&id) else { return Vec::new() };
        let mut places = consumer.open();
        places.retain(|place| consumer.step(*place).is_some_and(|step| step.state == Stand::Serving));
        places
    }

    #[allow(clippy::too_many_arguments, reason = "one call for all four commands that end operations")]
    fn end(
        &mut self,
        id: i64,
        places: &[Place],
        ending: Ending,
        comment: Option<&str>,
        times: usize,
        post: Post,
        now: Timestamp,
    ) {
        let Some(consumer) = self.consumers.get_mut(&id) else { return };
        for place in places {
            if let Some(step) = consumer.step_mut(*place) {
                step.user_id = Some(post.user);
                step.bound_to = None;
                let state = if ending == Ending::Serve { Stand::Served } else { Stand::Rejected };
                step.enter(state, now, Some((post.user, post.workplace)), comment);
                if let Some(comment) = comment {
                    step.comment.extend(std::iter::repeat_n(comment.to_owned(), times));
                }
            }
        }
        consumer.last_update = to_milli(now);
    }

    /// When nothing of the ticket is in service any more, it leaves the window: done with, or back in the line (Q22).
    fn part(&mut self, id: i64, post: Post, ended: Stand, now: Timestamp) {
        if !self.in_service(id).is_empty() {
            return;
        }
        let now = to_milli(now);
        if self.settings.next_stage == NextStage::Stay && self.go_on(id, post, None, now) {
            return;
        }
        let Some(consumer) = self.consumers.get_mut(&id) else { return };
        consumer.workplace_id = -1;
        if consumer.open().is_empty() {
            consumer.enter(ended, now);
            consumer.done = Some(now);
            match ended {
                Stand::Rejected => self.totals.rejected += 1,
                _ => self.totals.served += 1,
            }
        } else {
            consumer.enter(Stand::Waiting, now);
            self.stand_in_line(id);
        }
        self.change_window(post.workplace, now, |window| window.consumer_id = -1);
    }

    /// Postpones the consumer at the window (Q20).
    ///
    /// # Errors
    /// Nobody is there.
    pub(crate) fn postpone(
        &mut self,
        post: Post,
        delay: Span,
        return2me: bool,
        comment: Option<&str>,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let id = self.served_at(post.workplace)?;
        let places = self.in_service(id);
        let now = to_milli(now);
        let to = delay.after(now);
        let Some(consumer) = self.consumers.get_mut(&id) else { return Err(Error::NoConsumer(post.workplace)) };
        for place in places {
            if let Some(step) = consumer.step_mut(place) {
                step.enter(Stand::Postpone, now, Some((post.user, post.workplace)), comment);
                if return2me {
                    // Who has bound it keeps it.
                    step.bound_to.get_or_insert(post.user);
                }
            }
        }
        consumer.postpone_to = Some(to);
        consumer.enter(Stand::Postpone, now);
        self.postponed.insert((to, id));
        self.change_window(post.workplace, now, |window| window.consumer_id = -1);
        self.totals.postponed += 1;
        Ok(id)
    }

    /// A postponed ticket is back in the line.
    pub(crate) fn come_back(&mut self, id: i64, now: Timestamp) -> Option<String> {
        self.back_in_line(id, Stand::Postpone, now)?;
        self.consumers.get(&id).map(super::tickets::Consumer::ticket)
    }

    /// Whatever of the ticket stands so waits again.
    fn back_in_line(&mut self, id: i64, from: Stand, now: Timestamp) -> Option<()> {
        let consumer = self.consumers.get_mut(&id)?;
        for place in consumer.open() {
            if let Some(step) = consumer.step_mut(place).filter(|step| step.state == from) {
                step.user_id = step.bound_to;
                step.enter(Stand::Waiting, now, None, None);
            }
        }
        consumer.postpone_to = None;
        consumer.workplace_id = -1;
        consumer.enter(Stand::Waiting, now);
        self.stand_in_line(id);
        Some(())
    }

    /// Puts the consumer at the window back and calls the one behind him in the line; behind the last, the first (Q21).
    ///
    /// # Errors
    /// Nobody is at the window, or nobody else waits; nothing changes then.
    pub(crate) fn skip(&mut self, post: Post, now: Timestamp) -> Result<i64, Error> {
        let id = self.served_at(post.workplace)?;
        let operations = self.operations_for(post.workplace, Some(post.user));
        // Who is being served is in no lane, so this is another.
        let next = self.place_when_back(id, &operations, post.user);
        let next = next.and_then(|rank| self.line.behind(rank, &operations, Some(post.user)));
        let Some(next) = next else {
            return match self.settings.skip_alone {
                SkipAlone::Error => Err(Error::NobodyElse),
                SkipAlone::Stays => Ok(id),
            };
        };
        self.back_in_line(id, Stand::Serving, to_milli(now));
        if let Some(consumer) = self.consumers.get_mut(&id) {
            consumer.vanish_count += 1;
        }
        self.totals.skipped += 1;
        self.call(next, post, &operations, now);
        Ok(next)
    }

    /// Where who is at a window would stand if he were put back, as that user sees the line.
    fn place_when_back(&self, id: i64, operations: &[i64], user: i64) -> Option<Rank> {
        let consumer = self.consumers.get(&id)?;
        let mut places = consumer.due(Stand::Serving);
        places.extend(consumer.due(Stand::Waiting));
        let lanes = self.lanes(consumer, places);
        // What is in service may be bound to another: then his place is the one that all see.
        best(&lanes, operations, Some(user)).or_else(|| lanes.iter().map(|(_, rank)| *rank).min())
    }

    /// Adds a service to the consumer at the window. What can be served here at once is in service at once.
    ///
    /// # Errors
    /// Nobody is at the window; an unknown or disabled service; one that the ticket has already.
    pub(crate) fn add_service(&mut self, post: Post, service: i64, now: Timestamp) -> Result<i64, Error> {
        let id = self.served_at(post.workplace)?;
        let row = self.books.services.rows.get(&service);
        let row = row.ok_or_else(|| Error::NotFound("Service", service.to_string()))?;
        if row.disabled != 0 {
            return Err(Error::Disabled(format!("Service {service}")));
        }
        if self.consumers.get(&id).is_some_and(|consumer| consumer.services.contains_key(&service)) {
            return Err(Error::ServiceTaken(service));
        }
        let Some(taken) = self.take(service, now) else { return Err(Error::NoSuchService(service)) };
        if let Some(consumer) = self.consumers.get_mut(&id) {
            consumer.services.insert(service, taken);
            consumer.last_update = to_milli(now);
        }
        self.go_on(id, post, Some(service), now);
        Ok(id)
    }

    /// What waits of the ticket at the window, or of one service of it, and can be served there is in service from now
    /// on; whether anything is.
    fn go_on(&mut self, id: i64, post: Post, service: Option<i64>, now: Timestamp) -> bool {
        let operations = self.operations_for(post.workplace, Some(post.user));
        let mut places = self.servable(id, &operations, post.user);
        places.retain(|place| service.is_none_or(|service| place.0 == service));
        let Some(consumer) = self.consumers.get_mut(&id).filter(|_| !places.is_empty()) else { return false };
        for place in places {
            if let Some(step) = consumer.step_mut(place) {
                step.user_id = Some(post.user);
                step.enter(Stand::Serving, now, Some((post.user, post.workplace)), None);
            }
        }
        true
    }
}
