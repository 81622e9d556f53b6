//! What a vendor's API implements to live in worlds: the [`Service`] trait.

use std::marker::PhantomData;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::envelope::Envelope;
use crate::live::{Live, LiveService, Start};
use crate::node::Node;
use crate::problem::Problem;
use crate::relative::{Beginning, Times};
use crate::section::{Erased, Section};
use crate::view::{Draw, Look, View};

/// One vendor's API: its state, and the rules that change it. Everything here is synchronous and pure: time
/// comes in as an argument, randomness from streams that the state owns.
pub trait Service: Sized + Send + Sync + 'static {
    /// The word it is known by in world files, scenarios, the journal and the ready file.
    const NAME: &'static str;
    /// What it stands in for, for people.
    const TITLE: &'static str;
    /// Its OpenAPI 3.1 or AsyncAPI 3 document in YAML, in parts that are laid over each other: a map's keys join, and
    /// no two parts say the same thing. Examples are not in it; they are the samples of `fixtures/`.
    const SPEC: &'static [SpecPart] = &[];
    /// How its commands look on the wire; a service that speaks plain HTTP has none.
    const ENVELOPE: Option<&'static dyn Envelope> = None;
    /// The names of the headers, parameters and body fields whose values are secrets: tokens, passwords. A recording holds
    /// none of them but the world's own.
    const SECRETS: &'static [&'static str] = &[];
    /// How its section writes times.
    const TIMES: Times = Times::Zoned;
    /// Plain data; core keeps it behind one lock per world. A copy of it is a fork: it is asked for under the lock, and so
    /// it should share what it can (see [`crate::shared`]). What belongs to a connection is not copied.
    type State: Clone + Send + 'static;
    /// Its section of a world file. It must deny unknown fields.
    type Section: Clone + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;

    /// All operations, in the document's order.
    fn operations() -> &'static [Operation];

    /// Parts of the document that the service makes from its own tables; `null` is none.
    fn spec_from_tables() -> serde_json::Value {
        serde_json::Value::Null
    }

    /// All actions: what can happen on the far side of the API.
    fn actions() -> &'static [Action<Self>];

    /// The state that a section describes; without a section, the smallest state that works.
    ///
    /// # Errors
    /// What cannot be meant, with the path in the section.
    fn seed(section: Option<Self::Section>, seed: Seed) -> Result<Self::State, Problem>;

    /// What is odd in a section and may be meant, each with its path in the section.
    fn doubts(_section: &Self::Section) -> Vec<Problem> {
        Vec::new()
    }

    /// The section that would make this state.
    fn save(state: &Self::State) -> Self::Section;

    /// When something in the state falls due by itself. Must be cheap: it is asked after every call.
    fn next_deadline(state: &Self::State) -> Option<Timestamp>;

    /// Lets happen what falls due up to `due`, which is the world's time; says what it was, in a few words each.
    /// Afterwards [`Service::next_deadline`] must be later than `due`.
    fn tick(state: &mut Self::State, due: Timestamp) -> Vec<String>;

    /// Notes that the clock was set back to `now`. What has happened stays.
    fn clock_back(_state: &mut Self::State, _now: Timestamp) {}

    /// Notes in a copy of the state, which a fork or a file begins with, that it was made at `now`: what a connection has kept
    /// alive goes on without it from here.
    fn copied(_copy: &mut Self::State, _now: Timestamp) {}

    /// What people see of the state at `now`: the tables that the page and the terminal show. Called under the state's
    /// lock when somebody asks; it must cost no more than the rows that `look` wants.
    fn view(_state: &Self::State, _now: Timestamp, _look: &Look<'_>) -> View {
        View::new()
    }

    /// The picture that a cell of the view names by letters, digits, `-` and `_`; `None`: there is none of this name.
    fn picture(_state: &Self::State, _name: &str) -> Option<Draw> {
        None
    }
}

/// A part of a service's specification.
#[derive(Debug, Clone, Copy)]
pub struct SpecPart {
    /// The file, for messages.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl SpecPart {
    /// The document's format and version, if this part says them: `openapi: 3.1.0` on a line of its own.
    pub fn format(&self) -> Option<(&'static str, &'static str)> {
        self.text.lines().find_map(|line| {
            let (key, version) = line.split_once(": ")?;
            matches!(key, "openapi" | "asyncapi").then(|| (key, version.trim_matches(['"', '\'', ' '])))
        })
    }
}

/// What a state is made with, beside its section.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// The world's seed.
    pub seed: u64,
    /// The world's time.
    pub now: Timestamp,
}

/// How sure we are that the vendor's system does what we do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// The vendor's document says so.
    Documented,
    /// Public clients of the real system rely on it.
    Observed,
    /// We guess.
    Assumed,
}

/// One operation that a client can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// Its word in the journal, in faults and expectations.
    pub id: &'static str,
    /// The HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// The HTTP path, parameters in braces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<&'static str>,
    /// The command, where the API has commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<&'static str>,
    /// How sure we are that it exists.
    pub kind: Evidence,
    /// Whether a `GET` of it stores something, so that `HEAD` does not stand for it.
    #[serde(skip)]
    pub changes: bool,
    /// Whether it draws ids for its reply, and stores nothing else.
    #[serde(skip)]
    pub draws: bool,
}

