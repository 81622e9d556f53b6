//! The control API.

mod access;
mod clock;
mod faults;
mod faults_match;
mod journal;
mod openapi;
mod plays;
mod queries;
mod verify;
mod worlds;
mod worlds_apart;
mod worlds_player;
mod worlds_twins;
