//! One thing that happened as one step.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stend_core::Problem;
use stend_core::fault::Fault;
use stend_core::journal::{Channel, Entry};
use stend_core::world_events::{Done, WorldEvent};

/// Headers that belong to the connection and not to the request, or that every client writes for itself.
const OWN_HEADERS: [&str; 9] = [
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Sentences about what is left out, each once.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<String>);

impl Notes {
    fn add(&mut self, note: String) {
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }
}

/// Makes steps, and notes what is lost by it.
pub(super) struct Recorder {
    faults: BTreeMap<String, Fault>,
    /// How often faults had struck when they were taken out.
    gone: BTreeMap<String, u64>,
    pushes: u64,
    pub(super) notes: Notes,
}

impl Recorder {
    pub(super) fn new(faults: Vec<Fault>, gone: Vec<(String, u64)>) -> Self {
        let faults = faults.into_iter().filter_map(|fault| Some((fault.id.clone()?, fault))).collect();
        Self { faults, gone: gone.into_iter().collect(), pushes: 0, notes: Notes::default() }
    }

    /// The step of an exchange, if it makes one.
    pub(super) fn asked(&mut self, entry: &Entry) -> Result<Option<Value>, Problem> {
        if let Some(fault) = entry.fault.as_deref().and_then(|id| self.faults.get(id))
            && (fault.delay.is_some() || fault.dribble.is_some())
        {
            self.notes.add(format!(
                "what happened while the fault `{}` held a reply back is played after that reply",
                fault.id.as_deref().unwrap_or_default()
            ));
        }
        match entry.channel {
            Channel::Http => self.http(entry),
            Channel::Frame => self.frame(entry),
            _ => {
                self.pushes += 1;
                if self.pushes == 1 {
                    self.notes.add("pushes are not compared; add `wait_for: { push: … }` where they matter".into());
                }
                Ok(None)
            }
        }
    }

    /// The step of a world event, if it makes one.
    pub(super) fn done(&mut self, done: &Done) -> Result<Option<Value>, Problem> {
        match &done.event {
            WorldEvent::Action { name, args } => Ok(Some(json!({ "do": { name.as_str(): plain(args) } }))),
            WorldEvent::Fault(fault) => {
                let mut fault = Fault::clone(fault);
                match fault.id.as_ref().and_then(|id| self.gone.get(id)) {
                    // One that never struck and draws no lots is as good as none.
                    Some(0) if fault.matching.probability.is_none() => return Ok(None),
                    Some(faulted) => fault.times = Some((*faulted).max(1)),
                    None => {}
                }
                Ok(Some(json!({ "fault": fault })))
            }
            WorldEvent::FaultGone(_) => Ok(None),
            WorldEvent::ServiceReset(service) => {
                Err(Problem::conflict(format!("{service} was reset by itself at {}", done.at))
                    .hint("a scenario has no word for it; reset the whole world and record what comes after"))
            }
            WorldEvent::ClockBack(from) => Err(Problem::conflict(format!("the clock was set back at {from}"))
                .hint("a scenario's clock goes ahead only")),
        }
    }

    /// The effect of the fault that struck, as far as it bears on what the client can read.
    fn breaks(&self, entry: &Entry) -> bool {
        let fault = entry.fault.as_deref().and_then(|id| self.faults.get(id));
        entry.status == 0
            || fault.is_some_and(|fault| fault.truncate.is_some() || fault.reset.is_some() || fault.close.is_some())
    }

