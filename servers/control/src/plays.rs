//! Scenarios that are played in running worlds, one at a time in each.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use serde_json::{Value, json};
use stend_core::{Mode, Problem, Span, World};
use stend_scenario::{Options, Progress, Report, Scenario, play};
use tokio::sync::oneshot;

#[derive(Default)]
struct Board {
    at: Span,
    of: Span,
    what: String,
    outcome: Option<Result<Report, String>>,
}

struct Shared(Mutex<Board>);

impl Progress for Shared {
    fn at(&self, now: Span, of: Span, what: &str) {
        let mut board = self.0.lock();
        board.at = now;
        board.of = of;
        what.clone_into(&mut board.what);
    }
}

struct Play {
    /// The world may be removed, and another made of the same name.
    world: Weak<World>,
    title: String,
    board: Arc<Shared>,
    thread: JoinHandle<()>,
    /// Dropped, it stops the play.
    stop: Option<oneshot::Sender<()>>,
}

/// So many scenarios are played at a time at the most.
const MOST: usize = 128;

/// The latest play of each world.
#[derive(Default)]
pub(crate) struct Plays(Mutex<BTreeMap<String, Play>>);

impl Plays {
    /// Begins to play; the world becomes the scenario's at once.
    ///
    /// # Errors
    /// One is being played in this world, or too many in others.
    pub(crate) fn start(
        &self,
        scenario: Scenario,
        world: Arc<World>,
        reach: BTreeMap<String, String>,
        options: Options,
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
        let board = Arc::new(Shared(Mutex::new(Board { of: scenario.until, ..Board::default() })));
        let shared = Arc::clone(&board);
        let (stop, stopped) = oneshot::channel::<()>();
        // Its expectations may look at all of a long journal and a large state: no requests wait for them on a thread
        // of its own.
        let failed =
            |error: std::io::Error| Problem::new("no_thread", format!("the scenario cannot be played: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let playing = async move {
            let outcome = tokio::select! {
                biased;
                _ = stopped => return,
                outcome = play(&scenario, &world, &reach, &options, &*shared) => outcome,
            };
            shared.0.lock().outcome = Some(outcome.map_err(|problem| problem.to_string()));
        };
        let thread = std::thread::Builder::new().name("play".into());
        let thread = thread.spawn(move || runtime.block_on(playing)).map_err(failed)?;
        plays.insert(id, Play { world: weak, title, board, thread, stop: Some(stop) });
        Ok(())
    }

    /// How far the latest play of a world is.
    pub(crate) fn progress(&self, world: &Arc<World>) -> Option<Value> {
        let plays = self.0.lock();
        let play = plays.get(world.id()).filter(|play| Weak::as_ptr(&play.world) == Arc::as_ptr(world))?;
        let board = play.board.0.lock();
        let mut progress =
            json!({ "state": "playing", "title": play.title, "at": board.at, "of": board.of, "step": board.what });
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
            None => {}
        }
        if progress["state"] != "playing"
            && let Some(note) = clock_note(world)
        {
            progress["clock"] = note.into();
        }
        Some(progress)
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
