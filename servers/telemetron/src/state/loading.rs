//! What machines are loaded with: loadings, and what no longer fits (T6, T8).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use stend_core::request::{Code, Text};
use stend_core::{Problem, Timestamp};

use crate::errors::{Error, Invalid};
use crate::state::access::Viewer;
use crate::state::catalog::Component;
use crate::state::machine::{Change, Filled, Key, Level, MOST, Machine, Recent, Transaction};
use crate::state::number::Quantity;
use crate::state::settings::UnnamedSpiral;
use crate::state::time::{Moment, Sent};
use crate::state::{State, missing, take};

/// One line of a loading or an inventory.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) component: i64,
    pub(crate) layout: Option<String>,
    /// What to add, or what there is.
    pub(crate) amount: Quantity,
}

/// A loading or an inventory.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) lines: Vec<Line>,
    pub(crate) note: Option<String>,
    pub(crate) created_at: Option<Moment>,
}

/// What a change of levels is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Booking {
    /// Something is put in, or taken out.
    Loading,
    /// What there is was counted.
    Count,
}

/// A loading as a request gives it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Load {
    data: Option<Vec<LoadLine>>,
    note: Option<Text<65_535>>,
    created_at: Option<Sent>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct LoadLine {
    component_id: i64,
    layout_number: Option<Code<255>>,
    /// What is put in, or taken out when negative.
    add: Quantity,
}

pub(crate) fn line(component: i64, layout: Option<Code<255>>, amount: Quantity) -> Line {
    Line { component, layout: layout.map(String::from), amount }
}

impl From<Load> for Work {
    fn from(load: Load) -> Self {
        let lines = load.data.into_iter().flatten();
        Self {
            lines: lines.map(|one| line(one.component_id, one.layout_number, one.add)).collect(),
            note: load.note.map(String::from),
            created_at: load.created_at.map(|sent| sent.0),
        }
    }
}

