//! Scenarios that are played in running worlds, one at a time in each.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stend_core::{Mode, Problem, Span, World};
use stend_scenario::{Options, Progress, Report, Scenario, Speed, StepOutcome, play_at};
use tokio::sync::{oneshot, watch};

use crate::trace::{Played, Snapshots, Watched, trace};

#[derive(Default)]
struct Board {
    at: Span,
    of: Span,
    what: String,
    /// The newest outcomes, and how many there are in all.
    steps: VecDeque<StepOutcome>,
    done: usize,
    outcome: Option<Result<Report, String>>,
}

/// So many outcomes of a play that goes on are kept at hand; its report has them all.
const STEPS: usize = 500;

#[derive(Default)]
struct Shared {
    board: Mutex<Board>,
    snapshots: Snapshots,
}

impl Progress for Shared {
    fn at(&self, now: Span, of: Span, what: &str) {
        let mut board = self.board.lock();
        board.at = now;
        board.of = of;
        what.clone_into(&mut board.what);
    }

    fn done(&self, outcome: &StepOutcome) {
        let mut board = self.board.lock();
        board.done += 1;
        if board.steps.len() >= STEPS {
            board.steps.pop_front();
        }
        board.steps.push_back(outcome.clone());
    }
}

struct Play {
    /// The world may be removed, and another made of the same name.
    world: Weak<World>,
    title: String,
    /// What is played.
    played: Played,
    board: Arc<Shared>,
    thread: JoinHandle<()>,
    /// How fast it is played; another value changes that.
    speed: watch::Sender<Speed>,
    /// Dropped, it stops the play.
    stop: Option<oneshot::Sender<()>>,
}

/// So many scenarios are played at a time at the most.
const MOST: usize = 128;

/// The latest play of each world.
#[derive(Default)]
pub(crate) struct Plays(Mutex<BTreeMap<String, Play>>);

