//! Making and changing machines (T12, T13).

use schemars::JsonSchema;
use serde::Deserialize;
use stend_core::Timestamp;
use stend_core::request::{Between, Change, Code, Patch, Text};

use crate::errors::{Error, Invalid, What};
use crate::state::access::Viewer;
use crate::state::machine::Machine;
use crate::state::number::Roubles;
use crate::state::time::Moment;
use crate::state::{State, take, zones};

/// What a machine is changed to. A new one has `name` and `mm_id`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct MachineChange {
    #[serde(default)]
    name: Change<Text<255>>,
    /// The model.
    #[serde(default)]
    mm_id: Change<i64>,
    serial_number: Patch<Code<255>>,
    planogram_id: Patch<i64>,
    location_id: Patch<i64>,
    modem_id: Patch<i64>,
    /// The modem, by its IMEI.
    imei: Patch<Code<255>>,
    is_crt_active: Option<bool>,
    inventory_number: Patch<Code<255>>,
    track_bus_vends: Option<bool>,
    requisite_id: Patch<i64>,
    tz_id: Patch<i64>,
    /// The time zone, by its name.
    tz: Patch<Text<255>>,
    min_price: Patch<Between<Roubles, 0>>,
    max_price: Patch<Between<Roubles, 0>>,
    /// Whether the modem is taken from another machine.
    force: Option<bool>,
}

impl MachineChange {
    fn sets_modem(&self) -> bool {
        self.modem_id.is_sent() || self.imei.is_sent()
    }
}

impl State {
    /// Checks what a machine to be made or changed refers to.
    pub(crate) fn check_machine(
        &self,
        viewer: &Viewer,
        own: Option<i64>,
        change: &MachineChange,
        invalid: &mut Invalid,
    ) {
        if own.is_none() {
            let given = [("name", change.name.0.is_some()), ("mm_id", change.mm_id.0.is_some())];
            given.iter().filter(|(_, given)| !given).for_each(|(field, _)| invalid.required(field));
        }
        let seen_modem = |id: i64| self.modems.contains_key(&id) && self.seen_modems(viewer).any(|one| one.id == id);
        let seen_location =
            |id: i64| self.locations.contains_key(&id) && self.seen_locations(viewer).any(|one| one.id == id);
        let by_imei = change.imei.as_given().map(|imei| self.modem_by_imei(imei).map(|modem| modem.id));
        let known = [
            ("mm_id", change.mm_id.0.is_none_or(|id| self.models.contains_key(&id))),
            ("planogram_id", change.planogram_id.as_given().is_none_or(|id| self.planograms.contains_key(id))),
            ("location_id", change.location_id.as_given().is_none_or(|id| seen_location(*id))),
            ("modem_id", change.modem_id.as_given().is_none_or(|id| seen_modem(*id))),
            ("imei", by_imei.is_none_or(|found| found.is_some_and(seen_modem))),
            ("requisite_id", change.requisite_id.as_given().is_none_or(|id| self.requisites.contains_key(id))),
            ("tz_id", change.tz_id.as_given().is_none_or(|id| self.zones.by_id(*id).is_some())),
        ];
        known.iter().filter(|(_, known)| !known).for_each(|(field, _)| invalid.selected(field));
        if change.tz.as_given().is_some_and(|zone| zones::by_name(zone).is_none()) {
            invalid.first("tz", "The tz must be a valid zone.");
        }
        let by_id = change.tz_id.as_given().and_then(|id| self.zones.by_id(*id)).map(|zone| zone.name);
        if by_id.zip(change.tz.as_given()).is_some_and(|(by_id, by_name)| *by_id != **by_name) {
            invalid.selected("tz");
        }
        self.check_prices(own, change, invalid);
        self.check_bindings(own, change, by_imei.flatten(), invalid);
    }

    fn check_prices(&self, own: Option<i64>, change: &MachineChange, invalid: &mut Invalid) {
        let machine = own.and_then(|id| self.machines.get(&id));
        let limit = |patch: Patch<Between<Roubles, 0>>, before: Option<Roubles>| match patch {
            Patch::Absent => before,
            Patch::Null => None,
            Patch::Given(limit) => Some(self.settings.read_limit(limit.0)),
        };
        let least = limit(change.min_price, machine.and_then(|machine| machine.min_price));
        let most = limit(change.max_price, machine.and_then(|machine| machine.max_price));
        if least.zip(most).is_some_and(|(least, most)| most < least) {
            invalid.first("max_price", "The max price must be greater than or equal min price.");
        }
    }

