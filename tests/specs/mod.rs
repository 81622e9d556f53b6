//! The specifications: every service has one, it agrees with routes, samples and README, and whatever any test of this
//! suite has seen on the wire is as it says.

mod caught;
pub mod contract;
mod drift;
mod served;

use std::fmt::Write as _;

use stend_core::World;

/// What a world's journal has that no specification allows; empty when all is well.
pub fn differences(world: &World) -> String {
    let mut described = String::new();
    for entry in world.journal.read(0, |_| true) {
        let Some(contract) = contract::of(entry.service) else { continue };
        let wrong = contract.check(&entry);
        if wrong.is_empty() {
            continue;
        }
        let line = entry.head.lines().next().unwrap_or("");
        let _ = writeln!(described, "{} in world {}: {line}", entry.service, world.id());
        for mismatch in wrong {
            let _ = writeln!(described, "  {mismatch}");
        }
        let _ = writeln!(described, "  reply: {}", String::from_utf8_lossy(&entry.reply));
    }
    described
}
