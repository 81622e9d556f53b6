//! JSONPaths: limits that are checked before a path is parsed, and what a path finds.

use serde_json::Value;
use serde_json_path::JsonPath;
use stend_core::Problem;

use super::values::LONG;

/// What a path finds: the value of a path to one place; a list for a path that can find many.
pub(crate) fn find(path: &JsonPath, text: &str, value: &Value) -> Option<Value> {
    let mut nodes = path.query(value).all();
    let can_find_many = text.contains(['*', '?', ':', ',']) || text.contains("..");
    match (can_find_many, nodes.len()) {
        (false, 0) => None,
        (false, _) => Some(nodes.remove(0).clone()),
        (true, _) => Some(nodes.into_iter().cloned().collect()),
    }
}

/// The longest JSONPath, in bytes.
const LONGEST: usize = 4096;
/// Brackets and parentheses in each other.
const LEVELS: usize = 32;
/// Filters in each other; the time to parse one doubles with each.
const FILTERS: usize = 4;
/// Steps to all descendants; each multiplies the time to search by the number of values.
const DESCENDANTS: usize = 3;
/// The product of the selectors of all brackets: a path finds a value once for each way to it, and keeps them all.
const WAYS: u64 = 256;

/// Whether the parser, and later the search, takes little time for this text, whatever it is.
fn is_bounded(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    // Of each bracket whether it is a filter, and how many selectors it has so far.
    let (mut levels, mut filters, mut descendants, mut ways) = (Vec::new(), 0, 0, 1_u64);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\'' | b'"' => {
                while let Some(inner) = bytes.next().filter(|inner| *inner != byte) {
                    if inner == b'\\' {
                        bytes.next();
                    }
                }
            }
            b'[' | b'(' => levels.push((false, 1_u64)),
            // A filter, wherever it stands in its brackets.
            b'?' => {
                if let Some((filter @ false, _)) = levels.last_mut() {
                    *filter = true;
                    filters += 1;
                }
            }
            b',' => {
                if let Some((_, selectors)) = levels.last_mut() {
                    *selectors += 1;
                }
            }
            b']' | b')' => {
                if let Some((is_filter, selectors)) = levels.pop() {
                    filters -= usize::from(is_filter);
                    ways = ways.saturating_mul(if byte == b']' { selectors } else { 1 });
                }
            }
            b'.' if bytes.next_if_eq(&b'.').is_some() => descendants += 1,
            _ => {}
        }
        if levels.len() > LEVELS || filters > FILTERS || descendants > DESCENDANTS || ways > WAYS {
            return false;
        }
    }
    true
}

/// Reads an RFC 9535 path.
pub(crate) fn path(text: &str) -> Result<JsonPath, Problem> {
    if !is_bounded(text) {
        let start: String = text.chars().take(LONG).collect();
        return Err(Problem::invalid(format!("a JSONPath that is too large: `{start}`")).hint(format!(
            "at most {LONGEST} characters, {LEVELS} levels of brackets, {FILTERS} filters in each other, {DESCENDANTS} times `..`, and {WAYS} for the product of the selectors of its brackets"
        )));
    }
    let wrong = |error: serde_json_path::ParseError| {
        Problem::invalid(format!("`{text}` is no JSONPath: {error}"))
            .hint("paths begin with `$`, e.g. `$.data.updates[0].hash`")
    };
    JsonPath::parse(text).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn a_path_is_refused_or_parsed_and_searched_soon(
            pieces in proptest::collection::vec("\\[\\?|\\[|\\]|\\(|\\)|\\.\\.|\\.a|@|\\$|\\*|,|==1|!|&&|'b'|length\\(|1:2|\\[\\*,\\*,\\*\\]|\\[\\?@\\.\\.", 0..60),
        ) {
            let text = format!("${}", pieces.concat());
            let document = serde_json::json!({"a": [{"b": 1, "a": [1, 2, 3]}, {"b": [[1], [2]]}], "b": {"a": {"a": 1}}});
            #[expect(clippy::disallowed_methods, reason = "a stopwatch")]
            let began = std::time::Instant::now();
            if let Ok(path) = path(&text) {
                let _ = find(&path, &text, &document);
            }
            prop_assert!(began.elapsed() < std::time::Duration::from_secs(10), "{}", text);
        }
    }

    #[test]
    fn a_path_that_would_take_for_ever_is_refused_before_it_is_parsed() {
        let nested = |filter: &str, n: usize| format!("${}{}", filter.repeat(n), "]".repeat(n));
        for bad in [
            nested("[?@", 40),
            nested("[?@", 5),
            nested("[0, ?@.a && @", 5),
            nested("[?count(@", 30),
            nested("[?@['a\\'[']", 5),
            format!("$[?{}@.a{}]", "(".repeat(40), ")".repeat(40)),
            format!("$.{}", "a".repeat(5_000)),
            "$..a..b..c..d".to_owned(),
        ] {
            let problem = path(&bad).expect_err(&bad);
            assert!(problem.message.contains("too large") && problem.message.len() < 400, "{problem}");
        }
        for good in [
            "$..a[?@.b == '[[[[[[?' && @.c == \"]\"].d",
            "$[?@.a[?@.b[?@.c]]]",
            "$[?@.a]['b', 0][?@.c][?@.d][?@.e][?@.f]",
        ] {
            path(good).expect(good);
        }
    }

    #[test]
    fn paths_that_can_find_many_give_lists() {
        let value = json!({"updates": [{"code": "a"}]});
        let find = |text: &str| find(&path(text).expect("good"), text, &value);
        assert_eq!(find("$.updates[0].code"), Some(json!("a")));
        assert_eq!(find("$.updates[*].code"), Some(json!(["a"])));
        assert_eq!(find("$.nothing"), None);
        assert!(path("updates").is_err());
    }
}
