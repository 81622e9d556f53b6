//! The specifications: every house has one, it agrees with routes, samples and README, and whatever any test of this
//! suite has seen on the wire is as it says.

mod caught;
pub mod contract;
mod drift;
mod served;

use std::fmt::Write as _;

use stend_core::World;

use self::contract::Contract;

/// What a world's journal has that no specification allows; empty when all is well.
pub fn differences(world: &World) -> String {
    let mut told = String::new();
    for entry in world.journal.read(0, |_| true) {
        let Some(contract) = Contract::of(entry.fake) else { continue };
        let wrong = contract.check(&entry);
        if wrong.is_empty() {
            continue;
        }
        let line = entry.head.lines().next().unwrap_or("");
        let _ = writeln!(told, "{} in world {}: {line}", entry.fake, world.id());
        for mismatch in wrong {
            let _ = writeln!(told, "  {mismatch}");
        }
        let _ = writeln!(told, "  reply: {}", String::from_utf8_lossy(&entry.reply));
    }
    told
}
