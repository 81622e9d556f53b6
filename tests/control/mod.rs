//! The control API.

mod clock;
mod faults;
mod journal;
mod plays;
mod worlds;
mod worlds_apart;
mod worlds_player;
mod worlds_twins;
