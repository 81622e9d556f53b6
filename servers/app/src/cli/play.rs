//! `stend play`: scenarios against worlds of their own.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use stend::{Config, Running};
use stend_core::{NewWorld, Source, Span, Timestamp};
use stend_scenario::{Options, Progress, Reach, Report, Scenario, Speed, junit, play, pretty};

use super::check::show;
use super::{BAD, FAILED, GOOD, colour, err, files, out, runtime, speed};

/// Arguments of `stend play`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, or folders of them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Virtual seconds a real second, or `max`: as fast as the steps can be done
    #[arg(long, default_value = "max", value_parser = speed)]
    speed: Speed,
    /// Play with this seed instead of the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Write a JUnit report to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How the report on standard output looks
    #[arg(long, default_value = "pretty")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Pretty,
    /// One JSON document
    Json,
}

/// The start of a scenario that names none: always the same, so that it plays the same whenever it is played.
pub(super) fn default_start() -> Timestamp {
    // 2026-01-01T09:00:00Z
    Timestamp::constant(1_767_258_000, 0)
}

pub(super) fn run(args: Args) -> u8 {
    // All files are checked before the first is played.
    let Some(scenarios) = load(&args.files) else { return BAD };
    let Some(runtime) = runtime() else { return BAD };
    runtime.block_on(async {
        let config = Config { workers: Some(1), ..Config::default() };
        let running = match stend::start(config).await {
            Ok(running) => running,
            Err(error) => {
                err(&format!("{error}\n"));
                return BAD;
            }
        };
        let code = play_all(&args, &scenarios, &running).await;
        running.stop().await;
        code
    })
}

/// Reads scenarios; prints what is wrong with them and gives nothing then.
pub(super) fn load(given: &[PathBuf]) -> Option<Vec<Scenario>> {
    let files = files(given).map_err(|why| err(&format!("error: {why}\n"))).ok()?;
    let (registry, library) = (stend::registry::fakes(), stend::library());
    let mut scenarios = Vec::new();
    let mut good = true;
    for path in files {
        let loaded = Source::open(&path)
            .map_err(|problem| {
                vec![stend_core::Diagnostic { source: Source::new(path.display().to_string(), "").into(), problem }]
            })
            .and_then(|source| {
                stend_scenario::load(source, path.parent().or(Some(Path::new("."))), &library, &registry)
            });
        match loaded {
            Ok(scenario) => scenarios.push(scenario),
            Err(diagnostics) => {
                show(&diagnostics);
                good = false;
            }
        }
    }
    good.then_some(scenarios)
}

async fn play_all(args: &Args, scenarios: &[Scenario], running: &Running) -> u8 {
    let mut reports: Vec<Report> = Vec::new();
    let options = Options { speed: args.speed, seed: args.seed, start: default_start() };
    for (n, scenario) in scenarios.iter().enumerate() {
        let id = format!("play-{}", n + 1);
        let world = match running.worlds.create(NewWorld {
            id: Some(id.clone()),
            file: scenario.world.clone(),
            ..NewWorld::default()
        }) {
            Ok(world) => world,
            Err(problem) => {
                err(&format!("error: {}: {problem}\n", scenario.title));
                return BAD;
            }
        };
        let reach: Reach = running.urls.iter().map(|(name, url)| (name.clone(), format!("{url}/w/{id}"))).collect();
        let bar = Bar::new(scenario);
        let outcome = play(scenario, &world, &reach, &options, &bar).await;
        bar.0.finish_and_clear();
        match outcome {
            Ok(report) => {
                if args.format == Format::Pretty {
                    out(&pretty(&report, std::io::stdout().is_terminal() && colour()));
                }
                reports.push(report);
            }
            Err(problem) => {
                err(&format!("error: {}: {problem}\n", scenario.title));
                return BAD;
            }
        }
        if let Err(problem) = running.worlds.remove(&id) {
            tracing::warn!(%problem, "a played world stays");
        }
    }
    if args.format == Format::Json {
        out(&format!("{:#}\n", json!({ "stend": stend_core::world_file::VERSION, "scenarios": reports })));
    }
    if let Some(path) = &args.junit
        && let Err(error) = std::fs::write(path, junit(&reports))
    {
        err(&format!("error: cannot write {}: {error}\n", path.display()));
        return BAD;
    }
    if reports.iter().all(|report| report.passed) { GOOD } else { FAILED }
}

/// A progress bar over virtual time; nothing where standard error is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(scenario: &Scenario) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new((scenario.until.as_secs_f64() * 1000.0) as u64);
        let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(scenario.title.clone());
        Self(bar)
    }
}

impl Progress for Bar {
    fn at(&self, now: Span, of: Span, what: &str) {
        self.0.set_position((now.as_secs_f64() * 1000.0) as u64);
        let what: String = what.chars().take(40).collect();
        self.0.set_message(format!("{now} of {of}: {what}"));
    }
}
