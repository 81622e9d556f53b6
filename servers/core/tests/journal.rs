//! What a journal tells by its index is what one would find by looking at every entry.

use std::ops::{ControlFlow, RangeInclusive};

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use stend_core::Timestamp;
use stend_core::journal::{Channel, Entry, Journal, Kind, Limits, Note};

const SERVICES: [&str; 2] = ["carbis", "queue"];
const OPERATIONS: [Option<&str>; 3] = [None, Some("events"), Some("info")];
const STATUSES: [u16; 3] = [200, 404, 0];

#[derive(Debug, Clone)]
enum Step {
    /// An entry of this service, way, operation and status, with a body of this length.
    Write(usize, usize, usize, usize, usize),
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let write = (0..2_usize, 0..4_usize, 0..3_usize, 0..3_usize, 0..900_usize);
    let write = write
        .prop_map(|(service, channel, operation, status, body)| Step::Write(service, channel, operation, status, body));
    vec(prop_oneof![60 => write, 1 => Just(Step::Clear)], 0..250)
}

fn played(steps: &[Step], limits: Limits) -> Journal {
    let journal = Journal::new(limits);
    for step in steps {
        match *step {
            Step::Clear => journal.clear(),
            Step::Write(service, channel, operation, status, body) => {
                journal.write(Note {
                    at: Timestamp::UNIX_EPOCH,
                    service: SERVICES[service],
                    operation: OPERATIONS[operation],
                    channel: Channel::ALL[channel],
                    client: None,
                    head: "GET /\n",
                    request: Bytes::new(),
                    status: STATUSES[status],
                    reply: vec![b'x'; body].into(),
                    warnings: Vec::new(),
                    fault: None,
                });
            }
        }
    }
    journal
}

fn numbers(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.seq).collect()
}

fn walked(journal: &Journal, range: RangeInclusive<u64>, latest: bool, kind: impl Fn(&Kind) -> bool) -> Vec<u64> {
    let mut seen = Vec::new();
    journal.walk(range, latest, kind, |entry| {
        seen.push(entry.seq);
        ControlFlow::Continue(())
    });
    seen
}

proptest! {
    #[test]
    fn walks_counts_and_pages_see_what_a_look_at_every_entry_finds(
        steps in steps(),
        entries in 0..120_usize,
        kinds in (0..3_usize, 0..3_usize, 0..5_usize),
        range in (0..260_u64, 0..260_u64),
        limit in 1..90_usize,
        latest: bool,
    ) {
        // Some entries are larger than the journal, so numbers have gaps.
        let journal = played(&steps, Limits { entries, bytes: if entries.is_multiple_of(2) { 900 } else { 40_000 } });
        let (service, operation, channel) = kinds;
        let wanted = |kind: &Kind| {
            (service == 2 || kind.service == SERVICES[service])
                && (operation == 0 || kind.operation == OPERATIONS[operation])
                && (channel == 4 || kind.channel == Channel::ALL[channel])
        };
        let range = range.0..=range.1;
        let mut scanned = journal.read(0, |entry| wanted(&entry.kind()) && range.contains(&entry.seq));
        prop_assert_eq!(journal.count(range.clone(), wanted), scanned.len());
        if latest {
            scanned.reverse();
        }
        prop_assert_eq!(walked(&journal, range.clone(), latest, wanted), numbers(&scanned));

        let after = *range.start();
        let even = |entry: &Entry| entry.reply.len().is_multiple_of(2);
        let beyond: Option<&dyn Fn(&Entry) -> bool> = if limit.is_multiple_of(2) { Some(&even) } else { None };
        let (page, matched) = journal.page(after, limit, latest, wanted, beyond);
        let scanned = journal.read(after, |entry| wanted(&entry.kind()) && beyond.is_none_or(|even| even(entry)));
        let from = if latest { scanned.len().saturating_sub(limit) } else { 0 };
        let expected: Vec<Entry> = scanned[from..].iter().take(limit).cloned().collect();
        prop_assert_eq!((numbers(&page), matched), (numbers(&expected), scanned.len()));

        let mut present: Vec<Kind> = journal.read(0, |_| true).iter().map(|entry| entry.kind()).collect();
        present.sort();
        present.dedup();
        prop_assert_eq!(journal.kinds(), present, "kinds go with their last entry");
    }
}
