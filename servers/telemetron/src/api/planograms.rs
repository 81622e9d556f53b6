//! `/v2/planograms`.

use serde::Serialize;
use serde_json::{Map, Value, json};
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Rule, Table, field, list as list_of};
use crate::api::{change, created, done, look};
use crate::errors::Invalid;
use crate::state::State;
use crate::state::catalog::{Capacity, Part, Place, Planogram};
use crate::state::number::Roubles;
use crate::state::settings::{EmptyPlanogram, PlanogramModes};

#[derive(Serialize)]
struct Product<'a> {
    id: i64,
    components: &'a [Part],
}

/// The list's places go without prices.
#[derive(Serialize)]
struct Numbered<'a> {
    product_id: i64,
    number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Roubles>,
}

#[derive(Serialize)]
struct Whole<'a> {
    id: i64,
    name: &'a str,
    capacity: &'a [Capacity],
    products: Vec<Product<'a>>,
    layout: Vec<Numbered<'a>>,
}

fn whole<'a>(state: &'a State, planogram: &'a Planogram, prices: bool) -> Whole<'a> {
    let products = planogram.products.iter().filter_map(|id| state.products.get(id));
    let numbered = |place: &'a Place| Numbered {
        product_id: place.product_id,
        number: &place.number,
        price: prices.then_some(place.price),
    };
    Whole {
        id: planogram.id,
        name: &planogram.name,
        capacity: &planogram.capacity,
        products: products.map(|product| Product { id: product.id, components: &product.components }).collect(),
        layout: planogram.layout.iter().map(numbered).collect(),
    }
}

/// All planograms: names, or everything with `full`. One with nothing in it is printed without lists.
pub(crate) fn list(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &["full"], |state, asked| {
        let full = asked.input.flag("full");
        let shown = |planogram: &Planogram| -> Value {
            let empty = planogram.capacity.is_empty() && planogram.products.is_empty() && planogram.layout.is_empty();
            if full && (!empty || state.settings.empty_planogram == EmptyPlanogram::EmptyLists) {
                return json!(whole(state, planogram, false));
            }
            let mut map = Map::new();
            map.insert("id".into(), json!(planogram.id));
            map.insert("name".into(), json!(planogram.name));
            Value::Object(map)
        };
        Ok(Reply::ok(&state.planograms.values().map(shown).collect::<Vec<_>>()))
    })
}

/// One planogram.
pub(crate) fn one(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| Ok(Reply::ok(&whole(state, state.planogram(asked.param("id"))?, true))))
}

pub(crate) const PLANOGRAM: &[Field] = &[
    field("name", &[Rule::Required, Rule::Text(255), Rule::Unique(Table::Planogram)]),
    field("mode", &[Rule::Required, Rule::OneOf(&["snack", "basic"])]),
    field("assign", &[Rule::Integer]),
    list_of(
        "products",
        &[Rule::List],
        &[
            field("id", &[Rule::Required, Rule::Integer, Rule::Exists(Table::Product)]),
            field("number", &[Rule::Required, Rule::Code(255), Rule::Distinct]),
            field("capacity", &[Rule::Required, Rule::Number, Rule::Min(0)]),
            field("critical", &[Rule::Number, Rule::Min(0)]),
            field("price", &[Rule::Number, Rule::Between(0, 999_999)]),
        ],
    ),
];

/// A new planogram.
pub(crate) fn create(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], PLANOGRAM, |state, asked| {
        asked.input.check(state, PLANOGRAM)?;
        if state.settings.planogram_modes == PlanogramModes::Snack
            && asked.input.text("mode").as_deref() != Some("snack")
        {
            return Err(Invalid::one("mode", "The selected mode is invalid.").into());
        }
        Ok(created(state.create_planogram(asked.who, asked.input, asked.now)?))
    })
}

/// Deletes a planogram; its machines are unloaded.
pub(crate) fn delete(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], &[], |state, asked| {
        state.delete_planogram(asked.who, asked.param("id"), asked.now)?;
        Ok(done())
    })
}
