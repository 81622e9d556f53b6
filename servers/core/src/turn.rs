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
pub struct Turn(Arc<Turns>);

impl Drop for Turn {
    fn drop(&mut self) {
        if self.0.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.settled.notify_waiters();
        }
    }
}

/// The turns that are held in a world.
#[derive(Debug, Default)]
pub struct Turns {
    open: AtomicUsize,
    settled: Notify,
    left: Mutex<Cloakroom>,
}

/// Turns that were left with the world, by ticket; a ticket that is out has its place, with a turn or without.
#[derive(Debug, Default)]
struct Cloakroom {
    next: u64,
    turns: BTreeMap<u64, Option<Turn>>,
}

impl Turns {
    pub(crate) fn leave(&self, turn: Turn) -> u64 {
        let mut left = self.left.lock();
        left.next += 1;
        let ticket = left.next;
        left.turns.insert(ticket, Some(turn));
        ticket
    }

    pub(crate) fn fetch(&self, ticket: u64) -> Option<Turn> {
        self.left.lock().turns.get_mut(&ticket)?.take()
    }

    /// Puts a turn back; where the ticket is no longer out, the turn ends.
    pub(crate) fn give_back(&self, ticket: u64, turn: Turn) {
        let mut left = self.left.lock();
        let over = match left.turns.get_mut(&ticket) {
            Some(place) => place.replace(turn),
            None => Some(turn),
        };
        // A turn that ends wakes those who wait for it: not under the lock.
        drop(left);
        drop(over);
    }

    fn hand_in(&self, ticket: u64) {
        let turn = self.left.lock().turns.remove(&ticket);
        drop(turn);
    }

    /// Drops all that were left, when the world begins anew.
    pub(crate) fn clear_left(&self) {
        let left = std::mem::take(&mut self.left.lock().turns);
        drop(left);
    }

    /// Takes a turn.
    pub fn take(self: &Arc<Self>) -> Turn {
        self.open.fetch_add(1, Ordering::AcqRel);
        Turn(Arc::clone(self))
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
pub struct Ticket {
    pub(crate) turns: Arc<Turns>,
    pub(crate) number: u64,
}

impl Ticket {
    /// What whoever answers is told, to find the turn by.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Gets the turn back, unless whoever answered has given it up.
    pub fn fetch(&self) -> Option<Turn> {
        self.turns.fetch(self.number)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.turns.hand_in(self.number);
    }
}

/// The world was reset, restored or removed while somebody slept in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Who sleeps until when, in the order in which they are to be woken.
#[derive(Debug, Default)]
pub(crate) struct Sleepers(Mutex<Beds>);

#[derive(Debug, Default)]
struct Beds {
    next: u64,
    by_time: BTreeMap<(Timestamp, u64), oneshot::Sender<Turn>>,
}

impl Sleepers {
    /// Lies down until `at`; of those who wake at the same moment, the first to lie down wakes first.
    pub(crate) fn lie_down(&self, at: Timestamp) -> oneshot::Receiver<Turn> {
        let (wake, woken) = oneshot::channel();
        let mut beds = self.0.lock();
        beds.next += 1;
        let order = beds.next;
        beds.by_time.insert((at, order), wake);
        woken
    }

    /// When the first wakes. Those who gave up waiting are forgotten.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let mut beds = self.0.lock();
        while let Some(first) = beds.by_time.first_entry() {
            if first.get().is_closed() {
                first.remove();
            } else {
                return Some(first.key().0);
            }
        }
        None
    }

    /// Wakes the first whose time has come.
    pub(crate) fn wake_one(&self, now: Timestamp, turns: &Arc<Turns>) -> bool {
        let mut beds = self.0.lock();
        let Some(first) = beds.by_time.first_entry().filter(|first| first.key().0 <= now) else { return false };
        let wake = first.remove();
        drop(beds);
        // One who gave up drops the turn at once.
        let _ = wake.send(turns.take());
        true
    }

    /// Sends everybody away.
    pub(crate) fn clear(&self) {
        self.0.lock().by_time.clear();
    }
}
