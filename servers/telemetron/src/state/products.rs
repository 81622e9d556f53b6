//! Products, recipes and their components (T8).

use serde_json::Value;
use stend_core::Timestamp;

use crate::api::input::Input;
use crate::errors::{Error, Invalid, What};
use crate::state::access::Who;
use crate::state::catalog::{Component, Part, Product, Unit};
use crate::state::machine::Machine;
use crate::state::number::{Percent, Quantity};
use crate::state::{State, take};

/// A component of a recipe as a request gives it: one that is there, or one to be made.
enum Wanted {
    Known(Part),
    New { name: String, units: Unit, volume: Quantity },
}

impl State {
    /// A product or recipe.
    pub(crate) fn product(&self, id: &str) -> Result<&Product, Error> {
        id.parse().ok().and_then(|id: i64| self.products.get(&id)).ok_or(Error::NotFound(What::Product))
    }

    fn add_component(&mut self, name: String, units: Unit, is_product: bool) -> i64 {
        let id = take(&mut self.next.component);
        self.components.insert(id, Component { id, name, is_product, units });
        id
    }

    fn unit(&self, input: &Input) -> Option<Unit> {
        input.id("unit").and_then(|number| Unit::of(number, self.settings.unit_numbers))
    }

    /// A new component.
    pub(crate) fn create_component(&mut self, input: &Input) -> i64 {
        let units = self.unit(input).unwrap_or(Unit::Piece);
        self.add_component(input.text("name").unwrap_or_default(), units, false)
    }

    /// A new product, with the component that stands for it; or a recipe, with components that are made on the way.
    pub(crate) fn create_product(&mut self, input: &Input) -> Result<i64, Error> {
        let composite = input.flag("composite");
        let name = input.text("name").unwrap_or_default();
        let components = if composite {
            require_components(input)?;
            let wanted = self.wanted(input, None)?;
            self.parts(wanted)
        } else {
            prohibit_components(input)?;
            let id = self.add_component(name.clone(), Unit::Piece, true);
            vec![Part { id, volume: Quantity::whole(1) }]
        };
        let id = take(&mut self.next.product);
        let product = Product {
            id,
            composite,
            name,
            components,
            inventory_number: input.text("inventory_number"),
            vat: input.number("vat").and_then(Percent::from_f64),
            note: input.text("note"),
        };
        self.products.insert(id, product);
        Ok(id)
    }

    /// Changes what is given. Sales that have been keep the old name.
    pub(crate) fn change_product(&mut self, who: &Who, id: i64, input: &Input, now: Timestamp) -> Result<(), Error> {
        let composite = self.products.get(&id).is_some_and(|product| product.composite);
        let wanted = if !input.has("components") {
            None
        } else if composite {
            require_components(input)?;
            Some(self.wanted(input, self.products.get(&id))?)
        } else {
            prohibit_components(input)?;
            None
        };
        let parts = wanted.map(|wanted| self.parts(wanted));
        let Some(product) = self.products.get_mut(&id) else { return Err(Error::NotFound(What::Product)) };
        if let Some(name) = input.text("name") {
            product.name.clone_from(&name);
            // The component that stands for a product has its name.
            let own = product.components.first().filter(|_| !composite).map(|part| part.id);
            if let Some(component) = own.and_then(|id| self.components.get_mut(&id)) {
                component.name = name;
            }
        }
        if input.has("note") {
            product.note = input.text("note");
        }
        if input.has("vat") {
            product.vat = input.number("vat").and_then(Percent::from_f64);
        }
        if input.has("inventory_number") {
            product.inventory_number = input.text("inventory_number");
        }
        if let Some(parts) = parts {
            product.components = parts;
            self.unload_without(who, id, now);
        }
        Ok(())
    }

    /// Deletes a product: planograms lose it, and machines what only it needed.
    pub(crate) fn delete_product(&mut self, who: &Who, id: &str, now: Timestamp) -> Result<(), Error> {
        let id = self.product(id)?.id;
        let affected = self.machines_with(id);
        let product = self.products.remove(&id);
        for planogram in self.planograms.values_mut() {
            planogram.products.retain(|product| *product != id);
            planogram.layout.retain(|place| place.product_id != id);
        }
        self.unload_misfits(who.user, now, |machine| affected.contains(&machine.id));
        for part in product.filter(|product| !product.composite).map(|product| product.components).unwrap_or_default() {
            // A component that stands for a product goes with it, unless a recipe has it.
            let used = self.products.values().any(|product| product.components.iter().any(|other| other.id == part.id));
            if !used {
                self.components.remove(&part.id);
                self.planograms.values_mut().for_each(|one| one.capacity.retain(|item| item.component_id != part.id));
            }
        }
        Ok(())
    }

    /// The machines whose planogram has a product.
    fn machines_with(&self, product: i64) -> Vec<i64> {
        let has = |machine: &&Machine| {
            let planogram = machine.planogram_id.and_then(|id| self.planograms.get(&id));
            planogram.is_some_and(|planogram| {
                planogram.products.contains(&product)
                    || planogram.layout.iter().any(|place| place.product_id == product)
            })
        };
        self.machines.values().filter(has).map(|machine| machine.id).collect()
    }

    /// A recipe has changed: what its machines no longer need is unloaded.
    fn unload_without(&mut self, who: &Who, product: i64, now: Timestamp) {
        let affected = self.machines_with(product);
        self.unload_misfits(who.user, now, |machine| affected.contains(&machine.id));
    }

