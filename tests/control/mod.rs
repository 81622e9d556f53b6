//! The control API.

mod access;
mod clock;
mod faults;
mod faults_match;
mod journal;
mod library;
mod metrics;
mod openapi;
mod plays;
mod queries;
mod saved;
mod stream;
mod verify;
mod view;
mod waiting;
mod worlds;
mod worlds_apart;
mod worlds_player;
mod worlds_twins;
