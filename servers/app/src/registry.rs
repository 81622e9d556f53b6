//! The fakes of this build. A fifth API adds one line to each function here, and its port follows the others'.

use std::sync::Arc;

use stend_carbis::Carbis;
use stend_core::{Fake, Registry};
use stend_queue::{Queue, QueueSite};
use stend_telemetron::Telemetron;
use stend_tillypad::Tillypad;
use stend_web::{HttpSite, Site};

/// Every fake that worlds hold, in the order of their ports after the control port.
pub fn fakes() -> Registry {
    Registry::new().with::<Carbis>().with::<Tillypad>().with::<Queue>().with::<Telemetron>()
}

/// What answers on each fake's port, in the same order.
pub fn sites() -> Vec<Arc<dyn Site>> {
    vec![
        HttpSite::<Carbis>::at(slot::<Carbis>()),
        HttpSite::<Tillypad>::at(slot::<Tillypad>()),
        QueueSite::at(slot::<Queue>()),
        HttpSite::<Telemetron>::at(slot::<Telemetron>()),
    ]
}

/// The slot of a fake in every world, from the one list that decides it.
fn slot<F: Fake>() -> usize {
    fakes().find(F::NAME).map_or(usize::MAX, |(slot, _)| slot)
}

/// The port of a fake after the base port, by name: fixed, whatever this build holds.
pub fn port_offset(fake: &str) -> u16 {
    match fake {
        "control" => 0,
        "carbis" => 1,
        "tillypad" => 2,
        "queue" => 3,
        "telemetron" => 4,
        _ => u16::MAX,
    }
}

/// How the URL of a fake's port begins.
pub fn scheme(fake: &str) -> &'static str {
    if fake == "queue" { "ws" } else { "http" }
}
