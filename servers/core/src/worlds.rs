//! All worlds of a process.

use std::sync::Arc;

use arc_swap::ArcSwap;
use imbl::OrdMap;
use parking_lot::Mutex;

use crate::clock::ClockSetting;
use crate::near;
use crate::problem::Problem;
use crate::service::Registry;
use crate::tally::Tally;
use crate::timekeeper::Timekeeper;
use crate::world::World;
use crate::world_file::WorldFile;

/// The name of the world that is always there.
pub const DEFAULT: &str = "default";

/// The most worlds in one process.
const MOST: usize = 100_000;

/// What a new world is made of.
#[derive(Debug, Default)]
pub struct NewWorld {
    /// Its name; left out, it gets one.
    pub id: Option<String>,
    /// Its state.
    pub file: WorldFile,
    /// The world that it is a fork of; the file says nothing then.
    pub fork_of: Option<Arc<World>>,
    /// Overrides the file's seed.
    pub seed: Option<u64>,
    /// Overrides the file's clock.
    pub clock: Option<ClockSetting>,
}

/// The worlds: the one called `default`, and those that were made beside it.
#[derive(Debug)]
pub struct Worlds {
    registry: Registry,
    keeper: Arc<Timekeeper>,
    default: Arc<World>,
    /// Looked up without a lock on every request; making and removing a world makes another map, which shares what
    /// it can with the one before.
    others: ArcSwap<OrdMap<Arc<str>, Arc<World>>>,
    making: Mutex<u64>,
    /// Whether every world that is made here is strict, whatever its file says.
    strict: bool,
    /// Where the exchanges of all worlds are counted, if they are.
    tally: Option<Arc<Tally>>,
}

impl Worlds {
    /// A process with the default world made of `file`.
    ///
    /// # Errors
    /// What the file has wrong.
    pub fn new(registry: Registry, file: WorldFile) -> Result<Self, Problem> {
        let keeper = Arc::default();
        let default = World::new(DEFAULT, &registry, &file, &keeper)?;
        Ok(Self {
            registry,
            keeper,
            default,
            others: ArcSwap::default(),
            making: Mutex::new(0),
            strict: false,
            tally: None,
        })
    }

    /// The services that live in every world.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The world called `default`.
    pub fn default_world(&self) -> &Arc<World> {
        &self.default
    }

    /// The world of this name.
    pub fn find(&self, id: &str) -> Option<Arc<World>> {
        if id == DEFAULT {
            return Some(Arc::clone(&self.default));
        }
        self.others.load().get(id).cloned()
    }

    /// The world of this name.
    ///
    /// # Errors
    /// A problem that names the nearest.
    pub fn get(&self, id: &str) -> Result<Arc<World>, Problem> {
        self.find(id).ok_or_else(|| {
            let others = self.others.load();
            let known: Vec<&str> = [DEFAULT].into_iter().chain(others.keys().map(|id| &**id)).collect();
            let mut problem = Problem::new("unknown_world", format!("there is no world `{id}`"));
            problem.hint = near::hint(id, known.iter().copied());
            problem
        })
    }

    /// All worlds, the default one first, then by name.
    pub fn list(&self) -> Vec<Arc<World>> {
        [Arc::clone(&self.default)].into_iter().chain(self.others.load().values().cloned()).collect()
    }

    /// Whether every world that is made from now on is strict, whatever its file says.
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Counts the exchanges of all worlds from now on.
    #[must_use]
    pub fn with_tally(mut self, tally: Arc<Tally>) -> Self {
        self.default.count_in(&tally);
        self.tally = Some(tally);
        self
    }

    /// Where exchanges are counted, if they are.
    pub fn tally(&self) -> Option<&Arc<Tally>> {
        self.tally.as_ref()
    }

