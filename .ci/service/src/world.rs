//! The section `@name@` of a world file: into the state, and back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Problem, Timestamp};

use crate::state::State;

/// @Name@ in a world.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Section {
    /// The notes, the oldest first.
    pub notes: Vec<Note>,
}

/// A note that is there from the start.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// When it was left.
    #[schemars(with = "String")]
    pub left_at: Timestamp,
}

pub(crate) fn seed(section: Section) -> Result<State, Problem> {
    let mut state = State::default();
    for (index, note) in section.notes.into_iter().enumerate() {
        if note.text.is_empty() {
            return Err(Problem::invalid("an empty note; expected a text").under("text").under(index).under("notes"));
        }
        state.leave_note(note.text, note.left_at);
    }
    Ok(state)
}

pub(crate) fn save(state: &State) -> Section {
    let mut notes: Vec<Note> =
        state.latest().map(|(_, note)| Note { text: note.text.clone(), left_at: note.left_at }).collect();
    notes.reverse();
    Section { notes }
}
