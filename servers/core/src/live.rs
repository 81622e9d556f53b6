//! A fake alive in a world: its state behind its lock.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use parking_lot::Mutex;

use crate::fake::{Fake, Seed, find};
use crate::node::Node;
use crate::problem::Problem;
use crate::section::Erased;

/// Moments as nanoseconds in an atomic; what never comes is the largest.
pub(crate) const NEVER: i64 = i64::MAX;

pub(crate) fn nanos(at: Option<Timestamp>) -> i64 {
    at.map_or(NEVER, |at| {
        i64::try_from(at.as_nanosecond()).unwrap_or(if at.as_nanosecond() < 0 { i64::MIN } else { NEVER })
    })
}

pub(crate) fn moment(nanos: i64) -> Option<Timestamp> {
    if nanos == NEVER { None } else { Timestamp::from_nanosecond(i128::from(nanos)).ok() }
}

/// A fake's state in one world.
pub struct Live<F: Fake> {
    state: Mutex<F::State>,
    due: AtomicI64,
}

impl<F: Fake> Live<F> {
    pub(crate) fn new(start: &Start, seed: Seed) -> Result<Self, Problem> {
        let state = build::<F>(start, seed)?;
        let due = AtomicI64::new(nanos(F::next_deadline(&state)));
        Ok(Self { state: Mutex::new(state), due })
    }

    /// Runs a rule on the state. Says whether the next deadline has changed by it.
    pub(crate) fn run<R>(&self, rule: impl FnOnce(&mut F::State) -> R) -> (R, bool) {
        let mut state = self.state.lock();
        let output = rule(&mut state);
        let due = nanos(F::next_deadline(&state));
        let changed = self.due.swap(due, Ordering::AcqRel) != due;
        (output, changed)
    }
}

/// What a state is made of, its types erased; worlds share it.
#[derive(Debug, Clone)]
pub enum Start {
    /// A section, or none.
    Section(Option<Erased>),
    /// The state of another world, as it was.
    State(Erased),
}

fn build<F: Fake>(start: &Start, seed: Seed) -> Result<F::State, Problem> {
    let strange = || Problem::invalid("this is of another fake").under(F::NAME);
    match start {
        Start::Section(section) => {
            let section = section.as_ref().map(|section| section.downcast_ref::<F::Section>().ok_or_else(strange));
            F::seed(section.transpose()?.cloned(), seed).map_err(|problem| problem.under(F::NAME))
        }
        Start::State(state) => {
            state.downcast_ref::<Mutex<F::State>>().map(|state| state.lock().clone()).ok_or_else(strange)
        }
    }
}

/// A state that has been made and not yet been put in its place.
pub struct Prepared(Box<dyn Any + Send>);

/// A [`Live`] fake without its types.
pub trait LiveFake: Send + Sync {
    /// For handlers, who know the type.
    fn as_any(&self) -> &dyn Any;
    /// Runs an action; says whether the next deadline has changed.
    ///
    /// # Errors
    /// What does not fit or cannot be done; the state is as it was.
    fn act(&self, action: &str, args: &Node, now: Timestamp) -> (Result<serde_json::Value, Problem>, bool);
    /// The section that would make this state.
    fn save(&self) -> serde_json::Value;
    /// Makes the state that `start` describes, without touching the present one.
    ///
    /// # Errors
    /// As [`Fake::seed`].
    fn prepare(&self, start: &Start, seed: Seed) -> Result<Prepared, Problem>;
    /// A copy of the state, for a fork to start with.
    fn copy(&self) -> Start;
    /// Puts a prepared state in the place of the present one.
    fn replace(&self, prepared: Prepared);
    /// When something falls due.
    fn next_deadline(&self) -> i64;
    /// Lets happen what falls due.
    fn tick(&self, due: Timestamp) -> Vec<String>;
}

impl<F: Fake> LiveFake for Live<F> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn act(&self, action: &str, args: &Node, now: Timestamp) -> (Result<serde_json::Value, Problem>, bool) {
        match find::<F>(action) {
            Ok(action) => self.run(|state| (action.run)(state, now, args)),
            Err(problem) => (Err(problem), false),
        }
    }

    fn save(&self) -> serde_json::Value {
        let section = F::save(&self.state.lock());
        serde_json::to_value(section).unwrap_or_else(|error| {
            // A section is made of maps with string keys and numbers; only a bug in a house gets here.
            tracing::error!(fake = F::NAME, %error, "the state cannot be saved");
            serde_json::Value::Null
        })
    }

    fn prepare(&self, start: &Start, seed: Seed) -> Result<Prepared, Problem> {
        Ok(Prepared(Box::new(build::<F>(start, seed)?)))
    }

    fn copy(&self) -> Start {
        let state = self.state.lock().clone();
        Start::State(Arc::new(Mutex::new(state)))
    }

    fn replace(&self, prepared: Prepared) {
        if let Ok(state) = prepared.0.downcast::<F::State>() {
            self.run(|present| *present = *state);
        }
    }

    fn next_deadline(&self) -> i64 {
        self.due.load(Ordering::Acquire)
    }

    fn tick(&self, due: Timestamp) -> Vec<String> {
        self.run(|state| F::tick(state, due)).0
    }
}
