//! The specifications of the services as something that exchanges are held against.

use std::collections::BTreeMap;
use std::sync::OnceLock;

pub use stend_scenario::compare::{Contract, Mismatch};

/// The contract of a service; `None` where it has no specification.
pub fn of(service: &str) -> Option<&'static Contract> {
    static ALL: OnceLock<BTreeMap<&'static str, Contract>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let services = stend::registry::services();
        let contract = |name| {
            let spec = stend::spec(name).unwrap_or_else(|wrong| panic!("{wrong}"))?;
            Some((name, Contract::new(spec).unwrap_or_else(|wrong| panic!("{wrong}"))))
        };
        services.services().iter().filter_map(|kind| contract(kind.name())).collect()
    });
    all.get(service)
}
