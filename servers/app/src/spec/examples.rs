//! Samples at the places of a specification where they belong.

use serde_json::{Map, Value, json};

use super::Sample;

/// Puts a sample into an OpenAPI document: the request's body, and the reply's under its status.
///
/// # Errors
/// What the document has no place for.
pub(super) fn in_operations(spec: &mut Value, sample: &Sample, body: &Value) -> Result<(), String> {
    let (path, method) =
        find(spec, sample.operation).ok_or_else(|| format!("the spec has no operation {}", sample.operation))?;
    let operation = format!("/paths/{}/{method}", escape(&path));
    if !body["request"]["body"].is_null() {
        let place = resolve(spec, &format!("{operation}/requestBody"))?;
        put(spec, &format!("{place}/content/application~1json"), sample, &body["request"]["body"])?;
    }
    let response = &body["response"];
    let status = response["status"].as_u64().ok_or("the response has no status")?;
    let place = resolve(spec, &format!("{operation}/responses/{status}"))?;
    // A reply that is no JSON is shown as the text that it is.
    if let Some(text) = response.get("text") {
        let content = spec.pointer(&format!("{place}/content")).and_then(Value::as_object);
        let kind = content.and_then(|content| content.keys().find(|kind| *kind != "application/json")).cloned();
        // Nothing sent and nothing described: there is nothing to show.
        if kind.is_none() && text == "" {
            return Ok(());
        }
        let kind = kind.ok_or_else(|| format!("{place} describes no text"))?;
        return put(spec, &format!("{place}/content/{}", escape(&kind)), sample, text);
    }
    if response.get("body").is_some() {
        put(spec, &format!("{place}/content/application~1json"), sample, &response["body"])?;
    }
    Ok(())
}

/// Puts a sample into an AsyncAPI document: the request's frame with the operation's message, the reply's with the first
/// message of its reply, or with the last when it tells of an error.
///
/// # Errors
/// What the document has no place for.
pub(super) fn in_messages(spec: &mut Value, sample: &Sample, body: &Value) -> Result<(), String> {
    let operation = format!("/operations/{}", escape(sample.operation));
    let last = spec.pointer(&format!("{operation}/reply/messages")).and_then(Value::as_array).map_or(0, Vec::len);
    let reply = if body["response"].get("error").is_some() { last.saturating_sub(1) } else { 0 };
    for (message, frame) in
        [("messages/0".to_owned(), &body["request"]), (format!("reply/messages/{reply}"), &body["response"])]
    {
        let place = resolve(spec, &format!("{operation}/{message}"))?;
        let examples = map(spec, &place)?.entry("examples").or_insert_with(|| json!([]));
        let name = format!("{}-{}", sample.operation, sample.case);
        if let Value::Array(examples) = examples {
            examples.push(json!({"name": name, "payload": frame}));
        }
    }
    Ok(())
}

/// The path and method of an operation.
fn find(spec: &Value, operation: &str) -> Option<(String, String)> {
    let paths = spec["paths"].as_object()?;
    paths.iter().find_map(|(path, item)| {
        let (method, _) = item.as_object()?.iter().find(|(_, found)| found["operationId"] == operation)?;
        Some((path.clone(), method.clone()))
    })
}

/// Adds an example to a media type. A content that several operations share gets them all, so names carry the operation.
fn put(spec: &mut Value, place: &str, sample: &Sample, value: &Value) -> Result<(), String> {
    let examples = map(spec, place)?.entry("examples").or_insert_with(|| json!({}));
    let name = format!("{}-{}", sample.operation, sample.case);
    if let Value::Object(examples) = examples {
        examples.insert(name, json!({"value": value}));
    }
    Ok(())
}

fn map<'s>(spec: &'s mut Value, place: &str) -> Result<&'s mut Map<String, Value>, String> {
    spec.pointer_mut(place).and_then(Value::as_object_mut).ok_or_else(|| format!("the spec has nothing at {place}"))
}

/// The place that a reference, or one that it leads to, stands for.
fn resolve(spec: &Value, place: &str) -> Result<String, String> {
    let mut place = place.to_owned();
    // Far more than any document has; a circle ends here.
    for _ in 0..16 {
        let value = spec.pointer(&place).ok_or_else(|| format!("the spec has nothing at {place}"))?;
        match value.get("$ref").and_then(Value::as_str) {
            None => return Ok(place),
            Some(reference) => reference
                .strip_prefix('#')
                .ok_or_else(|| format!("{reference} leads elsewhere"))?
                .clone_into(&mut place),
        }
    }
    Err(format!("the references at {place} go in a circle"))
}

/// A key as a part of a JSON pointer.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
