//! `stend serve`: everything on its ports until stopped.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use stend::{Config, Running, StartError};
use stend_core::clock::wall;
use stend_core::{ClockSetting, Diagnostic, Library, Registry, Source, World, WorldFile};
use stend_scenario::{Options, Reach, Scenario, Silent, Speed, play, play_in_place, pretty};

use super::check::show;
use super::host::Host;
use super::stop::{input_closed, stopped};
use super::token::Token;
use super::write::Ready;
use super::{BAD, GOOD, clock, colour, err, out, runtime, speed, write};

/// Arguments of `stend serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Play this scenario in the default world
    #[arg(long, value_name = "FILE", conflicts_with = "world")]
    scenario: Option<PathBuf>,
    /// How fast to play it: virtual seconds a real second, or `max`
    #[arg(long, default_value = "1", value_parser = speed, requires = "scenario")]
    speed: Speed,
    /// Play it again and again in the same world: nothing is reset, and the final `expect` is not checked
    #[arg(long = "loop", requires = "scenario")]
    repeat: bool,
    /// The default world: `documented` (the default), `busy`, or a file
    #[arg(long, value_name = "NAME|FILE")]
    world: Option<PathBuf>,
    /// Save the default world to this file when stopped; `--world` goes on from it. JSON if it is named `.json`, else YAML
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// The address to listen on, or a name of it; others than loopback let anybody in the network in
    #[arg(long, default_value = "127.0.0.1")]
    host: Host,
    /// A name by which the control API may be reached, beside IP addresses, `localhost` and the name of `--host`; can be given again
    #[arg(long = "allow-host", value_name = "HOST")]
    allow_hosts: Vec<String>,
    /// The control port; the services' ports follow it
    #[arg(long, value_name = "PORT", default_value_t = 7700, conflicts_with = "ephemeral")]
    port_base: u16,
    /// Take free ports; the ready file tells which
    #[arg(long)]
    ephemeral: bool,
    /// Write the URLs to this file, as JSON, once every port answers
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// The seed of the default world
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The default world's clock: `real`, `frozen`, or a time at which it stands
    #[arg(long, value_name = "real|frozen|TIME", value_parser = clock)]
    clock: Option<ClockSetting>,
    /// Make warnings errors in all worlds: what is odd in a request is refused
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    token: Token,
    /// Stop when standard input closes, so that a parent process that is killed leaves nothing behind
    #[arg(long)]
    exit_on_eof: bool,
    /// Count exchanges; `GET /metrics` of the control port shows the counts to Prometheus
    #[arg(long)]
    metrics: bool,
    /// Worker threads; left out, one a core
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
}

/// How long the server may take to end its connections.
const FAREWELL: Duration = Duration::from_millis(600);

