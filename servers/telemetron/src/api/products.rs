//! `/v2/products` and the components of recipes.

use serde::Serialize;
use stend_transport::{Call, Refusal, Reply};

use crate::Telemetron;
use crate::api::request::{Forms, Request};
use crate::api::{Cx, Nothing, answer, created, done};
use crate::errors::Error;
use crate::state::State;
use crate::state::catalog::{Part, Product};
use crate::state::fiscal::is_listed;
use crate::state::number::{Percent, Quantity};
use crate::state::products::{NewPart, NewProduct, PartChange, ProductChange};

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
pub(crate) fn list(state: &mut State, _: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    Ok(Reply::ok(&state.products.values().map(Shown::from).collect::<Vec<_>>()))
}

/// Makes a product or recipe.
pub(crate) fn create(call: &mut Call<'_, Telemetron>) -> Reply {
    let request = Request::<NewProduct>::read(call, Forms::Refused).and_then(|request| {
        warn_of_vat(call, request.peek().and_then(NewProduct::vat))?;
        Ok(request)
    });
    match request {
        Ok(request) => answer(call, request, make),
        Err(refusal) => Error::from(refusal).into(),
    }
}

/// Warns about a rate that receipts cannot show.
fn warn_of_vat(call: &mut Call<'_, Telemetron>, vat: Option<Percent>) -> Result<(), Refusal> {
    if is_listed(vat) {
        return Ok(());
    }
    let vat = vat.unwrap_or_default();
    call.warn(format!(
        "`vat` {vat} is none of the rates of receipts (20, 10, 0, 16.67, 9.09): they will say 4, not subject to VAT"
    ))
}

fn make(state: &mut State, _: &Cx<'_>, request: Request<NewProduct>) -> Result<Reply, Error> {
    let new = request.checked(|new, invalid| state.check_product(None, Some(&new.name), invalid))?;
    Ok(created(state.create_product(new)?))
}

/// Changes what is given.
pub(crate) fn update(call: &mut Call<'_, Telemetron>) -> Reply {
    let request = Request::<ProductChange>::read(call, Forms::Refused).and_then(|request| {
        warn_of_vat(call, request.peek().and_then(ProductChange::vat))?;
        Ok(request)
    });
    match request {
        Ok(request) => answer(call, request, change),
        Err(refusal) => Error::from(refusal).into(),
    }
}

fn change(state: &mut State, cx: &Cx<'_>, request: Request<ProductChange>) -> Result<Reply, Error> {
    let id = state.product(cx.param("id"))?.id;
    let change = request.checked(|change, invalid| state.check_product(Some(id), change.name.0.as_deref(), invalid))?;
    state.update_product(cx.viewer, id, change, cx.now)?;
    Ok(done())
}

/// Deletes a product or recipe.
pub(crate) fn delete(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    state.delete_product(cx.viewer, cx.param("id"), cx.now)?;
    Ok(done())
}

/// What a product is made of.
pub(crate) fn components(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    Ok(Reply::ok(&state.product(cx.param("id"))?.components))
}

/// Adds a component to a recipe, or several in a list, as the sample does.
pub(crate) fn add_component(call: &mut Call<'_, Telemetron>) -> Reply {
    match Request::<Vec<NewPart>>::read_one_or_more(call) {
        Ok(request) => answer(call, request, add_parts),
        Err(refusal) => Error::from(refusal).into(),
    }
}

fn add_parts(state: &mut State, cx: &Cx<'_>, request: Request<Vec<NewPart>>) -> Result<Reply, Error> {
    let product = state.product(cx.param("id"))?.id;
    let parts = request.checked(|parts, invalid| state.check_parts(parts, invalid))?;
    Ok(created(state.add_parts(product, parts)?))
}

/// Changes how much of a component goes into a recipe.
pub(crate) fn update_component(state: &mut State, cx: &Cx<'_>, request: Request<PartChange>) -> Result<Reply, Error> {
    let product = state.product(cx.param("id"))?.id;
    state.update_part(product, cx.param("component_id"), request.valid()?)?;
    Ok(done())
}

/// Takes a component out of a recipe.
pub(crate) fn remove_component(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let product = state.product(cx.param("id"))?.id;
    state.remove_part(cx.viewer, product, cx.param("component_id"), cx.now)?;
    Ok(done())
}