    /// A location has one machine at the most, and so has a modem, which `force` takes from another.
    fn check_bindings(&self, own: Option<i64>, change: &MachineChange, by_imei: Option<i64>, invalid: &mut Invalid) {
        let others = || self.machines.values().filter(|machine| Some(machine.id) != own);
        if let Some(location) = change.location_id.as_given()
            && others().any(|machine| machine.location_id == Some(*location))
        {
            invalid.taken("location_id");
        }
        let by_id = change.modem_id.as_given().copied();
        if by_id.zip(by_imei).is_some_and(|(by_id, by_imei)| by_id != by_imei) {
            invalid.selected("imei");
        }
        let Some(modem) = by_id.or(by_imei) else { return };
        if !change.force.unwrap_or_default() && others().any(|machine| machine.modem_id == Some(modem)) {
            invalid.taken(if by_id.is_some() { "modem_id" } else { "imei" });
        }
    }

    /// Makes a machine that was checked; returns its id.
    pub(crate) fn create_machine(&mut self, viewer: &Viewer, new: MachineChange, now: Timestamp) -> i64 {
        let id = take(&mut self.next.machine);
        let machine = Machine { id, created_at: Some(Moment::from(now)), ..Machine::default() };
        let machine = self.changed(machine, new);
        self.put(viewer, machine, now);
        id
    }

    /// Changes what is given, as it was checked; a new planogram unloads what it has no room for.
    ///
    /// # Errors
    /// There is no such machine.
    pub(crate) fn update_machine(
        &mut self,
        viewer: &Viewer,
        id: i64,
        change: MachineChange,
        now: Timestamp,
    ) -> Result<(), Error> {
        let machine = self.machines.get(&id).ok_or(Error::NotFound(What::Machine))?.clone();
        let machine = self.changed(machine, change);
        self.put(viewer, machine, now);
        Ok(())
    }

    /// The machine with what the request gives.
    fn changed(&self, mut machine: Machine, change: MachineChange) -> Machine {
        if change.sets_modem() {
            let by_imei = change.imei.as_given().and_then(|imei| self.modem_by_imei(imei)).map(|modem| modem.id);
            machine.modem_id = change.modem_id.given().or(by_imei);
        }
        if change.tz_id.is_sent() || change.tz.is_sent() {
            let by_id = change.tz_id.as_given().and_then(|id| self.zones.by_id(*id)).map(|zone| zone.name.to_owned());
            machine.tz = by_id.or(change.tz.given().map(String::from));
        }
        if let Some(name) = change.name.0 {
            machine.name = name.into();
        }
        machine.mm_id = change.mm_id.0.or(machine.mm_id);
        change.serial_number.apply(&mut machine.serial_number);
        change.inventory_number.apply(&mut machine.inventory_number);
        change.planogram_id.apply(&mut machine.planogram_id);
        change.location_id.apply(&mut machine.location_id);
        change.requisite_id.apply(&mut machine.requisite_id);
        machine.is_crt_active = change.is_crt_active.unwrap_or(machine.is_crt_active);
        machine.track_bus_vends = change.track_bus_vends.unwrap_or(machine.track_bus_vends);
        change.min_price.map(|limit| self.settings.read_limit(limit.0)).apply(&mut machine.min_price);
        change.max_price.map(|limit| self.settings.read_limit(limit.0)).apply(&mut machine.max_price);
        machine
    }

    /// Puts a machine in its place, and what must follow.
    fn put(&mut self, viewer: &Viewer, machine: Machine, now: Timestamp) {
        let (id, modem, planogram) = (machine.id, machine.modem_id, machine.planogram_id);
        let before = self.machines.insert(id, machine);
        if let Some(modem) = modem {
            let others = self.machines.values().filter(|other| other.id != id && other.modem_id == Some(modem));
            let others: Vec<i64> = others.map(|other| other.id).collect();
            others.into_iter().for_each(|other| self.unbind(other));
        }
        if let Some(before) = before {
            if before.modem_id != modem {
                self.drop_request(id);
                // What waited in the old modem is not lost: the machine has its own counters, and tells at the first contact
                // of the new modem. One that was never heard of has had none.
                let heard = |machine: &&Machine| machine.modem_id.and_then(|id| self.modems.get(&id)?.heard).is_some();
                if self.machines.get(&id).as_ref().is_some_and(heard) {
                    self.contact(id, now.into());
                }
                // What was known of the cash stays known until then.
                let talks = self.machines.get(&id).is_some_and(|machine| self.has_contact(machine));
                if let Some(machine) = self.machines.get_mut(&id).filter(|_| !talks)
                    && machine.last_known_money.is_none()
                {
                    machine.last_known_money.clone_from(&machine.money);
                }
            }
            if before.planogram_id != planogram {
                self.unload_misfits(viewer.user, now, |machine| machine.id == id);
            }
        }
    }

    fn unbind(&mut self, id: i64) {
        if let Some(machine) = self.machines.get_mut(&id) {
            machine.modem_id = None;
        }
        self.drop_request(id);
    }

    /// Nobody will answer it any more.
    fn drop_request(&mut self, id: i64) {
        let request = self.machines.get_mut(&id).and_then(|machine| machine.request.take());
        if let Some(due) = request.and_then(|request| request.due) {
            self.pings.remove(&(due, id));
        }
    }
}
