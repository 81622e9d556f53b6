//! Making and deleting planograms (T8).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use stend_core::Timestamp;
use stend_core::request::{Between, Code, Text};

use crate::errors::{Error, Invalid, What};
use crate::state::access::Viewer;
use crate::state::catalog::{Capacity, Place, Planogram};
use crate::state::number::{Quantity, Roubles};
use crate::state::settings::PlanogramModes;
use crate::state::{State, take};

/// A planogram to be made.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct NewPlanogram {
    name: Text<255>,
    mode: Mode,
    /// The machine that gets it.
    assign: Option<i64>,
    products: Option<Vec<NewPlace>>,
}

/// What a planogram is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(inline)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Snack,
    Basic,
}

/// A spiral or button of a planogram to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct NewPlace {
    /// The product.
    id: i64,
    number: Code<255>,
    capacity: Between<Quantity, 0>,
    critical: Option<Between<Quantity, 0>>,
    price: Option<Between<Roubles, 0, 999_999>>,
}

impl State {
    /// A planogram.
    pub(crate) fn planogram(&self, id: &str) -> Result<&Planogram, Error> {
        id.parse().ok().and_then(|id: i64| self.planograms.get(&id)).ok_or(Error::NotFound(What::Planogram))
    }

    /// Checks what a planogram to be made refers to.
    pub(crate) fn check_planogram(&self, viewer: &Viewer, new: &NewPlanogram, invalid: &mut Invalid) {
        let name = new.name.trim();
        if self.planograms.values().any(|known| known.name == name) {
            invalid.taken("name");
        }
        if new.mode == Mode::Basic && self.settings.planogram_modes == PlanogramModes::Snack {
            invalid.selected("mode");
        }
        let places = new.products.as_deref().unwrap_or_default();
        for (i, place) in places.iter().enumerate() {
            if !self.products.contains_key(&place.id) {
                invalid.selected(&format!("products.{i}.id"));
            }
            let same = places.iter().filter(|other| other.number == place.number).count();
            if same > 1 && !place.number.is_empty() {
                invalid.duplicate(&format!("products.{i}.number"));
            }
        }
        let seen = |id: i64| self.machines.get(&id).is_some_and(|machine| self.sees(viewer, machine));
        if new.assign.is_some_and(|machine| !seen(machine)) {
            invalid.selected("assign");
        }
    }

    /// Makes a planogram that was checked, and assigns it to a machine if that is wanted; returns its id.
    pub(crate) fn create_planogram(&mut self, viewer: &Viewer, new: NewPlanogram, now: Timestamp) -> i64 {
        let mut planogram = Planogram { name: new.name.into(), ..Planogram::default() };
        let mut capacity: BTreeMap<i64, Capacity> = BTreeMap::new();
        for place in new.products.into_iter().flatten() {
            let Some(product) = self.products.get(&place.id) else { continue };
            if !planogram.products.contains(&product.id) {
                planogram.products.push(product.id);
            }
            planogram.layout.push(Place {
                product_id: product.id,
                number: place.number.into(),
                price: place.price.map(|price| price.0).unwrap_or_default(),
            });
            for part in &product.components {
                // Several spirals with the same product hold together what each holds.
                let entry = capacity.entry(part.id).or_insert(Capacity {
                    component_id: part.id,
                    capacity: Quantity::default(),
                    critical: None,
                });
                entry.capacity.0 = entry.capacity.0.saturating_add(place.capacity.0.0);
                if let Some(critical) = place.critical {
                    let before = entry.critical.unwrap_or_default().0;
                    entry.critical = Some(Quantity::thousandths(before.saturating_add(critical.0.0)));
                }
            }
        }
        planogram.capacity = capacity.into_values().collect();
        let id = take(&mut self.next.planogram);
        planogram.id = id;
        self.planograms.insert(id, planogram);
        if let Some(machine) = new.assign.and_then(|machine| self.machines.get_mut(&machine)) {
            let machine_id = machine.id;
            machine.planogram_id = Some(id);
            self.unload_misfits(viewer.user, now, |machine| machine.id == machine_id);
        }
        id
    }

    /// Deletes a planogram; its machines are unloaded.
    ///
    /// # Errors
    /// It is not there, or a machine has it that the user does not see.
    pub(crate) fn delete_planogram(&mut self, viewer: &Viewer, id: &str, now: Timestamp) -> Result<(), Error> {
        let id = self.planogram(id)?.id;
        self.sees_all(viewer, |machine| machine.planogram_id == Some(id))?;
        self.planograms.remove(&id);
        self.unload_misfits(viewer.user, now, |machine| machine.planogram_id == Some(id));
        self.machines.change(|machine| machine.planogram_id == Some(id), |machine| machine.planogram_id = None);
        Ok(())
    }
}
