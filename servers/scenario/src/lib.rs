//! The scenario language: parse, check, play, record, report; and the comparison with recorded traffic. It drives any service
//! through the registry and its worlds.
//!
//! This crate may never know a vendor's API, the control API or actix.

mod call;
pub mod compare;
mod entries;
mod expect;
mod file;
mod filter;
mod matcher;
mod order;
mod play;
mod record;
mod report;
mod schema;
mod search;
mod socket;
mod state_path;
mod subst;

pub use call::Reach;
pub use expect::{Expectation, Miss, awaited_schema, schema as expectation_schema};
pub use file::{Parcel, Planned, Scenario, Speed, default_start, load, load_parcel, referred};
pub use filter::Unmet;
pub use matcher::MATCHERS;
pub use matcher::StatusMatcher;
pub use play::{Options, Progress, Silent, check_now, play, play_at, play_in_place};
pub use record::{Recording, record};
pub use report::{Report, StepOutcome, junit, pretty};
pub use schema::{scenario_schema, world_schema};
