//! Differences of two answers by path. Times, ids and secrets are the systems' own, and differ by right.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::matcher::{same, short};

/// A place where two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Diff {
    /// A JSONPath; `status` for the status.
    pub(super) path: String,
    /// What the bench has there.
    pub(super) ours: String,
    /// What was seen.
    pub(super) seen: String,
}

/// Compares answers.
pub(super) struct Differ {
    /// Keys, in lower case, that are not compared.
    ignored: BTreeSet<String>,
}

/// The most differences of one exchange; a list in another order has thousands.
const MOST: usize = 100;

/// What stands where nothing is.
const NOTHING: &str = "nothing";

impl Differ {
    pub(super) fn new<'k>(ignored: impl IntoIterator<Item = &'k str>) -> Self {
        Self { ignored: ignored.into_iter().map(str::to_lowercase).collect() }
    }

    /// Where what was seen differs from ours. What corresponds in ids and secrets is handed to `pair` (seen, ours).
    pub(super) fn differences(&self, seen: &Value, ours: &Value, pair: &mut dyn FnMut(&Value, &Value)) -> Vec<Diff> {
        let mut found = Vec::new();
        self.walk("$", None, seen, ours, &mut found, pair);
        found
    }

    fn walk(
        &self,
        path: &str,
        key: Option<&str>,
        seen: &Value,
        ours: &Value,
        found: &mut Vec<Diff>,
        pair: &mut dyn FnMut(&Value, &Value),
    ) {
        if found.len() >= MOST {
            return;
        }
        match (seen, ours) {
            (Value::Object(seen), Value::Object(ours)) => {
                for (key, value) in seen {
                    let path = member(path, key);
                    match ours.get(key) {
                        Some(other) => self.walk(&path, Some(key), value, other, found, pair),
                        None => found.push(Diff { path, ours: NOTHING.into(), seen: short(value) }),
                    }
                }
                for (key, value) in ours.iter().filter(|(key, _)| !seen.contains_key(*key)) {
                    found.push(Diff { path: member(path, key), ours: short(value), seen: NOTHING.into() });
                }
            }
            (Value::Array(seen), Value::Array(ours)) => {
                // Things that have ids are compared with those of the same id, whatever their order.
                let by_id = !seen.is_empty() && are_known_by_id(seen) && are_known_by_id(ours);
                for (n, value) in seen.iter().enumerate() {
                    let same = if by_id { ours.iter().find(|other| id(other) == id(value)) } else { None };
                    let other = same.or_else(|| ours.get(n));
                    let path = format!("{path}[{n}]");
                    match other {
                        Some(other) => self.walk(&path, None, value, other, found, pair),
                        None => found.push(Diff { path, ours: NOTHING.into(), seen: short(value) }),
                    }
                }
                for (n, value) in ours.iter().enumerate().skip(seen.len()) {
                    found.push(Diff { path: format!("{path}[{n}]"), ours: short(value), seen: NOTHING.into() });
                }
            }
            _ if same(seen, ours) => {}
            (Value::String(a), Value::String(b)) if is_time(a) && shape(a) == shape(b) => {}
            _ if key.is_some_and(|key| self.ignored.contains(&key.to_lowercase())) && kind(seen) == kind(ours) => {
                pair(seen, ours);
            }
            (Value::String(a), Value::String(b)) if is_drawn(a) && is_drawn(b) && a.len() == b.len() => {
                pair(seen, ours)
            }
            (Value::Number(_), Value::Number(_)) if key.is_some_and(is_id) => pair(seen, ours),
            _ => found.push(Diff { path: path.to_owned(), ours: short(ours), seen: short(seen) }),
        }
    }
}

