//! Worlds: made, listed, removed.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use stend_core::{Diagnostic, Source};
use stend_scenario::{Options, Scenario, Silent, Speed, StepOutcome, default_start};

use super::bench::{Bench, body, world};
use super::tools::{Arguments, told};

/// How long a scenario may take: clients wait no longer for a tool.
const PATIENCE: Duration = Duration::from_secs(50);

/// The most worlds that are listed.
const LISTED: usize = 50;

/// Makes an isolated world and gives its URLs: the state of all services, a clock, a seed, a journal, faults. A test takes
/// one of its own. With a scenario, the world is the scenario's, and the scenario has been played in it as fast as possible.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MakeWorld {
    /// The name it is to have; left out, one is chosen.
    id: Option<String>,
    /// What is there when it begins: `documented` (the default: what the vendors' documents print), `busy` (a lived-in
    /// town), the path of a world file, or what such a file holds as an object.
    world: Option<Value>,
    /// The path of a scenario file, or the name of a shipped one (list_scenarios).
    scenario: Option<String>,
    /// The same seed gives the same world.
    seed: Option<u64>,
    /// `real`, `frozen` (time stands until advance_clock), or a time such as 2026-11-21T12:00:00+03:00 at which it stands.
    clock: Option<String>,
    /// A world to copy as it is now, instead of `world`.
    fork_of: Option<String>,
}

impl Arguments for MakeWorld {
    const NAME: &'static str = "make_world";
    const TITLE: &'static str = "Make a world";

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        if self.scenario.is_some() && (self.world.is_some() || self.fork_of.is_some()) {
            return Err("a scenario brings its world along\n  = help: leave out `world` and `fork_of`".into());
        }
        // Read before anything is made.
        let scenario = self.scenario.as_deref().map(|name| scenario(name, bench)).transpose()?;
        let given = self.world.map(|world| file(world, bench)).transpose()?;
        let asked = body([
            ("id", self.id.map(Value::from)),
            ("world", given),
            ("seed", self.seed.map(Value::from)),
            ("clock", self.clock.map(Value::from)),
            ("fork_of", self.fork_of.map(Value::from)),
        ]);
        let made = bench.send(Method::POST, "/worlds", Some(asked)).await?;
        let Some(scenario) = scenario else { return Ok(made) };
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        let played = play(&scenario, &id, self.seed, bench).await;
        match played {
            Ok(report) => {
                let mut now = bench.get(&world(Some(&id), ""), &[]).await?;
                now["played"] = report;
                Ok(now)
            }
            Err(why) => {
                // A world in which half a scenario was played is of no use.
                let _ = bench.send(Method::DELETE, &world(Some(&id), ""), None).await;
                Err(why)
            }
        }
    }
}

/// A world as the control API takes it: a built-in one by its name, anything else by what it holds.
fn file(world: Value, bench: &Bench) -> Result<Value, String> {
    let Some(name) = world.as_str() else { return Ok(world) };
    let (library, path) = (stend::library(), Path::new(name));
    if library.has(name) || !path.is_file() {
        return Ok(world);
    }
    let source = Source::open(path).map_err(|problem| told(&problem))?;
    let file = library.check(source, path.parent(), &bench.registry).map_err(|wrong| shown(&wrong))?;
    Ok(file.to_json())
}

/// A shipped scenario, or one in a file.
fn scenario(name: &str, bench: &Bench) -> Result<Scenario, String> {
    let (library, path) = (stend::library(), Path::new(name));
    let shipped = stend::scenarios().iter().find(|(known, _)| *known == name);
    let loaded = match shipped {
        Some((known, text)) => stend_scenario::load(Source::new(*known, *text), None, &library, &bench.registry),
        None if path.is_file() => {
            let source = Source::open(path).map_err(|problem| told(&problem))?;
            stend_scenario::load(source, path.parent(), &library, &bench.registry)
        }
        None => {
            let known: Vec<&str> = stend::scenarios().iter().map(|(known, _)| *known).collect();
            return Err(told(&stend_core::Problem::unknown("not_found", "scenario or file", name, known)));
        }
    };
    loaded.map_err(|wrong| shown(&wrong))
}

/// Mistakes with the lines that they stand on.
fn shown(wrong: &[Diagnostic]) -> String {
    wrong.iter().map(|one| one.render(false)).collect::<Vec<_>>().join("\n\n")
}

/// Plays it; what came of it, in short.
async fn play(scenario: &Scenario, id: &str, seed: Option<u64>, bench: &Bench) -> Result<Value, String> {
    let options = Options { speed: Speed::Max, seed, start: default_start() };
    let playing = bench.remote().follow(id, scenario, &options, &Silent, false);
    let played = tokio::time::timeout(PATIENCE, playing).await;
    let (report, _) = played.map_err(|_| {
        format!(
            "it was not played to its end within {} s\n  = help: `stend play` plays longer ones",
            PATIENCE.as_secs()
        )
    })??;
    let all = || report.steps.iter().chain(&report.expectations);
    let failed: Vec<&StepOutcome> = all().filter(|step| step.failure.is_some()).collect();
    Ok(json!({
        "title": report.title,
        "passed": report.passed,
        "steps": report.steps.len(),
        "expectations": report.expectations.len(),
        "failed": failed,
    }))
}

/// All worlds with their clocks, seeds and URLs. `default` is always there.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListWorlds {}

impl Arguments for ListWorlds {
    const NAME: &'static str = "list_worlds";
    const TITLE: &'static str = "List the worlds";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let all = bench.get("/worlds", &[]).await?;
        let all = all.as_array().map_or(&[] as &[Value], Vec::as_slice);
        Ok(json!({ "worlds": &all[..all.len().min(LISTED)], "all": all.len() }))
    }
}

/// Removes a world with its state and its journal.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoveWorld {
    /// The world's id; the default world stays.
    world: String,
}

impl Arguments for RemoveWorld {
    const NAME: &'static str = "remove_world";
    const TITLE: &'static str = "Remove a world";

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        bench.send(Method::DELETE, &world(Some(&self.world), ""), None).await?;
        Ok(json!({ "removed": self.world }))
    }
}

/// The shipped scenarios, which make_world plays: days of work, and a recipe for each task, such as an answer that comes late.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListScenarios {}

impl Arguments for ListScenarios {
    const NAME: &'static str = "list_scenarios";
    const TITLE: &'static str = "List the shipped scenarios";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        Ok(json!({ "scenarios": bench.get("/scenarios", &[]).await? }))
    }
}
