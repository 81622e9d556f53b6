//! Regular clients, as public clients of the API read and write them (P11).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use stend_core::json::Json as Tree;
use stend_transport::{Call, Context, Decode, OBSERVED, On, Operation, Outcome};

use crate::Tillypad;
use crate::api::reply::Shown;
use crate::api::request::{Unknown, body, no_body, parameters};
use crate::api::wire::read;
use crate::errors::Error;
use crate::state::State;
use crate::state::clients::{Client, Phone, SentClient, is_phone};
use crate::state::guid::Guid;
use crate::state::scalar;

/// The client with a phone, or `null`.
pub(crate) const BY_PHONE: Operation<Tillypad> =
    Operation::new("get-client-by-phone", On::Get("/get-client-by-phone"), OBSERVED, |call| call.answer(by_phone));

/// Enters a client.
pub(crate) const POST: Operation<Tillypad> =
    Operation::new("post-client", On::Post("/post-client"), OBSERVED, |call| call.answer(post));

/// The phone that is asked for.
#[derive(Deserialize)]
struct OfPhone {
    phone: String,
}

impl Decode<Tillypad> for OfPhone {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        let request = parameters(call, &["phone"], Unknown::Ignored)?;
        no_body(call)?;
        Ok(request)
    }
}

fn by_phone(state: &mut State, _: &mut Context<'_>, request: OfPhone) -> Result<Outcome<Shown<Option<Json>>>, Error> {
    Ok(Outcome::reply(Shown(state.client_by_phone(&request.phone).map(client))))
}

impl Decode<Tillypad> for SentClient {
    type Error = Error;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Error> {
        call.expect_query(&[])?;
        let body = body(call)?;
        let sent = Self::read(&read::json(&body)?)?;
        for name in &sent.odd {
            call.unknown_field(name, &KNOWN)?;
        }
        Ok(sent)
    }
}

/// The id of the client.
#[derive(Serialize)]
struct Entered {
    #[serde(rename = "clnt_ID")]
    id: Guid,
}

fn post(state: &mut State, _: &mut Context<'_>, sent: SentClient) -> Result<Outcome<Shown<Entered>>, Error> {
    let id = state.post_client(sent)?;
    Ok(Outcome::reply(Shown(Entered { id })))
}

fn client(client: &Client) -> Json {
    let phone = |phone: &Phone| json!({ "clph_ID": phone.id, "clph_clnt_ID": client.id, "clph_Phone": phone.number });
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

/// The fields of a client that are known.
const KNOWN: [&str; 7] =
    ["clnt_ID", "clnt_clgr_ID", "clnt_pepl_ID", "clnt_Name", "clnt_isDisabled", "clientPhones", "people"];

impl SentClient {
    /// Reads a client.
    ///
    /// # Errors
    /// What is missing or malformed, naming the field.
    pub(crate) fn read(json: &Tree<'_>) -> Result<Self, Error> {
        let map = read::object(json, "the client")?;
        let given = |name: &str| map.get(name).filter(|json| !json.is_null() && json.as_str() != Some(""));
        let malformed = |field: &str, json: &Tree<'_>, expected| Error::Malformed {
            field: field.to_owned(),
            value: scalar::shown(json),
            expected,
        };
        let guid = |name: &str| {
            given(name)
                .map(|json| {
                    json.as_str().and_then(Guid::parse).ok_or_else(|| malformed(name, json, "uniqueidentifier"))
                })
                .transpose()
        };
        let mut sent = Self {
            id: guid("clnt_ID")?,
            group: guid("clnt_clgr_ID")?,
            person: guid("clnt_pepl_ID")?,
            odd: map.keys().filter(|key| !KNOWN.contains(key)).map(str::to_owned).collect(),
            ..Self::default()
        };
        let name = given("clnt_Name").and_then(scalar::text).filter(|name| !name.trim().is_empty());
        sent.name = name.ok_or(Error::Missing { table: "tp_Clients", field: "clnt_Name" })?;
        if let Some(json) = given("clnt_isDisabled") {
            sent.disabled = scalar::flag(json).ok_or_else(|| malformed("clnt_isDisabled", json, "bit"))?;
        }
        match given("clientPhones") {
            None => {}
            Some(Tree::Array(list)) if list.len() <= 20 => {
                for row in list {
                    let row = read::object(row, "clientPhones")?;
                    let phone = row.get("clph_Phone").filter(|json| !json.is_null());
                    let phone = phone.ok_or(Error::Missing { table: "tp_ClientPhones", field: "clph_Phone" })?;
                    let text = scalar::text(phone).filter(|text| is_phone(text));
                    sent.phones.push(text.ok_or_else(|| malformed("clph_Phone", phone, "phone number"))?);
                }
            }
            Some(_) => return Err(Error::Shape("clientPhones must be an array of 20 phones at most".into())),
        }
        if let Some(json) = given("people") {
            sent.people = read::object(json, "people")?.to_map();
        }
        Ok(sent)
    }
}
