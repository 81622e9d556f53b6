//! The specifications of the services: their own parts laid together, with the documents' samples as examples.

mod examples;

use serde_json::{Map, Value};
use stend_core::{AnyService, Problem, Source};

use crate::registry;

/// A printed request and reply: `fixtures/<api>/samples/<operation>/<case>.json`.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The service.
    pub api: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// The file's name without its extension.
    pub case: &'static str,
    /// The file's text.
    pub text: &'static str,
}

/// All samples that are built in, in the order of their paths.
pub static SAMPLES: &[Sample] = include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// The complete specification of a service, OpenAPI 3.1 or AsyncAPI 3; `None` where it has none.
///
/// # Errors
/// An unknown service, with the nearest known; what is wrong with a part of the specification or a sample, with its file.
pub fn spec(service: &str) -> Result<Option<Value>, Problem> {
    let services = registry::services();
    let (_, kind) = services.get(service)?;
    let Some(mut spec) = parts(kind)? else { return Ok(None) };
    let place = if spec.get("asyncapi").is_some() { examples::in_messages } else { examples::in_operations };
    for sample in SAMPLES.iter().filter(|sample| sample.api == service) {
        let wrong = |why: String| {
            let Sample { api, operation, case, .. } = sample;
            Problem::invalid(format!("fixtures/{api}/samples/{operation}/{case}.json: {why}"))
        };
        let body = serde_json::from_str(sample.text).map_err(|error| wrong(error.to_string()))?;
        place(&mut spec, sample, &body).map_err(wrong)?;
    }
    Ok(Some(spec))
}

/// The parts laid over each other.
fn parts(kind: &dyn AnyService) -> Result<Option<Value>, Problem> {
    let mut whole = Map::new();
    for part in kind.spec() {
        let source = Source::new(part.file, part.text);
        let node = source.parse().map_err(|mut problem| {
            problem.message = format!("{}: {}", source.place(&problem), problem.message);
            problem
        })?;
        lay(&mut whole, node.to_json(), "").map_err(|why| Problem::invalid(format!("{}: {why}", part.file)))?;
    }
    if whole.is_empty() {
        return Ok(None);
    }
    lay(&mut whole, kind.spec_from_tables(), "")
        .map_err(|why| Problem::invalid(format!("the tables of {}: {why}", kind.name())))?;
    Ok(Some(Value::Object(whole)))
}

/// Lays a part over what is there: maps join, lists grow, and nothing is said twice.
fn lay(whole: &mut Map<String, Value>, part: Value, place: &str) -> Result<(), String> {
    let part = match part {
        Value::Object(part) => part,
        Value::Null => return Ok(()),
        other => return Err(format!("{place} expected a map, found {other}")),
    };
    for (key, value) in part {
        let place = format!("{place}/{key}");
        match (whole.get_mut(&key), value) {
            (None, value) => {
                whole.insert(key, value);
            }
            (Some(Value::Object(known)), value @ Value::Object(_)) => lay(known, value, &place)?,
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            (Some(_), _) => return Err(format!("{place} is said twice")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_join_and_never_say_the_same() {
        let mut whole = Map::new();
        lay(&mut whole, json!({"a": {"b": 1}, "tags": [1]}), "").expect("new keys");
        lay(&mut whole, json!({"a": {"c": 2}, "tags": [2]}), "").expect("new keys");
        assert_eq!(Value::Object(whole.clone()), json!({"a": {"b": 1, "c": 2}, "tags": [1, 2]}));
        assert_eq!(lay(&mut whole, json!({"a": {"b": 1}}), ""), Err("/a/b is said twice".into()));
        assert_eq!(lay(&mut whole, json!([]), ""), Err(" expected a map, found []".into()));
    }

    #[test]
    fn an_unknown_fake_names_the_nearest() {
        let problem = spec("carbs").expect_err("no such fake");
        assert!(problem.hint.is_some_and(|hint| hint.contains("carbis")));
    }
}
