//! The control API.

mod clock;
mod faults;
mod journal;
mod plays;
mod worlds;
