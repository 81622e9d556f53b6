//! A stateful fake of the Tillypad POS API: guest bills from draft to paid, discounts, points, delivery.
//!
//! This crate may never know another fake, a scenario or the control API.

mod actions;
mod books;
mod error;
mod guid;
mod handlers;
mod hours;
mod known;
mod record;
mod routes;
mod section;
mod seed;
mod settings;
mod spec;
mod state;
mod tables;
mod wire;

use stend_core::{Action, Fake, Operation, Problem, Seed, SpecPart, Timestamp};
use stend_web::{Call, HttpFake, Reply, Route};

pub use guid::Guid;
pub use section::Section;
pub use state::State;

/// Tillypad.
#[derive(Debug)]
pub struct Tillypad;

impl Fake for Tillypad {
    const NAME: &'static str = "tillypad";
    const TITLE: &'static str = "Tillypad POS API, guest bills";
    const SPEC: &'static [SpecPart] =
        &[SpecPart { file: "servers/tillypad/openapi.yaml", text: include_str!("../openapi.yaml") }];
    type State = State;
    type Section = Section;

    fn operations() -> &'static [Operation] {
        &routes::OPERATIONS
    }

    fn spec_from_tables() -> serde_json::Value {
        spec::components()
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

impl HttpFake for Tillypad {
    fn routes() -> &'static [Route<Self>] {
        &routes::ROUTES
    }

    fn unknown_path(call: &mut Call<'_, Self>) -> Reply {
        error::Error::UnknownPath.reply(call.path, call.now)
    }

    fn wrong_method(call: &mut Call<'_, Self>, _: &str) -> Reply {
        error::Error::WrongMethod(call.request.method().to_string()).reply(call.path, call.now)
    }

    fn unreadable_body(reply: Reply, path: &str, now: Timestamp) -> Reply {
        error::Error::Body(reply.status).reply(path, now)
    }
}
