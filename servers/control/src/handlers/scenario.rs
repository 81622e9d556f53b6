//! Playing a scenario in a running world.

use serde_json::json;
use stend_core::Problem;
use stend_core::clock::wall;
use stend_scenario::{Options, Speed, load};
use stend_web::{Reply, StatusCode};

use crate::request::{Request, shown, wrong};

pub(crate) async fn start(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let query = request.query(&["speed", "seed"])?;
    let speed = query.get("speed").map_or(Ok(Speed::Times(1.0)), |text| text.parse());
    let speed = speed.map_err(|why| wrong(Problem::invalid(why).under("speed")))?;
    let seed = query.get("seed").map(|text| text.parse()).transpose();
    let seed = seed.map_err(|_| wrong(Problem::invalid("a seed is a whole number from 0").under("seed")))?;
    let control = &request.control;
    let scenario = load(request.source()?, None, &control.library, &control.registry);
    let scenario = scenario
        .map_err(|wrong| wrong.first().map_or_else(|| Reply::empty(StatusCode::UNPROCESSABLE_ENTITY), shown))?;
    let options = Options { speed, seed, start: wall() };
    let reach = control.urls_of(world.id());
    control.plays.start(scenario, world, reach, options).map_err(wrong)?;
    Ok(Reply::json(StatusCode::ACCEPTED, &json!({ "state": "playing" })))
}

pub(crate) async fn progress(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    match request.control.plays.progress(world.id()) {
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