    fn http(&mut self, entry: &Entry) -> Result<Option<Value>, Problem> {
        let method = entry.method().to_lowercase();
        if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
            self.notes.add(format!("{} {} is left out: a call has no such method", entry.method(), entry.path()));
            return Ok(None);
        }
        if entry.service == "queue" && entry.operation.is_none() {
            if let Some(fault) = &entry.fault {
                return Err(Problem::conflict(format!(
                    "the fault `{fault}` struck a handshake (journal entry {})",
                    entry.seq
                ))
                .hint(
                    "a scenario opens its sockets by itself, and not so often; record a session without such a fault",
                ));
            }
            self.notes.add("HTTP requests to the queue's port are left out: a call to it is a command".into());
            return Ok(None);
        }
        let mut call = Map::new();
        let target = entry.query().map_or(entry.path().to_owned(), |query| format!("{}?{query}", entry.path()));
        call.insert(method, Value::String(escaped(&target)));
        let mut headers = Map::new();
        let mut content_type = None;
        for (name, value) in entry.headers() {
            match name {
                "content-length" if value.parse::<usize>().is_ok_and(|length| length != entry.request.len()) => {
                    return Err(Problem::conflict(format!(
                        "the body of journal entry {} ({} {}) was not kept: {value} bytes were sent",
                        entry.seq,
                        entry.method(),
                        entry.path()
                    )));
                }
                "accept" if value == "*/*" => {}
                name if OWN_HEADERS.contains(&name) => {}
                "content-type" => content_type = Some(value),
                name => {
                    headers.insert(name.to_owned(), Value::String(escaped(value)));
                }
            }
        }
        if !entry.request.is_empty() {
            let text = std::str::from_utf8(&entry.request).map_err(|_| {
                Problem::conflict(format!(
                    "the body of journal entry {} ({} {}) is no text, and a scenario is one",
                    entry.seq,
                    entry.method(),
                    entry.path()
                ))
            })?;
            let value = serde_json::from_str::<Value>(text).ok();
            // As JSON only where nothing of how it was written is lost but the spaces.
            match value.filter(|value| content_type.is_some() && same_text(value, text)) {
                Some(value) => {
                    if content_type == Some("application/json") {
                        content_type = None;
                    }
                    call.insert("json".into(), plain(&value));
                }
                None => {
                    call.insert("body".into(), Value::String(escaped(text)));
                }
            }
        }
        if let Some(value) = content_type {
            headers.insert("content-type".into(), Value::String(escaped(value)));
        }
        if !headers.is_empty() {
            call.insert("headers".into(), Value::Object(headers));
        }
        let expect = if self.breaks(entry) {
            json!({ "error": { "exists": true } })
        } else {
            let mut expect = json!({ "status": entry.status });
            match serde_json::from_slice::<Value>(&entry.reply) {
                Ok(value) => expect["json"] = json!({ "$": { "equals": plain(&value) } }),
                Err(_) => {
                    let text = String::from_utf8_lossy(&entry.reply);
                    expect["body"] = json!({ "equals": escaped(&text) });
                }
            }
            expect
        };
        Ok(Some(json!({ "call": { entry.service: call }, "expect": expect })))
    }

    fn frame(&mut self, entry: &Entry) -> Result<Option<Value>, Problem> {
        let frame = serde_json::from_slice::<Value>(&entry.request).ok();
        let command = frame.as_ref().and_then(|frame| frame["command"].as_str()).filter(|command| !command.is_empty());
        let (Some(frame), Some(command)) = (&frame, command) else {
            self.notes.add(format!(
                "a frame to {} that is no command is left out; it was answered with an error and changed nothing",
                entry.service
            ));
            return Ok(None);
        };
        let mut call = Map::new();
        call.insert("command".into(), Value::String(escaped(command)));
        if let Some(token) = frame["token"].as_str() {
            call.insert("token".into(), Value::String(escaped(token)));
        }
        if !frame["data"].is_null() {
            call.insert("data".into(), plain(&frame["data"]));
        }
        if frame
            .as_object()
            .is_some_and(|frame| frame.keys().any(|key| !["command", "token", "data", "id"].contains(&key.as_str())))
        {
            self.notes.add("keys of a frame beside `command`, `token`, `data` and `id` are left out".into());
        }
        let reply = serde_json::from_slice::<Value>(&entry.reply).ok();
        let fault = entry.fault.as_deref().and_then(|id| self.faults.get(id));
        // The journal has such a reply as it was before the fault.
        let spoilt = fault.is_some_and(|fault| fault.garbage.is_some() || fault.truncate.is_some());
        let expect = match reply {
            _ if entry.status == 0 => Some(json!({ "error": { "exists": true } })),
            _ if spoilt => {
                self.notes.add("a reply on a socket that a fault has spoilt is waited for, and not compared".into());
                None
            }
            Some(Value::Object(reply)) => {
                // The player numbers its frames itself.
                let paths = reply.iter().filter(|(key, _)| *key != "id").map(|(key, value)| {
                    (
                        format!("$['{}']", key.replace('\\', "\\\\").replace('\'', "\\'")),
                        json!({ "equals": plain(value) }),
                    )
                });
                Some(json!({ "json": paths.collect::<Map<_, _>>() }))
            }
            // A fault has answered so.
            _ => Some(json!({ "body": { "equals": escaped(&String::from_utf8_lossy(&entry.reply)) } })),
        };
        let mut step = json!({ "call": { entry.service: call } });
        if let Some(expect) = expect {
            step["expect"] = expect;
        }
        // Left out, a status below 400 is expected.
        if entry.status >= 400 {
            step["expect"]["status"] = entry.status.into();
        }
        Ok(Some(step))
    }
}

/// A text in which nothing is a placeholder.
fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

/// A value in which nothing is a placeholder.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(escaped(text)),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

/// Whether JSON was written as it would be written here, but for spaces.
fn same_text(value: &Value, text: &str) -> bool {
    let written = value.to_string();
    written == without_spaces(text)
}

/// JSON without the spaces between its parts.
fn without_spaces(text: &str) -> String {
    let (mut within, mut escape) = (false, false);
    let keep = |c: &char| {
        if escape {
            escape = false;
        } else if within && *c == '\\' {
            escape = true;
        } else if *c == '"' {
            within = !within;
        }
        within || !c.is_ascii_whitespace()
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_placeholder_stays_a_text() {
        assert_eq!(plain(&json!({"a": ["${x}", "$"], "b": 1})), json!({"a": ["$${x}", "$"], "b": 1}));
    }

    #[test]
    fn only_spaces_between_parts_go() {
        assert_eq!(without_spaces("{ \"a b\" :\n [1, \"\\\" c\"] }"), "{\"a b\":[1,\"\\\" c\"]}");
    }
}
