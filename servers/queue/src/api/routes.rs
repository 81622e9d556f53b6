//! The table of commands: the documented 107 in the document's order, then the observed ones.

use std::sync::LazyLock;

use stend_core::{Evidence, Operation};

use crate::api::ask::Handler;
use crate::api::books::Verb;
use crate::api::{queue, registration, serving, sessions};
use crate::state::books::Book;

/// How a command is answered.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Without a session.
    Open(Handler),
    /// With one.
    Within(Handler),
    /// A verb of a reference book, with a session.
    Book(Verb, Book),
}

/// One row of the table.
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) run: Run,
}

macro_rules! book {
    ($kind:expr, $book:ident, $lower:literal, $title:literal) => {
        [
            row($kind, concat!($lower, "List"), Run::Book(Verb::List, Book::$book)),
            row($kind, concat!("get", $title), Run::Book(Verb::Get, Book::$book)),
            row($kind, concat!("set", $title), Run::Book(Verb::Set, Book::$book)),
            row($kind, concat!("new", $title), Run::Book(Verb::New, Book::$book)),
            row($kind, concat!("remove", $title), Run::Book(Verb::Remove, Book::$book)),
            row($kind, concat!("removeAll", $title, "s"), Run::Book(Verb::RemoveAll, Book::$book)),
            row($kind, concat!("subscribe", $title, "s"), Run::Book(Verb::Subscribe, Book::$book)),
            row($kind, concat!("unsubscribe", $title, "s"), Run::Book(Verb::Unsubscribe, Book::$book)),
        ]
    };
}

const fn row(kind: Evidence, command: &'static str, run: Run) -> Route {
    Route { operation: Operation::command(command).with(kind), run }
}

const DOCUMENTED: Evidence = Evidence::Documented;
const OBSERVED: Evidence = Evidence::Observed;

/// The verbs of one book.
const VERBS: usize = 8;

static BOOKS: [[Route; VERBS]; 11] = [
    book!(DOCUMENTED, Operation, "operation", "Operation"),
    book!(DOCUMENTED, Service, "service", "Service"),
    book!(DOCUMENTED, TicketRange, "ticketRange", "TicketRange"),
    book!(DOCUMENTED, Workplace, "workplace", "Workplace"),
    book!(DOCUMENTED, UserRole, "userRole", "UserRole"),
    book!(DOCUMENTED, User, "user", "User"),
    book!(DOCUMENTED, QBoard, "qBoard", "QBoard"),
    book!(DOCUMENTED, ScoreBoard, "scoreBoard", "ScoreBoard"),
    book!(DOCUMENTED, Registrator, "registrator", "Registrator"),
    book!(DOCUMENTED, Consumer, "consumer", "Consumer"),
    book!(DOCUMENTED, ConsumerPreRegistered, "consumerPreRegistered", "ConsumerPreRegistered"),
];

static COMMANDS: [Route; 19] = [
    row(DOCUMENTED, "login", Run::Open(sessions::login)),
    row(DOCUMENTED, "logout", Run::Within(|ask, state| ask.run(state, sessions::logout))),
    row(DOCUMENTED, "info", Run::Within(|ask, state| ask.run(state, sessions::info))),
    row(DOCUMENTED, "postponeDelay", Run::Within(|ask, state| ask.run(state, queue::postpone_delay))),
    row(DOCUMENTED, "currentQueue", Run::Within(|ask, state| ask.run(state, queue::current))),
    row(DOCUMENTED, "subscribeCurrentQueue", Run::Within(|ask, state| ask.run(state, queue::subscribe))),
    row(DOCUMENTED, "statistics", Run::Within(|ask, state| ask.run(state, queue::statistics))),
    row(DOCUMENTED, "nextConsumer", Run::Within(|ask, state| ask.run(state, serving::next))),
    row(DOCUMENTED, "consumerFromQueueBody", Run::Within(|ask, state| ask.run(state, serving::from_body))),
    row(DOCUMENTED, "retryCallConsumer", Run::Within(|ask, state| ask.run(state, serving::retry))),
    row(DOCUMENTED, "serveOperation", Run::Within(|ask, state| ask.run(state, serving::serve_operation))),
    row(DOCUMENTED, "rejectOperation", Run::Within(|ask, state| ask.run(state, serving::reject_operation))),
    row(DOCUMENTED, "serveConsumer", Run::Within(|ask, state| ask.run(state, serving::serve_consumer))),
    row(DOCUMENTED, "rejectConsumer", Run::Within(|ask, state| ask.run(state, serving::reject_consumer))),
    row(DOCUMENTED, "rejectService", Run::Within(|ask, state| ask.run(state, serving::reject_service))),
    row(DOCUMENTED, "postponeConsumer", Run::Within(|ask, state| ask.run(state, serving::postpone))),
    row(DOCUMENTED, "skipConsumer", Run::Within(|ask, state| ask.run(state, serving::skip))),
    row(DOCUMENTED, "addService", Run::Within(|ask, state| ask.run(state, serving::add_service))),
    row(DOCUMENTED, "registrateConsumer", Run::Within(|ask, state| ask.run(state, registration::registrate))),
];

