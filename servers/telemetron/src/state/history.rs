//! Sales of one machine, in time order with running totals: a sum over any period takes two look-ups, not a scan.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use stend_core::{Problem, Shared};

use crate::state::catalog::{Planogram, Product};
use crate::state::number::Roubles;
use crate::state::sale::{Payment, Sold, Tallies, UNPRICED, Vend, slot};
use crate::state::time::{Moment, Period};

/// A sale without its time, its words by number.
#[derive(Debug, Clone, Copy)]
struct Row {
    layout: u32,
    name: u32,
    price: i64,
    discount: i64,
    number: u32,
    slot: u8,
}

/// No word.
const NONE: u32 = u32::MAX;

/// So many sales stand between two marks with totals.
const STRIDE: usize = 32;

/// So many sales stand in a block, the unit that copies of a history share: what a fork has to copy before its first sale.
const BLOCK: usize = 8 * STRIDE;

/// Sales that follow each other. All blocks but the last are full.
#[derive(Debug, Clone, Default)]
struct Block {
    times: Vec<i64>,
    rows: Vec<Row>,
    /// Totals of the whole history before each [`STRIDE`]th row.
    marks: Vec<Tallies>,
}

/// Words and their numbers.
#[derive(Debug, Clone, Default)]
struct Words {
    words: Vec<Arc<str>>,
    numbers: BTreeMap<Arc<str>, u32>,
}

/// All sales of a machine.
#[derive(Debug, Clone, Default)]
pub struct History {
    blocks: Shared<Vec<Arc<Block>>>,
    len: usize,
    /// Totals of all rows.
    total: Tallies,
    words: Shared<Words>,
}

impl History {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// When the last one was.
    pub(crate) fn last(&self) -> Option<Moment> {
        self.blocks.last()?.times.last().copied().map(Moment)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn word(&mut self, word: Option<&Arc<str>>) -> u32 {
        let Some(word) = word else { return NONE };
        if let Some(number) = self.words.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.words.words.len()).unwrap_or(NONE);
        self.words.words.push(Arc::clone(word));
        self.words.numbers.insert(Arc::clone(word), number);
        number
    }

    /// Adds sales that are in time order among themselves; they may lie before others.
    pub(crate) fn add(&mut self, sales: &[Sold]) {
        let Some(first) = sales.first() else { return };
        let from = self.place(|at| at <= first.at.0);
        // What lies behind the first new one is merged with the new ones.
        let mut old = self.cut(from).into_iter().peekable();
        for sold in sales {
            while let Some((at, row)) = old.next_if(|(at, _)| *at <= sold.at.0) {
                self.push_row(at, row);
            }
            self.push(sold);
        }
        old.for_each(|(at, row)| self.push_row(at, row));
    }

    /// Forgets sales before a moment: whole blocks, so that some of them stay.
    pub(crate) fn trim(&mut self, before: Moment) {
        let past =
            |block: &Arc<Block>| block.times.len() == BLOCK && block.times.last().is_some_and(|at| *at < before.0);
        let gone = self.blocks.iter().take_while(|block| past(block)).count();
        if gone > 0 {
            self.blocks.drain(..gone);
            self.len -= gone * BLOCK;
        }
    }

    /// Fills in the names and prices that a world file leaves to the planogram (T22).
    ///
    /// # Errors
    /// A sale without a price that names no spiral of the planogram, by its place in the list.
    pub(crate) fn complete(
        &mut self,
        planogram: Option<&Planogram>,
        products: &BTreeMap<i64, Product>,
    ) -> Result<(), Problem> {
        let whole = |sold: &Sold| sold.price != UNPRICED && (sold.layout.is_none() || sold.name.is_some());
        if (0..self.len).all(|index| whole(&self.sold(index))) {
            return Ok(());
        }
        let mut sales: Vec<Sold> = (0..self.len).map(|index| self.sold(index)).collect();
        for (i, sold) in sales.iter_mut().enumerate().filter(|(_, sold)| !whole(sold)) {
            let place = sold.layout.as_deref().and_then(|layout| planogram?.place(layout));
            let product = place.and_then(|place| products.get(&place.product_id));
            sold.name = sold.name.take().or_else(|| product.map(|product| product.name.as_str().into()));
            if sold.price == UNPRICED {
                sold.price = match (sold.vend, place) {
                    (Vend::Free | Vend::Test, _) => Roubles::default(),
                    (Vend::Paid, Some(place)) => {
                        Roubles::from_kopecks(place.price.0.saturating_sub(sold.discount.0).max(0))
                    }
                    (Vend::Paid, None) => {
                        let text = "a sale without `price` that names no spiral of the machine's planogram";
                        return Err(Problem::invalid(text).under("price").under(i));
                    }
                };
            }
        }
        *self = Self::default();
        self.add(&sales);
        Ok(())
    }

