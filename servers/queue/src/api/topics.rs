//! What can be subscribed to: the list of a book, and the views of the queue. A subscriber hears what the list's command
//! would answer (Q13).

use bytestring::ByteString;
use jiff::Timestamp;
use stend_core::Version;
use stend_transport::{Rendering, Topic as Subscribed};

use crate::Queue;
use crate::api::wire;
use crate::state::State;
use crate::state::books::Book;
use crate::state::view::View;

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The list of a book.
    Book(Book),
    /// The queue as a view shows it.
    Queue(View),
}

impl Subscribed<Queue> for Topic {
    fn versions(&self, state: &State) -> Vec<Version> {
        match self {
            Self::Book(Book::Consumer) | Self::Queue(_) => {
                // A ticket shows its window, and that its clerk's operations.
                let mut versions = state.books.versions();
                versions.push(state.consumers.version());
                versions
            }
            // Windows and users show rows of other books.
            Self::Book(Book::Workplace | Book::User) => state.books.versions(),
            Self::Book(book) => state.books.shelf(*book).map(|shelf| shelf.version()).into_iter().collect(),
        }
    }

    fn render(&self, state: &State) -> Rendering {
        let calls = |id: i64| state.consumers.get(&id).map_or(0, |consumer| consumer.calls);
        match self {
            Self::Book(book) => {
                let announced = match book {
                    Book::Consumer => state.consumers.keys().map(|id| calls(*id)).sum(),
                    _ => 0,
                };
                Rendering { data: state.list(*book).to_string(), announced }
            }
            Self::Queue(view) => {
                let announced = state.queued(view).0.into_iter().map(calls).sum();
                Rendering { data: state.queue(view).to_string(), announced }
            }
        }
    }

    fn push(&self, now: Timestamp, data: &str) -> (&'static str, ByteString) {
        let command = match self {
            Self::Book(book) => book.list_command(),
            Self::Queue(view) if view.listed => "currentQueue2",
            Self::Queue(_) => "currentQueue",
        };
        (command, wire::push(now, command, data))
    }
}
