//! What observers of a world receive: the signal that something was recorded, and the bounded list of what happened
//! beside the journal.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::clock::ClockSetting;
use crate::world_events::weight;

/// Says that something was recorded in a world. Where nobody listens it costs the look at a counter.
#[derive(Debug, Clone, Default)]
pub struct Signal(watch::Sender<()>);

impl Signal {
    /// Wakes those who listen.
    pub(crate) fn tell(&self) {
        if self.0.receiver_count() > 0 {
            self.0.send_replace(());
        }
    }

    /// Hears of everything that is recorded from now on.
    pub fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

/// Something that happened in a world beside the exchanges of its clients.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Happened {
    /// An action was done.
    Action {
        /// Its full name, `carbis.call_waiter`.
        action: String,
        /// Its arguments.
        args: Value,
        /// What came of it.
        result: Value,
    },
    /// Something fell due: of a service, or of `world`, where a held reply or a step of a scenario waited for it.
    Fired {
        /// The service, or `world`.
        #[serde(rename = "fake")]
        service: &'static str,
        /// What, in a few words.
        fired: String,
    },
    /// A fault was put in.
    Fault {
        /// Its name.
        id: String,
    },
    /// A fault was taken out.
    FaultGone {
        /// Its name.
        id: String,
    },
    /// One service was put back to how it began.
    ServiceReset {
        /// The service.
        #[serde(rename = "fake")]
        service: String,
    },
    /// The world was put back to how it began.
    Reset {
        /// Grows by one with every reset and restore.
        generation: u64,
    },
    /// The world was replaced by that of a file; a scenario begins so.
    Restore {
        /// Grows by one with every reset and restore.
        generation: u64,
    },
    /// Another world was made as a copy of this one.
    Fork {
        /// The copy.
        world: String,
    },
    /// The clock was set.
    ClockSet {
        /// As it is now.
        clock: ClockSetting,
    },
    /// The clock was moved on.
    ClockAdvanced {
        /// As it is now.
        clock: ClockSetting,
        /// How much fell due on the way.
        fired: u64,
    },
}

impl Happened {
    /// Whether it is about the clock.
    pub fn is_of_clock(&self) -> bool {
        matches!(self, Self::ClockSet { .. } | Self::ClockAdvanced { .. })
    }

    /// About what it takes to keep it, in bytes.
    fn weight(&self) -> usize {
        size_of::<Event>()
            + match self {
                Self::Action { action, args, result } => action.len() + weight(args) + weight(result),
                Self::Fired { fired, .. } => fired.len(),
                Self::Fault { id } | Self::FaultGone { id } => id.len(),
                Self::ServiceReset { service: text } | Self::Fork { world: text } => text.len(),
                Self::Reset { .. } | Self::Restore { .. } | Self::ClockSet { .. } | Self::ClockAdvanced { .. } => 0,
            }
    }
}

/// One thing that happened, and when.
#[derive(Debug, PartialEq, Serialize)]
pub struct Event {
    /// Its number in this run of the world, from 1.
    #[serde(skip)]
    pub number: u64,
    /// The number of the newest journal entry by then.
    #[serde(skip)]
    pub after: u64,
    /// The world's time.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub happened: Happened,
}

/// How far somebody has read what is recorded in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The run of the world: it begins anew with every reset and restore.
    pub generation: u64,
    /// The newest journal entry that was read.
    pub entries: u64,
    /// The newest event that was read.
    pub events: u64,
}

/// The most events that are kept.
const MOST: usize = 4_096;

/// The most bytes of events that are kept.
const MOST_BYTES: usize = 1024 * 1024;

#[derive(Debug, Default)]
struct Pages {
    generation: u64,
    next: u64,
    bytes: usize,
    events: VecDeque<Arc<Event>>,
    /// Where the run before this one ended.
    ended: Option<Position>,
}

/// The latest events of a world.
#[derive(Debug, Default)]
pub(crate) struct Feed(Mutex<Pages>);

