//! A stateful fake of the Telemetron vending telemetry API, version 2.
//!
//! This crate may never know another fake, a scenario or the control API.

mod actions;
mod checks;
mod error;
mod generate;
mod handlers;
mod input;
mod number;
mod routes;
mod seed;
mod settings;
mod spec;
mod state;
mod time;

use stend_core::{Action, Fake, Operation, Problem, Seed, SpecPart, Timestamp};
use stend_web::{Call, HttpFake, Reply, Route};

pub use seed::Section;
pub use state::State;

macro_rules! part {
    ($file:literal) => {
        SpecPart {
            file: concat!("servers/telemetron/openapi/", $file),
            text: include_str!(concat!("../openapi/", $file)),
        }
    };
}

/// The vending telemetry service.
#[derive(Debug)]
pub struct Telemetron;

impl Fake for Telemetron {
    const NAME: &'static str = "telemetron";
    const TITLE: &'static str = "Telemetron vending telemetry, API v2";
    const SPEC: &'static [SpecPart] = &[
        part!("openapi.yaml"),
        part!("access.yaml"),
        part!("machines.yaml"),
        part!("telemetry.yaml"),
        part!("loading.yaml"),
        part!("directories.yaml"),
        part!("statistics.yaml"),
        part!("fiscal.yaml"),
        part!("catalog.yaml"),
    ];
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

    fn spec_from_tables() -> serde_json::Value {
        spec::schemas()
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
