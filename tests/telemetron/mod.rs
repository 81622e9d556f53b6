//! The Telemetron API, against `telemetron.md`.

pub mod api;
mod attributes;
mod auth;
mod bad_input;
mod catalog;
mod company;
mod directories;
mod documented;
mod interpretations;
mod loading;
mod machines;
mod nasty;
mod parameters;
mod reports;
mod saving;
mod schemas;
mod statistics;
mod telemetry;
