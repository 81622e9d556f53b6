//! A world's time: the clock, deadlines, timers and busy guards.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use serde::Serialize;

use super::World;
use crate::busy::{BusyGuard, Gone, ParkedGuard};
use crate::clock::ClockSetting;
use crate::duration::Span;
use crate::feed::Happened;
use crate::live::{micros, moment};
use crate::problem::Problem;
use crate::world_events::WorldEvent;

/// Something that fell due, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fired {
    /// The world's time.
    pub at: Timestamp,
    /// The service, or `world` for delayed replies and steps of a scenario.
    #[serde(rename = "fake")]
    pub service: &'static str,
    /// What happened, in a few words.
    pub what: String,
}

/// The most that one `advance` lists; what is beyond is counted.
const LISTED: usize = 1_000;

/// What an `advance` did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advanced {
    /// The world's time afterwards.
    pub now: Timestamp,
    /// What fired, in order; the first thousand.
    pub fired: Vec<Fired>,
    /// How much fired in all.
    pub count: u64,
}

impl World {
    /// The clock as it stands.
    pub fn clock(&self) -> ClockSetting {
        self.clock.setting()
    }

    /// Sets the clock's mode, time and scale at once. Going ahead skips nothing: what falls due on the way fires
    /// before the next request; going back is allowed, and keeps what has happened.
    ///
    /// # Errors
    /// A setting that contradicts itself; nothing has changed then.
    pub fn set_clock(&self, setting: ClockSetting) -> Result<(), Problem> {
        let before = self.clock.now();
        self.clock.set(setting)?;
        if setting.now.is_some_and(|now| now < before) {
            self.note(before, WorldEvent::ClockBack(before));
            let now = self.clock.now();
            let _open = self.gate.read();
            self.services.iter().for_each(|service| service.clock_back(now));
        }
        self.rearm();
        self.happened(self.clock.now(), Happened::ClockSet { clock: self.clock.setting() });
        self.now();
        Ok(())
    }

    /// Moves time to `to`, firing everything that falls due on the way in order, each at its own moment.
    /// Returns when all of it has settled: the work of woken timers is done, and pushes are sent.
    ///
    /// # Errors
    /// `to` has passed already.
    pub async fn advance(&self, to: Timestamp) -> Result<Advanced, Problem> {
        let _alone = self.advancing.lock().await;
        let now = self.clock.now();
        if to < now {
            return Err(Problem::invalid(format!("{to} has passed: it is {now}"))
                .hint("time goes ahead only; PUT the clock to set it back"));
        }
        let mut done = Advanced { now: to, fired: Vec::new(), count: 0 };
        loop {
            self.busy_guards.settled().await;
            // A month of a busy world is many deadlines: the requests of other worlds go on between them.
            tokio::task::yield_now().await;
            let Some(due) = self.next_due().filter(|due| *due <= to) else { break };
            self.clock.jump(due);
            self.fire(due, &mut |fired| {
                done.count += 1;
                if done.fired.len() < LISTED {
                    done.fired.push(fired);
                }
            });
        }
        self.clock.jump(to);
        done.now = self.clock.now();
        self.rearm();
        if to > now {
            self.happened(done.now, Happened::ClockAdvanced { clock: self.clock.setting(), fired: done.count });
        }
        Ok(done)
    }

    /// Moves time on by a span, as [`World::advance`] does.
    ///
    /// # Errors
    /// The span leads beyond the last time that there is.
    pub async fn advance_by(&self, by: Span) -> Result<Advanced, Problem> {
        let now = self.clock.now();
        let to = now.checked_add(by.signed()).map_err(|_| {
            Problem::invalid(format!("{by} from {now} on is beyond the end of time"))
                .hint(format!("the last time is {}", Timestamp::MAX))
        })?;
        self.advance(to).await
    }

    /// Moves time to whatever falls due next, and lets it settle. `None` when nothing ever will.
    pub async fn advance_to_next(&self) -> Option<Timestamp> {
        self.busy_guards.settled().await;
        let due = self.next_due()?.max(self.clock.now());
        self.advance(due).await.ok().map(|done| done.now)
    }

    /// When something falls due next, by the latest knowledge.
    pub fn next_due(&self) -> Option<Timestamp> {
        let services = self.services.iter().map(|service| service.next_deadline()).min().and_then(moment);
        [services, self.timers.next()].into_iter().flatten().min()
    }

