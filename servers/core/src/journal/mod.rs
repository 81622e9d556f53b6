//! The bounded record of what clients sent and got, per world.

mod entry;
mod exchange;
mod index;

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range, RangeInclusive};
use std::sync::Arc;

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use entry::{Entry, Head, body};
pub use exchange::{Exchange, Note, shown};
use index::Index;
pub use index::Kind;

use crate::feed::Signal;

/// How much a journal keeps. The oldest entries go first, and are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Entries kept at most.
    pub entries: usize,
    /// Bytes kept at most: heads, bodies and what it costs to keep them.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 20_000, bytes: 16 * 1024 * 1024 }
    }
}

/// What kind of exchange an entry records, or a fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// An HTTP request and its reply.
    Http,
    /// A frame from a socket's client and the reply to it.
    Frame,
    /// A frame that the service sent unasked.
    Push,
    /// A ping of a socket's client; in the journal only where a fault keeps it from being answered.
    Ping,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Http, Self::Frame, Self::Push, Self::Ping];

    /// The word for it in files and in the journal.
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Frame => "frame",
            Self::Push => "push",
            Self::Ping => "ping",
        }
    }
}

#[derive(Debug, Default)]
struct Pages {
    entries: VecDeque<Entry>,
    index: Index,
    limits: Limits,
    bytes: usize,
    next: u64,
    dropped: u64,
}

impl Pages {
    /// Keeps an entry under its number; the oldest go to make room. Nothing if it is larger than the journal.
    fn keep(&mut self, seq: u64, note: Note<'_>) -> Option<()> {
        let Limits { entries, bytes } = self.limits;
        let (at, kind) = (note.at, note.kind());
        if entries == 0 {
            return None;
        }
        let like = self.index.newest(&kind).and_then(|place| self.entries.get(place)).map(|entry| &entry.exchange);
        let exchange = if let Some(like) = like.filter(|like| note.repeats(like)) {
            Arc::clone(like)
        } else {
            let weight = ENTRY + note.weight();
            if weight > bytes {
                return None;
            }
            let exchange = Arc::new(note.kept(like.map(|like| &**like)));
            self.bytes += weight - ENTRY;
            exchange
        };
        self.bytes += ENTRY;
        let others = self.entries.len();
        self.index.push(kind, others, entries);
        if others == self.entries.capacity() {
            // Entries walk around in all the room there is, so there is none that will never be needed.
            self.entries.reserve_exact(more_room(others).min(entries.saturating_add(1) - others));
        }
        self.entries.push_back(Entry { seq, at, exchange });
        while self.bytes > bytes || self.entries.len() > entries {
            self.drop_oldest()?;
        }
        Some(())
    }

    /// The oldest entry goes, and what no other entry shares with it.
    fn drop_oldest(&mut self) -> Option<()> {
        let oldest = self.entries.pop_front()?;
        let next = self.index.pop(oldest.kind()).and_then(|place| self.entries.get(place));
        // Only entries that follow each other in their kind share.
        if next.is_none_or(|next| !Arc::ptr_eq(&next.exchange, &oldest.exchange)) {
            self.bytes -= oldest.exchange.weight();
        }
        self.bytes -= ENTRY;
        self.dropped += 1;
        Some(())
    }

    /// Where the entries with these numbers are.
    fn places(&self, numbers: &RangeInclusive<u64>) -> Range<usize> {
        let from = self.entries.partition_point(|entry| entry.seq < *numbers.start());
        let to = self.entries.partition_point(|entry| entry.seq <= *numbers.end());
        from..to
    }
}

/// How full a journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Fill {
    /// Entries kept.
    pub entries: usize,
    /// Bytes kept.
    pub bytes: usize,
    /// Entries that went to make room since the journal was last cleared.
    pub dropped: u64,
}

/// The journal of one world.
#[derive(Debug)]
pub struct Journal {
    pages: Mutex<Pages>,
    signal: Signal,
}

