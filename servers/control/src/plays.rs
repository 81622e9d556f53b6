//! Scenarios that are played in running worlds, one at a time in each.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stend_core::{Mode, Problem, Span, Timestamp, World};
use stend_scenario::{Options, Progress, Reach, Report, Scenario, Speed, StepOutcome, play_at, play_in_place};
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
    /// Of a scenario that is played again and again, the round under way and when it began.
    round: Option<(u64, Timestamp)>,
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

impl Shared {
    /// The steps begin again.
    fn begin_round(&self, round: u64, at: Timestamp) {
        let mut board = self.board.lock();
        *board = Board { of: board.of, round: Some((round, at)), ..Board::default() };
    }
}

struct Play {
    /// The world may be removed, and another made of the same name.
    world: Weak<World>,
    title: String,
    /// What is played.
    played: Played,
    board: Arc<Shared>,
    /// Held by whoever plays it.
    runs: Weak<()>,
    /// Whether it ends when another is to be played in its world: the one with which the bench was started.
    gives_way: bool,
    /// How fast it is played; another value changes that.
    speed: watch::Sender<Speed>,
    /// Dropped, it stops the play.
    stop: Option<oneshot::Sender<()>>,
}

impl Play {
    fn goes_on(&self) -> bool {
        self.runs.strong_count() > 0
    }
}

/// What whoever plays a scenario has of its [`Play`].
struct Playing {
    board: Arc<Shared>,
    speed: watch::Receiver<Speed>,
    /// Ends when the play is to stop.
    stopped: oneshot::Receiver<()>,
    _runs: Arc<()>,
}

impl Play {
    fn of(scenario: &Scenario, world: &Arc<World>, speed: Speed, gives_way: bool) -> (Self, Playing) {
        let board = Arc::new(Shared::default());
        board.board.lock().of = scenario.until;
        let (stop, stopped) = oneshot::channel();
        let (speed, changes) = watch::channel(speed);
        let runs = Arc::new(());
        let play = Self {
            world: Arc::downgrade(world),
            title: scenario.title.clone(),
            played: Played::new(scenario, None),
            board: Arc::clone(&board),
            runs: Arc::downgrade(&runs),
            gives_way,
            speed,
            stop: Some(stop),
        };
        (play, Playing { board, speed: changes, stopped, _runs: runs })
    }
}

/// So many scenarios are played at a time at the most.
const MOST: usize = 128;

/// The latest play of each world.
#[derive(Default)]
pub struct Plays(Mutex<BTreeMap<String, Play>>);

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
        if plays.get(world.id()).is_some_and(|play| play.goes_on() && !play.gives_way) {
            return Err(Problem::conflict("a scenario is being played in this world")
                .hint("DELETE it first, or make another world"));
        }
        if plays.values().filter(|play| play.goes_on()).count() >= MOST {
            return Err(Problem::new("too_many", format!("{MOST} scenarios are being played; that is the limit"))
                .hint("wait until one is over, or DELETE one"));
        }
        let id = world.id().to_owned();
        let (play, Playing { board: shared, speed: changes, stopped, _runs: runs }) =
            Play::of(&scenario, &world, options.speed, false);
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
        let play_it = move || {
            let _runs = runs;
            runtime.block_on(playing);
        };
        thread.spawn(play_it).map_err(failed)?;
        // What was played there and gives way ends with its place.
        plays.insert(id, play);
        Ok(())
    }

    /// Plays a scenario once in a world, which begins anew. `None`: it was stopped, or gave way to another.
    ///
    /// # Errors
    /// As [`play_at`].
    pub async fn play_once(
        &self,
        scenario: &Scenario,
        world: &Arc<World>,
        reach: &Reach,
        options: &Options,
    ) -> Option<Result<Report, Problem>> {
        let mut playing = self.enter(scenario, world, options.speed);
        let (board, changes) = (Arc::clone(&playing.board), playing.speed.clone());
        let outcome = tokio::select! {
            biased;
            _ = &mut playing.stopped => return None,
            outcome = play_at(scenario, world, reach, options, Some(changes), &*board) => outcome,
        };
        board.board.lock().outcome = Some(outcome.clone().map_err(|problem| problem.to_string()));
        Some(outcome)
    }

    /// Plays a scenario in a world as it is, again and again, until it is stopped or gives way to another. `tell` hears what
    /// comes of each round.
    pub async fn play_on_a_loop(
        &self,
        scenario: &Scenario,
        world: &Arc<World>,
        reach: &Reach,
        speed: Speed,
        mut tell: impl FnMut(u64, Result<Report, Problem>),
    ) {
        let Playing { board, mut speed, mut stopped, _runs } = self.enter(scenario, world, speed);
        let rounds = async {
            for round in 1_u64.. {
                board.begin_round(round, world.now());
                let now = *speed.borrow_and_update();
                let outcome = play_in_place(scenario, world, reach, now, Some(speed.clone()), &*board).await;
                let interrupted = outcome.is_err();
                tell(round, outcome);
                if interrupted {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        };
        tokio::select! {
            biased;
            _ = &mut stopped => {}
            () = rounds => {}
        }
    }

    /// Takes the place of what was played in a world.
    fn enter(&self, scenario: &Scenario, world: &Arc<World>, speed: Speed) -> Playing {
        let (play, playing) = Play::of(scenario, world, speed, true);
        self.0.lock().insert(world.id().to_owned(), play);
        playing
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
        if let Some((round, _)) = board.round {
            progress["round"] = json!(round);
        }
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
            None if !play.goes_on() => progress["state"] = json!("stopped"),
            None => {
                // Between two steps, and while it is paused, the world's clock tells.
                let began = board.round.map_or_else(|| world.world_events.began(), |(_, began)| began);
                let since = Span::between(began, world.now());
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
        let of_this = |play: &&Play| std::ptr::eq(Weak::as_ptr(&play.world), world) && play.goes_on();
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
