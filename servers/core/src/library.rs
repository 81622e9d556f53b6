//! Where worlds come from: those built in, a folder of world files, a document given inline.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::near;
use crate::node::Node;
use crate::problem::Problem;
use crate::service::Registry;
use crate::source::{Diagnostic, Source};
use crate::world_file::{VERSION, WorldFile};

/// World files by name.
#[derive(Debug, Clone, Default)]
pub struct Library {
    built_in: Vec<BuiltIn>,
    folder: Option<PathBuf>,
}

/// A world that is built in: it is read once, for worlds are made of it all the time.
#[derive(Debug, Clone)]
struct BuiltIn {
    name: &'static str,
    keys: Keys,
    read: Arc<OnceLock<WorldFile>>,
}

/// The keys of a world that is built in, each with its JSON: taken apart beforehand, for every start would do it again.
pub type Keys = &'static [(&'static str, &'static str)];

/// The world that is there when nobody asks for another.
pub const DOCUMENTED: &str = "documented";

/// How many worlds may stand on each other by `base`.
const STOREYS: usize = 8;

impl Library {
    /// These built-in worlds, by name. They are known to be good.
    pub fn new(built_in: Vec<(&'static str, Keys)>) -> Self {
        let built_in = built_in.into_iter().map(|(name, keys)| BuiltIn { name, keys, read: Arc::default() });
        Self { built_in: built_in.collect(), folder: None }
    }

    /// The same with the world files of a folder.
    #[must_use]
    pub fn with_folder(mut self, folder: PathBuf) -> Self {
        self.folder = Some(folder);
        self
    }

    /// A world by the name that a client gives: built in, or a file in the folder and nowhere else.
    ///
    /// # Errors
    /// No such world, or what is wrong with it.
    pub fn by_name(&self, name: &str, registry: &Registry) -> Result<WorldFile, Diagnostic> {
        self.load(name, None, registry, STOREYS)
    }

    /// A world that a file names: built in, or a file beside `beside`.
    ///
    /// # Errors
    /// No such world, or what is wrong with it.
    pub fn beside(&self, name: &str, beside: &Path, registry: &Registry) -> Result<WorldFile, Diagnostic> {
        self.load(name, Some(beside), registry, STOREYS)
    }

    /// Whether a built-in world has this name.
    pub fn has(&self, name: &str) -> bool {
        self.built_in.iter().any(|built_in| built_in.name == name)
    }

    /// A world from a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(&self, path: &Path, registry: &Registry) -> Result<WorldFile, Diagnostic> {
        let source = Source::open(path).map_err(|problem| nowhere(&path.display().to_string(), problem))?;
        self.read(source, path.parent(), registry, STOREYS)
    }

