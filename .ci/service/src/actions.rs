//! What happens on the far side.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::service::Act;
use stend_core::{Action, Problem, Timestamp};

use crate::@Name@;
use crate::state::State;

pub(crate) static ACTIONS: &[Action<@Name@>] = &[Action::of::<LeaveNote>()];

/// Arguments of `@name@.leave_note`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LeaveNote {
    /// What it says.
    text: String,
}

/// What `@name@.leave_note` returns.
#[derive(Debug, Serialize)]
struct Left {
    id: u64,
}

impl Act<@Name@> for LeaveNote {
    const NAME: &'static str = "leave_note";
    const SUMMARY: &'static str = "Somebody leaves a note.";
    type Output = Left;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Left, Problem> {
        if self.text.is_empty() {
            return Err(Problem::invalid("an empty note; expected a text").under("text"));
        }
        Ok(Left { id: state.leave_note(self.text, now) })
    }
}
