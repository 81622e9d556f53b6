//! Black-box tests: the real servers on real ports, asked over the network.

mod carbis;
mod control;
mod house;
mod scenario;
mod support;
