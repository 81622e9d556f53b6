//! The whole world at once: saved, restored, forked, reset.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::World;
use jiff::Timestamp;

use crate::busy::Gone;
use crate::clock::{Clock, ClockSetting};
use crate::feed::Happened;
use crate::history::History;
use crate::origin::{Origin, located};
use crate::problem::Problem;
use crate::section::Section;
use crate::service::Seed;
use crate::world_events::WorldEvent;
use crate::world_file::WorldFile;

impl World {
    /// The world as a file: what restores it exactly, clock, ids and random draws included.
    pub fn save(&self) -> WorldFile {
        let now = self.now();
        let _closed = self.gate.write();
        self.copy(now)
    }

    /// The world as a file, at the end of its process: no rule runs in it any more, so nothing can be acknowledged that
    /// is not in the file. Requests wait until it is done.
    pub fn finish(&self) -> WorldFile {
        let now = self.now();
        let closed = self.gate.write();
        let file = self.copy(now);
        std::mem::forget(closed);
        file
    }

    /// The states and all else, while nobody changes them.
    fn copy(&self, now: Timestamp) -> WorldFile {
        let kinds = self.registry.services().iter();
        let sections =
            kinds.zip(&self.services).map(|(kind, service)| (kind.name().to_owned(), Arc::new(service.save(now))));
        WorldFile {
            title: self.origin.lock().title.clone(),
            base: None,
            seed: Some(self.seed()),
            clock: Some(self.clock.setting()),
            strict: Some(self.is_strict()),
            journal: Some(self.journal.limits()),
            faults: self.faults.list(),
            fault_names: Some(self.faults.named()),
            random: Some(self.faults.drawn()),
            history: History::default(),
            sections: sections.collect(),
        }
    }

    /// The services' sections as they were when the world began, and as they are now, by the services' indexes.
    ///
    /// # Errors
    /// A section that cannot be laid; it cannot happen with a file that was good before.
    pub fn beginning_and_now(&self) -> Result<Vec<(Section, Section)>, Problem> {
        let now = self.now();
        let origin = Arc::clone(&self.origin.lock());
        let seed = Seed { seed: origin.seed, now: self.world_events.began() };
        let first =
            origin.each(self.registry.services().iter(), |kind, start| Ok(kind.create(start, seed)?.save(seed.now)))?;
        let _closed = self.gate.write();
        Ok(first.into_iter().zip(self.services.iter().map(|service| service.save(now))).collect())
    }

    /// Replaces the whole world by what the file describes; from now on a reset comes back to it. The journal
    /// begins anew, sleepers go, and the generation grows.
    ///
    /// # Errors
    /// What the file has wrong; nothing has changed then.
    pub fn restore(&self, file: WorldFile) -> Result<(), Problem> {
        let origin = Origin::read(&file, &self.registry)?;
        self.become_origin(Arc::new(origin), true).map_err(|problem| located(problem, &file))
    }

    /// What a fork of this world begins with: all of it as it is now but the journal's entries, who sleeps in it, and
    /// connections. It costs what is copied, which is what states do not share.
    pub(crate) fn fork(&self) -> Origin {
        let now = self.now();
        let _closed = self.gate.write();
        Origin {
            title: self.origin.lock().title.clone(),
            seed: self.seed(),
            clock: self.clock.setting(),
            strict: self.is_strict(),
            journal: self.journal.limits(),
            faults: self.faults.copy(),
            starts: self.services.iter().map(|service| service.copy(now)).collect(),
            large: false,
        }
    }

    /// Puts the whole world back to how it began.
    ///
    /// # Errors
    /// As [`World::restore`]; it cannot happen with a file that was good before.
    pub fn reset(&self) -> Result<(), Problem> {
        let origin = Arc::clone(&self.origin.lock());
        self.become_origin(origin, false)
    }

    /// Puts one service back to how it began, and leaves all else: the clock, the journal, the other services.
    ///
    /// # Errors
    /// An unknown service.
    pub fn reset_service(&self, name: &str) -> Result<(), Problem> {
        let (index, _) = self.registry.get(name)?;
        let origin = Arc::clone(&self.origin.lock());
        let start = Seed { seed: self.seed(), now: self.now() };
        let prepared = self.services[index].prepare(&origin.starts[index], start)?;
        {
            let _closed = self.gate.write();
            self.services[index].replace(prepared);
        }
        self.note(start.now, WorldEvent::ServiceReset(name.to_owned()));
        self.happened(start.now, Happened::ServiceReset { service: name.to_owned() });
        self.rearm();
        Ok(())
    }

    fn become_origin(&self, origin: Arc<Origin>, restored: bool) -> Result<(), Problem> {
        let setting = origin.clock;
        let fresh = Clock::new(setting).map_err(|problem| problem.under("clock"))?;
        // A real clock without a start goes on with the wall clock.
        let now = fresh.now();
        let seed = Seed { seed: origin.seed, now };
        let prepared = origin.each(self.services.iter(), |service, start| service.prepare(start, seed))?;
        {
            let _not_firing = self.firing.lock();
            let _closed = self.gate.write();
            let generation = self.generation.fetch_add(1, Ordering::AcqRel) + 1;
            self.timers.clear(Gone::Reset);
            self.busy_guards.clear_parked();
            for (service, state) in self.services.iter().zip(prepared) {
                service.replace(state);
            }
            self.clock.set(ClockSetting { now: Some(now), ..setting })?;
            self.seed.store(origin.seed, Ordering::Release);
            self.strict.store(origin.strict, Ordering::Relaxed);
            self.offset_seconds.store(0, Ordering::Relaxed);
            self.faults.restart(&origin.faults);
            let entries = self.journal.newest();
            self.journal.restart(origin.journal);
            self.world_events.restart(now);
            self.feed.restart(generation, entries);
            self.happened(
                now,
                if restored { Happened::Restore { generation } } else { Happened::Reset { generation } },
            );
            let origin = if origin.large { Arc::new(origin.with_states(&self.services)) } else { origin };
            *self.origin.lock() = origin;
        }
        tracing::info!(world = self.id(), generation = self.generation(), "world begins anew");
        self.rearm();
        Ok(())
    }
}
