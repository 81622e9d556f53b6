//! A stateful service of an electronic-queue server: JSON over WebSocket.
//!
//! This crate may never know another service, a scenario or the control API.

#[cfg(test)]
#[macro_use]
extern crate stend_proves;

mod actions;
mod api;
mod errors;
mod state;
mod view;
mod world;

use stend_core::envelope::Envelope;
use stend_core::view::Draw;
use stend_core::{Action, Look, Operation, Problem, Seed, Service, SpecPart, Timestamp, View};

pub use state::State;
pub use world::Section;

/// The electronic queue.
#[derive(Debug)]
pub struct Queue;

impl Service for Queue {
    const NAME: &'static str = "queue";
    const TITLE: &'static str = "Electronic-queue server";
    const SPEC: &'static [SpecPart] = api::spec::PARTS;
    const ENVELOPE: Option<&'static dyn Envelope> = Some(&api::envelope::Frames);
    const SECRETS: &'static [&'static str] = &["token", "password"];
    type State = State;
    type Section = Section;

    fn operations() -> &'static [Operation] {
        &api::routes::OPERATIONS
    }

    fn spec_from_tables() -> serde_json::Value {
        api::spec::from_tables()
    }

    fn actions() -> &'static [Action<Self>] {
        actions::ACTIONS
    }

    fn seed(section: Option<Section>, seed: Seed) -> Result<State, Problem> {
        world::seed(section.unwrap_or_else(Section::smallest), seed)
    }

    fn save(state: &State) -> Section {
        world::save(state)
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        state.next_deadline()
    }

    fn tick(state: &mut State, due: Timestamp) -> Vec<String> {
        state.tick(due)
    }

    fn clock_back(state: &mut State, now: Timestamp) {
        state.clock_back(now);
    }

    fn copied(copy: &mut State, now: Timestamp) {
        let timeout = copy.settings.session_timeout;
        copy.sessions.copied(now, timeout);
    }

    fn view(state: &State, now: Timestamp, look: &Look<'_>) -> View {
        view::view(state, now, look)
    }

    fn picture(state: &State, ticket: &str) -> Option<Draw> {
        view::picture(state, ticket)
    }
}
