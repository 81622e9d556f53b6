//! `stend serve`: everything on its ports until stopped.

use std::fmt::Write as _;
use std::sync::Arc;

use clap::builder::BoolishValueParser;
use serde_json::json;
use stend::Running;
use stend::certificates::AuthorityAt;
use stend_control::Plays;
use stend_core::clock::wall;
use stend_core::{ClockSetting, Problem, World, WorldFile};
use stend_scenario::{Options as PlayOptions, Reach, Report, Scenario, Speed, pretty};

use super::bench::{begin_ready, end, start, write_ready};
use super::options::Options;
use super::stop::{input_closed, stopped};
use super::taking::Taking;
use super::write::Ready;
use super::{BAD, GOOD, colour, err, runtime, say};

/// Arguments of `stend serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) options: Options,
    /// Play the scenario again and again in the same world: nothing is reset, and the final `expect` is not checked
    #[arg(long = "loop", requires = "scenario", env = "STEND_LOOP", value_parser = BoolishValueParser::new())]
    repeat: bool,
    /// The control port; the services' ports follow it
    #[arg(long, value_name = "PORT", default_value_t = 7700, conflicts_with = "ephemeral", env = "STEND_PORT_BASE")]
    port_base: u16,
    /// Stop when standard input closes, so that a parent process that is killed leaves nothing behind
    #[arg(long, env = "STEND_EXIT_ON_EOF", value_parser = BoolishValueParser::new())]
    exit_on_eof: bool,
}

pub(super) fn run(args: Args) -> u8 {
    let options = &args.options;
    let ready = match begin_ready(options) {
        Ok(ready) => ready,
        Err(code) => return code,
    };
    let base = (!options.ephemeral).then_some(args.port_base);
    let Some(mut prepared) = options.prepare(base, AuthorityAt::UserFolder) else { return BAD };
    let recording = prepared.recording.take();
    let (mut config, scenario, registry, library) = prepared.split();
    if let (true, Some(scenario)) = (args.repeat, &scenario) {
        config.clock = config.clock.or_else(|| loop_clock(scenario, options.speed));
    }
    let example = example(config.world.as_ref());
    let Some(runtime) = runtime() else { return BAD };
    let code = runtime.block_on(async {
        match start(config, options, &registry, &library).await {
            Ok(running) => serve(&args, scenario, running, ready, example).await,
            Err(code) => code,
        }
    });
    // What is still open ends with the runtime.
    drop(runtime);
    match recording.is_none_or(Taking::save) {
        true => code,
        false => BAD,
    }
}

async fn serve(
    args: &Args,
    scenario: Option<Scenario>,
    mut running: Running,
    mut ready: Option<Ready>,
    example: Option<(String, i64)>,
) -> u8 {
    // Asked for before anything is printed, or a quick stop would be missed.
    let stop = stopped();
    tokio::pin!(stop);
    if !args.options.quiet {
        say(&banner(args, &running, example));
    }
    if let Err(code) = write_ready(&mut ready, &running) {
        running.stop().await;
        return code;
    }
    tracing::info!(target: "stend", urls = %json!(running.urls), "serving");
    let reach = running.reach.clone();
    let (worlds, plays) = (Arc::clone(&running.worlds), Arc::clone(&running.plays));
    let playing = async {
        if let Some(scenario) = &scenario {
            match args.repeat {
                true => play_on_a_loop(args, scenario, &plays, worlds.default_world(), &reach).await,
                false => play_once(&args.options, scenario, &plays, worlds.default_world(), &reach).await,
            }
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
    match end(running, &args.options).await {
        Ok(Some(path)) => say(&format!("saved the world to {}\n", path.display())),
        Ok(None) => {}
        Err(bad) => code = bad,
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
/// is logged, and a world that somebody resets is played on. Somebody who plays another scenario there ends it.
async fn play_on_a_loop(args: &Args, scenario: &Scenario, plays: &Plays, world: &Arc<World>, urls: &Reach) {
    let log = |round, outcome: Result<Report, Problem>| match outcome {
        Ok(report) => {
            for step in report.steps.iter().filter(|step| step.failure.is_some()) {
                tracing::warn!(target: "stend", round, step = %step.what, failure = step.failure, "a step failed");
            }
            tracing::info!(target: "stend", round, passed = report.passed, "played");
        }
        Err(problem) => tracing::warn!(target: "stend", round, %problem, "the scenario was interrupted"),
    };
    plays.play_on_a_loop(scenario, world, urls, args.options.speed, log).await;
    tracing::info!(target: "stend", "the loop was stopped, or another scenario is played in its world");
}

/// Plays the scenario once in the default world, which begins anew.
async fn play_once(options: &Options, scenario: &Scenario, plays: &Plays, world: &Arc<World>, urls: &Reach) {
    match plays.play_once(scenario, world, urls, &play_options(options)).await {
        Some(Ok(report)) => {
            say(&pretty(&report, colour()));
            tracing::info!(target: "stend", passed = report.passed, "played");
        }
        // Somebody reset the world: it is theirs.
        Some(Err(problem)) => tracing::warn!(target: "stend", %problem, "the scenario was interrupted"),
        None => tracing::info!(target: "stend", "the scenario was stopped"),
    }
}

/// How a scenario is played in the default world.
pub(super) fn play_options(options: &Options) -> PlayOptions {
    PlayOptions {
        speed: options.speed,
        seed: options.seed,
        start: options.clock.and_then(|clock| clock.now).unwrap_or_else(wall),
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
    if let Some(url) = running.urls.get("gateway") {
        let _ = writeln!(text, "  {:<11} {url:<28} proxy for clients with hard-coded hosts: stend env", "gateway");
    }
    text.push_str("\nTry:\n");
    if let Some((token, table)) = example {
        let _ = writeln!(text, "  curl -s -H 'token: {token}' '{}/api/v4/events?hash=none'", running.url("carbis"));
        let auth = if args.options.token.get().is_ok_and(|token| token.is_some()) {
            " -H 'Authorization: Bearer …'"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "  curl -s{auth} {}/control/v1/worlds/default/actions -d '{{\"carbis.call_waiter\": {{\"table\": {table}}}}}'",
            running.url("control"),
        );
    } else {
        let _ = writeln!(text, "  curl -s {}/control/v1/health", running.url("control"));
    }
    text.push('\n');
    if !args.options.address().is_loopback() {
        text.push_str("Listening beyond this machine: whoever reaches these ports can use them.\n");
    }
    text
}
