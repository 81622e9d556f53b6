//! The bounded record of what clients sent and got, per world.

mod head;
mod index;

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range, RangeInclusive};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

pub use head::Head;
use index::Index;
pub use index::Kind;

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
pub enum Way {
    /// An HTTP request and its reply.
    Http,
    /// A frame from a socket's client and the reply to it.
    Frame,
    /// A frame that the fake sent unasked.
    Push,
    /// A ping of a socket's client; in the journal only where a fault keeps it from being answered.
    Ping,
}

impl Way {
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

/// One exchange.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number in this world, from 1, never used again.
    pub seq: u64,
    /// The world's time when it came.
    pub at: Timestamp,
    /// The fake.
    pub fake: &'static str,
    /// The operation, if the request was for one.
    pub operation: Option<&'static str>,
    /// What kind of exchange.
    pub way: Way,
    /// Who a socket's client is: the login of its session, if it has one. Over HTTP the headers tell.
    pub client: Option<Arc<str>>,
    /// Method and target on the first line (a socket: the command), then one `name: value` a line.
    pub head: Head,
    /// What the client sent.
    pub request: Bytes,
    /// The status sent; on a socket 200, or 400 for an error reply.
    pub status: u16,
    /// What the client got.
    pub reply: Bytes,
    /// What was odd about the request and was let pass.
    pub remarks: Vec<String>,
    /// The fault that was applied.
    pub fault: Option<Box<str>>,
}

impl Entry {
    /// The HTTP method, or the word before the target.
    pub fn method(&self) -> &str {
        self.first_line().split(' ').next().unwrap_or("")
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or("")
    }

    /// The query, without the question mark.
    pub fn query(&self) -> Option<&str> {
        self.target().split_once('?').map(|(_, query)| query)
    }

    /// Header lines in the order sent, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head.lines().skip(1).filter_map(|line| line.split_once(": "))
    }

    /// The names and tokens by which the client is known: see [`shown`].
    pub fn clients(&self) -> impl Iterator<Item = &str> {
        self.client.as_deref().into_iter().chain(shown(self.headers()))
    }

    fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or("")
    }

    fn target(&self) -> &str {
        self.first_line().split_once(' ').map_or("", |(_, target)| target)
    }

    fn weight(&self) -> usize {
        let remarks: usize = self.remarks.iter().map(|remark| remark.len() + size_of::<String>()).sum();
        let fault = self.fault.as_ref().map_or(0, |fault| fault.len());
        size_of::<Self>() + self.head.len() + self.request.len() + self.reply.len() + remarks + fault
    }

    /// The entry as the control API shows it: bodies as JSON where they are JSON, else as text.
    pub fn to_json(&self) -> Value {
        let headers: Map<String, Value> = self.headers().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let mut entry = json!({
            "seq": self.seq,
            "at": self.at.to_string(),
            "fake": self.fake,
            "operation": self.operation,
            "way": self.way,
            "method": self.method(),
            "path": self.path(),
            "query": self.query(),
            "headers": headers,
            "request": body(&self.request),
            "status": self.status,
            "reply": body(&self.reply),
        });
        if let Some(client) = &self.client {
            entry["client"] = json!(client);
        }
        if !self.remarks.is_empty() {
            entry["remarks"] = json!(self.remarks);
        }
        if let Some(fault) = &self.fault {
            entry["fault"] = json!(fault);
        }
        entry
    }
}

/// The tokens that a request's headers show (names in lower case): a bearer token, and the header `token`.
pub fn shown<'h>(headers: impl Iterator<Item = (&'h str, &'h str)>) -> impl Iterator<Item = &'h str> {
    headers.filter_map(|(name, value)| match name {
        "token" => Some(value),
        "authorization" => value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")),
        _ => None,
    })
}

/// A body as JSON: parsed where it is JSON, as text where it is text, nothing where there is none.
pub fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
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
    newest: watch::Sender<u64>,
}

