//! `/v2/vending_machines`: the list, one, making and changing.

use bytes::Bytes;
use serde::Serialize;
use stend_transport::{Call, Reply, StatusCode};

use crate::Telemetron;
use crate::api::input::{Field, Rule, Table, field};
use crate::api::{change, created, done, look};
use crate::state::machine::{Last, Machine};
use crate::state::number::Roubles;
use crate::state::service::Flags;
use crate::state::settings::{DisputedFields, UnknownState};
use crate::state::time::{Iso, Moment};
use crate::state::{LISTS, List, MACHINES, Ready, State};

#[derive(Serialize)]
struct Row<'a> {
    id: i64,
    serial_number: Option<&'a str>,
    name: &'a str,
    planogram_id: Option<i64>,
    state: Option<u8>,
    service: Option<Flags>,
    location: Option<GroupedLocation<'a>>,
    #[serde(rename = "type")]
    kind: Option<Type>,
    /// The list prints it as a number, though the attributes call it a string.
    imei: Option<Imei<'a>>,
    is_crt_active: bool,
    inventory_number: Option<&'a str>,
    track_bus_vends: bool,
    mm_id: Option<i64>,
    tz_id: Option<i64>,
    tz: Option<&'a str>,
    last_event_dates: Stamps,
}

/// A number, unless it has other signs than digits or zeros in front.
#[derive(Serialize)]
#[serde(untagged)]
enum Imei<'a> {
    Number(u64),
    Text(&'a str),
}

impl<'a> Imei<'a> {
    fn of(imei: &'a str, printed: DisputedFields) -> Self {
        if printed == DisputedFields::Attributes {
            return Self::Text(imei);
        }
        let number = imei.parse().ok().filter(|number: &u64| number.to_string() == imei);
        number.map_or(Self::Text(imei), Self::Number)
    }
}

#[derive(Serialize)]
struct GroupedLocation<'a> {
    id: i64,
    group_id: Option<i64>,
    name: &'a str,
    address: Option<&'a str>,
}

#[derive(Serialize)]
struct Location<'a> {
    id: i64,
    name: &'a str,
    address: Option<&'a str>,
}

#[derive(Serialize)]
struct Type {
    id: i64,
    label: &'static str,
    name: &'static str,
}

/// When things happened last.
#[derive(Serialize)]
pub(crate) struct Stamps {
    last_sale: Option<Iso>,
    last_service: Option<Iso>,
    last_collection: Option<Iso>,
    last_loading: Option<Iso>,
    last_report: Option<Iso>,
    last_acquired_report: Option<Iso>,
}

impl Stamps {
    pub(crate) fn of(machine: &Machine, local: bool) -> Self {
        let zone = machine.zone(local);
        let Last { sale, service, collection, loading, report, acquired_report, .. } = machine.last;
        let iso = |at: Option<Moment>| at.map(|at| at.iso(&zone));
        Self {
            last_sale: iso(sale),
            last_service: iso(service),
            last_collection: iso(collection),
            last_loading: iso(loading),
            last_report: iso(report),
            last_acquired_report: iso(acquired_report),
        }
    }
}

fn kind(state: &State, machine: &Machine) -> Option<Type> {
    let model = machine.mm_id.and_then(|id| state.models.get(&id));
    let (id, label, name) = machine.kind.or_else(|| model?.kind)?.row();
    Some(Type { id, label, name })
}

fn tz_id(state: &State, machine: &Machine) -> Option<i64> {
    machine.tz.as_deref().and_then(|name| state.zones.by_name(name)).map(|zone| zone.id)
}

/// The state, as the world prints an unknown one.
fn working(state: &State, machine: &Machine) -> Option<u8> {
    let hidden = state.settings.unknown_state == UnknownState::Null;
    Some(state.working(machine)).filter(|working| *working > 0 || !hidden)
}

/// All machines that the user sees.
pub(crate) fn list(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &["local"], |state, asked| {
        let (local, now) = (asked.input.flag("local"), Moment::from(asked.now));
        let ready = |list: &&List| {
            list.local == local
                && list.groups == asked.who.groups
                && list.from <= now
                && list.until.is_none_or(|until| now < until)
        };
        if let Some(list) = state.lists.0.iter().find(ready) {
            return Ok(Reply::json_bytes(StatusCode::OK, list.body.clone()));
        }
        let rows: Vec<Row<'_>> = state.seen(asked.who).map(|machine| row(state, machine, local, asked.now)).collect();
        let reply = Reply::ok(&rows);
        let until = state.seen(asked.who).filter_map(|machine| state.next_flag(machine, asked.now)).min();
        let body: Bytes = reply.body.clone();
        state.lists.0.retain(|list| !(list.local == local && list.groups == asked.who.groups));
        if state.lists.0.len() < LISTS {
            state.lists.0.push(List { groups: asked.who.groups.clone(), local, until, from: now, body });
        }
        Ok(reply)
    })
}

