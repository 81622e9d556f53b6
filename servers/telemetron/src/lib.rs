//! A stateful service of the Telemetron vending telemetry API, version 2.
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

use stend_core::{Action, Look, Problem, Seed, Service, SpecPart, Timestamp, View};
use stend_transport::header::{self, HeaderName};
use stend_transport::{At, HttpService, Operation, Refused, Reply};

pub use state::State;
pub use world::Section;

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

impl Service for Telemetron {
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
    const SECRETS: &'static [&'static str] = &["password", "client_secret", "access_token", "refresh_token", "token"];
    type State = State;
    type Section = Section;

    fn operations() -> &'static [stend_core::Operation] {
        &api::routes::OPERATIONS
    }

    fn actions() -> &'static [Action<Self>] {
        actions::ACTIONS
    }

    fn seed(section: Option<Section>, seed: Seed) -> Result<State, Problem> {
        world::seed(section.unwrap_or_default(), seed)
    }

    fn doubts(section: &Section) -> Vec<Problem> {
        world::doubts(section)
    }

    fn save(state: &State) -> Section {
        world::save(state)
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        state.next_deadline()
    }

    fn spec_from_tables() -> serde_json::Value {
        api::spec::schemas()
    }

    fn tick(state: &mut State, due: Timestamp) -> Vec<String> {
        state.tick(due)
    }

    fn view(state: &State, now: Timestamp, look: &Look<'_>) -> View {
        view::view(state, now, look)
    }
}

impl HttpService for Telemetron {
    const CREDENTIAL: Option<HeaderName> = Some(header::AUTHORIZATION);

    fn table() -> &'static [Operation<Self>] {
        &api::routes::ROUTES
    }

    fn refused(refused: Refused, _: &At<'_>) -> Reply {
        errors::Error::Bench(refused).into()
    }
}
