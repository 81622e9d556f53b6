//! Inventories: what there is was counted (T7).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use stend_core::Timestamp;
use stend_core::request::{Between, Code, Text};

use crate::errors::{Error, Invalid};
use crate::state::State;
use crate::state::access::Viewer;
use crate::state::link::Message;
use crate::state::loading::{Booking, Work, line};
use crate::state::machine::{Key, Machine};
use crate::state::number::Quantity;
use crate::state::settings::EmptyInventory;
use crate::state::time::{Moment, Period, Sent};

/// An inventory as a request gives it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Inventory {
    data: Option<Vec<InventoryLine>>,
    note: Option<Text<65_535>>,
    created_at: Option<Sent>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct InventoryLine {
    component_id: i64,
    layout_number: Option<Code<255>>,
    /// What there is.
    loaded: Between<Quantity, 0>,
}

impl From<Inventory> for Work {
    fn from(inventory: Inventory) -> Self {
        let lines = inventory.data.into_iter().flatten();
        Self {
            lines: lines.map(|one| line(one.component_id, one.layout_number, one.loaded.0)).collect(),
            note: inventory.note.map(String::from),
            created_at: inventory.created_at.map(|sent| sent.0),
        }
    }
}

impl State {
    /// Sets what there is; says whether anything differed, and the operation's digest.
    ///
    /// # Errors
    /// Nothing, the same again within a minute, components that do not fit.
    pub(crate) fn take_stock(
        &mut self,
        viewer: &Viewer,
        machine: i64,
        work: &Work,
        now: Timestamp,
    ) -> Result<(bool, String), Error> {
        let Some(found) = self.machines.get(&machine) else { return Err(Error::Nothing) };
        if work.lines.is_empty() {
            return Err(match self.settings.empty_inventory {
                EmptyInventory::NotEnoughData => Error::NoData,
                EmptyInventory::InvalidData => {
                    Invalid::one("data.0.loaded", "The data.0.loaded field is required.").into()
                }
            });
        }
        let keys = self.slots(found, &work.lines)?;
        let [content, digest] = self.digest(found, "inventory", work, now)?;
        let at = work.created_at.unwrap_or_else(|| now.into());
        let (used, put) = (self.used_since(found, at), put_since(found, at));
        let mut differing = Vec::new();
        let mut counted = BTreeMap::new();
        for (key, line) in keys.into_iter().zip(&work.lines) {
            counted.insert(key, line.amount);
        }
        for (key, amount) in &counted {
            let level = found.loading.0.get(key).copied().unwrap_or_default();
            // A later count knows better.
            if level.counted.is_some_and(|counted| counted > at) {
                continue;
            }
            // What was sold since the count is gone from what was counted, what was put in since is added to it.
            let since = |moved: &BTreeMap<Key, i64>| moved.get(key).copied().unwrap_or_default();
            let amount = amount.0.saturating_add(since(&put)).saturating_sub(since(&used)).max(0);
            if level.value.0 != amount || level.underflow {
                differing.push((key.clone(), Quantity::thousandths(amount - level.value.0)));
            }
        }
        self.note_count(machine, counted.into_keys().collect(), at.min(now.into()));
        if differing.is_empty() {
            return Ok((false, digest));
        }
        self.book(machine, viewer.user, work, &differing, now.into(), Booking::Count);
        self.remember(machine, content, now);
        Ok((true, digest))
    }

    /// What sales since a moment, as far as the server knows them, have taken from each slot of the planogram.
    fn used_since(&self, machine: &Machine, since: Moment) -> BTreeMap<Key, i64> {
        let mut used: BTreeMap<Key, i64> = BTreeMap::new();
        let Some(planogram) = machine.planogram_id.and_then(|id| self.planograms.get(&id)) else { return used };
        for sold in machine.sales.iter(Period { since: since.after(1), until: Moment(i64::MAX) }) {
            let place = sold.layout.as_deref().and_then(|layout| planogram.place(layout));
            let Some(product) = place.and_then(|place| self.products.get(&place.product_id)) else { continue };
            for part in &product.components {
                let layout = sold.layout.as_deref().filter(|_| !product.composite).map(str::to_owned);
                let taken = used.entry((part.id, layout)).or_default();
                *taken = taken.saturating_add(part.volume.0.saturating_mul(i64::from(sold.number)));
            }
        }
        used
    }

    /// Slots were counted: what was sold before is known to the count, whenever the server hears of it (T19).
    fn note_count(&mut self, machine: i64, slots: Vec<Key>, at: Moment) {
        let Some(machine) = self.machines.get_mut(&machine) else { return };
        for key in &slots {
            let level = machine.loading.0.entry(key.clone()).or_default();
            level.counted = level.counted.max(Some(at));
        }
        // Of sales in the second of the count, those that wait were before it.
        let of_this_second = |message: &Message| matches!(message, Message::Sale(held) if held.sold.at == at);
        if machine.waiting.iter().any(of_this_second) {
            for message in machine.waiting.iter_mut() {
                if let Message::Sale(held) = message
                    && held.sold.at == at
                {
                    held.counted.extend(slots.iter().cloned());
                }
            }
        }
    }
}

/// What loadings since a moment have put into each slot, or taken out.
fn put_since(machine: &Machine, since: Moment) -> BTreeMap<Key, i64> {
    let mut put: BTreeMap<Key, i64> = BTreeMap::new();
    let later = machine.loading_tx.within(Period { since: since.after(1), until: Moment(i64::MAX) });
    for (slot, change) in later.flat_map(|transaction| transaction.slots.iter().zip(&transaction.data)) {
        let amount = put.entry((slot.component_id, slot.layout_number.clone())).or_default();
        // No more can be taken out than there was.
        *amount = amount.saturating_add(change.delta.0.max(-change.orig.0));
    }
    put
}