    /// Takes out the rows from this one on.
    fn cut(&mut self, from: usize) -> Vec<(i64, Row)> {
        if from == self.len {
            return Vec::new();
        }
        self.total = self.before(from);
        self.len = from;
        let mut cut = Vec::new();
        let (whole, kept) = (from / BLOCK, from % BLOCK);
        for (block, skipped) in self.blocks[whole..].iter().zip([kept].into_iter().chain(std::iter::repeat(0))) {
            cut.extend(block.times[skipped..].iter().copied().zip(block.rows[skipped..].iter().copied()));
        }
        self.blocks.truncate(whole + usize::from(kept > 0));
        if let Some(block) = self.blocks.get_mut(whole).map(Arc::make_mut) {
            block.times.truncate(kept);
            block.rows.truncate(kept);
            block.marks.truncate(kept.div_ceil(STRIDE));
        }
        cut
    }

    fn push(&mut self, sold: &Sold) {
        let row = Row {
            layout: self.word(sold.layout.as_ref()),
            name: self.word(sold.name.as_ref()),
            price: sold.price.0,
            discount: sold.discount.0,
            number: sold.number,
            slot: slot(sold.vend, sold.payment),
        };
        self.push_row(sold.at.0, row);
    }

    fn push_row(&mut self, at: i64, row: Row) {
        if self.len.is_multiple_of(BLOCK) {
            self.blocks.push(Arc::default());
        }
        let Some(block) = self.blocks.last_mut().map(Arc::make_mut) else { return };
        if block.rows.len().is_multiple_of(STRIDE) {
            block.marks.push(self.total);
        }
        block.times.push(at);
        block.rows.push(row);
        count(&mut self.total, &row);
        self.len += 1;
    }

    /// Totals of the rows before this one.
    fn before(&self, index: usize) -> Tallies {
        if index == self.len {
            return self.total;
        }
        let (block, place) = (&self.blocks[index / BLOCK], index % BLOCK);
        let mut tallies = block.marks[place / STRIDE];
        block.rows[place / STRIDE * STRIDE..place].iter().for_each(|row| count(&mut tallies, row));
        tallies
    }

    /// The first row for whose time `earlier` does not hold.
    fn place(&self, earlier: impl Fn(i64) -> bool) -> usize {
        let blocks = self.blocks.partition_point(|block| block.times.first().is_some_and(|at| earlier(*at)));
        let Some(last) = blocks.checked_sub(1) else { return 0 };
        last * BLOCK + self.blocks[last].times.partition_point(|at| earlier(*at))
    }

    fn range(&self, period: Period) -> std::ops::Range<usize> {
        let start = self.place(|at| at < period.since.0);
        start..self.place(|at| at <= period.until.0).max(start)
    }

    /// Totals of a period.
    pub(crate) fn totals(&self, period: Period) -> Tallies {
        let range = self.range(period);
        if range.is_empty() {
            return Tallies::default();
        }
        let (start, end) = (self.before(range.start), self.before(range.end));
        std::array::from_fn(|i| end[i].minus(start[i]))
    }

    /// When the sale of this number was.
    pub(crate) fn at(&self, index: usize) -> Option<Moment> {
        self.blocks.get(index / BLOCK)?.times.get(index % BLOCK).copied().map(Moment)
    }

