//! Tickets: what a consumer came for, and how far it has come.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::stamp;
use super::keyed::Keyed;
use super::settings::Vintage;

/// How a ticket, or an operation of it, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Stand {
    /// In the line, or not yet its turn.
    Waiting,
    /// At a window.
    Serving,
    /// Done.
    Served,
    /// Refused.
    Rejected,
    /// Out of the line until its time comes.
    Postpone,
}

impl Stand {
    /// The document's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Serving => "SERVING",
            Self::Served => "SERVED",
            Self::Rejected => "REJECTED",
            Self::Postpone => "POSTPONE",
        }
    }

    /// Whether nothing comes after it.
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Served | Self::Rejected)
    }
}

/// A ticket. A saved world carries all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// The id.
    pub id: i64,
    /// The range's prefix.
    #[serde(default)]
    pub prefix: String,
    /// The number of the day in its range.
    pub number: i64,
    /// Lower ones are called first among tickets of services of one priority.
    #[serde(default = "fifty")]
    pub priority: i64,
    /// When it was taken, to the second.
    #[serde(with = "stamp")]
    #[schemars(with = "String")]
    pub registration: Timestamp,
    /// How it stands.
    #[serde(default = "waiting")]
    pub state: Stand,
    /// The window; -1: none.
    #[serde(default = "nowhere")]
    pub workplace_id: i64,
    /// When it was called last.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stamp::maybe")]
    #[schemars(with = "Option<String>")]
    pub last_call: Option<Timestamp>,
    /// How often it was called, which tells a repeated call from none where the clock stands.
    #[serde(skip)]
    pub calls: u64,
    /// When it comes back into the line.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stamp::maybe")]
    #[schemars(with = "Option<String>")]
    pub postpone_to: Option<Timestamp>,
    /// How often it was skipped.
    #[serde(default)]
    pub vanish_count: i64,
    /// From the registration.
    #[serde(default)]
    pub comment: String,
    /// The code it was registered with, where its service requires one.
    #[serde(default)]
    pub pin_code: String,
    /// A picture in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
    /// When its state changed last.
    #[serde(default = "epoch", with = "stamp")]
    #[schemars(with = "String")]
    pub state_changed: Timestamp,
    /// When anything of it changed last.
    #[serde(default = "epoch", with = "stamp")]
    #[schemars(with = "String")]
    pub last_update: Timestamp,
    /// When it was done with.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stamp::maybe")]
    #[schemars(with = "Option<String>")]
    pub done: Option<Timestamp>,
    /// What for, by the service's id.
    pub services: Keyed<Taken>,
}

fn fifty() -> i64 {
    50
}

fn waiting() -> Stand {
    Stand::Waiting
}

fn nowhere() -> i64 {
    -1
}

fn epoch() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// A service that a ticket is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// Its name then.
    #[serde(default)]
    pub name: String,
    /// Its priority then.
    #[serde(default = "fifty")]
    pub priority: i64,
    /// When it was added.
    #[serde(with = "stamp")]
    #[schemars(with = "String")]
    pub registration: Timestamp,
    /// Stage to operations.
    pub stages: Keyed<Keyed<Step>>,
}

/// An operation that a ticket is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How it stands.
    #[serde(default = "waiting")]
    pub state: Stand,
    /// Who serves it, or has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    /// The one user who may serve it (`return2me`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound_to: Option<i64>,
    /// Comments of the clerks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comment: Vec<String>,
    /// How it stood when, for the statistics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<Stay>,
}

/// A state that an operation was in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    /// The state.
    pub state: Stand,
    /// Since when.
    #[serde(with = "stamp")]
    #[schemars(with = "String")]
    pub time_in: Timestamp,
    /// What the clerk noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
    /// The window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workplace_id: Option<i64>,
}

/// Where in a ticket an operation is: service, stage, operation.
pub(crate) type Place = (i64, i64, i64);

impl Step {
    /// Goes over to a state, and notes it for the statistics.
    pub(crate) fn enter(&mut self, state: Stand, now: Timestamp, by: Option<(i64, i64)>, comment: Option<&str>) {
        self.state = state;
        // No sample shows an entry for SERVED: `done` tells of it, and a comment stands where the operation was in service.
        if state == Stand::Served {
            if let (Some(comment), Some(stay)) = (comment, self.states.last_mut()) {
                stay.comment = Some(comment.to_owned());
            }
        } else {
            self.states.push(Stay {
                state,
                time_in: super::fields::to_second(now),
                comment: comment.map(str::to_owned),
                user_id: by.map(|(user, _)| user),
                workplace_id: by.map(|(_, window)| window),
            });
        }
    }
}

