//! Sales: what they do to the machine, and what the server learns of them (T17).

use std::sync::Arc;

use rand::RngExt;
use schemars::JsonSchema;
use serde::Deserialize;
use stend_core::{Problem, Span, Timestamp};

use crate::state::catalog::{Place, Planogram};
use crate::state::history::{Payment, Sold, Vend};
use crate::state::machine::{Held, Machine};
use crate::state::number::Roubles;
use crate::state::stock::Stock;
use crate::state::time::Moment;
use crate::state::{State, missing};

/// A sale that is to happen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sale {
    pub(crate) layout: Option<String>,
    pub(crate) price: Option<Roubles>,
    pub(crate) discount: Roubles,
    pub(crate) vend: Vend,
    pub(crate) payment: Payment,
    pub(crate) count: u32,
}

/// What a sale came to.
#[derive(Debug, Clone)]
pub(crate) struct Receipted {
    pub(crate) name: Option<String>,
    pub(crate) price: Roubles,
    pub(crate) value: Roubles,
    pub(crate) change: Roubles,
    /// Whether the server knows of it.
    pub(crate) delivered: bool,
}

/// Many sales over a period.
#[derive(Debug)]
pub(crate) struct Flood {
    pub(crate) machines: Option<Vec<i64>>,
    pub(crate) count: u32,
    pub(crate) over: Span,
    pub(crate) until: Option<Timestamp>,
    pub(crate) hours: Option<Vec<f64>>,
    pub(crate) mix: Mix,
    pub(crate) consume: bool,
}

/// How many of a hundred sales are of which sort; the rest is paid in cash.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Mix {
    /// By card.
    pub(crate) cashless: u8,
    /// For tokens.
    pub(crate) token: u8,
    /// For nothing.
    pub(crate) free: u8,
    /// By a technician.
    pub(crate) test: u8,
}

impl Default for Mix {
    fn default() -> Self {
        Self { cashless: 45, token: 1, free: 1, test: 1 }
    }
}

/// The most sales that one action makes.
pub(crate) const MOST: u32 = 2_000_000;

/// Sales by the hour of the day, where nothing else is said: a morning rush, lunch, an evening, little at night.
const HOURS: [f64; 24] =
    [1., 1., 1., 1., 1., 2., 4., 8., 12., 11., 9., 9., 12., 12., 9., 8., 8., 9., 8., 6., 4., 3., 2., 1.];

fn place<'p>(planogram: Option<&'p Planogram>, layout: &str) -> Result<&'p Place, Problem> {
    let Some(planogram) = planogram else {
        return Err(Problem::conflict("the machine has no planogram: it sells nothing")
            .hint("give it one: PUT /v2/vending_machines/{id} with planogram_id"));
    };
    planogram.place(layout).ok_or_else(|| {
        Problem::unknown("not_found", "layout", layout, planogram.layout.iter().map(|place| place.number.as_str()))
    })
}

impl State {
    /// Sells something now.
    pub(crate) fn sell(&mut self, id: i64, sale: &Sale, now: Timestamp) -> Result<Receipted, Problem> {
        let Some(machine) = self.machines.get(&id) else {
            return Err(missing("machine", id, self.machines.keys()).under("machine"));
        };
        if sale.count == 0 || sale.count > 1000 {
            return Err(Problem::invalid(format!("{} at once; 1 to 1000 are possible", sale.count)).under("count"));
        }
        let planogram = machine.planogram_id.and_then(|id| self.planograms.get(&id));
        let (product, listed) = match &sale.layout {
            Some(layout) => {
                let place = place(planogram, layout).map_err(|problem| problem.under("layout"))?;
                (self.products.get(&place.product_id), Some(place.price))
            }
            None => (None, None),
        };
        let price = match (sale.price, sale.vend) {
            (Some(price), _) => price,
            (None, Vend::Free | Vend::Test) => Roubles::default(),
            (None, Vend::Paid) => match listed {
                Some(listed) => Roubles::from_kopecks((listed.0 - sale.discount.0).max(0)),
                None => {
                    return Err(Problem::invalid("a sale without a layout needs a price").under("price"));
                }
            },
        };
        if price.0 < 0 || sale.discount.0 < 0 || price > Roubles::whole(999_999) {
            return Err(Problem::invalid(format!("{price} roubles less {}", sale.discount)).under("price"));
        }
        let name = product.map(|product| product.name.clone());
        let product = product.map(|product| product.id);
        let sold = Sold {
            at: now.into(),
            layout: sale.layout.as_deref().map(Arc::from),
            name: name.as_deref().map(Arc::from),
            price,
            number: sale.count,
            discount: sale.discount,
            vend: sale.vend,
            payment: sale.payment,
        };
        let value = sold.value();
        let change = self.pay(id, &sold);
        let delivered = self.count_sale(id, sold, product, true);
        Ok(Receipted { name, price, value, change, delivered })
    }

