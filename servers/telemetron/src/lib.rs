//! A stateful fake of the Telemetron vending telemetry API, version 2.
//!
//! This crate may never know another fake, a scenario or the control API.

mod actions;
mod error;
mod generate;
mod handlers;
mod input;
mod number;
mod routes;
mod seed;
mod state;
mod time;

use stend_core::{Action, Fake, Operation, Problem, Seed, Timestamp};
use stend_web::{Call, HttpFake, Reply, Route};

pub use seed::Section;
pub use state::State;

/// The vending telemetry service.
#[derive(Debug)]
pub struct Telemetron;

impl Fake for Telemetron {
    const NAME: &'static str = "telemetron";
    const TITLE: &'static str = "Telemetron vending telemetry, API v2";
    type State = State;
    type Section = Section;

    fn operations() -> &'static [Operation] {
        &routes::OPERATIONS
    }

    fn actions() -> &'static [Action<Self>] {
        actions::ACTIONS
    }

    fn seed(section: Option<Section>, seed: Seed) -> Result<State, Problem> {
        seed::seed(section.unwrap_or_default(), seed)
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

impl HttpFake for Telemetron {
    fn routes() -> &'static [Route<Self>] {
        &routes::ROUTES
    }

    fn unknown_path(_: &mut Call<'_, Self>) -> Reply {
        error::Error::UnknownPath.into()
    }

    fn wrong_method(_: &mut Call<'_, Self>, _: &str) -> Reply {
        error::Error::WrongMethod.into()
    }

    fn too_large(reply: Reply) -> Reply {
        error::Error::Body(reply.status).into()
    }
}
