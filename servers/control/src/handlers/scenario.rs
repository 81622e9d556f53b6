//! Playing a scenario in a running world.

use std::sync::Arc;

use serde_json::json;
use stend_core::clock::wall;
use stend_core::{Problem, Source};
use stend_scenario::{Options, Parcel, Scenario, Speed, load, load_parcel};
use stend_transport::{Reply, StatusCode, header};

use crate::request::{Request, shown, wrong};
use crate::site::Control;

pub(crate) async fn start(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let speed = request.query("speed").map_or(Ok(Speed::Times(1.0)), |text| text.parse());
    let speed = speed.map_err(|why| wrong(Problem::invalid(why).under("speed")))?;
    let seed = request.query("seed").map(|text| text.parse()).transpose();
    let seed = seed.map_err(|_| wrong(Problem::invalid("a seed is a whole number from 0").under("seed")))?;
    let start = request.query("start").map(|text| text.replace(' ', "+").parse()).transpose();
    let start = start
        .map_err(|_| wrong(Problem::invalid("a start is a time such as 2026-11-21T12:00:00+03:00").under("start")))?;
    let (source, control) = (request.source()?, Arc::clone(&request.control));
    let scenario = request.elsewhere(move || read(source, &control)).await??;
    let control = &request.control;
    let options = Options { speed, seed, start: start.unwrap_or_else(wall) };
    let reach = control.reach(world.id());
    let keeps = flag(&request, "report")?;
    control.plays.start(scenario, world, reach, options, keeps).map_err(wrong)?;
    Ok(Reply::json(StatusCode::ACCEPTED, &json!({ "state": "playing" })))
}

/// The body: a scenario, or a parcel of one with its world and files.
fn read(source: Source, control: &Control) -> Result<Scenario, Reply> {
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
    match request.control.plays.progress(&world, flag(&request, "steps")?) {
        Some(progress) => Ok(Reply::ok(&progress)),
        None => Err(wrong(Problem::not_found("no scenario has been played in this world").hint("POST one here"))),
    }
}

/// A query parameter that says yes or no; left out, it says no.
fn flag(request: &Request, name: &str) -> Result<bool, Reply> {
    match request.query(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => {
            let problem = Problem::invalid(format!("`{other}` says neither yes nor no")).hint("`true` or `false`");
            Err(wrong(problem.under(name)))
        }
    }
}

/// What has happened in the world, and its latest play: JSON, or for browsers a page that opens from a disk.
pub(crate) async fn report(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let (control, html) = (Arc::clone(&request.control), request.wants("text/html"));
    request
        .apart(move || {
            let trace = control.plays.trace(&world);
            if !html {
                return Reply::ok(&trace);
            }
            let page = crate::report::html(world.id(), control.version, &control.registry, &[trace]);
            Reply::new(StatusCode::OK, header::HeaderValue::from_static("text/html; charset=utf-8"), page)
        })
        .await
}

pub(crate) async fn stop(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    if request.control.plays.stop(world.id()) {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    Err(wrong(Problem::not_found("no scenario has been played in this world")))
}
