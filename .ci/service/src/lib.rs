//! Emulates @Name@.
//!
//! This crate may never know another service, a scenario or the control API.

mod actions;
mod api;
mod errors;
mod state;
mod view;
mod world;

use stend_core::{Action, Look, Operation, Problem, Seed, Service, SpecPart, Timestamp, View};
use stend_transport::{At, Failure, HttpService, Refused, Reply};

pub use state::State;
pub use world::Section;

/// The service, as the registry knows it.
#[derive(Debug)]
pub struct @Name@;

impl Service for @Name@ {
    const NAME: &'static str = "@name@";
    const TITLE: &'static str = "@Name@";
    const SPEC: &'static [SpecPart] =
        &[SpecPart { file: "servers/@name@/openapi.yaml", text: include_str!("../openapi.yaml") }];
    type State = State;
    type Section = Section;

    fn operations() -> &'static [Operation] {
        &api::OPERATIONS
    }

    fn actions() -> &'static [Action<Self>] {
        actions::ACTIONS
    }

    fn seed(section: Option<Section>, _seed: Seed) -> Result<State, Problem> {
        world::seed(section.unwrap_or_default())
    }

    fn save(state: &State) -> Section {
        world::save(state)
    }

    fn next_deadline(_state: &State) -> Option<Timestamp> {
        None
    }

    fn tick(_state: &mut State, _due: Timestamp) -> Vec<String> {
        Vec::new()
    }

    fn view(state: &State, _now: Timestamp, look: &Look<'_>) -> View {
        view::view(state, look)
    }
}

impl HttpService for @Name@ {
    fn table() -> &'static [stend_transport::Operation<Self>] {
        &api::TABLE
    }

    fn refused(refused: Refused, at: &At<'_>) -> Reply {
        errors::Error::from(refused).reply(None, at)
    }
}
