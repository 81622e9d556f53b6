//! The waiting line, kept in call order, so that calling the next consumer scans nothing.

use std::collections::BTreeSet;
use std::ops::Bound;

use jiff::Timestamp;
use stend_core::{Index, Table};

/// Call order (Q17): service priority, ticket priority, registration, id. Lower is earlier.
pub(crate) type Rank = (i64, i64, Timestamp, i64);

/// A lane: an operation, and the one user who may serve it, if it is bound to one.
pub(crate) type Lane = (i64, Option<i64>);

/// Waiting tickets by the operations that are their turn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    lanes: Table<Lane, Index<Rank>>,
    /// Where each ticket stands, to take it out again.
    places: Table<i64, Vec<(Lane, Rank)>>,
}

impl Line {
    /// Puts a ticket into its lanes.
    pub(crate) fn enter(&mut self, ticket: i64, places: Vec<(Lane, Rank)>) {
        self.leave(ticket);
        for (lane, rank) in &places {
            match self.lanes.get_mut(lane) {
                Some(ranks) => drop(ranks.insert(*rank)),
                None => drop(self.lanes.insert(*lane, [*rank].into_iter().collect())),
            }
        }
        self.places.insert(ticket, places);
    }

    /// Takes a ticket out.
    pub(crate) fn leave(&mut self, ticket: i64) {
        for (lane, rank) in self.places.remove(&ticket).unwrap_or_default() {
            if let Some(ranks) = self.lanes.get_mut(&lane) {
                ranks.remove(&rank);
                if ranks.is_empty() {
                    self.lanes.remove(&lane);
                }
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn lanes_of<'l>(&'l self, operations: &'l [i64], user: Option<i64>) -> impl Iterator<Item = &'l Index<Rank>> {
        operations
            .iter()
            .flat_map(move |operation| [Some((*operation, None)), user.map(|user| (*operation, Some(user)))])
            .flatten()
            .filter_map(|lane| self.lanes.get(&lane))
    }

    /// Who is called next by a user who can serve these operations.
    pub(crate) fn first(&self, operations: &[i64], user: Option<i64>) -> Option<i64> {
        self.lanes_of(operations, user).filter_map(|ranks| ranks.first()).min().map(|rank| rank.3)
    }

    /// Who stands behind this rank for a user who can serve these operations; behind the last, who is first (Q21).
    pub(crate) fn behind(&self, rank: Rank, operations: &[i64], user: Option<i64>) -> Option<i64> {
        // Who stands in several lanes has the place of the best.
        let stands_there = |other: &&Rank| {
            let places = self.places.get(&other.3).into_iter().flatten();
            best(places, operations, user) == Some(**other)
        };
        let behind = (Bound::Excluded(rank), Bound::Unbounded);
        self.lanes_of(operations, user)
            .filter_map(|ranks| ranks.range(behind).find(stands_there))
            .min()
            .map(|rank| rank.3)
            .or_else(|| self.first(operations, user))
    }

    /// All whom that user may call, in call order, each once; at most `size` of them.
    pub(crate) fn all(&self, operations: &[i64], user: Option<i64>, size: usize) -> Vec<i64> {
        merged(self.lanes_of(operations, user), size)
    }

    /// All who wait for these operations, whoever may call them; else as [`Line::all`].
    pub(crate) fn bound_or_not(&self, operations: &[i64], size: usize) -> Vec<i64> {
        let lanes = operations.iter().flat_map(|operation| self.lanes.range((*operation, None)..(operation + 1, None)));
        merged(lanes.map(|(_, ranks)| ranks), size)
    }

    /// All who wait for anything, in call order.
    pub(crate) fn everybody(&self, size: usize) -> Vec<i64> {
        let first = |places: &Vec<(Lane, Rank)>| places.iter().map(|(_, rank)| *rank).min();
        let mut ranks: Vec<Rank> = self.places.values().filter_map(first).collect();
        ranks.sort_unstable();
        ranks.into_iter().take(size).map(|rank| rank.3).collect()
    }

    /// All who wait for anything, in call order, each once by its best place, behind a rank.
    pub(crate) fn after(&self, from: Bound<Rank>) -> impl Iterator<Item = Rank> {
        let lanes = self.lanes.values().map(move |ranks| ranks.range((from, Bound::Unbounded)));
        let mut heads: Vec<_> = lanes.map(Iterator::peekable).collect();
        std::iter::from_fn(move || {
            loop {
                let (rank, lane) = (heads.iter_mut().enumerate())
                    .filter_map(|(lane, head)| head.peek().map(|rank| (**rank, lane)))
                    .min()?;
                heads[lane].next();
                // Lanes of one ticket may give it the same rank.
                let places = self.places.get(&rank.3)?;
                let first = places.iter().map(|(_, rank)| *rank).min();
                let same = heads.iter_mut().any(|head| head.peek().is_some_and(|other| **other == rank));
                if first == Some(rank) && !same {
                    return Some(rank);
                }
            }
        })
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }
}

/// The best of a ticket's places for a user who can serve these operations.
pub(crate) fn best<'p>(
    places: impl IntoIterator<Item = &'p (Lane, Rank)>,
    operations: &[i64],
    user: Option<i64>,
) -> Option<Rank> {
    let his = |((operation, bound), _): &&(Lane, Rank)| {
        operations.contains(operation) && bound.is_none_or(|bound| Some(bound) == user)
    };
    places.into_iter().filter(his).map(|(_, rank)| *rank).min()
}

/// The tickets of lanes in call order, each once; at most `size` of them.
fn merged<'l>(lanes: impl Iterator<Item = &'l Index<Rank>>, size: usize) -> Vec<i64> {
    let mut heads: Vec<_> = lanes.map(|ranks| ranks.iter().peekable()).collect();
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    while order.len() < size {
        let next = heads.iter_mut().enumerate().filter_map(|(i, head)| head.peek().map(|rank| (**rank, i))).min();
        let Some((rank, lane)) = next else { break };
        heads[lane].next();
        if seen.insert(rank.3) {
            order.push(rank.3);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[proves("Q17")]
    #[test]
    fn the_printed_order_comes_out_of_priority_registration_and_id() {
        let mut line = Line::default();
        for (id, service, operation, second) in
            [(36, 50, 4, 42), (38, 25, 3, 44), (40, 50, 4, 46), (41, 50, 4, 49), (42, 50, 4, 50), (43, 25, 3, 51)]
        {
            line.enter(id, vec![((operation, None), (service, 50, at(second), id))]);
        }
        assert_eq!(line.all(&[3, 4], None, usize::MAX), [38, 43, 36, 40, 41, 42]);
        assert_eq!(line.first(&[4], None), Some(36));
        line.leave(38);
        assert_eq!(line.first(&[3, 4], None), Some(43));
        assert_eq!(line.len(), 5);
    }

    #[test]
    fn who_is_bound_to_a_user_is_called_by_that_user_only() {
        let mut line = Line::default();
        line.enter(1, vec![((3, Some(7)), (50, 50, at(0), 1))]);
        assert_eq!(line.first(&[3], Some(8)), None);
        assert_eq!(line.first(&[3], None), None);
        assert_eq!(line.first(&[3], Some(7)), Some(1));
    }

    #[test]
    fn behind_the_last_the_first_stands_again() {
        let mut line = Line::default();
        line.enter(1, vec![((3, None), (25, 50, at(0), 1))]);
        line.enter(2, vec![((4, None), (50, 50, at(1), 2)), ((3, None), (10, 50, at(1), 2))]);
        line.enter(3, vec![((4, None), (50, 50, at(2), 3))]);
        assert_eq!(line.behind((25, 50, at(0), 1), &[3, 4], None), Some(3), "2 stands before 1, by its better place");
        assert_eq!(line.behind((25, 50, at(0), 1), &[4], None), Some(2));
        assert_eq!(line.behind((50, 50, at(2), 3), &[3, 4], None), Some(2));
        assert_eq!(line.behind((50, 50, at(2), 3), &[9], None), None);
    }

    #[test]
    fn who_stands_in_two_lanes_is_listed_once() {
        let mut line = Line::default();
        line.enter(1, vec![((3, None), (50, 50, at(0), 1)), ((4, None), (10, 50, at(0), 1))]);
        line.enter(2, vec![((3, None), (20, 50, at(0), 2))]);
        assert_eq!(line.all(&[3, 4], None, usize::MAX), [1, 2]);
        assert_eq!(line.all(&[3], None, usize::MAX), [2, 1]);
        assert_eq!(line.everybody(9), [1, 2]);
    }
}
