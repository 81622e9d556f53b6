//! One resource a file.

pub(crate) mod events;
pub(crate) mod routes;
pub(crate) mod wire;
