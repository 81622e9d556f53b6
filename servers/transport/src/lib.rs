//! The pipeline that every exchange goes through, and its adapters: one listener per service, the world from the path,
//! the body within its limit, faults and the journal around every rule, and an end within a second.
//!
//! This crate may never know a vendor, a scenario or the control API.

mod body;
mod call;
mod codec;
mod cors;
mod gateway;
mod head;
mod http;
mod intake;
mod kept;
mod operation;
mod paths;
mod pause;
mod pipeline;
mod raw_socket;
mod reply;
mod server;
mod site;
mod ws;

pub use call::{At, Call, Decode, Encode, Failure, Params, Rule, query_pairs};
pub use codec::{Context, Outcome, Refusal, Refused, Unread, Unreadable, Warnings};
pub use cors::{AllowedOrigin, Origins};
pub use gateway::{
    Authority, AuthorityError, Gateway, HostRoute, LazyAuthority, PassThrough, Recorder, Recording, Routes, Target,
    given_certificate, tls_by_name, tls_of,
};
pub use http::{HttpService, HttpSite};
pub use intake::{BodyRules, not_utf8, read_body};
pub use operation::{DOCUMENTED, Handler, OBSERVED, On, Operation, Operation as Route, operations};
pub use paths::{Allowed, Entry, Found, Paths, normal};
pub use pause::GUARD_HEADER;
pub use reply::{Reply, ours, problem, problem_status};
pub use server::{Front, Listener, Server, Tuning, serve};
pub use site::{Arrival, Site};
pub use ws::{Rendering, SocketContext, SocketService, SocketSite, Topic};

pub use actix_web::http::StatusCode;
pub use actix_web::http::header;
pub use bytes::Bytes;
pub use rustls::ServerConfig;