    /// The money of a sale: what was put in before goes first, the rest comes as coins or by card.
    fn pay(&mut self, id: i64, sold: &Sold) -> Roubles {
        let tubes = self.settings.tubes;
        let Some(machine) = self.machines.get_mut(&id) else { return Roubles::default() };
        let value = sold.value();
        if sold.vend != Vend::Paid || value.0 == 0 {
            return Roubles::default();
        }
        match sold.payment {
            Payment::Cash => {
                let cash = machine.money.get_or_insert_default();
                let missing = Roubles::from_kopecks(value.0.saturating_sub(cash.credit.0).max(0));
                if missing.0 > 0 {
                    cash.take_coin(missing, tubes);
                    machine.counters.coins_in.add(1, missing.0);
                    machine.last.coin = machine.last.coin.max(Some(sold.at));
                }
                cash.credit.0 = cash.credit.0.saturating_sub(value.0).max(0);
                let change = cash.give_change();
                if change.0 > 0 {
                    machine.counters.paid_out.add(1, change.0);
                }
                change
            }
            Payment::Cashless => {
                // A credit from afar is used up sale by sale.
                let modem = machine.modem_id.and_then(|id| self.modems.get_mut(&id));
                if let Some(modem) = modem
                    && let Some(credit) = &mut modem.cashless.credit
                {
                    credit.amount -= 1;
                    if credit.amount <= 0 {
                        modem.cashless.credit = None;
                    }
                }
                Roubles::default()
            }
            Payment::Token => Roubles::default(),
        }
    }

    /// The machine counts a sale; the server learns of it at once, or when the modem is back.
    fn count_sale(&mut self, id: i64, sold: Sold, product: Option<i64>, consume: bool) -> bool {
        let Some(machine) = self.machines.get_mut(&id) else { return false };
        count(machine, &sold);
        let offline = machine.modem_id.and_then(|id| self.modems.get(&id)).is_some_and(|modem| modem.offline);
        if offline {
            machine.held_sales.push(Held { sold, product });
            return false;
        }
        self.hear(id, sold.at);
        self.deliver(id, vec![Held { sold, product }], consume);
        true
    }

    /// The server learns of sales, which are in time order: statistics, loading, time stamps, receipts.
    pub(crate) fn deliver(&mut self, id: i64, sales: Vec<Held>, consume: bool) {
        let Some(machine) = self.machines.get_mut(&id) else { return };
        if let Some(last) = sales.last() {
            machine.last.sale = machine.last.sale.max(Some(last.sold.at));
        }
        let fiscal = machine.is_crt_active;
        let planogram = machine.planogram_id.and_then(|id| self.planograms.get(&id));
        let mut stock = Stock::new(machine, planogram);
        for held in sales.iter().filter(|_| consume) {
            let Some(product) = held.product.and_then(|id| self.products.get(&id)) else { continue };
            let layout = held.sold.layout.as_deref().filter(|_| !product.composite);
            for part in &product.components {
                let used = part.volume.0.saturating_mul(i64::from(held.sold.number));
                stock.take(part.id, layout, used, held.sold.at);
            }
        }
        if fiscal {
            sales.iter().for_each(|held| self.receipt_for(id, &held.sold, held.product));
        }
        let sales: Vec<Sold> = sales.into_iter().map(|held| held.sold).collect();
        if let Some(machine) = self.machines.get_mut(&id) {
            machine.sales.add(&sales);
        }
    }

