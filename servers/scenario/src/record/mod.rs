//! From what a world has seen to a scenario that plays it again.
//!
//! The scenario begins with the world as it began, and repeats what was done at the same times: requests as `call` steps
//! that expect the answers which were given, actions, faults. Ids and hashes need no capturing: they are drawn from the
//! world's seed, and come out the same. Issued tokens are captured, so that the file holds none. What cannot be played
//! again faithfully is refused; what can be played and not compared, or was left out without harm, is noted.

mod foreign;
mod secrets;
mod steps;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use stend_core::journal::Entry;
use stend_core::library::DOCUMENTED;
use stend_core::node::to_yaml;
use stend_core::world_events::{Done, WorldEvent};
use stend_core::world_file::{DEFAULT_SEED, VERSION};
use stend_core::{Node, Problem, Registry, Span, Timestamp, World, WorldFile, Worlds};

use crate::subst::names;
pub(crate) use secrets::mask as pseudonym;
use steps::{Notes, Recorder};

/// A session as a scenario.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The scenario file, as YAML.
    pub text: String,
    /// How many steps it has.
    pub steps: usize,
    /// What it leaves out or does not compare, a sentence each.
    pub notes: Vec<String>,
}

/// Something that happened, in the order in which it did.
enum Event<'a> {
    Asked(&'a Entry),
    Done(&'a Done),
}

impl Event<'_> {
    fn at(&self) -> Timestamp {
        match self {
            Self::Asked(entry) => entry.at,
            Self::Done(done) => done.at,
        }
    }
}

/// The scenario that plays again what has happened in a world since it began. `documented` is the built-in world: what a
/// world has of it is not written out.
///
/// # Errors
/// Something of the session is not known any more, or cannot be said in a scenario.
pub fn record(world: &World, documented: &WorldFile) -> Result<Recording, Problem> {
    let now = world.now();
    let newest = world.journal.newest();
    let entries = world.journal.read(0, |entry| entry.seq <= newest);
    let (began, done, lost) = world.world_events.read();
    let missing = newest.saturating_sub(entries.len() as u64);
    if missing > 0 {
        let first =
            entries.first().map_or("none is left".to_owned(), |entry| format!("the first left is {}", entry.seq));
        return Err(Problem::conflict(format!("{missing} of {newest} journal entries are gone: {first}"))
            .hint("record before the journal is full or cleared; a larger `journal` in the world keeps more"));
    }
    if lost > 0 {
        return Err(Problem::conflict(format!("{lost} actions and faults were not kept: there were too many"))
            .hint("record a shorter session"));
    }
    let origin = world.beginning()?;
    let known = WorldFile { seed: origin.seed, clock: origin.clock, ..documented.clone() };
    let known = Worlds::new(world.registry().clone(), known)?.default_world().save();
    let world_file = origin.to_json();
    let mut own = BTreeSet::new();
    secrets::texts(&world_file, &mut own);
    let (entries, pseudonyms) = foreign::masked(entries, &own, world.registry());
    own.extend(pseudonyms);
    let mut recorder = Recorder::new(world.registry(), own, faults(&origin, &done), taken_out(&done));
    let mut timeline: Vec<Value> = Vec::new();
    let mut moment = Span::ZERO;
    for event in in_order(&entries, &done) {
        let step = match &event {
            Event::Asked(entry) => recorder.asked(entry)?,
            Event::Done(done) => recorder.done(done)?,
        };
        let Some(Value::Object(step)) = step else { continue };
        // Requests that were under way at a time may have come in another order than they were answered in.
        let at = Span::between(began, event.at()).max(moment);
        let mut whole = Map::new();
        if at > moment {
            whole.insert("at".into(), json!(at));
            moment = at;
        }
        whole.extend(step);
        timeline.push(Value::Object(whole));
    }
    drop_unused_captures(&mut timeline);
    let steps = timeline.len();
    let mut file = Map::new();
    file.insert("stend".into(), json!(VERSION));
    let title = origin.title.as_deref().unwrap_or("a session");
    file.insert("title".into(), json!(format!("Recorded: {title}")));
    file.insert("seed".into(), json!(origin.seed.unwrap_or(DEFAULT_SEED)));
    file.insert("clock".into(), json!({ "start": began }));
    if let Some(world) = beginning(world_file, &known.to_json(), world.registry()) {
        file.insert("world".into(), world);
    }
    file.insert("timeline".into(), Value::Array(timeline));
    file.insert("until".into(), json!(Span::between(began, now).max(moment)));
    let Notes(notes) = recorder.notes;
    Ok(Recording { text: written(Value::Object(file), &notes)?, steps, notes })
}

/// Journal and world events as one: a world event comes after the entry that was the newest when it was done.
fn in_order<'a>(entries: &'a [Entry], done: &'a [Done]) -> Vec<Event<'a>> {
    let mut world_events = done.iter().peekable();
    let mut events = Vec::with_capacity(entries.len() + done.len());
    for entry in entries {
        while let Some(done) = world_events.next_if(|done| done.after < entry.seq) {
            events.push(Event::Done(done));
        }
        events.push(Event::Asked(entry));
    }
    events.extend(world_events.map(Event::Done));
    events
}

/// Drops captures that no step asks for.
fn drop_unused_captures(timeline: &mut [Value]) {
    let mut asked = BTreeSet::new();
    timeline.iter().for_each(|step| names(step, &mut asked));
    for step in timeline.iter_mut().filter_map(Value::as_object_mut) {
        if let Some(Value::Object(captures)) = step.get_mut("capture") {
            captures.retain(|name, _| asked.contains(name));
            if captures.is_empty() {
                step.shift_remove("capture");
            }
        }
    }
}

/// Every fault that the world has had, from its beginning or later.
fn faults(origin: &WorldFile, done: &[Done]) -> Vec<stend_core::fault::Fault> {
    let later = done.iter().filter_map(|done| match &done.event {
        WorldEvent::Fault(fault) => Some(stend_core::fault::Fault::clone(fault)),
        _ => None,
    });
    origin.faults.iter().cloned().chain(later).collect()
}

/// Faults that were removed, with how often they had been applied by then.
fn taken_out(done: &[Done]) -> Vec<(String, u64)> {
    let gone = done.iter().filter_map(|done| match &done.event {
        WorldEvent::FaultGone(fault) => Some((fault.id.clone()?, fault.applied)),
        _ => None,
    });
    gone.collect()
}

/// The world as it began, without what the scenario says itself; nothing where it is the documented one.
fn beginning(world: Value, documented: &Value, registry: &Registry) -> Option<Value> {
    let Value::Object(mut world) = world else { return None };
    for key in ["stend", "title", "seed", "clock"] {
        world.shift_remove(key);
    }
    for kind in registry.services() {
        if world.get(kind.name()) == documented.get(kind.name()) {
            world.shift_remove(kind.name());
        }
    }
    if world.is_empty() {
        return None;
    }
    world.insert("base".into(), json!(DOCUMENTED));
    Some(Value::Object(world))
}

/// As YAML, with the notes above it. What YAML would read otherwise is written as JSON, which is YAML too.
fn written(file: Value, notes: &[String]) -> Result<String, Problem> {
    let mut text = String::new();
    for note in notes {
        text.push_str(&format!("# Note: {note}\n"));
    }
    let yaml = to_yaml(&file).ok();
    let yaml = yaml.filter(|yaml| Node::parse(yaml).is_ok_and(|node| node.to_json() == file));
    text.push_str(&match yaml {
        Some(yaml) => yaml,
        None => format!("{file:#}\n"),
    });
    Node::parse(&text)?;
    Ok(text)
}
