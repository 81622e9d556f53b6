//! What a report keeps of a step.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stend_core::Span;

use crate::call::Answer;
use crate::expect::{Expectation, Miss};
use crate::report::StepOutcome;

/// What a step has come to, for the report.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) found: Value,
    pub(super) nearest: Value,
    pub(super) captured: BTreeMap<String, Value>,
}

/// What came of an expectation.
pub(super) fn checked(expectation: &Expectation, at: Span, miss: Option<Miss>) -> StepOutcome {
    let nearest = miss.as_ref().and_then(|miss| {
        let seq = miss.nearest.as_ref()?.get("seq")?;
        Some(json!({ "seq": seq, "unmet": miss.unmet }))
    });
    StepOutcome {
        expected: expectation.node().to_json(),
        nearest: nearest.unwrap_or_default(),
        ..StepOutcome::of(expectation.node(), expectation.title(), at).failing(miss.map(|miss| miss.message))
    }
}

/// What a reply was, as a report keeps it.
pub(super) fn seen_of(answer: &Answer, headers: Option<&Value>) -> Value {
    let body = match answer.json() {
        Value::Null => Value::from(answer.body.as_str()),
        json => json,
    };
    let mut seen = json!({ "body": part_of(body) });
    if let Some(status) = answer.status {
        seen["status"] = status.into();
    }
    // Others, such as the date, are not the same twice.
    if let Some(Value::Object(wanted)) = headers {
        let wanted: Vec<String> = wanted.keys().map(|name| name.to_lowercase()).collect();
        let found = answer.headers.iter().filter(|(name, _)| wanted.contains(name));
        seen["headers"] = found
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    seen
}

/// The longest value that a report keeps of a step, in characters of JSON; the journal has it whole.
const LONGEST: usize = 4_000;

/// The value, or the beginning of its text.
pub(super) fn part_of(value: Value) -> Value {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Value::from(format!("{}…", &text[..end])),
        None => value,
    }
}
