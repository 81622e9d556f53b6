//! The services of this build. A fifth API adds one line to each function here, and its port follows the others'.

use std::sync::Arc;

use stend_carbis::Carbis;
use stend_core::{Registry, Service};
use stend_queue::Queue;
use stend_telemetron::Telemetron;
use stend_tillypad::Tillypad;
use stend_transport::{HttpSite, Site, SocketSite};

/// Every service that worlds hold, in the order of their ports after the control port.
pub fn services() -> Registry {
    Registry::new().with::<Carbis>().with::<Tillypad>().with::<Queue>().with::<Telemetron>()
}

/// What answers on each service's port, in the same order.
pub fn sites() -> Vec<Arc<dyn Site>> {
    vec![
        HttpSite::<Carbis>::at(index::<Carbis>()),
        HttpSite::<Tillypad>::at(index::<Tillypad>()),
        SocketSite::<Queue>::at(index::<Queue>()),
        HttpSite::<Telemetron>::at(index::<Telemetron>()),
    ]
}

/// The slot of a service in every world, from the one list that decides it.
fn index<F: Service>() -> usize {
    services().find(F::NAME).map_or(usize::MAX, |(index, _)| index)
}

/// The port of a service after the base port, by name: fixed, whatever this build holds.
pub fn port_offset(service: &str) -> u16 {
    match service {
        "control" => 0,
        "carbis" => 1,
        "tillypad" => 2,
        "queue" => 3,
        "telemetron" => 4,
        _ => u16::MAX,
    }
}

/// How the URL of a service's port begins.
pub fn scheme(service: &str) -> &'static str {
    if service == "queue" { "ws" } else { "http" }
}
