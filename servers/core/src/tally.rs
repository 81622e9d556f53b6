//! Counts of exchanges over all worlds of a process, for metrics. A process that is not asked for them has none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use crate::clock::monotonic;
use crate::journal::Channel;

/// The upper bounds of a histogram's buckets, in microseconds; what takes longer is beyond.
pub const BOUNDS: [u64; 12] = [25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000];

/// What exchanges are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The service.
    pub service: &'static str,
    /// What kind of exchange.
    pub channel: Channel,
    /// The operation, if it was for one.
    pub operation: Option<&'static str>,
}

/// The counts of one key.
#[derive(Debug, Default)]
struct Cell {
    /// By the first digit of the status; 0 where nothing was sent.
    statuses: [AtomicU64; 6],
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

/// Counts of exchanges and of open sockets.
#[derive(Debug, Default)]
pub struct Tally {
    cells: RwLock<BTreeMap<Key, Arc<Cell>>>,
    sockets: RwLock<BTreeMap<&'static str, Arc<AtomicU64>>>,
}

/// What was counted of one key.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Which exchanges.
    pub key: Key,
    /// How many, by the first digit of the status; 0 where nothing was sent.
    pub statuses: [u64; 6],
    /// How many were timed, by the buckets of [`BOUNDS`], the last for what took longer; not cumulative.
    pub buckets: [u64; BOUNDS.len() + 1],
    /// What those took together.
    pub took: Duration,
}

/// When the work on an exchange began.
#[derive(Debug, Clone, Copy)]
pub struct Began(Instant);

/// A socket that is open, until it is dropped.
#[derive(Debug)]
pub struct OpenSocket(Arc<AtomicU64>);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tally {
    /// The work on an exchange begins.
    pub fn begin(&self) -> Began {
        Began(monotonic())
    }

    /// An exchange has got its answer.
    pub fn count(&self, key: Key, status: u16) {
        let class = usize::from(status / 100).min(5);
        self.cell(key).statuses[class].fetch_add(1, Ordering::Relaxed);
    }

    /// The work on an exchange is done.
    pub fn took(&self, key: Key, began: Began) {
        let took = began.0.elapsed();
        let micros = took.as_nanos().div_ceil(1_000);
        let bucket = BOUNDS.iter().position(|bound| micros <= u128::from(*bound)).unwrap_or(BOUNDS.len());
        let cell = self.cell(key);
        cell.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        cell.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// A socket of this service has opened.
    pub fn socket(&self, service: &'static str) -> OpenSocket {
        let open = Arc::clone(self.sockets.write().entry(service).or_default());
        open.fetch_add(1, Ordering::Relaxed);
        OpenSocket(open)
    }

    /// The open sockets of each service that has had one, by its name.
    pub fn sockets(&self) -> Vec<(&'static str, u64)> {
        self.sockets.read().iter().map(|(service, open)| (*service, open.load(Ordering::Relaxed))).collect()
    }

    /// All that was counted, in the order of the keys.
    pub fn counted(&self) -> Vec<Counted> {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let cells = self.cells.read();
        let counted = cells.iter().map(|(key, cell)| Counted {
            key: *key,
            statuses: cell.statuses.each_ref().map(read),
            buckets: cell.buckets.each_ref().map(read),
            took: Duration::from_nanos(read(&cell.nanoseconds)),
        });
        counted.collect()
    }

    fn cell(&self, key: Key) -> Arc<Cell> {
        if let Some(cell) = self.cells.read().get(&key) {
            return Arc::clone(cell);
        }
        Arc::clone(self.cells.write().entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanges_are_counted_by_status_class_and_sockets_while_they_are_open() {
        let tally = Tally::default();
        let key = Key { service: "carbis", channel: Channel::Http, operation: Some("events") };
        for status in [200, 204, 404, 0, 999] {
            tally.count(key, status);
            tally.took(key, tally.begin());
        }
        let counted = tally.counted();
        assert_eq!((counted.len(), counted[0].statuses), (1, [1, 0, 2, 0, 1, 1]));
        assert_eq!(counted[0].buckets.iter().sum::<u64>(), 5);
        assert!(counted[0].took > Duration::ZERO);
        let (one, two) = (tally.socket("queue"), tally.socket("queue"));
        assert_eq!(tally.sockets(), [("queue", 2)]);
        drop((one, two));
        assert_eq!(tally.sockets(), [("queue", 0)]);
    }
}
