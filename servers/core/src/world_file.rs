//! World files: a world's initial state, or a saved one.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::clock::ClockSetting;
use crate::fault::Fault;
use crate::history::{self, History};
use crate::journal::Limits;
use crate::library::Keys;
use crate::mistakes;
use crate::node::Node;
use crate::node_json;
use crate::origin::start;
use crate::problem::{Problem, Step};
use crate::random::Drawn;
use crate::saved;
use crate::section::Section;
use crate::service::Registry;
use crate::source::{Diagnostic, Source};
use crate::{Seed, Timestamp};

/// The version of world files and scenarios that this product reads and writes.
pub const VERSION: u64 = 1;

/// Keys by which a scenario is known.
const SCENARIO_KEYS: [&str; 3] = ["timeline", "until", "expect"];

/// The seed of a world that names none.
pub const DEFAULT_SEED: u64 = 1;

/// From this size on, in bytes, the sections of a text that is JSON are read without trees.
const LARGE: usize = 1024 * 1024;

/// The keys of a world file beside the services' sections.
pub const KEYS: [&str; 11] =
    ["stend", "title", "base", "seed", "clock", "strict", "journal", "faults", "fault_names", "random", history::KEY];

/// A world as a file describes it. A copy of it shares the sections.
#[derive(Debug, Clone, Default)]
pub struct WorldFile {
    /// For people.
    pub title: Option<String>,
    /// The world whose sections fill in for those that are not given here.
    pub base: Option<String>,
    /// The seed of all random streams.
    pub seed: Option<u64>,
    /// Mode and start of the clock.
    pub clock: Option<ClockSetting>,
    /// Whether warnings are errors.
    pub strict: Option<bool>,
    /// What the journal keeps.
    pub journal: Option<Limits>,
    /// Faults that are there from the start.
    pub faults: Vec<Fault>,
    /// How many names were made up for faults so far: after 2 the next is `f3`.
    pub fault_names: Option<u32>,
    /// How far the faults' random streams were drawn.
    pub random: Option<Drawn>,
    /// What has happened before the world begins.
    pub history: History,
    /// The section of each service, by its name.
    pub sections: BTreeMap<String, Arc<Section>>,
}

impl WorldFile {
    /// Reads a world file whose root is `node`. Sections are read when a world is made of them.
    ///
    /// # Errors
    /// Unknown keys, wrong types, another version: with path and place.
    pub fn read(node: &Node, registry: &Registry) -> Result<Self, Problem> {
        Self::read_inner(node, registry).map_err(|problem| node.locate(problem))
    }

    /// Reads a world file that is built in, as JSON; its sections are read when a world is made of them.
    ///
    /// # Errors
    /// As [`WorldFile::read`], without places.
    pub(crate) fn built_in(keys: Keys, registry: &Registry) -> Result<Self, Problem> {
        let malformed = |error: serde_json::Error| Problem::new("malformed", error.to_string());
        let (sections, head): (Vec<_>, Vec<_>) = keys.iter().partition(|(key, _)| registry.find(key).is_some());
        let head = head.into_iter().map(|(key, json)| Ok(((*key).to_owned(), serde_json::from_str(json)?)));
        let head = head.collect::<Result<Map<String, Value>, _>>().map_err(malformed)?;
        let mut file = Self::read(&Node::from_json(&Value::Object(head)), registry)?;
        file.sections =
            sections.into_iter().map(|(name, json)| ((*name).to_owned(), Arc::new(Section::built_in(json)))).collect();
        Ok(file)
    }

    /// Reads a world file that is large JSON, or YAML as we save it: its sections are read without a tree. `None` for any
    /// other text.
    ///
    /// # Errors
    /// As [`WorldFile::read`].
    pub(crate) fn read_large(source: &Arc<Source>, registry: &Registry) -> Option<Result<Self, Problem>> {
        if source.text.len() < LARGE {
            return None;
        }
        let parts = node_json::split(&source.text)?;
        let is_section = |key: &str| registry.find(key).is_some();
        let mut head = Node { value: crate::node::Value::Map(Vec::new()), ..Node::default() };
        for (key, range) in parts.iter().filter(|(key, _)| !is_section(key)) {
            head.push(key, node_json::parse_in(&source.text, range).ok()?);
        }
        let null = |range: &std::ops::Range<usize>| &source.text[range.clone()] == "null";
        let sections = parts.into_iter().filter(|(key, range)| is_section(key) && !null(range));
        let sections = sections.map(|(key, range)| (key, Arc::new(Section::json(source, range)))).collect();
        Some(Self::read(&head, registry).map(|file| Self { sections, ..file }.of(source)))
    }

    fn read_inner(node: &Node, registry: &Registry) -> Result<Self, Problem> {
        let (file, problems) = Self::read_all(node, registry);
        problems.into_iter().next().map_or(Ok(file), Err)
    }

