//! A world's clock.

use serde::{Deserialize, Serialize};
use stend_core::clock::moment_or_now;
use stend_core::{ClockSetting, Mode, Problem, Span, Timestamp};
use stend_transport::Reply;

use crate::request::{Request, wrong};

pub(crate) async fn show(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    Ok(Reply::ok(&Shown { clock: world.clock(), next_due: world.next_due() }))
}

/// A clock, and when something falls due next.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    clock: ClockSetting,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_due: Option<Timestamp>,
}

/// What is left out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    mode: Option<Mode>,
    #[serde(default, alias = "start", deserialize_with = "moment_or_now")]
    now: Option<Timestamp>,
    scale: Option<f64>,
}

pub(crate) async fn set(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let Set { mode, now, scale } = request.read().await?;
    let present = world.clock();
    let setting = match (mode, scale) {
        (None, None) if now.is_none() => {
            return Err(wrong(
                Problem::invalid("an empty setting says nothing of the clock").hint("give `mode`, `now` or `scale`"),
            ));
        }
        (None, None) => ClockSetting { now, ..present },
        (mode, scale) => ClockSetting { mode: mode.unwrap_or(present.mode), now, scale },
    };
    world.set_clock(setting).map_err(wrong)?;
    Ok(Reply::ok(&world.clock()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    by: Option<Span>,
    to: Option<Timestamp>,
}

pub(crate) async fn advance(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let done = match request.read().await? {
        Advance { by: Some(by), to: None } => {
            world.now();
            world.advance_by(by).await.map_err(|problem| wrong(problem.under("by")))?
        }
        Advance { by: None, to: Some(to) } => world.advance(to).await.map_err(|problem| wrong(problem.under("to")))?,
        _ => {
            return Err(wrong(
                Problem::invalid("say how far: `by` or `to`")
                    .hint("{\"by\": \"5m\"} or {\"to\": \"2026-11-21T12:00:00+03:00\"}"),
            ));
        }
    };
    Ok(Reply::ok(&done))
}
