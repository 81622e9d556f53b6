//! A world with a service of its own: bells that ring when the clock says so.

#![allow(clippy::unwrap_used, reason = "tests may fail")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::busy::Gone;
use stend_core::service::Act;
use stend_core::{
    Action, NewWorld, Node, Operation, Problem, Registry, Seed, Service, Timestamp, World, WorldFile, Worlds,
};

struct Bells;

#[derive(Debug, Default, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Section {
    #[schemars(with = "Vec<String>")]
    at: BTreeSet<Timestamp>,
    rung: u64,
}

impl Service for Bells {
    const NAME: &'static str = "bells";
    const TITLE: &'static str = "Bells";
    type State = Section;
    type Section = Section;

    fn operations() -> &'static [Operation] {
        &[]
    }

    fn actions() -> &'static [Action<Self>] {
        const { &[Action::of::<Set>()] }
    }

    fn seed(section: Option<Section>, _: Seed) -> Result<Section, Problem> {
        let section = section.unwrap_or_default();
        if section.rung > 1_000_000 {
            return Err(Problem::invalid("nobody rings so often").under("rung"));
        }
        Ok(section)
    }

    fn save(state: &Section) -> Section {
        state.clone()
    }

    fn next_deadline(state: &Section) -> Option<Timestamp> {
        state.at.first().copied()
    }

    fn tick(state: &mut Section, due: Timestamp) -> Vec<String> {
        let mut fired = Vec::new();
        while let Some(at) = state.at.first().copied().filter(|at| *at <= due) {
            state.at.remove(&at);
            state.rung += 1;
            fired.push(format!("rang for {at}"));
        }
        fired
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Set {
    #[schemars(with = "String")]
    at: Timestamp,
}

impl Act<Bells> for Set {
    const NAME: &'static str = "set";
    const SUMMARY: &'static str = "A bell will ring.";
    type Output = ();

    fn run(self, state: &mut Section, now: Timestamp) -> Result<(), Problem> {
        if self.at < now {
            return Err(Problem::invalid(format!("{} has passed", self.at)).under("at"));
        }
        state.at.insert(self.at);
        Ok(())
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn registry() -> Registry {
    Registry::new().with::<Bells>()
}

fn file(yaml: &str) -> WorldFile {
    WorldFile::read(&Node::parse(yaml).unwrap(), &registry()).unwrap()
}

const STANDING: &str = "stend: 1\nclock: {mode: frozen, now: 1970-01-01T00:00:00Z}\n";

fn worlds() -> Worlds {
    Worlds::new(registry(), file(STANDING)).unwrap()
}

fn set(world: &World, second: i64) {
    world.act("bells.set", &Node::from_json(&serde_json::json!({ "at": at(second).to_string() }))).unwrap();
}

fn rung(world: &World) -> u64 {
    world.save().to_json()["bells"]["rung"].as_u64().unwrap()
}

#[tokio::test]
async fn advance_fires_in_order_and_stops_where_it_is_told() {
    let worlds = worlds();
    let world = worlds.default_world();
    for second in [30, 10, 20, 40] {
        set(world, second);
    }
    let done = world.advance(at(30)).await.unwrap();
    let fired: Vec<Timestamp> = done.fired.iter().map(|fired| fired.at).collect();
    assert_eq!((fired, done.now, done.count), (vec![at(10), at(20), at(30)], at(30), 3));
    assert_eq!(rung(world), 3);
    assert_eq!(world.next_due(), Some(at(40)));
    assert!(world.advance(at(29)).await.is_err(), "time goes ahead only");
}

#[tokio::test]
async fn advance_waits_for_those_it_woke_and_they_see_their_own_moment() {
    let worlds = worlds();
    let world = Arc::clone(worlds.default_world());
    let seen = Arc::new(parking_lot::Mutex::new(Vec::new()));
    for second in [10, 20] {
        let (theirs, notes) = (Arc::clone(&world), Arc::clone(&seen));
        let sleep = world.sleep_until(at(second));
        tokio::spawn(async move {
            let guard = sleep.await.unwrap();
            // Slow work: time must not go on meanwhile.
            tokio::time::sleep(Duration::from_millis(20)).await;
            notes.lock().push((second, theirs.now()));
            set(&theirs, second + 5);
            drop(guard);
        });
    }
    world.advance(at(100)).await.unwrap();
    assert_eq!(*seen.lock(), [(10, at(10)), (20, at(20))]);
    assert_eq!(rung(&world), 2, "bells that were set on the way have rung");
}

#[tokio::test]
async fn a_turn_that_was_left_by_one_who_is_gone_holds_nobody_up() {
    let worlds = worlds();
    let world = worlds.default_world();
    let advances =
        |to: i64| async move { tokio::time::timeout(Duration::from_secs(5), world.advance(at(to))).await.is_ok() };
    let guard_id = world.park_guard(world.guard());
    let number = guard_id.number();
    assert!(world.take_parked_guard(number).is_some(), "whoever answers may give it up");
    world.return_parked_guard(number, world.guard());
    drop(guard_id);
    assert!(advances(10).await, "the ticket went, and the turn with it");
    world.return_parked_guard(number, world.guard());
    assert!(advances(20).await, "a turn cannot be put back for a ticket that is gone");
    let _ticket = world.park_guard(world.guard());
    world.reset().unwrap();
    assert!(advances(30).await, "a world that begins anew waits for nobody of before");
}

#[tokio::test]
async fn a_sleeper_that_gave_up_is_forgotten_and_a_reset_sends_the_others_away() {
    let worlds = worlds();
    let world = worlds.default_world();
    drop(world.sleep_until(at(10)));
    assert_eq!(world.next_due(), None);
    let sleep = world.sleep_until(at(10));
    let generation = world.generation();
    world.reset().unwrap();
    assert!(matches!(sleep.await, Err(Gone::Reset)));
    assert_eq!(world.generation(), generation + 1);
    let sleep = world.sleep_until(at(0));
    assert!(sleep.await.is_ok(), "a moment that has come needs no advance");
}

#[tokio::test]
async fn a_restore_that_fails_changes_nothing() {
    let worlds = worlds();
    let world = worlds.default_world();
    set(world, 10);
    let before = world.save().to_json();
    let problem = world.restore(file("stend: 1\nseed: 9\nbells: {rung: 2000000}\n")).unwrap_err();
    assert_eq!(problem.to_string(), "bells.rung: nobody rings so often");
    assert_eq!(world.save().to_json(), before);
    assert_eq!(world.generation(), 1);
}

#[tokio::test]
async fn what_is_saved_and_restored_is_the_same() {
    let worlds = worlds();
    let world = worlds.default_world();
    set(world, 10);
    set(world, 50);
    world.advance(at(20)).await.unwrap();
    let saved = world.save().to_json();
    let copy = WorldFile::read(&Node::from_json(&saved), &registry()).unwrap();
    let other = worlds.create(NewWorld { id: Some("copy".into()), file: copy, ..NewWorld::default() }).unwrap();
    assert_eq!(other.save().to_json(), saved);
    other.advance(at(60)).await.unwrap();
    assert_eq!((rung(&other), rung(world)), (2, 1), "worlds do not see each other");
}

#[test]
fn a_clock_that_runs_by_itself_rings_by_itself() {
    let worlds =
        Worlds::new(registry(), file("stend: 1\nclock: {mode: scaled, scale: 1000, now: 1970-01-01T00:00:00Z}\n"))
            .unwrap();
    let world = worlds.default_world();
    set(world, 60);
    // A minute at 1000 is 60 ms. The saved state is read without asking the clock: nothing but the timekeeper can ring.
    for _ in 0..500 {
        std::thread::sleep(Duration::from_millis(10));
        if world.next_due().is_none() {
            assert_eq!(rung(world), 1);
            return;
        }
    }
    panic!("the bell never rang");
}

#[test]
fn clocks_resets_and_actions_from_many_threads_settle() {
    let worlds = worlds();
    let world = worlds.default_world();
    std::thread::scope(|scope| {
        for thread in 0..4_i64 {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for n in 0..200 {
                    match thread {
                        0 => set(world, 1_000_000 + n),
                        1 => {
                            let _ = runtime.block_on(world.advance(at(n)));
                        }
                        2 => {
                            world.save();
                        }
                        _ => world.reset().unwrap(),
                    }
                }
            });
        }
    });
    assert_eq!(world.generation(), 201);
}

#[test]
fn a_world_file_says_where_it_is_wrong() {
    for (yaml, place, text) in [
        ("stend: 1\nbels: {}\n", (2, 1), "unknown key `bels` (did you mean `bells`?)"),
        ("stend: 1\nclock: {mode: scaled}\n", (2, 8), "the mode `scaled` needs a `scale`"),
        ("stend: 3\n", (1, 8), "version 3 of the format"),
        ("seed: 1\n", (1, 1), "missing key `stend`"),
        ("stend: 1\nfaults: [{truncate: 100}]\n", (2, 21), "100 % cuts nothing off"),
        ("stend: 1\njournal: {entries: -1}\n", (2, 20), "expected a whole number from 0"),
    ] {
        let problem = WorldFile::read(&Node::parse(yaml).unwrap(), &registry()).unwrap_err();
        let position = problem.position.unwrap();
        assert_eq!((position.line, position.column), place, "{yaml}: {problem}");
        assert!(problem.to_string().contains(text), "{yaml}: {problem}");
    }
}
