//! Finding what is meant in a journal, looking at no more of it than the answer needs.

use std::ops::{ControlFlow, RangeInclusive};

use serde_json::{Value, json};
use stend_core::World;
use stend_core::journal::{Entry, Journal, Kind};

use crate::filter::{Filter, OF_ANOTHER_KIND, Unmet, named};

/// Numbers of journal entries.
pub(crate) type Numbers = RangeInclusive<u64>;

/// The entry that came nearest, and what keeps it from being meant.
pub(crate) struct Nearest {
    pub(crate) entry: Entry,
    pub(crate) unmet: Vec<Unmet>,
}

impl Nearest {
    /// As a sentence.
    pub(crate) fn describe(&self, world: &World) -> String {
        let unmet: Vec<String> = self.unmet.iter().map(Unmet::to_string).collect();
        format!("nearest is {}: {}", named(&self.entry, world), unmet.join("; "))
    }

    /// As a report keeps it: the entry by its number, the conditions that it misses.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "seq": self.entry.seq, "unmet": self.unmet })
    }
}

impl Filter {
    /// How many of these entries match.
    pub(crate) fn count(&self, journal: &Journal, numbers: Numbers) -> u64 {
        if self.least_beyond_kind().is_none() {
            return journal.count(numbers, |kind| self.wants(kind)) as u64;
        }
        let mut count = 0;
        self.walk(journal, numbers, false, |_| {
            count += 1;
            ControlFlow::Continue(())
        });
        count
    }

    /// Whether at least so many of these entries match, which need not all be looked at; or how many do.
    pub(crate) fn at_least(&self, journal: &Journal, numbers: Numbers, least: u64) -> Result<(), u64> {
        if least > 0 && self.least_beyond_kind().is_some() {
            return self.nth(journal, numbers, least).map(|_| ());
        }
        let count = self.count(journal, numbers);
        if count >= least { Ok(()) } else { Err(count) }
    }

    /// The n-th of these entries that matches, from 1; where they are fewer, how many do.
    pub(crate) fn nth(&self, journal: &Journal, numbers: Numbers, nth: u64) -> Result<Entry, u64> {
        let (mut count, mut found) = (0, None);
        self.walk(journal, numbers, false, |entry| {
            count += 1;
            if count < nth {
                return ControlFlow::Continue(());
            }
            found = Some(entry.clone());
            ControlFlow::Break(())
        });
        found.ok_or(count)
    }

    /// The last of these entries that matches.
    pub(crate) fn last(&self, journal: &Journal, numbers: Numbers) -> Option<Entry> {
        let mut found = None;
        self.walk(journal, numbers, true, |entry| {
            found = Some(entry.clone());
            ControlFlow::Break(())
        });
        found
    }

    /// Of these entries, of those that do not match, the one that misses least, and what it misses; of several the latest.
    pub(crate) fn nearest(&self, journal: &Journal, numbers: Numbers) -> Option<Nearest> {
        self.nearest_below(u32::MAX, journal, numbers)
    }

    /// The same where the nearest says something only if it is of the operation that is meant.
    pub(crate) fn nearest_of_the_kind(&self, journal: &Journal, numbers: Numbers) -> Option<Nearest> {
        self.nearest_below(OF_ANOTHER_KIND, journal, numbers)
    }

    /// Kinds are asked in the order of how near their entries can come, so most are not asked at all.
    fn nearest_below(&self, limit: u32, journal: &Journal, numbers: Numbers) -> Option<Nearest> {
        let beyond = self.least_beyond_kind();
        let kinds = journal.kinds().into_iter().filter_map(|kind| {
            let of_kind = self.of_kind(&kind);
            // What is of a wanted kind matches, unless it misses something else.
            let least = if of_kind.weight() > 0 { of_kind.weight() } else { beyond? };
            (least < limit).then_some((least, kind, of_kind))
        });
        let mut kinds: Vec<_> = kinds.collect();
        kinds.sort_by_key(|(least, ..)| *least);
        let mut best: Option<(u32, Entry)> = None;
        for (least, kind, of_kind) in kinds {
            // Before the first is found, what is as far as the limit is too far.
            let (mut nearest, mut latest) =
                best.as_ref().map_or((limit, u64::MAX), |(weight, entry)| (*weight, entry.seq));
            if nearest < least {
                break;
            }
            let is_it = |other: &Kind| *other == kind;
            journal.walk(numbers.clone(), true, is_it, |entry| {
                if nearest == least && entry.seq < latest {
                    return ControlFlow::Break(());
                }
                let weight = self.weight(entry, &of_kind);
                if weight > 0 && (weight < nearest || weight == nearest && entry.seq > latest) {
                    (nearest, latest) = (weight, entry.seq);
                    best = Some((weight, entry.clone()));
                }
                ControlFlow::Continue(())
            });
        }
        let (_, entry) = best?;
        Some(Nearest { unmet: self.unmet(&entry), entry })
    }