impl Journal {
    /// An empty journal with these limits.
    pub fn new(limits: Limits) -> Self {
        Self::telling(limits, Signal::default())
    }

    /// The same; each entry raises this signal.
    pub(crate) fn telling(limits: Limits, signal: Signal) -> Self {
        Self { pages: Mutex::new(Pages { limits, ..Pages::default() }), signal }
    }

    /// Writes an entry, which gets the next number; the oldest go where the limits want it.
    pub fn write(&self, note: Note<'_>) -> u64 {
        let mut pages = self.pages.lock();
        pages.next += 1;
        let seq = pages.next;
        if pages.keep(seq, note).is_none() {
            pages.dropped += 1;
        }
        drop(pages);
        self.signal.tell();
        seq
    }

    /// The number of the newest entry that was written, kept or not; 0 before the first.
    pub fn newest(&self) -> u64 {
        self.pages.lock().next
    }

    /// Forgets all entries; numbers go on.
    pub fn clear(&self) {
        let mut pages = self.pages.lock();
        pages.entries.clear();
        pages.index = Index::default();
        pages.bytes = 0;
        pages.dropped = 0;
        drop(pages);
        self.signal.tell();
    }

    /// Forgets all and begins again at number 1, with these limits.
    pub fn restart(&self, limits: Limits) {
        *self.pages.lock() = Pages { limits, ..Pages::default() };
    }

    /// What it keeps at most.
    pub fn limits(&self) -> Limits {
        self.pages.lock().limits
    }

    /// How full it is.
    pub fn fill(&self) -> Fill {
        let pages = self.pages.lock();
        Fill { entries: pages.entries.len(), bytes: pages.bytes, dropped: pages.dropped }
    }

    /// The entries numbered above `after` for which `wanted` holds, oldest first.
    pub fn read(&self, after: u64, mut wanted: impl FnMut(&Entry) -> bool) -> Vec<Entry> {
        let pages = self.pages.lock();
        let from = pages.entries.partition_point(|entry| entry.seq <= after);
        pages.entries.range(from..).filter(|entry| wanted(entry)).cloned().collect()
    }

    /// The first entries after this number, at most so many, and the number of the newest.
    pub(crate) fn after(&self, after: u64, most: usize) -> (Vec<Entry>, u64) {
        let pages = self.pages.lock();
        let from = pages.entries.partition_point(|entry| entry.seq <= after);
        (pages.entries.range(from..).take(most).cloned().collect(), pages.next)
    }

    /// The numbers of all entries so far: what comes later is not among them.
    pub fn all(&self) -> RangeInclusive<u64> {
        1..=self.newest()
    }

    /// The kinds of which there are entries, in order.
    pub fn kinds(&self) -> Vec<Kind> {
        self.pages.lock().index.kinds()
    }

    /// How many entries with these numbers are of wanted kinds; none of them is looked at.
    pub fn count(&self, numbers: RangeInclusive<u64>, kind: impl Fn(&Kind) -> bool) -> usize {
        let pages = self.pages.lock();
        pages.index.count(&pages.places(&numbers), &kind)
    }

    /// Shows the entries with these numbers that are of wanted kinds, oldest first or latest first, until `look` breaks off.
    /// The journal is open to others in between.
    pub fn walk(
        &self,
        numbers: RangeInclusive<u64>,
        latest: bool,
        kind: impl Fn(&Kind) -> bool,
        mut look: impl FnMut(&Entry) -> ControlFlow<()>,
    ) {
        let (mut first, mut last) = numbers.into_inner();
        while first <= last {
            let pages = self.pages.lock();
            let places = pages.places(&(first..=last));
            let mut shown = 0;
            for place in pages.index.places(&places, latest, &kind).take(AT_A_TIME) {
                let entry = &pages.entries[place];
                if look(entry).is_break() {
                    return;
                }
                shown += 1;
                if latest {
                    last = entry.seq - 1;
                } else {
                    first = entry.seq + 1;
                }
            }
            if shown < AT_A_TIME {
                return;
            }
        }
    }

