//! Schemas of what a value is expected to be, by the closed sets of [`crate::matcher::Domain`].

use serde_json::{Map, Value, json};

use super::words::{PLACEHOLDER, any_of, headers, text};
use crate::matcher::MATCHERS;

/// The definitions, by their names.
pub(super) fn definitions() -> [(&'static str, Value); 6] {
    [
        ("Expected", any()),
        ("ExpectedText", of_text()),
        ("ExpectedStatus", of_status()),
        ("ExpectedCount", of_count()),
        ("Paths", paths()),
        ("ExpectedHeaders", at_least_one(headers(&refer("ExpectedText")))),
    ]
}

/// A reference to a definition.
pub(super) fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn at_least_one(mut map: Value) -> Value {
    map["minProperties"] = json!(1);
    map
}

/// JSONPaths, each with what is expected there.
fn paths() -> Value {
    json!({
        "type": "object", "minProperties": 1,
        "propertyNames": {"pattern": r"^\$", "patternErrorMessage": "a JSONPath begins with $"},
        "additionalProperties": refer("Expected"),
    })
}

/// A map of matcher words, or a value as it is.
fn matchers(words: Map<String, Value>, value: Value) -> Value {
    let map = json!({ "type": "object", "properties": words, "additionalProperties": false });
    any_of([value, map])
}

/// A number, in quotes or not, or one that is filled in later.
fn number(bounds: Value) -> Value {
    let mut number = bounds;
    number["type"] = json!("number");
    let quoted = text(&format!(r"^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$|{PLACEHOLDER}"), "a number");
    any_of([number, quoted])
}

fn words(all: Value) -> Map<String, Value> {
    let about = |word: &str| MATCHERS.iter().find(|[known, ..]| *known == word).map_or("", |[_, about, _]| about);
    let Value::Object(mut all) = all else { return Map::new() };
    for (word, schema) in &mut all {
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".into(), json!(about(word)));
        }
    }
    all
}

fn any() -> Value {
    let bound = number(json!({}));
    let words = words(json!({
        "equals": {},
        "matches": {"type": "string"},
        "exists": {"type": "boolean"},
        "gt": bound, "ge": bound, "lt": bound, "le": bound,
        "length": {"allOf": [refer("ExpectedCount")]},
        "contains": {},
        "one_of": {"type": "array", "minItems": 1},
        "not": {"allOf": [refer("Expected")]},
        "type": {"enum": ["string", "number", "boolean", "null", "array", "object"]},
    }));
    let value =
        json!({ "description": "The value as it is.", "type": ["string", "number", "boolean", "null", "array"] });
    matchers(words, value)
}

fn of_text() -> Value {
    let scalar = json!({ "type": ["string", "number", "boolean"] });
    let bound = number(json!({}));
    let words = words(json!({
        "equals": scalar,
        "matches": {"type": "string"},
        "exists": {"type": "boolean"},
        "gt": bound, "ge": bound, "lt": bound, "le": bound,
        "length": {"allOf": [refer("ExpectedCount")]},
        "contains": scalar,
        "one_of": {"type": "array", "minItems": 1, "items": scalar},
        "not": {"allOf": [refer("ExpectedText")]},
        "type": {"const": "string"},
    }));
    matchers(words, scalar)
}

/// Words of numbers: what no status or count meets, and what all do, is left out.
fn of_number(value: &Value, name: &str, most: Option<u32>) -> Value {
    let bound = |mut bounds: Value, below: bool| {
        if let (Some(most), false) = (most, below) {
            bounds["maximum"] = json!(most);
        }
        number(bounds)
    };
    let words = words(json!({
        "equals": {"allOf": [value]},
        "matches": {"type": "string"},
        "gt": bound(json!({}), false), "ge": bound(json!({}), false),
        "lt": number(json!({"exclusiveMinimum": 0})), "le": number(json!({"minimum": 0})),
        "one_of": {"type": "array", "minItems": 1, "items": value},
        "not": {"allOf": [refer(name)]},
    }));
    let mut schema = matchers(words, value.clone());
    // Alone, a bound that everything meets expects nothing.
    schema["not"] = json!({ "type": "object", "maxProperties": 1, "required": ["ge"], "properties": {"ge": {"type": "number", "maximum": 0}} });
    schema
}

fn of_status() -> Value {
    let value = json!({
        "description": "A status such as 200, a class such as 5xx, or 0 where nothing was sent.",
        "anyOf": [
            {"type": "integer", "minimum": 100, "maximum": 599},
            {"enum": [0, "1xx", "2xx", "3xx", "4xx", "5xx"]},
            text(&format!("^[1-5](xx|XX)$|^0$|^[1-5][0-9][0-9]$|{PLACEHOLDER}"), "a status such as 200, or a class such as 4xx"),
        ],
    });
    of_number(&value, "ExpectedStatus", Some(599))
}

fn of_count() -> Value {
    let value = json!({
        "description": "A whole number from 0.",
        "anyOf": [
            {"type": "integer", "minimum": 0},
            text(&format!("^[0-9]+$|{PLACEHOLDER}"), "a whole number from 0"),
        ],
    });
    of_number(&value, "ExpectedCount", None)
}

#[cfg(test)]
mod tests {
    use crate::matcher::WORDS;

    #[test]
    fn the_words_of_the_schema_are_those_of_matchers() {
        let schema = super::any();
        let known: Vec<&str> =
            schema["anyOf"][1]["properties"].as_object().expect("words").keys().map(String::as_str).collect();
        let mut words = WORDS.to_vec();
        let mut sorted = known.clone();
        words.sort_unstable();
        sorted.sort_unstable();
        assert_eq!(sorted, words);
        assert_eq!(super::MATCHERS.map(|[word, ..]| word), WORDS);
    }
}
