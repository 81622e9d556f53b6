//! Scenario files: what they say, checked before anything happens.

mod check;
mod clients;
mod commands;
mod files;
mod names;
mod parcel;
mod reach;
mod rehearse;
mod targets;

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::fault::Fault;
use stend_core::moment::written_offset;
use stend_core::world_file::VERSION;
use stend_core::{Diagnostic, Library, Node, Offset, Problem, Raw, Registry, Source, Span, Timestamp, WorldFile};

use crate::call::Call;
use crate::entries::{Entries, Happening, Wanted};
use crate::expect::Expectation;
use check::Reader;
pub(crate) use files::Files;
pub use files::referred;
use names::Names;
pub use parcel::{Parcel, load_parcel};

/// A scenario file as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Scenario")]
pub(crate) struct ScenarioFile {
    /// The version of the format: 1.
    pub(crate) stend: u64,
    /// What it is, for people.
    pub(crate) title: Option<String>,
    /// The seed of the world's random streams, instead of the world's own.
    pub(crate) seed: Option<u64>,
    /// Where the world's clock starts.
    pub(crate) clock: Option<Start>,
    /// The world: the name of a file beside this one, a built-in one, or a world inline. Left out: `documented`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) world: Option<Raw>,
    /// How long it runs; left out, until the last step.
    pub(crate) until: Option<Span>,
    /// What happens.
    #[serde(default)]
    #[schemars(with = "Vec<StepFile>")]
    pub(crate) timeline: Vec<Raw>,
    /// What is expected at the end.
    #[serde(default)]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub(crate) expect: Vec<Raw>,
}

/// Where a clock starts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// RFC 3339, with an offset.
    #[schemars(with = "String")]
    #[serde(deserialize_with = "stend_core::clock::moment")]
    pub(crate) start: Option<Timestamp>,
}

/// A step as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Step")]
pub(crate) struct StepFile {
    /// When, since the start.
    pub(crate) at: Option<Span>,
    /// When, since the step before; after a repeated step, since its last round.
    pub(crate) after: Option<Span>,
    /// Repeat at this distance, `for` so long or so many `times`.
    pub(crate) every: Option<Span>,
    /// How long `every` goes on.
    #[serde(rename = "for")]
    pub(crate) during: Option<Span>,
    /// How many rounds `every` makes.
    pub(crate) times: Option<u32>,
    /// For people: what this step is.
    pub(crate) title: Option<String>,
    /// An action: `{SERVICE.ACTION: {ARGUMENT: VALUE}}`.
    #[serde(rename = "do")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) act: Option<Raw>,
    /// A request as a client: `{SERVICE: {get: "/path", headers: {NAME: VALUE}}}`, or over a socket `{SERVICE: {command: NAME}}`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) call: Option<Raw>,
    /// A fault from now on.
    pub(crate) fault: Option<Fault>,
    /// Waits for a request or a frame of the client under test, a push on a socket of its own, or a state of the world.
    pub(crate) wait_for: Option<WaitFor>,
    /// Happens when something else does, any time after its own moment: the step reacts to the client under test.
    pub(crate) on: Option<Happening>,
    /// How long after its moment a step with `on` may take to happen; left out, until the end.
    pub(crate) within: Option<Span>,
    /// Names for what is found at JSONPaths in the action's result or the reply's body.
    #[serde(default)]
    pub(crate) capture: BTreeMap<String, String>,
    /// What the result or the reply is to be.
    pub(crate) expect: Option<ReplyFile>,
}

/// What a step waits for: one of `push`, `request`, `frame` and `state`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitFor {
    /// A push on a connection that an earlier `call` has opened.
    pub(crate) push: Option<Push>,
    /// A request of the client under test, since the start.
    pub(crate) request: Option<Entries>,
    /// A command that the client under test sends over its socket, since the start.
    pub(crate) frame: Option<Entries>,
    /// JSONPaths into the saved world, with what is expected there.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) state: Option<Raw>,
    /// How long, in virtual time.
    #[serde(default = "ten_seconds")]
    pub(crate) within: Span,
}

