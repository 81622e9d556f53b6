//! Making and changing machines; locations and modems as far as machines hold them (T13).

use stend_core::Timestamp;

use crate::api::input::Input;
use crate::errors::{Error, Invalid, What};
use crate::state::access::Who;
use crate::state::catalog::Location;
use crate::state::machine::Machine;
use crate::state::number::Roubles;
use crate::state::time::Moment;
use crate::state::{State, take};

impl State {
    /// A new machine.
    ///
    /// # Errors
    /// A modem or a location that another machine has.
    pub(crate) fn create_machine(&mut self, who: &Who, input: &Input, now: Timestamp) -> Result<i64, Error> {
        self.check_sight(who, input)?;
        let machine = Machine { created_at: Some(Moment::from(now)), ..Machine::default() };
        let mut machine = self.changed(machine, input)?;
        machine.id = take(&mut self.next.machine);
        let id = machine.id;
        self.put(who, machine, now);
        Ok(id)
    }

    /// Changes what is given; a new planogram unloads what it has no room for.
    ///
    /// # Errors
    /// A modem or a location that another machine has.
    pub(crate) fn change_machine(&mut self, who: &Who, id: i64, input: &Input, now: Timestamp) -> Result<(), Error> {
        self.check_sight(who, input)?;
        let machine = self.machines.get(&id).ok_or(Error::NotFound(What::Machine))?.clone();
        let machine = self.changed(machine, input)?;
        self.put(who, machine, now);
        Ok(())
    }

    /// An operator binds nothing that he does not see (T12).
    fn check_sight(&self, who: &Who, input: &Input) -> Result<(), Error> {
        if who.groups.is_none() {
            return Ok(());
        }
        let mut invalid = Invalid::default();
        let mut check = |field: &str, seen: bool| {
            if !seen {
                invalid.add(field, format!("The selected {} is invalid.", field.replace('_', " ")));
            }
        };
        if let Some(id) = input.id("modem_id") {
            check("modem_id", self.seen_modems(who).any(|modem| modem.id == id));
        }
        if let Some(imei) = input.text("imei").filter(|imei| !imei.trim().is_empty()) {
            check("imei", self.seen_modems(who).any(|modem| modem.imei == imei.trim()));
        }
        if let Some(id) = input.id("location_id") {
            check("location_id", self.seen_locations(who).any(|location| location.id == id));
        }
        Ok(invalid.done()?)
    }

