//! Products, recipes and their components (T8).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use stend_core::Timestamp;
use stend_core::request::{Between, Change, Code, Patch, Text};

use crate::errors::{Error, Invalid, What};
use crate::state::access::Viewer;
use crate::state::catalog::{Component, Part, Planogram, Product, Unit};
use crate::state::choice::Choice;
use crate::state::machine::Machine;
use crate::state::number::{Percent, Quantity};
use crate::state::{State, take};

/// A component to be made.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct NewComponent {
    name: Text<255>,
    unit: Choice<1, 3>,
}

/// A product or recipe to be made.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct NewProduct {
    /// Whether it is a recipe.
    composite: bool,
    pub(crate) name: Text<255>,
    note: Option<Text<65_535>>,
    components: Option<Vec<Ingredient>>,
    inventory_number: Option<Code<255>>,
    vat: Option<Between<Percent, 0, 100>>,
}

/// What a product or recipe is changed to.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ProductChange {
    #[serde(default)]
    pub(crate) name: Change<Text<255>>,
    note: Patch<Text<65_535>>,
    components: Patch<Vec<Ingredient>>,
    inventory_number: Patch<Code<255>>,
    vat: Patch<Between<Percent, 0, 100>>,
}

impl NewProduct {
    /// The rate of VAT that is given.
    pub(crate) fn vat(&self) -> Option<Percent> {
        self.vat.map(|vat| vat.0)
    }
}

impl ProductChange {
    /// The rate of VAT that is given.
    pub(crate) fn vat(&self) -> Option<Percent> {
        self.vat.given().map(|vat| vat.0)
    }
}

/// A component of a recipe: one that is there, or one to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct Ingredient {
    id: Option<i64>,
    name: Option<Text<255>>,
    volume: Between<Quantity, 0>,
    unit: Option<Choice<1, 3>>,
}

/// A component to be added to a recipe.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct NewPart {
    id: i64,
    volume: Between<Quantity, 0>,
}

