//! `/v2/products` and the components of recipes.

use serde::Serialize;
use serde_json::Value;
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Input, Rule, Table, field, list as list_of};
use crate::api::{Asked, change, created, done, look};
use crate::errors::Error;
use crate::state::State;
use crate::state::catalog::{Part, Product};
use crate::state::number::{Percent, Quantity};

#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    composite: bool,
    name: &'a str,
    components: Vec<Used>,
    inventory_number: Option<&'a str>,
    vat: Option<Percent>,
}

/// Here the volume stands in front of the id; elsewhere it is the other way round.
#[derive(Serialize)]
struct Used {
    volume: Quantity,
    id: i64,
}

impl<'a> From<&'a Product> for Shown<'a> {
    fn from(product: &'a Product) -> Self {
        let used = |part: &Part| Used { volume: part.volume, id: part.id };
        Self {
            id: product.id,
            composite: product.composite,
            name: &product.name,
            components: product.components.iter().map(used).collect(),
            inventory_number: product.inventory_number.as_deref(),
            vat: product.vat,
        }
    }
}

/// All products and recipes.
pub(crate) fn list(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, _| Ok(Reply::ok(&state.products.values().map(Shown::from).collect::<Vec<_>>())))
}

const COMPONENTS: Field = list_of(
    "components",
    &[Rule::List],
    &[
        field("id", &[Rule::Integer]),
        field("name", &[Rule::Text(255)]),
        field("volume", &[Rule::Required, Rule::Number, Rule::Min(0)]),
        field("unit", &[Rule::Integer, Rule::In(&[1, 2, 3])]),
    ],
);
const NAME: Field = field("name", &[Rule::Required, Rule::Text(255), Rule::Unique(Table::Product)]);
const NOTE: Field = field("note", &[Rule::Text(65_535)]);
const INVENTORY: Field = field("inventory_number", &[Rule::Code(255)]);
const VAT: Field = field("vat", &[Rule::Number, Rule::Between(0, 100)]);

pub(crate) const NEW: &[Field] =
    &[field("composite", &[Rule::Required, Rule::Flag]), NAME, NOTE, COMPONENTS, INVENTORY, VAT];

pub(crate) const CHANGED: &[Field] = &[NAME, NOTE, COMPONENTS, INVENTORY, VAT];

/// A new product or recipe.
pub(crate) fn create(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], NEW, |state, asked| {
        asked.input.check(state, NEW)?;
        Ok(created(state.create_product(asked.input)?))
    })
}

/// Changes what is given.
pub(crate) fn update(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], CHANGED, |state, asked| {
        let id = state.product(asked.param("id"))?.id;
        asked.input.check_change(state, CHANGED, id)?;
        state.change_product(asked.who, id, asked.input, asked.now)?;
        Ok(done())
    })
}

/// Deletes a product or recipe.
pub(crate) fn delete(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], &[], |state, asked| {
        state.delete_product(asked.who, asked.param("id"), asked.now)?;
        Ok(done())
    })
}

/// What a product is made of.
pub(crate) fn components(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| Ok(Reply::ok(&state.product(asked.param("id"))?.components)))
}

pub(crate) const PART: &[Field] = &[
    field("id", &[Rule::Required, Rule::Integer, Rule::Exists(Table::Component)]),
    field("volume", &[Rule::Required, Rule::Number, Rule::Min(0)]),
];

/// Adds a component to a recipe, or several in a list, as the sample does.
pub(crate) fn add_component(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], PART, |state, asked| {
        state.product(asked.param("id"))?;
        let items = items(state, asked)?;
        Ok(created(state.add_parts(asked.param("id"), &items)?))
    })
}

fn items(state: &State, asked: &Asked<'_>) -> Result<Vec<Input>, Error> {
    let Some(list) = &asked.input.list else {
        asked.input.check(state, PART)?;
        return Ok(vec![asked.input.clone()]);
    };
    let mut items = Vec::with_capacity(list.len());
    for item in list {
        let Value::Object(fields) = item else { return Err(Error::BadRequest) };
        let item = Input::item(fields.clone());
        item.check(state, PART)?;
        items.push(item);
    }
    Ok(items)
}

pub(crate) const VOLUME: &[Field] = &[field("volume", &[Rule::Required, Rule::Number, Rule::Min(0)])];

/// Changes how much of a component goes into a recipe.
pub(crate) fn update_component(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], VOLUME, |state, asked| {
        state.product(asked.param("id"))?;
        asked.input.check(state, VOLUME)?;
        let volume = asked.input.number("volume").and_then(Quantity::from_f64).unwrap_or_default();
        state.change_part(asked.param("id"), asked.param("component_id"), volume)?;
        Ok(done())
    })
}

/// Takes a component out of a recipe.
pub(crate) fn remove_component(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], &[], |state, asked| {
        state.remove_part(asked.who, asked.param("id"), asked.param("component_id"), asked.now)?;
        Ok(done())
    })
}
