//! The electronic queue, against `queue.md`, over real sockets.

mod afternoon;
mod appointments;
mod bad_input;
mod books;
mod clerks;
pub mod client;
mod commands;
mod days;
mod faults;
mod framing;
mod handshake;
mod interpretations;
mod parameters;
mod pushes;
mod rules;
mod sessions;
mod specification;
mod subscriptions;
mod worlds;
