//! Operations, services, ranges of ticket numbers, groups of services.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Row, field, flags, known_by_name};
use crate::state::books::Book;
use crate::state::fields::Field;
use crate::state::fields::Kind::{Flag, Int, MaybeText, Stages, Text, Tree};
use crate::state::fields::Need::{Optional, Required, Server};
use crate::state::keyed::Keyed;

/// What a clerk does for a consumer, with the times that statistics compare with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Operation {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// 1 when it is not used.
    pub disabled: i64,
    /// For people.
    pub description: Option<String>,
    /// How long it should take.
    pub regulated_sec: i64,
    /// From when on it takes too long.
    pub danger_sec: i64,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Row for Operation {
    const FIELDS: &'static [Field] = &[
        field("id", Int, Server),
        field("name", Text, Required),
        field("disabled", Flag, Optional),
        field("description", MaybeText, Optional),
        field("regulated_sec", Int, Optional),
        field("danger_sec", Int, Optional),
    ];

    known_by_name!();

    flags!(disabled);
}

/// What consumers come for: operations by stage, stages in ascending order (Q16).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// Lower ones are called first.
    pub priority: i64,
    /// The range that its tickets are numbered from.
    pub ticket_range_id: i64,
    /// 1 when nobody can register for it.
    pub disabled: i64,
    /// For people.
    pub description: Option<String>,
    /// Stage to operations.
    pub operations: Keyed<Vec<i64>>,
    /// What consumers have to enter to register for it.
    pub pin_code: Option<String>,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            priority: 50,
            ticket_range_id: 0,
            disabled: 0,
            description: None,
            operations: Keyed::default(),
            pin_code: None,
            further: Map::new(),
        }
    }
}

impl Row for Service {
    const FIELDS: &'static [Field] = &[
        field("id", Int, Server),
        field("name", Text, Required),
        field("priority", Int, Optional),
        field("ticket_range_id", Int, Required),
        field("disabled", Flag, Optional),
        field("description", MaybeText, Optional),
        field("operations", Stages, Required),
        field("pin_code", MaybeText, Optional),
    ];

    known_by_name!();

    flags!(disabled);

    fn refers(&self) -> Vec<(Book, i64, &'static str)> {
        let operations = self.operations.values().flatten().map(|id| (Book::Operation, *id, "operations"));
        [(Book::TicketRange, self.ticket_range_id, "ticket_range_id")].into_iter().chain(operations).collect()
    }

    fn check(&self) -> Result<(), String> {
        if self.operations.is_empty() || self.operations.values().any(Vec::is_empty) {
            return Err("a service has at least one stage, and a stage at least one operation".into());
        }
        Ok(())
    }
}

/// Prefix and numbers of tickets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TicketRange {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// What stands before the number.
    pub prefix: String,
    /// The first number of a day; `first` is read too.
    #[serde(rename = "ticketMin", alias = "first")]
    pub first: i64,
    /// The last number of a day; `last` is read too.
    #[serde(rename = "ticketMax", alias = "last")]
    pub last: i64,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Default for TicketRange {
    fn default() -> Self {
        Self { id: 0, name: String::new(), prefix: String::new(), first: 1, last: 999, further: Map::new() }
    }
}

impl Row for TicketRange {
    const FIELDS: &'static [Field] = &[
        field("id", Int, Server),
        field("name", Text, Required),
        field("prefix", Text, Optional),
        field("ticketMin", Int, Optional),
        field("ticketMax", Int, Optional),
    ];

    known_by_name!();

    fn check(&self) -> Result<(), String> {
        if !(0..=self.last).contains(&self.first) || self.last > 999_999_999 {
            return Err(format!("a ticket range from {} to {}", self.first, self.last));
        }
        if self.prefix.chars().count() > 10 {
            return Err("a prefix has 10 characters at most".into());
        }
        Ok(())
    }
}

/// A service in a group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Member {
    /// The service.
    pub id: i64,
}

/// A node of a group's tree.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Branch {
    /// Its services.
    pub services: Vec<Member>,
    /// Further nodes.
    pub children: Vec<Branch>,
}

impl Branch {
    /// All services under it.
    pub(crate) fn services(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.services.iter().map(|member| member.id).collect();
        self.children.iter().for_each(|child| ids.extend(child.services()));
        ids
    }
}

/// A tree of services, as terminals offer them (observed, Q27).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceGroup {
    /// The id.
    pub id: i64,
    /// The tree.
    pub root: Branch,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Row for ServiceGroup {
    const FIELDS: &'static [Field] = &[field("id", Int, Server), field("root", Tree, Required)];

    fn id(&self) -> i64 {
        self.id
    }

    fn name(&self) -> &str {
        ""
    }

    fn refers(&self) -> Vec<(Book, i64, &'static str)> {
        self.root.services().into_iter().map(|id| (Book::Service, id, "root")).collect()
    }
}
