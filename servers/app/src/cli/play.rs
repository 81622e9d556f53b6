//! `stend play`: scenarios against worlds of their own, here or in a running process.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::pin::pin;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use stend::{Config, Running};
use stend_control::{Played, Snapshots, Watched, trace};
use stend_core::visible::visible;
use stend_core::{NewWorld, Problem, Source, Span, Step};
use stend_scenario::{Options, Progress, Reach, Report, Scenario, Speed, default_start, junit, play, pretty};

use super::attach::Remote;
use super::check::show;
use super::stop::stopped;
use super::token::Token;
use super::{BAD, FAILED, GOOD, STOPPED, colour, err, files, out, report, runtime, say, speed, watch, write};

/// Arguments of `stend play`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, or folders of them
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Virtual seconds a real second, or `max`: as fast as the steps can be done
    #[arg(long, default_value = "max", value_parser = speed)]
    speed: Speed,
    /// Play with this seed instead of the scenario's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Play in the running process whose control API is at this URL
    #[arg(long, value_name = "CONTROL_URL")]
    attach: Option<String>,
    /// The world to play in there, which becomes the scenario's; left out, one is made and removed again
    #[arg(long, value_name = "ID", requires = "attach")]
    world: Option<String>,
    #[command(flatten)]
    token: Token,
    /// Play again whenever a file changes that the scenarios are made of, until stopped
    #[arg(long)]
    watch: bool,
    /// Write a JUnit report to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a report that opens in a browser to this file: traffic, time axis and steps of every scenario
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
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

pub(super) fn run(args: Args) -> u8 {
    // All files are checked before the first is played.
    let scenarios = if args.watch { Some(Vec::new()) } else { load(&args.files) };
    let Some(scenarios) = scenarios else { return BAD };
    if !report::check(args.report.as_deref()) {
        return BAD;
    }
    let Some(runtime) = runtime() else { return BAD };
    runtime.block_on(async {
        let bench = match Bench::open(&args).await {
            Ok(bench) => bench,
            Err(why) => {
                err(&format!("{why}\n"));
                return BAD;
            }
        };
        let code = if args.watch { watch::run(&args, &bench).await } else { play_all(&args, &scenarios, &bench).await };
        bench.close().await;
        code
    })
}

/// Reads scenarios; prints what is wrong with them and gives nothing then.
pub(super) fn load(given: &[PathBuf]) -> Option<Vec<Scenario>> {
    let files = files(given).map_err(|why| err(&format!("error: {why}\n"))).ok()?;
    let (registry, library) = (stend::registry::services(), stend::library());
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
            Err(mut diagnostics) => {
                let is_world = |problem: &Problem| {
                    problem.code == "unknown_key"
                        && matches!(problem.path.0.as_slice(), [Step::Key(key)] if registry.find(key).is_some())
                };
                if let Some(wrong) = diagnostics.iter_mut().find(|wrong| is_world(&wrong.problem)) {
                    let hint =
                        format!("a world file holds no scenario; `stend serve --world {}` serves it", path.display());
                    wrong.problem.hint = Some(hint);
                }
                show(&diagnostics);
                good = false;
            }
        }
    }
    good.then_some(scenarios)
}

/// Where scenarios are played.
pub(super) enum Bench {
    /// In this process.
    Own(Running),
    /// In another one.
    Other(Remote),
}

impl Bench {
    async fn open(args: &Args) -> Result<Self, String> {
        if let Some(url) = &args.attach {
            let token = args.token.get().map_err(|why| format!("error: {why}"))?;
            let remote = Remote::open(url, token.as_deref(), args.world.clone()).await;
            return remote.map(Self::Other).map_err(|why| format!("error: {why}"));
        }
        let config = Config { workers: Some(1), ..Config::default() };
        stend::start(config).await.map(Self::Own).map_err(|error| error.to_string())
    }

    async fn close(self) {
        if let Self::Own(running) = self {
            running.stop().await;
        }
    }

    /// Plays one scenario in a world of this name; `None` when asked to stop meanwhile. With `keeps`, what happened comes
    /// along for a report.
    async fn play(
        &self,
        id: &str,
        scenario: &Scenario,
        options: &Options,
        keeps: bool,
    ) -> Result<Option<Outcome>, String> {
        let bar = Bar::new(scenario);
        let mut stop = pin!(stopped());
        let outcome = match self {
            Self::Own(running) => tokio::select! {
                outcome = play_here(running, id, scenario, options, &bar, keeps) => outcome.map(Some),
                () = &mut stop => Ok(None),
            },
            Self::Other(remote) => remote.play(scenario, options, &bar, keeps, stop).await,
        };
        bar.0.finish_and_clear();
        outcome
    }
}