    /// Reads as much as can be read, and returns all mistakes beside those in sections.
    pub(crate) fn read_all(node: &Node, registry: &Registry) -> (Self, Vec<Problem>) {
        let mut file = Self::default();
        if !matches!(node.value, crate::node::Value::Map(_)) {
            let problem = Problem::new("wrong_type", format!("a world file is a map, and this is {}", node.kind()));
            return (file, vec![problem]);
        }
        if let Some(scenario) = node.entries().iter().find(|entry| SCENARIO_KEYS.contains(&entry.key.as_str())) {
            let mut problem =
                Problem::new("unknown_key", format!("`{}` belongs to a scenario, not to a world file", scenario.key))
                    .hint("play it: `stend play FILE`, or `stend serve --scenario FILE`")
                    .under(scenario.key.as_str());
            problem.at_key = true;
            return (file, vec![problem]);
        }
        let mut problems = Vec::new();
        let mut version = None;
        for entry in node.entries() {
            match file.read_key(&entry.key, &entry.value, registry) {
                Ok(Some(given)) => version = Some(given),
                Ok(None) => {}
                Err(problem) => problems.push(problem),
            }
        }
        match version {
            Some(VERSION) => {}
            Some(other) => problems.push(
                Problem::invalid(format!("version {other} of the format; this program reads version {VERSION}"))
                    .under("stend"),
            ),
            None if node.get("stend").is_some() => {}
            None => problems.push(
                Problem::new("missing_key", "missing key `stend`")
                    .hint(format!("write `stend: {VERSION}` first: the version of the format")),
            ),
        }
        (file, problems)
    }

    /// Reads the value of one key; gives the version if that is the key.
    fn read_key(&mut self, key: &str, value: &Node, registry: &Registry) -> Result<Option<u64>, Problem> {
        match key {
            "stend" => return part::<u64>(key, value).map(Some),
            "title" => self.title = part(key, value)?,
            "base" => self.base = part(key, value)?,
            "seed" => self.seed = part(key, value)?,
            "clock" => {
                let clock: Option<ClockSetting> = part(key, value)?;
                if let Some(clock) = &clock {
                    clock.factor().map_err(|problem| problem.under(key))?;
                }
                self.clock = clock;
            }
            "strict" => self.strict = part(key, value)?,
            "journal" => self.journal = part(key, value)?,
            "fault_names" => self.fault_names = part(key, value)?,
            "random" => self.random = part(key, value)?,
            history::KEY => self.history = History::read(value, registry).map_err(|problem| problem.under(key))?,
            "faults" => {
                self.faults = part(key, value)?;
                for (i, fault) in self.faults.iter().enumerate() {
                    fault.check_for(registry).map_err(|problem| problem.under(i).under(key))?;
                }
            }
            name if registry.find(name).is_some() => {
                if !matches!(value.value, crate::node::Value::Null) {
                    self.sections.insert(name.to_owned(), Arc::new(value.clone().into()));
                }
            }
            unknown => {
                let known: Vec<&str> =
                    KEYS.into_iter().chain(registry.services().iter().map(|kind| kind.name())).collect();
                let mut problem = Problem::unknown("unknown_key", "key", unknown, known.iter().copied()).under(unknown);
                problem.at_key = true;
                return Err(problem);
            }
        }
        Ok(None)
    }

    /// The same, its sections standing in this text.
    #[must_use]
    pub(crate) fn of(mut self, source: &Arc<Source>) -> Self {
        let of = |section: Arc<Section>| {
            Arc::try_unwrap(section).map_or_else(|shared| shared, |one| Arc::new(one.of(source)))
        };
        self.history = self.history.of(source);
        self.sections = std::mem::take(&mut self.sections).into_iter().map(|(name, one)| (name, of(one))).collect();
        self
    }

    /// Whether a world can be made of it, tried with every section.
    ///
    /// # Errors
    /// The first thing that is wrong, in the text where it stands.
    pub fn check(&self, registry: &Registry) -> Result<(), Box<Diagnostic>> {
        let now = self.clock.and_then(|clock| clock.now).unwrap_or(Timestamp::UNIX_EPOCH);
        let seed = Seed { seed: self.seed.unwrap_or(DEFAULT_SEED), now };
        for kind in registry.services() {
            start(self, *kind)
                .and_then(|start| kind.create(&start, seed))
                .map_err(|problem| Box::new(self.show(problem)))?;
        }
        Ok(())
    }

    /// All mistakes in its sections, in the texts where they stand, section after section.
    pub fn mistakes(&self, registry: &Registry) -> Vec<Diagnostic> {
        let now = self.clock.and_then(|clock| clock.now).unwrap_or(Timestamp::UNIX_EPOCH);
        let seed = Seed { seed: self.seed.unwrap_or(DEFAULT_SEED), now };
        let found = registry.services().iter().flat_map(|kind| {
            let past = self.history.of_service(kind.name());
            mistakes::of_service(*kind, self.sections.get(kind.name()), &past, seed)
        });
        found.map(|problem| self.show(problem)).collect()
    }

