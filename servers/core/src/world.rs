//! A world: one isolated copy of all fakes with its own state, clock, random streams, journal and faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use serde::Serialize;

use crate::clock::{Clock, ClockSetting, Mode};
use crate::deeds::{Deed, Deeds, Done};
use crate::fake::{Fake, Registry, Seed};
use crate::fault::{Fault, Faults};
use crate::journal::Journal;
use crate::live::{Live, LiveFake, moment, nanos};
use crate::node::Node;
use crate::origin::{Origin, located};
use crate::problem::Problem;
use crate::section::Section;
use crate::timekeeper::Timekeeper;
use crate::turn::{Gone, Sleepers, Ticket, Turn, Turns};
use crate::world_file::WorldFile;

/// Something that fell due, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fired {
    /// The world's time.
    pub at: Timestamp,
    /// The fake, or `world` for delayed replies and steps of a scenario.
    pub fake: &'static str,
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

/// One isolated copy of all fakes.
pub struct World {
    id: Arc<str>,
    registry: Registry,
    clock: Clock,
    fakes: Vec<Box<dyn LiveFake>>,
    /// Held for reading by whoever touches one fake, for writing by whoever needs the whole world at once.
    gate: RwLock<()>,
    /// What the clients sent and got.
    pub journal: Journal,
    /// What was done to it otherwise.
    pub deeds: Deeds,
    /// What is to go wrong.
    pub faults: Faults,
    generation: AtomicU64,
    strict: AtomicBool,
    seed: AtomicU64,
    /// The earliest deadline of all fakes and sleepers, in nanoseconds.
    due: AtomicI64,
    arming: Mutex<()>,
    firing: Mutex<()>,
    advancing: tokio::sync::Mutex<()>,
    sleepers: Sleepers,
    turns: Arc<Turns>,
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
        let kinds = registry.kinds().iter();
        let fakes =
            kinds.zip(&origin.starts).map(|(kind, start)| kind.create(start, seed)).collect::<Result<_, _>>()?;
        let world = Arc::new_cyclic(|me| Self {
            id: id.into(),
            registry: registry.clone(),
            clock,
            fakes,
            gate: RwLock::new(()),
            journal: Journal::new(origin.journal),
            deeds: Deeds::default(),
            faults: origin.faults.copy(),
            generation: AtomicU64::new(1),
            strict: AtomicBool::new(origin.strict),
            seed: AtomicU64::new(origin.seed),
            due: AtomicI64::new(i64::MIN),
            arming: Mutex::new(()),
            firing: Mutex::new(()),
            advancing: tokio::sync::Mutex::new(()),
            sleepers: Sleepers::default(),
            turns: Arc::default(),
            origin: Mutex::new(origin),
            keeper: Arc::clone(keeper),
            me: me.clone(),
        });
        world.deeds.restart(seed.now);
        world.rearm();
        Ok(world)
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The fakes that live in it.
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

    /// Whether remarks are errors here.
    pub fn is_strict(&self) -> bool {
        self.strict.load(Ordering::Relaxed)
    }

