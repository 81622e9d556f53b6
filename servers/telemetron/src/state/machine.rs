//! A vending machine: what is known of it, and what it holds.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use stend_core::Shared;

use crate::state::catalog::Role;
use crate::state::company::Type;
use crate::state::counters::Counters;
use crate::state::history::History;
use crate::state::link::Message;
use crate::state::number::{Quantity, Roubles};
use crate::state::sale::Sold;
use crate::state::time::{self, Moment};
use crate::state::timeline::{Timed, Timeline};
use crate::state::zones;

/// A vending machine.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Machine {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Serial number.
    pub serial_number: Option<String>,
    /// Planogram.
    pub planogram_id: Option<i64>,
    /// Where it stands.
    pub location_id: Option<i64>,
    /// Its modem.
    pub modem_id: Option<i64>,
    /// Its model.
    pub mm_id: Option<i64>,
    /// Its type; left out, its model's.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Type>,
    /// Whether sales get fiscal receipts.
    pub is_crt_active: bool,
    /// Inventory number.
    pub inventory_number: Option<String>,
    /// Whether sales are counted on the payment bus.
    pub track_bus_vends: bool,
    /// The legal entity on its receipts.
    pub requisite_id: Option<i64>,
    /// Below this there is no receipt, in roubles.
    pub min_price: Option<Roubles>,
    /// Above this there is no receipt, in roubles.
    pub max_price: Option<Roubles>,
    /// Time zone.
    pub tz: Option<String>,
    /// Spirals and buttons of the second device, when there are two to read (2-DEX).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dex2: Vec<String>,
    /// When it was made known; left out, when the world began.
    pub created_at: Option<Moment>,
    /// Cash in it; none: it tells nothing of cash.
    pub money: Option<Cash>,
    /// The cash that the server knows of, while the modem has no connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_known_money: Option<Cash>,
    /// What it is loaded with.
    pub loading: Loading,
    /// When things happened last.
    pub last: Last,
    /// What is wrong with it now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// Data that was asked for and has not come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    /// Sales, oldest first.
    pub sales: History,
    /// What the modem could not send, in the order in which it happened: not known to the server.
    #[serde(skip_serializing_if = "is_empty")]
    pub waiting: Shared<Vec<Message>>,
    /// An older form of `waiting`: sales. It is read and not written.
    #[serde(skip_serializing)]
    pub held_sales: Vec<Held>,
    /// An older form of `waiting`: events. It is read and not written.
    #[serde(skip_serializing)]
    pub held_events: Vec<Event>,
    /// The machine's own counters.
    pub counters: Counters,
    /// Events, oldest first.
    #[serde(skip_serializing_if = "Timeline::is_empty")]
    pub events: Timeline<Event>,
    /// Reports, oldest first.
    #[serde(skip_serializing_if = "is_empty")]
    pub reports: Shared<Vec<Report>>,
    /// Loadings, oldest first.
    #[serde(skip_serializing_if = "Timeline::is_empty")]
    pub loading_tx: Timeline<Transaction>,
    /// Digests of the last minute's loadings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<Recent>,
}

/// A sale that the server does not know of yet, and the product it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The sale.
    pub sold: Sold,
    /// The product's id.
    pub product: Option<i64>,
    /// What it did not take: a drink without cup or sugar.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Role>,
    /// Whether it takes from the loading.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub consume: bool,
    /// Components, and the spirals they lie in, that were counted since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<Key>,
}

impl Held {
    /// A sale that takes what its product is made of.
    pub(crate) fn new(sold: Sold, product: Option<i64>) -> Self {
        Self { sold, product, without: Vec::new(), consume: true, counted: Vec::new() }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_true(flag: &bool) -> bool {
    *flag
}

/// Cash in a machine, in roubles.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cash {
    /// In the tubes, for change.
    pub change: Roubles,
    /// Coins in the box.
    pub coins: Roubles,
    /// Notes in the stacker.
    pub banknotes: Roubles,
    /// Change loaded by hand since the last collection.
    pub hands_add: Roubles,
    /// Put in and not yet spent.
    pub credit: Roubles,
    /// What the tubes hold before coins go to the box; left out, the settings'.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tubes: Option<Roubles>,
}

/// When things happened last.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Last {
    /// A sale.
    pub sale: Option<Moment>,
    /// Somebody served it.
    pub service: Option<Moment>,
    /// A collection.
    pub collection: Option<Moment>,
    /// A loading.
    pub loading: Option<Moment>,
    /// A valid report.
    pub report: Option<Moment>,
    /// A report, valid or not.
    pub acquired_report: Option<Moment>,
    /// A coin.
    pub coin: Option<Moment>,
    /// A note.
    pub note: Option<Moment>,
}

/// Something that is wrong with a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The code: `D54`, or one of EVA-DTS.
    pub code: String,
    /// Its value, as the machine reports it.
    pub value: String,
    /// Since when.
    pub at: Moment,
}

/// An open request for data: one per machine (T9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Its id.
    pub id: i64,
    /// Whether a report is wanted.
    pub report: bool,
    /// Whether the configuration is wanted.
    pub config: bool,
    /// The ping that will bring it; none while the modem has no connection.
    pub due: Option<Moment>,
}

