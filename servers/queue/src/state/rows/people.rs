//! Roles, users, and consumers who have an appointment.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Row, field, known_by_name};
use crate::state::books::Book;
use crate::state::fields::Kind::{Flag, Int, Ints, MaybeInt, MaybeText, Moment, Object, Opaque, Text};
use crate::state::fields::Need::{Optional, Required, Server};
use crate::state::fields::{Field, stamp};

/// The part of a role that makes an administrator.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Administrator {
    /// The id.
    pub id: i64,
}

/// The part of a role that makes a clerk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoleClerk {
    /// The id.
    pub id: i64,
    /// 1 when these clerks can serve everything.
    pub all_operations: i64,
    /// What they can serve, unless `all_operations`.
    pub operations: Vec<i64>,
    /// The group of services that these clerks add to tickets (observed; `me` shows it).
    #[serde(rename = "addService_group", skip_serializing_if = "Option::is_none")]
    pub add_service_group: Option<i64>,
}

/// What users may do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserRole {
    /// The id.
    pub id: i64,
    /// The name.
    pub name: String,
    /// 1 when nobody with it can log in.
    pub disabled: i64,
    /// For people.
    pub description: Option<String>,
    /// There when it is an administrator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administrator: Option<Administrator>,
    /// There when it is a clerk's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clerk: Option<RoleClerk>,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Row for UserRole {
    const FIELDS: &'static [Field] = &[
        field("id", Int, Server),
        field("name", Text, Required),
        field("disabled", Flag, Optional),
        field("description", MaybeText, Optional),
        field("administrator", Object(&[field("id", Int, Optional)]), Optional),
        field(
            "clerk",
            Object(&[
                field("id", Int, Optional),
                field("all_operations", Flag, Optional),
                field("operations", Ints, Optional),
                field("addService_group", MaybeInt, Optional),
            ]),
            Optional,
        ),
    ];

    known_by_name!();

    fn flags(&self) -> Vec<(&'static str, i64)> {
        let clerk = self.clerk.as_ref().map(|clerk| ("clerk.all_operations", clerk.all_operations));
        [("disabled", self.disabled)].into_iter().chain(clerk).collect()
    }

    fn refers(&self) -> Vec<(Book, i64, &'static str)> {
        let Some(clerk) = &self.clerk else { return Vec::new() };
        let group = clerk.add_service_group.map(|id| (Book::ServiceGroup, id, "addService_group"));
        clerk.operations.iter().map(|id| (Book::Operation, *id, "operations")).chain(group).collect()
    }

    fn complete(&mut self, _: Timestamp) {
        let id = self.id;
        if let Some(part) = self.administrator.as_mut().filter(|part| part.id == 0) {
            part.id = id;
        }
        if let Some(part) = self.clerk.as_mut().filter(|part| part.id == 0) {
            part.id = id;
        }
    }
}

/// The part of a user that makes a clerk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Clerk {
    /// The id; windows name it as `clerk_id`.
    pub id: i64,
    /// Kept, not acted on.
    pub priority: i64,
    /// The window to log in at when none is named.
    pub default_workplace: Option<i64>,
    /// 1 when this clerk can serve everything.
    pub all_operations: i64,
}

impl Default for Clerk {
    fn default() -> Self {
        Self { id: 0, priority: 50, default_workplace: None, all_operations: 0 }
    }
}

/// Somebody who logs in. `role` is added on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct User {
    /// The id.
    pub id: i64,
    /// What he logs in with.
    pub login: String,
    /// What he logs in with, compared as it stands: the document's are MD5.
    pub password: String,
    /// Surname.
    pub surname: String,
    /// First name.
    pub name: String,
    /// Patronymic.
    pub patronymic: String,
    /// When he was added.
    #[serde(with = "stamp")]
    #[schemars(with = "String")]
    pub create_time: Timestamp,
    /// 1 when he cannot log in.
    pub disabled: i64,
    /// His role.
    pub role_id: i64,
    /// There when he can work at a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clerk: Option<Clerk>,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Default for User {
    fn default() -> Self {
        Self {
            id: 0,
            login: String::new(),
            password: String::new(),
            surname: String::new(),
            name: String::new(),
            patronymic: String::new(),
            create_time: Timestamp::UNIX_EPOCH,
            disabled: 0,
            role_id: 0,
            clerk: None,
            further: Map::new(),
        }
    }
}