/// `$.a` and the like; a key that is no word is quoted.
pub(super) fn member(path: &str, key: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if !key.is_empty() && key.chars().all(is_word) && !key.starts_with(|c: char| c.is_ascii_digit()) {
        format!("{path}.{key}")
    } else {
        format!("{path}['{}']", key.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

/// A JSON pointer as a JSONPath.
pub(super) fn json_path(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    parts.fold("$".to_owned(), |path, part| match part.parse::<usize>() {
        Ok(index) => format!("{path}[{index}]"),
        Err(_) => member(&path, &part),
    })
}

/// A path in which all places of a list are one.
pub(super) fn general(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('[') {
        let (before, index) = rest.split_at(at);
        out.push_str(before);
        let end = index.find(']').map_or(index.len(), |end| end + 1);
        let is_index = index[1..end].trim_end_matches(']').bytes().all(|byte| byte.is_ascii_digit());
        out.push_str(if is_index { "[*]" } else { &index[..end] });
        rest = &index[end..];
    }
    out + rest
}

fn id(value: &Value) -> Option<&Value> {
    value
        .as_object()?
        .iter()
        .find(|(key, value)| is_id(key) && !value.is_null() && !value.is_object() && !value.is_array())
        .map(|(_, value)| value)
}

/// Whether all things have an id, and no two the same. A comparison of each with each is for short lists.
fn are_known_by_id(list: &[Value]) -> bool {
    let ids: Vec<&Value> = list.iter().filter_map(id).collect();
    let mut texts: Vec<String> = ids.iter().map(|id| id.to_string()).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.len() == list.len() && list.len() <= 5_000
}

/// Whether a key holds an id.
pub(super) fn is_id(key: &str) -> bool {
    let lower = key.to_lowercase();
    lower == "id" || lower.ends_with("_id") || key.ends_with("Id") || lower == "guid" || lower == "hash"
}

fn kind(value: &Value) -> std::mem::Discriminant<Value> {
    std::mem::discriminant(value)
}

/// `2026-11-21T12:00:00+03:00`, `2026-11-21 12:00:00`, `2026-11-21`.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    digits(0..4) && digits(5..7) && digits(8..10) && bytes[4] == b'-' && bytes[7] == b'-'
}

/// A text with every digit as 9: two times of one format have the same. Fractions may have any length.
fn shape(text: &str) -> String {
    let digits: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    match digits.split_once('.') {
        Some((before, after)) => format!("{before}.9{}", after.trim_start_matches('9')),
        None => digits,
    }
}

/// A GUID, a hash, a long token: drawn by chance.
fn is_drawn(text: &str) -> bool {
    let bare = text.trim_matches(['{', '}']);
    let bare = bare.strip_prefix("0x").unwrap_or(bare);
    let is_hex = bare.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_hex && bare.len() >= 8 && bare.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(seen: &Value, ours: &Value) -> Vec<String> {
        let differ = Differ::new(["token"]);
        differ.differences(seen, ours, &mut |_, _| {}).into_iter().map(|one| one.path).collect()
    }

    #[test]
    fn times_ids_and_secrets_differ_by_right_and_nothing_else_does() {
        let seen = json!({"at": "2026-11-21T12:00:00.123Z", "hash": "0xd8833dd3", "id": 5, "token": "a", "n": 1, "list": [1, 2], "x": null});
        let ours = json!({"at": "2026-11-22T13:00:00.5Z", "hash": "0x00000001", "id": 6, "token": "b", "n": 1.0, "list": [1], "y": 1});
        assert_eq!(paths(&seen, &ours), ["$.list[1]", "$.x", "$.y"]);
        assert_eq!(paths(&json!("2026-11-21T12:00:00Z"), &json!("2026-11-21 12:00:00")), ["$"], "another format");
        assert_eq!(paths(&json!({"token": "a"}), &json!({"token": 1})), ["$.token"], "another type");
    }

    #[test]
    fn things_with_ids_are_compared_whatever_their_order() {
        let seen = json!([{"id": 2, "name": "b"}, {"id": 1, "name": "a"}]);
        assert_eq!(paths(&seen, &json!([{"id": 1, "name": "a"}, {"id": 2, "name": "c"}])), ["$[0].name"]);
    }

    #[test]
    fn pointers_become_paths() {
        assert_eq!(json_path("/data/updates/0/a-b~1c"), "$.data.updates[0]['a-b/c']");
        assert_eq!((general("$.a[12].b['c'][3]"), json_path("")), ("$.a[*].b['c'][*]".to_owned(), "$".to_owned()));
    }
}