impl State {
    /// The slot that a line means; the field that is wrong otherwise.
    fn slot(&self, room: Option<&BTreeSet<Key>>, line: &Line) -> Result<Key, &'static str> {
        const UNKNOWN: &str = "component_id";
        let component = self.components.get(&line.component).ok_or(UNKNOWN)?;
        let Some(room) = room else {
            let layout = line.layout.clone().filter(|_| component.is_product);
            return Ok((line.component, layout));
        };
        let key = (line.component, line.layout.clone());
        if room.contains(&key) {
            return Ok(key);
        }
        let slots: Vec<&Key> = room.iter().filter(|(id, _)| *id == line.component).collect();
        match slots.as_slice() {
            [] => Err(UNKNOWN),
            // An ingredient lies in no spiral: the number is ignored, as documented for inventories.
            [(id, None)] => Ok((*id, None)),
            _ if line.layout.is_some() => Err("layout_number"),
            // The printed loading names no spiral for a product that lies in two: the first is meant.
            [first, ..] => Ok((*first).clone()),
        }
    }

    pub(crate) fn slots(&self, machine: &Machine, lines: &[Line]) -> Result<Vec<Key>, Invalid> {
        let room = self.room(machine);
        let strict = self.settings.unnamed_spiral == UnnamedSpiral::Refused;
        let mut invalid = Invalid::default();
        let mut keys = Vec::with_capacity(lines.len());
        for (i, line) in lines.iter().enumerate() {
            match self.slot(room.as_ref(), line) {
                Ok((_, Some(_))) if line.layout.is_none() && strict => {
                    let path = format!("data.{i}.layout_number");
                    invalid.add(&path, format!("The {} field is required.", path.replace('_', " ")));
                }
                Ok(key) => keys.push(key),
                Err(field) => {
                    let path = format!("data.{i}.{field}");
                    invalid.add(&path, format!("The selected {} is invalid.", path.replace('_', " ")));
                }
            }
        }
        invalid.done()?;
        Ok(keys)
    }

    /// Loads and unloads; says the operation's digest.
    ///
    /// # Errors
    /// Nothing, only zeros, the same again within a minute, components that do not fit.
    pub(crate) fn load(&mut self, viewer: &Viewer, machine: i64, work: &Work, now: Timestamp) -> Result<String, Error> {
        let Some(found) = self.machines.get(&machine) else { return Err(Error::Nothing) };
        if work.lines.is_empty() {
            return Err(Error::NoData);
        }
        if work.lines.iter().all(|line| line.amount == Quantity::default()) {
            return Err(Error::NoLoad);
        }
        let keys = self.slots(found, &work.lines)?;
        let [content, digest] = self.digest(found, "load", work, now)?;
        let lines = keys.into_iter().zip(work.lines.iter().map(|line| line.amount));
        let lines: Vec<_> = lines.filter(|(_, amount)| *amount != Quantity::default()).collect();
        self.book(machine, viewer.user, work, &lines, now.into(), Booking::Loading);
        self.remember(machine, content, now);
        Ok(digest)
    }

    /// Somebody at the machine loads it: as [`State::load`] does, without a request and its duplicates.
    ///
    /// # Errors
    /// Components that do not fit.
    pub(crate) fn stock(&mut self, id: i64, lines: Vec<Line>, now: Moment) -> Result<(), Problem> {
        let keys = self.check_lines(id, &lines)?;
        let pairs: Vec<_> = keys.into_iter().zip(lines.iter().map(|line| line.amount)).collect();
        let user = self.access.users.keys().next().copied().unwrap_or_default();
        if !pairs.is_empty() {
            let work = Work { lines, note: None, created_at: None };
            self.book(id, user, &work, &pairs, now, Booking::Loading);
            let machine = self.named(id)?;
            machine.last.service = machine.last.service.max(Some(now));
        }
        Ok(())
    }

    /// The slots that lines mean.
    ///
    /// # Errors
    /// A problem that names the line.
    pub(crate) fn check_lines(&self, id: i64, lines: &[Line]) -> Result<Vec<Key>, Problem> {
        let machine = self.machines.get(&id);
        let machine = machine.ok_or_else(|| missing("machine", id, self.machines.keys()).under("machine"))?;
        let room = self.room(machine);
        let mut keys = Vec::with_capacity(lines.len());
        for (i, line) in lines.iter().enumerate() {
            let key = self.slot(room.as_ref(), line).map_err(|field| {
                let place = line.layout.as_deref().unwrap_or("no spiral");
                let text = format!("component {} does not fit into {place} of machine {id}", line.component);
                let known: Vec<String> = room
                    .iter()
                    .flatten()
                    .map(|(id, place)| match place {
                        Some(place) => format!("{id} in {place}"),
                        None => id.to_string(),
                    })
                    .take(12)
                    .collect();
                let hint = format!("its planogram has room for: {}", known.join(", "));
                Problem::not_found(text).hint(hint).at(["data".into(), i.into(), field.into()])
            })?;
            keys.push(key);
        }
        Ok(keys)
    }

    /// What is missing to the planogram's capacities; spirals with the same product share its capacity evenly.
    pub(crate) fn missing_from(&self, id: i64) -> Result<Vec<Line>, Problem> {
        let machine = self.machines.get(&id);
        let machine = machine.ok_or_else(|| missing("machine", id, self.machines.keys()).under("machine"))?;
        let planogram = machine.planogram_id.and_then(|id| self.planograms.get(&id));
        let planogram = planogram.ok_or_else(|| Problem::conflict("the machine has no planogram").under("machine"))?;
        let room = self.room(machine).unwrap_or_default();
        let mut lines = Vec::new();
        for key in &room {
            let capacity =
                planogram.capacity.iter().find(|item| item.component_id == key.0).map_or(0, |item| item.capacity.0);
            let spirals = room.iter().filter(|other| other.0 == key.0).count();
            let share = capacity / i64::try_from(spirals.max(1)).unwrap_or(1) / 1000 * 1000;
            let there = machine.loading.0.get(key).copied().unwrap_or_default().value.0;
            if share > there {
                let amount = Quantity::thousandths(share - there);
                lines.push(Line { component: key.0, layout: key.1.clone(), amount });
            }
        }
        Ok(lines)
    }

    /// Changes levels and writes the history.
    pub(crate) fn book(
        &mut self,
        machine: i64,
        user: i64,
        work: &Work,
        lines: &[(Key, Quantity)],
        now: Moment,
        booking: Booking,
    ) {
        let at = work.created_at.unwrap_or(now);
        let Some(machine) = self.machines.get_mut(&machine) else { return };
        let mut data = Vec::with_capacity(lines.len());
        for (key, delta) in lines {
            let level = machine.loading.0.get(key).copied().unwrap_or_default();
            let sum = level.value.0.saturating_add(delta.0);
            let after = match booking {
                // A count that was made since knows of it already.
                Booking::Loading if level.counted.is_some_and(|counted| at < counted) => level,
                Booking::Loading => Level { value: Quantity::thousandths(sum.max(0)), ..level },
                Booking::Count => Level { value: Quantity::thousandths(sum), underflow: false, ..level },
            };
            let short = level.value.0.saturating_add(delta.0) < 0;
            let component = name(&self.components, key.0);
            data.push(Change { component, delta: *delta, orig: level.value, underflow: level.underflow || short });
            machine.loading.0.insert(key.clone(), after);
        }
        machine.last.loading = machine.last.loading.max(Some(at));
        let slot = |(key, _): &(Key, Quantity)| Filled { component_id: key.0, layout_number: key.1.clone() };
        let slots = if booking == Booking::Loading { lines.iter().map(slot).collect() } else { Vec::new() };
        let note = work.note.clone();
        write(
            machine,
            Transaction { id: take(&mut self.next.transaction), created_at: at, user_id: user, note, data, slots },
        );
    }

    /// The digest of an operation's content, by which a duplicate is known, and that of the operation itself: the same again
    /// later is another (T6).
    ///
    /// # Errors
    /// The machine had the same within the last minute.
    pub(crate) fn digest(
        &self,
        machine: &Machine,
        kind: &str,
        work: &Work,
        now: Timestamp,
    ) -> Result<[String; 2], Error> {
        let mut hash = Sha256::new();
        hash.update(format!("{kind} {} {:?} {:?}", machine.id, work.note, work.created_at));
        for line in &work.lines {
            hash.update(format!("/{} {:?} {}", line.component, line.layout, line.amount.0));
        }
        let content = printed(hash.clone());
        let fresh = Moment::from(now).after(-self.settings.duplicates.signed().as_secs());
        if machine.recent.iter().any(|recent| recent.digest == content && recent.at > fresh) {
            return Err(Error::Duplicate);
        }
        hash.update(format!("/{} {}", now, self.next.transaction));
        Ok([content, printed(hash)])
    }

    pub(crate) fn remember(&mut self, machine: i64, digest: String, now: Timestamp) {
        let now = Moment::from(now);
        let fresh = now.after(-self.settings.duplicates.signed().as_secs());
        if let Some(machine) = self.machines.get_mut(&machine) {
            machine.recent.retain(|recent| recent.at > fresh);
            machine.recent.push(Recent { digest, at: now });
        }
    }

    /// Unloads from the machines that `affected` picks what their planograms no longer have room for (T8).
    pub(crate) fn unload_misfits(&mut self, user: i64, now: Timestamp, affected: impl Fn(&Machine) -> bool) {
        let ids: Vec<i64> =
            self.machines.values().filter(|machine| affected(machine)).map(|machine| machine.id).collect();
        for id in ids {
            let Some(machine) = self.machines.get(&id) else { continue };
            let room = self.room(machine).unwrap_or_default();
            self.unload(id, user, now, &room);
        }
    }

    /// Unloads everything but what there is room for.
    fn unload(&mut self, machine: i64, user: i64, now: Timestamp, room: &BTreeSet<Key>) {
        let Some(machine) = self.machines.get_mut(&machine) else { return };
        let gone: Vec<Key> = machine.loading.0.keys().filter(|key| !room.contains(*key)).cloned().collect();
        let mut data = Vec::new();
        for key in gone {
            let Some(level) = machine.loading.0.remove(&key) else { continue };
            if level.value != Quantity::default() {
                let component = name(&self.components, key.0);
                let delta = Quantity::thousandths(-level.value.0);
                data.push(Change { component, delta, orig: level.value, underflow: level.underflow });
            }
        }
        if !data.is_empty() {
            let id = take(&mut self.next.transaction);
            let slots = Vec::new();
            write(machine, Transaction { id, created_at: now.into(), user_id: user, note: None, data, slots });
        }
    }
}

/// The first half of a hash, in hex digits.
fn printed(hash: Sha256) -> String {
    hash.finalize()[..16].iter().fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn name(components: &BTreeMap<i64, Component>, id: i64) -> String {
    components.get(&id).map(|component| component.name.clone()).unwrap_or_default()
}

/// Writes the history, in time order.
fn write(machine: &mut Machine, transaction: Transaction) {
    machine.loading_tx.push(transaction);
    machine.loading_tx.trim(Moment(i64::MIN), MOST);
}
