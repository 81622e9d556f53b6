//! What has happened in a world, as a report keeps it: the journal and the events beside it, in order; what people saw of
//! the services after each step; the scenario that was played.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, json};
use stend_core::feed::Position;
use stend_core::journal::Channel;
use stend_core::view::Cell;
use stend_core::{Gap, Look, Recorded, Timestamp, World};
use stend_scenario::{Planned, Progress, Report, Scenario, StepOutcome};

/// The most bytes of bodies that are kept whole; what comes later is kept without.
const BODIES: usize = 32 * 1024 * 1024;

/// The most snapshots of a play, and the most bytes of them.
const MOST_SNAPSHOTS: usize = 1_000;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// How many entries are looked up at a time.
const AT_A_TIME: usize = 1_024;

/// What people saw of the services at some moments of a play.
#[derive(Debug, Default)]
pub struct Snapshots(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    versions: BTreeMap<&'static str, u64>,
    taken: Vec<Snapshot>,
    bytes: usize,
}

#[derive(Debug)]
struct Snapshot {
    position: Position,
    at: Timestamp,
    /// The tables of the services that have changed since the snapshot before.
    services: BTreeMap<&'static str, Value>,
}

impl Snapshots {
    /// Whether none was taken yet.
    pub fn is_empty(&self) -> bool {
        self.0.lock().taken.is_empty()
    }

    /// Keeps what people see now, unless nothing has changed or enough is kept.
    pub fn take(&self, world: &World) {
        let mut kept = self.0.lock();
        if kept.taken.len() >= MOST_SNAPSHOTS || kept.bytes >= MOST_BYTES {
            return;
        }
        let (position, mut services) = (world.position(), BTreeMap::new());
        for (index, kind) in world.registry().services().iter().enumerate() {
            let Ok((version, mut view)) = world.view(index, &Look::default()) else { continue };
            if kept.versions.insert(kind.name(), version) == Some(version) {
                continue;
            }
            // Nobody can act on what is past, and its pictures are not there any more.
            for table in &mut view.tables {
                table.actions.clear();
                for row in &mut table.rows {
                    row.actions.clear();
                    row.cells.retain(|(_, cell)| !matches!(cell, Cell::Picture(_)));
                }
            }
            let tables = json!(view.tables);
            kept.bytes += tables.to_string().len();
            services.insert(kind.name(), tables);
        }
        if !services.is_empty() {
            kept.taken.push(Snapshot { position, at: world.now(), services });
        }
    }
}

/// Passes on how far a play is, and keeps snapshots after its steps.
pub struct Watched<'a> {
    /// The world in which it is played.
    pub world: &'a World,
    /// What is kept.
    pub snapshots: &'a Snapshots,
    /// Who else is notified.
    pub progress: &'a dyn Progress,
}

impl Progress for Watched<'_> {
    fn at(&self, now: stend_core::Span, of: stend_core::Span, what: &str) {
        if self.snapshots.is_empty() {
            self.snapshots.take(self.world);
        }
        self.progress.at(now, of, what);
    }

    fn done(&self, outcome: &StepOutcome) {
        self.snapshots.take(self.world);
        self.progress.done(outcome);
    }
}

/// A scenario that was played, as far as a report shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Played {
    /// The file's text.
    pub source: String,
    /// What was to happen.
    pub plan: Vec<Planned>,
    /// What came of it; nothing while it is played, or where it was stopped.
    pub report: Option<Report>,
}

impl Played {
    /// A scenario and what came of it.
    pub fn new(scenario: &Scenario, report: Option<Report>) -> Self {
        Self { source: scenario.source.text.to_string(), plan: scenario.plan(), report }
    }
}

/// What stands on a line of the traffic.
#[derive(Serialize)]
struct Line {
    name: &'static str,
    data: Value,
}

/// All that is known of a world's present run, as JSON.
pub fn trace(world: &World, snapshots: &Snapshots, played: &[Played]) -> Value {
    snapshots.take(world);
    let (mut lines, mut ends, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut position = world.beginning_position();
    loop {
        let found = world.recorded(position, AT_A_TIME);
        if found.is_empty() {
            break;
        }
        for (at, recorded) in found {
            let data = match &recorded {
                Recorded::Entry(entry) => {
                    bytes += entry.request.len() + entry.reply.len();
                    if bytes <= BODIES { json!(entry) } else { json!(entry.head_json()) }
                }
                Recorded::Event(event) => json!(event),
                Recorded::Gap(gap) => missed(*gap),
            };
            lines.push(Line { name: name_of(&recorded), data });
            ends.push(at);
            position = at;
        }
    }
    let kept = snapshots.0.lock();
    let snapshots: Vec<Value> = kept
        .taken
        .iter()
        .map(|snapshot| {
            let upto = &snapshot.position;
            let line = ends.partition_point(|at| at.entries <= upto.entries && at.events <= upto.events);
            json!({ "line": line, "at": snapshot.at, "services": snapshot.services })
        })
        .collect();
    json!({
        "world": world.id(),
        "seed": world.seed(),
        "now": world.now(),
        "played": played,
        "lines": lines,
        "snapshots": snapshots,
    })
}

/// The name of its event in the stream.
pub(crate) fn name_of(recorded: &Recorded) -> &'static str {
    match recorded {
        Recorded::Entry(entry) if entry.channel == Channel::Push => "push",
        Recorded::Entry(_) => "exchange",
        Recorded::Event(event) if event.happened.is_of_clock() => "clock",
        Recorded::Event(_) => "world",
        Recorded::Gap(_) => "gap",
    }
}

/// What was missed, as the stream says it.
pub(crate) fn missed(gap: Gap) -> Value {
    match gap {
        Gap::Entries(missed) => json!({ "of": "journal", "missed": missed }),
        Gap::Events(missed) => json!({ "of": "events", "missed": missed }),
        Gap::Run(missed) => json!({ "of": "run", "missed": missed }),
    }
}
