//! A stateful service of the Carbis QR menu's staff event feed.
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

/// The Carbis QR menu.
#[derive(Debug)]
pub struct Carbis;

impl Service for Carbis {
    const NAME: &'static str = "carbis";
    const TITLE: &'static str = "Carbis QR menu, staff event feed";
    const SPEC: &'static [SpecPart] =
        &[SpecPart { file: "servers/carbis/openapi.yaml", text: include_str!("../openapi.yaml") }];
    const SECRETS: &'static [&'static str] = &["token"];
    type State = State;
    type Section = Section;

    fn operations() -> &'static [Operation] {
        &api::OPERATIONS
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

impl HttpService for Carbis {
    fn table() -> &'static [stend_transport::Operation<Self>] {
        &api::TABLE
    }

    fn refused(refused: Refused, at: &At<'_>) -> Reply {
        errors::Error::from(refused).reply(None, at)
    }
}
