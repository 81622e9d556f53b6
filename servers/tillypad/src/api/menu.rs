//! The menu, as public clients read it (P11).

use serde_json::{Value as Json, json};
use stend_transport::Reply;

use crate::state::menu::{MenuGroup, MenuItem, MenuNote};

use super::{Request, id, no_body, reply};

/// `GET /get-menu`: all of it, what a sale property offers, or one group.
pub(crate) fn get(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["sale-property-id", "id"])?;
        no_body(call)?;
        let (property, one) = (id(call, "sale-property-id")?, id(call, "id")?);
        let reply = call.state(|state, _| {
            let selection = state.menu.select(property, one);
            json!({
                "MenuGroups": selection.groups.into_iter().map(group).collect::<Vec<_>>(),
                "MenuItems": selection.items.into_iter().map(item).collect::<Vec<_>>(),
            })
        });
        Ok(Reply::ok(&reply))
    })
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
