//! The binary itself: exit codes, signals, files, and every command of the README.

#![allow(clippy::disallowed_methods, unreachable_pub, reason = "tests wait by the wall clock")]

mod commands;
mod readme;
mod serving;
mod support;