/// How much of a component goes into a recipe from now on.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct PartChange {
    volume: Between<Quantity, 0>,
}

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
        self.components.insert(id, Component { id, name, is_product, units, role: None });
        id
    }

    fn unit(&self, number: Choice<1, 3>) -> Unit {
        Unit::of(number.0, self.settings.unit_numbers).unwrap_or(Unit::Piece)
    }

    /// Checks that no other component has the name.
    pub(crate) fn check_component(&self, new: &NewComponent, invalid: &mut Invalid) {
        let name = new.name.trim();
        if self.components.values().any(|known| !known.is_product && known.name == name) {
            invalid.taken("name");
        }
    }

    /// Makes a component; returns its id.
    pub(crate) fn create_component(&mut self, new: NewComponent) -> i64 {
        let units = self.unit(new.unit);
        self.add_component(new.name.into(), units, false)
    }

    /// Checks that no other product has the name.
    pub(crate) fn check_product(&self, own: Option<i64>, name: Option<&str>, invalid: &mut Invalid) {
        let Some(name) = name.map(str::trim) else { return };
        if self.products.values().any(|known| Some(known.id) != own && known.name == name) {
            invalid.taken("name");
        }
    }

    /// Makes a product, with the component that stands for it; or a recipe, with components that are made on the way.
    /// Returns its id.
    pub(crate) fn create_product(&mut self, new: NewProduct) -> Result<i64, Error> {
        let composite = new.composite;
        let name = String::from(new.name);
        let given = new.components.unwrap_or_default();
        let components = if composite {
            let wanted = self.wanted(&given, None)?;
            self.parts(wanted)
        } else {
            prohibit(&given)?;
            let id = self.add_component(name.clone(), Unit::Piece, true);
            vec![Part { id, volume: Quantity::whole(1) }]
        };
        let id = take(&mut self.next.product);
        let product = Product {
            id,
            composite,
            name,
            components,
            inventory_number: new.inventory_number.map(String::from),
            vat: new.vat.map(|vat| vat.0),
            note: new.note.map(String::from),
        };
        self.products.insert(id, product);
        Ok(id)
    }

    /// Changes what is given. Sales that have been keep the old name.
    pub(crate) fn update_product(
        &mut self,
        viewer: &Viewer,
        id: i64,
        change: ProductChange,
        now: Timestamp,
    ) -> Result<(), Error> {
        let composite = self.products.get(&id).is_some_and(|product| product.composite);
        let given = match change.components {
            Patch::Absent => None,
            Patch::Null => Some(Vec::new()),
            Patch::Given(components) => Some(components),
        };
        let wanted = match given {
            Some(given) if composite => Some(self.wanted(&given, self.products.get(&id))?),
            Some(given) => {
                prohibit(&given)?;
                None
            }
            None => None,
        };
        if wanted.is_some() {
            let affected = self.machines_with(id);
            self.sees_all(viewer, |machine| affected.contains(&machine.id))?;
        }
        let parts = wanted.map(|wanted| self.parts(wanted));
        let Some(product) = self.products.get_mut(&id) else { return Err(Error::NotFound(What::Product)) };
        if let Some(name) = change.name.0.map(String::from) {
            product.name.clone_from(&name);
            // The component that stands for a product has its name.
            let own = product.components.first().filter(|_| !composite).map(|part| part.id);
            if let Some(component) = own.and_then(|id| self.components.get_mut(&id)) {
                component.name = name;
            }
        }
        change.note.apply(&mut product.note);
        change.vat.map(|vat| vat.0).apply(&mut product.vat);
        change.inventory_number.apply(&mut product.inventory_number);
        if let Some(parts) = parts {
            let before = std::mem::replace(&mut product.components, parts);
            self.unload_without(viewer, id, &before, now);
        }
        Ok(())
    }

    /// Deletes a product: planograms lose it, and machines what only it needed.
    pub(crate) fn delete_product(&mut self, viewer: &Viewer, id: &str, now: Timestamp) -> Result<(), Error> {
        let id = self.product(id)?.id;
        let affected = self.machines_with(id);
        self.sees_all(viewer, |machine| affected.contains(&machine.id))?;
        let product = self.products.remove(&id);
        let parts: Vec<i64> = product.iter().flat_map(|product| &product.components).map(|part| part.id).collect();
        for planogram in self.planograms.values_mut().filter(|one| holds(one, id)) {
            planogram.products.retain(|product| *product != id);
            planogram.layout.retain(|place| place.product_id != id);
            drop_capacities(planogram, &parts, &self.products);
        }
        self.unload_misfits(viewer.user, now, |machine| affected.contains(&machine.id));
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
            planogram.is_some_and(|planogram| holds(planogram, product))
        };
        self.machines.values().filter(has).map(|machine| machine.id).collect()
    }

    /// A recipe has changed: planograms lose the capacities of what it had and nothing of them needs any more, and their
    /// machines are unloaded.
    fn unload_without(&mut self, viewer: &Viewer, product: i64, before: &[Part], now: Timestamp) {
        let parts: Vec<i64> = before.iter().map(|part| part.id).collect();
        for planogram in self.planograms.values_mut().filter(|one| holds(one, product)) {
            drop_capacities(planogram, &parts, &self.products);
        }
        let affected = self.machines_with(product);
        self.unload_misfits(viewer.user, now, |machine| affected.contains(&machine.id));
    }

    /// The components of a request: by id; by name and unit for a new recipe; by name for one that is changed, of which
    /// the unit tells only among several.
    ///
    /// # Errors
    /// None at all; what cannot be found and cannot be made.
    fn wanted(&self, given: &[Ingredient], changed: Option<&Product>) -> Result<Vec<Wanted>, Error> {
        if given.is_empty() {
            return Err(Invalid::one("components", "The components field is required.").into());
        }
        let mut invalid = Invalid::default();
        let mut wanted = Vec::new();
        for (i, item) in given.iter().enumerate() {
            let volume = item.volume.0;
            let (name, units) = (item.name.as_deref(), item.unit.map(|number| self.unit(number)));
            let by_id = item.id.and_then(|id| self.components.get(&id));
            let by_name = || {
                let named = |known: &&Component| Some(known.name.as_str()) == name && !known.is_product;
                let fits = |known: &&Component| named(known) && units.is_none_or(|units| units == known.units);
                let mut others = self.components.values().filter(named);
                let only = others.next().filter(|_| changed.is_some() && others.next().is_none());
                self.components.values().find(fits).or(only)
            };
            match (by_id.or_else(by_name), name, units) {
                (Some(known), ..) => wanted.push(Wanted::Known(Part { id: known.id, volume })),
                (None, Some(name), Some(units)) => wanted.push(Wanted::New { name: name.to_owned(), units, volume }),
                (None, Some(_), None) => invalid.required(&format!("components.{i}.unit")),
                (None, None, _) if item.id.is_some() => invalid.selected(&format!("components.{i}.id")),
                (None, None, _) => {
                    let path = format!("components.{i}.id");
                    invalid.first(&path, format!("The {path} field is required when name is not present."));
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
                invalid.duplicate(&format!("components.{i}.{field}"));
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
    fn recipe(&mut self, id: i64) -> Result<&mut Product, Error> {
        let product = self.products.get_mut(&id).ok_or(Error::NotFound(What::Product))?;
        if product.composite { Ok(product) } else { Err(Error::NotAllowed) }
    }

    /// Checks that components to be added are there.
    pub(crate) fn check_parts(&self, parts: &[NewPart], invalid: &mut Invalid) {
        for (i, part) in parts.iter().enumerate() {
            if !self.components.contains_key(&part.id) {
                invalid.selected(&if parts.len() == 1 { "id".to_owned() } else { format!("{i}.id") });
            }
        }
    }

    /// Adds components to a recipe; returns the id of the first.
    ///
    /// # Errors
    /// One that the recipe has already, under the key that the document prints.
    pub(crate) fn add_parts(&mut self, product: i64, new: Vec<NewPart>) -> Result<i64, Error> {
        let recipe = self.recipe(product)?;
        // A list of nothing lacks what a component without fields lacks.
        let Some(first) = new.first().map(|part| part.id) else {
            return Err(Invalid::one("id", "The id field is required.").into());
        };
        let mut parts = recipe.components.clone();
        for NewPart { id, volume } in new {
            if parts.iter().any(|part| part.id == id) {
                return Err(Invalid::one("name", "The id has already been taken.").into());
            }
            parts.push(Part { id, volume: volume.0 });
        }
        recipe.components = parts;
        Ok(first)
    }

    /// Changes how much of a component goes into a recipe.
    pub(crate) fn update_part(&mut self, product: i64, component: &str, change: PartChange) -> Result<(), Error> {
        let recipe = self.recipe(product)?;
        let part = recipe.components.iter_mut().find(|part| part.id.to_string() == component);
        part.ok_or(Error::NotFound(What::Component))?.volume = change.volume.0;
        Ok(())
    }

    /// Takes a component out of a recipe.
    pub(crate) fn remove_part(
        &mut self,
        viewer: &Viewer,
        product: i64,
        component: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let affected = self.machines_with(product);
        let seen = self.sees_all(viewer, |machine| affected.contains(&machine.id));
        let recipe = self.recipe(product)?;
        seen?;
        let before = recipe.components.clone();
        recipe.components.retain(|part| part.id.to_string() != component);
        if recipe.components.len() == before.len() {
            return Err(Error::NotFound(What::Component));
        }
        self.unload_without(viewer, product, &before, now);
        Ok(())
    }
}

/// Whether a planogram has a product.
fn holds(planogram: &Planogram, product: i64) -> bool {
    planogram.products.contains(&product) || planogram.layout.iter().any(|place| place.product_id == product)
}

/// Takes out the capacities of components that nothing in a planogram is made of any more (T8).
fn drop_capacities(planogram: &mut Planogram, parts: &[i64], products: &BTreeMap<i64, Product>) {
    let placed = planogram.layout.iter().map(|place| place.product_id);
    let held = planogram.products.iter().copied().chain(placed).filter_map(|id| products.get(&id));
    let needed: BTreeSet<i64> = held.flat_map(|product| &product.components).map(|part| part.id).collect();
    planogram.capacity.retain(|item| !parts.contains(&item.component_id) || needed.contains(&item.component_id));
}

/// A product is made of nothing but itself.
fn prohibit(given: &[Ingredient]) -> Result<(), Error> {
    if given.is_empty() {
        return Ok(());
    }
    Err(Invalid::one("components", "The components field is prohibited.").into())
}
