//! How fast a play goes.

use std::time::Duration;

use stend_core::{ClockSetting, Mode, World};
use tokio::sync::watch;

use crate::file::Speed;

/// How fast a play goes, and who may change that.
pub(super) struct Pace {
    pub(super) speed: Speed,
    pub(super) changes: Option<watch::Receiver<Speed>>,
    /// Whether it was changed: what the wall clock had a part in is not the same in every play.
    pub(super) varied: bool,
}

impl Pace {
    /// The next speed; never ends where nobody can change it any more.
    pub(super) async fn changed(&mut self) -> Speed {
        if let Some(changes) = &mut self.changes
            && changes.changed().await.is_ok()
        {
            return *changes.borrow_and_update();
        }
        std::future::pending().await
    }

    pub(super) fn set(&mut self, speed: Speed, world: &World) {
        self.speed = speed;
        self.varied = true;
        let now = Some(world.now());
        let setting = match speed {
            Speed::Times(factor) => ClockSetting::scaled(factor, now),
            Speed::Max | Speed::Stands => ClockSetting { mode: Mode::Frozen, now, scale: None },
        };
        if let Err(problem) = world.set_clock(setting) {
            tracing::warn!(%problem, "a play goes on at its former speed");
        }
    }
}

/// Moves the clock to what falls due next.
pub(super) async fn move_on(world: &World) {
    if world.advance_to_next().await.is_none() {
        // Nothing falls due: what the player waits for comes over the network, and may change that.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
