//! The operation table.

use stend_core::Operation;
use stend_transport::{Route, operations};

use crate::Carbis;
use crate::api::events;

pub(crate) static ROUTES: [Route<Carbis>; 1] = TABLE;

pub(crate) static OPERATIONS: [Operation; 1] = operations(&TABLE);

const TABLE: [Route<Carbis>; 1] =
    [Route { operation: Operation::http("events", "GET", "/api/v4/events"), handler: events::list }];
