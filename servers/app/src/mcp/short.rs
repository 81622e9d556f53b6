//! Answers that an agent can read: bounded, whatever a world holds.

use serde_json::{Value, json};

/// The longest answer, in bytes of JSON.
const LONGEST: usize = 48 * 1024;

/// Letters of a text and items of a list below the answer's own, tried one after the other until the answer is short enough.
const STEPS: [(usize, usize); 3] = [(2_000, 100), (400, 20), (100, 5)];

/// The longest error, in letters.
const LONGEST_ERROR: usize = 4_000;

/// The answer, long texts and lists in it cut, which `cut` then says.
///
/// # Errors
/// It is too long all the same.
pub(super) fn bounded(answer: Value) -> Result<Value, String> {
    let mut answer = match answer {
        Value::Object(_) => answer,
        other => json!({ "answer": other }),
    };
    for (letters, items) in STEPS {
        let mut is_cut = false;
        cut(&mut answer, letters, items, 0, &mut is_cut);
        if is_cut {
            answer["cut"] = json!(true);
        }
        if answer.to_string().len() <= LONGEST {
            return Ok(answer);
        }
    }
    let bytes = answer.to_string().len();
    Err(format!(
        "the answer has {bytes} bytes even when cut\n  = help: ask for less: a smaller `limit`, one table, one service"
    ))
}

/// Lists at the top are the answer's own, which have limits.
fn cut(value: &mut Value, letters: usize, items: usize, depth: usize, is_cut: &mut bool) {
    match value {
        Value::String(whole) => {
            if let Some((at, _)) = whole.char_indices().nth(letters) {
                let more = whole[at..].chars().count();
                whole.truncate(at);
                whole.push_str(&format!("… ({more} more letters)"));
                *is_cut = true;
            }
        }
        Value::Array(all) => {
            if depth > 1 && all.len() > items {
                let more = all.len() - items;
                all.truncate(items);
                all.push(json!(format!("… ({more} more)")));
                *is_cut = true;
            }
            all.iter_mut().for_each(|item| cut(item, letters, items, depth + 1, is_cut));
        }
        Value::Object(map) => map.values_mut().for_each(|item| cut(item, letters, items, depth + 1, is_cut)),
        _ => {}
    }
}

/// An error's text.
pub(super) fn text(why: &str) -> String {
    match why.char_indices().nth(LONGEST_ERROR) {
        Some((at, _)) => format!("{}…", &why[..at]),
        None => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_is_cut_and_says_so_and_a_short_one_stays_as_it_is() {
        let short = json!({ "entries": [1, 2, 3], "text": "é".repeat(2_000) });
        assert_eq!(bounded(short.clone()), Ok(short));
        let long = json!({ "entries": [{ "reply": { "rows": vec![json!("x"); 300], "text": "é".repeat(2_010) } }] });
        let cut = bounded(long).expect("short enough");
        let reply = &cut["entries"][0]["reply"];
        assert_eq!((&cut["cut"], reply["rows"].as_array().map(Vec::len)), (&json!(true), Some(101)));
        assert_eq!(reply["rows"][100], "… (200 more)");
        assert!(reply["text"].as_str().is_some_and(|text| text.ends_with("é… (10 more letters)")), "{reply}");
    }

    #[test]
    fn what_stays_too_long_is_refused_with_what_to_do() {
        let rows: Vec<Value> = (0..2_000).map(|n| json!({ "key": n, "a": "some text of a row" })).collect();
        let why = bounded(json!({ "rows": rows })).expect_err("too long");
        assert!(why.contains("`limit`"), "{why}");
        assert_eq!(bounded(json!([1])), Ok(json!({ "answer": [1] })));
    }
}
