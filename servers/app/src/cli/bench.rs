//! The life of a bench that `serve` and `run` have in common: the ready file, the start, the end, saving.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stend::{Config, Running, StartError};
use stend_core::{Library, Registry, World};

use super::options::{Options, Prepared};
use super::write::{self, Ready};
use super::{BAD, err};

/// How long the server may take to end its connections, and a pipe to find a reader.
const FAREWELL: Duration = Duration::from_millis(600);

/// Removes the ready file of an earlier run, before anything else: whoever waits for it must not find that.
pub(super) fn begin_ready(options: &Options) -> Result<Option<Ready>, u8> {
    options.ready_file.as_deref().map(Ready::begin).transpose().map_err(|error| {
        let path = options.ready_file.clone().unwrap_or_default();
        err(&format!("error: cannot write the ready file {}: {error}\n", path.display()));
        BAD
    })
}

/// Starts the bench; prints what is wrong with it, of a world file all mistakes.
pub(super) async fn start(
    config: Config,
    options: &Options,
    registry: &Registry,
    library: &Library,
) -> Result<Running, u8> {
    match stend::start(config).await {
        Ok(running) => Ok(running),
        Err(StartError::World(_)) if Prepared::show_all(options.world.as_deref(), registry, library) => Err(BAD),
        Err(error) => {
            err(&format!("{error}\n"));
            Err(BAD)
        }
    }
}

/// Writes the ready file, if one is asked for; prints why it cannot be written.
pub(super) fn write_ready(ready: &mut Option<Ready>, running: &Running) -> Result<(), u8> {
    let Some(ready) = ready else { return Ok(()) };
    let mut text = json!(running.urls);
    text["pid"] = json!(std::process::id());
    text["version"] = json!(env!("CARGO_PKG_VERSION"));
    ready.write(format!("{text:#}\n")).map_err(|error| {
        err(&format!("error: cannot write the ready file {}: {error}\n", ready.path().display()));
        BAD
    })
}

/// Ends readably what waits, and ends the connections.
pub(super) async fn farewell(running: Running) {
    running.worlds.list().iter().for_each(|world| world.end_waits());
    if tokio::time::timeout(FAREWELL, running.stop()).await.is_err() {
        tracing::warn!(target: "stend", "some connections did not end in time");
    }
}

/// The same, and saves the default world, if that is asked for.
pub(super) async fn end(running: Running, options: &Options) -> Result<Option<&Path>, u8> {
    let worlds = Arc::clone(&running.worlds);
    farewell(running).await;
    let Some(path) = options.save.as_deref() else { return Ok(None) };
    let saved = write::reader(path, FAREWELL).and_then(|_reader| save(path, worlds.default_world()));
    saved.map(|()| Some(path)).map_err(|error| {
        err(&format!("error: cannot save the world to {}: {error}\n", path.display()));
        BAD
    })
}

/// Saves a world, so that `--world` goes on from it.
fn save(path: &Path, world: &World) -> std::io::Result<()> {
    let file = world.finish();
    let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    write::file(path, |writer| if json { file.write_json(writer) } else { file.write_yaml(writer) })
}