    /// Makes many sales at once, by the world's seed.
    pub(crate) fn seed_sales(&mut self, flood: &Flood, now: Timestamp) -> Result<(u32, Roubles), Problem> {
        let ids = match &flood.machines {
            Some(ids) => ids.clone(),
            None => self.machines.keys().copied().collect(),
        };
        for (i, id) in ids.iter().enumerate() {
            if !self.machines.contains_key(id) {
                return Err(missing("machine", *id, self.machines.keys()).under(i).under("machines"));
            }
        }
        if flood.count > MOST {
            return Err(Problem::invalid(format!("{} sales; at most {MOST} at once", flood.count)).under("count"));
        }
        let mix = flood.mix;
        let shares = [mix.cashless, mix.token, mix.free, mix.test].into_iter().map(u32::from).sum::<u32>();
        if shares > 100 {
            return Err(Problem::invalid(format!("{shares} of a hundred sales are spoken for")).under("mix"));
        }
        let hours = flood.hours.as_deref().unwrap_or(&HOURS);
        if hours.len() != 24
            || hours.iter().any(|weight| !weight.is_finite() || *weight < 0.0)
            || hours.iter().sum::<f64>() <= 0.0
        {
            return Err(Problem::invalid("24 weights are needed, none negative and not all nought").under("hours"));
        }
        if flood.over.is_zero() {
            return Err(Problem::invalid("sales need some time to happen in").under("over"));
        }
        let until = flood.until.unwrap_or(now);
        if until > now {
            return Err(Problem::invalid(format!("{until} has not come yet: it is {now}")).under("until"));
        }
        let selling: Vec<i64> =
            ids.into_iter().filter(|id| self.places_of(*id).is_some_and(|places| !places.is_empty())).collect();
        if selling.is_empty() {
            return Err(
                Problem::conflict("none of the machines has a planogram with something in it").under("machines")
            );
        }
        let start = Moment::from(flood.over.before(until));
        let length = (Moment::from(until).0 - start.0).max(1);
        // Drawn first, then sorted: a machine's sales are delivered in time order.
        let heaviest = hours.iter().copied().fold(0.0, f64::max);
        let mut drawn: Vec<(usize, i64, u32, u8)> = Vec::with_capacity(usize::try_from(flood.count).unwrap_or(0));
        let zones: Vec<_> = selling.iter().filter_map(|id| Some(self.machines.get(id)?.zone(true))).collect();
        let stream = self.random.get("sales");
        for _ in 0..flood.count {
            let machine = stream.random_range(0..selling.len());
            let mut at = start.0 + stream.random_range(0..length);
            // Turned down by the weight of its hour; a short period at a quiet hour must not take for ever.
            for _ in 0..200 {
                let hour = Moment(at).local(&zones[machine]).0.hour();
                let weight = usize::try_from(hour).ok().and_then(|hour| hours.get(hour)).copied().unwrap_or(0.0);
                if stream.random_range(0.0..1.0) * heaviest < weight {
                    break;
                }
                at = start.0 + stream.random_range(0..length);
            }
            let share = u8::try_from(stream.random_range(0..100)).unwrap_or(0);
            drawn.push((machine, at, stream.random::<u32>(), share));
        }
        drawn.sort_by_key(|(machine, at, ..)| (*machine, *at));
        let mut value = Roubles::default();
        for group in drawn.chunk_by(|one, other| one.0 == other.0) {
            let id = selling[group[0].0];
            let places = self.places_of(id).unwrap_or_default();
            let names: Vec<Arc<str>> = places.iter().map(|(_, name)| Arc::from(name.as_str())).collect();
            let layouts: Vec<Arc<str>> = places.iter().map(|(place, _)| Arc::from(place.number.as_str())).collect();
            let mut sales = Vec::with_capacity(group.len());
            for (_, at, pick, share) in group {
                let pick = usize::try_from(*pick).unwrap_or(0) % places.len();
                let (vend, payment) = sort(mix, *share);
                let place = &places[pick].0;
                let price = if vend == Vend::Paid { place.price } else { Roubles::default() };
                let sold = Sold {
                    at: Moment(*at),
                    layout: Some(Arc::clone(&layouts[pick])),
                    name: Some(Arc::clone(&names[pick])),
                    price,
                    number: 1,
                    discount: Roubles::default(),
                    vend,
                    payment,
                };
                value.0 = value.0.saturating_add(price.0);
                self.pay(id, &sold);
                sales.push(Held { sold, product: Some(place.product_id) });
            }
            if let Some(machine) = self.machines.get_mut(&id) {
                sales.iter().for_each(|held| count(machine, &held.sold));
                let offline = machine.modem_id.and_then(|id| self.modems.get(&id)).is_some_and(|modem| modem.offline);
                if offline {
                    machine.held_sales.extend(sales);
                    machine.held_sales.sort_by_key(|held| held.sold.at);
                    continue;
                }
            }
            self.hear(id, now.into());
            self.deliver(id, sales, flood.consume);
        }
        Ok((flood.count, value))
    }

    /// The places of a machine's planogram that hold something, and the names.
    fn places_of(&self, id: i64) -> Option<Vec<(Place, String)>> {
        let planogram = self.planograms.get(&self.machines.get(&id)?.planogram_id?)?;
        let with_name = |place: &Place| Some((place.clone(), self.products.get(&place.product_id)?.name.clone()));
        Some(planogram.layout.iter().filter_map(with_name).collect())
    }
}

fn sort(mix: Mix, share: u8) -> (Vend, Payment) {
    let mut limit = mix.cashless;
    if share < limit {
        return (Vend::Paid, Payment::Cashless);
    }
    limit += mix.token;
    if share < limit {
        return (Vend::Paid, Payment::Token);
    }
    limit += mix.free;
    if share < limit {
        return (Vend::Free, Payment::Cash);
    }
    limit += mix.test;
    if share < limit { (Vend::Test, Payment::Cash) } else { (Vend::Paid, Payment::Cash) }
}

/// The machine's own counters.
fn count(machine: &mut Machine, sold: &Sold) {
    let (number, value) = (u64::from(sold.number), sold.value().0);
    let layout = sold.layout.as_deref().unwrap_or("");
    let counters = &mut machine.counters;
    if !counters.selections.contains_key(layout) {
        counters.selections.insert(layout.to_owned(), Default::default());
    }
    if let Some(selection) = counters.selections.get_mut(layout) {
        selection.of(sold.vend).add(number, value);
    }
    if sold.vend == Vend::Paid {
        match sold.payment {
            Payment::Cash => counters.cash.add(number, value),
            Payment::Cashless => counters.cashless.add(number, value),
            Payment::Token => counters.token.add(number, value),
        }
    }
}
