//! What can be set of a hall: its habits, and which of two readings holds where the vendor's document allows both.

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
    pub session_timeout: Span,
    /// How often a silent socket is pinged, by the wall clock: keeping connections alive is no world's time. One that
    /// leaves three pings unanswered is closed.
    pub ping: Span,
    /// Where the hall's days begin and end, an IANA name.
    pub time_zone: String,
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
            info: BTreeMap::new(),
            errors_in: ErrorsIn::default(),
            login_token_in: LoginTokenIn::default(),
            vintage: Vintage::default(),
            unsubscribe_echo: UnsubscribeEcho::default(),
            nobody: Nobody::default(),
            rejected_ends: RejectedEnds::default(),
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

macro_rules! reading {
    ($(#[$doc:meta])* $name:ident { $(#[$first:meta])* $default:ident, $($(#[$other:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[$first])*
            #[default]
            $default,
            $($(#[$other])* $variant,)+
        }
    };
}

reading! {
    /// Where the object of an error stands (Q2).
    ErrorsIn {
        /// Under `data` and under `error`.
        Both,
        /// Under `data` alone, as the document has it.
        Data,
        /// Under `error` alone, where public clients look; there is no `data` then.
        Error,
    }
}

reading! {
    /// Where the token of a new session stands (Q5).
    LoginTokenIn {
        /// Inside `data` and beside it.
        Both,
        /// Inside `data` alone.
        Data,
        /// Beside `data` alone.
        Beside,
    }
}

reading! {
    /// Which samples replies follow (Q4, Q24).
    Vintage {
        /// Those of 2021 and later: more keys on tickets and windows, and the token is echoed.
        Full,
        /// Those of 2015.
        Terse,
    }
}

reading! {
    /// Which command the reply to `unsubscribeXs` names (Q11).
    UnsubscribeEcho {
        /// Its own, as with every other command.
        Own,
        /// `subscribeXs`, as printed.
        Printed,
    }
}

reading! {
    /// What `nextConsumer` answers when nobody waits: the document says that `data` is empty (Q18).
    Nobody {
        /// `{}`.
        Object,
        /// `null`.
        None,
        /// `[]`.
        List,
    }
}

reading! {
    /// How a ticket ends when `rejectOperation` or `rejectConsumer` leaves nothing of it open (Q19).
    RejectedEnds {
        /// `SERVED`, as printed.
        Served,
        /// `REJECTED`, as after `rejectService`.
        Rejected,
    }
}

reading! {
    /// How often `rejectConsumer` writes its comment (Q19).
    RejectComment {
        /// Twice, as printed.
        Twice,
        /// Once, as the other commands do.
        Once,
    }
}

reading! {
    /// What `skipConsumer` does when nobody else waits: the document says that it does not succeed (Q21).
    SkipAlone {
        /// It answers an error.
        Error,
        /// It answers the consumer who stays, unchanged, as `nextConsumer` does.
        Stays,
    }
}

reading! {
    /// By how much a consumer can be postponed (Q20).
    PostponeBy {
        /// By any number of minutes from 1 to 1440.
        Any,
        /// By those that `postponeDelay` lists.
        Listed,
    }
}

reading! {
    /// Whether a clerk commands at windows where another sits, or nobody.
    OtherWindows {
        /// He commands at his own.
        Refused,
        /// At any that `workplace` names.
        Allowed,
    }
}

reading! {
    /// Whether the queue of a window lists tickets that `return2me` has bound to another clerk (Q20).
    BoundTickets {
        /// It lists whom its clerk may call: `mayCall` is always true, as printed.
        Hidden,
        /// It lists them too, with `mayCall` false.
        Shown,
    }
}

reading! {
    /// Which code does for a service that requires one (Q25).
    PinCode {
        /// The service's.
        Equal,
        /// Any that is not empty: the sample's looks like a phone number.
        Any,
    }
}

reading! {
    /// When `registrateConsumer` gives the ticket's picture (Q25).
    Preview {
        /// Always.
        Always,
        /// When `noprint` asks for it; a ticket that the server prints itself needs none.
        Noprint,
    }
}

reading! {
    /// How `statistics` writes `done` (Q26).
    StatisticsDone {
        /// Without zone and milliseconds, as printed.
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
