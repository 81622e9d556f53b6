//! Playing a scenario in a running world.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use stend_core::clock::wall;
use stend_core::{Diagnostic, Problem, Source};
use stend_scenario::{Options, Parcel, Scenario, Speed, load, load_parcel};
use stend_transport::{Reply, StatusCode, header};

use crate::request::{Request, apart, shown, wrong};
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
    let keeps = request.flag("report", false)?;
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

/// Everything that is wrong with a scenario, each with its line and column; nothing is played.
pub(crate) async fn check(request: Request) -> Result<Reply, Reply> {
    let source = request.source()?;
    let control = Arc::clone(&request.control);
    let checked = request.elsewhere(move || load(source, None, &control.library, &control.registry)).await?.map(
        |scenario| json!({ "title": scenario.title, "until": scenario.until, "plan": scenario.plan(), "problems": [] }),
    );
    Ok(Reply::ok(
        &checked.unwrap_or_else(|wrong| json!({ "problems": wrong.iter().map(described).collect::<Vec<_>>() })),
    ))
}

/// A problem for an editor; of one that stands in another file, the file.
fn described(Diagnostic { source, problem }: &Diagnostic) -> Value {
    let place = problem.position.filter(|position| position.line > 0);
    let mut shown = json!({ "code": problem.code, "message": problem.message });
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown[key] = value;
        }
    };
    put("hint", problem.hint.as_ref().map(|hint| json!(hint)));
    put("path", Some(problem.path.to_string()).filter(|path| !path.is_empty()).map(Value::from));
    put("file", Some(source.name.clone()).filter(|name| name != "request body").map(Value::from));
    put("line", place.map(|place| json!(place.line)));
    put("column", place.map(|place| json!(place.column)));
    shown
}

/// How fast it goes on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pace {
    speed: Value,
}

/// Pauses what is played, goes on with it, or changes its speed.
pub(crate) async fn set_speed(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let Pace { speed } = request.read().await?;
    let text = speed.as_str().map_or_else(|| speed.to_string(), str::to_owned);
    let speed = match text.as_str() {
        "paused" => Speed::Stands,
        text => text.parse().map_err(|_| {
            let problem = Problem::invalid(format!("`{text}` is no speed"));
            wrong(problem.hint("`paused`, `max`, or a factor from 0.001 to 100000 such as 1 or 60").under("speed"))
        })?,
    };
    if request.control.plays.set_speed(&world, speed) {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    Err(wrong(Problem::not_found("no scenario is being played in this world").hint("POST one here")))
}

pub(crate) async fn progress(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    match request.control.plays.progress(&world, request.flag("steps", false)?) {
        Some(progress) => Ok(Reply::ok(&progress)),
        None => Err(wrong(Problem::not_found("no scenario has been played in this world").hint("POST one here"))),
    }
}

/// What has happened in the world, and its latest play: JSON, or for browsers a page that opens from a disk.
pub(crate) async fn report(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let (control, html) = (Arc::clone(&request.control), request.wants("text/html"));
    apart(move || {
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
