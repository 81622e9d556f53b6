//! The Telemetron API, against `telemetron.md`.

pub mod api;
mod attributes;
mod auth;
mod bad_input;
mod catalog;
mod commands;
mod company;
mod directories;
mod documented;
mod interpretations;
mod loading;
mod machines;
mod nasty;
mod parameters;
mod past;
mod reports;
mod saving;
mod schemas;
mod silence;
mod statistics;
mod telemetry;