/// Something that happened at a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// What.
    pub code: String,
    /// Details.
    #[serde(default)]
    pub payload: Value,
}

/// An EVA-DTS report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Its id.
    pub id: i64,
    /// When it was read.
    pub at: Moment,
    /// When it came.
    pub received: Moment,
    /// From which port.
    pub port: u8,
    /// Whether it passed validation.
    pub valid: bool,
    /// The report itself.
    pub data: String,
    /// What it says is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Failure>,
}

/// A change of what a machine is loaded with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// Its id.
    pub id: i64,
    /// When.
    pub created_at: Moment,
    /// By whom.
    pub user_id: i64,
    /// A comment, which no operation shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What changed.
    pub data: Vec<Change>,
    /// Of a loading, where each change is, in the same order; an inventory and an unloading have none. No operation shows
    /// it: a count of the past adds what was loaded since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Filled>,
}

/// One component of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The component's name.
    pub component: String,
    /// The change.
    pub delta: Quantity,
    /// What there was before.
    pub orig: Quantity,
    /// The result does not agree with what the server counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub underflow: bool,
}

/// A slot that was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filled {
    /// The component.
    pub component_id: i64,
    /// The spiral, for a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout_number: Option<String>,
}

/// A loading that would be a duplicate if it came again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recent {
    /// The digest of its content.
    pub digest: String,
    /// When it came.
    pub at: Moment,
}

/// A component, and for a product the spiral it lies in.
pub(crate) type Key = (i64, Option<String>);

/// How much of a component there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) value: Quantity,
    /// More was taken out than there was by the server's count; an inventory sets it right.
    pub(crate) underflow: bool,
    /// When it was counted last: an inventory knows of every sale before.
    pub(crate) counted: Option<Moment>,
}

/// What a machine is loaded with.
#[derive(Debug, Clone, Default)]
pub struct Loading(pub(crate) BTreeMap<Key, Level>);

/// An entry of a loading.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slot {
    /// The component.
    pub component_id: i64,
    /// The spiral, for a product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout_number: Option<String>,
    /// How much.
    #[serde(deserialize_with = "from_nought")]
    pub value: Quantity,
    /// More was sold than there was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub underflow: bool,
    /// When it was counted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Moment>,
}

fn from_nought<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
    let value = Quantity::deserialize(deserializer)?;
    if value < Quantity::default() {
        return Err(de::Error::custom(format!("{value} is negative; from 0")));
    }
    Ok(value)
}

impl Serialize for Loading {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|((component_id, layout_number), level)| Slot {
            component_id: *component_id,
            layout_number: layout_number.clone(),
            value: level.value,
            underflow: level.underflow,
            counted: level.counted,
        }))
    }
}

impl<'de> Deserialize<'de> for Loading {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let slots = Vec::<Slot>::deserialize(deserializer)?;
        let entry = |slot: Slot| {
            let level = Level { value: slot.value, underflow: slot.underflow, counted: slot.counted };
            ((slot.component_id, slot.layout_number), level)
        };
        Ok(Self(slots.into_iter().map(entry).collect()))
    }
}

impl JsonSchema for Loading {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Loading".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<Slot>::json_schema(generator)
    }
}

fn is_empty<T>(list: &Shared<Vec<T>>) -> bool {
    list.is_empty()
}

impl Machine {
    /// The machine's zone, or the one for those that have none (T3).
    pub(crate) fn zone(&self, local: bool) -> TimeZone {
        let own = self.tz.as_deref().filter(|_| local).and_then(zones::rules);
        own.unwrap_or_else(time::default_zone)
    }

    /// The ports that a report can be read from.
    pub(crate) fn ports(&self) -> std::ops::RangeInclusive<u8> {
        1..=if self.dex2.is_empty() { 1 } else { 2 }
    }

    /// Moves what a world file gives in the older form into the queue.
    pub(crate) fn take_up_held(&mut self) {
        if self.held_sales.is_empty() && self.held_events.is_empty() {
            return;
        }
        let events = std::mem::take(&mut self.held_events).into_iter().map(Message::Event);
        let sales = std::mem::take(&mut self.held_sales).into_iter().map(Message::Sale);
        self.waiting.extend(events.chain(sales));
        self.waiting.sort_by_key(Message::at);
    }

    /// Keeps an event in time order; what no query can reach any more goes.
    pub(crate) fn note(&mut self, event: Event, now: Moment) {
        self.events.push(event);
        self.trim(now);
    }

    /// Forgets events that no query can reach any more.
    pub(crate) fn trim(&mut self, now: Moment) {
        self.events.trim(now.after(-15 * 24 * 3600), MOST);
    }
}

impl Timed for Event {
    fn at(&self) -> Moment {
        self.at
    }
}

impl Timed for Transaction {
    fn at(&self) -> Moment {
        self.created_at
    }
}

/// The most events, and the most loadings, that a machine keeps.
pub(crate) const MOST: usize = 10_000;
