//! The tools: each reads its arguments, which are a type, and asks the bench.

use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::ToolAnnotations;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use stend_core::{Node, Problem};

use super::bench::Bench;
use super::{claims, steer, watch, worlds};

/// The arguments of a tool. Their documentation is the tool's description.
pub(super) trait Arguments: DeserializeOwned + JsonSchema + Send + 'static {
    const NAME: &'static str;
    const TITLE: &'static str;
    /// Whether the tool changes nothing.
    const READS: bool = false;

    fn run(self, bench: &Bench) -> impl Future<Output = Result<Value, String>> + Send;
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, String>> + Send + 'a>>;

/// One tool.
pub(super) struct Tool {
    pub(super) name: &'static str,
    title: &'static str,
    reads: bool,
    schema: fn() -> Map<String, Value>,
    pub(super) run: for<'a> fn(&'a Bench, &'a Value) -> Answer<'a>,
}

const fn tool<A: Arguments>() -> Tool {
    Tool { name: A::NAME, title: A::TITLE, reads: A::READS, schema: schema::<A>, run: run::<A> }
}

/// All of them, in the order in which they are listed.
pub(super) static ALL: [Tool; 16] = [
    tool::<worlds::MakeWorld>(),
    tool::<worlds::ListWorlds>(),
    tool::<worlds::RemoveWorld>(),
    tool::<steer::ListActions>(),
    tool::<steer::Act>(),
    tool::<steer::AdvanceClock>(),
    tool::<steer::SetClock>(),
    tool::<watch::ReadJournal>(),
    tool::<watch::Verify>(),
    tool::<watch::View>(),
    tool::<watch::ListOperations>(),
    tool::<steer::SetFault>(),
    tool::<steer::ListFaults>(),
    tool::<steer::ClearFaults>(),
    tool::<claims::LookUp>(),
    tool::<worlds::ListScenarios>(),
];

fn run<'a, A: Arguments>(bench: &'a Bench, arguments: &'a Value) -> Answer<'a> {
    Box::pin(async move {
        let read: A = Node::from_json(arguments).read().map_err(|problem| told(&problem))?;
        read.run(bench).await
    })
}

fn schema<A: Arguments>() -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = SchemaGenerator::new(settings).into_root_schema_for::<A>().to_value();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        // What a service's name may be stands in no type.
        if name == "service" {
            let registry = stend::registry::services();
            property["enum"] = registry.services().iter().map(|kind| kind.name()).collect();
        }
        // What may be left out need not be `null`.
        if let Some([of, Value::String(null)]) = property["type"].as_array().map(Vec::as_slice)
            && null == "null"
        {
            property["type"] = of.clone();
        }
        if let Some(about) = property["description"].as_str() {
            property["description"] = about.replace('\n', " ").into();
        }
    }
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

impl Tool {
    /// As a client lists it.
    pub(super) fn described(&self) -> rmcp::model::Tool {
        let mut schema = (self.schema)();
        let about = schema.remove("description").and_then(|about| about.as_str().map(str::to_owned));
        schema.remove("title");
        let hints = ToolAnnotations::from_raw(None, Some(self.reads), Some(false), None, Some(false));
        rmcp::model::Tool::new(self.name, about.unwrap_or_default().replace('\n', " "), Arc::new(schema))
            .with_title(self.title)
            .with_annotations(hints)
    }
}

/// How many are asked for: from 1 to `most`, `usual` unless given.
pub(super) fn limit(given: Option<usize>, usual: usize, most: usize) -> Result<usize, String> {
    match given.unwrap_or(usual) {
        limit if (1..=most).contains(&limit) => Ok(limit),
        limit => Err(format!("limit: {limit} is not from 1 to {most}")),
    }
}

/// A problem as agents read it.
pub(super) fn told(problem: &Problem) -> String {
    let hint = problem.hint.as_ref().map(|hint| format!("\n  = help: {hint}")).unwrap_or_default();
    let place = if problem.path.0.is_empty() { String::new() } else { format!("{}: ", problem.path) };
    format!("{place}{}{hint}", problem.message)
}
