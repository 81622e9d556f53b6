//! The queue of events: kept for a while, read from any point on.

use std::ops::Bound;

use jiff::Timestamp;
use rand::Rng;
use stend_core::{Index, Problem, Span, Streams, Table, Version};

use crate::api::wire;
use crate::state::settings::LostPlace;

/// How long events are kept unless the world says otherwise.
pub(crate) const RETENTION: Span = Span::from_secs(5 * 60);

/// An event as it is sent, written once when it happens.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) hash: u32,
    pub(crate) at: Timestamp,
    pub(crate) json: Box<str>,
}

/// The retained events, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub(crate) retention: Span,
    /// By their numbers, which are never used again.
    events: Table<u64, Kept>,
    /// Their numbers by the time at which they happened: a clock that is set back makes it another order.
    by_time: Index<(Timestamp, u64)>,
    /// The number of the next event.
    next: u64,
    by_hash: Table<u32, u64>,
}

/// `0xd8833dd3` (C5).
pub(crate) fn print(hash: u32) -> String {
    format!("{hash:#010x}")
}

/// Reads what [`print`] prints; letters of either case.
pub(crate) fn parse(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

impl Feed {
    pub(crate) fn new(retention: Span) -> Self {
        Self { retention, events: Table::new(), by_time: Index::new(), next: 0, by_hash: Table::new() }
    }

    /// The number of the first event of the reply to a poll: all events, or those after a hash; for a hash that is not
    /// retained what `lost` says (C2), `None` when it says to refuse it.
    pub(crate) fn poll(&mut self, hash: Option<&str>, lost: LostPlace, now: Timestamp) -> Option<u64> {
        // The clock's tick does this too; a poll must not depend on when it came.
        self.expire(now);
        let number = |hash| parse(hash).and_then(|hash| self.by_hash.get(&hash));
        match hash.map(number) {
            None => Some(self.first()),
            Some(Some(number)) => Some(number + 1),
            Some(None) => match lost {
                LostPlace::All => Some(self.first()),
                LostPlace::Nothing => Some(self.next),
                LostPlace::Refused => None,
            },
        }
    }

    /// The version of what [`Feed::write`] shows.
    pub(crate) fn version(&self) -> Version {
        self.events.version()
    }

    /// The number of the oldest event.
    fn first(&self) -> u64 {
        self.events.first().map_or(self.next, |(number, _)| *number)
    }

    /// The whole reply with the events from this number on.
    pub(crate) fn write(&self, first: u64) -> String {
        let events = || self.events.range(first..).map(|(_, event)| event);
        let room: usize = events().map(|event| event.json.len() + 1).sum();
        let mut reply = String::with_capacity(room + 40);
        reply.push_str(r#"{"result":true,"data":{"updates":["#);
        for (i, event) in events().enumerate() {
            if i > 0 {
                reply.push(',');
            }
            reply.push_str(&event.json);
        }
        reply.push_str("]}}");
        reply
    }

    /// A hash that no retained event has: the one wanted, or one from the stream `hash`.
    ///
    /// # Errors
    /// The one wanted is taken.
    pub(crate) fn take_hash(&self, wanted: Option<u32>, random: &mut Streams) -> Result<u32, Problem> {
        match wanted {
            Some(hash) if self.by_hash.contains_key(&hash) => {
                Err(Problem::conflict(format!("a retained event has the hash {} already", print(hash))).under("hash"))
            }
            Some(hash) => Ok(hash),
            None => loop {
                let hash = random.get("hash").next_u32();
                if !self.by_hash.contains_key(&hash) {
                    return Ok(hash);
                }
            },
        }
    }

    pub(crate) fn push(&mut self, hash: u32, event: &wire::Event<'_>, now: Timestamp) {
        // Keys are strings and numbers are finite, so this cannot fail.
        let json = serde_json::to_string(event).unwrap_or_else(|_| "null".into());
        self.keep(Kept { hash, at: now, json: json.into() });
    }

    /// Puts back an event that was saved.
    pub(crate) fn keep(&mut self, event: Kept) {
        self.by_hash.insert(event.hash, self.next);
        self.by_time.insert((event.at, self.next));
        self.events.insert(self.next, event);
        self.next += 1;
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(oldest, _)| self.retention.after(*oldest))
    }

    /// Forgets what is too old; says how many went.
    pub(crate) fn expire(&mut self, now: Timestamp) -> usize {
        let mut gone = 0;
        while let Some(oldest) = self.by_time.first().copied().filter(|(at, _)| self.retention.after(*at) <= now) {
            self.by_time.remove(&oldest);
            if let Some(event) = self.events.remove(&oldest.1) {
                self.by_hash.remove(&event.hash);
            }
            gone += 1;
        }
        gone
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// Events with their numbers, the newest first, those before a number.
    pub(crate) fn until(&self, end: Bound<u64>) -> impl Iterator<Item = (&u64, &Kept)> {
        self.events.range((Bound::Unbounded, end)).rev()
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Kept> {
        self.events.values()
    }

    /// Whether an event of this hash is retained.
    pub(crate) fn has(&self, hash: u32) -> bool {
        self.by_hash.contains_key(&hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn feed() -> Feed {
        let mut feed = Feed::new(RETENTION);
        for (hash, second) in [(1, 0), (2, 10), (3, 20)] {
            feed.keep(Kept { hash, at: at(second), json: hash.to_string().into() });
        }
        feed
    }

    fn poll(feed: &mut Feed, hash: &str, lost: LostPlace, second: i64) -> Option<String> {
        let first = feed.poll((hash != "none").then_some(hash), lost, at(second))?;
        Some(feed.write(first))
    }

    fn updates(feed: &mut Feed, hash: &str, second: i64) -> String {
        let reply: serde_json::Value =
            serde_json::from_str(&poll(feed, hash, LostPlace::All, second).expect("a reply")).expect("JSON");
        reply["data"]["updates"].to_string()
    }

    #[test]
    fn none_and_lost_places_get_all_and_a_hash_what_came_after() {
        let mut feed = feed();
        assert_eq!(updates(&mut feed, "none", 20), "[1,2,3]");
        assert_eq!(updates(&mut feed, "0x00000001", 20), "[2,3]");
        assert_eq!(updates(&mut feed, "0x00000003", 20), "[]");
        assert_eq!(updates(&mut feed, "0xdeadbeef", 20), "[1,2,3]");
        assert_eq!(updates(&mut feed, "garbage", 20), "[1,2,3]");
    }

    #[test]
    fn a_lost_place_is_what_the_world_says() {
        let mut feed = feed();
        let nothing = poll(&mut feed, "0xdeadbeef", LostPlace::Nothing, 20).expect("a reply");
        assert_eq!(nothing, r#"{"result":true,"data":{"updates":[]}}"#);
        assert_eq!(poll(&mut feed, "0xdeadbeef", LostPlace::Refused, 20), None);
        assert!(poll(&mut feed, "none", LostPlace::Refused, 20).is_some());
        assert!(poll(&mut feed, "0x00000003", LostPlace::Refused, 20).is_some());
    }

    #[test]
    fn an_event_is_kept_for_five_minutes_and_no_longer() {
        let mut feed = feed();
        assert_eq!(updates(&mut feed, "none", 299), "[1,2,3]");
        assert_eq!(updates(&mut feed, "none", 300), "[2,3]");
        assert_eq!(updates(&mut feed, "0x00000001", 300), "[2,3]", "its place is lost");
        assert_eq!(updates(&mut feed, "0x00000002", 300), "[3]");
        assert_eq!(feed.next_deadline(), Some(at(310)));
        assert_eq!(updates(&mut feed, "none", 320), "[]");
        assert_eq!(feed.next_deadline(), None);
    }

    #[test]
    fn an_event_goes_in_its_time_whatever_stands_before_it() {
        let mut feed = Feed::new(RETENTION);
        for (hash, second) in [(1, 3_600), (2, 0), (3, 10)] {
            feed.keep(Kept { hash, at: at(second), json: hash.to_string().into() });
        }
        assert_eq!(feed.next_deadline(), Some(at(300)));
        assert_eq!(updates(&mut feed, "none", 299), "[1,2,3]");
        assert_eq!(updates(&mut feed, "none", 300), "[1,3]");
        assert_eq!(updates(&mut feed, "0x00000001", 300), "[3]", "a place before it is not lost");
        assert_eq!(updates(&mut feed, "none", 310), "[1]");
        assert_eq!(feed.next_deadline(), Some(at(3_900)));
    }

    #[test]
    fn hashes_are_printed_and_read_as_the_document_prints_them() {
        assert_eq!(print(0xd883_3dd3), "0xd8833dd3");
        assert_eq!(print(7), "0x00000007");
        assert_eq!(parse("0xD8833DD3"), Some(0xd883_3dd3));
        for wrong in ["none", "", "0x", "0xd8833dd", "0x+8833dd3", "d8833dd3"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
