//! `${name}`: what earlier steps captured, put in its place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stend_core::Problem;

/// What steps have captured so far.
pub(crate) type Captured = BTreeMap<String, Value>;

/// Puts captured values in. A string that is one placeholder becomes the value, with its type; a placeholder within
/// a longer string becomes text. `$${` is a plain `${`.
pub(crate) fn fill(value: &Value, captured: &Captured) -> Result<Value, Problem> {
    Ok(match value {
        Value::String(text) => fill_text(text, captured)?,
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, captured)).collect::<Result<_, _>>()?),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Ok((key.clone(), fill(value, captured)?)));
            Value::Object(entries.collect::<Result<_, Problem>>()?)
        }
        plain => plain.clone(),
    })
}

/// The same for a text that stays a text.
pub(crate) fn fill_string(text: &str, captured: &Captured) -> Result<String, Problem> {
    Ok(match fill_text(text, captured)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

fn fill_text(text: &str, captured: &Captured) -> Result<Value, Problem> {
    if !text.contains("${") {
        return Ok(Value::String(text.to_owned()));
    }
    if let Some(name) = whole(text) {
        return look_up(name, captured).cloned();
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = rest.split_at(start);
        if let Some(plain) = before.strip_suffix('$') {
            filled.push_str(plain);
            filled.push_str("${");
            rest = &after[2..];
            continue;
        }
        filled.push_str(before);
        let end = after.find('}').ok_or_else(|| unclosed(text))?;
        match look_up(&after[2..end], captured)? {
            Value::String(text) => filled.push_str(text),
            other => filled.push_str(&other.to_string()),
        }
        rest = &after[end + 1..];
    }
    filled.push_str(rest);
    Ok(Value::String(filled))
}

fn unclosed(text: &str) -> Problem {
    Problem::invalid(format!("`{text}` opens `${{` and does not close it"))
        .hint("`${name}` puts in what was captured; a plain `${` is written `$${`")
}

/// Whether every placeholder in a text is closed.
///
/// # Errors
/// One is not.
pub(crate) fn check(text: &str) -> Result<(), Problem> {
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let plain = rest[..start].ends_with('$');
        rest = &rest[start + 2..];
        match (plain, rest.find('}')) {
            (true, _) => {}
            (false, Some(end)) => rest = &rest[end + 1..],
            (false, None) => return Err(unclosed(text)),
        }
    }
    Ok(())
}

fn whole(text: &str) -> Option<&str> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    (!name.contains('}')).then_some(name)
}

fn look_up<'c>(name: &str, captured: &'c Captured) -> Result<&'c Value, Problem> {
    captured.get(name.trim()).ok_or_else(|| {
        Problem::new("not_captured", format!("`${{{name}}}` was not captured: the step that captures it failed"))
    })
}

/// The names that a value's placeholders ask for.
pub(crate) fn names(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let mut rest = text.as_str();
            while let Some(start) = rest.find("${") {
                let escaped = rest[..start].ends_with('$');
                rest = &rest[start + 2..];
                let Some(end) = rest.find('}') else { break };
                if !escaped {
                    into.insert(rest[..end].trim().to_owned());
                }
                rest = &rest[end + 1..];
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        Value::Object(map) => map.values().for_each(|value| names(value, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_placeholder_keeps_the_type_and_a_part_becomes_text() {
        let captured = Captured::from([("id".into(), json!(7)), ("name".into(), json!("six"))]);
        let filled = fill(&json!({"a": "${id}", "b": ["no ${id}, ${name}"], "c": "$${id}", "d": 1}), &captured);
        assert_eq!(filled.expect("all captured"), json!({"a": 7, "b": ["no 7, six"], "c": "${id}", "d": 1}));
        assert!(fill(&json!("${missing}"), &captured).is_err());
        assert!(fill(&json!("x ${id"), &captured).is_err());
    }

    #[test]
    fn names_are_found_wherever_they_stand() {
        let mut found = BTreeSet::new();
        names(&json!({"a": "${id} and ${name}", "b": ["${id}", "$${not}"]}), &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["id", "name"]);
    }
}
