//! Steps with `wait_for`: a push, a request, a frame, a state.

use std::time::Duration;

use serde_json::Value;
use stend_core::Span;
use stend_core::busy::BusyGuard;

use super::Player;
use crate::entries::plural;
use crate::file::{Push, WaitFor, json as plain};
use crate::search::Looked;

/// How long something that was sent already may take to arrive, by the wall clock.
const GRACE: Duration = Duration::from_millis(300);

/// Longer than anybody waits by the wall clock.
const FOREVER: Duration = Duration::from_secs(24 * 3600);

impl Player<'_> {
    pub(super) async fn wait_for(&mut self, wait: &WaitFor, guard: BusyGuard) -> (Result<Value, String>, BusyGuard) {
        match &wait.push {
            Some(push) => self.wait_for_push(push, wait.within, guard).await,
            None => self.wait_for_world(wait, guard).await,
        }
    }

    /// Waits until the journal or the state is as wanted: looked at whenever something is recorded: a request, an action,
    /// what falls due.
    async fn wait_for_world(&mut self, wait: &WaitFor, mut guard: BusyGuard) -> (Result<Value, String>, BusyGuard) {
        let until = wait.within.after(self.world.now());
        let mut recorded = self.world.watch();
        let (mut looked, mut why) = (Looked::default(), None);
        loop {
            if let Some(found) = self.look(wait, &mut looked, &mut why) {
                return (Ok(found), guard);
            }
            if self.world.now() >= until {
                return (Err(format!("not within {}: {}", wait.within, self.missing(wait, &looked, why))), guard);
            }
            let next = self.world.next_due().map_or(until, |due| due.min(until));
            let sleep = self.world.sleep_until(next);
            drop(guard);
            guard = tokio::select! {
                // Whoever is woken has a guard already, and the clock must not run past.
                biased;
                woken = sleep => woken.unwrap_or_else(|_| self.world.guard()),
                _ = recorded.changed() => self.world.guard(),
            };
        }
    }

    /// What is wanted, if it is there; or else why it is not, if that is known already.
    fn look(&self, wait: &WaitFor, looked: &mut Looked, why: &mut Option<String>) -> Option<Value> {
        let found = if let Some(wanted) = wait.wanted() {
            let filter = wanted.filter(&self.captured).map_err(|problem| problem.message);
            filter.map(|filter| {
                looked.nth(&filter, &self.world.journal, wanted.entries.nth.unwrap_or(1)).map(|entry| entry.to_json())
            })
        } else {
            let paths = plain(&wait.state)?;
            let state = self.world.save().to_json();
            self.check_json(&paths, &state).map(|()| Some(state)).map_err(|failed| failed.why)
        };
        found.unwrap_or_else(|described| {
            *why = Some(described);
            None
        })
    }

    /// The message about something that did not come.
    fn missing(&mut self, wait: &WaitFor, looked: &Looked, why: Option<String>) -> String {
        if let Some(why) = why {
            return why;
        }
        let Some(wanted) = wait.wanted() else { return String::new() };
        let (words, nth) = (plural(wanted.word), wanted.entries.nth.unwrap_or(1));
        if looked.matched > 0 {
            return format!("{} {words} matched, and the one with the number {nth} was waited for", looked.matched);
        }
        let journal = &self.world.journal;
        let nearest = wanted.filter(&self.captured).ok().and_then(|filter| filter.nearest(journal, journal.all()));
        let Some(nearest) = nearest else { return format!("no {words} came") };
        self.seen.nearest = nearest.to_json();
        nearest.describe(self.world)
    }

    async fn wait_for_push(
        &mut self,
        push: &Push,
        within: Span,
        guard: BusyGuard,
    ) -> (Result<Value, String>, BusyGuard) {
        let Push { service, command, connection } = push;
        let Some(base) = self.reach.get(service).cloned() else {
            return (Err(format!("{service} is not served here")), guard);
        };
        if !self.sockets.is_open(&base, connection) {
            return (
                Err(format!("no `call` has opened the connection `{connection}` to {service}, or it is closed")),
                guard,
            );
        }
        // What steps before have caused is under way and comes at once; only then does time go on.
        if let Some(push) = self.sockets.push(&base, connection, command, GRACE).await {
            return (Ok(push), guard);
        }
        let sleep = self.world.sleep_until(within.after(self.world.now()));
        drop(guard);
        let found = tokio::select! {
            push = self.sockets.push(&base, connection, command, FOREVER) => push,
            _ = sleep => None,
        };
        let guard = self.world.guard();
        match found {
            Some(push) => (Ok(push), guard),
            // It may have been sent at the very last moment.
            None => {
                let push = self.sockets.push(&base, connection, command, GRACE).await;
                let others = self.sockets.waiting(&base, connection);
                let described = if others.is_empty() { "none did".into() } else { format!("there were {others}") };
                (
                    push.ok_or_else(|| format!("no push of `{command}` came within {within}; of others {described}")),
                    guard,
                )
            }
        }
    }
}