/// A push on a connection that an earlier `call` has opened.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Push {
    /// The service.
    #[serde(rename = "fake", alias = "service")]
    pub(crate) service: String,
    /// The push's command.
    pub(crate) command: String,
    /// The connection; left out, `main`.
    #[serde(rename = "as", default = "crate::call::main")]
    pub(crate) connection: String,
}

fn ten_seconds() -> Span {
    Span::from_secs(10)
}

/// What is expected of a step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExpectReply")]
pub(crate) struct ReplyFile {
    /// The reply's status: 200, `5xx` or a matcher; of a command on a socket, as the journal has it.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) status: Option<Raw>,
    /// JSONPaths into the reply's body, or the action's result, with what is expected there.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) json: Option<Raw>,
    /// The reply's headers, or matchers.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub(crate) headers: Option<Raw>,
    /// The reply's body as text, or a matcher.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) body: Option<Raw>,
    /// The action is refused: the sentence, or a matcher; of a call: there is no reply.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) error: Option<Raw>,
}

/// When a step happens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    pub(crate) first: Span,
    pub(crate) every: Span,
    pub(crate) rounds: u32,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum What {
    Act { name: String, args: Node },
    Call(Call),
    Fault(Box<Fault>),
    WaitFor(Box<WaitFor>),
}

/// A step that has been checked.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) when: When,
    pub(crate) title: String,
    /// What it reacts to, and how long.
    pub(crate) on: Option<(Wanted, Option<Span>)>,
    pub(crate) what: What,
    pub(crate) capture: BTreeMap<String, String>,
    pub(crate) expect: Option<ReplyFile>,
    pub(crate) node: Node,
}

/// A scenario that has been checked: nothing in it is unknown or of the wrong type.
#[derive(Debug)]
pub struct Scenario {
    /// The file.
    pub source: Arc<Source>,
    /// Its title, or the file's name.
    pub title: String,
    /// The world it begins with.
    pub world: WorldFile,
    /// Where the clock starts, if it says so.
    pub start: Option<Timestamp>,
    /// The offset from UTC in which it writes its start; reports tell times in it.
    pub offset: Offset,
    /// How long it runs.
    pub until: Span,
    /// What is odd about it and may still be meant, each with its place.
    pub warnings: Vec<Diagnostic>,
    /// The bodies that it takes from files, by the name that it gives them.
    pub(crate) bodies: BTreeMap<String, Value>,
    pub(crate) steps: Vec<Step>,
    pub(crate) expectations: Vec<Expectation>,
}

/// A step, or an expectation at the end, before it is played.
#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    /// Virtual time since the start.
    pub at: Span,
    /// The line in the file.
    pub line: u32,
    /// What it is.
    pub what: String,
    /// How many rounds it has.
    pub rounds: u32,
    /// Whether it waits for something to happen.
    pub reacts: bool,
    /// Whether it is an expectation at the end.
    pub expects: bool,
}

impl Scenario {
    /// What is to be played, in the order of the file.
    pub fn plan(&self) -> Vec<Planned> {
        let steps = self.steps.iter().map(|step| Planned {
            at: step.when.first,
            line: step.node.position.line,
            what: step.title.clone(),
            rounds: step.when.rounds,
            reacts: step.on.is_some(),
            expects: false,
        });
        let expectations = self.expectations.iter().map(|expectation| Planned {
            at: self.until,
            line: expectation.node().position.line,
            what: expectation.title(),
            rounds: 1,
            reacts: false,
            expects: true,
        });
        steps.chain(expectations).collect()
    }

    /// Whether it does anything, beside expecting something at its end.
    pub fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Whether it expects something at its end.
    pub fn has_expectations(&self) -> bool {
        !self.expectations.is_empty()
    }
}

