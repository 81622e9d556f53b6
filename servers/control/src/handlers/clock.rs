//! A world's clock.

use serde::Deserialize;
use stend_core::{ClockSetting, Problem, Span, Timestamp};
use stend_transport::Reply;

use crate::request::{Request, wrong};

pub(crate) async fn show(request: Request) -> Result<Reply, Reply> {
    Ok(Reply::ok(&request.world()?.clock()))
}

pub(crate) async fn set(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let setting: ClockSetting = request.read()?;
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
    let to = match request.read()? {
        Advance { by: Some(by), to: None } => by.after(world.now()),
        Advance { by: None, to: Some(to) } => to,
        _ => {
            return Err(wrong(
                Problem::invalid("say how far: `by` or `to`")
                    .hint("{\"by\": \"5m\"} or {\"to\": \"2026-11-21T12:00:00+03:00\"}"),
            ));
        }
    };
    let done = world.advance(to).await.map_err(|problem| wrong(problem.under("to")))?;
    Ok(Reply::ok(&done))
}
