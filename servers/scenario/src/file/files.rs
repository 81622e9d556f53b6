//! The files that a scenario names: bodies and worlds beside it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use stend_core::node::Value as Kind;
use stend_core::{Node, Problem, Source, near};

/// Where the files are that a scenario names, and what was read of them.
pub(crate) struct Files<'a> {
    place: Place<'a>,
    read: RefCell<BTreeMap<String, Value>>,
}

enum Place<'a> {
    /// It came over the network by itself, and names none.
    Nowhere,
    /// In a folder.
    Folder(&'a Path),
    /// They came along with it.
    Along(&'a BTreeMap<String, Value>),
}

impl<'a> Files<'a> {
    /// The files of a folder, or none at all.
    pub(crate) fn beside(folder: Option<&'a Path>) -> Self {
        Self { place: folder.map_or(Place::Nowhere, Place::Folder), read: RefCell::default() }
    }

    /// Files that came along.
    pub(super) fn along(files: &'a BTreeMap<String, Value>) -> Self {
        Self { place: Place::Along(files), read: RefCell::default() }
    }

    /// The folder that they are in.
    pub(super) fn folder(&self) -> Option<&'a Path> {
        match self.place {
            Place::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    /// A file of JSON.
    ///
    /// # Errors
    /// It cannot be read, or is no JSON.
    pub(crate) fn json(&self, name: &str) -> Result<Value, Problem> {
        let value = match &self.place {
            Place::Nowhere => {
                return Err(Problem::invalid("a scenario that came over the network names no files")
                    .hint("write the body here, or let `stend play --attach` send it with its files"));
            }
            Place::Along(files) => files.get(name).cloned().ok_or_else(|| {
                let mut problem = Problem::not_found(format!("the file `{name}` did not come along"));
                problem.hint = near::hint(name, files.keys().map(String::as_str));
                problem
            })?,
            Place::Folder(folder) => {
                let source = Source::open(&folder.join(name))?;
                serde_json::from_str(&source.text)
                    .map_err(|error| Problem::invalid(format!("{name} is not JSON: {error}")))?
            }
        };
        self.read.borrow_mut().insert(name.to_owned(), value.clone());
        Ok(value)
    }

    /// All that was read, by name.
    pub(super) fn into_read(self) -> BTreeMap<String, Value> {
        self.read.into_inner()
    }
}

/// How many worlds are looked through that stand on each other.
const STOREYS: usize = 8;

/// The files that a scenario or world file refers to, itself first, for who watches them. What cannot be read or is
/// not there yet is named all the same.
pub fn referred(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    look(path, STOREYS, &mut found);
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(path.clone()));
    found
}

fn look(path: &Path, storeys: usize, found: &mut Vec<PathBuf>) {
    let Some(root) = Source::open(path).and_then(|source| source.parse()).ok().filter(|_| storeys > 0) else { return };
    let folder = path.parent().unwrap_or(Path::new("."));
    let world = root.get("world");
    let bases = [world, world.and_then(|world| world.get("base")), root.get("base")];
    for name in bases.into_iter().flatten().filter_map(Node::as_text) {
        // A name without ending may be a file with one, or a world that is built in.
        for path in [folder.join(name), folder.join(format!("{name}.yaml"))] {
            found.push(path.clone());
            look(&path, storeys - 1, found);
        }
    }
    if let Some(Kind::List(steps)) = root.get("timeline").map(|timeline| &timeline.value) {
        let bodies = steps.iter().filter_map(|step| step.get("call")).flat_map(Node::entries);
        let files = bodies.filter_map(|call| call.value.get("json")?.get("file")?.as_text());
        found.extend(files.map(|name| folder.join(name)));
    }
}
