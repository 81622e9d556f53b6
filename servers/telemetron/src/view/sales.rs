//! Last sales, and sales by the hour.

use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

use stend_core::view::{Cell, Chart, Column, Head, Kind, Row, Rows, Tone};

use super::link;
use crate::State;
use crate::state::machine::Machine;
use crate::state::sale::{Payment, Sold, Vend};
use crate::state::time::{Moment, Period};

pub(super) const SALES: Head = Head::new(
    "sales",
    "Last sales",
    "Последние продажи",
    &[
        Column::new("at", Kind::Time, "At", "Когда"),
        Column::new("machine", Kind::Link, "Machine", "Автомат"),
        Column::new("place", Kind::Text, "Spiral or button", "Спираль или кнопка"),
        Column::new("product", Kind::Text, "Product", "Товар"),
        Column::new("sum", Kind::Money, "Sum", "Сумма"),
        Column::new("payment", Kind::Badge, "Paid", "Оплата"),
    ],
);

/// A sale's place among all: the newest first; of one second by machine, and by its number there.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
struct Spot(Moment, i64, usize);

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.0.0, self.1, self.2)
    }
}

impl FromStr for Spot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('_');
        let mut next = || parts.next().ok_or(());
        let (at, machine) = (next()?.parse().map_err(drop)?, next()?.parse().map_err(drop)?);
        Ok(Self(Moment(at), machine, next()?.parse().map_err(drop)?))
    }
}

pub(super) fn fill(state: &State, rows: &mut Rows<'_>) {
    let after = rows.after::<Spot>();
    rows.total(state.machines.values().map(|machine| machine.sales.len()).sum());
    // The newest of each machine's that is not shown yet; a machine's sales are in time order.
    let head = |machine: &Machine, end: usize| {
        let number = end.checked_sub(1)?;
        Some(Spot(machine.sales.at(number)?, machine.id, number))
    };
    let mut heads: BinaryHeap<Spot> = state
        .machines
        .values()
        .filter_map(|machine| {
            let end = match after {
                None => machine.sales.len(),
                Some(Spot(at, id, number)) => match machine.id.cmp(&id) {
                    std::cmp::Ordering::Less => machine.sales.until(at),
                    std::cmp::Ordering::Equal => number.min(machine.sales.len()),
                    std::cmp::Ordering::Greater => machine.sales.until(at.after(-1)),
                },
            };
            head(machine, end)
        })
        .collect();
    let items = std::iter::from_fn(|| {
        let spot = heads.pop()?;
        let machine = state.machines.get(&spot.1)?;
        heads.extend(head(machine, spot.2));
        Some((spot, machine))
    });
    rows.page(items, |(spot, machine)| (spot, Some(row(machine, spot, &machine.sales.sold(spot.2)))));
}

fn row(machine: &Machine, spot: Spot, sold: &Sold) -> Row {
    let badge = match (sold.vend, sold.payment) {
        (Vend::Free, _) => Cell::word(Tone::Idle, "free", "бесплатно"),
        (Vend::Test, _) => Cell::word(Tone::Idle, "test", "тест"),
        (Vend::Paid, Payment::Cash) => Cell::word(Tone::Ok, "cash", "наличные"),
        (Vend::Paid, Payment::Cashless) => Cell::word(Tone::Ok, "card", "карта"),
        (Vend::Paid, Payment::Token) => Cell::word(Tone::Ok, "token", "жетон"),
    };
    Row::new(format!("{}_{}", machine.id, spot.2))
        .cell("at", sold.at.timestamp())
        .cell("machine", link(machine))
        .maybe("place", sold.layout.as_deref())
        .maybe("product", sold.name.as_deref())
        .cell("sum", Cell::Money(sold.value().0))
        .cell("payment", badge)
}

/// What was sold for money since a moment, in kopecks.
pub(super) fn sold_since(machine: &Machine, since: Moment, until: Moment) -> i64 {
    let totals = machine.sales.totals(Period { since, until });
    let paid = totals.iter().skip(Vend::Paid as usize * 3).take(3);
    paid.map(|tally| tally.value).fold(0, i64::saturating_add)
}

/// How many were sold in each of the last 24 hours, the oldest first.
pub(super) fn by_hour(machine: &Machine, now: Moment) -> Cell {
    let count = |hour: i64| {
        let since = now.after(-3600 * (hour + 1) + 1);
        let totals = machine.sales.totals(Period { since, until: now.after(-3600 * hour) });
        let number: u64 = totals.iter().map(|tally| tally.number).sum();
        f64::from(u32::try_from(number).unwrap_or(u32::MAX))
    };
    Cell::Series { chart: Chart::Bar, points: (0..24).rev().map(count).collect() }
}

#[cfg(test)]
mod tests {
    use stend_core::{Look, Node, Seed, Service, View};

    use super::*;
    use crate::Telemetron;

    #[test]
    fn sales_of_all_machines_are_listed_the_newest_first_page_by_page() {
        let yaml = r#"
machines:
  - {id: 1, name: a, sales: [{at: "2026-11-21T10:00:00+03:00", price: 10}, {at: "2026-11-21T10:00:05+03:00", price: 20}]}
  - {id: 2, name: b, sales: [{at: "2026-11-21T10:00:05+03:00", price: 30}]}
  - {id: 3, name: c}
"#;
        let section = Node::parse(yaml).and_then(|node| node.read()).expect("a good section");
        let now = "2026-11-21T10:30:00+03:00".parse().expect("a moment");
        let state = Telemetron::seed(Some(section), Seed { seed: 1, now }).expect("a good company");
        let (mut keys, mut after) = (Vec::new(), None::<String>);
        for _ in 0..3 {
            let look = Look { table: Some(SALES.id), limit: 1, after: after.as_deref() };
            let view = View::new().table(&look, SALES, |rows| fill(&state, rows));
            assert_eq!(view.tables[0].total, Some(3));
            keys.extend(view.tables[0].rows.iter().map(|row| row.key.clone()));
            after.clone_from(&view.tables[0].next);
        }
        assert_eq!((keys, after), (vec!["2_0".to_owned(), "1_1".into(), "1_0".into()], None));
        let machine = state.machines.get(&1).expect("it is there");
        assert_eq!(sold_since(machine, Moment::from(now).after(-3600), Moment::from(now)), 3000);
        let Cell::Series { points, .. } = by_hour(machine, now.into()) else { panic!("a series") };
        assert_eq!((points.len(), points[23]), (24, 2.0));
    }
}