pub(super) fn run(args: Args) -> u8 {
    // Before anything else: whoever waits for the file must not find that of an earlier run.
    let ready = match args.ready_file.as_deref().map(Ready::begin).transpose() {
        Ok(ready) => ready,
        Err(error) => {
            let path = args.ready_file.unwrap_or_default();
            err(&format!("error: cannot write the ready file {}: {error}\n", path.display()));
            return BAD;
        }
    };
    let control_token = match args.token.get() {
        Ok(token) => token,
        Err(why) => {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    };
    let (registry, library) = (stend::registry::services(), stend::library());
    let built_in = |path: &Path| path.to_str().filter(|name| library.has(name)).map(str::to_owned);
    let mut scenario = match &args.scenario {
        None => None,
        Some(path) => match super::play::load(std::slice::from_ref(path)) {
            Some(mut scenarios) if scenarios.len() == 1 => scenarios.pop(),
            Some(_) => {
                err(&format!("error: {} is a folder; serve plays one scenario\n", path.display()));
                return BAD;
            }
            None => return BAD,
        },
    };
    // It is played in the default world, which becomes the scenario's.
    if let (true, Some(scenario)) = (args.strict, &mut scenario) {
        scenario.world.strict = Some(true);
    }
    let world = match (&args.world, &scenario) {
        (Some(path), _) => match built_in(path).map_or_else(
            || open(path, &library, &registry),
            |name| library.by_name(&name, &registry).map_err(|diagnostic| vec![diagnostic]),
        ) {
            Ok(world) => Some(world),
            Err(wrong) => {
                show(&wrong);
                return BAD;
            }
        },
        (None, Some(scenario)) => Some(scenario.world.clone()),
        (None, None) => None,
    };
    // Told now, not after a day's work.
    if let Some(path) = &args.save
        && let Err(error) = write::check(path)
    {
        err(&format!("error: cannot save the world to {}: {error}\n", path.display()));
        return BAD;
    }
    let example = example(world.as_ref());
    let config = Config {
        host: args.host.address,
        port_base: (!args.ephemeral).then_some(args.port_base),
        world,
        worlds_folder: args
            .world
            .as_deref()
            .filter(|path| built_in(path).is_none())
            .and_then(Path::parent)
            .map(Path::to_path_buf),
        seed: args.seed,
        clock: args.clock.or_else(|| {
            scenario.as_ref().filter(|_| args.repeat).and_then(|scenario| loop_clock(scenario, args.speed))
        }),
        strict: args.strict,
        control_token: control_token.clone(),
        allow_hosts: args.allow_hosts.iter().cloned().chain(args.host.name.clone()).collect(),
        workers: args.workers,
        metrics: args.metrics,
    };
    let Some(runtime) = runtime() else { return BAD };
    runtime.block_on(async {
        let running = match stend::start(config).await {
            Ok(running) => running,
            // Of a world with a mistake all are told.
            Err(StartError::World(_))
                if args.world.as_ref().is_some_and(|path| tell_all(path, &library, &registry)) =>
            {
                return BAD;
            }
            Err(error) => {
                err(&format!("{error}\n"));
                return BAD;
            }
        };
        serve(&args, scenario, running, ready, example).await
    })
}

/// Reads a world file. One with a mistake is looked at once more for all of them.
fn open(path: &Path, library: &Library, registry: &Registry) -> Result<WorldFile, Vec<Diagnostic>> {
    library.open(path, registry).map_err(|first| {
        let all = Source::open(path).map(|source| library.check(source, path.parent(), registry).err());
        all.ok().flatten().unwrap_or_else(|| vec![first])
    })
}

/// Tells all mistakes of a world file; says whether there are any.
fn tell_all(path: &Path, library: &Library, registry: &Registry) -> bool {
    let Ok(source) = Source::open(path) else { return false };
    let Err(wrong) = library.check(source, path.parent(), registry) else { return false };
    show(&wrong);
    true
}

async fn serve(
    args: &Args,
    scenario: Option<Scenario>,
    mut running: Running,
    mut ready: Option<Ready>,
    example: Option<(String, i64)>,
) -> u8 {
    // Asked for before anything is told, or a quick stop would be missed.
    let stop = stopped();
    tokio::pin!(stop);
    out(&banner(args, &running, example));
    if let Some(ready) = &mut ready
        && let Err(error) = ready.write(ready_text(&running))
    {
        err(&format!("error: cannot write the ready file {}: {error}\n", ready.path().display()));
        running.stop().await;
        return BAD;
    }
    tracing::info!(target: "stend", urls = %json!(running.urls), "serving");
    let urls = running.urls.clone();
    let worlds = std::sync::Arc::clone(&running.worlds);
    let playing = async {
        if let Some(scenario) = &scenario {
            if args.repeat {
                play_on_a_loop(args, scenario, worlds.default_world(), &urls).await;
            }
            play_once(args, scenario, worlds.default_world(), &urls).await;
        }
        std::future::pending::<()>().await
    };
    let mut code = tokio::select! {
        () = &mut stop => GOOD,
        () = input_closed(args.exit_on_eof) => GOOD,
        ended = running.ended() => {
            err(&format!("error: the server ended: {}\n", ended.err().map_or("for no reason".into(), |error| error.to_string())));
            return BAD;
        }
        () = playing => GOOD,
    };
    let world = std::sync::Arc::clone(running.worlds.default_world());
    running.worlds.list().iter().for_each(|world| world.end_waits());
    if tokio::time::timeout(FAREWELL, running.stop()).await.is_err() {
        tracing::warn!(target: "stend", "some connections did not end in time");
    }
    if let Some(path) = &args.save {
        match save(path, &world) {
            Ok(()) => out(&format!("saved the world to {}\n", path.display())),
            Err(error) => {
                err(&format!("error: cannot save the world to {}: {error}\n", path.display()));
                code = BAD;
            }
        }
    }
    // A reader must not find the URLs of a bench that is gone.
    ready.into_iter().for_each(Ready::end);
    code
}

/// The clock of a world in which a scenario is played on a loop; `None` is the world's own.
fn loop_clock(scenario: &Scenario, speed: Speed) -> Option<ClockSetting> {
    let start = scenario.start.or(scenario.world.clock.and_then(|clock| clock.now));
    match speed {
        Speed::Times(factor) if factor == 1.0 && start.is_none() => None,
        Speed::Times(factor) => Some(ClockSetting::scaled(factor, start)),
        Speed::Max | Speed::Stands => Some(ClockSetting::frozen_at(start.unwrap_or_else(wall))),
    }
}

/// Plays the scenario in the default world as it is, again and again. What fails because somebody else changed the world
/// is logged, and a world that somebody resets is played on.
async fn play_on_a_loop(args: &Args, scenario: &Scenario, world: &std::sync::Arc<World>, urls: &Reach) {
    for round in 1_u64.. {
        match play_in_place(scenario, world, urls, args.speed, &Silent).await {
            Ok(report) => {
                for step in report.steps.iter().filter(|step| step.failure.is_some()) {
                    tracing::warn!(target: "stend", round, step = %step.what, failure = step.failure, "a step failed");
                }
                tracing::info!(target: "stend", round, passed = report.passed, "played");
            }
            Err(problem) => {
                tracing::warn!(target: "stend", round, %problem, "the scenario was interrupted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// Plays the scenario once in the default world, which begins anew.
async fn play_once(args: &Args, scenario: &Scenario, world: &std::sync::Arc<World>, urls: &Reach) {
    let options = Options {
        speed: args.speed,
        seed: args.seed,
        start: args.clock.and_then(|clock| clock.now).unwrap_or_else(wall),
    };
    match play(scenario, world, urls, &options, &Silent).await {
        Ok(report) => {
            out(&pretty(&report, colour()));
            tracing::info!(target: "stend", passed = report.passed, "played");
        }
        // Somebody reset the world: it is theirs.
        Err(problem) => tracing::warn!(target: "stend", %problem, "the scenario was interrupted"),
    }
}

/// A token and a table of the world that is served, for the banner; `None` where it has none.
fn example(world: Option<&WorldFile>) -> Option<(String, i64)> {
    let Some(world) = world else { return Some(("demo-token".into(), 1_000_028)) };
    let section = serde_json::to_value(&**world.sections.get("carbis")?).ok()?;
    Some((section["token"].as_str()?.to_owned(), section["tables"][0]["id"].as_i64()?))
}

/// What is printed at the start: the URLs, and what to do next.
fn banner(args: &Args, running: &Running, example: Option<(String, i64)>) -> String {
    let mut text = format!("stend {} serves\n", env!("CARGO_PKG_VERSION"));
    let registry = stend::registry::services();
    for kind in registry.services() {
        let _ = writeln!(text, "  {:<11} {:<28} {}", kind.name(), running.url(kind.name()), kind.title());
    }
    let _ =
        writeln!(text, "  {:<11} {:<28} worlds, clocks, actions, faults, journals", "control", running.url("control"));
    text.push_str("\nTry:\n");
    if let Some((token, table)) = example {
        let _ = writeln!(text, "  curl -s -H 'token: {token}' '{}/api/v4/events?hash=none'", running.url("carbis"));
        let auth =
            if args.token.get().is_ok_and(|token| token.is_some()) { " -H 'Authorization: Bearer …'" } else { "" };
        let _ = writeln!(
            text,
            "  curl -s{auth} {}/control/v1/worlds/default/actions -d '{{\"carbis.call_waiter\": {{\"table\": {table}}}}}'",
            running.url("control"),
        );
    } else {
        let _ = writeln!(text, "  curl -s {}/control/v1/health", running.url("control"));
    }
    text.push('\n');
    if !args.host.address.is_loopback() {
        text.push_str("Listening beyond this machine: whoever reaches these ports can use them.\n");
    }
    text
}

/// What the ready file holds.
fn ready_text(running: &Running) -> String {
    let mut ready = json!(running.urls);
    ready["pid"] = json!(std::process::id());
    ready["version"] = json!(env!("CARGO_PKG_VERSION"));
    format!("{ready:#}\n")
}

/// Saves a world, so that `--world` goes on from it.
fn save(path: &Path, world: &World) -> std::io::Result<()> {
    let file = world.finish();
    let json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    write::file(path, |writer| if json { file.write_json(writer) } else { file.write_yaml(writer) })
}
