//! Playing a scenario in a running world.

use serde_json::json;
use stend_core::Problem;
use stend_core::clock::wall;
use stend_scenario::{Options, Parcel, Scenario, Speed, load, load_parcel};
use stend_transport::{Reply, StatusCode};

use crate::request::{Request, shown, wrong};

pub(crate) async fn start(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let speed = request.query("speed").map_or(Ok(Speed::Times(1.0)), |text| text.parse());
    let speed = speed.map_err(|why| wrong(Problem::invalid(why).under("speed")))?;
    let seed = request.query("seed").map(|text| text.parse()).transpose();
    let seed = seed.map_err(|_| wrong(Problem::invalid("a seed is a whole number from 0").under("seed")))?;
    let start = request.query("start").map(|text| text.replace(' ', "+").parse()).transpose();
    let start = start
        .map_err(|_| wrong(Problem::invalid("a start is a time such as 2026-11-21T12:00:00+03:00").under("start")))?;
    let scenario = read(&request)?;
    let control = &request.control;
    let options = Options { speed, seed, start: start.unwrap_or_else(wall) };
    let reach = control.reach(world.id());
    control.plays.start(scenario, world, reach, options).map_err(wrong)?;
    Ok(Reply::json(StatusCode::ACCEPTED, &json!({ "state": "playing" })))
}

/// The body: a scenario, or a parcel of one with its world and files.
fn read(request: &Request) -> Result<Scenario, Reply> {
    let control = &request.control;
    let source = request.source()?;
    let parcel = source.parse().ok().filter(|node| node.get("scenario").is_some());
    let scenario = match parcel {
        Some(node) => {
            let parcel: Parcel = node.read().map_err(|problem| wrong(node.locate(problem)))?;
            load_parcel(parcel, &control.library, &control.registry)
        }
        None => load(source, None, &control.library, &control.registry),
    };
    scenario.map_err(|wrong| wrong.first().map_or_else(|| Reply::empty(StatusCode::UNPROCESSABLE_ENTITY), shown))
}

pub(crate) async fn progress(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    match request.control.plays.progress(&world) {
        Some(progress) => Ok(Reply::ok(&progress)),
        None => Err(wrong(Problem::not_found("no scenario has been played in this world").hint("POST one here"))),
    }
}

pub(crate) async fn stop(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    if request.control.plays.stop(world.id()) {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    Err(wrong(Problem::not_found("no scenario has been played in this world")))
}
