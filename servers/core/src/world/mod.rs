//! A world: one isolated copy of all services with its own state, clock, random streams, journal and faults.

mod time;
mod watch;
mod whole;

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::tz::Offset;
use parking_lot::{Mutex, RwLock};

use crate::busy::{BusyGuards, Gone, Timers};
use crate::clock::{Clock, ClockSetting};
use crate::fault::{Fault, Faults};
use crate::feed::{Feed, Happened, Signal};
use crate::journal::Journal;
use crate::live::{Live, LiveService, micros};
use crate::moment::Moment;
use crate::node::Node;
use crate::origin::{Origin, located};
use crate::problem::Problem;
use crate::service::{Registry, Seed, Service};
use crate::tally::Tally;
use crate::timekeeper::Timekeeper;
use crate::view::{Draw, Look, View};
use crate::world_events::{Done, WorldEvent, WorldEvents};
use crate::world_file::WorldFile;

pub use time::{Advanced, Fired};
pub use watch::{Gap, Recorded};

/// How many worlds this process has made.
static BORN: AtomicU64 = AtomicU64::new(0);

/// One isolated copy of all services.
pub struct World {
    id: Arc<str>,
    registry: Registry,
    clock: Clock,
    services: Vec<Box<dyn LiveService>>,
    /// Held for reading while one service is used, for writing while the whole world is needed at once.
    gate: RwLock<()>,
    /// What the clients sent and got.
    pub journal: Journal,
    /// What was done to it otherwise.
    pub world_events: WorldEvents,
    /// What is to go wrong.
    pub faults: Faults,
    feed: Feed,
    signal: Signal,
    birth: u64,
    gone: AtomicBool,
    /// Where exchanges are counted, if they are.
    tally: OnceLock<Arc<Tally>>,
    generation: AtomicU64,
    strict: AtomicBool,
    /// The offset from UTC in which messages show its times, in seconds.
    offset_seconds: AtomicI32,
    seed: AtomicU64,
    /// The earliest deadline of all services and sleepers, in microseconds.
    due: AtomicI64,
    arming: Mutex<()>,
    firing: Mutex<()>,
    advancing: tokio::sync::Mutex<()>,
    timers: Timers,
    busy_guards: Arc<BusyGuards>,
    origin: Mutex<Arc<Origin>>,
    keeper: Arc<Timekeeper>,
    /// For handing itself to the timekeeper.
    me: std::sync::Weak<World>,
}

impl World {
    pub(crate) fn new(
        id: &str,
        registry: &Registry,
        file: &WorldFile,
        keeper: &Arc<Timekeeper>,
    ) -> Result<Arc<Self>, Problem> {
        let origin = Origin::read(file, registry)?;
        Self::begin(id, registry, Arc::new(origin), keeper).map_err(|problem| located(problem, file))
    }

