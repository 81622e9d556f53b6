//! What can be set of a hall: its habits, and which interpretation holds where the vendor's document allows two.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Span;

/// What can be set of a hall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What `postponeDelay` answers, in minutes.
    pub postpone_delays: Vec<i64>,
    /// How long a session lives after its last command.
    #[schemars(extend("x-claims" = ["QU-132"], "x-because" = "No lifetime is given; a day lets a terminal stand over lunch and a test see the end."))]
    pub session_timeout: Span,
    /// How often a silent socket is pinged, by the wall clock: keeping connections alive is no world's time. One that
    /// leaves three pings unanswered is closed.
    #[schemars(extend("x-claims" = ["QU-141"], "x-because" = "Nothing is said of dead connections."))]
    pub ping: Span,
    /// Where the hall's days begin and end, an IANA name.
    #[schemars(extend("x-claims" = ["QU-137"], "x-because" = "Numbers of the samples begin at 1 on their day."))]
    pub time_zone: String,
    /// How long tickets of earlier days are kept for the statistics; left out, up to 200000 of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_tickets: Option<Span>,
    /// What `info` answers, but for the number of sessions.
    pub info: BTreeMap<String, String>,
    /// Where the object of an error stands.
    pub errors_in: ErrorsIn,
    /// Where the token of a new session stands.
    pub login_token_in: LoginTokenIn,
    /// Which samples replies follow.
    pub vintage: Vintage,
    /// Which command the reply to `unsubscribeXs` names.
    pub unsubscribe_echo: UnsubscribeEcho,
    /// What `nextConsumer` answers when nobody waits.
    pub nobody: Nobody,
    /// How a ticket ends when `rejectOperation` or `rejectConsumer` leaves nothing of it open.
    pub rejected_ends: RejectedEnds,
    /// Where a ticket goes whose next stage the same window can serve.
    pub next_stage: NextStage,
    /// How often `rejectConsumer` writes its comment.
    pub reject_comment: RejectComment,
    /// What `skipConsumer` does when nobody else waits.
    pub skip_alone: SkipAlone,
    /// By how much a consumer can be postponed.
    pub postpone_by: PostponeBy,
    /// Whether a clerk commands at windows where another sits, or nobody.
    pub other_windows: OtherWindows,
    /// Whether `currentQueue` lists who is bound to another clerk.
    pub bound_tickets: BoundTickets,
    /// Which code does for a service that requires one.
    pub pin_code: PinCode,
    /// When `registrateConsumer` gives the ticket's picture.
    pub preview: Preview,
    /// How `statistics` writes `done`.
    pub statistics_done: StatisticsDone,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            postpone_delays: vec![1, 5, 10, 15, 20, 25],
            session_timeout: Span::from_secs(24 * 60 * 60),
            ping: Span::from_secs(30),
            time_zone: "UTC".into(),
            keep_tickets: None,
            info: BTreeMap::new(),
            errors_in: ErrorsIn::default(),
            login_token_in: LoginTokenIn::default(),
            vintage: Vintage::default(),
            unsubscribe_echo: UnsubscribeEcho::default(),
            nobody: Nobody::default(),
            rejected_ends: RejectedEnds::default(),
            next_stage: NextStage::default(),
            reject_comment: RejectComment::default(),
            skip_alone: SkipAlone::default(),
            postpone_by: PostponeBy::default(),
            other_windows: OtherWindows::default(),
            bound_tickets: BoundTickets::default(),
            pin_code: PinCode::default(),
            preview: Preview::default(),
            statistics_done: StatisticsDone::default(),
        }
    }
}

