//! The rows of a table, a page of them.

use std::fmt::Display;
use std::ops::Bound;
use std::str::FromStr;

use super::{Look, Offer, Row};
use crate::problem::Problem;
use crate::shared::Table;

/// So many entries are looked at for one page where not every entry is a row. A page may then be short, or empty, and
/// still have a next.
const LOOKED_AT: usize = 5_000;

/// A page of a table's rows while it is filled.
#[derive(Debug)]
pub struct Rows<'l> {
    limit: usize,
    after: Option<&'l str>,
    pub(super) rows: Vec<Row>,
    pub(super) actions: Vec<Offer>,
    pub(super) total: Option<usize>,
    pub(super) next: Option<String>,
    pub(super) problem: Option<Problem>,
}

impl<'l> Rows<'l> {
    pub(super) const fn new(look: &Look<'l>) -> Self {
        let (limit, after) = (look.limit, look.after);
        Self { limit, after, rows: Vec::new(), actions: Vec::new(), total: None, next: None, problem: None }
    }

    /// Offers an action that is of no row.
    pub fn offer(&mut self, offer: Offer) {
        self.actions.push(offer);
    }

    /// Says how many rows there are.
    pub const fn total(&mut self, total: usize) {
        self.total = Some(total);
    }

    /// What `?after=` says, if it says something. What cannot be read is a problem of the whole view.
    pub fn after<K: FromStr>(&mut self) -> Option<K> {
        let after = self.after?;
        let read = after.parse().ok();
        if read.is_none() {
            let problem = Problem::invalid(format!("`{after}` is no place in this table"));
            self.problem = Some(problem.hint("the `next` of the page before").under("after"));
        }
        read
    }

    /// From where on the rows are, in the order of their keys.
    pub fn from<K: FromStr>(&mut self) -> Bound<K> {
        self.after().map_or(Bound::Unbounded, Bound::Excluded)
    }

    /// Fills the page from what stands after [`Rows::after`]: each item's place, and its row if it is one.
    pub fn page<T, P: Display>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut row: impl FnMut(T) -> (P, Option<Row>),
    ) {
        let mut last = None;
        for (looked_at, item) in items.into_iter().enumerate() {
            if self.rows.len() == self.limit || looked_at == LOOKED_AT {
                self.next = last.map(|place: P| place.to_string());
                return;
            }
            let (place, row) = row(item);
            self.rows.extend(row);
            last = Some(place);
        }
    }

    /// Fills the page with rows of a table of the state, in the order of its keys.
    pub fn ascending<K: Ord + Clone + FromStr + Display, V: Clone>(
        &mut self,
        table: &Table<K, V>,
        mut row: impl FnMut(&K, &V) -> Row,
    ) {
        self.total = Some(table.len());
        let from = self.from::<K>();
        self.page(table.range((from, Bound::Unbounded)), |(key, value)| (key.clone(), Some(row(key, value))));
    }

    /// The same, the last key first.
    pub fn descending<K: Ord + Clone + FromStr + Display, V: Clone>(
        &mut self,
        table: &Table<K, V>,
        mut row: impl FnMut(&K, &V) -> Row,
    ) {
        self.total = Some(table.len());
        let until = self.from::<K>();
        let items = table.range((Bound::Unbounded, until)).rev();
        self.page(items, |(key, value)| (key.clone(), Some(row(key, value))));
    }

    /// Fills the page with rows of a short list, in its order: the place of a row is its number.
    pub fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut row: impl FnMut(T) -> Row) {
        self.total = Some(items.len());
        let from = self.after::<usize>().unwrap_or(0);
        self.page(items.enumerate().skip(from), |(number, item)| (number + 1, Some(row(item))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Head, View};

    const ROWS: Head = Head::new("rows", "Rows", "Строки", &[]);

    fn numbers(most: u32) -> Table<u32, ()> {
        (0..most).map(|key| (key, ())).collect()
    }

    fn shown(look: &Look<'_>, fill: impl FnOnce(&mut Rows<'_>)) -> Result<(Vec<String>, Option<String>), Problem> {
        let mut view = View::new().table(look, ROWS, fill).of("desk", look)?;
        let table = view.tables.remove(0);
        Ok((table.rows.into_iter().map(|row| row.key).collect(), table.next))
    }

    #[test]
    fn a_page_begins_after_the_one_before_and_the_last_has_no_next() {
        let table = numbers(5);
        let page = |after| {
            let look = Look { table: Some("rows"), limit: 2, after };
            let up = shown(&look, |rows| rows.ascending(&table, |key, ()| Row::new(key))).expect("good");
            let down = shown(&look, |rows| rows.descending(&table, |key, ()| Row::new(key))).expect("good");
            (up.0.join(" "), up.1, down.0.join(" "), down.1)
        };
        assert_eq!(page(None), ("0 1".into(), Some("1".into()), "4 3".into(), Some("3".into())));
        assert_eq!(page(Some("2")), ("3 4".into(), None, "1 0".into(), None));
    }

    #[test]
    fn what_is_no_row_is_skipped_and_looked_at_for_so_long() {
        let look = Look { table: Some("rows"), limit: 10, after: None };
        let most = u32::try_from(LOOKED_AT).expect("small");
        let page = shown(&look, |rows| rows.page(0.., |n: u32| (n, n.is_multiple_of(most / 2).then(|| Row::new(n)))));
        let last = (most - 1).to_string();
        assert_eq!(page.expect("good"), (vec!["0".to_owned(), (most / 2).to_string()], Some(last)));
    }

    #[test]
    fn a_place_that_is_none_and_a_table_that_is_not_there_are_problems() {
        let table = numbers(1);
        let look = Look { table: Some("rows"), limit: 2, after: Some("x") };
        let problem = shown(&look, |rows| rows.ascending(&table, |key, ()| Row::new(key))).expect_err("no place");
        assert_eq!(problem.message, "`x` is no place in this table");
        let look = Look { table: Some("rwos"), ..Look::default() };
        let problem = shown(&look, |_| ()).expect_err("no table");
        assert_eq!(problem.hint.as_deref(), Some("did you mean `rows`?"));
    }
}