    /// Of the wanted entries after this number, at most `limit`: the latest, or else the first; and how many were wanted
    /// in all. Only what is given is copied; where kinds say it all, no other entry is looked at.
    pub fn page(
        &self,
        after: u64,
        limit: usize,
        latest: bool,
        kind: impl Fn(&Kind) -> bool,
        wanted: Option<&dyn Fn(&Entry) -> bool>,
    ) -> (Vec<Entry>, usize) {
        let numbers = after.saturating_add(1)..=self.newest();
        let (mut page, mut matched) = (Vec::new(), 0);
        self.walk(numbers.clone(), latest, &kind, |entry| {
            if wanted.is_none() && page.len() == limit {
                return ControlFlow::Break(());
            }
            if wanted.is_none_or(|wanted| wanted(entry)) {
                matched += 1;
                if page.len() < limit {
                    page.push(entry.clone());
                }
            }
            ControlFlow::Continue(())
        });
        if wanted.is_none() {
            matched = self.count(numbers, &kind);
        }
        if latest {
            page.reverse();
        }
        (page, matched)
    }
}

/// What an entry takes beside its exchange, in bytes: itself, and its number among those of its kind.
const ENTRY: usize = size_of::<Entry>() + size_of::<u32>();

/// Room that is made at a time where there are so many entries, in entries. What is made of whole pages costs memory only
/// as it is filled; room that was outgrown by and by leaves holes that are as large together.
fn more_room(entries: usize) -> usize {
    if entries < 1_024 { entries.max(16) } else { entries.max(32_768) }
}