impl Row for User {
    const FIELDS: &'static [Field] = &[
        field("id", Int, Server),
        field("login", Text, Required),
        field("password", Text, Required),
        field("surname", Text, Optional),
        field("name", Text, Optional),
        field("patronymic", Text, Optional),
        field("create_time", Moment, Server),
        field("disabled", Flag, Optional),
        field("role_id", Int, Required),
        field(
            "clerk",
            Object(&[
                field("id", Int, Optional),
                field("priority", Int, Optional),
                field("default_workplace", MaybeInt, Optional),
                field("all_operations", Flag, Optional),
            ]),
            Optional,
        ),
        field("role", Opaque, Server),
    ];

    fn id(&self) -> i64 {
        self.id
    }

    /// Users are known by their login: `getUser` by name means it too.
    #[allow(clippy::misnamed_getters, reason = "the login is the name that is unique")]
    fn name(&self) -> &str {
        &self.login
    }

    fn unique(&self) -> Option<&str> {
        Some(&self.login)
    }

    fn flags(&self) -> Vec<(&'static str, i64)> {
        let clerk = self.clerk.as_ref().map(|clerk| ("clerk.all_operations", clerk.all_operations));
        [("disabled", self.disabled)].into_iter().chain(clerk).collect()
    }

    fn refers(&self) -> Vec<(Book, i64, &'static str)> {
        let window = self.clerk.as_ref().and_then(|clerk| clerk.default_workplace);
        [(Book::UserRole, self.role_id, "role_id")]
            .into_iter()
            .chain(window.map(|id| (Book::Workplace, id, "default_workplace")))
            .collect()
    }

    fn complete(&mut self, now: Timestamp) {
        if self.create_time == Timestamp::UNIX_EPOCH {
            self.create_time = now;
        }
        let id = self.id;
        if let Some(clerk) = self.clerk.as_mut().filter(|clerk| clerk.id == 0) {
            clerk.id = id;
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.login.is_empty() {
            return Err("a login is not empty".into());
        }
        if self.password.is_empty() {
            return Err("a password is not empty".into());
        }
        Ok(())
    }
}

/// A consumer who has an appointment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConsumerPreRegistered {
    /// The id.
    pub id: i64,
    /// Who it is.
    pub name: String,
    /// What for.
    pub services: Vec<i64>,
    /// When.
    #[serde(with = "stamp")]
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// The code to be entered on arrival.
    pub pin_code: String,
    /// For the clerk.
    pub comment: String,
    /// The ticket that was taken on arrival; -1 before.
    pub consumer_id: i64,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Default for ConsumerPreRegistered {
    fn default() -> Self {
        Self {
            id: 0,
            name: String::new(),
            services: Vec::new(),
            time: Timestamp::UNIX_EPOCH,
            pin_code: String::new(),
            comment: String::new(),
            consumer_id: -1,
            further: Map::new(),
        }
    }
}

impl Row for ConsumerPreRegistered {
    const FIELDS: &'static [Field] = &[
        field("id", Int, Server),
        field("name", Text, Optional),
        field("services", Ints, Required),
        field("time", Moment, Required),
        field("pin_code", Text, Optional),
        field("comment", Text, Optional),
        field("consumer_id", Int, Server),
    ];

    known_by_name!();

    fn refers(&self) -> Vec<(Book, i64, &'static str)> {
        self.services.iter().map(|id| (Book::Service, *id, "services")).collect()
    }

    fn check(&self) -> Result<(), String> {
        if self.services.is_empty() { Err("an appointment is for at least one service".into()) } else { Ok(()) }
    }
}