/// Before a scenario waits for a client that somebody has to start: where that client finds what it talks to.
pub(super) fn tell_client(scenario: &Scenario, options: &Options, urls: &Reach) {
    if !scenario.waits_for_client() {
        return;
    }
    let mut text = format!("{}: waits for your client at\n", visible(&scenario.title));
    for (name, url) in urls.iter().filter(|(name, _)| *name != "control") {
        text.push_str(&format!("  {name:<11} {url}\n"));
    }
    if options.speed == Speed::Max {
        text.push_str("note: at `--speed max` no time is left to a client; play with `--speed 1`\n");
    }
    err(&text);
}

/// What came of a play, and what happened in its world, where that was asked for.
pub(super) type Outcome = (Report, Option<Value>);

async fn play_here(
    running: &Running,
    id: &str,
    scenario: &Scenario,
    options: &Options,
    bar: &Bar,
    keeps: bool,
) -> Result<Outcome, String> {
    let new = NewWorld { id: Some(id.to_owned()), file: scenario.world.clone(), ..NewWorld::default() };
    let world = running.worlds.create(new).map_err(|problem| problem.to_string())?;
    let reach: Reach = running.reach.iter().map(|(name, url)| (name.clone(), format!("{url}/w/{id}"))).collect();
    tell_client(scenario, options, &reach);
    let snapshots = Snapshots::default();
    let watched = Watched { world: &world, snapshots: &snapshots, progress: bar };
    let progress: &dyn Progress = if keeps { &watched } else { bar };
    let outcome = play(scenario, &world, &reach, options, progress).await.map(|report| {
        let kept = keeps.then(|| trace(&world, &snapshots, &[Played::new(scenario, Some(report.clone()))]));
        (report, kept)
    });
    if let Err(problem) = running.worlds.remove(id) {
        tracing::warn!(%problem, "a played world stays");
    }
    outcome.map_err(|problem| problem.to_string())
}

/// Plays scenarios one after the other and reports on them.
pub(super) async fn play_all(args: &Args, scenarios: &[Scenario], bench: &Bench) -> u8 {
    let mut reports: Vec<Report> = Vec::new();
    let mut traces: Vec<Value> = Vec::new();
    let options = Options { speed: args.speed, seed: args.seed, start: default_start() };
    for (n, scenario) in scenarios.iter().enumerate() {
        match bench.play(&format!("play-{}", n + 1), scenario, &options, args.report.is_some()).await {
            Ok(Some((report, trace))) => {
                traces.extend(trace);
                if args.format == Format::Pretty {
                    say(&pretty(&report, std::io::stdout().is_terminal() && colour()));
                }
                reports.push(report);
            }
            Ok(None) => {
                err(&format!("{}: stopped\n", scenario.title));
                return STOPPED;
            }
            Err(why) => {
                err(&format!("error: {}: {why}\n", scenario.title));
                return BAD;
            }
        }
    }
    if args.format == Format::Json {
        // Whether a socket's frame is in the journal before its step ends is not the same in every run.
        reports.iter_mut().flat_map(|report| &mut report.steps).for_each(|step| step.journal = None);
        out(&format!("{:#}\n", json!({ "stend": stend_core::world_file::VERSION, "scenarios": reports })));
    }
    if let Some(path) = &args.report
        && !report::save(path, "stend play", &traces)
    {
        return BAD;
    }
    if let Some(path) = &args.junit
        && let Err(error) = write::text(path, &junit(&reports, args.report.as_deref()))
    {
        err(&format!("error: cannot write {}: {error}\n", path.display()));
        return BAD;
    }
    if reports.iter().all(|report| report.passed) { GOOD } else { FAILED }
}

/// A progress bar over virtual time; nothing where standard error is no terminal.
pub(super) struct Bar(ProgressBar);

impl Bar {
    fn new(scenario: &Scenario) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new((scenario.until.as_secs_f64() * 1000.0) as u64);
        let style = ProgressStyle::with_template("{prefix} [{wide_bar}] {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.set_prefix(visible(&scenario.title).into_owned());
        Self(bar)
    }
}

impl Progress for Bar {
    fn at(&self, now: Span, of: Span, what: &str) {
        self.0.set_position((now.as_secs_f64() * 1000.0) as u64);
        let what: String = visible(what).chars().take(40).collect();
        self.0.set_message(format!("{now} of {of}: {what}"));
    }
}
