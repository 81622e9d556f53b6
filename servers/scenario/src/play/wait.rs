//! Steps with `wait_for`: a push, a request, a frame, a state.

use std::time::Duration;

use serde_json::Value;
use stend_core::Span;
use stend_core::turn::Turn;

use super::Player;
use crate::entries::plural;
use crate::file::{Push, WaitFor, json as plain};

/// How long something that was sent already may take to arrive, by the wall clock.
const GRACE: Duration = Duration::from_millis(300);

/// Longer than anybody waits by the wall clock.
const FOREVER: Duration = Duration::from_secs(24 * 3600);

impl Player<'_> {
    pub(super) async fn wait_for(&mut self, wait: &WaitFor, turn: Turn) -> (Result<Value, String>, Turn) {
        match &wait.push {
            Some(push) => self.wait_for_push(push, wait.within, turn).await,
            None => self.wait_for_world(wait, turn).await,
        }
    }

    /// Waits until the journal or the state is as wanted: looked at whenever something falls due or is asked.
    async fn wait_for_world(&mut self, wait: &WaitFor, mut turn: Turn) -> (Result<Value, String>, Turn) {
        let until = wait.within.after(self.world.now());
        let mut journal = self.world.journal.watch();
        loop {
            match self.look(wait) {
                Ok(Some(found)) => return (Ok(found), turn),
                Err(why) if self.world.now() >= until => {
                    return (Err(format!("not within {}: {why}", wait.within)), turn);
                }
                Ok(None) if self.world.now() >= until => return (Err(format!("not within {}", wait.within)), turn),
                _ => {}
            }
            let next = self.world.next_due().map_or(until, |due| due.min(until));
            let sleep = self.world.sleep_until(next);
            drop(turn);
            turn = tokio::select! {
                woken = sleep => woken.unwrap_or_else(|_| self.world.turn()),
                _ = journal.changed() => self.world.turn(),
            };
        }
    }

    fn look(&self, wait: &WaitFor) -> Result<Option<Value>, String> {
        if let Some(wanted) = wait.wanted() {
            let filter = wanted.filter(&self.captured).map_err(|problem| problem.message)?;
            let found = filter.read(self.world, 0);
            let nth = wanted.entries.nth.unwrap_or(1);
            if let Some(entry) = usize::try_from(nth - 1).ok().and_then(|index| found.get(index)) {
                return Ok(Some(entry.to_json()));
            }
            let words = plural(wanted.word);
            if !found.is_empty() {
                return Err(format!(
                    "{} {words} matched, and the one with the number {nth} was waited for",
                    found.len()
                ));
            }
            let entries = self.world.journal.read(0, |_| true);
            let nearest = filter.nearest(&entries).map(|nearest| nearest.to_string());
            return Err(nearest.unwrap_or_else(|| format!("no {words} came")));
        }
        let Some(paths) = plain(&wait.state) else { return Ok(None) };
        let state = self.world.save().to_json();
        self.check_json(&paths, &state)?;
        Ok(Some(state))
    }

    async fn wait_for_push(&mut self, push: &Push, within: Span, turn: Turn) -> (Result<Value, String>, Turn) {
        let Push { fake, command, connection } = push;
        let Some(base) = self.reach.get(fake).cloned() else {
            return (Err(format!("{fake} is not served here")), turn);
        };
        if !self.sockets.is_open(&base, connection) {
            return (
                Err(format!("no `call` has opened the connection `{connection}` to {fake}, or it is closed")),
                turn,
            );
        }
        // What steps before have caused is under way and comes at once; only then does time go on.
        if let Some(push) = self.sockets.push(&base, connection, command, GRACE).await {
            return (Ok(push), turn);
        }
        let sleep = self.world.sleep_until(within.after(self.world.now()));
        drop(turn);
        let found = tokio::select! {
            push = self.sockets.push(&base, connection, command, FOREVER) => push,
            _ = sleep => None,
        };
        let turn = self.world.turn();
        match found {
            Some(push) => (Ok(push), turn),
            // It may have been sent at the very last moment.
            None => {
                let push = self.sockets.push(&base, connection, command, GRACE).await;
                let others = self.sockets.waiting(&base, connection);
                let told = if others.is_empty() { "none did".into() } else { format!("there were {others}") };
                (push.ok_or_else(|| format!("no push of `{command}` came within {within}; of others {told}")), turn)
            }
        }
    }
}
