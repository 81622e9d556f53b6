//! Expectations on the state: a path that no world file could have would hold, or fail, for ever.

use serde_json::Value;
use stend_core::{Problem, Registry, near};

use crate::expect::read_paths;
use crate::schema::world_keys;

/// Reads `{$.path: matcher}` into a saved world, and refuses paths to what no world file has.
///
/// # Errors
/// As [`read_paths`]; and a key that the world's schema does not know, with the nearest.
pub(crate) fn check(paths: &Value, registry: &Registry) -> Result<(), Problem> {
    let paths = read_paths(paths)?;
    let schema = world_keys(registry);
    paths.iter().try_for_each(|(text, ..)| {
        known(text, &schema).map_err(|mut problem| {
            problem.at_key = true;
            problem.under(text.as_str())
        })
    })
}

/// A step of a path.
#[derive(Debug, PartialEq)]
enum Segment {
    /// To this key.
    Key(String),
    /// To items or values whatever their key.
    Any,
}

/// The steps with which a path begins, up to the first that can lead anywhere.
fn segments(path: &str) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path).trim_start();
    loop {
        if let Some(after) = rest.strip_prefix("[*]").or_else(|| rest.strip_prefix(".*")) {
            found.push(Segment::Any);
            rest = after;
        } else if rest.starts_with("..") {
            return found;
        } else if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|c: char| matches!(c, '.' | '[') || c.is_whitespace()).unwrap_or(after.len());
            found.push(Segment::Key(after[..end].to_owned()));
            rest = &after[end..];
        } else if let Some(after) = rest.strip_prefix('[') {
            let Some((segment, after)) = bracket(after.trim_start()) else { return found };
            found.push(segment);
            rest = after;
        } else {
            return found;
        }
    }
}

/// One name or index in brackets, and what comes after it.
fn bracket(text: &str) -> Option<(Segment, &str)> {
    let quote = text.chars().next()?;
    if quote != '\'' && quote != '"' {
        let (index, after) = text.split_once(']')?;
        return index.trim().parse::<i64>().ok().map(|_| (Segment::Any, after));
    }
    let mut name = String::new();
    let mut chars = text[1..].char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => name.push(chars.next()?.1),
            c if c == quote => {
                let after = text[1 + i + 1..].trim_start().strip_prefix(']')?;
                return Some((Segment::Key(name), after));
            }
            c => name.push(c),
        }
    }
    None
}

fn known(path: &str, root: &Value) -> Result<(), Problem> {
    let mut places = vec![root];
    let mut way = "$".to_owned();
    for segment in segments(path) {
        let mut next = Vec::new();
        let mut keys: Vec<&str> = Vec::new();
        let mut leaves = Vec::new();
        places.iter().for_each(|place| resolve(place, root, 0, &mut leaves));
        for leaf in leaves {
            let Some(schema) = leaf.as_object() else { return Ok(()) };
            let properties = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties");
            let is_object =
                properties.is_some() || others.is_some() || schema.get("type").is_some_and(|kind| kind == "object");
            match &segment {
                Segment::Key(key) => {
                    keys.extend(properties.into_iter().flatten().map(|(key, _)| key.as_str()));
                    match (properties.and_then(|properties| properties.get(key)), others) {
                        (Some(property), _) => next.push(property),
                        (None, Some(Value::Bool(false))) => {}
                        (None, Some(other @ Value::Object(_))) => next.push(other),
                        // Whatever it may hold, nothing can be said.
                        (None, _) if is_object || schema.contains_key("patternProperties") => return Ok(()),
                        (None, _)
                            if !schema.contains_key("type")
                                && !schema.contains_key("const")
                                && !schema.contains_key("enum") =>
                        {
                            return Ok(());
                        }
                        _ => {}
                    }
                }
                Segment::Any => {
                    next.extend(schema.get("items"));
                    next.extend(schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten());
                    next.extend(properties.into_iter().flatten().map(|(_, property)| property));
                    next.extend(others.filter(|other| other.is_object()));
                }
            }
        }
        match &segment {
            Segment::Key(key) if next.is_empty() => {
                let mut problem = Problem::new("unknown_path", format!("no world has `{key}` at {way}"));
                problem.hint = near::hint(key, keys.iter().copied());
                return Err(problem);
            }
            Segment::Any if next.is_empty() => return Ok(()),
            Segment::Key(key) => way.push_str(&format!(".{key}")),
            Segment::Any => way.push_str("[*]"),
        }
        places = next;
    }
    Ok(())
}

/// The schemas that a schema stands for, without references and choices.
fn resolve<'s>(schema: &'s Value, root: &'s Value, depth: u32, into: &mut Vec<&'s Value>) {
    if depth > 32 {
        return;
    }
    let mut combined = false;
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#')) {
        combined = true;
        root.pointer(target).into_iter().for_each(|target| resolve(target, root, depth + 1, into));
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(parts) = schema.get(key).and_then(Value::as_array) {
            combined = true;
            parts.iter().for_each(|part| resolve(part, root, depth + 1, into));
        }
    }
    if !combined || schema.get("properties").is_some() {
        into.push(schema);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_cut_where_it_can_lead_anywhere() {
        let key = |key: &str| Segment::Key(key.into());
        assert_eq!(
            segments("$.a['b.c'][\"d\"][0].e[*].*"),
            [key("a"), key("b.c"), key("d"), Segment::Any, key("e"), Segment::Any, Segment::Any]
        );
        assert_eq!(segments("$.a..b"), [key("a")]);
        assert_eq!(segments("$.a[?@.x == 1].b"), [key("a")]);
        assert_eq!(segments("$['it\\'s']"), [key("it's")]);
    }

    #[test]
    fn keys_are_looked_up_through_references_choices_and_maps() {
        let schema = json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "desk": {"description": "a desk", "allOf": [{"$ref": "#/$defs/Desk"}]},
                "free": {"type": "object"}, "title": {"type": "string"},
            },
            "$defs": {
                "Desk": {
                    "type": "object", "additionalProperties": false,
                    "properties": {
                        "rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}},
                        "named": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Row"}},
                        "maybe": {"anyOf": [{"$ref": "#/$defs/Row"}, {"type": "null"}]},
                    },
                },
                "Row": {"type": "object", "additionalProperties": false, "properties": {"id": {"type": "integer"}}},
            },
        });
        for good in [
            "$.desk.rows[0].id",
            "$.desk.rows[*].id",
            "$.desk.named.x.id",
            "$.desk.maybe.id",
            "$.free.any.thing",
            "$..id",
            "$.desk.rows[?@.id == 5]",
            "$",
        ] {
            assert_eq!(known(good, &schema), Ok(()), "{good}");
        }
        for (bad, hint) in [
            ("$.dsk", "`desk`"),
            ("$.desk.row", "`rows`"),
            ("$.desk.rows[0].idd", "`id`"),
            ("$.desk.named.x.i", "`id`"),
            ("$.desk.maybe['ids']", "`id`"),
            ("$.title.x", ""),
        ] {
            let problem = known(bad, &schema).expect_err(bad).to_string();
            assert!(problem.contains("no world has") && problem.contains(hint), "{bad}: {problem}");
        }
    }
}
