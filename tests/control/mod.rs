//! The control API.

mod clock;
mod faults;
mod faults_match;
mod journal;
mod plays;
mod saved;
mod verify;
mod worlds;
mod worlds_apart;
mod worlds_player;
mod worlds_twins;