/// How fast a scenario is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as the steps can be done; the clock stands between them.
    Max,
    /// So many virtual seconds a real second.
    Times(f64),
    /// The clock stands; steps happen as somebody else advances it.
    Stands,
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.trim_end_matches('x').parse::<f64>() {
            Ok(factor) if (0.001..=100_000.0).contains(&factor) => Ok(Self::Times(factor)),
            _ => Err(format!("`{text}` is no speed: `max`, or a factor from 0.001 to 100000 such as 1 or 60")),
        }
    }
}

/// The most rounds of all steps together: a week of one a second.
const MOST_ROUNDS: u64 = 1_000_000;

/// Reads a scenario and checks all of it, the world included.
///
/// # Errors
/// Everything that is wrong with it, each with its place.
pub fn load(
    source: Source,
    beside: Option<&Path>,
    library: &Library,
    registry: &Registry,
) -> Result<Scenario, Vec<Diagnostic>> {
    load_with(Arc::new(source), Files::beside(beside), None, library, registry)
}

/// The same with files that may be elsewhere, and a world that may be given already.
fn load_with(
    source: Arc<Source>,
    files: Files<'_>,
    given: Option<WorldFile>,
    library: &Library,
    registry: &Registry,
) -> Result<Scenario, Vec<Diagnostic>> {
    let shown = |problem: Problem| Diagnostic { source: Arc::clone(&source), problem };
    let root = source.parse().map_err(|problem| vec![shown(problem)])?;
    let file: ScenarioFile = root.read().map_err(|problem| vec![shown(root.locate(problem))])?;
    let mut wrong = Vec::new();
    if file.stend != VERSION {
        let problem =
            Problem::invalid(format!("version {} of the format; this program reads version {VERSION}", file.stend))
                .under("stend");
        wrong.push(shown(root.locate(problem)));
    }
    let world = match given {
        Some(world) => Ok(world),
        None => read_world(file.world.as_ref(), &source, files.folder(), library, registry),
    };
    let world = world.and_then(|world| world.check(registry).map(|()| world).map_err(|diagnostic| *diagnostic));
    let mut world = world.unwrap_or_else(|diagnostic| {
        wrong.push(diagnostic);
        WorldFile::default()
    });
    world.seed = file.seed.or(world.seed);

    let reader = Reader { registry, files };
    let mut steps: Vec<Step> = Vec::new();
    for raw in &file.timeline {
        match reader.step(&raw.0, steps.last().map(|step| step.when)) {
            Ok(step) => steps.push(step),
            Err(problem) => wrong.push(shown(raw.0.locate(problem))),
        }
    }
    let rounds: u64 = steps.iter().map(|step| u64::from(step.when.rounds)).sum();
    if rounds > MOST_ROUNDS {
        wrong.push(shown(
            root.locate(
                Problem::invalid(format!("{rounds} steps in all; {MOST_ROUNDS} at the most")).under("timeline"),
            ),
        ));
    }
    let ends =
        |step: &Step| step.when.last().plus(step.on.as_ref().and_then(|(_, within)| *within).unwrap_or_default());
    let last = steps.iter().map(ends).max().unwrap_or_default();
    let until = file.until.unwrap_or(last);
    if until < last {
        let problem = Problem::invalid(format!("it ends at {until}, and its last step is at {last}")).under("until");
        wrong.push(shown(root.locate(problem)));
    }
    let timeline: Vec<Node> = file.timeline.iter().map(|raw| raw.0.clone()).collect();
    let names = Names::new(&steps, &timeline);
    wrong.extend(names.wrong().into_iter().map(&shown));
    let written = file.timeline.iter().chain(&file.expect);
    wrong.extend(written.filter_map(|raw| names::unclosed(&raw.0)).map(&shown));
    let mut expectations = Vec::new();
    for raw in &file.expect {
        match Expectation::read_in_scenario(&raw.0, registry) {
            Ok(expectation) => expectations.push(expectation),
            Err(problem) => wrong.push(shown(raw.0.locate(problem))),
        }
        wrong.extend(names.wrong_at_the_end(&raw.0).map(&shown));
    }
    let start = file.clock.and_then(|clock| clock.start);
    let written = root.get("clock").and_then(|clock| clock.get("start")).map(Node::to_json);
    let offset = written.as_ref().and_then(Value::as_str).and_then(written_offset).unwrap_or(Offset::UTC);
    if wrong.is_empty() {
        // Only what is whole can be rehearsed.
        let begins = start.or(world.clock.and_then(|clock| clock.now)).unwrap_or_else(default_start);
        let absent = rehearse::unknown(&steps, &world, begins, registry);
        wrong.extend(absent.into_iter().map(|(index, problem)| shown(steps[index].node.locate(problem))));
    }
    if !wrong.is_empty() {
        wrong.sort_by_key(|diagnostic| diagnostic.problem.position.map_or(0, |position| position.line));
        return Err(wrong);
    }
    let ends: Vec<Node> = file.expect.iter().map(|raw| raw.0.clone()).collect();
    let mut odd = names.idle(&ends);
    let mut never = reach::never(&steps, start, until);
    never.extend(check::unopened(&steps));
    never.extend(commands::unknown(&steps, registry));
    never.extend(targets::unknown(&steps, registry));
    never.extend(clients::outside(&steps, registry));
    odd.extend(never.into_iter().map(|(index, problem)| steps[index].node.locate(problem)));
    if steps.is_empty() && expectations.is_empty() {
        odd.push(root.locate(Problem::new("empty", "nothing happens in it, and nothing is expected")));
    }
    odd.sort_by_key(|problem| problem.position.map(|position| (position.line, position.column)));
    let mut warnings = world.warnings(registry);
    warnings.extend(odd.into_iter().map(&shown));
    let title = file.title.unwrap_or_else(|| source.name.clone());
    let bodies = reader.files.into_read();
    Ok(Scenario { source, title, world, start, offset, until, warnings, bodies, steps, expectations })
}