impl Operation {
    /// A documented HTTP operation.
    pub const fn http(id: &'static str, method: &'static str, path: &'static str) -> Self {
        Self {
            id,
            method: Some(method),
            path: Some(path),
            command: None,
            kind: Evidence::Documented,
            changes: false,
            draws: false,
        }
    }

    /// A documented command; its name is its id.
    pub const fn command(command: &'static str) -> Self {
        Self {
            id: command,
            method: None,
            path: None,
            command: Some(command),
            kind: Evidence::Documented,
            changes: false,
            draws: false,
        }
    }

    /// Whether it only reads, so that its replies may be kept.
    pub fn only_reads(&self) -> bool {
        self.method == Some("GET") && !self.changes && !self.draws
    }

    /// The same with other evidence.
    #[must_use]
    pub const fn with(mut self, kind: Evidence) -> Self {
        self.kind = kind;
        self
    }

    /// The same, but its `GET` draws ids for its reply.
    #[must_use]
    pub const fn drawing(mut self) -> Self {
        self.draws = true;
        self
    }

    /// The same, but its `GET` changes something.
    #[must_use]
    pub const fn changing(mut self) -> Self {
        self.changes = true;
        self
    }
}

/// The arguments of an action, and what it does.
pub trait Act<F: Service>: DeserializeOwned + JsonSchema {
    /// Its name after the service's: `call_waiter` in `carbis.call_waiter`.
    const NAME: &'static str;
    /// One sentence for people.
    const SUMMARY: &'static str;
    /// What it returns to its caller; scenarios capture from it.
    type Output: Serialize;

    /// Makes it happen at `now`, or changes nothing.
    ///
    /// # Errors
    /// What cannot be done, with the path in the arguments.
    fn run(self, state: &mut F::State, now: Timestamp) -> Result<Self::Output, Problem>;
}

/// An action of a service, its types erased.
pub struct Action<F: Service> {
    /// Name and summary.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) check: fn(&Node) -> Result<(), Problem>,
    pub(crate) run: fn(&mut F::State, Timestamp, &Node) -> Result<serde_json::Value, Problem>,
}

impl<F: Service> Action<F> {
    /// The action that `A` describes.
    pub const fn of<A: Act<F>>() -> Self {
        Self {
            name: A::NAME,
            summary: A::SUMMARY,
            schema: |generator| generator.subschema_for::<A>(),
            check: |args| args.check::<A>(),
            run: |state, now, args| {
                let output = args.read::<A>()?.run(state, now)?;
                serde_json::to_value(output).map_err(|error| Problem::invalid(error.to_string()))
            },
        }
    }
}

/// What is known of an action without its types.
#[derive(Debug, Clone, Serialize)]
pub struct ActionInfo {
    /// `carbis.call_waiter`.
    pub name: String,
    /// One sentence for people.
    pub summary: &'static str,
}

/// A service without its types: what the registry, the scenario language and the control API see.
pub trait AnyService: Send + Sync {
    /// [`Service::NAME`].
    fn name(&self) -> &'static str;
    /// [`Service::TITLE`].
    fn title(&self) -> &'static str;
    /// [`Service::operations`].
    fn operations(&self) -> &'static [Operation];
    /// [`Service::SPEC`].
    fn spec(&self) -> &'static [SpecPart];
    /// [`Service::spec_from_tables`].
    fn spec_from_tables(&self) -> serde_json::Value;
    /// [`Service::ENVELOPE`].
    fn envelope(&self) -> Option<&'static dyn Envelope>;
    /// [`Service::SECRETS`].
    fn secrets(&self) -> &'static [&'static str];
    /// Full names and summaries of the actions.
    fn actions(&self) -> Vec<ActionInfo>;
    /// The schema of an action's arguments, by its name after the service's.
    fn action_schema(&self, action: &str, generator: &mut SchemaGenerator) -> Option<Schema>;
    /// Whether the arguments would fit the action, placeholders let pass.
    ///
    /// # Errors
    /// An unknown action, or what does not fit.
    fn check_action(&self, action: &str, args: &Node) -> Result<(), Problem>;
    /// The schema of the section.
    fn section_schema(&self, generator: &mut SchemaGenerator) -> Schema;
    /// The typed section, read at the first call.
    ///
    /// # Errors
    /// What does not fit, with its path and place.
    fn read(&self, section: &Section) -> Result<Erased, Problem>;
    /// What is odd in a section of a world that begins at `now`, and may be meant; nothing where it cannot be read.
    fn doubts(&self, section: &Section, now: Timestamp) -> Vec<Problem>;
    /// A live copy with the state that `start` describes.
    ///
    /// # Errors
    /// As [`Service::seed`].
    fn create(&self, start: &Start, seed: Seed) -> Result<Box<dyn LiveService>, Problem>;
}

struct Erasure<F>(PhantomData<fn() -> F>);

