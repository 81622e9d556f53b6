//! Waiting for the world's clock while answering.

use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use stend_core::busy::{BusyGuard, Gone};
use stend_core::{Timestamp, World};

/// The header by which a scenario's own calls say under which id they park their guard: on a socket the header of
/// its handshake, for all commands of the connection.
pub const GUARD_HEADER: &str = "stend-guard";

/// The guard id of a request that a scenario sends.
pub(crate) fn guard_id(headers: &HeaderMap) -> Option<u64> {
    headers.get(GUARD_HEADER)?.to_str().ok()?.parse().ok()
}

/// Waits until the world's time is `until`; the timer is set at once. A caller's guard is given up meanwhile, or its clock
/// would stand still for a reply that waits for the clock. Without a guard id, the guard of the woken timer is returned.
///
/// # Errors
/// The world was reset or removed, or the process ends.
pub(crate) fn pause(
    world: &Arc<World>,
    guard_id: Option<u64>,
    until: Timestamp,
) -> impl Future<Output = Result<Option<BusyGuard>, Gone>> + use<> {
    let world = Arc::clone(world);
    let sleep = world.sleep_until(until);
    if let Some(guard_id) = guard_id {
        drop(world.take_parked_guard(guard_id));
    }
    async move {
        let guard = sleep.await?;
        match guard_id {
            Some(guard_id) => {
                world.return_parked_guard(guard_id, guard);
                Ok(None)
            }
            None => Ok(Some(guard)),
        }
    }
}