    /// Makes a world.
    ///
    /// # Errors
    /// A name that is taken or cannot be one, what the file has wrong, or too many worlds.
    pub fn create(&self, new: NewWorld) -> Result<Arc<World>, Problem> {
        if let Some(id) = &new.id {
            check_id(id).map_err(|problem| problem.under("id"))?;
            if self.find(id).is_some() {
                return Err(Problem::conflict(format!("there is a world `{id}` already")).under("id"));
            }
        }
        // Made outside the lock: a large world takes its time, and others are made meanwhile.
        let mut number = self.making.lock();
        let id = match new.id {
            Some(id) => id,
            None => loop {
                *number += 1;
                let id = format!("w{number}");
                if self.find(&id).is_none() {
                    break id;
                }
            },
        };
        drop(number);
        let world = match &new.fork_of {
            Some(of) => {
                let mut origin = of.fork();
                origin.seed = new.seed.unwrap_or(origin.seed);
                origin.clock = new.clock.unwrap_or(origin.clock);
                World::begin(&id, &self.registry, Arc::new(origin), &self.keeper)?
            }
            None => {
                let mut file = new.file;
                file.seed = new.seed.or(file.seed);
                file.clock = new.clock.or(file.clock);
                file.strict = if self.strict { Some(true) } else { file.strict };
                World::new(&id, &self.registry, &file, &self.keeper)?
            }
        };
        self.tally.iter().for_each(|tally| world.count_in(tally));
        let _making = self.making.lock();
        let mut others = OrdMap::clone(&self.others.load());
        if others.len() >= MOST {
            return Err(Problem::conflict(format!("a process holds {MOST} worlds at the most")));
        }
        if others.insert(id.as_str().into(), Arc::clone(&world)).is_some() {
            return Err(Problem::conflict(format!("there is a world `{id}` already")).under("id"));
        }
        self.others.store(Arc::new(others));
        if let Some(of) = new.fork_of {
            of.tell_of_fork(world.id());
        }
        tracing::info!(world = world.id(), seed = world.seed(), "world made");
        Ok(world)
    }

    /// Removes a world and cancels its timers.
    ///
    /// # Errors
    /// There is none of this name, or it is the default one, which is always there.
    pub fn remove(&self, id: &str) -> Result<(), Problem> {
        if id == DEFAULT {
            return Err(Problem::conflict("the default world is always there").hint("reset it instead"));
        }
        let world = self.get(id)?;
        let _making = self.making.lock();
        let mut others = OrdMap::clone(&self.others.load());
        others.remove(id);
        self.others.store(Arc::new(others));
        world.leave();
        tracing::info!(world = id, "world removed");
        Ok(())
    }
}

fn check_id(id: &str) -> Result<(), Problem> {
    let good =
        (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if good {
        return Ok(());
    }
    let hint = match suggested(id) {
        Some(near) => format!("write `{near}`: 1 to 64 letters, digits, `-` or `_`"),
        None => "1 to 64 letters, digits, `-` or `_`".to_owned(),
    };
    Err(Problem::invalid(format!("`{id}` cannot name a world")).hint(hint))
}

/// A name for a world that is like this one: of a test's name as test runners print it, say. Long ones keep their end,
/// which tells tests of one file apart.
fn suggested(id: &str) -> Option<String> {
    let parts = id.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join("-");
    let name = name.get(name.len().saturating_sub(64)..)?.trim_start_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cannot_be_one_is_told_with_one_that_can() {
        for (name, near) in [
            ("tests/test_cart.py::test_pays[card-1]", "tests-test_cart-py-test_pays-card-1"),
            ("checkout 1", "checkout-1"),
            ("a/b", "a-b"),
            ("тест-1", "1"),
        ] {
            let problem = check_id(name).expect_err(name).to_string();
            assert!(problem.contains(&format!("write `{near}`")), "{problem}");
            assert_eq!(check_id(near), Ok(()), "{near}");
        }
        let long = format!("tests/{}.py::test_the_end", "x".repeat(80));
        let near = suggested(&long).expect("letters");
        assert!(check_id(&near).is_ok() && near.ends_with("py-test_the_end"), "{near}");
        for name in ["", "::", "тест"] {
            assert!(check_id(name).is_err_and(|problem| problem.hint.is_some()), "{name}");
        }
    }
}
