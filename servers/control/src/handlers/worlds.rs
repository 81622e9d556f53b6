//! Worlds: made, listed, reset, removed.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use stend_core::library::DOCUMENTED;
use stend_core::{ClockSetting, NewWorld, Node, Problem, Raw, Source, World, WorldFile, Worlds};
use stend_transport::{Reply, StatusCode};

use crate::request::{Request, mismatch, shown, wrong};
use crate::site::Control;

fn described(request: &Request, world: &World) -> Value {
    json!({
        "id": world.id(),
        "seed": world.seed(),
        "generation": world.generation(),
        "clock": world.clock(),
        "strict": world.is_strict(),
        "journal": world.journal.fill(),
        "faults": world.faults.list().len(),
        "urls": request.control.urls_of(world.id(), request.by()),
    })
}

pub(crate) async fn list(request: Request) -> Result<Reply, Reply> {
    let worlds: Vec<Value> = request.worlds.list().iter().map(|world| described(&request, world)).collect();
    Ok(Reply::ok(&worlds))
}

pub(crate) async fn show(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    Ok(Reply::ok(&described(&request, &world)))
}

/// A clock as a world is made with: a setting, or what `--clock` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    id: Option<String>,
    seed: Option<u64>,
    world: Option<Raw>,
    clock: Option<Raw>,
    fork_of: Option<String>,
}

pub(crate) async fn create(request: Request) -> Result<Reply, Reply> {
    let source = request.source()?;
    let (control, worlds) = (Arc::clone(&request.control), Arc::clone(&request.worlds));
    let made = request.elsewhere(move || make(source, &control, &worlds)).await??;
    Ok(Reply::json(StatusCode::CREATED, &described(&request, &made)))
}

fn make(source: Source, control: &Control, worlds: &Worlds) -> Result<Arc<World>, Reply> {
    let source = Arc::new(source);
    let node =
        if source.text.trim().is_empty() { Node::default().or_empty_map() } else { source.parse().map_err(wrong)? };
    let new: New = node.read().map_err(|problem| wrong(node.locate(problem)))?;
    drop(node);
    let fork_of = new.fork_of.as_ref().map(|id| worlds.get(id)).transpose();
    let fork_of = fork_of.map_err(|problem| wrong(problem.under("fork_of")))?;
    let file = match (&new.world, &new.fork_of) {
        (Some(_), Some(_)) => {
            let problem =
                Problem::invalid("`world` and `fork_of` in one request").hint("a fork has the world it is forked of");
            return Err(wrong(problem.under("fork_of")));
        }
        (None, Some(_)) => WorldFile::default(),
        (None, None) => {
            control.library.by_name(DOCUMENTED, &control.registry).map_err(|diagnostic| shown(&diagnostic))?
        }
        (Some(Raw(node)), None) => match node.as_text() {
            Some(name) => control.library.by_name(name, &control.registry),
            None => control.library.node(node, &source, None, &control.registry),
        }
        .map_err(|diagnostic| shown(&diagnostic))?,
    };
    let clock =
        new.clock.as_ref().map(|Raw(node)| clock(node)).transpose().map_err(|problem| wrong(problem.under("clock")))?;
    let fresh = NewWorld { id: new.id, file: file.clone(), fork_of, seed: new.seed, clock };
    worlds.create(fresh).map_err(|problem| mismatch(&file, problem))
}

/// `"real"`, `"frozen"`, a time at which it stands, or a whole setting.
fn clock(node: &Node) -> Result<ClockSetting, Problem> {
    let Some(text) = node.as_text() else { return node.read() };
    ClockSetting::from_word(text).ok_or_else(|| {
        Problem::invalid(format!("`{text}` is no clock"))
            .hint("`real`, `frozen`, a time such as 2026-11-21T12:00:00+03:00, or {mode, now, scale}")
    })
}

pub(crate) async fn remove(request: Request) -> Result<Reply, Reply> {
    request.control.plays.stop(request.param("world"));
    request.worlds.remove(request.param("world")).map_err(wrong)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    #[serde(rename = "fake", alias = "service")]
    service: Option<String>,
}

pub(crate) async fn reset(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    let reset: Reset = request.read().await?;
    match reset.service {
        Some(service) => world.reset_service(&service).map_err(|problem| wrong(problem.under("fake")))?,
        None => world.reset().map_err(wrong)?,
    }
    Ok(Reply::ok(&described(&request, &world)))
}