fn row<'a>(state: &'a State, machine: &'a Machine, local: bool, now: stend_core::Timestamp) -> Row<'a> {
    let location = machine.location_id.and_then(|id| state.locations.get(&id));
    let modem = machine.modem_id.and_then(|id| state.modems.get(&id));
    Row {
        id: machine.id,
        serial_number: machine.serial_number.as_deref(),
        name: &machine.name,
        planogram_id: machine.planogram_id,
        state: working(state, machine),
        service: state.service(machine, now),
        location: location.map(|location| GroupedLocation {
            id: location.id,
            group_id: location.group_id,
            name: &location.name,
            address: location.address.as_deref(),
        }),
        kind: kind(state, machine),
        imei: modem.map(|modem| Imei::of(&modem.imei, state.settings.disputed_fields)),
        is_crt_active: machine.is_crt_active,
        inventory_number: machine.inventory_number.as_deref(),
        track_bus_vends: machine.track_bus_vends,
        mm_id: machine.mm_id,
        tz_id: tz_id(state, machine),
        tz: machine.tz.as_deref(),
        last_event_dates: Stamps::of(machine, local),
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    id: i64,
    serial_number: Option<&'a str>,
    name: &'a str,
    planogram_id: Option<i64>,
    state: Option<u8>,
    service: Option<Flags>,
    location: Option<Location<'a>>,
    #[serde(rename = "type")]
    kind: Option<Type>,
    modem: Option<Modem<'a>>,
    is_crt_active: bool,
    inventory_number: Option<&'a str>,
    track_bus_vends: bool,
    requisite_id: Option<i64>,
    min_price: Option<Roubles>,
    max_price: Option<Roubles>,
    mm_id: Option<i64>,
    money: Option<Money>,
    tz_id: Option<i64>,
    tz: Option<&'a str>,
}

#[derive(Serialize)]
struct Modem<'a> {
    id: i64,
    imei: &'a str,
    bus: Option<&'a str>,
    sw_version: Option<&'a str>,
    hw_version: Option<&'a str>,
}

/// Cash, in kopecks.
#[derive(Serialize)]
struct Money {
    change: i64,
    revenue: i64,
}

/// One machine.
pub(crate) fn one(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| {
        let machine = state.machine(asked.who, asked.param("id"))?;
        let (id, now) = (machine.id, Moment::from(asked.now));
        if let Some(ready) = state.lists.1.get(&id).filter(|ready| ready.holds(now)) {
            return Ok(Reply::json_bytes(StatusCode::OK, ready.body.clone()));
        }
        let until = state.next_flag(machine, asked.now);
        let location = machine.location_id.and_then(|id| state.locations.get(&id));
        let modem = machine.modem_id.and_then(|id| state.modems.get(&id));
        let reply = Reply::ok(&Whole {
            id: machine.id,
            serial_number: machine.serial_number.as_deref(),
            name: &machine.name,
            planogram_id: machine.planogram_id,
            state: working(state, machine),
            service: state.service(machine, asked.now),
            location: location.map(|location| Location {
                id: location.id,
                name: &location.name,
                address: location.address.as_deref(),
            }),
            kind: kind(state, machine),
            modem: modem.map(|modem| Modem {
                id: modem.id,
                imei: &modem.imei,
                bus: modem.bus.as_deref(),
                sw_version: modem.firmware.as_deref(),
                hw_version: modem.hw_version.as_deref(),
            }),
            is_crt_active: machine.is_crt_active,
            inventory_number: machine.inventory_number.as_deref(),
            track_bus_vends: machine.track_bus_vends,
            requisite_id: machine.requisite_id,
            min_price: machine.min_price.map(|limit| state.settings.show_limit(limit)),
            max_price: machine.max_price.map(|limit| state.settings.show_limit(limit)),
            mm_id: machine.mm_id,
            money: state.known_money(machine).map(|cash| Money { change: cash.change.0, revenue: cash.revenue().0 }),
            tz_id: tz_id(state, machine),
            tz: machine.tz.as_deref(),
        });
        if state.lists.1.len() >= MACHINES {
            state.lists.1.clear();
        }
        state.lists.1.insert(id, Ready { until, from: now, body: reply.body.clone() });
        Ok(reply)
    })
}

pub(crate) const MACHINE: &[Field] = &[
    field("name", &[Rule::Required, Rule::Text(255)]),
    field("mm_id", &[Rule::Required, Rule::Integer, Rule::Exists(Table::Model)]),
    field("serial_number", &[Rule::Code(255)]),
    field("planogram_id", &[Rule::Integer, Rule::Exists(Table::Planogram)]),
    field("location_id", &[Rule::Integer, Rule::Exists(Table::Location)]),
    field("modem_id", &[Rule::Integer, Rule::Exists(Table::Modem)]),
    field("imei", &[Rule::Code(255), Rule::Exists(Table::Imei)]),
    field("is_crt_active", &[Rule::Flag]),
    field("inventory_number", &[Rule::Code(255)]),
    field("track_bus_vends", &[Rule::Flag]),
    field("requisite_id", &[Rule::Integer, Rule::Exists(Table::Requisite)]),
    field("tz_id", &[Rule::Integer, Rule::Exists(Table::Timezone)]),
    field("tz", &[Rule::Text(255), Rule::Zone]),
    field("min_price", &[Rule::Number, Rule::Min(0)]),
    field("max_price", &[Rule::Number, Rule::Min(0)]),
    field("force", &[Rule::Flag]),
];

/// A new machine.
pub(crate) fn create(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], MACHINE, |state, asked| {
        asked.input.check(state, MACHINE)?;
        Ok(created(state.create_machine(asked.who, asked.input, asked.now)?))
    })
}

/// Changes what is given.
pub(crate) fn update(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], MACHINE, |state, asked| {
        let id = state.machine(asked.who, asked.param("id"))?.id;
        asked.input.check_change(state, MACHINE, id)?;
        state.change_machine(asked.who, id, asked.input, asked.now)?;
        Ok(done())
    })
}

/// When things happened last.
pub(crate) fn timestamp(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &["local"], |state, asked| {
        let machine = state.machine(asked.who, asked.param("id"))?;
        Ok(Reply::ok(&Stamps::of(machine, asked.input.flag("local"))))
    })
}
