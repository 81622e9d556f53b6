//! What machines have room for, by their planograms.

use std::collections::{BTreeMap, BTreeSet};

use crate::state::State;
use crate::state::catalog::{Planogram, Product};
use crate::state::machine::{Key, Machine};
use crate::state::number::Quantity;

/// What a machine with this planogram holds.
pub(crate) fn fits(planogram: &Planogram, products: &BTreeMap<i64, Product>) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    for place in &planogram.layout {
        let Some(product) = products.get(&place.product_id) else { continue };
        let number = (!product.composite).then(|| place.number.clone());
        keys.extend(product.components.iter().map(|part| (part.id, number.clone())));
    }
    for product in planogram.products.iter().filter_map(|id| products.get(id)) {
        let placed = planogram.layout.iter().any(|place| place.product_id == product.id);
        if product.composite || !placed {
            keys.extend(product.components.iter().map(|part| (part.id, None)));
        }
    }
    keys
}

/// Whether a machine with this planogram holds something in this slot, as [`fits`] has it.
pub(crate) fn has_room(planogram: &Planogram, products: &BTreeMap<i64, Product>, (component, layout): &Key) -> bool {
    let has = |product: &Product| product.components.iter().any(|part| part.id == *component);
    let places = planogram.layout.iter().filter_map(|place| Some((place, products.get(&place.product_id)?)));
    let mut placed = places.filter(|(_, product)| has(product));
    match layout {
        Some(number) => placed.any(|(place, product)| !product.composite && place.number == *number),
        None => {
            let listed = planogram.products.iter().filter_map(|id| products.get(id));
            let is_placed = |id: i64| planogram.layout.iter().any(|place| place.product_id == id);
            placed.any(|(_, product)| product.composite)
                || listed.filter(|product| has(product)).any(|product| product.composite || !is_placed(product.id))
        }
    }
}

impl State {
    /// What the machine's planogram has room for; none: no planogram says.
    pub(crate) fn room(&self, machine: &Machine) -> Option<BTreeSet<Key>> {
        let planogram = self.planograms.get(&machine.planogram_id?)?;
        Some(fits(planogram, &self.products))
    }

    /// What the machine is loaded with, empty slots included.
    pub(crate) fn levels(&self, machine: &Machine) -> BTreeMap<Key, Quantity> {
        let mut levels: BTreeMap<Key, Quantity> =
            self.room(machine).unwrap_or_default().into_iter().map(|key| (key, Quantity::default())).collect();
        levels.extend(machine.loading.0.iter().map(|(key, level)| (key.clone(), level.value)));
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::catalog::{Part, Place};
    use crate::state::number::{Fixed, Roubles};

    #[test]
    fn a_simple_product_lies_in_its_spirals_and_a_recipe_in_none() {
        let part = |id| Part { id, volume: Fixed::whole(1) };
        let product = |id, composite, components: Vec<i64>| Product {
            id,
            composite,
            name: id.to_string(),
            components: components.into_iter().map(part).collect(),
            inventory_number: None,
            vat: None,
            note: None,
        };
        let products = [product(1, true, vec![1, 2]), product(900, false, vec![100]), product(901, false, vec![101])];
        let products = products.into_iter().map(|product| (product.id, product)).collect();
        let place = |product_id, number: &str| Place { product_id, number: number.into(), price: Roubles::default() };
        let planogram = Planogram {
            layout: vec![place(1, "1"), place(900, "A1"), place(900, "A2")],
            products: vec![1, 900, 901],
            ..Planogram::default()
        };
        let keys: Vec<Key> = fits(&planogram, &products).into_iter().collect();
        let spiral = |number: &str| Some(number.to_owned());
        assert_eq!(keys, [(1, None), (2, None), (100, spiral("A1")), (100, spiral("A2")), (101, None)]);
        // One slot is asked for without listing all.
        for key in [1, 2, 3, 100, 101].into_iter().flat_map(|id| ["A1", "A2", "1"].map(|place| (id, spiral(place)))) {
            assert_eq!(has_room(&planogram, &products, &key), keys.contains(&key), "{key:?}");
            let key = (key.0, None);
            assert_eq!(has_room(&planogram, &products, &key), keys.contains(&key), "{key:?}");
        }
    }
}
