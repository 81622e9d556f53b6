//! What has become of a world since it began: its services' sections compared, value by value.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};
use stend_core::Section;
use stend_transport::Reply;

use crate::request::{Request, apart, wrong};

/// The most changes that are listed; those beyond are counted.
const MOST: usize = 1_000;

/// The largest section that is compared, in bytes of JSON.
const LARGEST: usize = 32 * 1024 * 1024;

/// The longest value that is shown, in bytes of JSON.
const LONGEST: usize = 2_000;

pub(crate) async fn read(request: Request) -> Result<Reply, Reply> {
    let world = request.world()?;
    apart(move || {
        let mut changes = Changes::default();
        let mut too_large = Vec::new();
        let names = world.registry().services().iter().map(|kind| kind.name());
        for (service, (before, now)) in names.zip(world.beginning_and_now().map_err(wrong)?) {
            match tree(&before).zip(tree(&now)) {
                Some((before, now)) => changes.compare(&mut vec![service.to_owned()], &before, &now),
                None => too_large.push(service),
            }
        }
        Ok(Reply::ok(&json!({ "changes": changes.listed, "count": changes.count, "too_large": too_large })))
    })
    .await?
}

/// A section as a tree, unless it is too large.
fn tree(section: &Section) -> Option<Value> {
    let mut bytes = Bounded(Vec::new());
    serde_json::to_writer(&mut bytes, section).ok()?;
    serde_json::from_slice(&bytes.0).ok()
}

/// Takes so many bytes.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            return Err(io::Error::other("too large"));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One difference: a value that came has no `before`, one that went no `after`.
#[derive(Debug, PartialEq, Serialize)]
struct Change {
    /// Keys from the service on; a row of a list is named by what tells it from the others.
    path: Vec<String>,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Added,
    Removed,
    Changed,
}

#[derive(Default)]
struct Changes {
    listed: Vec<Change>,
    count: usize,
}

impl Changes {
    fn compare(&mut self, path: &mut Vec<String>, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => {
                let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                self.each(path, keys.into_iter().map(|key| (key.clone(), before.get(key), after.get(key))));
            }
            (Value::Array(before), Value::Array(after)) => match identity(before, after) {
                Some(key) => {
                    let of = |rows: &[Value]| -> Vec<String> { rows.iter().map(|row| name(&row[&key])).collect() };
                    let (old, new) = (of(before), of(after));
                    let found: BTreeMap<&String, &Value> = new.iter().zip(after).collect();
                    let gone: BTreeSet<&String> = old.iter().collect();
                    let kept =
                        old.iter().zip(before).map(|(name, row)| (name.clone(), Some(row), found.get(name).copied()));
                    let fresh = new.iter().zip(after).filter(|(name, _)| !gone.contains(name));
                    self.each(path, kept.chain(fresh.map(|(name, row)| (name.clone(), None, Some(row)))));
                }
                None => {
                    let most = before.len().max(after.len());
                    self.each(path, (0..most).map(|n| (n.to_string(), before.get(n), after.get(n))));
                }
            },
            _ if before == after => {}
            _ => self.note(path, Some(before), Some(after)),
        }
    }

    fn each<'v>(
        &mut self,
        path: &mut Vec<String>,
        pairs: impl Iterator<Item = (String, Option<&'v Value>, Option<&'v Value>)>,
    ) {
        for (step, before, after) in pairs {
            path.push(step);
            match (before, after) {
                (Some(before), Some(after)) => self.compare(path, before, after),
                (before, after) => self.note(path, before, after),
            }
            path.pop();
        }
    }

    fn note(&mut self, path: &[String], before: Option<&Value>, after: Option<&Value>) {
        self.count += 1;
        if self.listed.len() < MOST {
            let kind = match (before, after) {
                (None, _) => Kind::Added,
                (_, None) => Kind::Removed,
                _ => Kind::Changed,
            };
            self.listed.push(Change { path: path.to_vec(), kind, before: before.map(shown), after: after.map(shown) });
        }
    }
}

/// A value, or its length where it is long.
fn shown(value: &Value) -> Value {
    let length = value.to_string().len();
    if length <= LONGEST { value.clone() } else { json!({ "bytes": length }) }
}

fn name(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The key by which the rows of two lists are told apart: every row has it, and each list has every value once.
fn identity(before: &[Value], after: &[Value]) -> Option<String> {
    let rows = || before.iter().chain(after);
    let maps: Vec<&Map<String, Value>> = rows().map(Value::as_object).collect::<Option<_>>()?;
    let first = maps.first()?;
    let tells = |key: &&String| {
        [before, after].iter().all(|rows| {
            let named = rows.iter().filter_map(|row| row.get(key.as_str()));
            let names: BTreeSet<String> =
                named.filter(|value| value.is_string() || value.is_number()).map(name).collect();
            names.len() == rows.len()
        })
    };
    let id = first.keys().filter(|key| *key == "id").find(tells);
    id.or_else(|| first.keys().find(tells)).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(before: &Value, after: &Value) -> Changes {
        let mut changes = Changes::default();
        changes.compare(&mut vec!["desk".into()], before, after);
        changes
    }

    #[test]
    fn rows_are_found_again_by_what_tells_them_apart() {
        let before = json!({ "rows": [{ "id": 1, "name": "a" }, { "id": 2, "name": "b" }], "open": true });
        let after = json!({ "rows": [{ "id": 2, "name": "c" }, { "id": 3, "name": "a" }], "open": true, "n": 1 });
        let changes = compared(&before, &after);
        let seen: Vec<String> =
            changes.listed.iter().map(|change| format!("{:?} {}", change.kind, change.path.join("/"))).collect();
        assert_eq!(seen, ["Added desk/n", "Removed desk/rows/1", "Changed desk/rows/2/name", "Added desk/rows/3"]);
        assert_eq!((&changes.listed[2].before, &changes.listed[2].after), (&Some(json!("b")), &Some(json!("c"))));
        assert_eq!(compared(&after, &after).count, 0);
    }

    #[test]
    fn lists_without_such_a_key_are_compared_place_by_place() {
        let changes = compared(&json!([1, { "a": 1 }]), &json!([1, { "a": 2 }, 3]));
        let seen: Vec<String> = changes.listed.iter().map(|change| change.path.join("/")).collect();
        assert_eq!(seen, ["desk/1/a", "desk/2"]);
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted_and_long_values_are_told_by_their_length() {
        let after: Vec<usize> = (0..MOST + 5).collect();
        let changes = compared(&json!([]), &json!(after));
        assert_eq!((changes.listed.len(), changes.count), (MOST, MOST + 5));
        let long = compared(&json!({}), &json!({ "text": "x".repeat(LONGEST) }));
        assert_eq!(long.listed[0].after, Some(json!({ "bytes": LONGEST + 2 })));
    }
}
