//! What was done to a world other than by its clients: with the journal it tells a session from its beginning.

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;

use crate::fault::Fault;

/// One thing that was done.
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

/// A world event, when and after what.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The world's time.
    pub at: Timestamp,
    /// The number of the newest journal entry by then.
    pub after: u64,
    /// What.
    pub event: WorldEvent,
}

/// The most world events that a world keeps; the first ones stay, for a record without its beginning is worth nothing.
const MOST: usize = 20_000;

/// The most bytes of arguments that it keeps.
const MOST_BYTES: usize = 8 * 1024 * 1024;

#[derive(Debug, Default)]
struct Pages {
    began: Timestamp,
    done: Vec<Done>,
    bytes: usize,
    lost: u64,
}

/// The world events in one world since it began.
#[derive(Debug, Default)]
pub struct WorldEvents(Mutex<Pages>);

impl WorldEvents {
    /// None yet, in a world that begins at this moment.
    pub(crate) fn restart(&self, began: Timestamp) {
        *self.0.lock() = Pages { began, ..Pages::default() };
    }

    pub(crate) fn write(&self, done: Done) {
        let mut pages = self.0.lock();
        let bytes = match &done.event {
            WorldEvent::Action { name, args } => name.len() + weight(args),
            _ => size_of::<Fault>(),
        };
        if pages.done.len() >= MOST || pages.bytes + bytes > MOST_BYTES {
            pages.lost += 1;
            return;
        }
        pages.bytes += bytes;
        pages.done.push(done);
    }

    /// When the world began, what was done since in order, and how much was not kept.
    pub fn read(&self) -> (Timestamp, Vec<Done>, u64) {
        let pages = self.0.lock();
        (pages.began, pages.done.clone(), pages.lost)
    }
}

/// About what a value takes.
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
