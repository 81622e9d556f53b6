//! What has been recorded in a world since a position: journal entries and events, in order, with the gaps named.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tokio::sync::watch;

use super::World;
use crate::feed::{Event, Happened, Position, Read};
use crate::journal::Entry;

/// Something that was recorded.
#[derive(Debug)]
pub enum Recorded {
    /// An exchange or a push.
    Entry(Entry),
    /// Something else that happened.
    Event(Arc<Event>),
    /// What was recorded here is not kept any more.
    Gap(Gap),
}

/// What a reader has missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// So many journal entries: they were dropped, cleared, or too large to be kept.
    Entries(u64),
    /// So many events.
    Events(u64),
    /// So much of the run before the world began anew; how much is not known where that was more than one run ago.
    Run(Option<u64>),
}

impl World {
    /// Hears of everything that is recorded from now on: exchanges, actions, what falls due, changes of the clock.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.signal.listen()
    }

    /// Whether it was removed.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Tells those apart that had the same name, in one process.
    pub fn birth(&self) -> u64 {
        self.birth
    }

    /// The position after all that has been recorded so far.
    pub fn position(&self) -> Position {
        let _open = self.gate.read();
        let (generation, events) = self.feed.newest();
        Position { generation, entries: self.journal.newest(), events }
    }

    /// The position before all of the present run.
    pub fn beginning_position(&self) -> Position {
        Position { generation: self.feed.newest().0, entries: 0, events: 0 }
    }

    /// The number of the last event before what came after this journal entry.
    pub fn events_before(&self, entry: u64) -> u64 {
        self.feed.before(entry)
    }

    /// What was recorded after a position, in order, at most about so much; each with the position after it.
    pub fn recorded(&self, from: Position, most: usize) -> Vec<(Position, Recorded)> {
        let (read, entries, newest) = {
            // A reset takes journal and events together.
            let _open = self.gate.read();
            let mut read = self.feed.read(from.events, most);
            let mut after = from.entries;
            if read.generation != from.generation {
                read = self.feed.read(0, most);
                after = 0;
            }
            let (entries, newest) = self.journal.after(after, most);
            (read, entries, newest)
        };
        merge(from, read, entries, newest, most)
    }

    /// Another world was made as a copy of this one.
    pub(crate) fn tell_of_fork(&self, world: &str) {
        self.happened(self.clock.now(), Happened::Fork { world: world.to_owned() });
    }

    pub(super) fn happened(&self, at: Timestamp, happened: Happened) {
        self.feed.write(at, self.journal.newest(), happened);
        self.signal.tell();
    }
}

fn merge(from: Position, read: Read, entries: Vec<Entry>, newest: u64, most: usize) -> Vec<(Position, Recorded)> {
    let mut found = Vec::new();
    let mut at = from;
    let gap = |found: &mut Vec<_>, at: Position, gap: Gap| found.push((at, Recorded::Gap(gap)));
    let is_strange = from.generation == read.generation && (from.entries > newest || from.events > read.newest);
    if is_strange {
        at = Position { generation: read.generation, entries: newest, events: read.newest };
        gap(&mut found, at, Gap::Run(None));
        return found;
    }
    if from.generation != read.generation {
        at = Position { generation: read.generation, entries: 0, events: 0 };
        let ended = read.ended.filter(|ended| ended.generation == from.generation);
        let missed = ended.map(|ended| {
            ended.entries.saturating_sub(from.entries).saturating_add(ended.events.saturating_sub(from.events))
        });
        if missed != Some(0) {
            gap(&mut found, at, Gap::Run(missed));
        }
    }
    let all = entries.len() < most;
    // What is later than the last entry that was read waits for the entries before it.
    let upto = if all { newest } else { entries.last().map_or(newest, |entry| entry.seq) };
    let all_events = read.events.len() < most;
    let mut events = read.events.into_iter().peekable();
    let mut event = |found: &mut Vec<_>, at: &mut Position, before: u64| {
        while let Some(event) = events.next_if(|event| event.after < before) {
            if event.number > at.events + 1 {
                let missed = event.number - at.events - 1;
                at.events = event.number - 1;
                found.push((*at, Recorded::Gap(Gap::Events(missed))));
            }
            at.events = event.number;
            found.push((*at, Recorded::Event(event)));
        }
        events.peek().is_none()
    };
    for entry in entries {
        // Of more events than were read, the next may come before this entry.
        if event(&mut found, &mut at, entry.seq) && !all_events {
            return found;
        }
        if entry.seq > at.entries + 1 {
            let missed = entry.seq - at.entries - 1;
            at.entries = entry.seq - 1;
            gap(&mut found, at, Gap::Entries(missed));
        }
        at.entries = entry.seq;
        found.push((at, Recorded::Entry(entry)));
    }
    if all && newest > at.entries {
        let missed = newest - at.entries;
        at.entries = newest;
        gap(&mut found, at, Gap::Entries(missed));
    }
    let read_all = event(&mut found, &mut at, upto.saturating_add(1));
    if read_all && all_events && read.newest > at.events {
        let missed = read.newest - at.events;
        at.events = read.newest;
        gap(&mut found, at, Gap::Events(missed));
    }
    found
}
