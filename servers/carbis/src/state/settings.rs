//! How the document is read where it is silent and a client could depend on the answer. The defaults are argued in
//! `fixtures/carbis/claims.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The interpretations of a world.
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
    #[schemars(extend("x-claims" = ["CB-012"], "x-because" = "The document names three codes. The sample that lost its head may be of a fourth; a world can name it."))]
    pub order_code: Option<String>,
}

stend_core::interpretations! {
    /// What becomes of an order that is paid online.
    #[because = "The document ends with the event; guests who have paid leave, and no event would tell of the closing."]
    PaidOrder {
        /// It is closed, and its table is free.
        #[claims("CB-023")]
        Closed,
        /// It stays open, with nothing unpaid, until a waiter closes it.
        Stays,
    }

    /// What a client gets that has lost its place.
    #[because = "The client has lost its place; to get an event twice does less harm than to miss one."]
    LostPlace {
        /// All events that are kept: nothing may be lost.
        #[claims("C2")]
        All,
        /// No event; the client asks for `none` when it wants all.
        Nothing,
        /// A refusal, 400.
        Refused,
    }

    /// What a client gets that sends no hash.
    #[because = "The document has a word for all events, so leaving the hash out is a slip that a client should get to know."]
    MissingHash {
        /// A refusal, 400.
        #[claims("CB-025")]
        Refused,
        /// All events that are kept, as for `none`.
        All,
    }

    /// The status with which a poll is refused.
    #[because = "No error is printed; `result` suggests that it tells success, with or without the status."]
    Refusal {
        /// The one that HTTP has for the cause.
        #[claims("CB-026")]
        Status,
        /// 200: `result` alone tells.
        Ok,
    }
}
