//! The control API: worlds, clocks, actions, faults, journals and scenarios over HTTP.
//!
//! This crate may never know a vendor's API; what it tells of them it reads from the registry.

mod access;
mod handlers;
mod openapi;
mod page;
mod plays;
mod pretty;
mod report;
mod request;
mod routes;
mod site;
mod trace;
mod waiting;

pub use access::Access;
pub use handlers::library::{Chapter, Shelf, Text};
pub use openapi::openapi;
pub use plays::Plays;
pub use report::html as report_html;
pub use site::{Addresses, Control, Specs, Urls};
pub use trace::{Played, Snapshots, Watched, trace};
