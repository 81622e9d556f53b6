//! Sleeping in virtual time, and waiting until those who were woken have done what they woke for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

/// Held by whoever was woken by the clock, or has a push under way: an `advance` does not move time on, nor
/// return, before it is dropped.
#[derive(Debug)]
pub struct BusyGuard(Arc<BusyGuards>);

impl Drop for BusyGuard {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.settled.notify_waiters();
        }
    }
}

/// The turns that are held in a world.
#[derive(Debug, Default)]
pub struct BusyGuards {
    open: AtomicUsize,
    settled: Notify,
    left: Mutex<ParkedGuards>,
}

/// Turns that were left with the world, by ticket; a ticket that is out has its place, with a turn or without.
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

    /// Puts a turn back; where the ticket is no longer out, the turn ends.
    pub(crate) fn give_back(&self, guard_id: u64, guard: BusyGuard) {
        let mut left = self.left.lock();
        let over = match left.busy_guards.get_mut(&guard_id) {
            Some(place) => place.replace(guard),
            None => Some(guard),
        };
        // A turn that ends wakes those who wait for it: not under the lock.
        drop(left);
        drop(over);
    }

    fn hand_in(&self, guard_id: u64) {
        let guard = self.left.lock().busy_guards.remove(&guard_id);
        drop(guard);
    }

    /// Drops all that were left, when the world begins anew.
    pub(crate) fn clear_parked(&self) {
        let left = std::mem::take(&mut self.left.lock().busy_guards);
        drop(left);
    }

    /// Takes a turn.
    pub fn take(self: &Arc<Self>) -> BusyGuard {
        self.open.fetch_add(1, Ordering::AcqRel);
        BusyGuard(Arc::clone(self))
    }

    /// Returns once nobody holds a turn.
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

/// For a turn that was left with a world.
#[derive(Debug)]
pub struct ParkedGuard {
    pub(crate) busy_guards: Arc<BusyGuards>,
    pub(crate) number: u64,
}

impl ParkedGuard {
    /// What whoever answers is told, to find the turn by.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Gets the turn back, unless whoever answered has given it up.
    pub fn fetch(&self) -> Option<BusyGuard> {
        self.busy_guards.fetch(self.number)
    }
}

impl Drop for ParkedGuard {
    fn drop(&mut self) {
        self.busy_guards.hand_in(self.number);
    }
}

/// Why somebody who waited for a world's clock is sent away.
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

/// Who sleeps until when, in the order in which they are to be woken.
#[derive(Debug, Default)]
pub(crate) struct Timers(Mutex<TimerQueue>);

#[derive(Debug, Default)]
struct TimerQueue {
    next: u64,
    by_time: BTreeMap<(Timestamp, u64), oneshot::Sender<Result<BusyGuard, Gone>>>,
}

impl Timers {
    /// Lies down until `at`; of those who wake at the same moment, the first to lie down wakes first.
    pub(crate) fn register(&self, at: Timestamp) -> oneshot::Receiver<Result<BusyGuard, Gone>> {
        let (wake, woken) = oneshot::channel();
        let mut queue = self.0.lock();
        queue.next += 1;
        let order = queue.next;
        queue.by_time.insert((at, order), wake);
        woken
    }

    /// When the first wakes. Those who gave up waiting are forgotten.
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

    /// Wakes the first whose time has come.
    pub(crate) fn wake_one(&self, now: Timestamp, busy_guards: &Arc<BusyGuards>) -> bool {
        let mut queue = self.0.lock();
        let Some(first) = queue.by_time.first_entry().filter(|first| first.key().0 <= now) else { return false };
        let wake = first.remove();
        drop(queue);
        // One who gave up drops the turn at once.
        let _ = wake.send(Ok(busy_guards.take()));
        true
    }

    /// Sends everybody away, and says why.
    pub(crate) fn clear(&self, why: Gone) {
        let all = std::mem::take(&mut self.0.lock().by_time);
        // One who gave up hears nothing.
        all.into_values().for_each(|wake| drop(wake.send(Err(why))));
    }
}
