//! The operation table; one resource a file.

pub(crate) mod events;
pub(crate) mod wire;

use stend_transport::{Operation, operations};

use crate::Carbis;

const ALL: [Operation<Carbis>; 1] = [events::LIST];

pub(crate) static TABLE: [Operation<Carbis>; 1] = ALL;

pub(crate) static OPERATIONS: [stend_core::Operation; 1] = operations(&ALL);