    /// What is odd in its sections and may be meant, in the texts where they stand. A section that is built in or was saved
    /// is nobody's writing.
    pub fn warnings(&self, registry: &Registry) -> Vec<Diagnostic> {
        let now = self.clock.and_then(|clock| clock.now).unwrap_or(Timestamp::UNIX_EPOCH);
        let written = |name: &str| {
            let section = self.sections.get(name)?;
            (!section.is_large() && section.tree().is_some()).then_some(section)
        };
        let found = registry.services().iter().filter_map(|kind| Some(kind.doubts(written(kind.name())?, now)));
        found.flatten().map(|problem| self.show(problem)).collect()
    }

    /// A problem with a world that is made of it, in the text where it stands.
    pub fn show(&self, problem: Problem) -> Diagnostic {
        self.find(problem)
            .unwrap_or_else(|problem| Diagnostic { source: Arc::new(Source::new("the world", "")), problem })
    }

    /// A problem in the text where it stands.
    ///
    /// # Errors
    /// The problem as it was: it is with none of the sections, or with one that stands nowhere.
    pub fn find(&self, problem: Problem) -> Result<Diagnostic, Problem> {
        let shown = problem.path.0.first().and_then(|step| match step {
            Step::Key(name) if name == history::KEY => self.history.show(&problem),
            Step::Key(name) => self.sections.get(name)?.show(&problem),
            Step::Index(_) => None,
        });
        shown.ok_or(problem)
    }

    /// Fills in the sections (and the clock and seed) that are not given here from a base. The base's history comes with
    /// its sections, unless this file has one of its own.
    #[must_use]
    pub fn over(mut self, base: &Self) -> Self {
        if self.history.is_empty() {
            self.history = base.history.only(|service| !self.sections.contains_key(service));
        }
        for (name, section) in &base.sections {
            self.sections.entry(name.clone()).or_insert_with(|| Arc::clone(section));
        }
        self.seed = self.seed.or(base.seed);
        self.clock = self.clock.or(base.clock);
        self.strict = self.strict.or(base.strict);
        self.journal = self.journal.or(base.journal);
        self.base = None;
        self
    }

    /// As a document.
    pub fn to_json(&self) -> Value {
        let mut map = self.head();
        for (name, section) in &self.sections {
            map.insert(name.clone(), serde_json::to_value(&**section).unwrap_or_default());
        }
        Value::Object(map)
    }

    /// The keys beside the services' sections.
    fn head(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("stend".into(), json!(VERSION));
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                map.insert(key.to_owned(), value);
            }
        };
        put("title", self.title.as_ref().map(|title| json!(title)));
        put("seed", self.seed.map(|seed| json!(seed)));
        put("clock", self.clock.map(|clock| json!(clock)));
        put("strict", self.strict.filter(|strict| *strict).map(|strict| json!(strict)));
        put("journal", self.journal.filter(|limits| *limits != Limits::default()).map(|limits| json!(limits)));
        put("faults", (!self.faults.is_empty()).then(|| json!(self.faults)));
        put("fault_names", self.fault_names.filter(|names| *names > 0).map(|names| json!(names)));
        put("random", self.random.as_ref().filter(|drawn| !drawn.drawn.is_empty()).map(|drawn| json!(drawn)));
        put(history::KEY, (!self.history.is_empty()).then(|| self.history.to_json()));
        map
    }

    /// Writes it as JSON, a row of a table a line. Sections are made and written one after the other.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_json(&self, writer: &mut dyn Write) -> io::Result<()> {
        saved::write(writer, self, 0)?;
        writer.write_all(b"\n")
    }

    /// Writes it as YAML whose top-level values are JSON, a row of a table a line: it is read back without the YAML
    /// parser, and as YAML by anything else.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_yaml(&self, writer: &mut dyn Write) -> io::Result<()> {
        for (key, value) in self.head() {
            write!(writer, "{key}: ")?;
            saved::write(writer, &value, INLINE)?;
            writer.write_all(b"\n")?;
        }
        for (key, section) in &self.sections {
            write!(writer, "{key}: ")?;
            saved::write(writer, &**section, 1)?;
            writer.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// A level that is below all rows: everything stands on one line.
const INLINE: usize = 8;

impl Serialize for WorldFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let head = self.head();
        let mut map = serializer.serialize_map(Some(head.len() + self.sections.len()))?;
        head.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
        self.sections.iter().try_for_each(|(key, section)| map.serialize_entry(key, &**section))?;
        map.end()
    }
}

fn part<T: DeserializeOwned>(key: &str, value: &Node) -> Result<T, Problem> {
    value.read().map_err(|problem| problem.under(key))
}
