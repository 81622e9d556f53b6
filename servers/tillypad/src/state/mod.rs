//! The restaurants behind the API: what is sold and how, who buys, and the bills.

pub(crate) mod absolute;
pub(crate) mod bill;
pub(crate) mod bills;
pub(crate) mod books;
pub(crate) mod bulk;
pub(crate) mod clients;
pub(crate) mod collation;
pub(crate) mod days;
pub(crate) mod delivery;
pub(crate) mod fill;
pub(crate) mod guests;
pub(crate) mod guid;
pub(crate) mod hours;
pub(crate) mod known;
pub(crate) mod loyalty;
pub(crate) mod menu;
pub(crate) mod pay;
pub(crate) mod prechecks;
#[cfg(test)]
mod programmes;
pub(crate) mod record;
pub(crate) mod scalar;
pub(crate) mod sent;
pub(crate) mod settings;
pub(crate) mod staff;
pub(crate) mod states;
#[cfg(test)]
mod sums;
pub(crate) mod tables;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use stend_core::{Index, Shared, Span, Streams, Table};

use crate::errors::Error;
use crate::state::books::{Book, Books};
use crate::state::guid::Guid;
use crate::state::hours::Hour;
use crate::state::record::Value;
use crate::state::settings::{LineSum, ModifierCount, Settings};
use crate::state::states::{Part, StateLists, States};
use crate::state::tables::{guest, order};
use crate::world::section::{Defaults, Points};

use bill::{Bill, Counting, Order};
use bills::Bills;
use clients::Client;
use days::Day;
use delivery::Division;
use loyalty::Loyalty;
use menu::Menu;
use prechecks::Precheck;

/// The state of one world's Tillypad.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) settings: Settings,
    pub(crate) zone: TimeZone,
    pub(crate) zone_name: String,
    pub(crate) defaults: Defaults,
    pub(crate) system_object: Guid,
    pub(crate) points: Points,
    pub(crate) task_period: Span,
    pub(crate) states: Shared<StateLists>,
    pub(crate) books: Shared<Books>,
    pub(crate) divisions: Table<Guid, Division>,
    pub(crate) clients: Table<Guid, Client>,
    /// Clients by the last ten digits of their phones, in the order in which they came.
    pub(crate) phones: Index<(String, u64, Guid)>,
    /// The ids of all phones.
    pub(crate) phone_ids: Index<Guid>,
    pub(crate) menu: Shared<Menu>,
    pub(crate) loyalty: Shared<Loyalty>,
    pub(crate) days: Table<Guid, Day>,
    /// When trading days change by themselves, and when they do so next.
    pub(crate) day_change: Option<Hour>,
    pub(crate) next_change: Option<Timestamp>,
    /// How many closed bills a change of days leaves.
    pub(crate) keep_closed: Option<u32>,
    pub(crate) bills: Bills,
    pub(crate) prechecks: Table<Guid, Precheck>,
    /// Bills that wait for the executor and may not move on: something is on a stop list, or no task runs.
    pub(crate) waiting: Index<Guid>,
    pub(crate) random: Streams,
}

impl State {
    /// The application server's clock.
    pub(crate) fn local(&self, now: Timestamp) -> DateTime {
        scalar::local(now, &self.zone)
    }

    /// The name of a state.
    pub(crate) fn state_name(&self, states: States, id: i64) -> Option<&str> {
        self.states.get(states, id).map(|row| row.name.as_str())
    }

    /// Counts the lines of a bill as this world does.
    ///
    /// # Errors
    /// More units of a modifier than a line may have.
    pub(crate) fn count_lines(&self, bill: &mut Bill) -> Result<(), Error> {
        bill.count_lines(Counting {
            per_unit: self.settings.modifier_count == ModifierCount::PerUnit,
            by_volume: self.settings.line_sum == LineSum::Volume,
        })
    }

    /// Whether nothing more can be done with a bill.
    pub(crate) fn is_closed(&self, bill: &Bill) -> bool {
        self.states.part(States::Guest, Some(bill.state())) == Some(Part::Closed)
    }

    /// Puts a bill into the state that plays a part.
    pub(crate) fn set_state(&self, bill: &mut Bill, part: Part) {
        if let Some(id) = self.states.id(States::Guest, part) {
            bill.guest.set(guest::STATE, Value::Int(id));
        }
    }

    /// Whether an order is registered, and so tied to a trading day.
    pub(crate) fn is_registered(&self, order: &Order) -> bool {
        self.states.part(States::Order, order.record.int(order::STATE)) == Some(Part::Registered)
    }

    /// A GUID that is drawn.
    pub(crate) fn new_id(&mut self, stream: &str) -> Guid {
        Guid::of(self.random.guid_bytes(stream))
    }

    /// A GUID that nothing has yet: streams that begin anew draw what rows of a file may have already.
    pub(crate) fn free_id(&mut self, stream: &str, taken: impl Fn(&Self, &Guid) -> bool) -> Guid {
        loop {
            let id = self.new_id(stream);
            if !taken(self, &id) {
                return id;
            }
        }
    }

    /// Whether a table has a row.
    pub(crate) fn knows(&self, book: Book, id: Guid) -> bool {
        match book {
            Book::Divisions => self.divisions.contains_key(&id),
            Book::Clients => self.clients.contains_key(&id),
            Book::MenuItems => self.menu.items.contains_key(&id),
            book => self.books.name(book, id).is_some(),
        }
    }

    /// A row of a table must be there.
    pub(crate) fn check(&self, field: &str, book: Book, id: Guid) -> Result<(), Error> {
        if self.knows(book, id) {
            return Ok(());
        }
        Err(Error::Unknown { field: field.to_owned(), table: book.table(), value: id.to_string() })
    }

    /// When the next system task runs.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        [self.bills.first_due().map(|(at, _)| at), self.next_change].into_iter().flatten().min()
    }

    /// System tasks run.
    pub(crate) fn tick(&mut self, due: Timestamp) -> Vec<String> {
        let mut fired = Vec::new();
        while let Some(at) = self.next_change.filter(|at| *at <= due) {
            fired.push(self.change_days(at));
            self.next_change = self.next_change_after(at);
        }
        while let Some((at, id)) = self.bills.first_due().filter(|(at, _)| *at <= due) {
            fired.push(self.run_task(id, at));
        }
        fired
    }
}
