//! How the document is read where it allows two interpretations and a client could depend on either.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The interpretations of a world.
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
    /// What `paySum` is of a bill of which a part is paid.
    pub part_paid: PartPaid,
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
    #[because = "Three operations say that it is necessary and none says what happens otherwise."]
    ContentType {
        /// It has to, or is refused with 415.
        #[claims("TP-003")]
        Required,
        /// Any body that is JSON is read; another type is warned about, so a strict world refuses it.
        #[serde(alias = "remarked")]
        Warned,
    }

    /// What a line of a bill costs.
    #[because = "Public programs over the vendor's tables agree: sum = price × count; the volume is the portion's size."]
    LineSum {
        /// Price × count; the volume is the size of the portion.
        #[claims("TP-240", "P12")]
        Count,
        /// Price × count × volume.
        Volume,
    }

    /// What happens to a bill that is posted again under its own `gest_ID`.
    #[because = "The id is the primary key of its table, and the document says nothing of a second post."]
    RepeatedBill {
        /// It is refused, as a primary key does.
        #[claims("P14")]
        Refused,
        /// The bill that is there stays as it is, and its id is the answer.
        Same,
        /// It takes the place of the bill that is there, if that could be deleted.
        Replaced,
    }

    /// What becomes of a bill that is paid in full.
    #[because = "The document ends with the paid receipt; a bill with nothing left to pay is done, and get-closed-guests-id can find it."]
    PaidBill {
        /// It is closed at once.
        #[claims("TP-209")]
        Closed,
        /// It stays "В оплате" until its delivery is closed or the staff close it.
        Stays,
    }

    /// What the count of a modifier counts.
    #[because = "The sample of calc-discount has one modifier under two dishes and prints no sum; reports over the vendor's tables multiply each row's own count."]
    ModifierCount {
        /// It stands for itself, whatever the count of its dish.
        #[claims("TP-239")]
        Own,
        /// It is for one unit of the dish.
        PerUnit,
    }

    /// How the discount of a line is written that has only one.
    #[because = "The printed reply is the one place that shows a reply; several discounts are a list either way."]
    SingleDiscount {
        /// An object, as printed.
        #[claims("TP-150")]
        Object,
        /// A list of one, as the structure of a bill has it.
        List,
    }

    /// What `pay-guest` does without `delete-prechecks`.
    #[because = "The flag is said to be for calculating points anew; without points nothing is calculated, and the print has a bill paid without it."]
    MissingFlag {
        /// Prechecks stay, and a bill whose prechecks are unpaid is paid as it stands.
        #[claims("TP-195")]
        AsIs,
        /// The same as 0.
        Keep,
    }

    /// Whether `pay-guest` needs an open trading day.
    #[because = "The message of 130228 asks for a day of an order that is completed, and paying completes it."]
    DayToPay {
        /// Without one nothing is paid.
        #[claims("TP-211", "P15")]
        Needed,
        /// It does not; an order is tied to the day where there is one.
        #[claims("TP-211")]
        NotNeeded,
    }

    /// What `paySum` is of a bill of which a part is paid.
    #[because = "The sum is said to be the bill's, and the receipt to be made for that sum; lines with a receipt cannot stand in a second one, so what agrees with both is what they leave."]
    PartPaid {
        /// What is not paid yet.
        #[claims("TP-261")]
        Rest,
        /// The bill's total, whatever of it is paid; the receipt has what was not.
        Total,
    }

    /// How the keys of `pay-guest`'s reply are written.
    #[because = "Both printed replies have the plural."]
    PaymentReply {
        /// `DiscountSums`, `AppliedDiscountSums`, as printed.
        #[claims("TP-186")]
        Plural,
        /// `DiscountSum`, `AppliedDiscountSum`, as the sentences write them.
        Singular,
    }

    /// Whether `post-guest` applies loyalty programmes.
    #[because = "The sentence asks for the original bill so that no discount is given twice, which could only happen if storing gives it."]
    PostProgrammes {
        /// It does, as `calc-discount` did before.
        #[claims("TP-155")]
        Apply,
        /// It stores prices as they are sent.
        Skip,
    }

    /// What lets the task start the cooking.
    #[because = "The row goes on to say that the task moves bills where the division runs it, the list of conditions for a bill to move on does not name the flag, and public clients do not send it."]
    CookingStart {
        /// The division runs the task.
        Task,
        /// The division runs it, and the bill has `gsdlv_IsAutoStart`.
        #[claims("TP-132")]
        Flag,
    }

    /// Whether a bill with `gsdlv_NeedConfirmation` waits for the operator.
    #[because = "The list of conditions for a bill to move on does not name the flag, and the printed bill has it."]
    Confirmation {
        /// The flag tells the operator to call, and keeps nothing.
        #[claims("TP-140")]
        Noted,
        /// The executor's task leaves the bill alone until the operator has confirmed it.
        #[claims("TP-140")]
        Awaited,
    }

    /// By which dates `get-guest-info` finds a bill.
    #[because = "The printed request asks for 2020-09-16 and is answered with bills opened on 2019-06-07: some other date of theirs was meant, and a trading day is the only one that a bill has."]
    FoundBy {
        /// When it was opened, and the dates of its orders' trading days.
        #[claims("TP-172")]
        OpenedOrTradingDay,
        /// When it was opened, alone.
        Opened,
    }

    /// What a date without a time means at the end of a range.
    #[because = "The parameter is called the date of the end of the range; a client that asks for a day by its date wants that day."]
    RangeEnd {
        /// All of that day.
        #[claims("TP-178")]
        WholeDay,
        /// Its first moment.
        Midnight,
    }
}