/// Entries that are shown before the journal is opened to others.
const AT_A_TIME: usize = 64;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;

    fn note(reply: &'static str) -> Note<'static> {
        Note {
            at: Timestamp::UNIX_EPOCH,
            service: "carbis",
            operation: Some("events"),
            channel: Channel::Http,
            client: None,
            head: "GET /api/v4/events?hash=none\ntoken: demo-token\n",
            request: Bytes::new(),
            status: 200,
            reply: Bytes::from_static(reply.as_bytes()),
            warnings: Vec::new(),
            fault: None,
        }
    }

    #[test]
    fn the_head_tells_method_path_query_and_headers() {
        let journal = Journal::new(Limits::default());
        journal.write(note("{}"));
        let entry = &journal.read(0, |_| true)[0];
        assert_eq!((entry.method(), entry.path(), entry.query()), ("GET", "/api/v4/events", Some("hash=none")));
        assert_eq!(entry.headers().collect::<Vec<_>>(), [("token", "demo-token")]);
        assert_eq!(entry.clients().collect::<Vec<_>>(), ["demo-token"]);
    }

    #[test]
    fn what_was_sent_is_shown_as_it_was_sent() {
        let journal = Journal::new(Limits::default());
        let head = "POST /\naccept: a\naccept: b\nx: \u{444}\n";
        let bodies: [&'static [u8]; 5] =
            [b"{\"a\": 1, \"a\": 12345678901234567890123.50}", b"plain", b"\xff\x00", b"", "\u{feff}{}".as_bytes()];
        for sent in bodies {
            journal.write(Note { head, request: Bytes::from_static(sent), ..note("1e400") });
        }
        let shown: Vec<String> =
            journal.read(0, |_| true).iter().map(|entry| serde_json::to_string(entry).expect("JSON")).collect();
        let headers =
            r#""headers":[{"name":"accept","value":"a"},{"name":"accept","value":"b"},{"name":"x","value":"ф"}]"#;
        let requests = [
            r#""request":{"a": 1, "a": 12345678901234567890123.50},"#,
            r#""request":"plain","#,
            r#""request":{"base64":"/wA="},"#,
            r#""request":null,"#,
            "\"request\":\"\u{feff}{}\",",
        ];
        for (shown, request) in shown.iter().zip(requests) {
            assert!(shown.contains(headers) && shown.contains(request), "{request} is not in {shown}");
            assert!(shown.contains(r#""reply":1e400"#), "{shown}");
        }
    }

    #[test]
    fn an_entry_keeps_no_more_than_its_own_bytes() {
        let journal = Journal::new(Limits::default());
        let buffer = Bytes::from(vec![b' '; 65_536]);
        journal.write(Note { request: buffer.slice(10..20), ..note("{}") });
        assert!(buffer.is_unique(), "the buffer that was read into is free again");
    }

    #[test]
    fn keeps_to_its_limits_and_counts_what_went() {
        let journal = Journal::new(Limits { entries: 3, bytes: 1 << 20 });
        for _ in 0..5 {
            journal.write(note("{}"));
        }
        assert_eq!(journal.fill().dropped, 2);
        assert_eq!(journal.read(0, |_| true).iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3, 4, 5]);

        let one = ENTRY + note("0123456789").weight();
        let journal = Journal::new(Limits { entries: 100, bytes: 2 * one });
        for reply in ["0123456789", "1234567890", "2345678901", "3456789012", "4567890123"] {
            journal.write(note(reply));
        }
        assert_eq!(journal.fill(), Fill { entries: 2, bytes: 2 * one, dropped: 3 });
        journal.clear();
        assert_eq!(journal.write(note("{}")), 6, "numbers go on after a clear");
    }

    #[test]
    fn an_entry_larger_than_the_journal_is_counted_and_not_kept() {
        let one = ENTRY + note("{}").weight();
        let journal = Journal::new(Limits { entries: 10, bytes: one });
        journal.write(note("{}"));
        journal.write(note("{ }"));
        assert_eq!(journal.fill(), Fill { entries: 1, bytes: one, dropped: 1 }, "and nothing went for it");
    }

    #[test]
    fn an_exchange_over_again_is_kept_once_and_weighs_once() {
        let journal = Journal::new(Limits { entries: 100, bytes: 1 << 20 });
        let (a, b) = (note("{}"), Note { head: "GET /b\n", operation: Some("b"), ..note("[]") });
        for n in 0..1_000 {
            journal.write(if n % 2 == 0 { a.clone() } else { b.clone() });
        }
        assert_eq!(journal.fill().bytes, 100 * ENTRY + a.weight() + b.weight());
        let entries = journal.read(0, |_| true);
        let other = |n: usize| {
            entries.iter().skip(n).step_by(2).all(|entry| Arc::ptr_eq(&entry.exchange, &entries[n].exchange))
        };
        assert!(other(0) && other(1));
        assert_eq!((&*entries[0].head, &*entries[1].head), (a.head, b.head));
        assert_eq!(journal.pages.lock().entries.capacity(), 101, "the newest comes before the oldest goes");

        let odd = Note { warnings: vec!["odd".into()], ..a.clone() };
        let changes =
            [Note { fault: Some("f1"), ..a.clone() }, Note { request: "1".into(), ..a.clone() }, odd.clone(), odd];
        let before = journal.newest();
        for changed in changes {
            journal.write(changed);
        }
        let entries = journal.read(before - 1, |_| true);
        assert!(
            entries[..4].iter().map(|entry| Arc::as_ptr(&entry.exchange)).is_sorted_by(|a, b| a != b),
            "others are not shared"
        );
        assert!(Arc::ptr_eq(&entries[3].exchange, &entries[4].exchange));
        assert_eq!(entries[1].head.as_ptr(), entries[3].head.as_ptr(), "but their heads are");
        for _ in 0..100 {
            journal.write(b.clone());
        }
        assert_eq!(journal.fill().bytes, 100 * ENTRY + b.weight(), "what goes last is weighed last");
    }
}
