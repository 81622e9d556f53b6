//! A stateful service of the Tillypad POS API: guest bills from draft to paid, discounts, points, delivery.
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

use stend_core::relative::Times;
use stend_core::{Action, Look, Operation, Problem, Seed, Service, SpecPart, Timestamp, View};
use stend_transport::{At, BodyRules, Failure, HttpService, Refused, Reply};

pub use state::State;
pub use state::guid::Guid;
pub use world::section::Section;

/// Tillypad.
#[derive(Debug)]
pub struct Tillypad;

impl Service for Tillypad {
    const NAME: &'static str = "tillypad";
    const TITLE: &'static str = "Tillypad POS API, guest bills";
    const SPEC: &'static [SpecPart] =
        &[SpecPart { file: "servers/tillypad/openapi.yaml", text: include_str!("../openapi.yaml") }];
    const TIMES: Times = Times::Civil;
    type State = State;
    type Section = Section;

    fn operations() -> &'static [Operation] {
        &api::OPERATIONS
    }

    fn spec_from_tables() -> serde_json::Value {
        api::spec::components()
    }

    fn actions() -> &'static [Action<Self>] {
        actions::ACTIONS
    }

    fn seed(section: Option<Section>, seed: Seed) -> Result<State, Problem> {
        world::seed(section.unwrap_or_default(), seed)
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

    fn view(state: &State, now: Timestamp, look: &Look<'_>) -> View {
        view::view(state, now, look)
    }
}

impl HttpService for Tillypad {
    // Spring decodes a body by the charset that its content type names.
    const BODY: BodyRules = BodyRules { limit: 1024 * 1024, decodes: true };

    fn table() -> &'static [stend_transport::Operation<Self>] {
        &api::TABLE
    }

    fn refused(refused: Refused, at: &At<'_>) -> Reply {
        errors::Error::from(refused).reply(None, at)
    }
}
