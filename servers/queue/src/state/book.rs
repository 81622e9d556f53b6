//! The names of the reference books, and of fields that clients call otherwise or send beside.

/// A reference book, in the document's order; `ServiceGroup` is observed (Q27).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Book {
    /// What clerks do with a ticket.
    Operation,
    /// What tickets are taken for.
    Service,
    /// The numbers of tickets.
    TicketRange,
    /// The windows.
    Workplace,
    /// What users may do.
    UserRole,
    /// The people.
    User,
    /// LCD boards.
    QBoard,
    /// LED boards.
    ScoreBoard,
    /// Terminals.
    Registrator,
    /// The tickets of today.
    Consumer,
    /// Visitors who announced themselves.
    ConsumerPreRegistered,
    /// Services as a terminal groups them.
    ServiceGroup,
}

impl Book {
    pub(crate) const ALL: [Self; 12] = [
        Self::Operation,
        Self::Service,
        Self::TicketRange,
        Self::Workplace,
        Self::UserRole,
        Self::User,
        Self::QBoard,
        Self::ScoreBoard,
        Self::Registrator,
        Self::Consumer,
        Self::ConsumerPreRegistered,
        Self::ServiceGroup,
    ];

    /// As commands end: `getTicketRange`.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Operation => "Operation",
            Self::Service => "Service",
            Self::TicketRange => "TicketRange",
            Self::Workplace => "Workplace",
            Self::UserRole => "UserRole",
            Self::User => "User",
            Self::QBoard => "QBoard",
            Self::ScoreBoard => "ScoreBoard",
            Self::Registrator => "Registrator",
            Self::Consumer => "Consumer",
            Self::ConsumerPreRegistered => "ConsumerPreRegistered",
            Self::ServiceGroup => "ServiceGroup",
        }
    }

    /// The command that lists it, which is its push too.
    pub(crate) const fn list_command(self) -> &'static str {
        match self {
            Self::Operation => "operationList",
            Self::Service => "serviceList",
            Self::TicketRange => "ticketRangeList",
            Self::Workplace => "workplaceList",
            Self::UserRole => "userRoleList",
            Self::User => "userList",
            Self::QBoard => "qBoardList",
            Self::ScoreBoard => "scoreBoardList",
            Self::Registrator => "registratorList",
            Self::Consumer => "consumerList",
            Self::ConsumerPreRegistered => "consumerPreRegisteredList",
            Self::ServiceGroup => "serviceGroupList",
        }
    }
}

impl Book {
    /// Further fields that public clients send (Q15): kept and shown like any, and not warned about.
    pub(crate) const fn observed(self) -> &'static [&'static str] {
        match self {
            Self::Service => &["registrable", "dynamic"],
            Self::Workplace => &["wpd_filter", "audio_zone"],
            _ => &[],
        }
    }

    /// Other names under which fields are read, each with the field's own.
    pub(crate) const fn other_names(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::TicketRange => &[("first", "ticketMin"), ("last", "ticketMax")],
            _ => &[],
        }
    }

    /// What a field is called here.
    pub(crate) fn called(self, name: &str) -> &str {
        self.other_names().iter().find(|(other, _)| *other == name).map_or(name, |(_, own)| own)
    }
}
