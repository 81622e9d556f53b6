//! The binary itself: exit codes, signals, files, and every command of the README.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests wait by the wall clock, and may fail"
)]

mod attach;
mod busy;
mod commands;
mod compare;
mod compare_settings;
mod compare_url;
mod completions;
mod exports;
mod files;
mod gateway;
mod journal;
mod lang;
mod mcp;
mod page;
mod passing;
mod reach;
mod readme;
mod record;
mod relay;
mod saving;
mod secrets;
mod serving;
mod show;
mod spec;
mod support;
mod watch;