    /// The components of a request: by id; by name and unit for a new recipe; by name for one that is changed, of which
    /// the unit tells only among several.
    ///
    /// # Errors
    /// What cannot be found and cannot be made.
    fn wanted(&self, input: &Input, changed: Option<&Product>) -> Result<Vec<Wanted>, Error> {
        let mut invalid = Invalid::default();
        let mut wanted = Vec::new();
        for (i, item) in input.items("components").iter().enumerate() {
            let volume = item.number("volume").and_then(Quantity::from_f64).unwrap_or_default();
            let (name, units) = (item.text("name").filter(|name| !name.is_empty()), self.unit(item));
            let by_id = item.id("id").and_then(|id| self.components.get(&id));
            let by_name = || {
                let named = |known: &&Component| Some(&known.name) == name.as_ref() && !known.is_product;
                let fits = |known: &&Component| named(known) && units.is_none_or(|units| units == known.units);
                let mut others = self.components.values().filter(named);
                let only = others.next().filter(|_| changed.is_some() && others.next().is_none());
                self.components.values().find(fits).or(only)
            };
            match (by_id.or_else(by_name), name.clone(), units) {
                (Some(known), ..) => wanted.push(Wanted::Known(Part { id: known.id, volume })),
                (None, Some(name), Some(units)) => wanted.push(Wanted::New { name, units, volume }),
                (None, Some(_), None) => {
                    invalid.add(&format!("components.{i}.unit"), format!("The components.{i}.unit field is required."));
                }
                (None, None, _) if item.has("id") => {
                    invalid.add(&format!("components.{i}.id"), format!("The selected components.{i}.id is invalid."));
                }
                (None, None, _) => {
                    invalid.add(
                        &format!("components.{i}.id"),
                        format!("The components.{i}.id field is required when name is not present."),
                    );
                }
            }
        }
        for (i, one) in wanted.iter().enumerate() {
            let same = |other: &Wanted| match (one, other) {
                (Wanted::Known(one), Wanted::Known(other)) => one.id == other.id,
                (Wanted::New { name, units, .. }, Wanted::New { name: other, units: unit, .. }) => {
                    name == other && units == unit
                }
                _ => false,
            };
            if wanted[..i].iter().any(same) {
                let field = if matches!(one, Wanted::Known(_)) { "id" } else { "name" };
                let path = format!("components.{i}.{field}");
                invalid.add(&path, format!("The {path} field has a duplicate value."));
            }
        }
        invalid.done()?;
        Ok(wanted)
    }

    /// The parts of a recipe; what is new is made.
    fn parts(&mut self, wanted: Vec<Wanted>) -> Vec<Part> {
        let part = |wanted| match wanted {
            Wanted::Known(part) => part,
            Wanted::New { name, units, volume } => Part { id: self.add_component(name, units, false), volume },
        };
        wanted.into_iter().map(part).collect()
    }

    /// A recipe; a product has no components to change.
    fn recipe(&mut self, id: &str) -> Result<&mut Product, Error> {
        let id = self.product(id)?.id;
        let product = self.products.get_mut(&id).ok_or(Error::NotFound(What::Product))?;
        if product.composite { Ok(product) } else { Err(Error::NotAllowed) }
    }

    /// Adds components to a recipe; says the id of the first.
    ///
    /// # Errors
    /// One that the recipe has already, under the key that the document prints.
    pub(crate) fn add_parts(&mut self, id: &str, items: &[Input]) -> Result<i64, Error> {
        let recipe = self.recipe(id)?;
        let mut parts = recipe.components.clone();
        let had = parts.len();
        for item in items {
            let volume = item.number("volume").and_then(Quantity::from_f64).unwrap_or_default();
            let Some(id) = item.id("id") else { continue };
            if parts.iter().any(|part| part.id == id) {
                return Err(Invalid::one("name", "The id has already been taken.").into());
            }
            parts.push(Part { id, volume });
        }
        // A list of nothing lacks what a component without fields lacks.
        let first = parts.get(had).map(|part| part.id);
        let first = first.ok_or_else(|| Error::from(Invalid::one("id", "The id field is required.")))?;
        recipe.components = parts;
        Ok(first)
    }

    /// Changes how much of a component goes into a recipe.
    pub(crate) fn change_part(&mut self, id: &str, component: &str, volume: Quantity) -> Result<(), Error> {
        let recipe = self.recipe(id)?;
        let part = recipe.components.iter_mut().find(|part| part.id.to_string() == component);
        part.ok_or(Error::NotFound(What::Component))?.volume = volume;
        Ok(())
    }

    /// Takes a component out of a recipe.
    pub(crate) fn remove_part(&mut self, who: &Who, id: &str, component: &str, now: Timestamp) -> Result<(), Error> {
        let recipe = self.recipe(id)?;
        let had = recipe.components.len();
        recipe.components.retain(|part| part.id.to_string() != component);
        if recipe.components.len() == had {
            return Err(Error::NotFound(What::Component));
        }
        let product = recipe.id;
        self.unload_without(who, product, now);
        Ok(())
    }
}

fn require_components(input: &Input) -> Result<(), Error> {
    let given = input.fields.get("components").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if given { Ok(()) } else { Err(Invalid::one("components", "The components field is required.").into()) }
}

fn prohibit_components(input: &Input) -> Result<(), Error> {
    let given = input
        .fields
        .get("components")
        .is_some_and(|value| value.as_array().is_none_or(|list| !list.is_empty()) && !value.is_null());
    if given { Err(Invalid::one("components", "The components field is prohibited.").into()) } else { Ok(()) }
}
