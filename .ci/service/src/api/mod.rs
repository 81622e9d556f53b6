//! The operation table; one resource a file.

pub(crate) mod notes;

use stend_transport::{Operation, operations};

use crate::@Name@;

const ALL: [Operation<@Name@>; 1] = [notes::LIST];

pub(crate) static TABLE: [Operation<@Name@>; 1] = ALL;

pub(crate) static OPERATIONS: [stend_core::Operation; 1] = operations(&ALL);
