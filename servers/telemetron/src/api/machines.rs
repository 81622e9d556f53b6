//! `/v2/vending_machines`: the list, one, making and changing.

use serde::Serialize;
use stend_core::Timestamp;
use stend_transport::Reply;

use crate::api::request::Request;
use crate::api::{Cx, Local, Nothing, created, done};
use crate::errors::Error;
use crate::state::State;
use crate::state::machine::{Last, Machine};
use crate::state::machines::MachineChange;
use crate::state::number::Roubles;
use crate::state::service::Flags;
use crate::state::settings::{DisputedFields, UnknownState};
use crate::state::time::{Iso, Moment};

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
pub(crate) fn list(state: &mut State, cx: &Cx<'_>, request: Request<Local>) -> Result<Reply, Error> {
    let local = request.valid()?.local.unwrap_or_default();
    let rows: Vec<Row<'_>> = state.seen(cx.viewer).map(|machine| row(state, machine, local, cx.now)).collect();
    let until = state.seen(cx.viewer).map(|machine| state.next_flag(machine, cx.now)).min();
    Ok(Reply::ok(&rows).fresh_until(until.unwrap_or(Timestamp::MAX)))
}

fn row<'a>(state: &'a State, machine: &'a Machine, local: bool, now: Timestamp) -> Row<'a> {
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
pub(crate) fn one(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("id"))?;
    let location = machine.location_id.and_then(|id| state.locations.get(&id));
    let modem = machine.modem_id.and_then(|id| state.modems.get(&id));
    let whole = Reply::ok(&Whole {
        id: machine.id,
        serial_number: machine.serial_number.as_deref(),
        name: &machine.name,
        planogram_id: machine.planogram_id,
        state: working(state, machine),
        service: state.service(machine, cx.now),
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
    Ok(whole.fresh_until(state.next_flag(machine, cx.now)))
}

/// Makes a machine.
pub(crate) fn create(state: &mut State, cx: &Cx<'_>, request: Request<MachineChange>) -> Result<Reply, Error> {
    let new = request.checked(|new, invalid| state.check_machine(cx.viewer, None, new, invalid))?;
    Ok(created(state.create_machine(cx.viewer, new, cx.now)))
}

/// Changes what is given.
pub(crate) fn update(state: &mut State, cx: &Cx<'_>, request: Request<MachineChange>) -> Result<Reply, Error> {
    let id = state.machine(cx.viewer, cx.param("id"))?.id;
    let change = request.checked(|change, invalid| state.check_machine(cx.viewer, Some(id), change, invalid))?;
    state.update_machine(cx.viewer, id, change, cx.now)?;
    Ok(done())
}

/// When things happened last.
pub(crate) fn timestamp(state: &mut State, cx: &Cx<'_>, request: Request<Local>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("id"))?;
    let stamps = Stamps::of(machine, request.valid()?.local.unwrap_or_default());
    Ok(Reply::ok(&stamps).fresh_until(Timestamp::MAX))
}
