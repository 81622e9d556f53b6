//! The menu, as public clients read it (P11).

use serde::Deserialize;
use serde_json::{Value as Json, json};
use stend_transport::{Call, Context, Decode, OBSERVED, On, Operation, Outcome};

use crate::Tillypad;
use crate::api::reply::Shown;
use crate::api::request::{Id, Unknown, no_body, parameters};
use crate::errors::Error;
use crate::state::State;
use crate::state::menu::{MenuGroup, MenuItem, MenuNote};

/// All of the menu, what a sale property offers, or one group.
pub(crate) const GET: Operation<Tillypad> =
    Operation::new("get-menu", On::Get("/get-menu"), OBSERVED, |call| call.answer(get));

/// What of the menu is asked for.
#[derive(Deserialize)]
struct Selected {
    #[serde(rename = "sale-property-id")]
    property: Option<Id>,
    id: Option<Id>,
}

impl Decode<Tillypad> for Selected {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        let request = parameters(call, &["sale-property-id", "id"], Unknown::Ignored)?;
        no_body(call)?;
        Ok(request)
    }
}

fn get(state: &mut State, _: &mut Context<'_>, request: Selected) -> Result<Outcome<Shown<Json>>, Error> {
    let selection = state.menu.select(request.property.map(|id| id.0), request.id.map(|id| id.0));
    Ok(Outcome::reply(Shown(json!({
        "MenuGroups": selection.groups.into_iter().map(group).collect::<Vec<_>>(),
        "MenuItems": selection.items.into_iter().map(item).collect::<Vec<_>>(),
    }))))
}

fn notes(list: &[MenuNote]) -> Vec<Json> {
    list.iter().map(|note| json!({ "type_ID": note.kind, "value": note.value })).collect()
}

fn group(group: &MenuGroup) -> Json {
    let mut json = json!({ "mgrp_ID": group.id, "mgrp_Name": group.name });
    if !group.notes.is_empty() {
        json["MenuGroupNotes"] = notes(&group.notes).into();
    }
    json
}

fn item(item: &MenuItem) -> Json {
    // Clients look for the service of every dish; one without has an empty one.
    let service = item.service.map(|id| id.to_string()).unwrap_or_default();
    let mut json = json!({
        "mitm_ID": item.id,
        "mitm_mgrp_ID": item.group,
        "mitm_mvtp_ID": item.movement,
        "mitm_msrv_ID": service,
        "mitm_Name": item.name,
        "mitm_Volume": plain(item.volume),
        "mitm_Price": plain(item.price),
        "mitm_Vat": plain(item.vat),
    });
    if !item.notes.is_empty() {
        json["MenuItemNotes"] = notes(&item.notes).into();
    }
    json
}

/// `315`, `9.5`: a whole number without a fraction.
fn plain(number: rust_decimal::Decimal) -> Json {
    number.normalize().to_string().parse::<serde_json::Number>().map_or(Json::Null, Json::Number)
}
