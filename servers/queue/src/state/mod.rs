//! The hall behind the socket: reference books, tickets, the waiting line, windows, sessions, and subscriptions.

pub(crate) mod book;
pub(crate) mod books;
pub(crate) mod consumers;
pub(crate) mod fields;
pub(crate) mod history;
pub(crate) mod keyed;
pub(crate) mod line;
#[cfg(test)]
mod model;
pub(crate) mod open_sessions;
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

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Index, Shared, Streams, Table};

use books::Books;
use fields::{to_milli, to_second};
use line::Line;
use open_sessions::Sessions;
use people::People;
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
    pub(crate) sessions: Sessions,
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
    /// When a ticket comes back, a session may end, a simulated person does something, or the day ends.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let back = self.postponed.first().map(|(at, _)| *at);
        let anything = !self.consumers.is_empty() || !self.numbers.is_empty();
        let midnight = anything.then_some(self.tomorrow);
        [back, self.sessions.next_deadline(), self.people.next_deadline(), midnight].into_iter().flatten().min()
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
        fired.extend(self.end_unused(due));
        fired.extend(self.people_act(due));
        fired
    }

    /// The clock was set back: the day is the one that it shows now (Q23).
    pub(crate) fn clock_back(&mut self, now: Timestamp) {
        if to_second(now) < self.today {
            self.begin_day(to_second(now));
        }
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

    /// The day goes by the moment that a registration prints, which is to the second: what is taken just before midnight
    /// is of the day that it prints (Q23). A clock that was set back is another matter.
    pub(crate) fn day_for(&mut self, now: Timestamp) {
        let printed = to_second(now);
        if printed >= self.tomorrow || printed + SignedDuration::from_secs(1) < self.today {
            self.begin_day(printed);
        }
    }

    /// Numbers begin again, and tickets of other days go to the archive; who stands at a window stays until done. On a day
    /// that was before, its tickets come back, and numbers go on after theirs.
    pub(crate) fn begin_day(&mut self, now: Timestamp) -> usize {
        self.set_today(now);
        let days = self.today..self.tomorrow;
        let again: Vec<i64> =
            self.archive.values().filter(|one| days.contains(&one.registration)).map(|one| one.id).collect();
        for id in again {
            let Some(consumer) = self.archive.remove(&id) else { continue };
            self.totals.left -= u64::from(!consumer.state.is_final()).min(self.totals.left);
            self.postponed.extend(consumer.postpone_to.map(|to| (to, id)));
            self.consumers.insert(id, consumer);
            self.stand_in_line(id);
        }
        let stays = |consumer: &Consumer| consumer.state == Stand::Serving || days.contains(&consumer.registration);
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
        if let Some(keep) = self.settings.keep_tickets {
            let since = keep.before(self.today);
            let old: Vec<i64> =
                self.archive.values().filter(|one| one.registration < since).map(|one| one.id).collect();
            for id in old {
                self.archive.remove(&id);
            }
        }
        while self.archive.len() > MOST_CONSUMERS {
            self.archive.pop_first();
        }
        self.numbers.clear();
        self.count_numbers();
        gone.len()
    }

    /// Numbers go on after those of the day's tickets.
    pub(crate) fn count_numbers(&mut self) {
        let of_today = self.consumers.values().filter(|one| (self.today..self.tomorrow).contains(&one.registration));
        let given: Vec<(i64, i64)> = of_today.filter_map(|one| Some((self.range_of(one)?, one.number))).collect();
        for (range, number) in given {
            let last = self.numbers.get(&range).map_or(number, |last| number.max(*last));
            self.numbers.insert(range, last);
        }
    }

    /// The range that a ticket's number is from: its prefix tells it among those of its services.
    fn range_of(&self, consumer: &Consumer) -> Option<i64> {
        let services = consumer.services.keys().filter_map(|id| self.books.services.rows.get(id));
        let ranges: Vec<i64> = services.map(|service| service.ticket_range_id).collect();
        let has_prefix = |id: &&i64| self.books.ticket_ranges.rows.get(id).is_some_and(|r| r.prefix == consumer.prefix);
        ranges.iter().find(has_prefix).or(ranges.first()).copied()
    }
}
