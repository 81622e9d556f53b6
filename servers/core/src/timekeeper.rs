//! One thread that wakes worlds whose clocks run by themselves when something in them falls due.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::clock::monotonic as now;
use crate::world::World;

/// Wakes worlds whose clocks run. Frozen worlds never call it.
#[derive(Debug, Default)]
pub(crate) struct Timekeeper {
    calls: Mutex<Calls>,
    called: Condvar,
}

#[derive(Debug, Default)]
struct Calls {
    pending: BTreeMap<(Instant, usize), Weak<World>>,
    running: bool,
}

/// The wall clock may be set while we sleep, so long sleeps are looked at again.
const LONGEST: Duration = Duration::from_secs(60);

impl Timekeeper {
    /// Asks to be woken after `wait`. A world may ask many times; each call is answered once.
    pub(crate) fn call(self: &Arc<Self>, world: &Arc<World>, wait: Duration) {
        let at = now() + wait.min(LONGEST);
        let mut calls = self.calls.lock();
        if !calls.running {
            let keeper = Arc::downgrade(self);
            // Without the thread the world still settles at every request; only pushes by themselves would be late.
            calls.running =
                std::thread::Builder::new().name("stend-clock".into()).spawn(move || Self::run(&keeper)).is_ok();
        }
        calls.pending.insert((at, Arc::as_ptr(world) as usize), Arc::downgrade(world));
        drop(calls);
        self.called.notify_one();
    }

    fn run(keeper: &Weak<Self>) {
        while let Some(keeper) = keeper.upgrade() {
            let mut calls = keeper.calls.lock();
            let due = calls.pending.first_entry().filter(|first| first.key().0 <= now()).map(|first| first.remove());
            match due {
                Some(world) => {
                    drop(calls);
                    if let Some(world) = world.upgrade() {
                        world.now();
                        world.rearm();
                    }
                }
                None => {
                    let until = calls.pending.keys().next().map_or_else(|| now() + LONGEST, |(at, _)| *at);
                    keeper.called.wait_until(&mut calls, until);
                }
            }
        }
    }
}
