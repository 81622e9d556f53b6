//! The hall behind the socket: reference books, tickets, the waiting line, windows, sessions, and who is told of what.

pub(crate) mod books;
pub(crate) mod consumers;
pub(crate) mod fields;
pub(crate) mod history;
pub(crate) mod keyed;
pub(crate) mod line;
#[cfg(test)]
mod model;
pub(crate) mod people;
pub(crate) mod picture;
pub(crate) mod posts;
pub(crate) mod references;
pub(crate) mod rows;
pub(crate) mod serving;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod tickets;
pub(crate) mod view;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Index, Shared, Streams, Table, Version};

use books::Books;
use fields::to_milli;
use line::Line;
use people::People;
use sessions::Session;
pub(crate) use settings::Settings;
use tickets::{Consumer, Stand};

/// The state of one world's queue.
#[derive(Debug, Clone)]
pub struct State {
    pub(crate) books: Books,
    /// Today's tickets, in every state (Q14).
    pub(crate) consumers: Table<i64, Consumer>,
    pub(crate) next_consumer: i64,
    /// Tickets of earlier days, for the statistics.
    pub(crate) archive: Table<i64, Consumer>,
    pub(crate) line: Line,
    /// Postponed tickets by the moment at which they come back.
    pub(crate) postponed: Index<(Timestamp, i64)>,
    /// The last number given out today, by range.
    pub(crate) numbers: Table<i64, i64>,
    /// When today began and when it ends, in the hall's zone.
    pub(crate) today: Timestamp,
    pub(crate) tomorrow: Timestamp,
    pub(crate) sessions: Table<Arc<str>, Session>,
    /// Changes whenever sessions end.
    pub(crate) ended: Version,
    pub(crate) people: People,
    pub(crate) settings: Shared<Settings>,
    pub(crate) totals: Totals,
    pub(crate) random: Streams,
}

/// What has happened since the world began.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Totals {
    /// Tickets taken.
    pub registered: u64,
    /// Calls to a window.
    pub called: u64,
    /// Tickets that ended SERVED.
    pub served: u64,
    /// Tickets that ended REJECTED.
    pub rejected: u64,
    /// Tickets postponed.
    pub postponed: u64,
    /// Tickets skipped.
    pub skipped: u64,
    /// Tickets that went without being done with: removed, cancelled, or left over at the day's end.
    pub left: u64,
}

/// The most tickets of a day, and of the archive.
pub(crate) const MOST_CONSUMERS: usize = 200_000;

impl State {
    /// When a ticket comes back, a simulated person does something, or the day ends.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let back = self.postponed.first().map(|(at, _)| *at);
        let anything = !self.consumers.is_empty() || !self.numbers.is_empty();
        let midnight = anything.then_some(self.tomorrow);
        [back, self.people.next_deadline(), midnight].into_iter().flatten().min()
    }

    /// Lets happen what is due.
    pub(crate) fn tick(&mut self, due: Timestamp) -> Vec<String> {
        let mut fired = Vec::new();
        if self.tomorrow <= due {
            let gone = self.begin_day(due);
            fired.push(format!("a new day: {gone} ticket(s) of the day before went"));
        }
        while let Some((at, id)) = self.postponed.first().copied().filter(|(at, _)| *at <= due) {
            self.postponed.remove(&(at, id));
            if let Some(ticket) = self.come_back(id, to_milli(at)) {
                fired.push(format!("ticket {ticket} is back in the line"));
            }
        }
        fired.extend(self.people_act(due));
        fired
    }

    /// After a command or an action: simulated clerks take what has come.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        if self.people.is_anybody_here() {
            self.people_act(now);
        }
    }

    pub(crate) fn zone(&self) -> TimeZone {
        TimeZone::get(&self.settings.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// When the day of this moment began.
    pub(crate) fn day_of(&self, now: Timestamp) -> Timestamp {
        now.to_zoned(self.zone()).start_of_day().map_or(now, |day| day.timestamp())
    }

    /// Makes the day of this moment today. When it ends is asked after every command, so it is kept.
    pub(crate) fn set_today(&mut self, now: Timestamp) {
        self.today = self.day_of(now);
        let tomorrow = self.today.to_zoned(self.zone()).tomorrow();
        self.tomorrow = tomorrow.and_then(|day| day.start_of_day()).map_or(Timestamp::MAX, |day| day.timestamp());
    }

    /// Numbers begin again, and yesterday's tickets go to the archive; who stands at a window stays until done.
    pub(crate) fn begin_day(&mut self, now: Timestamp) -> usize {
        self.set_today(now);
        self.numbers.clear();
        let stays = |consumer: &Consumer| consumer.state == Stand::Serving || consumer.registration >= self.today;
        let gone: Vec<i64> = self.consumers.values().filter(|consumer| !stays(consumer)).map(|one| one.id).collect();
        for id in &gone {
            self.line.leave(*id);
            let Some(consumer) = self.consumers.remove(id) else { continue };
            if let Some(to) = consumer.postpone_to {
                self.postponed.remove(&(to, *id));
            }
            if !consumer.state.is_final() {
                self.totals.left += 1;
            }
            self.archive.insert(*id, consumer);
        }
        while self.archive.len() > MOST_CONSUMERS {
            self.archive.pop_first();
        }
        gone.len()
    }
}
