//! What sales take from a machine's loading, and the events that come of it (T17).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::state::catalog::Planogram;
use crate::state::machine::{Event, Key, Machine};
use crate::state::number::Quantity;
use crate::state::time::Moment;

/// A machine's loading while sales are taken from it.
pub(crate) struct Stock<'m> {
    machine: &'m mut Machine,
    /// The planogram's critical levels, by component.
    critical: BTreeMap<i64, i64>,
    /// How much there is of a component with a critical level, in all its slots.
    held: BTreeMap<i64, i64>,
    /// The slots of the planogram, if there is one.
    room: BTreeSet<Key>,
}

impl<'m> Stock<'m> {
    pub(crate) fn new(machine: &'m mut Machine, planogram: Option<&Planogram>, room: BTreeSet<Key>) -> Self {
        let capacity = planogram.map_or(&[][..], |planogram| &planogram.capacity);
        let critical: BTreeMap<i64, i64> =
            capacity.iter().filter_map(|item| Some((item.component_id, item.critical?.0))).collect();
        let mut held: BTreeMap<i64, i64> = BTreeMap::new();
        for ((component, _), level) in machine.loading.0.iter().filter(|((id, _), _)| critical.contains_key(id)) {
            let held = held.entry(*component).or_default();
            *held = held.saturating_add(level.value.0);
        }
        Self { machine, critical, held, room }
    }

    /// Takes from a slot. What is not there is noted as such; what runs low or out makes an event. A slot that was counted
    /// since, or that the planogram no longer has, stays as it is (T19).
    pub(crate) fn take(&mut self, component: i64, layout: Option<&str>, used: i64, at: Moment, counted: &[Key]) {
        let key = (component, layout.map(str::to_owned));
        if counted.contains(&key) || !self.room.contains(&key) && !self.machine.loading.0.contains_key(&key) {
            return;
        }
        let level = self.machine.loading.0.entry(key).or_default();
        if level.counted.is_some_and(|counted| at < counted) {
            return;
        }
        let before = level.value.0;
        level.underflow |= before < used;
        level.value = Quantity::thousandths(before.saturating_sub(used).max(0));
        let taken = before - level.value.0;
        if taken > 0 && level.value.0 == 0 {
            self.emit("EIB", component, layout, at);
        }
        if let Some(critical) = self.critical.get(&component).copied() {
            let held = self.held.entry(component).or_default();
            let was = *held;
            *held = was.saturating_sub(taken);
            if was > critical && *held <= critical {
                self.emit("EIA", component, None, at);
            }
        }
    }

    fn emit(&mut self, code: &str, component: i64, layout: Option<&str>, at: Moment) {
        let mut payload = json!({ "component_id": component });
        if let Some(layout) = layout {
            payload["layout_number"] = json!(layout);
        }
        self.machine.note(Event { at, code: code.to_owned(), payload }, at);
    }
}
