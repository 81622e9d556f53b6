//! The faults of one world.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use parking_lot::Mutex;

use super::{Facts, Fault, Hit};
use crate::problem::Problem;
use crate::random::Streams;

#[derive(Debug, Clone)]
struct Book {
    faults: Vec<Fault>,
    random: Streams,
    /// How many names were made up so far.
    named: u64,
}

impl Book {
    /// The place of the fault of this name.
    fn position(&self, id: &str) -> Result<usize, Problem> {
        let found = self.faults.iter().position(|fault| fault.id.as_deref() == Some(id));
        found.ok_or_else(|| {
            let known: Vec<&str> = self.faults.iter().filter_map(|fault| fault.id.as_deref()).collect();
            let mut problem = Problem::not_found(format!("there is no fault `{id}`"));
            problem.hint = crate::near::hint(id, known);
            problem
        })
    }
}

/// The faults of one world. The first that applies to an exchange is the one applied.
#[derive(Debug)]
pub struct Faults {
    armed: AtomicBool,
    book: Mutex<Book>,
}

/// The most faults a world holds.
const MOST: usize = 1_000;

impl Faults {
    /// These faults, which draw from streams of their own, after so many names were made up.
    pub(crate) fn new(faults: Vec<Fault>, random: Streams, named: u32) -> Self {
        let mut book = Book { faults: Vec::new(), random, named: named.into() };
        for mut fault in faults {
            fault.id = Some(name(&mut book, fault.id.take()));
            book.faults.push(fault);
        }
        Self { armed: AtomicBool::new(!book.faults.is_empty()), book: Mutex::new(book) }
    }

    /// Makes these faults those: their counters, names and random draws go on as theirs would.
    pub(crate) fn restart(&self, those: &Self) {
        let fresh = those.book.lock().clone();
        let mut book = self.book.lock();
        *book = fresh;
        self.armed.store(!book.faults.is_empty(), Ordering::Release);
    }

    /// A copy that goes on as these would.
    pub(crate) fn copy(&self) -> Self {
        let book = self.book.lock().clone();
        Self { armed: AtomicBool::new(!book.faults.is_empty()), book: Mutex::new(book) }
    }

    /// Adds a fault and returns its name.
    ///
    /// # Errors
    /// What [`Fault::check`] and [`Fault::check_on`] say, a name that is taken, or too many.
    pub fn add(&self, mut fault: Fault) -> Result<String, Problem> {
        fault.check()?;
        fault.check_on()?;
        let mut book = self.book.lock();
        if let Some(id) = fault.id.as_ref().filter(|id| book.faults.iter().any(|known| known.id.as_ref() == Some(id))) {
            return Err(Problem::conflict(format!("there is a fault `{id}` already")).under("id"));
        }
        if book.faults.len() >= MOST {
            return Err(Problem::conflict(format!("a world holds {MOST} faults at the most")));
        }
        let id = name(&mut book, fault.id.take());
        fault.id = Some(id.clone());
        book.faults.push(fault);
        self.armed.store(true, Ordering::Release);
        Ok(id)
    }

    /// Switches the fault of this name on or off. Returns it as it is then, and whether that is new.
    ///
    /// # Errors
    /// There is none; the hint names the nearest.
    pub fn switch(&self, id: &str, off: bool) -> Result<(Fault, bool), Problem> {
        let mut book = self.book.lock();
        let index = book.position(id)?;
        let fault = &mut book.faults[index];
        let changes = fault.off != off;
        fault.off = off;
        Ok((fault.clone(), changes))
    }

    /// Removes the fault of this name.
    ///
    /// # Errors
    /// There is none; the hint names the nearest.
    pub fn remove(&self, id: &str) -> Result<(), Problem> {
        let mut book = self.book.lock();
        let index = book.position(id)?;
        book.faults.remove(index);
        // Another fault of this name begins its streams anew.
        for purpose in super::PURPOSES {
            book.random.forget(&super::stream(id, purpose));
        }
        self.armed.store(!book.faults.is_empty(), Ordering::Release);
        Ok(())
    }

    /// Removes all.
    pub fn clear(&self) {
        let mut book = self.book.lock();
        for fault in std::mem::take(&mut book.faults) {
            for purpose in super::PURPOSES {
                book.random.forget(&super::stream(fault.id.as_deref().unwrap_or_default(), purpose));
            }
        }
        self.armed.store(false, Ordering::Release);
    }

    /// All of them as they stand, with how often they matched and applied.
    pub fn list(&self) -> Vec<Fault> {
        self.book.lock().faults.clone()
    }

    pub(crate) fn drawn(&self) -> crate::random::Drawn {
        self.book.lock().random.save()
    }

    /// How many names were made up so far.
    pub(crate) fn named(&self) -> u32 {
        u32::try_from(self.book.lock().named).unwrap_or(u32::MAX)
    }

    /// Whether there are any: one load.
    pub fn any(&self) -> bool {
        self.armed.load(Ordering::Acquire)
    }

    /// The fault that applies to an exchange, if any. Costs one load where a world has no faults.
    pub fn match_fault(&self, facts: &Facts<'_>, now: Timestamp) -> Option<Hit> {
        if !self.any() {
            return None;
        }
        let mut book = self.book.lock();
        let Book { faults, random, .. } = &mut *book;
        faults.iter_mut().find_map(|fault| {
            if !fault.applies(facts, now, random) {
                return None;
            }
            let effect = fault.effect(now, random)?;
            Some(Hit { id: fault.id.clone().unwrap_or_default(), effect })
        })
    }
}

fn name(book: &mut Book, wanted: Option<String>) -> String {
    wanted.unwrap_or_else(|| {
        loop {
            book.named += 1;
            let id = format!("f{}", book.named);
            if book.faults.iter().all(|fault| fault.id.as_ref() != Some(&id)) {
                return id;
            }
        }
    })
}
