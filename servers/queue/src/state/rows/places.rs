//! Windows, boards, terminals.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Row, field, flags, known_by_name};
use crate::state::books::Book;
use crate::state::fields::Kind::{Flag, Int, Ints, MaybeInt, MaybeText, Moment, Opaque, Text};
use crate::state::fields::Need::{Optional, Required, Server};
use crate::state::fields::{Field, stamp};
use crate::state::keyed::Keyed;

/// A window with its clerk and the consumer who stands at it. `currentOperations` is added on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Workplace {
    /// The id.
    pub id: i64,
    /// What can be served there, unless `all_operations`.
    pub operations: Vec<i64>,
    /// Priorities of services at this window; kept, not acted on.
    #[schemars(with = "std::collections::BTreeMap<String, Value>")]
    pub services: Keyed<Value>,
    /// Kept, not acted on.
    pub state_id: i64,
    /// The name.
    pub name: String,
    /// What boards show.
    pub alias: String,
    /// 1 when nobody can log in there.
    pub disabled: i64,
    /// For people.
    pub description: String,
    /// 1 when everything can be served there.
    pub all_operations: i64,
    /// Kept, not acted on.
    pub service_priority_enabled: i64,
    /// Kept, not acted on.
    pub audio_notification_enabled: i64,
    /// Kept, not acted on.
    pub department: i64,
    /// Kept, not acted on.
    pub auto_call: i64,
    /// Kept, not acted on.
    pub auto_call_timeout: i64,
    /// Kept, not acted on.
    pub auto_serve: i64,
    /// Kept, not acted on.
    pub auto_serve_timeout: i64,
    /// When it was changed last.
    #[serde(with = "stamp")]
    #[schemars(with = "String")]
    pub last_update: Timestamp,
    /// Who works there; -1: nobody.
    pub clerk_id: i64,
    /// Whose ticket is being served there; -1: nobody's.
    pub consumer_id: i64,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Default for Workplace {
    fn default() -> Self {
        Self {
            id: 0,
            operations: Vec::new(),
            services: Keyed::default(),
            state_id: 1,
            name: String::new(),
            alias: String::new(),
            disabled: 0,
            description: String::new(),
            all_operations: 0,
            service_priority_enabled: 0,
            audio_notification_enabled: 0,
            department: 0,
            auto_call: 0,
            auto_call_timeout: 0,
            auto_serve: 0,
            auto_serve_timeout: 0,
            last_update: Timestamp::UNIX_EPOCH,
            clerk_id: -1,
            consumer_id: -1,
            further: Map::new(),
        }
    }
}

impl Row for Workplace {
    const FIELDS: &'static [Field] = &[
        field("id", Int, Server),
        field("operations", Ints, Optional),
        field("services", Opaque, Optional),
        field("state_id", Int, Optional),
        field("name", Text, Required),
        field("alias", Text, Optional),
        field("disabled", Flag, Optional),
        field("description", Text, Optional),
        field("all_operations", Flag, Optional),
        field("service_priority_enabled", Flag, Optional),
        field("audio_notification_enabled", Flag, Optional),
        field("department", Int, Optional),
        field("auto_call", Flag, Optional),
        field("auto_call_timeout", Int, Optional),
        field("auto_serve", Flag, Optional),
        field("auto_serve_timeout", Int, Optional),
        field("last_update", Moment, Server),
        field("clerk_id", Int, Server),
        field("consumer_id", Int, Server),
        field("currentOperations", Ints, Server),
    ];

    known_by_name!();

    flags!(disabled, all_operations, service_priority_enabled, audio_notification_enabled, auto_call, auto_serve);

    fn refers(&self) -> Vec<(Book, i64, &'static str)> {
        self.operations.iter().map(|id| (Book::Operation, *id, "operations")).collect()
    }

    fn complete(&mut self, now: Timestamp) {
        if self.alias.is_empty() {
            self.alias.clone_from(&self.name);
        }
        if self.last_update == Timestamp::UNIX_EPOCH {
            self.touch(now);
        }
    }

    fn touch(&mut self, now: Timestamp) {
        self.last_update = now;
    }
}

macro_rules! board {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// The id.
            pub id: i64,
            /// What it logs in with.
            pub name: String,
            /// 1 when it cannot log in.
            pub disabled: i64,
            /// For people.
            pub description: Option<String>,
            /// What clients have sent beside, kept and shown as it came.
            #[serde(skip_serializing_if = "Map::is_empty")]
            pub further: Map<String, Value>,
        }

        impl Row for $name {
            const FIELDS: &'static [Field] = &[
                field("id", Int, Server),
                field("name", Text, Required),
                field("disabled", Flag, Optional),
                field("description", MaybeText, Optional),
            ];

            known_by_name!(unique);

            flags!(disabled);
        }
    };
}

board!(
    /// An LCD board.
    QBoard
);
board!(
    /// An LED board.
    ScoreBoard
);

/// A registration terminal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Registrator {
    /// The id.
    pub id: i64,
    /// What it logs in with.
    pub name: String,
    /// 1 when it cannot log in.
    pub disabled: i64,
    /// For people.
    pub description: Option<String>,
    /// What its tickets' priority differs by.
    pub priority: i64,
    /// The group of services that it offers; all without one.
    #[serde(rename = "serviceGroup_id")]
    pub service_group_id: Option<i64>,
    /// What clients have sent beside, kept and shown as it came.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub further: Map<String, Value>,
}

impl Row for Registrator {
    const FIELDS: &'static [Field] = &[
        field("id", Int, Server),
        field("name", Text, Required),
        field("disabled", Flag, Optional),
        field("description", MaybeText, Optional),
        field("priority", Int, Optional),
        field("serviceGroup_id", MaybeInt, Optional),
    ];

    known_by_name!(unique);

    flags!(disabled);

    fn refers(&self) -> Vec<(Book, i64, &'static str)> {
        self.service_group_id.iter().map(|id| (Book::ServiceGroup, *id, "serviceGroup_id")).collect()
    }
}
