//! One resource a file.

pub(crate) mod actions;
pub(crate) mod changes;
pub(crate) mod clock;
pub(crate) mod faults;
pub(crate) mod info;
pub(crate) mod journal;
pub(crate) mod library;
pub(crate) mod metrics;
pub(crate) mod recording;
pub(crate) mod scenario;
pub(crate) mod spec;
pub(crate) mod state;
pub(crate) mod stream;
pub(crate) mod verify;
pub(crate) mod view;
pub(crate) mod worlds;
