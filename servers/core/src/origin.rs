//! What a world began as, and comes back to when it is reset.

use std::sync::Arc;

use jiff::Timestamp;

use crate::clock::ClockSetting;
use crate::fault::Faults;
use crate::history;
use crate::journal::Limits;
use crate::live::{LiveService, Start};
use crate::problem::Problem;
use crate::random::Streams;
use crate::section::Section;
use crate::service::{AnyService, Registry};
use crate::world_file::{DEFAULT_SEED, WorldFile};

/// What a world began as: a file whose sections are read, or another world as it was when it was forked. Worlds made of
/// one file share its sections, and a fork shares its states with the world it was forked of.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) title: Option<String>,
    pub(crate) seed: u64,
    pub(crate) clock: ClockSetting,
    pub(crate) strict: bool,
    pub(crate) journal: Limits,
    pub(crate) faults: Faults,
    /// By the services' indexes.
    pub(crate) starts: Vec<Start>,
    /// Whether the sections are so large that a world keeps a copy of its first states, which shares what does not
    /// change, instead of the sections. That needs a clock with a start: a section may lay its past relative to it.
    pub(crate) large: bool,
}

impl Origin {
    /// Reads the sections of a file.
    ///
    /// # Errors
    /// What does not fit, with its path and place.
    pub(crate) fn read(file: &WorldFile, registry: &Registry) -> Result<Self, Problem> {
        let seed = file.seed.unwrap_or(DEFAULT_SEED);
        let random = match &file.random {
            Some(drawn) => Streams::restore(drawn, seed, "faults"),
            None => Streams::new(seed, "faults"),
        };
        // A large world keeps its states instead of its sections, which needs a clock with a start.
        let has_start = file.clock.is_some_and(|clock| clock.now.is_some());
        let large = has_start && file.sections.values().any(|section| section.is_large());
        let one = |kind: &&dyn AnyService| match file.sections.get(kind.name()) {
            Some(section) if large && section.is_large() && begins_with(file, *kind, section) => {
                Ok(Start::Large(Arc::clone(section)))
            }
            _ => start(file, *kind),
        };
        let starts = registry.services().iter().map(one).collect::<Result<_, _>>()?;
        Ok(Self {
            title: file.title.clone(),
            seed,
            clock: file.clock.unwrap_or_default(),
            strict: file.strict.unwrap_or(false),
            journal: file.journal.unwrap_or_default(),
            faults: Faults::new(file.faults.clone(), random, file.fault_names.unwrap_or(0)),
            starts,
            large,
        })
    }

    /// Makes something of each service's start, in order. One after the other also where each may take seconds: reading the
    /// services of a large world beside each other was a quarter faster and took half the world's size more memory.
    ///
    /// # Errors
    /// The first problem.
    pub(crate) fn each<T, R>(
        &self,
        services: impl Iterator<Item = T>,
        make: impl Fn(T, &Start) -> Result<R, Problem>,
    ) -> Result<Vec<R>, Problem> {
        services.zip(&self.starts).map(|(service, start)| make(service, start)).collect()
    }

    /// The same, from copies of states that were just made of it.
    pub(crate) fn with_states(&self, services: &[Box<dyn LiveService>]) -> Self {
        Self {
            title: self.title.clone(),
            seed: self.seed,
            clock: self.clock,
            strict: self.strict,
            journal: self.journal,
            faults: self.faults.copy(),
            // Nobody has connected to these yet, so the time says nothing.
            starts: services.iter().map(|service| service.copy(Timestamp::MIN)).collect(),
            large: false,
        }
    }
}

/// Whether a section says all of how its service begins: nothing has happened before, and no time is relative.
fn begins_with(file: &WorldFile, kind: &dyn AnyService, section: &Section) -> bool {
    file.history.of_service(kind.name()).is_empty() && !section.is_relative()
}

/// What a file says of a service.
///
/// # Errors
/// As [`Origin::read`].
pub(crate) fn start(file: &WorldFile, kind: &dyn AnyService) -> Result<Start, Problem> {
    let section = file.sections.get(kind.name());
    let past = file.history.of_service(kind.name());
    if section.is_some_and(|section| !begins_with(file, kind, section)) || !past.is_empty() {
        return Ok(Start::Laid(section.cloned(), past));
    }
    match section.filter(|section| section.is_built_in()) {
        Some(section) => Ok(Start::BuiltIn(Arc::clone(section))),
        None => section.map(|section| kind.read(section)).transpose().map(Start::Section),
    }
}

/// Gives a problem with a state the place that it has in the file, if there is one.
pub(crate) fn located(problem: Problem, file: &WorldFile) -> Problem {
    match problem.path.0.first() {
        Some(crate::Step::Key(name)) if name == history::KEY => file.history.locate(problem),
        Some(crate::Step::Key(name)) => match file.sections.get(name) {
            Some(section) => section.locate(problem),
            None => problem,
        },
        _ => problem,
    }
}
