//! A scenario with everything that it refers to, to be played by another process.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::{Diagnostic, Library, Node, Registry, Source};

use super::files::Files;
use super::{Scenario, load_with};

/// A scenario's text, its world and the files that it names. Its places are those of the text, so a report of it
/// speaks of the lines that its author sees.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// The file's name, for reports.
    pub name: String,
    /// Its text.
    pub scenario: String,
    /// The world that it begins with, whole; left out, the one that the text names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<Value>,
    /// The JSON files that it names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Value>,
}

impl Parcel {
    /// A checked scenario, wrapped up.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            name: scenario.source.name.clone(),
            scenario: scenario.source.text.clone(),
            world: Some(scenario.world.to_json()),
            files: scenario.bodies.clone(),
        }
    }
}

/// Reads a scenario out of a parcel, and checks all of it.
///
/// # Errors
/// As [`super::load`].
pub fn load_parcel(parcel: Parcel, library: &Library, registry: &Registry) -> Result<Scenario, Vec<Diagnostic>> {
    let source = Arc::new(Source::new(parcel.name, parcel.scenario));
    let world = parcel.world.map(|world| library.node(&Node::from_json(&world), &source, None, registry));
    let world = world.transpose().map_err(|diagnostic| vec![diagnostic])?;
    load_with(source, Files::along(&parcel.files), world, library, registry)
}