    /// A world from a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(&self, source: Source, registry: &Registry) -> Result<WorldFile, Diagnostic> {
        self.read(source, None, registry, STOREYS)
    }

    /// A world from a part of a document, whose text is `source`; it needs no version of its own, it has the document's.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn node(
        &self,
        node: &Node,
        source: &Arc<Source>,
        beside: Option<&Path>,
        registry: &Registry,
    ) -> Result<WorldFile, Diagnostic> {
        self.read_node(&node.clone().with_default("stend", VERSION), source, beside, registry, STOREYS)
    }

    /// A world from a file or a text beside `beside`, tried with every section.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of the text.
    pub fn check(
        &self,
        source: Source,
        beside: Option<&Path>,
        registry: &Registry,
    ) -> Result<WorldFile, Vec<Diagnostic>> {
        let source = Arc::new(source);
        let shown = |problem: Problem| Diagnostic { source: Arc::clone(&source), problem };
        if let Some(Ok(_)) = WorldFile::read_large(&source, registry) {
            let file = self.read_source(&source, beside, registry, STOREYS).map_err(|wrong| vec![wrong])?;
            let mistakes = file.mistakes(registry);
            return if mistakes.is_empty() { Ok(file) } else { Err(mistakes) };
        }
        let node = source.parse().map_err(|problem| vec![shown(problem)])?;
        let (file, problems) = WorldFile::read_all(&node, registry);
        let mut wrong: Vec<Diagnostic> = problems.into_iter().map(|problem| shown(node.locate(problem))).collect();
        let based = self.over_base(file.of(&source), &|problem| shown(node.locate(problem)), beside, registry, STOREYS);
        match based {
            Ok(file) => {
                wrong.extend(file.mistakes(registry));
                if wrong.is_empty() {
                    return Ok(file);
                }
            }
            Err(base) => wrong.push(base),
        }
        wrong.sort_by_key(|wrong| wrong.problem.position.map(|position| position.start));
        Err(wrong)
    }

    fn load(
        &self,
        name: &str,
        beside: Option<&Path>,
        registry: &Registry,
        storeys: usize,
    ) -> Result<WorldFile, Diagnostic> {
        if let Some(built_in) = self.built_in.iter().find(|built_in| built_in.name == name) {
            if let Some(file) = built_in.read.get() {
                return Ok(file.clone());
            }
            let file = WorldFile::built_in(built_in.keys, registry)
                .map_err(|problem| nowhere(&format!("{name} (built in)"), problem))?;
            return Ok(built_in.read.get_or_init(|| file).clone());
        }
        let folder = beside.or(self.folder.as_deref());
        // A file beside a file may be anywhere; a name that came over the network stays in its folder.
        let stays = beside.is_some() || !name.contains(['/', '\\']) && !name.starts_with('.');
        let found = folder.filter(|_| stays).and_then(|folder| {
            [folder.join(name), folder.join(format!("{name}.yaml"))].into_iter().find(|path| path.is_file())
        });
        match found {
            Some(path) => {
                let source = Source::open(&path).map_err(|problem| nowhere(name, problem))?;
                self.read(source, path.parent(), registry, storeys)
            }
            None => {
                let mut problem = Problem::not_found(format!("there is no world file `{name}`"));
                let known = self.names(folder);
                problem.hint = near::hint(name, known.iter().map(String::as_str));
                Err(nowhere(name, problem))
            }
        }
    }

    fn names(&self, folder: Option<&Path>) -> Vec<String> {
        let mut names: Vec<String> = self.built_in.iter().map(|built_in| built_in.name.to_owned()).collect();
        let files = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        let mut files: Vec<String> = files
            .filter_map(|file| file.file_name().into_string().ok())
            .filter(|name| name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"))
            .collect();
        files.sort();
        names.extend(files);
        names
    }

    fn read(
        &self,
        source: Source,
        beside: Option<&Path>,
        registry: &Registry,
        storeys: usize,
    ) -> Result<WorldFile, Diagnostic> {
        self.read_source(&Arc::new(source), beside, registry, storeys)
    }

    fn read_source(
        &self,
        source: &Arc<Source>,
        beside: Option<&Path>,
        registry: &Registry,
        storeys: usize,
    ) -> Result<WorldFile, Diagnostic> {
        let shown = |problem: Problem| Diagnostic { source: Arc::clone(source), problem };
        if let Some(read) = WorldFile::read_large(source, registry) {
            return self.over_base(read.map_err(shown)?, &shown, beside, registry, storeys);
        }
        let node = source.parse().map_err(shown)?;
        self.read_node(&node, source, beside, registry, storeys)
    }

    fn read_node(
        &self,
        node: &Node,
        source: &Arc<Source>,
        beside: Option<&Path>,
        registry: &Registry,
        storeys: usize,
    ) -> Result<WorldFile, Diagnostic> {
        let shown = |problem: Problem| Diagnostic { source: Arc::clone(source), problem: node.locate(problem) };
        let file = WorldFile::read(node, registry).map_err(shown)?.of(source);
        self.over_base(file, &shown, beside, registry, storeys)
    }

    /// The file with what it leaves out filled in from its base.
    fn over_base(
        &self,
        file: WorldFile,
        shown: &dyn Fn(Problem) -> Diagnostic,
        beside: Option<&Path>,
        registry: &Registry,
        storeys: usize,
    ) -> Result<WorldFile, Diagnostic> {
        let Some(base) = file.base.clone() else { return Ok(file) };
        if storeys == 0 {
            return Err(shown(
                Problem::invalid(format!("more than {STOREYS} worlds stand on each other")).under("base"),
            ));
        }
        let base = self.load(&base, beside, registry, storeys - 1).map_err(|diagnostic| {
            if diagnostic.problem.code == "not_found" { shown(diagnostic.problem.under("base")) } else { diagnostic }
        })?;
        Ok(file.over(&base))
    }
}

fn nowhere(name: &str, problem: Problem) -> Diagnostic {
    Diagnostic { source: Arc::new(Source::new(name, "")), problem }
}
