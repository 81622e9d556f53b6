//! A service alive in a world: its state behind its lock.

use std::any::Any;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::history::{self, Past};
use crate::node::Node;
use crate::problem::Problem;
use crate::relative::Beginning;
use crate::section::{Erased, SavedState, Section};
use crate::service::{Seed, Service, find};
use crate::shared::Version;
use crate::view::{Draw, Look, View};

/// Times as microseconds in an atomic, which reach from the first to the last time that there is; the largest never comes.
pub(crate) const NEVER: i64 = i64::MAX;

/// The microsecond in which a time lies.
pub(crate) fn micros(at: Option<Timestamp>) -> i64 {
    at.map_or(NEVER, |at| narrow(at.as_nanosecond().div_euclid(1_000)))
}

/// The first whole microsecond that is not before a time.
fn micros_after(at: Option<Timestamp>) -> i64 {
    at.map_or(NEVER, |at| narrow((at.as_nanosecond() + 999).div_euclid(1_000)))
}

fn narrow(micros: i128) -> i64 {
    i64::try_from(micros).unwrap_or(NEVER)
}

pub(crate) fn moment(micros: i64) -> Option<Timestamp> {
    if micros == NEVER { None } else { Timestamp::from_microsecond(micros).ok() }
}

/// Follows a service's state in one world.
pub trait Follower<F: Service>: Any + Send + Sync {
    /// The state may have changed, by what happened at `now`. Called under the state's lock after every rule, action and
    /// tick.
    fn changed(&self, state: &F::State, now: Timestamp);
    /// The state was replaced, or is gone with its world.
    fn replaced(&self);
}

/// A service's state in one world.
pub struct Live<F: Service> {
    state: Mutex<Place<F>>,
    /// The version of the state, which every rule that may change it gives anew.
    version: AtomicU64,
    due: AtomicI64,
    follower: OnceLock<Arc<dyn Follower<F>>>,
}

impl<F: Service> Drop for Live<F> {
    fn drop(&mut self) {
        if let Some(follower) = self.follower.get() {
            follower.replaced();
        }
    }
}

impl<F: Service> Live<F> {
    pub(crate) fn new(start: &Start, seed: Seed) -> Result<Self, Problem> {
        let place = Place::<F>::new(start, seed)?;
        let due = AtomicI64::new(place.next_deadline());
        let version = AtomicU64::new(Version::next().number());
        Ok(Self { state: Mutex::new(place), version, due, follower: OnceLock::new() })
    }

    /// Runs a rule on the state. Says whether the next deadline has changed by it.
    pub(crate) fn run<R>(&self, now: Timestamp, rule: impl FnOnce(&mut F::State) -> R) -> (R, bool) {
        let mut place = self.state.lock();
        let state = place.state();
        let output = rule(state);
        self.version.store(Version::next().number(), Ordering::Release);
        if let Some(follower) = self.follower.get() {
            follower.changed(state, now);
        }
        (output, self.reckon(&place))
    }

    /// Runs a rule that only reads the state: nobody who follows it is notified, and its version stays.
    pub(crate) fn read<R>(&self, rule: impl FnOnce(&mut F::State) -> R) -> R {
        rule(self.state.lock().state())
    }

    /// The version of the state: while it is the same, so is the state.
    pub fn version(&self) -> Version {
        Version::of(self.version.load(Ordering::Acquire))
    }

    /// The one follower of this state, made at the first call; `None` if it has one of another type.
    pub fn follower<T: Follower<F>>(&self, make: impl FnOnce() -> T) -> Option<Arc<T>> {
        let follower: Arc<dyn Any + Send + Sync> = Arc::clone(self.follower.get_or_init(|| Arc::new(make()))) as _;
        follower.downcast().ok()
    }

    /// Notes when something falls due from now on; says whether that has changed.
    fn reckon(&self, place: &Place<F>) -> bool {
        let due = place.next_deadline();
        self.due.swap(due, Ordering::AcqRel) != due
    }
}

