//! The schema of a service's section, for values that are to fit into it.

use schemars::SchemaGenerator;
use serde_json::{Map, Value};
use stend_core::AnyService;

/// The schema of a section.
pub(super) struct Schema {
    pub(super) root: Value,
    definitions: Map<String, Value>,
}

impl Schema {
    /// The schema of a service's section.
    pub(super) fn of(kind: &dyn AnyService) -> Self {
        let mut generator = SchemaGenerator::default();
        let root = Value::from(kind.section_schema(&mut generator));
        Self { definitions: generator.take_definitions(true), root }
    }

    /// What a schema means, through references and alternatives to `null`.
    pub(super) fn target<'s>(&'s self, schema: &'s Value) -> &'s Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap_or_default();
            return self.definitions.get(name).map_or(schema, |found| self.target(found));
        }
        match schema["anyOf"].as_array() {
            Some(parts) => {
                let part = parts.iter().find(|part| part["type"] != "null");
                part.map_or(schema, |part| self.target(part))
            }
            None => schema,
        }
    }

    pub(super) fn property<'s>(&'s self, schema: &'s Value, dotted: &str) -> &'s Value {
        dotted.split('.').fold(self.target(schema), |schema, key| self.target(&schema["properties"][key]))
    }

    /// A value without what its schema does not know, and without `null`s; `None` where nothing is left.
    pub(super) fn fit(&self, schema: &Value, value: &Value) -> Option<Value> {
        let schema = self.target(schema);
        match value {
            Value::Null => None,
            Value::Object(map) => {
                let Some(properties) = schema["properties"].as_object() else { return Some(value.clone()) };
                let known =
                    map.iter().filter_map(|(key, value)| Some((key.clone(), self.fit(properties.get(key)?, value)?)));
                let known: Map<String, Value> = known.collect();
                (!known.is_empty()).then_some(Value::Object(known))
            }
            Value::Array(items) => Some(items.iter().filter_map(|item| self.fit(&schema["items"], item)).collect()),
            other => Some(other.clone()),
        }
    }

    pub(super) fn item<'s>(&'s self, list: &'s Value) -> &'s Value {
        self.target(&list["items"])
    }
}