    /// Whether entries of this kind can match.
    fn wants(&self, kind: &Kind) -> bool {
        self.of_kind(kind).weight() == 0
    }

    /// Shows the entries that match, oldest first or latest first.
    fn walk(&self, journal: &Journal, numbers: Numbers, latest: bool, mut look: impl FnMut(&Entry) -> ControlFlow<()>) {
        let kind = |kind: &Kind| self.wants(kind);
        journal.walk(numbers, latest, kind, |entry| {
            if self.matches_beyond_kind(entry) { look(entry) } else { ControlFlow::Continue(()) }
        });
    }
}

/// How far a journal has been looked at by somebody who waits, so that each entry is looked at once.
#[derive(Default)]
pub(crate) struct Looked {
    upto: u64,
    /// Entries that matched so far.
    pub(crate) matched: u64,
}

impl Looked {
    /// The n-th entry that matches, if it has come.
    pub(crate) fn nth(&mut self, filter: &Filter, journal: &Journal, nth: u64) -> Option<Entry> {
        let newest = journal.newest();
        if newest < self.upto {
            // The world was reset, and its journal begins anew.
            *self = Self::default();
        }
        let found = filter.nth(journal, self.upto + 1..=newest, nth - self.matched);
        if let Err(matched) = found {
            self.upto = newest;
            self.matched += matched;
        }
        found.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};
    use stend_core::journal::{Channel, Limits, Note};
    use stend_core::{Node, Timestamp};

    use super::*;
    use crate::entries::{Entries, Wanted};
    use crate::subst::Captured;

    /// By path, client and method.
    const HEADS: [[[&str; 2]; 2]; 2] = [
        [["GET /0\ntoken: 0\n", "POST /0\ntoken: 0\n"], ["GET /0\ntoken: 1\n", "POST /0\ntoken: 1\n"]],
        [["GET /1\ntoken: 0\n", "POST /1\ntoken: 0\n"], ["GET /1\ntoken: 1\n", "POST /1\ntoken: 1\n"]],
    ];

