//! Making and deleting planograms (T8).

use std::collections::BTreeMap;

use stend_core::Timestamp;

use crate::api::input::Input;
use crate::errors::{Error, Invalid, What};
use crate::state::access::Who;
use crate::state::catalog::{Capacity, Place, Planogram};
use crate::state::number::{Quantity, Roubles};
use crate::state::{State, take};

impl State {
    /// A planogram.
    pub(crate) fn planogram(&self, id: &str) -> Result<&Planogram, Error> {
        id.parse().ok().and_then(|id: i64| self.planograms.get(&id)).ok_or(Error::NotFound(What::Planogram))
    }

    /// A new planogram, assigned to a machine if that is wanted.
    ///
    /// # Errors
    /// A machine that is not there, or not for this user.
    pub(crate) fn create_planogram(&mut self, who: &Who, input: &Input, now: Timestamp) -> Result<i64, Error> {
        let assign = input.id("assign");
        if let Some(machine) = assign {
            let known = self.machines.get(&machine).is_some_and(|machine| self.sees(who, machine));
            if !known {
                return Err(Invalid::one("assign", "The selected assign is invalid.").into());
            }
        }
        let mut planogram = Planogram { name: input.text("name").unwrap_or_default(), ..Planogram::default() };
        let mut capacity: BTreeMap<i64, Capacity> = BTreeMap::new();
        for item in input.items("products") {
            let Some(product) = item.id("id").and_then(|id| self.products.get(&id)) else { continue };
            if !planogram.products.contains(&product.id) {
                planogram.products.push(product.id);
            }
            planogram.layout.push(Place {
                product_id: product.id,
                number: item.text("number").unwrap_or_default(),
                price: item.number("price").and_then(Roubles::from_f64).unwrap_or_default(),
            });
            let amount = |name: &str| item.number(name).and_then(Quantity::from_f64);
            for part in &product.components {
                // Several spirals with the same product hold together what each holds.
                let entry = capacity.entry(part.id).or_insert(Capacity {
                    component_id: part.id,
                    capacity: Quantity::default(),
                    critical: None,
                });
                entry.capacity.0 = entry.capacity.0.saturating_add(amount("capacity").unwrap_or_default().0);
                if let Some(critical) = amount("critical") {
                    entry.critical =
                        Some(Quantity::thousandths(entry.critical.unwrap_or_default().0.saturating_add(critical.0)));
                }
            }
        }
        planogram.capacity = capacity.into_values().collect();
        let id = take(&mut self.next.planogram);
        planogram.id = id;
        self.planograms.insert(id, planogram);
        if let Some(machine) = assign.and_then(|machine| self.machines.get_mut(&machine)) {
            let machine_id = machine.id;
            machine.planogram_id = Some(id);
            self.unload_misfits(who.user, now, |machine| machine.id == machine_id);
        }
        Ok(id)
    }

    /// Deletes a planogram; its machines are unloaded.
    pub(crate) fn delete_planogram(&mut self, who: &Who, id: &str, now: Timestamp) -> Result<(), Error> {
        let id = self.planogram(id)?.id;
        self.planograms.remove(&id);
        self.unload_misfits(who.user, now, |machine| machine.planogram_id == Some(id));
        self.machines.change(|machine| machine.planogram_id == Some(id), |machine| machine.planogram_id = None);
        Ok(())
    }
}
