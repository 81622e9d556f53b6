//! The actix glue that every HTTP service uses: one listener per service, the world from the path, the body within its
//! limit, faults and the journal around every handler, and an end within a second.
//!
//! This crate may never know a vendor, a scenario or the control API.

mod body;
mod call;
mod fault;
mod head;
mod http;
mod paths;
mod pause;
mod raw_socket;
mod reply;
mod server;
mod site;

pub use body::BrokenOff;
pub use call::{Call, Params, Refusal, query_pairs};
pub use fault::{Asked, instead, interrupted, match_fault};
pub use head::{header_lines, with_head};
pub use http::{Handler, HttpService, HttpSite, Route, operations};
pub use paths::{Allowed, Found, Paths};
pub use pause::{GUARD_HEADER, guard_id, pause};
pub use raw_socket::{ResetHandle, reset};
pub use reply::{Reply, ours, problem, problem_status};
pub use server::{Listener, Server, Tuning, serve};
pub use site::{Arrival, Site, read_body, split_world};

pub use actix_web::http::StatusCode;
pub use actix_web::http::header;
pub use bytes::Bytes;
