//! Black-box tests: the real servers on real ports, asked over the network.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "one test binary: nothing in it is reachable from outside, and it may fail"
)]

#[macro_use]
extern crate stend_proves;

mod busy;
mod carbis;
mod control;
mod fidelity;
mod layout;
mod queue;
mod samples;
mod scenario;
mod specs;
mod support;
mod target;
mod telemetron;
mod tillypad;
mod transport;
