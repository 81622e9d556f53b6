//! Playing a scenario in a world.

mod answers;
mod pace;
mod react;
mod seen;
mod wait;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stend_core::busy::{BusyGuard, Gone};
use stend_core::fault::Fault;
use stend_core::{ClockSetting, Node, Path, Problem, Span, Step as PathStep, Timestamp, World};
use tokio::sync::watch;

use crate::call::Reach;
use crate::expect::Expectation;
use crate::file::{Scenario, Speed, Step, What, json as plain};
use crate::matcher::{Domain, short};
use crate::report::{Report, StepOutcome};
use crate::socket::Sockets;
use crate::subst::{Captured, fill};
use pace::{Pace, move_on};
use react::Armed;
use seen::{Seen, checked, part_of};

/// How a scenario is played.
#[derive(Debug, Clone)]
pub struct Options {
    /// How fast.
    pub speed: Speed,
    /// Overrides the scenario's seed.
    pub seed: Option<u64>,
    /// Where the clock starts if the scenario does not say.
    pub start: Timestamp,
}

/// Is notified of the progress of a play.
pub trait Progress: Send + Sync {
    /// Virtual time since the start, the total, and the step that comes next.
    fn at(&self, now: Span, of: Span, what: &str);

    /// What came of a step, right after it; of an expectation at the end, too.
    fn done(&self, _outcome: &StepOutcome) {}
}

/// Reports nothing.
#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn at(&self, _: Span, _: Span, _: &str) {}
}

