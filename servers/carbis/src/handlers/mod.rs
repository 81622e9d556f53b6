//! One resource a file.

pub(crate) mod events;
