//! What lies in the spirals and under the buttons of the machines.

use std::fmt;
use std::str::FromStr;

use stend_core::view::{Cell, Column, Head, Kind, Offer, Row, Rows};

use super::{link, meter};
use crate::State;
use crate::state::catalog::{Place, Planogram};
use crate::state::machine::Machine;
use crate::state::number::Quantity;

pub(super) const PLANOGRAM: Head = Head::new(
    "planogram",
    "Planogram and stock",
    "Планограмма и остатки",
    &[
        Column::new("machine", Kind::Link, "Machine", "Автомат"),
        Column::new("place", Kind::Text, "Spiral or button", "Спираль или кнопка"),
        Column::new("product", Kind::Text, "Product", "Товар"),
        Column::new("price", Kind::Money, "Price", "Цена"),
        Column::new("stock", Kind::Meter, "Stock", "Остаток"),
    ],
);

/// A row's place: the machine, and where in its planogram.
struct Spot(i64, usize);

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.0, self.1)
    }
}

impl FromStr for Spot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (machine, place) = text.split_once('_').ok_or(())?;
        Ok(Self(machine.parse().map_err(drop)?, place.parse().map_err(drop)?))
    }
}

/// The planogram of a machine.
pub(super) fn of<'s>(state: &'s State, machine: &Machine) -> Option<&'s Planogram> {
    state.planograms.get(&machine.planogram_id?)
}

pub(super) fn fill(state: &State, rows: &mut Rows<'_>) {
    let Spot(from, after) = rows.after().unwrap_or(Spot(i64::MIN, 0));
    let places = state.machines.range(from..).flat_map(|(id, machine)| {
        let places = of(state, machine).map_or(&[][..], |planogram| &planogram.layout).iter().enumerate();
        let after = if *id == from { after } else { 0 };
        places.skip(after).map(move |(number, place)| (machine, number, place))
    });
    rows.page(places, |(machine, number, place)| {
        (Spot(machine.id, number + 1), Some(row(state, machine, number, place)))
    });
}

fn row(state: &State, machine: &Machine, number: usize, place: &Place) -> Row {
    let product = state.products.get(&place.product_id);
    let sell = |payment: &str, en, ru| {
        let offer = Offer::new("sell", en, ru).with("machine", machine.id);
        offer.with("layout", place.number.as_str()).with("payment", payment)
    };
    Row::new(Spot(machine.id, number))
        .cell("machine", link(machine))
        .cell("place", &place.number)
        .maybe("product", product.map(|product| &product.name))
        .cell("price", Cell::Money(place.price.0))
        .maybe("stock", stock_of_place(state, machine, place))
        .offer_if(machine.modem_id.is_some(), || sell("cashless", "Sell by card", "Продать по карте"))
        .offer_if(machine.modem_id.is_some(), || sell("cash", "Sell for cash", "Продать за наличные"))
}

/// How full a spiral is; of a recipe, the part of which least is left.
fn stock_of_place(state: &State, machine: &Machine, place: &Place) -> Option<Cell> {
    let planogram = of(state, machine)?;
    let product = state.products.get(&place.product_id)?;
    let level = |component: i64| {
        let capacity = planogram.capacity.iter().find(|item| item.component_id == component)?.capacity;
        let layout = (!product.composite).then(|| place.number.clone());
        let spirals = if product.composite { 1 } else { spirals_of(planogram, place.product_id) };
        let there = machine.loading.0.get(&(component, layout)).map_or(Quantity::default(), |level| level.value);
        // Spirals with the same product share its capacity evenly, as `load` does.
        Some((there, Quantity::thousandths(capacity.0 / spirals / 1000 * 1000)))
    };
    let levels = product.components.iter().filter_map(|part| level(part.id));
    let (there, room) = levels.min_by(|one, other| {
        let part = |(there, room): &(Quantity, Quantity)| i128::from(there.0) * 1_000_000 / i128::from(room.0.max(1));
        part(one).cmp(&part(other))
    })?;
    meter(there, room)
}

fn spirals_of(planogram: &Planogram, product: i64) -> i64 {
    let spirals = planogram.layout.iter().filter(|place| place.product_id == product).count();
    i64::try_from(spirals.max(1)).unwrap_or(1)
}

/// How full a machine is: of all spirals and ingredients the mean part of what fits in, in per cent.
pub(super) fn stock(state: &State, machine: &Machine) -> Option<Cell> {
    let planogram = of(state, machine)?;
    let mut there = std::collections::BTreeMap::<i64, i64>::new();
    for ((component, _), level) in &machine.loading.0 {
        let sum = there.entry(*component).or_default();
        *sum = sum.saturating_add(level.value.0);
    }
    let parts = planogram.capacity.iter().filter(|item| item.capacity.0 > 0).map(|item| {
        let held = there.get(&item.component_id).copied().unwrap_or(0);
        Quantity::thousandths(held).to_f64() / item.capacity.to_f64()
    });
    let parts: Vec<f64> = parts.map(|part| part.min(1.0)).collect();
    if parts.is_empty() {
        return None;
    }
    let mean = parts.iter().sum::<f64>() / f64::from(u32::try_from(parts.len()).unwrap_or(u32::MAX));
    Some(Cell::meter((mean * 100.0).round(), 100.0))
}