impl Journal {
    /// An empty journal with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { pages: Mutex::new(Pages { limits, ..Pages::default() }), newest: watch::Sender::new(0) }
    }

    /// Writes an entry, which gets the next number; the oldest go where the limits want it.
    pub fn write(&self, mut entry: Entry) -> u64 {
        let mut pages = self.pages.lock();
        pages.next += 1;
        entry.seq = pages.next;
        let seq = entry.seq;
        let weight = entry.weight();
        if pages.limits.entries == 0 || weight > pages.limits.bytes {
            pages.dropped += 1;
            return seq;
        }
        while pages.entries.len() >= pages.limits.entries || pages.bytes + weight > pages.limits.bytes {
            let Some(oldest) = pages.entries.pop_front() else { break };
            pages.bytes -= oldest.weight();
            pages.index.pop(oldest.kind());
            pages.dropped += 1;
        }
        pages.bytes += weight;
        let others = pages.entries.len();
        if let Some(like) = pages.index.push(entry.kind(), others)
            && let Some(like) = pages.entries.get_mut(like)
        {
            entry.head.share(&mut like.head);
        }
        if others == pages.entries.capacity() {
            // Entries walk around in all the room there is, so there is none that will never be needed.
            let more = others.max(LEAST_ROOM).min(pages.limits.entries - others);
            pages.entries.reserve_exact(more);
        }
        pages.entries.push_back(entry);
        drop(pages);
        if self.newest.receiver_count() > 0 {
            self.newest.send_replace(seq);
        }
        seq
    }

    /// The number of the newest entry that was written, kept or not; 0 before the first.
    pub fn newest(&self) -> u64 {
        self.pages.lock().next
    }

    /// The number of the newest entry, and word of every further one.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Forgets all entries; numbers go on.
    pub fn clear(&self) {
        let mut pages = self.pages.lock();
        pages.entries.clear();
        pages.index = Index::default();
        pages.bytes = 0;
        pages.dropped = 0;
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

/// Room that a journal has at the least, in entries.
const LEAST_ROOM: usize = 16;

/// Entries that are shown before the journal is opened to others.
const AT_A_TIME: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(reply: &'static str) -> Entry {
        Entry {
            seq: 0,
            at: Timestamp::UNIX_EPOCH,
            fake: "carbis",
            operation: Some("events"),
            way: Way::Http,
            client: None,
            head: "GET /api/v4/events?hash=none\ntoken: demo-token\n".into(),
            request: Bytes::new(),
            status: 200,
            reply: Bytes::from_static(reply.as_bytes()),
            remarks: Vec::new(),
            fault: None,
        }
    }

    #[test]
    fn the_head_tells_method_path_query_and_headers() {
        let entry = entry("{}");
        assert_eq!((entry.method(), entry.path(), entry.query()), ("GET", "/api/v4/events", Some("hash=none")));
        assert_eq!(entry.headers().collect::<Vec<_>>(), [("token", "demo-token")]);
        assert_eq!(entry.clients().collect::<Vec<_>>(), ["demo-token"]);
    }

    #[test]
    fn keeps_to_its_limits_and_counts_what_went() {
        let journal = Journal::new(Limits { entries: 3, bytes: 1 << 20 });
        for _ in 0..5 {
            journal.write(entry("{}"));
        }
        assert_eq!(journal.fill().dropped, 2);
        assert_eq!(journal.read(0, |_| true).iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3, 4, 5]);

        let one = entry("0123456789").weight();
        let journal = Journal::new(Limits { entries: 100, bytes: 2 * one });
        for _ in 0..5 {
            journal.write(entry("0123456789"));
        }
        assert_eq!(journal.fill(), Fill { entries: 2, bytes: 2 * one, dropped: 3 });
        journal.clear();
        assert_eq!(journal.write(entry("{}")), 6, "numbers go on after a clear");
    }

    #[test]
    fn an_entry_larger_than_the_journal_is_counted_and_not_kept() {
        let journal = Journal::new(Limits { entries: 10, bytes: 10 });
        journal.write(entry("{}"));
        assert_eq!(journal.fill(), Fill { entries: 0, bytes: 0, dropped: 1 });
    }

    #[test]
    fn equal_heads_are_kept_once_and_room_is_not_made_for_more_than_the_limit() {
        let journal = Journal::new(Limits { entries: 100, bytes: 1 << 20 });
        for n in 0..1_000 {
            let head = format!("GET /{}\n", n % 2);
            journal.write(Entry { operation: [Some("a"), Some("b")][n % 2], head: head.into(), ..entry("{}") });
        }
        let pages = journal.pages.lock();
        assert_eq!(pages.entries.capacity(), 100);
        let heads: Vec<*const str> = pages.entries.iter().map(|entry| &raw const *entry.head).collect();
        assert!(heads.iter().enumerate().all(|(n, head)| std::ptr::eq(*head, heads[n % 2])), "each is kept once");
        assert_eq!((&*pages.entries[0].head, &*pages.entries[1].head), ("GET /0\n", "GET /1\n"));
        drop(pages);
        let one = entry("{}");
        journal.write(Entry { operation: Some("a"), ..one.clone() });
        assert_eq!(journal.read(1_000, |_| true)[0].head.to_string(), one.head.to_string(), "another head stays");
    }
}