    /// A world that begins as `origin` says.
    pub(crate) fn begin(
        id: &str,
        registry: &Registry,
        origin: Arc<Origin>,
        keeper: &Arc<Timekeeper>,
    ) -> Result<Arc<Self>, Problem> {
        let clock = Clock::new(origin.clock).map_err(|problem| problem.under("clock"))?;
        let seed = Seed { seed: origin.seed, now: clock.now() };
        let services = origin.each(registry.services().iter(), |kind, start| kind.create(start, seed))?;
        let origin = if origin.large { Arc::new(origin.with_states(&services)) } else { origin };
        let signal = Signal::default();
        let world = Arc::new_cyclic(|me| Self {
            id: id.into(),
            registry: registry.clone(),
            clock,
            services,
            gate: RwLock::new(()),
            journal: Journal::telling(origin.journal, signal.clone()),
            world_events: WorldEvents::default(),
            faults: origin.faults.copy(),
            feed: Feed::default(),
            signal,
            birth: BORN.fetch_add(1, Ordering::Relaxed),
            gone: AtomicBool::new(false),
            tally: OnceLock::new(),
            generation: AtomicU64::new(1),
            strict: AtomicBool::new(origin.strict),
            offset_seconds: AtomicI32::new(0),
            seed: AtomicU64::new(origin.seed),
            due: AtomicI64::new(i64::MIN),
            arming: Mutex::new(()),
            firing: Mutex::new(()),
            advancing: tokio::sync::Mutex::new(()),
            timers: Timers::default(),
            busy_guards: Arc::default(),
            origin: Mutex::new(origin),
            keeper: Arc::clone(keeper),
            me: me.clone(),
        });
        world.world_events.restart(seed.now);
        world.feed.restart(1, 0);
        world.rearm();
        Ok(world)
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The services that live in it.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The seed of its random streams.
    pub fn seed(&self) -> u64 {
        self.seed.load(Ordering::Acquire)
    }

    /// Grows by one with every reset and restore.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Shows its times to people in this offset from UTC, until it begins anew.
    pub fn show_times_in(&self, offset: Offset) {
        self.offset_seconds.store(offset.seconds(), Ordering::Relaxed);
    }

    /// A time of it, in the offset in which people read it.
    pub fn local(&self, at: Timestamp) -> Moment {
        Moment { at, offset: Offset::from_seconds(self.offset_seconds.load(Ordering::Relaxed)).unwrap_or(Offset::UTC) }
    }

    /// Whether warnings are errors here.
    pub fn is_strict(&self) -> bool {
        self.strict.load(Ordering::Relaxed)
    }

    /// The world's time, after everything that has fallen due by then has happened. Call it once a request.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        if self.due.load(Ordering::Acquire) <= micros(Some(now)) {
            self.fire(now, &mut |_| {});
        }
        now
    }

    /// The service at this index, if it is an `F`.
    pub fn live<F: Service>(&self, index: usize) -> Option<&Live<F>> {
        self.services.get(index)?.as_any().downcast_ref()
    }

    /// Runs a rule on a service's state, at the clock's time. `live` must be of this world.
    pub fn run<F: Service, R>(&self, live: &Live<F>, rule: impl FnOnce(&mut F::State) -> R) -> R {
        self.run_at(live, self.clock.now(), rule)
    }

    /// Runs a rule that only reads a service's state: its version stays, and nobody who follows it is notified.
    pub fn read<F: Service, R>(&self, live: &Live<F>, rule: impl FnOnce(&mut F::State) -> R) -> R {
        let _open = self.gate.read();
        live.read(rule)
    }

    /// Runs a rule as [`World::run`] does, at a time that was asked for before.
    pub fn run_at<F: Service, R>(&self, live: &Live<F>, now: Timestamp, rule: impl FnOnce(&mut F::State) -> R) -> R {
        let (output, rescheduled) = {
            let _open = self.gate.read();
            live.run(now, rule)
        };
        if rescheduled {
            self.rearm();
        }
        output
    }

    /// Runs an action by its full name, `carbis.call_waiter`, now.
    ///
    /// # Errors
    /// An unknown action, arguments that do not fit, or what cannot be done; nothing has changed then.
    pub fn act(&self, name: &str, args: &Node) -> Result<serde_json::Value, Problem> {
        let (index, _, action) = self.registry.action(name)?;
        let now = self.now();
        let (result, rescheduled) = {
            let _open = self.gate.read();
            self.services[index].act(action, args, now)
        };
        if rescheduled {
            self.rearm();
        }
        let result = result.map_err(|problem| args.locate(problem))?;
        let args = args.to_json();
        self.note(now, WorldEvent::Action { name: name.to_owned(), args: args.clone() });
        self.happened(now, Happened::Action { action: name.to_owned(), args, result: result.clone() });
        Ok(result)
    }

    /// What people see of the service in this slot, and the version of its state.
    ///
    /// # Errors
    /// A table that is not there, or a place in one that cannot be.
    pub fn view(&self, index: usize, look: &Look<'_>) -> Result<(u64, View), Problem> {
        let now = self.now();
        let _open = self.gate.read();
        self.services[index].view(now, look)
    }

    /// The picture that a cell of the view of the service in this slot names, as PNG.
    pub fn picture(&self, index: usize, name: &str) -> Option<Draw> {
        let _open = self.gate.read();
        self.services[index].picture(name)
    }

    fn note(&self, at: Timestamp, event: WorldEvent) {
        self.world_events.write(Done { at, after: self.journal.newest(), event });
    }

    /// Adds a fault and returns its name.
    ///
    /// # Errors
    /// As [`Faults::add`].
    pub fn add_fault(&self, fault: Fault) -> Result<String, Problem> {
        let id = self.faults.add(fault.clone())?;
        let now = self.now();
        self.note(now, WorldEvent::Fault(Box::new(Fault { id: Some(id.clone()), ..fault })));
        self.happened(now, Happened::Fault { id: id.clone() });
        Ok(id)
    }

    /// Takes the fault of this name out.
    ///
    /// # Errors
    /// As [`Faults::remove`].
    pub fn remove_fault(&self, id: &str) -> Result<(), Problem> {
        let gone = self.faults.list().into_iter().find(|fault| fault.id.as_deref() == Some(id));
        self.faults.remove(id)?;
        gone.into_iter().for_each(|fault| self.note_gone(fault));
        Ok(())
    }

    /// Switches the fault of this name on or off, and returns it as it is then. A recording has it taken out meanwhile.
    ///
    /// # Errors
    /// As [`Faults::remove`].
    pub fn switch_fault(&self, id: &str, off: bool) -> Result<Fault, Problem> {
        let (fault, changes) = self.faults.switch(id, off)?;
        if changes && off {
            self.note_gone(fault.clone());
        } else if changes {
            let now = self.now();
            // A recording gives it another name: the one that was taken out keeps its own.
            let again = Fault { id: None, matched: 0, applied: 0, window: None, ..fault.clone() };
            self.note(now, WorldEvent::Fault(Box::new(again)));
            self.happened(now, Happened::Fault { id: id.to_owned() });
        }
        Ok(fault)
    }

    /// Takes all faults out.
    pub fn clear_faults(&self) {
        let gone = self.faults.list();
        self.faults.clear();
        gone.into_iter().for_each(|fault| self.note_gone(fault));
    }

    fn note_gone(&self, fault: Fault) {
        let now = self.now();
        let id = fault.id.clone().unwrap_or_default();
        self.note(now, WorldEvent::FaultGone(Box::new(fault)));
        self.happened(now, Happened::FaultGone { id });
    }

    /// Where its exchanges are counted, if they are.
    pub fn tally(&self) -> Option<&Arc<Tally>> {
        self.tally.get()
    }

    /// Counts its exchanges from now on.
    pub(crate) fn count_in(&self, tally: &Arc<Tally>) {
        let _ = self.tally.set(Arc::clone(tally));
    }

    /// The world as it was when it began, as a file: what a reset comes back to, at the moment of that time.
    ///
    /// # Errors
    /// None with an origin that a world was made of.
    pub fn beginning(&self) -> Result<WorldFile, Problem> {
        let (began, ..) = self.world_events.read();
        let origin = Arc::clone(&self.origin.lock());
        let origin = Origin {
            title: origin.title.clone(),
            seed: origin.seed,
            clock: ClockSetting::frozen_at(began),
            strict: origin.strict,
            journal: origin.journal,
            faults: origin.faults.copy(),
            starts: origin.starts.clone(),
            large: false,
        };
        Ok(Self::begin(&self.id, &self.registry, Arc::new(origin), &self.keeper)?.save())
    }

    /// Ends what waits for its clock: held replies, delayed pushes, steps of a scenario.
    pub fn end_waits(&self) {
        self.timers.clear(Gone::Stopping);
    }

    /// Cancels all timers; called when it is removed.
    pub(crate) fn leave(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.timers.clear(Gone::Removed);
        self.gone.store(true, Ordering::Release);
        self.signal.tell();
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("id", &self.id).field("generation", &self.generation()).finish_non_exhaustive()
    }
}
