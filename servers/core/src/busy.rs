//! Timers of the world's clock, and busy guards, which hold time still while work that they started goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

/// Held by work that an `advance` waits for: a woken timer, a push under way, a request of a scenario. While one exists,
/// an `advance` neither moves time on nor returns.
#[derive(Debug)]
pub struct BusyGuard(Arc<BusyGuards>);

impl Drop for BusyGuard {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.settled.notify_waiters();
        }
    }
}

/// The busy guards of a world.
#[derive(Debug, Default)]
pub struct BusyGuards {
    open: AtomicUsize,
    settled: Notify,
    left: Mutex<ParkedGuards>,
}

/// Guards that are parked with the world, by guard id; an id in use keeps its place while its guard is taken out.
#[derive(Debug, Default)]
struct ParkedGuards {
    next: u64,
    busy_guards: BTreeMap<u64, Option<BusyGuard>>,
}

impl BusyGuards {
    pub(crate) fn leave(&self, guard: BusyGuard) -> u64 {
        let mut left = self.left.lock();
        left.next += 1;
        let guard_id = left.next;
        left.busy_guards.insert(guard_id, Some(guard));
        guard_id
    }

    pub(crate) fn fetch(&self, guard_id: u64) -> Option<BusyGuard> {
        self.left.lock().busy_guards.get_mut(&guard_id)?.take()
    }

    /// Parks a guard again; if its id is no longer in use, the guard is dropped.
    pub(crate) fn give_back(&self, guard_id: u64, guard: BusyGuard) {
        let mut left = self.left.lock();
        let over = match left.busy_guards.get_mut(&guard_id) {
            Some(place) => place.replace(guard),
            None => Some(guard),
        };
        // Dropping a guard wakes waiters, so it happens outside the lock.
        drop(left);
        drop(over);
    }

    fn hand_in(&self, guard_id: u64) {
        let guard = self.left.lock().busy_guards.remove(&guard_id);
        drop(guard);
    }

    /// Drops all parked guards, when the world is reset.
    pub(crate) fn clear_parked(&self) {
        let left = std::mem::take(&mut self.left.lock().busy_guards);
        drop(left);
    }

    /// A new guard.
    pub fn take(self: &Arc<Self>) -> BusyGuard {
        self.open.fetch_add(1, Ordering::AcqRel);
        BusyGuard(Arc::clone(self))
    }

    /// Returns once there is no guard.
    pub async fn settled(&self) {
        loop {
            let notified = self.settled.notified();
            if self.open.load(Ordering::Acquire) == 0 {
                return;
            }
            notified.await;
        }
    }
}

/// A guard that is parked with a world while a request is under way. Dropping it drops the guard.
#[derive(Debug)]
pub struct ParkedGuard {
    pub(crate) busy_guards: Arc<BusyGuards>,
    pub(crate) number: u64,
}

impl ParkedGuard {
    /// The guard id, which the request carries so that its handler finds the guard.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Takes the guard back, unless the handler has dropped it.
    pub fn fetch(&self) -> Option<BusyGuard> {
        self.busy_guards.fetch(self.number)
    }
}

impl Drop for ParkedGuard {
    fn drop(&mut self) {
        self.busy_guards.hand_in(self.number);
    }
}

/// Why a pending timer was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// The world was reset, or another was put in its place.
    Reset,
    /// The world was removed.
    Removed,
    /// The process ends.
    Stopping,
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Reset => "the world was reset",
            Self::Removed => "the world was removed",
            Self::Stopping => "the bench stops",
        })
    }
}

/// Pending timers, in the order in which they fire.
#[derive(Debug, Default)]
pub(crate) struct Timers(Mutex<TimerQueue>);

#[derive(Debug, Default)]
struct TimerQueue {
    next: u64,
    by_time: BTreeMap<(Timestamp, u64), oneshot::Sender<Result<BusyGuard, Gone>>>,
}

impl Timers {
    /// Registers a timer for `at`; timers of the same time fire in the order of registration.
    pub(crate) fn register(&self, at: Timestamp) -> oneshot::Receiver<Result<BusyGuard, Gone>> {
        let (wake, woken) = oneshot::channel();
        let mut queue = self.0.lock();
        queue.next += 1;
        let order = queue.next;
        queue.by_time.insert((at, order), wake);
        woken
    }

    /// When the first timer fires. Timers whose future was dropped are removed.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let mut queue = self.0.lock();
        while let Some(first) = queue.by_time.first_entry() {
            if first.get().is_closed() {
                first.remove();
            } else {
                return Some(first.key().0);
            }
        }
        None
    }

    /// Fires the first timer that is due; returns whether there was one.
    pub(crate) fn wake_one(&self, now: Timestamp, busy_guards: &Arc<BusyGuards>) -> bool {
        let mut queue = self.0.lock();
        let Some(first) = queue.by_time.first_entry().filter(|first| first.key().0 <= now) else { return false };
        let wake = first.remove();
        drop(queue);
        // If the future was dropped meanwhile, so is the guard.
        let _ = wake.send(Ok(busy_guards.take()));
        true
    }

    /// Cancels all timers; their futures return why.
    pub(crate) fn clear(&self, why: Gone) {
        let all = std::mem::take(&mut self.0.lock().by_time);
        all.into_values().for_each(|wake| drop(wake.send(Err(why))));
    }
}
