//! The services of this build, one line each. Ports, worlds, specifications, ledgers and tests find them here.

use std::sync::Arc;

use stend_core::{Registry, Service};
use stend_transport::{HttpService, HttpSite, Site, SocketService, SocketSite};

/// Every service, in the order of their ports. A new one goes to the end, so that the others keep theirs.
fn all() -> Services {
    Services::default()
        .http::<stend_carbis::Carbis>()
        .http::<stend_tillypad::Tillypad>()
        .socket::<stend_queue::Queue>()
        .http::<stend_telemetron::Telemetron>()
}

/// The gateway's port after the base port. The services' ports lie around it.
const GATEWAY: u16 = 5;

/// Makes a site for the service in this slot of every world.
type MakeSite = fn(usize) -> Arc<dyn Site>;

#[derive(Default)]
struct Services {
    registry: Registry,
    sites: Vec<MakeSite>,
}

impl Services {
    /// Adds a service that speaks HTTP.
    fn http<S: HttpService>(self) -> Self {
        self.add::<S>(HttpSite::<S>::at)
    }

    /// Adds a service that speaks WebSocket.
    fn socket<S: SocketService>(self) -> Self {
        self.add::<S>(SocketSite::<S>::at)
    }

    fn add<S: Service>(mut self, site: MakeSite) -> Self {
        self.registry = self.registry.with::<S>();
        self.sites.push(site);
        self
    }
}

/// The hosts that vendors' clients have built in, and their services.
pub const HOSTS: [(&str, &str); 1] = [("api.telemetron.net", "telemetron")];

/// Every service that worlds hold, in the order of their ports after the control port.
pub fn services() -> Registry {
    all().registry
}

/// What answers on each service's port, in the same order.
pub fn sites() -> Vec<Arc<dyn Site>> {
    all().sites.into_iter().enumerate().map(|(index, site)| site(index)).collect()
}

/// The port of a service after the base port, by name; 0 is the control API, and `gateway` has one, too.
///
/// An unknown name has none that could be used: `u16::MAX`.
pub fn port_offset(name: &str) -> u16 {
    match name {
        "control" => return 0,
        "gateway" => return GATEWAY,
        _ => {}
    }
    let index = services().find(name).and_then(|(index, _)| u16::try_from(index).ok());
    index.map_or(u16::MAX, |index| if index + 1 < GATEWAY { index + 1 } else { index + 2 })
}

/// How the URL of a service's port begins. A service whose operations are commands speaks WebSocket.
pub fn scheme(name: &str) -> &'static str {
    let has_commands = services()
        .find(name)
        .is_some_and(|(_, service)| service.operations().iter().any(|operation| operation.command.is_some()));
    if has_commands { "ws" } else { "http" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_schemes_are_those_that_people_rely_on() {
        let found =
            ["control", "carbis", "tillypad", "queue", "telemetron"].map(|name| (port_offset(name), scheme(name)));
        assert_eq!(found, [(0, "http"), (1, "http"), (2, "http"), (3, "ws"), (4, "http")]);
        assert_eq!((port_offset("gateway"), port_offset("unknown")), (GATEWAY, u16::MAX));
    }

    #[test]
    fn every_service_answers_on_a_port_of_its_own() {
        let sites = sites();
        let names: Vec<&str> = sites.iter().map(|site| site.name()).collect();
        assert_eq!(names, services().services().iter().map(|service| service.name()).collect::<Vec<_>>());
        let mut offsets: Vec<u16> = names.iter().map(|name| port_offset(name)).collect();
        offsets.dedup();
        assert_eq!(offsets.len(), names.len());
        assert!(!offsets.contains(&GATEWAY) && offsets.is_sorted(), "{offsets:?}");
    }
}