    /// The world's time, after everything that has fallen due by then has happened. Call it once a request.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        if self.due.load(Ordering::Acquire) <= nanos(Some(now)) {
            self.fire(now, &mut |_| {});
        }
        now
    }

    /// The fake in this slot, if it is an `F`.
    pub fn live<F: Fake>(&self, slot: usize) -> Option<&Live<F>> {
        self.fakes.get(slot)?.as_any().downcast_ref()
    }

    /// Runs a rule on a fake's state. `live` must be of this world.
    pub fn run<F: Fake, R>(&self, live: &Live<F>, rule: impl FnOnce(&mut F::State) -> R) -> R {
        let (output, rescheduled) = {
            let _open = self.gate.read();
            live.run(rule)
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
        let (slot, _, action) = self.registry.action(name)?;
        let now = self.now();
        let (result, rescheduled) = {
            let _open = self.gate.read();
            self.fakes[slot].act(action, args, now)
        };
        if rescheduled {
            self.rearm();
        }
        let result = result.map_err(|problem| args.locate(problem))?;
        self.note(now, Deed::Action { name: name.to_owned(), args: args.to_json() });
        Ok(result)
    }

    fn note(&self, at: Timestamp, deed: Deed) {
        self.deeds.write(Done { at, after: self.journal.newest(), deed });
    }

    /// Puts a fault in and tells its name.
    ///
    /// # Errors
    /// As [`Faults::add`].
    pub fn add_fault(&self, fault: Fault) -> Result<String, Problem> {
        let id = self.faults.add(fault.clone())?;
        self.note(self.now(), Deed::Fault(Box::new(Fault { id: Some(id.clone()), ..fault })));
        Ok(id)
    }

    /// Takes the fault of this name out.
    ///
    /// # Errors
    /// As [`Faults::remove`].
    pub fn remove_fault(&self, id: &str) -> Result<(), Problem> {
        let gone = self.faults.list().into_iter().find(|fault| fault.id.as_deref() == Some(id));
        self.faults.remove(id)?;
        gone.into_iter().for_each(|fault| self.note(self.now(), Deed::FaultGone(Box::new(fault))));
        Ok(())
    }

    /// Takes all faults out.
    pub fn clear_faults(&self) {
        let gone = self.faults.list();
        self.faults.clear();
        gone.into_iter().for_each(|fault| self.note(self.now(), Deed::FaultGone(Box::new(fault))));
    }

    /// The world as it was when it began, as a file: what a reset comes back to, at the moment of that time.
    ///
    /// # Errors
    /// None with an origin that a world was made of.
    pub fn beginning(&self) -> Result<WorldFile, Problem> {
        let (began, ..) = self.deeds.read();
        let origin = Arc::clone(&self.origin.lock());
        let origin = Origin {
            title: origin.title.clone(),
            seed: origin.seed,
            clock: ClockSetting::frozen_at(began),
            strict: origin.strict,
            journal: origin.journal,
            faults: origin.faults.copy(),
            starts: origin.starts.clone(),
        };
        Ok(Self::begin(&self.id, &self.registry, Arc::new(origin), &self.keeper)?.save())
    }

    // --- time ---------------------------------------------------------------------------------------------

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
            self.note(before, Deed::ClockBack(before));
        }
        self.rearm();
        self.now();
        Ok(())
    }

    /// Moves time to `to`, firing everything that falls due on the way in order, each at its own moment.
    /// Returns when all of it has settled: woken sleepers have done their work, and pushes are sent.
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
            self.turns.settled().await;
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
        Ok(done)
    }

    /// Moves time to whatever falls due next, and lets it settle. `None` when nothing ever will.
    pub async fn advance_to_next(&self) -> Option<Timestamp> {
        self.turns.settled().await;
        let due = self.next_due()?.max(self.clock.now());
        self.advance(due).await.ok().map(|done| done.now)
    }

    /// When something falls due next, by the latest knowledge.
    pub fn next_due(&self) -> Option<Timestamp> {
        let fakes = self.fakes.iter().map(|fake| fake.next_deadline()).min().and_then(moment);
        [fakes, self.sleepers.next()].into_iter().flatten().min()
    }

    /// Sleeps until the world's time is `at`; lies down at once, before the future is first polled. The turn that it
    /// gives holds an `advance` back until dropped.
    ///
    /// # Errors
    /// The world was reset meanwhile.
    pub fn sleep_until(&self, at: Timestamp) -> impl Future<Output = Result<Turn, Gone>> + Send + use<> {
        let woken = self.sleepers.lie_down(at);
        self.rearm();
        self.now();
        async move { woken.await.map_err(|_| Gone) }
    }

    /// A turn of one's own, for work that an `advance` has to wait for.
    pub fn turn(&self) -> Turn {
        self.turns.take()
    }

    /// Leaves a turn with the world while a request of one's own is under way, and gets a ticket for it. Whoever
    /// answers that request may give the turn up while it waits for the clock, which would else wait for the answer.
    /// A ticket that is dropped gives the turn up, too: whoever had it is gone.
    pub fn leave_turn(&self, turn: Turn) -> Ticket {
        Ticket { turns: Arc::clone(&self.turns), number: self.turns.leave(turn) }
    }

    /// Gets the turn of a ticket back, unless whoever answers has given it up.
    pub fn fetch_turn(&self, ticket: u64) -> Option<Turn> {
        self.turns.fetch(ticket)
    }

    /// Leaves a turn under a ticket again, for whoever holds the ticket to fetch.
    pub fn return_turn(&self, ticket: u64, turn: Turn) {
        self.turns.give_back(ticket, turn);
    }

    /// Fires what is due up to `now`, each thing at its own moment, fakes before sleepers, in their order.
    fn fire(&self, now: Timestamp, report: &mut dyn FnMut(Fired)) {
        let _one_at_a_time = self.firing.lock();
        let mut stuck = 0;
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            let slot = self.fakes.iter().position(|fake| moment(fake.next_deadline()).is_some_and(|at| at <= due));
            match slot {
                Some(slot) => {
                    let what = {
                        let _open = self.gate.read();
                        self.fakes[slot].tick(due)
                    };
                    let fake = self.registry.kinds()[slot].name();
                    what.into_iter().for_each(|what| report(Fired { at: due, fake, what }));
                    stuck = if moment(self.fakes[slot].next_deadline()).is_some_and(|at| at <= due) {
                        stuck + 1
                    } else {
                        0
                    };
                    if stuck > 10_000 {
                        tracing::error!(fake, %due, "a deadline does not go away; the clock goes on without it");
                        break;
                    }
                }
                None => {
                    if self.sleepers.wake_one(due, &self.turns) {
                        report(Fired {
                            at: due,
                            fake: "world",
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
            self.due.store(nanos(due), Ordering::Release);
            due
        };
        if let Some((wait, me)) = due.and_then(|due| self.clock.wall_until(due)).zip(self.me.upgrade()) {
            self.keeper.call(&me, wait);
        }
    }

    // --- the whole world at once ----------------------------------------------------------------------------

    /// The world as a file: what restores it exactly, clock, ids and random draws included.
    pub fn save(&self) -> WorldFile {
        self.now();
        let _closed = self.gate.write();
        let kinds = self.registry.kinds().iter();
        let sections =
            kinds.zip(&self.fakes).map(|(kind, fake)| (kind.name().to_owned(), Arc::new(Section::saved(fake.save()))));
        WorldFile {
            title: self.origin.lock().title.clone(),
            base: None,
            seed: Some(self.seed()),
            clock: Some(self.clock.setting()),
            strict: Some(self.is_strict()),
            journal: Some(self.journal.limits()),
            faults: self.faults.list(),
            random: Some(self.faults.drawn()),
            sections: sections.collect(),
        }
    }

    /// Replaces the whole world by what the file describes; from now on a reset comes back to it. The journal
    /// begins anew, sleepers go, and the generation grows.
    ///
    /// # Errors
    /// What the file has wrong; nothing has changed then.
    pub fn restore(&self, file: WorldFile) -> Result<(), Problem> {
        let origin = Origin::read(&file, &self.registry)?;
        self.become_origin(Arc::new(origin)).map_err(|problem| located(problem, &file))
    }

    /// What a fork of this world begins with: all of it as it is now but the journal's entries, who sleeps in it, and
    /// connections. It costs what is copied, which is what states do not share.
    pub(crate) fn fork(&self) -> Origin {
        self.now();
        let _closed = self.gate.write();
        Origin {
            title: self.origin.lock().title.clone(),
            seed: self.seed(),
            clock: self.clock.setting(),
            strict: self.is_strict(),
            journal: self.journal.limits(),
            faults: self.faults.copy(),
            starts: self.fakes.iter().map(|fake| fake.copy()).collect(),
        }
    }

    /// Puts the whole world back to how it began.
    ///
    /// # Errors
    /// As [`World::restore`]; it cannot happen with a file that was good before.
    pub fn reset(&self) -> Result<(), Problem> {
        let origin = Arc::clone(&self.origin.lock());
        self.become_origin(origin)
    }

    /// Puts one fake back to how it began, and leaves all else: the clock, the journal, the other fakes.
    ///
    /// # Errors
    /// An unknown fake.
    pub fn reset_fake(&self, name: &str) -> Result<(), Problem> {
        let (slot, _) = self.registry.get(name)?;
        let origin = Arc::clone(&self.origin.lock());
        let start = Seed { seed: self.seed(), now: self.now() };
        let prepared = self.fakes[slot].prepare(&origin.starts[slot], start)?;
        {
            let _closed = self.gate.write();
            self.fakes[slot].replace(prepared);
        }
        self.note(start.now, Deed::FakeReset(name.to_owned()));
        self.rearm();
        Ok(())
    }

    fn become_origin(&self, origin: Arc<Origin>) -> Result<(), Problem> {
        let setting = origin.clock;
        let fresh = Clock::new(setting).map_err(|problem| problem.under("clock"))?;
        // A real clock without a start goes on with the wall clock.
        let now = fresh.now();
        let seed = Seed { seed: origin.seed, now };
        let starts = self.fakes.iter().zip(&origin.starts);
        let prepared: Vec<_> = starts.map(|(fake, start)| fake.prepare(start, seed)).collect::<Result<_, _>>()?;
        {
            let _not_firing = self.firing.lock();
            let _closed = self.gate.write();
            self.generation.fetch_add(1, Ordering::AcqRel);
            self.sleepers.clear();
            self.turns.clear_left();
            for (fake, state) in self.fakes.iter().zip(prepared) {
                fake.replace(state);
            }
            self.clock.set(ClockSetting { now: Some(now), ..setting })?;
            self.seed.store(origin.seed, Ordering::Release);
            self.strict.store(origin.strict, Ordering::Relaxed);
            self.faults.restart(&origin.faults);
            self.journal.restart(origin.journal);
            self.deeds.restart(now);
            *self.origin.lock() = origin;
        }
        tracing::info!(world = self.id(), generation = self.generation(), "world begins anew");
        self.rearm();
        Ok(())
    }

    /// Whether the clock stands until it is advanced.
    pub fn is_frozen(&self) -> bool {
        self.clock.setting().mode == Mode::Frozen
    }

    /// Sends everybody away who sleeps in it; called when it is removed.
    pub(crate) fn leave(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.sleepers.clear();
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("id", &self.id).field("generation", &self.generation()).finish_non_exhaustive()
    }
}
