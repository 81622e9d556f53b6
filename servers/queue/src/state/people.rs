//! Simulated people: visitors who come, and clerks who serve at a pace, by the world's clock and seed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rand::RngExt;
use rand::seq::IndexedRandom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Span, Table};

use super::State;
use super::consumers::Registration;
use super::posts::Post;
use crate::errors::Error;

/// What somebody is going to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WorldEvent {
    /// A visitor takes a ticket.
    Arrive {
        /// For one of these services.
        services: Vec<i64>,
    },
    /// A clerk is done with a ticket.
    Finish {
        /// The window.
        workplace: i64,
        /// The ticket.
        consumer: i64,
    },
}

/// A world event and its moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// What.
    pub event: WorldEvent,
}

/// A simulated clerk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulatedClerk {
    /// The user.
    pub user: i64,
    /// The window.
    pub workplace: i64,
    /// How long he serves a ticket.
    pub pace: Span,
    /// By which part of it more or less, from 0 to 1.
    #[serde(default)]
    pub spread: f64,
    /// How likely he rejects a ticket, from 0 to 1.
    #[serde(default)]
    pub reject: f64,
    /// Whether he goes after the ticket at hand.
    #[serde(default)]
    pub leaving: bool,
}

/// Who is simulated in a hall.
#[derive(Debug, Clone, Default)]
pub(crate) struct People {
    agenda: Table<(Timestamp, u64), WorldEvent>,
    next: u64,
    pub(crate) clerks: BTreeMap<i64, SimulatedClerk>,
    /// Windows whose simulated clerk waits for somebody.
    idle: BTreeSet<i64>,
}

impl People {
    pub(crate) fn restore(clerks: Vec<SimulatedClerk>, planned: Vec<Planned>) -> Self {
        let mut people = Self::default();
        for clerk in clerks {
            people.idle.insert(clerk.workplace);
            people.clerks.insert(clerk.workplace, clerk);
        }
        for Planned { at, event } in planned {
            if let WorldEvent::Finish { workplace, .. } = &event {
                people.idle.remove(workplace);
            }
            people.plan(at, event);
        }
        people
    }

    pub(crate) fn planned(&self) -> Vec<Planned> {
        self.agenda.iter().map(|((at, _), event)| Planned { at: *at, event: event.clone() }).collect()
    }

    pub(crate) fn plan(&mut self, at: Timestamp, event: WorldEvent) {
        self.next += 1;
        self.agenda.insert((at, self.next), event);
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.agenda.first().map(|((at, _), _)| *at)
    }

    pub(crate) fn works_at(&self, workplace: i64) -> bool {
        self.clerks.contains_key(&workplace)
    }

    /// A simulated clerk leaves a window as it is.
    pub(crate) fn go(&mut self, workplace: i64) {
        self.clerks.remove(&workplace);
        self.idle.remove(&workplace);
    }

    pub(crate) fn has_user(&self, user: i64) -> bool {
        self.clerks.values().any(|clerk| clerk.user == user)
    }

    pub(crate) fn is_anybody_here(&self) -> bool {
        !self.clerks.is_empty()
    }

    fn take_due(&mut self, due: Timestamp) -> Option<(Timestamp, WorldEvent)> {
        self.next_deadline().filter(|at| *at <= due)?;
        self.agenda.pop_first().map(|((at, _), event)| (at, event))
    }
}

impl State {
    /// Lets the simulated people do what is due; says what they did.
    pub(crate) fn people_act(&mut self, due: Timestamp) -> Vec<String> {
        let mut done = Vec::new();
        while let Some((at, event)) = self.people.take_due(due) {
            done.push(self.act(event, at));
            self.call_from_idle(at, &mut done);
        }
        self.call_from_idle(due, &mut done);
        done
    }

    fn act(&mut self, event: WorldEvent, at: Timestamp) -> String {
        match event {
            WorldEvent::Arrive { services } => {
                let Some(service) = services.choose(self.random.get("visitors")).copied() else {
                    return "a visitor finds no service".into();
                };
                let wanted = Registration { services: vec![service], ..Registration::default() };
                match self.register(wanted, at) {
                    Ok(id) => format!("a visitor takes ticket {id}"),
                    Err(error) => format!("a visitor takes no ticket: {}", error.text()),
                }
            }
            WorldEvent::Finish { workplace, consumer } => self.finish(workplace, consumer, at),
        }
    }

