//! Waiting for something to be recorded in a world, by the wall clock.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use stend_core::{Span, World};
use stend_transport::{Reply, StatusCode, ours};
use tokio::sync::watch;
use tokio::time::Sleep;

/// What a wait has ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Something was recorded.
    Recorded,
    /// The time is over.
    TimeUp,
    /// The world was removed.
    Gone,
    /// The bench stops.
    Stopping,
}

/// How long what is recorded is let gather before it is looked at: many who wait cost little so.
pub(crate) const GATHER: Duration = Duration::from_millis(5);

/// Somebody who waits. What is recorded from its making on is heard of.
pub(crate) struct Waiting {
    world: Arc<World>,
    recorded: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
    over: Pin<Box<Sleep>>,
}

impl Waiting {
    /// Waits so long at the most.
    pub(crate) fn new(world: &Arc<World>, stopping: &watch::Receiver<bool>, most: Span) -> Self {
        let over = Box::pin(tokio::time::sleep(Duration::from_secs_f64(most.as_secs_f64())));
        Self { world: Arc::clone(world), recorded: world.watch(), stopping: stopping.clone(), over }
    }

    /// Waits until something is recorded, and for what comes together with it.
    pub(crate) async fn more(&mut self, gather: Duration) -> Woken {
        if self.world.is_gone() {
            return Woken::Gone;
        }
        let gathered = async {
            // The world is held, and with it the signal.
            let _ = self.recorded.changed().await;
            tokio::time::sleep(gather).await;
            self.recorded.borrow_and_update();
        };
        tokio::select! {
            biased;
            _ = self.stopping.wait_for(|stopping| *stopping) => Woken::Stopping,
            () = &mut self.over => Woken::TimeUp,
            () = gathered => if self.world.is_gone() { Woken::Gone } else { Woken::Recorded },
        }
    }
}

/// The answer to somebody who waited in a world that is gone.
pub(crate) fn gone(world: &World) -> Reply {
    let message = format!("the world `{}` was removed meanwhile", world.id());
    ours(StatusCode::NOT_FOUND, "unknown_world", &message, None, None)
}
