//! Regular clients, as public clients of the API read and write them (P11).

use serde_json::{Map, Value as Json, json};
use stend_transport::Reply;

use crate::api::wire::read;
use crate::state::clients::{Client, KNOWN, SentClient};

use super::{Request, body, no_body, reply, required};

/// `GET /get-client-by-phone`: the client, or `null`.
pub(crate) fn by_phone(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&["phone"])?;
        no_body(call)?;
        let phone = required(call, "phone")?;
        Ok(Reply::ok(&call.state(|state, _| state.client_by_phone(&phone).map(client))))
    })
}

/// `POST /post-client`.
pub(crate) fn post(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        call.expect_query(&[])?;
        let body = body(call)?;
        let sent = SentClient::read(&read::json(&body)?)?;
        sent.odd.iter().try_for_each(|name| call.unknown_field(name, &KNOWN))?;
        let id = call.state(|state, _| state.post_client(sent))?;
        Ok(Reply::ok(&json!({ "clnt_ID": id })))
    })
}

fn client(client: &Client) -> Json {
    let phone = |phone: &crate::state::clients::Phone| json!({ "clph_ID": phone.id, "clph_clnt_ID": client.id, "clph_Phone": phone.number });
    let mut people = Map::new();
    if let Some(person) = client.person {
        people.insert("pepl_ID".into(), json!(person));
    }
    people.extend(
        client.people.iter().filter(|(key, _)| *key != "pepl_ID").map(|(key, json)| (key.clone(), json.clone())),
    );
    json!({
        "clnt_ID": client.id,
        "clnt_clgr_ID": client.group,
        "clnt_pepl_ID": client.person,
        "clnt_Name": client.name,
        "clnt_isDisabled": client.disabled,
        "clientPhones": client.phones.iter().map(phone).collect::<Vec<_>>(),
        "people": people,
    })
}
