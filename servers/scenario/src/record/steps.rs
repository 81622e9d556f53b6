//! One thing that happened as one step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use stend_core::envelope::Envelope;
use stend_core::fault::Fault;
use stend_core::journal::{Channel, Entry};
use stend_core::world_events::{Done, WorldEvent};
use stend_core::{Problem, Registry};

use super::secrets::{Expected, Secrets, escaped};

/// Headers that belong to the connection and not to the request, or that every client sets by itself.
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
pub(super) struct Recorder<'a> {
    registry: &'a Registry,
    faults: BTreeMap<String, Fault>,
    /// How often faults had been applied when they were removed.
    gone: BTreeMap<String, u64>,
    pushes: u64,
    secrets: Secrets,
    pub(super) notes: Notes,
}

impl<'a> Recorder<'a> {
    /// For a session in a world with these texts of its own and these faults at one time or another.
    pub(super) fn new(
        registry: &'a Registry,
        own: BTreeSet<String>,
        faults: Vec<Fault>,
        gone: Vec<(String, u64)>,
    ) -> Self {
        let faults = faults.into_iter().filter_map(|fault| Some((fault.id.clone()?, fault))).collect();
        let (gone, secrets) = (gone.into_iter().collect(), Secrets::new(own, registry));
        Self { registry, faults, gone, pushes: 0, secrets, notes: Notes::default() }
    }

    fn envelope(&self, service: &str) -> Option<&'static dyn Envelope> {
        self.registry.find(service)?.1.envelope()
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
            WorldEvent::Action { name, args } => {
                let service = name.split('.').next().unwrap_or_default();
                Ok(Some(json!({ "do": { name.as_str(): self.secrets.sent(service, args) } })))
            }
            WorldEvent::Fault(fault) => {
                let mut fault = Fault::clone(fault);
                match fault.id.as_ref().and_then(|id| self.gone.get(id)) {
                    // One that was never applied, and draws no random numbers, changed nothing.
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

    /// Whether the client could not read the reply whole.
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
        // On a port for sockets an HTTP request opens one, or is refused.
        if self.envelope(entry.service).is_some() && entry.operation.is_none() {
            if let Some(fault) = &entry.fault {
                return Err(Problem::conflict(format!(
                    "the fault `{fault}` was applied to a handshake (journal entry {})",
                    entry.seq
                ))
                .hint(
                    "a scenario opens its sockets by itself, and not as often; record a session without that fault",
                ));
            }
            self.notes
                .add(format!("HTTP requests to the port of {} are left out: a call to it is a command", entry.service));
            return Ok(None);
        }
        let service = entry.service;
        let mut call = Map::new();
        let path = self.secrets.text(entry.path());
        let target = match entry.query() {
            Some(query) => format!("{path}?{}", self.secrets.pairs(service, query)),
            None => path,
        };
        call.insert(method, Value::String(target));
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
                    headers.insert(name.to_owned(), Value::String(self.secrets.header(service, name, value)));
                }
            }
        }
        if !entry.request.is_empty() {
            let text = std::str::from_utf8(&entry.request).map_err(|_| {
                Problem::conflict(format!(
                    "the body of journal entry {} ({} {}) is no text, and a scenario cannot hold it",
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
                    call.insert("json".into(), self.secrets.sent(service, &value));
                }
                None if content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) => {
                    call.insert("body".into(), Value::String(self.secrets.pairs(service, text)));
                }
                None => {
                    call.insert("body".into(), Value::String(self.secrets.text(text)));
                }
            }
        }
        if let Some(value) = content_type {
            headers.insert("content-type".into(), Value::String(escaped(value)));
        }
        if !headers.is_empty() {
            call.insert("headers".into(), Value::Object(headers));
        }
        let mut step = json!({ "call": { service: call } });
        if self.breaks(entry) {
            step["expect"] = json!({ "error": { "exists": true } });
            return Ok(Some(step));
        }
        step["expect"] = json!({ "status": entry.status });
        match serde_json::from_slice::<Value>(&entry.reply) {
            Ok(reply) => self.secrets.reply(service, &reply, None).add_to(&mut step),
            Err(_) => {
                let text = String::from_utf8_lossy(&entry.reply);
                step["expect"]["body"] = json!({ "equals": self.secrets.text(&text) });
            }
        }
        Ok(Some(step))
    }

    fn frame(&mut self, entry: &Entry) -> Result<Option<Value>, Problem> {
        let service = entry.service;
        let frame = serde_json::from_slice::<Value>(&entry.request).ok();
        let envelope = self.envelope(service);
        let command = frame.as_ref().zip(envelope).and_then(|(frame, envelope)| envelope.read(frame));
        let (Some((command, more)), Some(envelope)) = (command, envelope) else {
            self.notes.add(format!(
                "a frame to {service} that is no command is left out; it was answered with an error and changed nothing"
            ));
            return Ok(None);
        };
        let mut call = Map::new();
        call.insert("command".into(), Value::String(escaped(&command.name)));
        if let Some(token) = &command.token {
            call.insert("token".into(), self.secrets.sent(service, &json!({ "token": token }))["token"].take());
        }
        if !command.data.is_null() {
            call.insert("data".into(), self.secrets.sent(service, &command.data));
        }
        if more {
            self.notes.add("what a frame holds beside its command, token, data and id is left out".into());
        }
        let reply = serde_json::from_slice::<Value>(&entry.reply).ok();
        let fault = entry.fault.as_deref().and_then(|id| self.faults.get(id));
        // The journal has such a reply as it was before the fault.
        let damaged = fault.is_some_and(|fault| fault.garbage.is_some() || fault.truncate.is_some());
        let mut step = json!({ "call": { service: call } });
        match reply {
            _ if entry.status == 0 => step["expect"] = json!({ "error": { "exists": true } }),
            _ if damaged => {
                self.notes.add("a reply on a socket that a fault has damaged is waited for, and not compared".into());
            }
            // The player numbers its frames itself.
            Some(reply @ Value::Object(_)) => {
                self.secrets.reply(service, &reply, Some(envelope.id_key())).add_to(&mut step);
            }
            // A fault has answered so.
            _ => {
                let text = String::from_utf8_lossy(&entry.reply);
                step["expect"] = json!({ "body": { "equals": self.secrets.text(&text) } });
            }
        }
        // Left out, a status below 400 is expected.
        if entry.status >= 400 {
            step["expect"]["status"] = entry.status.into();
        }
        Ok(Some(step))
    }
}

impl Expected {
    /// Adds what is expected and captured to a step.
    fn add_to(self, step: &mut Value) {
        if !self.paths.is_empty() {
            step["expect"]["json"] = Value::Object(self.paths);
        }
        if !self.captures.is_empty() {
            step["capture"] = Value::Object(self.captures);
        }
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
    fn only_spaces_between_parts_go() {
        assert_eq!(without_spaces("{ \"a b\" :\n [1, \"\\\" c\"] }"), "{\"a b\":[1,\"\\\" c\"]}");
    }
}