/// What a state is made of, its types erased; worlds share it.
#[derive(Debug, Clone)]
pub enum Start {
    /// A section, or none.
    Section(Option<Erased>),
    /// A section that is too large to be kept beside the state that is made of it: read for each state anew.
    Large(Arc<Section>),
    /// A section that is built in: it is known to be good, and nothing falls due in what it makes. So it is read, and the
    /// state made, when somebody first asks for it: a process, or a world, of which one service is used pays for one.
    BuiltIn(Arc<Section>),
    /// A section, or none, with times that are relative to the world's beginning, and what has happened before it.
    Laid(Option<Arc<Section>>, Arc<[Past]>),
    /// The state of another world, for which nobody had asked there: what it will be made of.
    Waiting(Arc<Section>, Seed),
    /// The state of another world, as it was.
    State(Erased),
}

/// The times for which built-in sections are known to be good, in seconds: the years 1970 to 2199.
const KNOWN: std::ops::Range<i64> = 0..7_258_118_400;

/// Where a state is, or waits to be made.
enum Place<F: Service> {
    Waiting(Arc<Section>, Seed),
    Made(F::State),
}

impl<F: Service> Place<F> {
    fn new(start: &Start, seed: Seed) -> Result<Self, Problem> {
        let made = match start {
            Start::BuiltIn(section) if KNOWN.contains(&seed.now.as_second()) => {
                return Ok(Self::Waiting(Arc::clone(section), seed));
            }
            Start::Waiting(section, seed) => return Ok(Self::Waiting(Arc::clone(section), *seed)),
            Start::BuiltIn(section) => read::<F>(section, seed),
            Start::Section(section) => of_section::<F>(section.as_ref(), seed),
            Start::Large(section) => {
                section.read_anew().and_then(|section| F::seed(section, seed)).map_err(|problem| problem.under(F::NAME))
            }
            Start::Laid(section, past) => laid::<F>(section.as_deref(), past, seed),
            Start::State(state) => match state.downcast_ref::<Mutex<F::State>>() {
                Some(state) => Ok(state.lock().clone()),
                None => Err(strange::<F>()),
            },
        };
        made.map(Self::Made)
    }

    /// The state, made at the first call.
    fn state(&mut self) -> &mut F::State {
        if let Self::Waiting(section, seed) = self {
            // Tests make everything that is built in, at the first and the last of the known times.
            *self = Self::Made(read::<F>(section, *seed).expect("a built-in section is good"));
        }
        match self {
            Self::Made(state) => state,
            Self::Waiting(..) => unreachable!("it was made above"),
        }
    }

    fn next_deadline(&self) -> i64 {
        match self {
            Self::Made(state) => micros_after(F::next_deadline(state)),
            Self::Waiting(..) => NEVER,
        }
    }
}

fn read<F: Service>(section: &Section, seed: Seed) -> Result<F::State, Problem> {
    let read = section.read::<F::Section>().map_err(|problem| problem.under(F::NAME))?;
    of_section::<F>(Some(&read), seed)
}

fn of_section<F: Service>(section: Option<&Erased>, seed: Seed) -> Result<F::State, Problem> {
    let section = section.map(|section| section.downcast_ref::<F::Section>().ok_or_else(strange::<F>));
    F::seed(section.transpose()?.cloned(), seed).map_err(|problem| problem.under(F::NAME))
}

/// The state of a section whose times count from the world's beginning, after what has happened before.
fn laid<F: Service>(section: Option<&Section>, past: &[Past], seed: Seed) -> Result<F::State, Problem> {
    let beginning = Beginning { now: seed.now, times: F::TIMES };
    let section = section.map(|section| section.read_at::<F::Section>(beginning)).transpose();
    let began = Seed { now: history::begins(past, seed.now), ..seed };
    let seeded = section.and_then(|section| F::seed(section, began));
    let mut state = seeded.map_err(|problem| problem.under(F::NAME))?;
    history::relive::<F>(&mut state, past, seed.now)?;
    Ok(state)
}

fn strange<F: Service>() -> Problem {
    Problem::invalid("this is of another fake").under(F::NAME)
}

/// A state that has been prepared and not yet been put in its place.
pub struct Prepared(Box<dyn Any + Send>);

/// A state as it was when its world was saved.
struct Saved<F: Service>(Mutex<F::State>);

impl<F: Service> SavedState for Saved<F> {
    fn to_write(&self) -> Box<dyn erased_serde::Serialize> {
        Box::new(F::save(&self.0.lock()))
    }