/// Plays a scenario in a world, which is reset to the scenario's, and returns its outcomes.
///
/// # Errors
/// The world cannot be made, or it was reset by somebody else while the scenario was played.
pub async fn play(
    scenario: &Scenario,
    world: &Arc<World>,
    reach: &Reach,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, Problem> {
    play_at(scenario, world, reach, options, None, progress).await
}

/// The same with somebody who tells of another speed while it is played; [`Speed::Stands`] pauses it.
///
/// # Errors
/// As [`play`].
pub async fn play_at(
    scenario: &Scenario,
    world: &Arc<World>,
    reach: &Reach,
    options: &Options,
    changes: Option<watch::Receiver<Speed>>,
    progress: &dyn Progress,
) -> Result<Report, Problem> {
    let start = scenario.start.or(scenario.world.clock.and_then(|clock| clock.now)).unwrap_or(options.start);
    let mut file = scenario.world.clone();
    file.seed = options.seed.or(file.seed);
    file.title = Some(scenario.title.clone());
    file.clock = Some(ClockSetting::frozen_at(start));
    world.restore(file)?;
    world.show_times_in(scenario.offset);
    let guard = world.guard();
    if let Speed::Times(factor) = options.speed {
        world.set_clock(ClockSetting::scaled(factor, Some(start)))?;
    }
    let pace = Pace { speed: options.speed, changes, varied: false };
    run(scenario, world, reach, pace, start, guard, true, progress).await
}

/// Plays a scenario once in a world as it is, from its present moment on. Seed and clock stay the world's; `speed` only says
/// whether the clock is moved on from step to step ([`Speed::Max`]) or runs by itself. The final expectations are not
/// checked: they speak of a world that began with the scenario. `changes` tells of another speed, as of [`play_at`].
///
/// # Errors
/// The world was reset by somebody else while the scenario was played.
pub async fn play_in_place(
    scenario: &Scenario,
    world: &Arc<World>,
    reach: &Reach,
    speed: Speed,
    changes: Option<watch::Receiver<Speed>>,
    progress: &dyn Progress,
) -> Result<Report, Problem> {
    let guard = world.guard();
    let pace = Pace { speed, changes, varied: false };
    run(scenario, world, reach, pace, world.now(), guard, false, progress).await
}

/// Checks the final expectations of a scenario in a world as it is, whoever brought it there.
pub fn check_now(scenario: &Scenario, world: &World) -> Report {
    let now = world.local(world.now());
    let captured = Captured::new();
    let check =
        |expectation: &Expectation| checked(expectation, Span::ZERO, expectation.verify(world, &captured).err());
    let expectations: Vec<StepOutcome> = scenario.expectations.iter().map(check).collect();
    Report {
        file: scenario.source.name.clone(),
        title: scenario.title.clone(),
        seed: world.seed(),
        started: now,
        ended: now,
        passed: expectations.iter().all(|outcome| outcome.failure.is_none()),
        steps: Vec::new(),
        expectations,
        world: None,
        source: Arc::clone(&scenario.source),
    }
}

#[allow(clippy::too_many_arguments)]
async fn run(
    scenario: &Scenario,
    world: &Arc<World>,
    reach: &Reach,
    mut pace: Pace,
    start: Timestamp,
    guard: BusyGuard,
    expects: bool,
    progress: &dyn Progress,
) -> Result<Report, Problem> {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
    let client = client.map_err(|error| Problem::invalid(format!("no HTTP client can be made: {error}")))?;
    let player = Player {
        scenario,
        world,
        reach,
        client,
        sockets: Sockets::default(),
        captured: Captured::new(),
        start,
        generation: world.generation(),
        progress,
        armed: Vec::new(),
        read: 0,
        outcomes: Vec::new(),
        seen: Seen::default(),
        expects,
    };
    let playing = player.run(guard);
    tokio::pin!(playing);
    let finished = loop {
        tokio::select! {
            biased;
            finished = &mut playing => break finished,
            speed = pace.changed() => pace.set(speed, world),
            () = move_on(world), if pace.speed == Speed::Max => {}
        }
    };
    let (steps, expectations) = finished.map_err(|gone| match gone {
        Gone::Reset => Problem::conflict("the world was reset by somebody else while the scenario was played"),
        Gone::Removed => Problem::conflict("the world was removed while the scenario was played"),
        Gone::Stopping => Problem::conflict("the bench stopped while the scenario was played"),
    })?;
    let passed = steps.iter().chain(&expectations).all(|outcome| outcome.failure.is_none());
    Ok(Report {
        file: scenario.source.name.clone(),
        title: scenario.title.clone(),
        seed: world.seed(),
        started: world.local(start),
        // A clock that runs by itself is past the end by as much as the wall clock made of it.
        ended: world.local(if pace.speed == Speed::Max { world.now() } else { scenario.until.after(start) }),
        passed,
        steps,
        expectations,
        world: (pace.speed == Speed::Max && !pace.varied && expects).then(|| digest(world)),
        source: Arc::clone(&scenario.source),
    })
}

/// SHA-256 of the world as a file.
fn digest(world: &World) -> String {
    let hash = Sha256::digest(world.save().to_json().to_string());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Player<'a> {
    scenario: &'a Scenario,
    world: &'a Arc<World>,
    reach: &'a Reach,
    client: reqwest::Client,
    sockets: Sockets,
    captured: Captured,
    start: Timestamp,
    /// The world's generation: another one means that it was reset.
    generation: u64,
    progress: &'a dyn Progress,
    /// Steps with `on` whose moment has come.
    armed: Vec<Armed>,
    /// The newest journal entry that was looked at.
    read: u64,
    outcomes: Vec<StepOutcome>,
    /// What the step under way has come to.
    seen: Seen,
    /// Whether the final expectations are checked.
    expects: bool,
}

/// Why a step failed, and the part of it that did.
struct Failed {
    why: String,
    at: Vec<PathStep>,
}

impl From<String> for Failed {
    fn from(why: String) -> Self {
        Self { why, at: Vec::new() }
    }
}

/// Says which part of a step failed.
fn part<const N: usize>(at: [&str; N]) -> impl FnOnce(String) -> Failed {
    let at = at.map(PathStep::from).to_vec();
    move |why| Failed { why, at }
}

type Outcomes = (Vec<StepOutcome>, Vec<StepOutcome>);

impl Player<'_> {
    async fn run(mut self, mut guard: BusyGuard) -> Result<Outcomes, Gone> {
        let scenario = self.scenario;
        // By time, then by place in the file; a repeated step puts its next round in when one is done.
        let mut agenda: BinaryHeap<Reverse<(Span, usize, u32)>> =
            scenario.steps.iter().enumerate().map(|(index, step)| Reverse((step.when.first, index, 1))).collect();
        while let Some(Reverse((at, index, round))) = agenda.pop() {
            let step = &scenario.steps[index];
            guard = self.wait(at, guard).await?;
            self.progress.at(at, scenario.until, &step.title);
            if step.on.is_some() {
                self.arm(index, at);
                continue;
            }
            let began = self.world.now();
            let (outcome, held) = self.step(step, at, guard).await;
            let took = Span::between(began, self.world.now());
            self.report(StepOutcome { round: (step.when.rounds > 1).then_some(round), took, ..outcome });
            guard = self.react(held).await;
            if round < step.when.rounds {
                agenda.push(Reverse((at.plus(step.when.every), index, round + 1)));
            }
        }
        let guard = self.wait(scenario.until, guard).await?;
        let _last = self.react(guard).await;
        self.report_what_never_happened();
        self.progress.at(scenario.until, scenario.until, "expectations");
        let expected = scenario.expectations.iter().filter(|_| self.expects);
        let expectations = expected.map(|expectation| {
            let miss = expectation.verify_since(self.world, &self.captured, Some(self.start)).err();
            let outcome = checked(expectation, scenario.until, miss);
            self.progress.done(&outcome);
            outcome
        });
        let expectations = expectations.collect();
        Ok((self.outcomes, expectations))
    }

    fn report(&mut self, outcome: StepOutcome) {
        self.progress.done(&outcome);
        self.outcomes.push(outcome);
    }

    /// A reset while a step was under way cancelled no timer: the steps that follow would wait for times of the former clock.
    fn still_there(&self) -> Result<(), Gone> {
        if self.world.generation() == self.generation { Ok(()) } else { Err(Gone::Reset) }
    }

    async fn wait(&mut self, at: Span, guard: BusyGuard) -> Result<BusyGuard, Gone> {
        let until = at.after(self.start);
        if until <= self.world.now() {
            return self.still_there().map(|()| guard);
        }
        // The timer is registered before the guard is dropped, or the clock could pass it.
        let sleep = self.world.sleep_until(until);
        self.still_there()?;
        tokio::pin!(sleep);
        let mut recorded = self.world.watch();
        drop(guard);
        loop {
            if self.armed.iter().all(|armed| armed.done) {
                return sleep.await;
            }
            tokio::select! {
                biased;
                changed = recorded.changed() => {
                    if changed.is_err() {
                        return sleep.await;
                    }
                    let guard = self.world.guard();
                    drop(self.react(guard).await);
                }
                woken = &mut sleep => return woken,
            }
        }
    }

    async fn step(&mut self, step: &Step, at: Span, guard: BusyGuard) -> (StepOutcome, BusyGuard) {
        self.seen = Seen::default();
        let before = self.world.journal.newest();
        let (result, guard) = match &step.what {
            What::Act { name, args } => (self.act(step, name, args), guard),
            What::Fault(fault) => {
                let added = self.filled(fault).and_then(|fault| self.world.add_fault(fault));
                (added.map(|id| json!({ "fault": id })).map_err(|problem| problem.to_string().into()), guard)
            }
            What::WaitFor(wait) => {
                let (found, guard) = self.wait_for(wait, guard).await;
                let result = found.map_err(part(["wait_for"])).and_then(|found| {
                    self.seen.found = part_of(found.clone());
                    if let Some(paths) = step.expect.as_ref().and_then(|expect| plain(&expect.json)) {
                        self.check_json(&paths, &found)?;
                    }
                    self.capture(&step.capture, &found)?;
                    Ok(json!({ "came": true }))
                });
                (result, guard)
            }
            What::Call(call) => {
                let sent = call.send(&self.client, &mut self.sockets, self.reach, self.world, &self.captured, guard);
                let (answer, guard) = sent.await;
                (self.answered(step, answer), guard)
            }
        };
        let seen = std::mem::take(&mut self.seen);
        let after = self.world.journal.newest();
        let shown = result.is_err() || step.expect.is_some();
        let words = ["expect", "wait_for", "on"].into_iter().find_map(|key| step.node.get(key));
        let outcome = StepOutcome {
            expected: words.filter(|_| shown).map(Node::to_json).unwrap_or_default(),
            found: if shown { seen.found } else { Value::Null },
            nearest: seen.nearest,
            captured: seen.captured,
            journal: (after > before).then_some((before, after)),
            ..StepOutcome::of(&step.node, step.title.clone(), at)
        };
        let outcome = match result {
            Ok(result) => StepOutcome { result, ..outcome },
            Err(Failed { why, at: path }) => {
                let place = step.node.locate(Problem { path: Path(path), ..Problem::invalid("") }).position;
                let failed_at = place.filter(|place| *place != step.node.position && place.line > 0);
                StepOutcome {
                    failed_at: failed_at.map(|place| (place.line, place.column)),
                    ..outcome.failing(Some(why))
                }
            }
        };
        (outcome, guard)
    }

    /// A fault with what has been captured so far.
    fn filled(&self, fault: &Fault) -> Result<Fault, Problem> {
        let filled = fill(&json!(fault), &self.captured)?;
        Node::from_json(&filled).read()
    }

    fn act(&mut self, step: &Step, name: &str, args: &Node) -> Result<Value, Failed> {
        let filled = fill(&args.to_json(), &self.captured).map_err(|problem| problem.message)?;
        let refused = step.expect.as_ref().and_then(|expect| plain(&expect.error));
        let acted = self.world.act(name, &Node::from_json(&filled));
        self.seen.found = match &acted {
            Ok(result) => part_of(result.clone()),
            Err(problem) => json!({ "error": problem.message }),
        };
        let result = match (acted, refused) {
            (Ok(result), None) => result,
            (Ok(result), Some(_)) => {
                let why = format!("expected to be refused; the result is {}", short(&result));
                return Err(part(["expect", "error"])(why));
            }
            (Err(problem), None) => return Err(part(["do"])(problem.to_string())),
            (Err(problem), Some(expected)) => {
                self.expected(&expected, Domain::Text)?
                    .check(Some(&Value::from(problem.message)))
                    .map_err(part(["expect", "error"]))?;
                return Ok(json!({ "refused": problem.code }));
            }
        };
        if let Some(paths) = step.expect.as_ref().and_then(|expect| plain(&expect.json)) {
            self.check_json(&paths, &result)?;
        }
        self.capture(&step.capture, &result)?;
        Ok(result)
    }
}
