//! A stateful fake of an electronic-queue server: JSON over WebSocket.
//!
//! This crate may never know another fake, a scenario or the control API.

mod actions;
mod ask;
mod error;
mod frames;
mod generate;
mod handlers;
mod handshake;
mod outbox;
mod picture;
mod routes;
mod seed;
mod session;
mod spec;
mod state;
mod text;
mod wire;

use stend_core::{Action, Fake, Operation, Problem, Seed, SpecPart, Timestamp};

pub use seed::Section;
pub use session::QueueSite;
pub use state::State;

/// The electronic queue.
#[derive(Debug)]
pub struct Queue;

impl Fake for Queue {
    const NAME: &'static str = "queue";
    const TITLE: &'static str = "Electronic-queue server";
    const SPEC: &'static [SpecPart] = spec::PARTS;
    type State = State;
    type Section = Section;

    fn operations() -> &'static [Operation] {
        &routes::OPERATIONS
    }

    fn spec_from_tables() -> serde_json::Value {
        spec::from_tables()
    }

    fn actions() -> &'static [Action<Self>] {
        actions::ACTIONS
    }

    fn seed(section: Option<Section>, seed: Seed) -> Result<State, Problem> {
        seed::seed(section.unwrap_or_else(Section::smallest), seed)
    }

    fn save(state: &State) -> Section {
        seed::save(state)
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        state.next_deadline()
    }

    fn tick(state: &mut State, due: Timestamp) -> Vec<String> {
        state.tick(due)
    }
}
