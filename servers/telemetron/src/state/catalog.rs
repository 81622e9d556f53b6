//! What is sold: components, products and recipes, planograms; and where: locations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::number::{Percent, Quantity, Roubles};
use crate::state::settings::UnitNumbers;

/// What a component is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    /// Pieces.
    #[serde(rename = "шт")]
    Piece,
    /// Millilitres.
    #[serde(rename = "мл")]
    Millilitre,
    /// Grams.
    #[serde(rename = "гр")]
    Gram,
}

impl Unit {
    /// The number that requests have for it.
    pub(crate) fn of(number: i64, numbers: UnitNumbers) -> Option<Self> {
        let units = match numbers {
            UnitNumbers::Samples => [Self::Piece, Self::Millilitre, Self::Gram],
            UnitNumbers::Attributes => [Self::Millilitre, Self::Piece, Self::Gram],
        };
        usize::try_from(number).ok()?.checked_sub(1).and_then(|place| units.get(place)).copied()
    }
}

/// A component: an ingredient, or what stands for a product that has none.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether it stands for the product of the same name.
    #[serde(default)]
    pub is_product: bool,
    /// What it is measured in.
    pub units: Unit,
    /// What part it plays in a drink; left out, its name tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// What a drink can be given out without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The cup.
    Cup,
    /// The sugar.
    Sugar,
    /// Neither.
    Other,
}

impl Component {
    /// The part that it plays: as the world says, else by the beginning of its name.
    pub(crate) fn role(&self) -> Role {
        let named = || {
            let name = self.name.to_lowercase();
            let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
            match () {
                () if begins(&["стакан", "cup"]) => Role::Cup,
                () if begins(&["сахар", "sugar"]) => Role::Sugar,
                () => Role::Other,
            }
        };
        self.role.unwrap_or_else(named)
    }
}

/// How much of a component goes into a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The component.
    pub id: i64,
    /// How much of it, in its unit.
    pub volume: Quantity,
}

/// A product or a recipe.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its id.
    pub id: i64,
    /// Whether it is a recipe.
    #[serde(default)]
    pub composite: bool,
    /// Its name.
    pub name: String,
    /// What it is made of.
    pub components: Vec<Part>,
    /// Inventory number.
    #[serde(default)]
    pub inventory_number: Option<String>,
    /// VAT in percent.
    #[serde(default)]
    pub vat: Option<Percent>,
    /// A note, which no operation shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How much of a component a machine holds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// The component.
    pub component_id: i64,
    /// The most, in its unit.
    pub capacity: Quantity,
    /// At or below this it needs loading.
    pub critical: Option<Quantity>,
}

/// A spiral or button and what it gives.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The product.
    pub product_id: i64,
    /// The spiral's or button's name.
    pub number: String,
    /// The price, in roubles.
    #[serde(default)]
    pub price: Roubles,
}

/// What a machine sells, and where.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Planogram {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Capacities and critical levels.
    pub capacity: Vec<Capacity>,
    /// Products, by id.
    pub products: Vec<i64>,
    /// Spirals and buttons.
    pub layout: Vec<Place>,
}

impl Planogram {
    pub(crate) fn place(&self, number: &str) -> Option<&Place> {
        self.layout.iter().find(|place| place.number == number)
    }

    /// The level down to which a component counts as low.
    pub(crate) fn critical(&self, component: i64) -> Option<Quantity> {
        // Of several rows of one component the last that has a level counts.
        self.capacity.iter().rev().filter(|item| item.component_id == component).find_map(|item| item.critical)
    }
}

/// A place where a machine stands.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Its id.
    pub id: i64,
    /// The group it belongs to: operators see groups.
    #[serde(default)]
    pub group_id: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its address.
    #[serde(default)]
    pub address: Option<String>,
    /// A note.
    #[serde(default)]
    pub note: Option<String>,
}