    fn section(&self) -> Erased {
        Arc::new(F::save(&self.0.lock()))
    }
}

impl<F: Service> std::fmt::Debug for Saved<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Saved").field(&F::NAME).finish()
    }
}

/// A [`Live`] service without its types.
pub trait LiveService: Send + Sync {
    /// For handlers, who know the type.
    fn as_any(&self) -> &dyn Any;
    /// Runs an action; says whether the next deadline has changed.
    ///
    /// # Errors
    /// What does not fit or cannot be done; the state is as it was.
    fn act(&self, action: &str, args: &Node, now: Timestamp) -> (Result<serde_json::Value, Problem>, bool);
    /// The section that would make this state. It is a copy of the state, as a fork is, until it is written.
    fn save(&self, now: Timestamp) -> Section;
    /// Makes the state that `start` describes, without touching the present one.
    ///
    /// # Errors
    /// As [`Service::seed`].
    fn prepare(&self, start: &Start, seed: Seed) -> Result<Prepared, Problem>;
    /// A copy of the state, for a fork to start with.
    fn copy(&self, now: Timestamp) -> Start;
    /// Puts a prepared state in the place of the present one.
    fn replace(&self, prepared: Prepared);
    /// When something falls due.
    fn next_deadline(&self) -> i64;
    /// Lets happen what falls due.
    fn tick(&self, due: Timestamp) -> Vec<String>;
    /// Notes that the clock was set back.
    fn clock_back(&self, now: Timestamp);
    /// What people see of the state, and its version: it grows with all that may have changed the state.
    ///
    /// # Errors
    /// A table that is not there, or a place in one that cannot be.
    fn view(&self, now: Timestamp, look: &Look<'_>) -> Result<(u64, View), Problem>;
    /// The picture that a cell of the view names, as PNG.
    fn picture(&self, name: &str) -> Option<Draw>;
}

impl<F: Service> LiveService for Live<F> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn act(&self, action: &str, args: &Node, now: Timestamp) -> (Result<serde_json::Value, Problem>, bool) {
        match find::<F>(action) {
            Ok(action) => self.run(now, |state| (action.run)(state, now, args)),
            Err(problem) => (Err(problem), false),
        }
    }

    fn save(&self, now: Timestamp) -> Section {
        let mut copy = self.state.lock().state().clone();
        F::copied(&mut copy, now);
        Section::saved(Box::new(Saved::<F>(Mutex::new(copy))))
    }

    fn prepare(&self, start: &Start, seed: Seed) -> Result<Prepared, Problem> {
        Ok(Prepared(Box::new(Place::<F>::new(start, seed)?)))
    }

    fn copy(&self, now: Timestamp) -> Start {
        let place = self.state.lock();
        match &*place {
            Place::Waiting(section, seed) => Start::Waiting(Arc::clone(section), *seed),
            Place::Made(state) => {
                let mut copy = state.clone();
                F::copied(&mut copy, now);
                Start::State(Arc::new(Mutex::new(copy)))
            }
        }
    }

    fn replace(&self, prepared: Prepared) {
        if let Ok(prepared) = prepared.0.downcast::<Place<F>>() {
            let mut place = self.state.lock();
            *place = *prepared;
            self.version.store(Version::next().number(), Ordering::Release);
            self.reckon(&place);
            if let Some(follower) = self.follower.get() {
                follower.replaced();
            }
        }
    }

    fn next_deadline(&self) -> i64 {
        self.due.load(Ordering::Acquire)
    }

    fn tick(&self, due: Timestamp) -> Vec<String> {
        self.run(due, |state| F::tick(state, due)).0
    }

    fn clock_back(&self, now: Timestamp) {
        // What nobody has asked for yet begins when somebody does.
        if matches!(*self.state.lock(), Place::Waiting(..)) {
            return;
        }
        self.run(now, |state| F::clock_back(state, now));
    }

    fn view(&self, now: Timestamp, look: &Look<'_>) -> Result<(u64, View), Problem> {
        let mut place = self.state.lock();
        let view = F::view(place.state(), now, look);
        let version = self.version.load(Ordering::Relaxed);
        drop(place);
        Ok((version, view.of(F::NAME, look)?))
    }

    fn picture(&self, name: &str) -> Option<Draw> {
        F::picture(self.state.lock().state(), name)
    }
}
