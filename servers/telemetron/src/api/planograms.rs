//! `/v2/planograms`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stend_transport::Reply;

use crate::api::request::Request;
use crate::api::{Cx, Nothing, created, done};
use crate::errors::Error;
use crate::state::State;
use crate::state::catalog::{Capacity, Part, Place, Planogram};
use crate::state::number::Roubles;
use crate::state::planograms::NewPlanogram;
use crate::state::settings::EmptyPlanogram;

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

#[derive(Debug, Deserialize)]
pub(crate) struct Listing {
    full: Option<bool>,
}

/// All planograms: names, or everything with `full`. One with nothing in it is printed without lists.
pub(crate) fn list(state: &mut State, _: &Cx<'_>, request: Request<Listing>) -> Result<Reply, Error> {
    let full = request.valid()?.full.unwrap_or_default();
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
}

/// One planogram.
pub(crate) fn one(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    Ok(Reply::ok(&whole(state, state.planogram(cx.param("id"))?, true)))
}

/// Makes a planogram.
pub(crate) fn create(state: &mut State, cx: &Cx<'_>, request: Request<NewPlanogram>) -> Result<Reply, Error> {
    let new = request.checked(|new, invalid| state.check_planogram(cx.viewer, new, invalid))?;
    Ok(created(state.create_planogram(cx.viewer, new, cx.now)))
}

/// Deletes a planogram; its machines are unloaded.
pub(crate) fn delete(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    state.delete_planogram(cx.viewer, cx.param("id"), cx.now)?;
    Ok(done())
}