    /// How many were made up to a moment.
    pub(crate) fn until(&self, last: Moment) -> usize {
        self.place(|at| at <= last.0)
    }

    /// The sale of this number, which is below [`History::len`].
    pub(crate) fn sold(&self, index: usize) -> Sold {
        let (block, place) = (&self.blocks[index / BLOCK], index % BLOCK);
        let row = block.rows[place];
        let word = |number: u32| self.words.words.get(usize::try_from(number).unwrap_or(usize::MAX)).cloned();
        Sold {
            at: Moment(block.times[place]),
            layout: word(row.layout),
            name: word(row.name),
            price: Roubles::from_kopecks(row.price),
            number: row.number,
            discount: Roubles::from_kopecks(row.discount),
            vend: Vend::ALL[usize::from(row.slot / 3)],
            payment: Payment::ALL[usize::from(row.slot % 3)],
        }
    }

    /// The sales of a period, in time order.
    pub(crate) fn iter(&self, period: Period) -> impl Iterator<Item = Sold> {
        self.range(period).map(|index| self.sold(index))
    }
}

fn count(tallies: &mut Tallies, row: &Row) {
    tallies[usize::from(row.slot)].add(u64::from(row.number), row.price.saturating_mul(i64::from(row.number)));
}

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.len).map(|index| self.sold(index)))
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sales = Vec::<Sold>::deserialize(deserializer)?;
        sales.sort_by_key(|sold| sold.at);
        let mut history = Self::default();
        history.add(&sales);
        Ok(history)
    }
}

impl JsonSchema for History {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "History".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<Sold>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sold(at: i64, price: i64, vend: Vend, payment: Payment) -> Sold {
        let number = u32::try_from(at % 3 + 1).expect("small");
        let price = Roubles::whole(price);
        Sold {
            at: Moment(at),
            layout: Some("A1".into()),
            name: Some("Сок".into()),
            price,
            number,
            discount: Roubles::default(),
            vend,
            payment,
        }
    }

    /// The sum of what lies in the period, one by one.
    fn scanned(sales: &[Sold], period: Period) -> Tallies {
        let mut tallies = Tallies::default();
        for sold in sales.iter().filter(|sold| period.has(sold.at)) {
            let tally = &mut tallies[usize::from(slot(sold.vend, sold.payment))];
            tally.add(u64::from(sold.number), sold.value().0);
        }
        tallies
    }

    #[test]
    fn running_totals_equal_a_scan_whatever_the_order_of_arrival() {
        let mut history = History::default();
        let mut all = Vec::new();
        // Blocks that begin before the end of what is there, of several lengths around the stride.
        for (start, len, step) in
            [(0, 31, 2), (100, 33, 3), (50, 64, 1), (0, 5, 40), (7, 1, 1), (400, 100, 2), (100, 300, 1), (600, 400, 0)]
        {
            let block: Vec<Sold> = (0..len)
                .map(|i| {
                    let vend = Vend::ALL[usize::try_from(i % 3).expect("small")];
                    let payment = Payment::ALL[usize::try_from(i % 2).expect("small")];
                    sold(start + i * step, 10 + i, vend, payment)
                })
                .collect();
            history.add(&block);
            all.extend(block);
        }
        assert_eq!(history.len(), all.len());
        for since in (0..620).step_by(7) {
            for until in (since..640).step_by(13) {
                let period = Period { since: Moment(since), until: Moment(until) };
                assert_eq!(history.totals(period), scanned(&all, period), "{period:?}");
                assert_eq!(history.iter(period).count(), all.iter().filter(|sold| period.has(sold.at)).count());
            }
        }
        let whole = Period { since: Moment(0), until: Moment(1000) };
        let times: Vec<Moment> = history.iter(whole).map(|sold| sold.at).collect();
        assert!(times.is_sorted());
        let saved = serde_json::to_value(&history).expect("a list");
        let again: History = serde_json::from_value(saved.clone()).expect("the same list");
        assert_eq!(serde_json::to_value(&again).expect("a list"), saved);
        assert_eq!(again.totals(whole), history.totals(whole));
    }
}