    /// When something falls due next in each service, by its index, and for those who wait for the clock (`None`); the
    /// earliest first.
    pub fn dues(&self) -> Vec<(Timestamp, Option<usize>)> {
        let services = self.services.iter().enumerate();
        let services = services.filter_map(|(index, service)| Some((moment(service.next_deadline())?, Some(index))));
        let mut dues: Vec<_> = services.chain(self.timers.next().map(|at| (at, None))).collect();
        dues.sort_by_key(|(at, _)| *at);
        dues
    }

    /// Waits until the world's time is `at`. The timer is registered at once, before the future is first polled. The guard
    /// that it returns holds an `advance` back until dropped.
    ///
    /// # Errors
    /// The world was reset or removed meanwhile, or the process ends.
    pub fn sleep_until(&self, at: Timestamp) -> impl Future<Output = Result<BusyGuard, Gone>> + Send + use<> {
        let woken = self.timers.register(at);
        self.rearm();
        self.now();
        // Nobody is left to wake in a world that is gone.
        async move { woken.await.unwrap_or(Err(Gone::Removed)) }
    }

    /// A busy guard, for work that an `advance` has to wait for.
    pub fn guard(&self) -> BusyGuard {
        self.busy_guards.take()
    }

    /// Parks a guard with the world while a request of its holder is under way. The request's handler may drop the guard
    /// while the reply waits for the clock; else the clock would wait for the reply. Dropping the [`ParkedGuard`] drops
    /// the guard, too.
    pub fn park_guard(&self, guard: BusyGuard) -> ParkedGuard {
        ParkedGuard { busy_guards: Arc::clone(&self.busy_guards), number: self.busy_guards.leave(guard) }
    }

    /// Takes a parked guard by its id, unless it was dropped.
    pub fn take_parked_guard(&self, guard_id: u64) -> Option<BusyGuard> {
        self.busy_guards.fetch(guard_id)
    }

    /// Parks a guard under its id again, for the holder of the [`ParkedGuard`] to fetch.
    pub fn return_parked_guard(&self, guard_id: u64, guard: BusyGuard) {
        self.busy_guards.give_back(guard_id, guard);
    }

    /// Fires what is due up to `now`, each thing at its own moment, services before timers, in their order.
    pub(super) fn fire(&self, now: Timestamp, report: &mut dyn FnMut(Fired)) {
        let mut report = |fired: Fired| {
            self.happened(fired.at, Happened::Fired { service: fired.service, fired: fired.what.clone() });
            report(fired);
        };
        let _one_at_a_time = self.firing.lock();
        let mut stuck = 0;
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            let index =
                self.services.iter().position(|service| moment(service.next_deadline()).is_some_and(|at| at <= due));
            match index {
                Some(index) => {
                    let what = {
                        let _open = self.gate.read();
                        self.services[index].tick(due)
                    };
                    let service = self.registry.services()[index].name();
                    what.into_iter().for_each(|what| report(Fired { at: due, service, what }));
                    stuck = if moment(self.services[index].next_deadline()).is_some_and(|at| at <= due) {
                        stuck + 1
                    } else {
                        0
                    };
                    if stuck > 10_000 {
                        tracing::error!(service, %due, "a deadline does not go away; the clock goes on without it");
                        break;
                    }
                }
                None => {
                    if self.timers.wake_one(due, &self.busy_guards) {
                        report(Fired {
                            at: due,
                            service: "world",
                            what: "a delayed reply or a step of a scenario".into(),
                        });
                    }
                }
            }
        }
        drop(_one_at_a_time);
        self.rearm();
    }

    /// Looks up when something falls due next, and asks to be woken if the clock runs by itself.
    pub(crate) fn rearm(&self) {
        let due = {
            // Looked up and stored as one, or an older look-up could hide an earlier deadline.
            let _one_at_a_time = self.arming.lock();
            let due = self.next_due();
            self.due.store(micros(due), Ordering::Release);
            due
        };
        if let Some((wait, me)) = due.and_then(|due| self.clock.wall_until(due)).zip(self.me.upgrade()) {
            self.keeper.call(&me, wait);
        }
    }
}
