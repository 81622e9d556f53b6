//! What came of a step, held against what the step expects.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::seen::{part_of, seen_of};
use super::{Failed, Player, part};
use crate::call::Answer;
use crate::expect::{check_paths, read_paths};
use crate::file::{ReplyFile, Step, json as plain};
use crate::matcher::{Domain, Matcher, find, path, short};
use crate::subst::fill;

impl Player<'_> {
    pub(super) fn answered(&mut self, step: &Step, answer: Result<Answer, String>) -> Result<Value, Failed> {
        let empty = ReplyFile { status: None, json: None, headers: None, body: None, error: None };
        let expect = step.expect.as_ref().unwrap_or(&empty);
        self.seen.found = match &answer {
            Ok(answer) => seen_of(answer, plain(&expect.headers).as_ref()),
            Err(why) => json!({ "error": why }),
        };
        let answer = match (answer, plain(&expect.error)) {
            (Ok(answer), None) => answer,
            (Ok(answer), Some(_)) => {
                let why = format!("expected no reply; got {} {}", answer.status.unwrap_or(200), answer.body);
                return Err(part(["expect", "error"])(why));
            }
            (Err(why), None) => return Err(part(["call"])(why)),
            (Err(why), Some(expected)) => {
                self.expected(&expected, Domain::Text)?
                    .check(Some(&Value::from(why.clone())))
                    .map_err(part(["expect", "error"]))?;
                return Ok(json!({ "error": why }));
            }
        };
        match (answer.status, plain(&expect.status)) {
            (Some(status), Some(expected)) => {
                self.expected(&expected, Domain::Status)?
                    .check_status(status)
                    .map_err(|why| format!("status: {why}; the body is {}", cut(&answer.body)))
                    .map_err(part(["expect", "status"]))?;
            }
            // A call that says nothing of the status wants to succeed.
            (Some(status), None) if status >= 400 => {
                return Err(part(["call"])(format!("status {status}; the body is {}", cut(&answer.body))));
            }
            (None, Some(_)) => {
                let why = "status: not known, as the journal has not kept the command".to_owned();
                return Err(part(["expect", "status"])(why));
            }
            (_, None) => {}
        }
        let body = answer.json();
        if let Some(paths) = plain(&expect.json) {
            self.check_json(&paths, &body)?;
        }
        if let Some(expected) = plain(&expect.body) {
            self.expected(&expected, Domain::Text)?
                .check(Some(&Value::from(answer.body.as_str())))
                .map_err(|why| format!("body: {why}"))
                .map_err(part(["expect", "body"]))?;
        }
        if let Some(Value::Object(headers)) = plain(&expect.headers) {
            for (name, expected) in &headers {
                let given = answer.headers.get(&name.to_lowercase()).map(|value| Value::from(value.as_str()));
                self.expected(expected, Domain::Text)?
                    .check(given.as_ref())
                    .map_err(|why| format!("header {name}: {why}"))
                    .map_err(part(["expect", "headers", name]))?;
            }
        }
        self.capture(&step.capture, &body)?;
        Ok(answer.status.map_or(Value::Null, |status| json!({ "status": status })))
    }

    pub(super) fn expected(&self, value: &Value, domain: Domain) -> Result<Matcher, String> {
        fill(value, &self.captured).and_then(|value| Matcher::read(&value, domain)).map_err(|problem| problem.message)
    }

    pub(super) fn check_json(&self, paths: &Value, value: &Value) -> Result<(), Failed> {
        let paths =
            fill(paths, &self.captured).and_then(|paths| read_paths(&paths)).map_err(|problem| problem.message)?;
        check_paths(&paths, value).map_err(|(path, why)| part(["expect", "json", &path])(why))
    }

    pub(super) fn capture(&mut self, wanted: &BTreeMap<String, String>, value: &Value) -> Result<(), Failed> {
        for (name, text) in wanted {
            let found = path(text).map_err(|problem| problem.message)?;
            let Some(found) = find(&found, text, value) else {
                let why = format!("nothing to capture as `{name}`: {text} finds nothing in {}", short(value));
                return Err(part(["capture", name])(why));
            };
            self.seen.captured.insert(name.clone(), part_of(found.clone()));
            self.captured.insert(name.clone(), found);
        }
        Ok(())
    }
}

fn cut(text: &str) -> String {
    let head: String = text.chars().take(300).collect();
    if head.len() < text.len() { format!("{head}…") } else { head }
}