static SEEN: [Route; 6] = [
    row(OBSERVED, "me", Run::Within(|ask, state| ask.run(state, sessions::me))),
    row(OBSERVED, "currentConsumer", Run::Within(|ask, state| ask.run(state, queue::current_consumer))),
    row(OBSERVED, "currentQueue2", Run::Within(|ask, state| ask.run(state, queue::current2))),
    row(OBSERVED, "subscribeCurrentQueue2", Run::Within(|ask, state| ask.run(state, queue::subscribe2))),
    row(OBSERVED, "unsubscribeCurrentQueue", Run::Within(|ask, state| ask.run(state, queue::unsubscribe))),
    row(OBSERVED, "unsubscribeCurrentQueue2", Run::Within(|ask, state| ask.run(state, queue::unsubscribe2))),
];

static GROUPS: [Route; VERBS] = book!(OBSERVED, ServiceGroup, "serviceGroup", "ServiceGroup");

const COUNT: usize = VERBS * BOOKS.len() + COMMANDS.len() + SEEN.len() + VERBS;

/// All rows, in order.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> + Clone {
    BOOKS.iter().flatten().chain(&COMMANDS).chain(&SEEN).chain(&GROUPS)
}

/// All operations, in order.
pub(crate) static OPERATIONS: [Operation; COUNT] = operations();

const fn operations() -> [Operation; COUNT] {
    let mut table = [Operation::command(""); COUNT];
    let mut at = 0;
    let mut i = 0;
    while i < BOOKS.len() {
        let mut verb = 0;
        while verb < VERBS {
            table[at] = BOOKS[i][verb].operation;
            at += 1;
            verb += 1;
        }
        i += 1;
    }
    i = 0;
    while i < COMMANDS.len() {
        table[at] = COMMANDS[i].operation;
        at += 1;
        i += 1;
    }
    i = 0;
    while i < SEEN.len() {
        table[at] = SEEN[i].operation;
        at += 1;
        i += 1;
    }
    i = 0;
    while i < VERBS {
        table[at] = GROUPS[i].operation;
        at += 1;
        i += 1;
    }
    table
}

/// All rows by their commands.
static BY_COMMAND: LazyLock<Vec<&'static Route>> = LazyLock::new(|| {
    let mut routes: Vec<_> = all().collect();
    routes.sort_unstable_by_key(|route| route.operation.id);
    routes
});

/// The row of a command.
pub(crate) fn find(command: &str) -> Option<&'static Route> {
    let place = BY_COMMAND.binary_search_by_key(&command, |route| route.operation.id).ok()?;
    Some(BY_COMMAND[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("Q10", "G4")]
    #[test]
    fn the_document_has_107_commands() {
        assert_eq!(OPERATIONS.iter().filter(|operation| operation.kind == Evidence::Documented).count(), 107);
        let names: std::collections::BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
        assert_eq!(names.len(), OPERATIONS.len());
        assert!(all().zip(&OPERATIONS).all(|(route, operation)| route.operation == *operation));
        assert!(all().all(|route| find(route.operation.id).is_some_and(|found| found.operation == route.operation)));
        assert!(find("").is_none());
    }

    #[proves("Q10")]
    #[test]
    fn book_commands_follow_the_documents_pattern() {
        for route in all() {
            if let Run::Book(verb, book) = route.run {
                let (id, title) = (route.operation.id, book.title());
                match verb {
                    Verb::List => assert_eq!(id, book.list_command()),
                    Verb::Get => assert_eq!(id, format!("get{title}")),
                    Verb::Set => assert_eq!(id, format!("set{title}")),
                    Verb::New => assert_eq!(id, format!("new{title}")),
                    Verb::Remove => assert_eq!(id, format!("remove{title}")),
                    Verb::RemoveAll => assert_eq!(id, format!("removeAll{title}s")),
                    Verb::Subscribe => assert_eq!(id, format!("subscribe{title}s")),
                    Verb::Unsubscribe => assert_eq!(id, format!("unsubscribe{title}s")),
                }
            }
        }
    }
}
