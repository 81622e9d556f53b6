//! One resource a file.

pub(crate) mod books;
pub(crate) mod queue;
pub(crate) mod registration;
pub(crate) mod serving;
pub(crate) mod sessions;
