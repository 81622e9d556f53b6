//! Regular clients, found by id and by phone.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::errors::Error;
use crate::state::books::Book;
use crate::state::guid::Guid;

use super::State;

/// A regular client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its number in this world: of several clients with one phone the newest is found.
    #[serde(skip)]
    pub(crate) serial: u64,
    /// Its id (`clnt_ID`).
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// Its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Guid>,
    /// The person (`clnt_pepl_ID`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Guid>,
    /// Whether it is barred.
    #[serde(default)]
    pub disabled: bool,
    /// Its phones, as they were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// What else is known of the person (`pepl_…`), as it was given.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub people: Map<String, Value>,
    /// What points it got and spent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Operation>,
}

/// A phone of a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// Its id (`clph_ID`).
    pub id: Guid,
    /// The number.
    pub number: String,
}

/// An operation with a client's points (`#ClientDiscountPointOperations`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The type of points (`cdpo_dspt_ID`).
    #[serde(rename = "type")]
    pub kind: Guid,
    /// Its name (`cdpo_Name`).
    pub name: String,
    /// How many (`cdpo_Value`).
    #[schemars(with = "f64")]
    pub value: Decimal,
}

impl Client {
    /// All its phones: its own, and those that are kept with the person (`pepl_PhoneCell`, `pepl_PhoneWork`, …).
    fn numbers(&self) -> impl Iterator<Item = &str> {
        let own = self.phones.iter().map(|phone| phone.number.as_str());
        let persons = self.people.iter().filter(|(key, _)| key.to_lowercase().starts_with("pepl_phone"));
        own.chain(persons.filter_map(|(_, value)| value.as_str()).filter(|text| is_phone(text)))
    }

    /// How many points of a type it has.
    pub(crate) fn balance(&self, kind: Guid) -> Decimal {
        self.points.iter().filter(|operation| operation.kind == kind).map(|operation| operation.value).sum()
    }
}

/// What of a phone number is compared: the last ten digits, so that `8 (982)…` and `+7982…` are one.
pub(crate) fn digits(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(10)..].iter().collect()
}

/// Whether there is something in it to call.
pub(crate) fn is_phone(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A client as `post-client` gets it.
#[derive(Debug, Default)]
pub(crate) struct SentClient {
    pub(crate) id: Option<Guid>,
    pub(crate) group: Option<Guid>,
    pub(crate) person: Option<Guid>,
    pub(crate) name: String,
    pub(crate) disabled: bool,
    pub(crate) phones: Vec<String>,
    pub(crate) people: Map<String, Value>,
    pub(crate) odd: Vec<String>,
}

impl State {
    /// Puts a client in; its phones find it.
    pub(crate) fn keep_client(&mut self, mut client: Client) {
        client.serial = self.clients.len() as u64;
        self.phone_ids.extend(client.phones.iter().map(|phone| phone.id));
        self.phones.extend(client.numbers().map(|number| (digits(number), client.serial, client.id)));
        self.clients.insert(client.id, client);
    }

    /// All clients, in the order in which they came.
    pub(crate) fn clients_in_order(&self) -> Vec<Client> {
        let mut clients: Vec<Client> = self.clients.values().cloned().collect();
        clients.sort_by_key(|client| client.serial);
        clients
    }

    /// A new client.
    ///
    /// # Errors
    /// A client with this id, or an unknown group.
    pub(crate) fn post_client(&mut self, sent: SentClient) -> Result<Guid, Error> {
        if let Some(id) = sent.id.filter(|id| self.clients.contains_key(id)) {
            return Err(Error::Duplicate { table: "tp_Clients", id });
        }
        if let Some(group) = sent.group {
            self.check("clnt_clgr_ID", Book::ClientGroups, group)?;
        }
        let id = match sent.id {
            Some(id) => id,
            None => self.free_id("clients", |state, id| state.clients.contains_key(id)),
        };
        let phones = sent.phones.into_iter();
        let phones = phones
            .map(|number| Phone { id: self.free_id("clients", |state, id| state.phone_ids.contains(id)), number });
        let phones = phones.collect();
        let person = match sent.person {
            Some(person) => person,
            None => self.new_id("clients"),
        };
        self.keep_client(Client {
            serial: 0,
            id,
            name: sent.name,
            group: sent.group,
            person: Some(person),
            disabled: sent.disabled,
            phones,
            people: sent.people,
            points: Vec::new(),
        });
        Ok(id)
    }

    /// The client with this phone: of several the newest (P14).
    pub(crate) fn client_by_phone(&self, phone: &str) -> Option<&Client> {
        let digits = digits(phone);
        if digits.is_empty() {
            return None;
        }
        let range = (digits.clone(), 0, Guid::LOWEST)..=(digits, u64::MAX, Guid::LOWEST);
        self.clients.get(&self.phones.range(range).next_back()?.2)
    }
}
