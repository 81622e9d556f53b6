//! Black-box tests: the real servers on real ports, asked over the network.

#![allow(unreachable_pub, reason = "one test binary: nothing in it is reachable from outside")]

mod carbis;
mod control;
mod house;
mod scenario;
mod support;
