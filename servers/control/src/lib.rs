//! The control API: worlds, clocks, actions, faults, journals and scenarios over HTTP.
//!
//! This crate may never know a vendor's API; what it tells of them it reads from the registry.

mod handlers;
mod plays;
mod request;
mod routes;
mod site;

pub use site::{Control, Specs, Urls};