impl Plays {
    /// Begins to play; the world becomes the scenario's at once. With `keeps`, what people see is kept after each step.
    ///
    /// # Errors
    /// One is being played in this world, or too many in others.
    pub(crate) fn start(
        &self,
        scenario: Scenario,
        world: Arc<World>,
        reach: BTreeMap<String, String>,
        options: Options,
        keeps: bool,
    ) -> Result<(), Problem> {
        let mut plays = self.0.lock();
        plays.retain(|_, play| play.world.strong_count() > 0);
        if plays.get(world.id()).is_some_and(|play| !play.thread.is_finished()) {
            return Err(Problem::conflict("a scenario is being played in this world")
                .hint("DELETE it first, or make another world"));
        }
        if plays.values().filter(|play| !play.thread.is_finished()).count() >= MOST {
            return Err(Problem::new("too_many", format!("{MOST} scenarios are being played; that is the limit"))
                .hint("wait until one is over, or DELETE one"));
        }
        let (id, weak) = (world.id().to_owned(), Arc::downgrade(&world));
        let title = scenario.title.clone();
        let played = Played::new(&scenario, None);
        let board = Arc::new(Shared::default());
        board.board.lock().of = scenario.until;
        let shared = Arc::clone(&board);
        let (stop, stopped) = oneshot::channel::<()>();
        let (speed, changes) = watch::channel(options.speed);
        // Its expectations may look at all of a long journal and a large state: no requests wait for them on a thread
        // of its own.
        let failed =
            |error: std::io::Error| Problem::new("no_thread", format!("the scenario cannot be played: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let playing = async move {
            let watched = Watched { world: &world, snapshots: &shared.snapshots, progress: &*shared };
            let progress: &dyn Progress = if keeps { &watched } else { &*shared };
            let outcome = tokio::select! {
                biased;
                _ = stopped => return,
                outcome = play_at(&scenario, &world, &reach, &options, Some(changes), progress) => outcome,
            };
            shared.board.lock().outcome = Some(outcome.map_err(|problem| problem.to_string()));
        };
        let thread = std::thread::Builder::new().name("play".into());
        let thread = thread.spawn(move || runtime.block_on(playing)).map_err(failed)?;
        plays.insert(id, Play { world: weak, title, played, board, thread, speed, stop: Some(stop) });
        Ok(())
    }

    /// What has happened in a world, with its latest play.
    pub(crate) fn trace(&self, world: &Arc<World>) -> Value {
        let (board, played) = {
            let plays = self.0.lock();
            let of_this = |play: &&Play| Weak::as_ptr(&play.world) == Arc::as_ptr(world);
            let Some(play) = plays.get(world.id()).filter(of_this) else {
                return trace(world, &Snapshots::default(), &[]);
            };
            (Arc::clone(&play.board), play.played.clone())
        };
        let report = match &board.board.lock().outcome {
            Some(Ok(report)) => Some(report.clone()),
            _ => None,
        };
        trace(world, &board.snapshots, &[Played { report, ..played }])
    }

    /// How far the latest play of a world is; with `steps`, what was planned and what came of the newest steps.
    pub(crate) fn progress(&self, world: &Arc<World>, steps: bool) -> Option<Value> {
        let plays = self.0.lock();
        let play = plays.get(world.id()).filter(|play| Weak::as_ptr(&play.world) == Arc::as_ptr(world))?;
        let board = play.board.board.lock();
        let mut progress =
            json!({ "state": "playing", "title": play.title, "at": board.at, "of": board.of, "step": board.what });
        if steps {
            progress["done"] = json!(board.done);
            progress["plan"] = json!(play.played.plan);
            progress["steps"] = json!(board.steps);
            progress["source"] = json!(play.played.source);
        }
        match &board.outcome {
            Some(Ok(report)) => {
                progress["state"] = json!(if report.passed { "passed" } else { "failed" });
                progress["report"] = json!(report);
            }
            Some(Err(why)) => {
                progress["state"] = json!("stopped");
                progress["why"] = json!(why);
            }
            None if play.thread.is_finished() => progress["state"] = json!("stopped"),
            None => {
                // Between two steps, and while it is paused, the world's clock tells.
                let since = Span::between(world.world_events.began(), world.now());
                progress["at"] = json!(since.max(board.at).min(board.of));
                progress["speed"] = match *play.speed.borrow() {
                    Speed::Times(factor) => json!(factor),
                    Speed::Max => json!("max"),
                    Speed::Stands => json!("paused"),
                }
            }
        }
        if progress["state"] != "playing"
            && let Some(note) = clock_note(world)
        {
            progress["clock"] = note.into();
        }
        Some(progress)
    }

    /// Plays on at another speed; [`Speed::Stands`] pauses. Says whether something is being played.
    pub(crate) fn set_speed(&self, world: &World, speed: Speed) -> bool {
        let plays = self.0.lock();
        let of_this = |play: &&Play| std::ptr::eq(Weak::as_ptr(&play.world), world) && !play.thread.is_finished();
        plays.get(world.id()).filter(of_this).is_some_and(|play| play.speed.send(speed).is_ok())
    }

    /// Stops the play of a world; says whether there was one.
    pub(crate) fn stop(&self, world: &str) -> bool {
        let mut plays = self.0.lock();
        let Some(play) = plays.get_mut(world) else { return false };
        play.stop.take();
        true
    }
}

/// What has become of a world's clock, which a scenario sets and leaves.
fn clock_note(world: &World) -> Option<String> {
    let clock = world.clock();
    let now = clock.now?;
    let does = match clock.mode {
        Mode::Real => return None,
        Mode::Frozen => "stands",
        Mode::Scaled => "runs on from the scenario's time,",
    };
    Some(format!(
        "the world's clock {does} at {now}; PUT clock {{\"mode\": \"real\", \"now\": \"now\"}} sets it to the wall clock"
    ))
}