stend_core::interpretations! {
    /// Where the object of an error stands (Q2).
    #[because = "The document shows the object without its place, its \"No errors\" under `data`; public clients look under `error`. In both places either client works."]
    ErrorsIn {
        /// Under `data` and under `error`.
        #[claims("Q2")]
        Both,
        /// Under `data` alone, as the document has it.
        Data,
        /// Under `error` alone, where public clients look; there is no `data` then.
        Error,
    }

    /// Where the token of a new session stands (Q5).
    #[because = "The print is cut by a page just there; public clients read it beside. In both places either client works."]
    LoginTokenIn {
        /// Inside `data` and beside it.
        #[claims("Q5")]
        Both,
        /// Inside `data` alone.
        Data,
        /// Beside `data` alone.
        Beside,
    }

    /// Which samples replies follow (Q4, Q24).
    #[because = "Two vintages are printed; the newer is a superset, so it is the default."]
    Vintage {
        /// Those of 2021 and later: more keys on tickets and windows, and the token is echoed.
        #[claims("Q24", "Q4")]
        Full,
        /// Those of 2015.
        Terse,
    }

    /// Which command the reply to `unsubscribeXs` names (Q11).
    #[because = "A reply always names its command; the sample was copied from the one above it."]
    UnsubscribeEcho {
        /// Its own, as with every other command.
        #[claims("Q11")]
        Own,
        /// `subscribeXs`, as printed.
        Printed,
    }

    /// What `nextConsumer` answers when nobody waits: the document says that `data` is empty (Q18).
    #[because = "\"Empty\" may be an object, a list or null; `data` is an object in every sample of this command, so the empty object is the default."]
    Nobody {
        /// `{}`.
        #[claims("QU-073")]
        Object,
        /// `null`.
        None,
        /// `[]`.
        List,
    }

    /// How a ticket ends when `rejectOperation` or `rejectConsumer` leaves nothing of it open (Q19).
    #[because = "Printed twice so, and once otherwise; two equal slips are less likely than a habit of the server."]
    RejectedEnds {
        /// `SERVED`, as printed.
        #[claims("Q19")]
        Served,
        /// `REJECTED`, as after `rejectService`.
        Rejected,
    }

    /// Where a ticket goes whose next stage the same window can serve (Q22).
    #[because = "The ruling puts a ticket with further stages back into the line; public clerks expect either, so that one who goes on at the same window is a setting."]
    NextStage {
        /// Back into the line, `WAITING`.
        #[claims("Q22")]
        Queue,
        /// It stays at the window, `SERVING` its next stage.
        Stay,
    }

    /// How often `rejectConsumer` writes its comment (Q19).
    #[because = "Printed so; it may be the accident of one day."]
    RejectComment {
        /// Twice, as printed.
        #[claims("QU-098")]
        Twice,
        /// Once, as the other commands do.
        Once,
    }

    /// What `skipConsumer` does when nobody else waits: the document says that it does not succeed (Q21).
    #[because = "\"It will not succeed\": as everything else that does not succeed, an error; a server that leaves the current one and says so is possible."]
    SkipAlone {
        /// It answers an error.
        #[claims("Q21")]
        Error,
        /// It answers the consumer who stays, unchanged, as `nextConsumer` does.
        Stays,
    }

    /// By how much a consumer can be postponed (Q20).
    #[because = "`postponeDelay` lists the times \"by which one can postpone\"; whether others are refused is not said, and the lenient interpretation breaks no client."]
    PostponeBy {
        /// By any number of minutes from 1 to 1440.
        #[claims("QU-111")]
        Any,
        /// By those that `postponeDelay` lists.
        Listed,
    }

    /// Whether a clerk commands at windows where another sits, or nobody.
    #[because = "Every command names its workplace although the session has one, so other workplaces may be meant; a workplace has one `clerk_id`, so by default only its own."]
    OtherWindows {
        /// He commands at his own.
        #[claims("QU-133")]
        Refused,
        /// At any that `workplace` names.
        Allowed,
    }

    /// Whether the queue of a window lists tickets that `return2me` has bound to another clerk (Q20).
    #[because = "Printed only as true. That it is there at all may mean that tickets bound to another clerk are listed with false; by default they are not, as no sample shows one."]
    BoundTickets {
        /// It lists whom its clerk may call: `mayCall` is always true, as printed.
        #[claims("QU-139")]
        Hidden,
        /// It lists them too, with `mayCall` false.
        Shown,
    }

    /// Which code does for a service that requires one (Q25).
    #[because = "The document calls the field informational and sends what looks like a phone number, but a service's `pin_code` holds a value; comparing them is the stricter interpretation."]
    PinCode {
        /// The service's.
        #[claims("QU-131")]
        Equal,
        /// Any that is not empty: the sample's looks like a phone number.
        Any,
    }

    /// When `registrateConsumer` gives the ticket's picture (Q25).
    #[because = "Whether a ticket that the server prints comes with its picture too is not said; always giving it breaks no client."]
    Preview {
        /// Always.
        #[claims("QU-126")]
        Always,
        /// When `noprint` asks for it; a ticket that the server prints itself needs none.
        Noprint,
    }

    /// How `statistics` writes `done` (Q26).
    #[because = "Printed so beside full moments; it may be a slip, and a client that parses moments strictly depends on it."]
    StatisticsDone {
        /// Without zone and milliseconds, as printed.
        #[claims("Q26")]
        Bare,
        /// As every other moment.
        Full,
    }
}

/// What the settings say of the envelope; small, so that it can be taken out of the state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) errors_in: ErrorsIn,
    pub(crate) login_token_in: LoginTokenIn,
    pub(crate) vintage: Vintage,
    pub(crate) unsubscribe_echo: UnsubscribeEcho,
}

impl Settings {
    /// How replies are enveloped.
    pub(crate) fn manner(&self) -> Manner {
        Manner {
            errors_in: self.errors_in,
            login_token_in: self.login_token_in,
            vintage: self.vintage,
            unsubscribe_echo: self.unsubscribe_echo,
        }
    }
}
