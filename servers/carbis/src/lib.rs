//! A stateful fake of the Carbis QR menu's staff event feed.
//!
//! This crate may never know another fake, a scenario or the control API.

mod actions;
mod error;
mod generate;
mod handlers;
mod routes;
mod seed;
mod settings;
mod state;
mod wire;

use stend_core::{Action, Fake, Operation, Problem, Seed, SpecPart, Timestamp};
use stend_web::{Call, HttpFake, Reply, Route};

pub use seed::Section;
pub use state::State;

/// The Carbis QR menu.
#[derive(Debug)]
pub struct Carbis;

impl Fake for Carbis {
    const NAME: &'static str = "carbis";
    const TITLE: &'static str = "Carbis QR menu, staff event feed";
    const SPEC: &'static [SpecPart] =
        &[SpecPart { file: "servers/carbis/openapi.yaml", text: include_str!("../openapi.yaml") }];
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

impl HttpFake for Carbis {
    fn routes() -> &'static [Route<Self>] {
        &routes::ROUTES
    }

    fn unknown_path(call: &mut Call<'_, Self>) -> Reply {
        error::Error::UnknownPath(call.path.to_owned()).into()
    }

    fn wrong_method(call: &mut Call<'_, Self>, allowed: &str) -> Reply {
        error::Error::WrongMethod(call.request.method().to_string(), allowed.to_owned()).into()
    }

    fn too_large(reply: Reply) -> Reply {
        error::Error::Body(reply.status).into()
    }
}
