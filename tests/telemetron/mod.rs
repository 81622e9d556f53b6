//! The Telemetron API, against `telemetron.md`.

pub mod api;
mod auth;
mod bad_input;
mod catalog;
mod directories;
mod documented;
mod loading;
mod machines;
mod nasty;
mod reports;
mod saving;
mod schemas;
mod statistics;
mod telemetry;
