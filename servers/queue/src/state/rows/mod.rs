//! The rows of the reference books: what a world file says of them, and what goes over the wire.
//! The keys stand in the order in which the document prints them. What no sample shows is plain and few (Q15).

mod people;
mod places;
mod services;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::books::Book;
use super::fields::{Field, Kind, Need};

pub(crate) use people::{Administrator, Clerk, ConsumerPreRegistered, RoleClerk, User, UserRole};
pub(crate) use places::{QBoard, Registrator, ScoreBoard, Workplace};
pub(crate) use services::{Operation, Service, ServiceGroup, TicketRange};

/// One row of a book.
pub(crate) trait Row: Serialize + for<'de> Deserialize<'de> + Clone + Default + PartialEq {
    /// Which fields a client may send, and of what kind.
    const FIELDS: &'static [Field];

    fn id(&self) -> i64;

    /// What `getX` by name and messages know it by.
    fn name(&self) -> &str;

    /// What it refers to: book, id, and the field that does.
    fn refers(&self) -> Vec<(Book, i64, &'static str)> {
        Vec::new()
    }

    /// What must be unique in the book, beside the id.
    fn unique(&self) -> Option<&str> {
        None
    }

    /// Its fields that hold 0 or 1.
    fn flags(&self) -> Vec<(&'static str, i64)> {
        Vec::new()
    }

    /// Fills in what was left out and has no fixed default; a saved row has it all.
    fn complete(&mut self, _now: Timestamp) {}

    /// Notes that it was changed.
    fn touch(&mut self, _now: Timestamp) {}

    /// What cannot be meant.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// For a row that is known by its fields `id` and `name`, a name that may be given once if it is `unique`.
macro_rules! known_by_name {
    () => {
        fn id(&self) -> i64 {
            self.id
        }

        fn name(&self) -> &str {
            &self.name
        }
    };
    (unique) => {
        known_by_name!();

        fn unique(&self) -> Option<&str> {
            Some(&self.name)
        }
    };
}
use known_by_name;

/// The fields of a row that hold 0 or 1.
macro_rules! flags {
    ($($flag:ident),+) => {
        fn flags(&self) -> Vec<(&'static str, i64)> {
            vec![$((stringify!($flag), self.$flag)),+]
        }
    };
}
use flags;

const fn field(name: &'static str, kind: Kind, need: Need) -> Field {
    Field { name, kind, need }
}
