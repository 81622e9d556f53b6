//! One resource a file.

pub(crate) mod ask;
pub(crate) mod books;
pub(crate) mod codec;
pub(crate) mod envelope;
pub(crate) mod queue;
pub(crate) mod registration;
pub(crate) mod routes;
pub(crate) mod serving;
pub(crate) mod sessions;
pub(crate) mod spec;
pub(crate) mod topics;
pub(crate) mod wire;
