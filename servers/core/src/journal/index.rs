//! Which entries are of which kind, so that a question about one kind looks at no entry of another.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque, vec_deque};
use std::ops::Range;

use super::{Channel, more_room};

/// What most questions about entries name. A world sees few kinds of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// The status sent.
    pub status: u16,
    /// What kind of exchange.
    pub channel: Channel,
    /// The operation, if there is one.
    pub operation: Option<&'static str>,
    /// The service.
    pub service: &'static str,
}

/// The places of the entries of each kind. A place counts from the oldest entry that is kept; what is written down are
/// numbers that stay while older entries go: four bytes an entry, which may wrap.
#[derive(Debug, Default)]
pub(super) struct Index {
    kinds: Vec<(Kind, VecDeque<u32>)>,
    oldest: u32,
}

/// Room that is left to a kind whose entries have gone.
const ROOM: usize = 64;

impl Index {
    /// The place of the newest entry of this kind.
    pub(super) fn newest(&self, kind: &Kind) -> Option<usize> {
        let (_, numbers) = self.kinds.iter().find(|(known, _)| known == kind)?;
        numbers.back().map(|number| place(*number, self.oldest))
    }

    /// An entry of this kind is now the newest, after so many others, of which there can be so many at the most.
    pub(super) fn push(&mut self, kind: Kind, others: usize, most: usize) {
        // A journal's memory ends long before 2^32 entries do.
        let number = self.oldest.wrapping_add(others as u32);
        match self.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, numbers)) => {
                let known = numbers.len();
                if known == numbers.capacity() {
                    numbers.reserve_exact(more_room(known).min(most.saturating_add(1).saturating_sub(known)));
                }
                numbers.push_back(number);
            }
            None => self.kinds.push((kind, VecDeque::from([number]))),
        }
    }

    /// The oldest entry, which is of this kind, goes. The place of the next of its kind, without it.
    pub(super) fn pop(&mut self, kind: Kind) -> Option<usize> {
        self.oldest = self.oldest.wrapping_add(1);
        let index = self.kinds.iter().position(|(known, _)| *known == kind)?;
        let numbers = &mut self.kinds[index].1;
        numbers.pop_front();
        let next = numbers.front().map(|number| place(*number, self.oldest));
        if next.is_none() {
            self.kinds.swap_remove(index);
        } else if numbers.capacity() > ROOM && numbers.capacity() / 4 > numbers.len() {
            numbers.shrink_to(numbers.len() * 2);
        }
        next
    }

    /// The kinds of which there are entries, in order.
    pub(super) fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.kinds.iter().map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds
    }

    /// How many entries in these places are of wanted kinds.
    pub(super) fn count(&self, places: &Range<usize>, wanted: &dyn Fn(&Kind) -> bool) -> usize {
        let kinds = self.kinds.iter().filter(|(kind, _)| wanted(kind));
        kinds.map(|(_, numbers)| self.within(numbers, places).len()).sum()
    }

    /// Those of these places where entries of wanted kinds are, in order, or the last of them first.
    pub(super) fn places(&self, places: &Range<usize>, latest: bool, wanted: &dyn Fn(&Kind) -> bool) -> Places<'_> {
        let kinds = self.kinds.iter().filter(|(kind, _)| wanted(kind));
        let runs = kinds.filter_map(|(_, numbers)| {
            let range = self.within(numbers, places);
            Run { next: 0, oldest: self.oldest, latest, rest: numbers.range(range) }.step()
        });
        Places(runs.collect())
    }

    /// Which of a kind's numbers are in these places.
    fn within(&self, numbers: &VecDeque<u32>, places: &Range<usize>) -> Range<usize> {
        let below = |end: usize| numbers.partition_point(|number| place(*number, self.oldest) < end);
        below(places.start)..below(places.end)
    }
}

fn place(number: u32, oldest: u32) -> usize {
    number.wrapping_sub(oldest) as usize
}

/// The places of one kind that are still to come.
struct Run<'i> {
    next: usize,
    oldest: u32,
    latest: bool,
    rest: vec_deque::Iter<'i, u32>,
}

impl Run<'_> {
    fn step(mut self) -> Option<Self> {
        let number = if self.latest { self.rest.next_back() } else { self.rest.next() }?;
        self.next = place(*number, self.oldest);
        Some(self)
    }
}

impl Ord for Run<'_> {
    /// The greatest is whose turn it is.
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.next.cmp(&other.next);
        if self.latest { order } else { order.reverse() }
    }
}

impl PartialOrd for Run<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Run<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.next == other.next
    }
}

impl Eq for Run<'_> {}

/// The places of entries of some kinds, merged.
pub(super) struct Places<'i>(BinaryHeap<Run<'i>>);

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let run = self.0.pop()?;
        let place = run.next;
        self.0.extend(run.step());
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_have_gone_leave_no_room_behind_and_numbers_may_wrap() {
        let kind = |status| Kind { status, channel: Channel::Http, operation: Some("events"), service: "carbis" };
        let mut index = Index { oldest: u32::MAX - 5_000, ..Index::default() };
        for others in 0..10_000 {
            index.push(kind(200), others, 10_000);
        }
        for _ in 0..9_990 {
            index.pop(kind(200));
            index.push(kind(503), 9_999, 10_000);
        }
        let room = |status| index.kinds.iter().find(|(known, _)| *known == kind(status)).map(|(_, n)| n.capacity());
        assert!(room(200).is_some_and(|room| room <= ROOM), "{:?}", room(200));
        assert_eq!(index.count(&(0..10_000), &|kind| kind.status == 503), 9_990);
        assert_eq!(index.places(&(5..20), true, &|_| true).collect::<Vec<_>>(), (5..20).rev().collect::<Vec<_>>());
        let next: Vec<_> = (0..10).map(|_| index.pop(kind(200))).collect();
        assert_eq!(next, [vec![Some(0); 9], vec![None]].concat());
        assert_eq!(index.kinds(), [kind(503)]);
    }
}