    fn note() -> impl Strategy<Value = Note<'static>> {
        let kind = (0..2_usize, 0..3_usize, 0..3_usize, 0..3_usize);
        let rest = (0..2_usize, 0..2_usize, 0..2_usize, 0..2_usize, 0..3_u8);
        (kind, rest).prop_map(|((service, channel, operation, status), (path, method, client, fault, id))| Note {
            at: Timestamp::UNIX_EPOCH,
            service: ["carbis", "queue"][service],
            operation: [None, Some("events"), Some("info")][operation],
            channel: [Channel::Http, Channel::Frame, Channel::Push][channel],
            client: [None, Some("terminal".into())][client].clone(),
            head: HEADS[path][client][method],
            request: json!({ "id": id }).to_string().into(),
            status: [200, 404, 503][status],
            reply: json!({ "data": { "id": id % 2 } }).to_string().into(),
            warnings: if id == 2 { vec!["odd".into()] } else { Vec::new() },
            fault: [None, Some("f1")][fault],
        })
    }

    /// Conditions as a person writes them; each is there or not.
    fn conditions() -> impl Strategy<Value = Value> {
        let one = |key: &'static str, values: &[Value]| {
            of(proptest::sample::select(values.to_vec())).prop_map(move |value| (key, value))
        };
        let words = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
        let conditions = (
            one("fake", &words(&["carbis", "queue", "tillypad"])),
            one("way", &words(&["http", "push", "ping"])),
            one("operation", &words(&["events", "inf*", "none", "other"])),
            one("status", &[json!(200), json!("5xx"), json!({"ge": 400}), json!(201)]),
            one("path", &words(&["/0", "/*", "/2"])),
            one("method", &words(&["get", "PUT"])),
            one("client", &words(&["term*", "1", "nobody"])),
            one("header", &[json!({"Token": "0"}), json!({"other": "*"})]),
            one("fault", &words(&["f1", "f2"])),
            one("remarked", &[json!(true), json!(false)]),
            one("request", &[json!({"$.id": 1}), json!({"$.id": {"lt": 2}, "$.none": {"exists": false}})]),
            one("reply", &[json!({"$.data.id": 1}), json!({"$.data.id": 7})]),
        );
        // Few at a time, or nothing would ever match.
        (conditions, vec(0..12_usize, 1..4)).prop_map(|((a, b, c, d, e, f, g, h, i, j, k, l), picked)| {
            let all = [a, b, c, d, e, f, g, h, i, j, k, l];
            let some = picked.into_iter().filter_map(|index| all[index].1.clone().map(|value| (all[index].0, value)));
            Value::Object(some.map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
        })
    }

    fn filter(conditions: &Value) -> Filter {
        let entries: Entries = Node::from_json(conditions).read().expect("good conditions");
        Wanted::of("journal", entries, &[]).filter(&Captured::new()).expect("nothing to fill in")
    }

    /// By a look at every entry.
    fn nearest<'e>(filter: &Filter, entries: &'e [Entry], limit: u32) -> Option<&'e Entry> {
        let weight = |entry: &Entry| filter.weight(entry, &filter.of_kind(&entry.kind()));
        let missing = entries.iter().filter(|entry| (1..limit).contains(&weight(entry)));
        missing.min_by_key(|entry| (weight(entry), Reverse(entry.seq)))
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_a_look_at_every_entry_finds(
            written in vec(note(), 0..200),
            conditions in conditions(),
            after in 0..100_u64,
            nth in 1..5_u64,
        ) {
            let journal = Journal::new(Limits { entries: 150, bytes: 1 << 20 });
            for note in written {
                journal.write(note);
            }
            let filter = filter(&conditions);
            let numbers = after + 1..=journal.newest();
            let entries = journal.read(after, |_| true);
            let matching: Vec<&Entry> = entries.iter().filter(|entry| filter.matches(entry)).collect();
            prop_assert_eq!(filter.count(&journal, numbers.clone()), matching.len() as u64);
            let count = matching.len() as u64;
            let there = filter.at_least(&journal, numbers.clone(), nth - 1);
            prop_assert_eq!(there, if count >= nth - 1 { Ok(()) } else { Err(count) });
            let found = filter.nth(&journal, numbers.clone(), nth).map(|entry| entry.seq);
            let index = usize::try_from(nth - 1).expect("a few");
            prop_assert_eq!(found, matching.get(index).map(|entry| entry.seq).ok_or(matching.len() as u64));
            let last = filter.last(&journal, numbers.clone()).map(|entry| entry.seq);
            prop_assert_eq!(last, matching.last().map(|entry| entry.seq));
            for (found, limit) in [
                (filter.nearest(&journal, numbers.clone()), u32::MAX),
                (filter.nearest_of_the_kind(&journal, numbers.clone()), OF_ANOTHER_KIND),
            ] {
                let expected = nearest(&filter, &entries, limit);
                prop_assert_eq!(found.as_ref().map(|found| found.entry.seq), expected.map(|entry| entry.seq));
                prop_assert!(found.is_none_or(|found| !found.unmet.is_empty()));
            }
        }

        #[test]
        fn one_who_waits_finds_the_nth_when_it_comes(
            written in vec(note(), 0..40),
            conditions in conditions(),
            nth in 1..5_u64,
        ) {
            let journal = Journal::new(Limits::default());
            let filter = filter(&conditions);
            let (mut looked, mut matched) = (Looked::default(), 0);
            prop_assert!(looked.nth(&filter, &journal, nth).is_none());
            for note in written {
                let seq = journal.write(note);
                matched += journal.read(seq - 1, |entry| filter.matches(entry)).len() as u64;
                let found = looked.nth(&filter, &journal, nth).map(|entry| entry.seq);
                prop_assert_eq!(found, (matched == nth).then_some(seq));
                if found.is_some() {
                    break;
                }
                prop_assert_eq!(looked.matched, matched);
            }
            journal.restart(Limits::default());
            prop_assert!(looked.nth(&filter, &journal, nth).is_none());
        }
    }
}
