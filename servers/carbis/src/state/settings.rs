//! How the document is read where it is silent and a client could depend on the answer. The defaults are argued in
//! `fixtures/carbis/claims.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The readings of a world.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What becomes of an order that is paid online.
    pub paid_order: PaidOrder,
    /// What a client gets whose hash is unknown or no longer kept.
    pub lost_place: LostPlace,
    /// What a client gets that sends no hash.
    pub missing_hash: MissingHash,
    /// The status with which a poll is refused.
    pub refusal: Refusal,
    /// The code of an event that tells of an order that a waiter opens; left out, there is no such event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_code: Option<String>,
}

stend_core::interpretations! {
    /// What becomes of an order that is paid online.
    PaidOrder {
        /// It is closed, and its table is free.
        Closed,
        /// It stays open, with nothing unpaid, until a waiter closes it.
        Stays,
    }

    /// What a client gets that has lost its place.
    LostPlace {
        /// All events that are kept: nothing may be lost.
        All,
        /// No event; the client asks for `none` when it wants all.
        Nothing,
        /// A refusal, 400.
        Refused,
    }

    /// What a client gets that sends no hash.
    MissingHash {
        /// A refusal, 400.
        Refused,
        /// All events that are kept, as for `none`.
        All,
    }

    /// The status with which a poll is refused.
    Refusal {
        /// The one that HTTP has for the cause.
        Status,
        /// 200: `result` alone tells.
        Ok,
    }
}
