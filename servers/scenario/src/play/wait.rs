//! Steps with `wait_for`: a push, a request, a state.

use std::time::Duration;

use serde_json::Value;
use stend_core::Span;
use stend_core::turn::Turn;

use super::Player;
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
        if let Some(request) = &wait.request {
            let filter = request.filter(&self.captured).map_err(|problem| problem.message)?;
            let entries = self.world.journal.read(0, |_| true);
            let skip = usize::try_from(request.nth.unwrap_or(1)).unwrap_or(usize::MAX).saturating_sub(1);
            let found = entries.iter().filter(|entry| filter.failing(entry).is_empty()).nth(skip);
            return match found {
                Some(entry) => Ok(Some(entry.to_json())),
                None => Err(filter.nearest(&entries).map_or("no request came".into(), |(_, nearest)| nearest)),
            };
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
                (push.ok_or_else(|| format!("no push of `{command}` came within {within}")), turn)
            }
        }
    }
}
