//! World events: what was done to a world other than by its clients. Recordings are made from them and the journal.

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;

use crate::fault::Fault;

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum WorldEvent {
    /// An action happened.
    Action {
        /// Its full name, `carbis.call_waiter`.
        name: String,
        /// Its arguments.
        args: Value,
    },
    /// A fault was put in; it has its name.
    Fault(Box<Fault>),
    /// A fault was taken out, as it then stood.
    FaultGone(Box<Fault>),
    /// One service was put back to how it began.
    ServiceReset(String),
    /// The clock was set back from this moment.
    ClockBack(Timestamp),
}

/// A world event with its time and place in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The world's time.
    pub at: Timestamp,
    /// The number of the newest journal entry by then.
    pub after: u64,
    /// What was done.
    pub event: WorldEvent,
}

/// The most world events that a world keeps. The first ones stay: a recording needs its beginning.
const MOST: usize = 20_000;

/// The most bytes of arguments that a world keeps.
const MOST_BYTES: usize = 8 * 1024 * 1024;

#[derive(Debug, Default)]
struct Kept {
    began: Timestamp,
    done: Vec<Done>,
    bytes: usize,
    lost: u64,
}

/// The world events in one world since it began.
#[derive(Debug, Default)]
pub struct WorldEvents(Mutex<Kept>);

impl WorldEvents {
    /// None yet, in a world that begins at this moment.
    pub(crate) fn restart(&self, began: Timestamp) {
        *self.0.lock() = Kept { began, ..Kept::default() };
    }

    pub(crate) fn write(&self, done: Done) {
        let mut kept = self.0.lock();
        let bytes = match &done.event {
            WorldEvent::Action { name, args } => name.len() + weight(args),
            _ => size_of::<Fault>(),
        };
        if kept.done.len() >= MOST || kept.bytes + bytes > MOST_BYTES {
            kept.lost += 1;
            return;
        }
        kept.bytes += bytes;
        kept.done.push(done);
    }

    /// When the world began.
    pub fn began(&self) -> Timestamp {
        self.0.lock().began
    }

    /// When the world began, its events in order, and how many were not kept.
    pub fn read(&self) -> (Timestamp, Vec<Done>, u64) {
        let kept = self.0.lock();
        (kept.began, kept.done.clone(), kept.lost)
    }
}

/// The approximate size of a value in bytes.
pub(crate) fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Object(map) => map.iter().map(|(key, value)| key.len() + weight(value)).sum(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_stays_and_what_is_beyond_is_counted() {
        let world_events = WorldEvents::default();
        world_events.restart(Timestamp::UNIX_EPOCH);
        let action = |n: usize| WorldEvent::Action { name: "a".into(), args: n.into() };
        for n in 0..MOST + 5 {
            world_events.write(Done { at: Timestamp::UNIX_EPOCH, after: 0, event: action(n) });
        }
        let (began, done, lost) = world_events.read();
        assert_eq!((began, done.len(), lost), (Timestamp::UNIX_EPOCH, MOST, 5));
        assert_eq!(done[0].event, action(0));
        world_events.restart(Timestamp::UNIX_EPOCH);
        let large = Value::from("x".repeat(MOST_BYTES));
        world_events.write(Done { at: began, after: 0, event: WorldEvent::Action { name: "a".into(), args: large } });
        assert_eq!(world_events.read().2, 1);
    }
}