/// Events after a position.
pub(crate) struct Read {
    pub(crate) generation: u64,
    pub(crate) ended: Option<Position>,
    pub(crate) events: Vec<Arc<Event>>,
    /// The number of the newest, kept or not.
    pub(crate) newest: u64,
}

impl Feed {
    /// Writes an event, which gets the next number; the oldest go where there are too many.
    pub(crate) fn write(&self, at: Timestamp, after: u64, happened: Happened) {
        let weight = happened.weight();
        let mut pages = self.0.lock();
        pages.next += 1;
        let number = pages.next;
        // One that is larger than all that may be kept is a gap to whoever reads on.
        if weight > MOST_BYTES {
            return;
        }
        pages.bytes += weight;
        pages.events.push_back(Arc::new(Event { number, after, at, happened }));
        while pages.events.len() > MOST || pages.bytes > MOST_BYTES {
            let Some(oldest) = pages.events.pop_front() else { break };
            pages.bytes -= oldest.happened.weight();
        }
    }

    /// A run begins; that before it ended with so many journal entries.
    pub(crate) fn restart(&self, generation: u64, entries: u64) {
        let mut pages = self.0.lock();
        let ended = Position { generation: pages.generation, entries, events: pages.next };
        // No run has the number 0: that is a world which is being made.
        let ended = Some(ended).filter(|ended| ended.generation > 0);
        *pages = Pages { generation, ended, ..Pages::default() };
    }

    /// The run and its newest event.
    pub(crate) fn newest(&self) -> (u64, u64) {
        let pages = self.0.lock();
        (pages.generation, pages.next)
    }

    /// The number of the last event before what came after this journal entry.
    pub(crate) fn before(&self, entry: u64) -> u64 {
        let pages = self.0.lock();
        let place = pages.events.partition_point(|event| event.after < entry);
        match pages.events.get(place) {
            // The first of all is asked for: what is not kept any more is a gap.
            Some(_) if place == 0 && entry == 0 => 0,
            Some(event) => event.number - 1,
            None => pages.next,
        }
    }

    /// The events after this one, the first so many.
    pub(crate) fn read(&self, after: u64, most: usize) -> Read {
        let pages = self.0.lock();
        let from = pages.events.partition_point(|event| event.number <= after);
        Read {
            generation: pages.generation,
            ended: pages.ended,
            events: pages.events.range(from..).take(most).map(Arc::clone).collect(),
            newest: pages.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_stay_within_both_limits_and_numbers_go_on() {
        let feed = Feed::default();
        let fork = |text: String| Happened::Fork { world: text };
        for n in 0..MOST + 5 {
            feed.write(Timestamp::UNIX_EPOCH, 0, fork(n.to_string()));
        }
        let read = feed.read(0, usize::MAX);
        assert_eq!((read.events.len(), read.events[0].number, read.newest), (MOST, 6, MOST as u64 + 5));
        feed.write(Timestamp::UNIX_EPOCH, 0, fork("x".repeat(MOST_BYTES)));
        assert_eq!(feed.read(0, usize::MAX).events.len(), MOST, "what is larger than the feed is not kept");
        feed.write(Timestamp::UNIX_EPOCH, 0, fork("x".repeat(MOST_BYTES / 2)));
        let pages = feed.0.lock();
        assert!(pages.bytes <= MOST_BYTES && pages.events.len() < MOST, "{}", pages.bytes);
        assert_eq!(pages.bytes, pages.events.iter().map(|event| event.happened.weight()).sum::<usize>());
        assert_eq!(pages.next, MOST as u64 + 7);
    }

    #[test]
    fn where_nobody_listens_nothing_is_sent() {
        let signal = Signal::default();
        signal.tell();
        let mut listener = signal.listen();
        assert!(!listener.has_changed().expect("it lives"));
        signal.tell();
        assert!(listener.has_changed().expect("it lives"));
        listener.borrow_and_update();
        assert!(!listener.has_changed().expect("it lives"));
    }
}
