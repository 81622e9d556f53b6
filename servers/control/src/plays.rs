//! Scenarios that are played in running worlds, one at a time in each.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use serde_json::{Value, json};
use stend_core::{Mode, Problem, Span, World};
use stend_scenario::{Options, Progress, Report, Scenario, play};

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
    task: tokio::task::JoinHandle<()>,
}

/// The latest play of each world.
#[derive(Default)]
pub(crate) struct Plays(Mutex<BTreeMap<String, Play>>);

impl Plays {
    /// Begins to play; the world becomes the scenario's at once.
    ///
    /// # Errors
    /// One is being played in this world.
    pub(crate) fn start(
        &self,
        scenario: Scenario,
        world: Arc<World>,
        reach: BTreeMap<String, String>,
        options: Options,
    ) -> Result<(), Problem> {
        let mut plays = self.0.lock();
        plays.retain(|_, play| play.world.strong_count() > 0);
        if plays.get(world.id()).is_some_and(|play| !play.task.is_finished()) {
            return Err(Problem::conflict("a scenario is being played in this world")
                .hint("DELETE it first, or make another world"));
        }
        let (id, weak) = (world.id().to_owned(), Arc::downgrade(&world));
        let title = scenario.title.clone();
        let board = Arc::new(Shared(Mutex::new(Board { of: scenario.until, ..Board::default() })));
        let shared = Arc::clone(&board);
        let task = tokio::spawn(async move {
            let outcome = play(&scenario, &world, &reach, &options, &*shared).await;
            shared.0.lock().outcome = Some(outcome.map_err(|problem| problem.to_string()));
        });
        plays.insert(id, Play { world: weak, title, board, task });
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
            None if play.task.is_finished() => progress["state"] = json!("stopped"),
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
        let plays = self.0.lock();
        let Some(play) = plays.get(world) else { return false };
        play.task.abort();
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
