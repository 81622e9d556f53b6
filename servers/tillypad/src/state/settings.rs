//! How the document is read where it allows two readings and a client could depend on either. The defaults are argued
//! in `fixtures/tillypad/claims.yaml`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The readings of a world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether a body has to come as `application/json`.
    pub content_type: ContentType,
    /// What a line of a bill costs.
    pub line_sum: LineSum,
    /// What happens to a bill that is posted again under its own `gest_ID`.
    pub repeated_bill: RepeatedBill,
    /// What becomes of a bill that is paid in full.
    pub paid_bill: PaidBill,
    /// What the count of a modifier counts.
    pub modifier_count: ModifierCount,
    /// How the discount of a line is written that has only one.
    pub single_discount: SingleDiscount,
    /// What `pay-guest` does with prechecks when `delete-prechecks` is left out.
    pub missing_flag: MissingFlag,
    /// Whether `pay-guest` needs an open trading day.
    pub day_to_pay: DayToPay,
    /// How the keys of `pay-guest`'s reply are written.
    pub payment_reply: PaymentReply,
    /// Whether `post-guest` applies loyalty programmes.
    pub post_programmes: PostProgrammes,
    /// What lets the task start the cooking.
    pub cooking_start: CookingStart,
    /// Whether a bill that needs confirmation waits for it.
    pub confirmation: Confirmation,
    /// By which dates `get-guest-info` finds a bill.
    pub found_by: FoundBy,
    /// What a date without a time means at the end of the range of `get-closed-guests-id`.
    pub range_end: RangeEnd,
}

stend_core::interpretations! {
    /// Whether a body has to come as `application/json`.
    ContentType {
        /// It has to, or is refused with 415.
        Required,
        /// Any body that is JSON is read; another type is warned about, so a strict world refuses it.
        #[serde(alias = "remarked")]
        Warned,
    }

    /// What a line of a bill costs.
    LineSum {
        /// Price × count; the volume is the size of the portion.
        Count,
        /// Price × count × volume.
        Volume,
    }

    /// What happens to a bill that is posted again under its own `gest_ID`.
    RepeatedBill {
        /// It is refused, as a primary key does.
        Refused,
        /// The bill that is there stays as it is, and its id is the answer.
        Same,
        /// It takes the place of the bill that is there, if that could be deleted.
        Replaced,
    }

    /// What becomes of a bill that is paid in full.
    PaidBill {
        /// It is closed at once.
        Closed,
        /// It stays "В оплате" until its delivery is closed or the staff close it.
        Stays,
    }

    /// What the count of a modifier counts.
    ModifierCount {
        /// It stands for itself, whatever the count of its dish.
        Own,
        /// It is for one unit of the dish.
        PerUnit,
    }

    /// How the discount of a line is written that has only one.
    SingleDiscount {
        /// An object, as printed.
        Object,
        /// A list of one, as the structure of a bill has it.
        List,
    }

    /// What `pay-guest` does without `delete-prechecks`.
    MissingFlag {
        /// Prechecks stay, and a bill whose prechecks are unpaid is paid as it stands.
        AsIs,
        /// The same as 0.
        Keep,
    }

    /// Whether `pay-guest` needs an open trading day.
    DayToPay {
        /// Without one nothing is paid.
        Needed,
        /// It does not; an order is tied to the day where there is one.
        NotNeeded,
    }

    /// How the keys of `pay-guest`'s reply are written.
    PaymentReply {
        /// `DiscountSums`, `AppliedDiscountSums`, as printed.
        Plural,
        /// `DiscountSum`, `AppliedDiscountSum`, as the sentences write them.
        Singular,
    }

    /// Whether `post-guest` applies loyalty programmes.
    PostProgrammes {
        /// It does, as `calc-discount` did before.
        Apply,
        /// It stores prices as they are sent.
        Skip,
    }

    /// What lets the task start the cooking.
    CookingStart {
        /// The division runs the task.
        Task,
        /// The division runs it, and the bill has `gsdlv_IsAutoStart`.
        Flag,
    }

    /// Whether a bill with `gsdlv_NeedConfirmation` waits for the operator.
    Confirmation {
        /// The flag tells the operator to call, and keeps nothing.
        Noted,
        /// The executor's task leaves the bill alone until the operator has confirmed it.
        Awaited,
    }

    /// By which dates `get-guest-info` finds a bill.
    FoundBy {
        /// When it was opened, and the dates of its orders' trading days.
        OpenedOrTradingDay,
        /// When it was opened, alone.
        Opened,
    }

    /// What a date without a time means at the end of a range.
    RangeEnd {
        /// All of that day.
        WholeDay,
        /// Its first moment.
        Midnight,
    }
}
