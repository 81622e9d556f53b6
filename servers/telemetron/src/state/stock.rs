//! What sales take from a machine's loading, and the events that come of it (T17).

use std::collections::BTreeMap;

use serde_json::json;

use crate::state::catalog::{Planogram, Product};
use crate::state::machine::{Event, Key, Machine};
use crate::state::number::Quantity;
use crate::state::room::has_room;
use crate::state::time::Moment;

/// A machine's loading while sales are taken from it.
pub(crate) struct Stock<'m> {
    pub(crate) machine: &'m mut Machine,
    pub(crate) planogram: Option<&'m Planogram>,
    pub(crate) products: &'m BTreeMap<i64, Product>,
}

impl Stock<'_> {
    /// Takes from a slot. What is not there is noted as such; what runs low or out makes an event. A slot that was counted
    /// since, or that the planogram no longer has, stays as it is (T19).
    pub(crate) fn take(&mut self, component: i64, layout: Option<&str>, used: i64, at: Moment, counted: &[Key]) {
        let key = (component, layout.map(str::to_owned));
        let has_room = || self.planogram.is_some_and(|planogram| has_room(planogram, self.products, &key));
        if counted.contains(&key) || !self.machine.loading.0.contains_key(&key) && !has_room() {
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
        let critical = self.planogram.and_then(|planogram| planogram.critical(component));
        if let Some(critical) = critical {
            let held = self.held(component);
            if held <= critical.0 && held.saturating_add(taken) > critical.0 {
                self.emit("EIA", component, None, at);
            }
        }
    }

    /// How much there is of a component, in all its slots.
    fn held(&self, component: i64) -> i64 {
        let slots = self.machine.loading.0.range((component, None)..).take_while(|((id, _), _)| *id == component);
        slots.fold(0, |held, (_, level)| held.saturating_add(level.value.0))
    }

    fn emit(&mut self, code: &str, component: i64, layout: Option<&str>, at: Moment) {
        let mut payload = json!({ "component_id": component });
        if let Some(layout) = layout {
            payload["layout_number"] = json!(layout);
        }
        self.machine.note(Event { at, code: code.to_owned(), payload }, at);
    }
}