impl Taken {
    /// The first stage that is not done with.
    pub(crate) fn stage(&self) -> Option<(i64, &Keyed<Step>)> {
        let open = |(_, steps): &(&i64, &Keyed<Step>)| steps.values().any(|step| !step.state.is_final());
        self.stages.iter().find(open).map(|(stage, steps)| (*stage, steps))
    }
}

impl Consumer {
    /// Prefix and number, as printed on it (Q23).
    pub(crate) fn ticket(&self) -> String {
        format!("{}{:03}", self.prefix, self.number)
    }

    /// The operations whose turn it is and that stand so.
    pub(crate) fn due(&self, state: Stand) -> Vec<Place> {
        let mut places = Vec::new();
        for (service, taken) in self.services.iter() {
            if let Some((stage, steps)) = taken.stage() {
                places.extend(
                    steps
                        .iter()
                        .filter(|(_, step)| step.state == state)
                        .map(|(operation, _)| (*service, stage, *operation)),
                );
            }
        }
        places
    }

    pub(crate) fn step(&self, (service, stage, operation): Place) -> Option<&Step> {
        self.services.get(&service)?.stages.get(&stage)?.get(&operation)
    }

    pub(crate) fn step_mut(&mut self, (service, stage, operation): Place) -> Option<&mut Step> {
        self.services.get_mut(&service)?.stages.get_mut(&stage)?.get_mut(&operation)
    }

    /// All operations that are not done with.
    pub(crate) fn open(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (service, taken) in self.services.iter() {
            for (stage, steps) in taken.stages.iter() {
                let open = steps.iter().filter(|(_, step)| !step.state.is_final());
                places.extend(open.map(|(operation, _)| (*service, *stage, *operation)));
            }
        }
        places
    }

    /// Goes over to a state.
    pub(crate) fn enter(&mut self, state: Stand, now: Timestamp) {
        if self.state != state {
            self.state = state;
            self.state_changed = now;
        }
        self.last_update = now;
    }

    /// `services` as the document prints them.
    fn services_wire(&self) -> Value {
        let mut services = Map::new();
        for (service, taken) in self.services.iter() {
            let mut stages = Map::new();
            for (stage, steps) in taken.stages.iter() {
                let mut operations = Map::new();
                for (operation, step) in steps.iter() {
                    let mut shown = Map::new();
                    if let Some(user) = step.user_id {
                        shown.insert("user_id".into(), json!(user));
                    }
                    shown.insert("state".into(), json!(step.state));
                    if !step.comment.is_empty() {
                        shown.insert("comment".into(), json!(step.comment));
                    }
                    operations.insert(operation.to_string(), Value::Object(shown));
                }
                stages.insert(stage.to_string(), Value::Object(operations));
            }
            services.insert(service.to_string(), Value::Object(stages));
        }
        Value::Object(services)
    }

    /// The ticket as clients get it, of either vintage (Q24), in the order of the older samples.
    pub(crate) fn wire(&self, workplace: Option<Value>, vintage: Vintage) -> Map<String, Value> {
        let mut map = Map::new();
        let full = vintage == Vintage::Full;
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        put("services", self.services_wire());
        put("id", json!(self.id));
        put("prefix", json!(self.prefix));
        put("number", json!(self.number));
        put("priority", json!(self.priority));
        put("registration", json!(stamp::print(self.registration)));
        if full {
            put("active", json!(!self.state.is_final()));
        }
        put("workplace_id", json!(self.workplace_id));
        if let Some(call) = self.last_call {
            put("last_call", json!(stamp::print(call)));
        }
        if full {
            put("vanish_count", json!(self.vanish_count));
            put("comment", json!(self.comment));
            put("pin_code", json!(self.pin_code));
            if let Some(photo) = &self.photo {
                put("photo", json!(photo));
            }
            put("state_changed", json!(stamp::print(self.state_changed)));
            put("last_update", json!(stamp::print(self.last_update)));
        }
        put("ticket", json!(self.ticket()));
        if let Some(to) = self.postpone_to {
            put("postpone_to", json!(stamp::print(to)));
        }
        if let Some(workplace) = workplace {
            put("workplace", workplace);
        }
        put("state", json!(self.state));
        map
    }

    /// A line of `currentQueue` without details: exactly the printed keys.
    pub(crate) fn terse(&self) -> Map<String, Value> {
        let mut map = Map::new();
        let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
        put("id", json!(self.id));
        put("prefix", json!(self.prefix));
        put("number", json!(self.number));
        put("priority", json!(self.priority));
        put("registration", json!(stamp::print(self.registration)));
        put("workplace_id", json!(self.workplace_id));
        if let Some(call) = self.last_call {
            put("last_call", json!(stamp::print(call)));
        }
        put("ticket", json!(self.ticket()));
        map
    }
}
