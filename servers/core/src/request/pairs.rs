//! Query strings and forms as trees.

use serde_json::{Map, Value};

/// Deeper brackets than these are taken as part of the name.
const DEPTH: usize = 8;
/// The highest index plus one that brackets may name.
const ITEMS: usize = 1000;

/// Builds a tree of decoded pairs, as PHP does: `data[0][add]=5` is `{"data": [{"add": "5"}]}` and `ids[]=1` appends to a
/// list. All leaves are strings. Of a name that comes twice the last counts. A name with brackets that are not closed,
/// nested deeper than 8 or with an index of 1000 and more is a plain name.
pub fn pairs<K: AsRef<str>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (key, value) in pairs {
        let (key, value) = (key.as_ref(), Value::String(value.into()));
        match steps(key) {
            Some((name, steps)) => put(map.entry(name.to_owned()).or_insert(Value::Null), &steps, value),
            None => {
                map.insert(key.to_owned(), value);
            }
        }
    }
    map
}

/// The name in front of brackets, and what stands between them.
fn steps(key: &str) -> Option<(&str, Vec<&str>)> {
    let start = key.find('[').filter(|start| *start > 0)?;
    let inner = key[start..].strip_prefix('[')?.strip_suffix(']')?;
    let steps: Vec<&str> = inner.split("][").collect();
    let fits = |step: &&str| {
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        !step.contains(['[', ']']) && (!is_index || step.parse::<usize>().is_ok_and(|index| index < ITEMS))
    };
    (steps.len() <= DEPTH && steps.iter().all(fits)).then_some((&key[..start], steps))
}

/// Puts a value below a node, which becomes a list or an object as the first step wants it.
fn put(node: &mut Value, steps: &[&str], value: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *node = value;
        return;
    };
    let index = step.parse::<usize>().ok();
    if step.is_empty() || index.is_some() && !node.is_object() {
        if !node.is_array() {
            *node = Value::Array(Vec::new());
        }
        let Some(items) = node.as_array_mut() else { return };
        let index = index.unwrap_or(items.len());
        if items.len() >= ITEMS && index >= items.len() {
            return;
        }
        while items.len() <= index {
            items.push(Value::Null);
        }
        put(&mut items[index], rest, value);
    } else {
        if !node.is_object() {
            *node = Value::Object(Map::new());
        }
        let Some(fields) = node.as_object_mut() else { return };
        put(fields.entry((*step).to_owned()).or_insert(Value::Null), rest, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tree(list: &[(&str, &str)]) -> Value {
        Value::Object(pairs(list.iter().copied()))
    }

    #[test]
    fn lists_come_as_php_writes_them() {
        let sent = [
            ("data[0][component_id]", "1"),
            ("data[0][add]", "10"),
            ("data[1][add]", "+5"),
            ("note", "a b"),
            ("note", "c"),
            ("map[x]", "1"),
            ("ids[]", "7"),
            ("ids[]", "8"),
            ("100%", ""),
        ];
        let expected = json!({
            "data": [{ "component_id": "1", "add": "10" }, { "add": "+5" }], "note": "c", "map": { "x": "1" },
            "ids": ["7", "8"], "100%": ""
        });
        assert_eq!(tree(&sent), expected);
    }

    #[test]
    fn odd_brackets_are_plain_names_and_take_no_memory() {
        for name in ["x[999999999999]", "x[1000]", "x[", "[x]", "x]", "x[[a]]", &format!("x{}", "[a]".repeat(9))] {
            assert_eq!(tree(&[(name, "1")]), json!({ name: "1" }), "{name}");
        }
        assert_eq!(tree(&[("x[2]", "1")]), json!({ "x": [null, null, "1"] }));
        assert_eq!(tree(&[("x[a]", "1"), ("x[0]", "2"), ("x", "3"), ("x[b]", "4")]), json!({ "x": { "b": "4" } }));
    }
}
