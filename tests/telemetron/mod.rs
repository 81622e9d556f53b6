//! The Telemetron API, against `telemetron.md`.

pub mod api;
mod samples;
