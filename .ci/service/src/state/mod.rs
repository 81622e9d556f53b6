//! Entities and rules, pure and synchronous.

use stend_core::{Table, Timestamp};

/// The state of one world.
#[derive(Debug, Clone, Default)]
pub struct State {
    notes: Table<u64, Note>,
}

/// Something that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) text: String,
    pub(crate) left_at: Timestamp,
}

impl State {
    /// Adds a note; returns its id.
    pub(crate) fn leave_note(&mut self, text: String, left_at: Timestamp) -> u64 {
        let id = self.notes.last().map_or(1, |(id, _)| id + 1);
        self.notes.insert(id, Note { text, left_at });
        id
    }

    /// All notes by their ids.
    pub(crate) fn notes(&self) -> &Table<u64, Note> {
        &self.notes
    }

    /// All notes with their ids, the newest first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = (u64, &Note)> {
        self.notes.iter().rev().map(|(id, note)| (*id, note))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_note_comes_first() {
        let mut state = State::default();
        state.leave_note("first".into(), Timestamp::UNIX_EPOCH);
        state.leave_note("second".into(), Timestamp::UNIX_EPOCH);
        let ids: Vec<u64> = state.latest().map(|(id, _)| id).collect();
        assert_eq!(ids, [2, 1]);
    }
}