    fn finish(&mut self, workplace: i64, consumer: i64, at: Timestamp) -> String {
        let Some(clerk) = self.people.clerks.get(&workplace).cloned() else {
            return format!("nobody works at window {workplace}");
        };
        let post = Post { workplace, user: clerk.user };
        // Somebody else may have commanded at the window meanwhile.
        let still = self.consumer_at(workplace) == Some(consumer);
        let rejects = clerk.reject > 0.0 && self.random.get("clerks").random_bool(clerk.reject.clamp(0.0, 1.0));
        let result = match (still, rejects) {
            (false, _) => Ok(consumer),
            (true, true) => self.reject_consumer(post, None, at),
            (true, false) => self.serve_consumer(post, None, at),
        };
        if clerk.leaving {
            self.people.clerks.remove(&workplace);
            self.change_window(workplace, at, |window| window.clerk_id = -1);
        } else {
            self.people.idle.insert(workplace);
        }
        match result {
            Ok(_) if !still => format!("window {workplace} was served by somebody else"),
            Ok(id) if rejects => format!("window {workplace} rejects ticket {id}"),
            Ok(id) => format!("window {workplace} is done with ticket {id}"),
            Err(error) => format!("window {workplace}: {}", error.text()),
        }
    }

    /// Clerks who wait call whom they can.
    fn call_from_idle(&mut self, at: Timestamp, done: &mut Vec<String>) {
        if self.line.len() == 0 {
            return;
        }
        for workplace in self.people.idle.clone() {
            let Some(clerk) = self.people.clerks.get(&workplace).cloned() else {
                self.people.idle.remove(&workplace);
                continue;
            };
            if self.consumer_at(workplace).is_some() {
                continue;
            }
            let Some(id) = self.next_consumer(Post { workplace, user: clerk.user }, at) else { continue };
            self.people.idle.remove(&workplace);
            let part = if clerk.spread > 0.0 {
                let spread = clerk.spread.clamp(0.0, 1.0);
                self.random.get("clerks").random_range(1.0 - spread..=1.0 + spread)
            } else {
                1.0
            };
            let pace = Span::from_secs_f64((clerk.pace.as_secs_f64() * part).max(0.001));
            self.people.plan(pace.after(at), WorldEvent::Finish { workplace, consumer: id });
            done.push(format!("window {workplace} calls ticket {id}"));
        }
    }

    /// A simulated clerk sits down at a window and begins to call.
    ///
    /// # Errors
    /// Unknown or disabled, or somebody simulated sits there already.
    pub(crate) fn hire(&mut self, clerk: SimulatedClerk, now: Timestamp) -> Result<(), Error> {
        self.check_workplace(clerk.workplace)?;
        let user = self.books.users.rows.get(&clerk.user);
        let user = user.ok_or_else(|| Error::NotFound("User", clerk.user.to_string()))?;
        if user.clerk.is_none() {
            return Err(Error::UserWithoutClerk(user.login.clone()));
        }
        if self.people.works_at(clerk.workplace) {
            return Err(Error::Taken(format!("A simulated clerk at workplace {}", clerk.workplace)));
        }
        self.seat(clerk.user, clerk.workplace, now);
        self.people.idle.insert(clerk.workplace);
        self.people.clerks.insert(clerk.workplace, clerk);
        Ok(())
    }

    /// A simulated clerk goes, after the ticket at hand.
    ///
    /// # Errors
    /// There is none at that window.
    pub(crate) fn dismiss(&mut self, workplace: i64, now: Timestamp) -> Result<(), Error> {
        let is_idle = self.people.idle.contains(&workplace);
        let missing = || Error::NotFound("A simulated clerk at workplace", workplace.to_string());
        let clerk = self.people.clerks.get_mut(&workplace).ok_or_else(missing)?;
        clerk.leaving = true;
        if is_idle {
            self.people.idle.remove(&workplace);
            self.people.clerks.remove(&workplace);
            self.change_window(workplace, now, |window| window.clerk_id = -1);
        }
        Ok(())
    }
}
