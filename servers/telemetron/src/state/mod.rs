//! The company behind the API: its machines, what they sell, and everything that happened to them.

pub(crate) mod access;
pub(crate) mod catalog;
pub(crate) mod checks;
pub(crate) mod choice;
pub(crate) mod company;
pub(crate) mod counters;
pub(crate) mod directories;
pub(crate) mod evadts;
pub(crate) mod fiscal;
pub(crate) mod history;
pub(crate) mod inventory;
pub(crate) mod link;
pub(crate) mod loading;
pub(crate) mod locations;
pub(crate) mod machine;
pub(crate) mod machines;
pub(crate) mod modems;
pub(crate) mod money;
pub(crate) mod number;
pub(crate) mod operators;
pub(crate) mod past;
pub(crate) mod planograms;
pub(crate) mod products;
pub(crate) mod room;
pub(crate) mod sale;
pub(crate) mod selling;
pub(crate) mod service;
pub(crate) mod settings;
pub(crate) mod statistics;
pub(crate) mod stock;
pub(crate) mod time;
pub(crate) mod timeline;
pub(crate) mod zones;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Index, Problem, Shared, Streams, Table, Timestamp};

use crate::errors::{Error, What};
use crate::state::settings::Settings;
use crate::state::time::Moment;

use access::{Access, Viewer};
use catalog::{Component, Location, Planogram, Product};
use company::{ErrorCode, EventCode, Model, Modem, Requisite};
use fiscal::{Correction, Receipt};
use machine::Machine;
use money::Collection;
use timeline::Timeline;

/// The state of one world's Telemetron.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) settings: Settings,
    /// Time zones and their ids; follows from the settings.
    pub(crate) zones: zones::Directory,
    pub(crate) access: Access,
    pub(crate) requisites: Shared<BTreeMap<i64, Requisite>>,
    pub(crate) modems: Table<i64, Modem>,
    pub(crate) models: Shared<BTreeMap<i64, Model>>,
    pub(crate) locations: Shared<BTreeMap<i64, Location>>,
    pub(crate) components: Shared<BTreeMap<i64, Component>>,
    pub(crate) products: Shared<BTreeMap<i64, Product>>,
    pub(crate) planograms: Shared<BTreeMap<i64, Planogram>>,
    pub(crate) machines: Table<i64, Machine>,
    pub(crate) event_codes: Shared<Vec<EventCode>>,
    pub(crate) error_codes: Shared<Vec<ErrorCode>>,
    pub(crate) receipts: Timeline<Receipt>,
    pub(crate) corrections: Timeline<Correction>,
    pub(crate) collections: Timeline<Collection>,
    pub(crate) next: Next,
    pub(crate) random: Streams,
    /// When all modems next read their machines by themselves, if the settings say how often.
    pub(crate) next_reading: Option<Moment>,
    /// When operators next come by themselves, if the settings say how often.
    pub(crate) next_visit: Option<Moment>,
    /// When which machine's modem answers an open request; follows from the machines.
    pub(crate) pings: Index<(Moment, i64)>,
}

/// The ids that come next; left out, one more than the highest in use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Next {
    /// Machines.
    pub machine: i64,
    /// Components.
    pub component: i64,
    /// Products.
    pub product: i64,
    /// Planograms.
    pub planogram: i64,
    /// Locations.
    pub location: i64,
    /// Requests for data.
    pub request: i64,
    /// Reports.
    pub report: i64,
    /// Loadings.
    pub transaction: i64,
    /// Receipts and corrections.
    pub receipt: i64,
}

/// Takes the next id.
pub(crate) fn take(next: &mut i64) -> i64 {
    let id = *next;
    *next = id.saturating_add(1);
    id
}

impl State {
    /// The group of a machine: its location's.
    fn group(&self, machine: &Machine) -> Option<i64> {
        self.locations.get(&machine.location_id?)?.group_id
    }

    pub(crate) fn sees(&self, viewer: &Viewer, machine: &Machine) -> bool {
        match &viewer.groups {
            None => true,
            Some(groups) => self.group(machine).is_some_and(|group| groups.contains(&group)),
        }
    }

    /// Checks that somebody sees all machines that a change unloads.
    ///
    /// # Errors
    /// One of them is another operator's.
    pub(crate) fn sees_all(&self, viewer: &Viewer, affected: impl Fn(&Machine) -> bool) -> Result<(), Error> {
        let seen = self.machines.values().filter(|machine| affected(machine)).all(|machine| self.sees(viewer, machine));
        if seen { Ok(()) } else { Err(Error::NotAllowed) }
    }

    /// The machines that somebody sees (T12), by id.
    pub(crate) fn seen<'s>(&'s self, viewer: &'s Viewer) -> impl Iterator<Item = &'s Machine> {
        self.machines.values().filter(|machine| self.sees(viewer, machine))
    }

    /// A machine that somebody sees.
    ///
    /// # Errors
    /// It is not there, or not for this user.
    pub(crate) fn machine(&self, viewer: &Viewer, id: &str) -> Result<&Machine, Error> {
        let machine = id.parse().ok().and_then(|id: i64| self.machines.get(&id));
        machine.filter(|machine| self.sees(viewer, machine)).ok_or(Error::NotFound(What::Machine))
    }

    /// The machine that an action names.
    ///
    /// # Errors
    /// A problem that names the nearest.
    pub(crate) fn named(&mut self, id: i64) -> Result<&mut Machine, Problem> {
        if !self.machines.contains_key(&id) {
            return Err(missing("machine", id, self.machines.keys()).under("machine"));
        }
        self.machines.get_mut(&id).ok_or_else(|| Problem::not_found(format!("no machine {id}")))
    }

    /// When a modem next answers a request or reads its machine by itself, or an operator comes.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let ping = self.pings.first().map(|(at, _)| *at);
        [ping, self.next_reading, self.next_visit].into_iter().flatten().min().map(Moment::timestamp)
    }

    /// Modems answer, and read their machines by themselves.
    pub(crate) fn tick(&mut self, due: Timestamp) -> Vec<String> {
        let mut fired = Vec::new();
        while let Some((at, id)) = self.pings.first().copied().filter(|(at, _)| at.timestamp() <= due) {
            self.pings.remove(&(at, id));
            self.answer_request(id, at);
            fired.push(format!("the modem of machine {id} answered a request for data"));
        }
        while let Some(at) = self.next_visit.filter(|at| at.timestamp() <= due) {
            let count = self.visit_all(at);
            self.next_visit = self.next_visit(at);
            fired.push(format!("operators come to {count} machines"));
        }
        while let Some(at) = self.next_reading.filter(|at| at.timestamp() <= due) {
            let count = self.read_all(at);
            self.next_reading = self.next_reading(at);
            fired.push(format!("{count} modems read their machines"));
        }
        fired
    }
}

/// An id that nothing has, with the nearest ones.
pub(crate) fn missing<'k>(what: &str, id: i64, known: impl Iterator<Item = &'k i64>) -> Problem {
    let mut known: Vec<i64> = known.copied().collect();
    known.sort_by_key(|other| other.abs_diff(id));
    let near: Vec<String> = known.iter().take(5).map(|id| format!("`{id}`")).collect();
    let problem = Problem::not_found(format!("there is no {what} {id}"));
    if near.is_empty() { problem } else { problem.hint(format!("nearest: {}", near.join(", "))) }
}