/// The start of a scenario that names none: always the same, so that it plays the same whenever it is played.
pub fn default_start() -> Timestamp {
    // 2026-01-01T09:00:00Z
    Timestamp::constant(1_767_258_000, 0)
}

fn read_world(
    raw: Option<&Raw>,
    source: &Arc<Source>,
    beside: Option<&Path>,
    library: &Library,
    registry: &Registry,
) -> Result<WorldFile, Diagnostic> {
    let Some(Raw(node)) = raw else { return library.by_name(stend_core::library::DOCUMENTED, registry) };
    match node.as_text() {
        Some(name) => {
            let found = match beside {
                Some(folder) => library.beside(name, folder, registry),
                None => library.by_name(name, registry),
            };
            found.map_err(|mut diagnostic| {
                if diagnostic.problem.code == "not_found" && diagnostic.problem.position.is_none() {
                    diagnostic.problem.position = Some(node.position);
                    diagnostic.source = Arc::clone(source);
                }
                diagnostic
            })
        }
        None => library.node(node, source, beside, registry),
    }
}

impl WaitFor {
    /// The request or the frame that is waited for.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        let request = self.request.clone().map(Happening::Request);
        request.or(self.frame.clone().map(Happening::Frame)).map(|happening| happening.wanted())
    }
}

impl Scenario {
    /// How many steps will be done, rounds of repeated ones counted.
    pub fn rounds(&self) -> u64 {
        self.steps.iter().map(|step| u64::from(step.when.rounds)).sum()
    }

    /// Whether it waits for a client that none of its steps plays.
    pub fn waits_for_client(&self) -> bool {
        self.warnings.iter().any(|warning| warning.problem.code == clients::CODE)
    }

    /// Where its steps and expectations stand.
    pub(crate) fn positions(&self) -> impl Iterator<Item = stend_core::problem::Position> {
        let expectations = self.expectations.iter().map(|expectation| expectation.node().position);
        self.steps.iter().map(|step| step.node.position).chain(expectations)
    }
}

/// A value as a document without places.
pub(crate) fn json(raw: &Option<Raw>) -> Option<Value> {
    raw.as_ref().map(|raw| raw.0.to_json())
}