impl<F: Service> AnyService for Erasure<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn title(&self) -> &'static str {
        F::TITLE
    }

    fn operations(&self) -> &'static [Operation] {
        F::operations()
    }

    fn spec(&self) -> &'static [SpecPart] {
        F::SPEC
    }

    fn spec_from_tables(&self) -> serde_json::Value {
        F::spec_from_tables()
    }

    fn envelope(&self) -> Option<&'static dyn Envelope> {
        F::ENVELOPE
    }

    fn secrets(&self) -> &'static [&'static str] {
        F::SECRETS
    }

    fn actions(&self) -> Vec<ActionInfo> {
        let info =
            |action: &Action<F>| ActionInfo { name: format!("{}.{}", F::NAME, action.name), summary: action.summary };
        F::actions().iter().map(info).collect()
    }

    fn action_schema(&self, action: &str, generator: &mut SchemaGenerator) -> Option<Schema> {
        F::actions().iter().find(|known| known.name == action).map(|action| (action.schema)(generator))
    }

    fn check_action(&self, action: &str, args: &Node) -> Result<(), Problem> {
        (find::<F>(action)?.check)(args)
    }

    fn section_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<F::Section>()
    }

    fn read(&self, section: &Section) -> Result<Erased, Problem> {
        section.read::<F::Section>().map_err(|problem| problem.under(F::NAME))
    }

    fn doubts(&self, section: &Section, now: Timestamp) -> Vec<Problem> {
        let read = section.read_at::<F::Section>(Beginning { now, times: F::TIMES });
        let doubts = read.map_or_else(|_| Vec::new(), |section| F::doubts(&section));
        doubts.into_iter().map(|problem| section.locate(problem.under(F::NAME))).collect()
    }

    fn create(&self, start: &Start, seed: Seed) -> Result<Box<dyn LiveService>, Problem> {
        Ok(Box::new(Live::<F>::new(start, seed)?))
    }
}

/// The action of this name, or a problem that names the nearest.
pub(crate) fn find<F: Service>(action: &str) -> Result<&'static Action<F>, Problem> {
    F::actions().iter().find(|known| known.name == action).ok_or_else(|| {
        let mut problem =
            Problem::unknown("unknown_action", "action", action, F::actions().iter().map(|known| known.name));
        problem.message = format!("unknown action `{}.{action}`", F::NAME);
        problem
    })
}

/// All services that this process knows, in the order of their ports.
#[derive(Clone, Default)]
pub struct Registry(Vec<&'static dyn AnyService>);

impl Registry {
    /// An empty one.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a service: the one line that a fifth API costs.
    #[must_use]
    pub fn with<F: Service>(mut self) -> Self {
        self.0.push(const { &Erasure::<F>(PhantomData) });
        self
    }

    /// All of them, in order.
    pub fn services(&self) -> &[&'static dyn AnyService] {
        &self.0
    }

    /// The service of this name and its index.
    pub fn find(&self, name: &str) -> Option<(usize, &'static dyn AnyService)> {
        self.0.iter().copied().enumerate().find(|(_, kind)| kind.name() == name)
    }

    /// The service of this name and its index.
    ///
    /// # Errors
    /// A problem that names the nearest service.
    pub fn get(&self, name: &str) -> Result<(usize, &'static dyn AnyService), Problem> {
        let known = self.0.iter().map(|kind| kind.name());
        self.find(name).ok_or_else(|| Problem::unknown("unknown_fake", "fake", name, known))
    }

    /// An example for a hint: the first action, as it is written.
    pub fn example_action(&self) -> String {
        let first = self.0.iter().flat_map(|kind| kind.actions()).next();
        first.map_or_else(|| "{service.action: {…}}".into(), |action| format!("{{{}: {{…}}}}", action.name))
    }

    /// An example for a hint: a request to the first service over HTTP, as a scenario writes it.
    pub fn example_call(&self) -> String {
        let all = self.0.iter().flat_map(|kind| kind.operations().iter().map(move |operation| (kind, operation)));
        let first = all.clone().find(|(_, operation)| operation.method == Some("GET"));
        let (name, path) =
            first.and_then(|(kind, operation)| Some((kind.name(), operation.path?))).unwrap_or(("service", "/"));
        format!("{{{name}: {{get: \"{path}\"}}}}")
    }

    /// The service and the action of a full name such as `carbis.call_waiter`.
    ///
    /// # Errors
    /// A problem that names the nearest action of all services.
    pub fn action<'n>(&self, name: &'n str) -> Result<(usize, &'static dyn AnyService, &'n str), Problem> {
        let all: Vec<String> = self.0.iter().flat_map(|kind| kind.actions()).map(|action| action.name).collect();
        let unknown = || Problem::unknown("unknown_action", "action", name, all.iter().map(String::as_str));
        let (service, action) = name.split_once('.').ok_or_else(unknown)?;
        let (index, kind) = self.find(service).ok_or_else(unknown)?;
        if all.iter().any(|known| known == name) { Ok((index, kind, action)) } else { Err(unknown()) }
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|kind| kind.name())).finish()
    }
}