    /// Puts a machine in its place, and what must follow.
    fn put(&mut self, who: &Who, machine: Machine, now: Timestamp) {
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
                // What waited in the old modem is not lost: the machine has its own counters.
                let online = self.machines.get(&id).is_some_and(|machine| self.is_online(machine));
                if online && let Some(machine) = self.machines.get_mut(&id) {
                    machine.last_known_money = None;
                    let held = std::mem::take(&mut machine.held_sales);
                    let events = std::mem::take(&mut machine.held_events);
                    events.iter().for_each(|event| machine.note(event.clone(), now.into()));
                    self.deliver(id, held.to_vec(), true);
                }
            }
            if before.planogram_id != planogram {
                self.unload_misfits(who.user, now, |machine| machine.id == id);
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

    /// The machine with what the request gives.
    fn changed(&self, mut machine: Machine, input: &Input) -> Result<Machine, Error> {
        let mut invalid = Invalid::default();
        if let Some(name) = input.text("name") {
            machine.name = name;
        }
        let text = |name: &str, into: &mut Option<String>| {
            if input.has(name) {
                *into = input.text(name);
            }
        };
        text("serial_number", &mut machine.serial_number);
        text("inventory_number", &mut machine.inventory_number);
        let id = |name: &str, into: &mut Option<i64>| {
            if input.has(name) {
                *into = input.id(name);
            }
        };
        id("mm_id", &mut machine.mm_id);
        id("planogram_id", &mut machine.planogram_id);
        id("location_id", &mut machine.location_id);
        id("requisite_id", &mut machine.requisite_id);
        let flag = |name: &str, into: &mut bool| {
            if input.has(name) {
                *into = input.flag(name);
            }
        };
        flag("is_crt_active", &mut machine.is_crt_active);
        flag("track_bus_vends", &mut machine.track_bus_vends);
        let price = |name: &str, into: &mut Option<Roubles>| {
            if input.has(name) {
                *into = input.number(name).and_then(|number| self.settings.read_limit(number));
            }
        };
        price("min_price", &mut machine.min_price);
        price("max_price", &mut machine.max_price);
        if machine.min_price.zip(machine.max_price).is_some_and(|(least, most)| most < least) {
            invalid.add("max_price", "The max price must be greater than or equal min price.");
        }
        self.change_zone(&mut machine, input, &mut invalid);
        self.change_modem(&mut machine, input, &mut invalid);
        let taken = |other: &&Machine| other.id != machine.id && other.location_id == machine.location_id;
        if input.has("location_id")
            && machine.location_id.is_some()
            && self.machines.values().any(|other| taken(&other))
        {
            // A location has one machine at the most.
            invalid.add("location_id", "The location id has already been taken.");
        }
        invalid.done()?;
        Ok(machine)
    }

    fn change_zone(&self, machine: &mut Machine, input: &Input, invalid: &mut Invalid) {
        let by_id = input.id("tz_id").and_then(|id| self.zones.by_id(id)).map(|zone| zone.name.to_owned());
        let by_name = input.text("tz").filter(|zone| !zone.is_empty());
        if by_id.is_some() && by_name.is_some() && by_id != by_name {
            invalid.add("tz", "The selected tz is invalid.");
        }
        if input.has("tz_id") || input.has("tz") {
            machine.tz = by_id.or(by_name);
        }
    }

    fn change_modem(&self, machine: &mut Machine, input: &Input, invalid: &mut Invalid) {
        let by_id = input.id("modem_id");
        let by_imei = input.text("imei").and_then(|imei| self.modem_by_imei(&imei)).map(|modem| modem.id);
        if by_id.is_some() && by_imei.is_some() && by_id != by_imei {
            invalid.add("imei", "The selected imei is invalid.");
        }
        if !input.has("modem_id") && !input.has("imei") {
            return;
        }
        machine.modem_id = by_id.or(by_imei);
        let Some(modem) = machine.modem_id else { return };
        let elsewhere = self.machines.values().any(|other| other.id != machine.id && other.modem_id == Some(modem));
        if elsewhere && !input.flag("force") {
            let field = if by_id.is_some() { "modem_id" } else { "imei" };
            invalid.add(field, format!("The {} has already been taken.", field.replace('_', " ")));
        }
    }

    /// A new location.
    pub(crate) fn create_location(&mut self, who: &Who, input: &Input) -> i64 {
        let id = take(&mut self.next.location);
        let location = Location {
            id,
            // An operator's own place must not vanish from the operator's sight.
            group_id: who.groups.as_ref().and_then(|groups| groups.first().copied()),
            name: input.text("name").unwrap_or_default(),
            address: input.text("address"),
            note: input.text("note"),
        };
        self.locations.insert(id, location);
        id
    }

    /// The locations that somebody sees (T12).
    pub(crate) fn seen_locations<'s>(&'s self, who: &'s Who) -> impl Iterator<Item = &'s Location> {
        self.locations.values().filter(|location| match &who.groups {
            None => true,
            Some(groups) => location.group_id.is_some_and(|group| groups.contains(&group)),
        })
    }

    /// The id of a location that somebody sees.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) fn location(&self, who: &Who, id: &str) -> Result<i64, Error> {
        let id: i64 = id.parse().map_err(|_| Error::NotFound(What::Location))?;
        self.seen_locations(who)
            .find(|known| known.id == id)
            .map(|known| known.id)
            .ok_or(Error::NotFound(What::Location))
    }

    /// Changes what is given.
    pub(crate) fn change_location(&mut self, id: i64, input: &Input) {
        let Some(location) = self.locations.get_mut(&id) else { return };
        if let Some(name) = input.text("name") {
            location.name = name;
        }
        if input.has("address") {
            location.address = input.text("address");
        }
        if input.has("note") {
            location.note = input.text("note");
        }
    }

    /// Deletes a location.
    ///
    /// # Errors
    /// A machine stands there, and nobody insists; or it has sold something there, and insisting does not help (T13).
    pub(crate) fn delete_location(&mut self, id: i64, force: bool) -> Result<(), Error> {
        let here = |machine: &Machine| machine.location_id == Some(id);
        let used = || self.machines.values().filter(|machine| here(machine));
        if used().next().is_some() && !force {
            return Err(Error::InUse);
        }
        if used().any(|machine| !machine.sales.is_empty()) {
            return Err(Error::HasStatistics);
        }
        self.machines.change(here, |machine| machine.location_id = None);
        self.locations.remove(&id);
        Ok(())
    }
}
