//! Sales: what they do to the machine, and what the server learns of them (T17).

use std::sync::Arc;

use jiff::tz::TimeZone;
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Problem, Span, Timestamp};

use crate::state::catalog::{Component, Place, Planogram, Role};
use crate::state::link::{Message, Received};
use crate::state::machine::{Held, Machine};
use crate::state::number::Roubles;
use crate::state::sale::{Payment, Sold, Vend};
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
    /// What it does not take.
    pub(crate) without: Vec<Role>,
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

/// What many sales came to.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Seeded {
    /// How many there were.
    pub(crate) number: u32,
    /// For how much, in roubles.
    pub(crate) value: Roubles,
    /// How many the server knows of.
    pub(crate) delivered: u32,
    /// How many wait in machines whose modem has no connection.
    pub(crate) waiting: u32,
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

impl Mix {
    /// # Errors
    /// More than a hundred of a hundred.
    pub(crate) fn check(self) -> Result<(), Problem> {
        let shares = [self.cashless, self.token, self.free, self.test].into_iter().map(u32::from).sum::<u32>();
        if shares > 100 {
            return Err(Problem::invalid(format!("{shares} of a hundred sales are spoken for")).under("mix"));
        }
        Ok(())
    }
}

/// Something that a machine sells.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) layout: Arc<str>,
    pub(crate) product: i64,
    pub(crate) name: Arc<str>,
    pub(crate) price: Roubles,
}

/// Draws moments of a period by the weight of their hour.
pub(crate) struct Draw<'h> {
    start: Moment,
    length: i64,
    hours: &'h [f64],
    heaviest: f64,
}

impl<'h> Draw<'h> {
    /// A period of so many seconds, with 24 weights; left out, busy by day and quiet by night.
    pub(crate) fn new(start: Moment, length: i64, hours: Option<&'h [f64]>) -> Self {
        let hours = hours.unwrap_or(&HOURS);
        let heaviest = hours.iter().copied().fold(0.0, f64::max);
        Self { start, length, hours, heaviest }
    }

    pub(crate) fn moment(&self, stream: &mut impl RngExt, zone: &TimeZone) -> Moment {
        let mut at = Moment(self.start.0 + stream.random_range(0..self.length));
        // Turned down by the weight of its hour; a short period at a quiet hour must not take for ever.
        for _ in 0..200 {
            let hour = usize::try_from(at.local(zone).0.hour()).ok();
            let weight = hour.and_then(|hour| self.hours.get(hour)).copied().unwrap_or(0.0);
            if stream.random_range(0.0..1.0) * self.heaviest < weight {
                break;
            }
            at = Moment(self.start.0 + stream.random_range(0..self.length));
        }
        at
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
    /// Sells something at a moment that has come.
    pub(crate) fn sell(&mut self, id: i64, sale: &Sale, at: Moment) -> Result<Receipted, Problem> {
        self.connected(id)?;
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
            at,
            layout: sale.layout.as_deref().map(Arc::from),
            name: name.as_deref().map(Arc::from),
            price,
            number: sale.count,
            discount: sale.discount,
            vend: sale.vend,
            payment: sale.payment,
        };
        let value = sold.value();
        let change = self.pay(id, &sold, None);
        if let Some(machine) = self.machines.get_mut(&id) {
            count(machine, &sold);
        }
        let held = Held { without: sale.without.clone(), ..Held::new(sold, product) };
        let delivered = self.emit(id, [Message::Sale(held)]);
        Ok(Receipted { name, price, value, change, delivered })
    }

    /// Takes the money of a sale: what was put in before goes first, the rest comes as a note, as coins or by card. Returns
    /// the change.
    pub(crate) fn pay(&mut self, id: i64, sold: &Sold, note: Option<Roubles>) -> Roubles {
        let tubes = self.settings.tubes;
        let Some(machine) = self.machines.get_mut(&id) else { return Roubles::default() };
        let value = sold.value();
        if sold.vend != Vend::Paid || value.0 == 0 {
            return Roubles::default();
        }
        match sold.payment {
            Payment::Cash => {
                let missing = machine.money.as_ref().map_or(value.0, |cash| value.0.saturating_sub(cash.credit.0));
                match note {
                    Some(note) if missing > 0 && note.0 >= missing => machine.put_in_note(note, sold.at),
                    _ if missing > 0 => machine.put_in_coins(Roubles::from_kopecks(missing), tubes, sold.at),
                    _ => {}
                }
                let cash = machine.money.get_or_insert_default();
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

    /// The server learns of sales, which are in time order: statistics, loading, time stamps, receipts.
    pub(crate) fn deliver(&mut self, id: i64, sales: Vec<Held>, received: Received) {
        let Some(machine) = self.machines.get_mut(&id) else { return };
        let Some(last) = sales.last() else { return };
        machine.last.sale = machine.last.sale.max(Some(last.sold.at));
        let fiscal = machine.is_crt_active;
        let planogram = machine.planogram_id.and_then(|id| self.planograms.get(&id));
        let mut stock = Stock { machine, planogram, products: &self.products };
        for held in sales.iter().filter(|held| held.consume) {
            let Some(product) = held.product.and_then(|id| self.products.get(&id)) else { continue };
            let layout = held.sold.layout.as_deref().filter(|_| !product.composite);
            for part in &product.components {
                let role = self.components.get(&part.id).map_or(Role::Other, Component::role);
                if !held.without.contains(&role) {
                    let used = part.volume.0.saturating_mul(i64::from(held.sold.number));
                    stock.take(part.id, layout, used, held.sold.at, &held.counted);
                }
            }
        }
        if fiscal {
            for held in &sales {
                self.receipt_for(id, &held.sold, held.product, received.of(held.sold.at));
            }
        }
        let sales: Vec<Sold> = sales.into_iter().map(|held| held.sold).collect();
        if let Some(machine) = self.machines.get_mut(&id) {
            machine.sales.add(&sales);
        }
    }

    /// The machines that an action names, or all that have a modem and something to sell.
    ///
    /// # Errors
    /// A machine that is not there or has no modem; none that sells anything.
    pub(crate) fn selling(&mut self, named: Option<&[i64]>) -> Result<Vec<i64>, Problem> {
        let ids = match named {
            Some(ids) => ids.to_vec(),
            None => {
                let with_modem = |machine: &&Machine| machine.modem_id.is_some();
                self.machines.values().filter(with_modem).map(|machine| machine.id).collect()
            }
        };
        for (i, id) in ids.iter().enumerate() {
            if !self.machines.contains_key(id) {
                return Err(missing("machine", *id, self.machines.keys()).under(i).under("machines"));
            }
            // The path is the list's here.
            let connected = self.connected(*id).map(drop);
            connected.map_err(|problem| Problem { path: Default::default(), ..problem }.under(i).under("machines"))?;
        }
        let selling: Vec<i64> =
            ids.into_iter().filter(|id| self.offers(*id).is_some_and(|offers| !offers.is_empty())).collect();
        if selling.is_empty() {
            let text = "none of the machines has a modem and a planogram with something in it";
            return Err(Problem::conflict(text).under("machines"));
        }
        Ok(selling)
    }

    /// Makes many sales at once, by the world's seed.
    pub(crate) fn seed_sales(&mut self, flood: &Flood, now: Timestamp) -> Result<Seeded, Problem> {
        let selling = self.selling(flood.machines.as_deref())?;
        if flood.count > MOST {
            return Err(Problem::invalid(format!("{} sales; at most {MOST} at once", flood.count)).under("count"));
        }
        let mix = flood.mix;
        mix.check()?;
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
        let start = Moment::from(flood.over.before(until));
        let length = (Moment::from(until).0 - start.0).max(1);
        // Drawn first, then sorted: a machine's sales are delivered in time order.
        let draw = Draw::new(start, length, Some(hours));
        let mut drawn: Vec<(usize, i64, u32, u8)> = Vec::with_capacity(usize::try_from(flood.count).unwrap_or(0));
        let zones: Vec<_> = selling.iter().filter_map(|id| Some(self.machines.get(id)?.zone(true))).collect();
        let stream = self.random.get("sales");
        for _ in 0..flood.count {
            let machine = stream.random_range(0..selling.len());
            let Moment(at) = draw.moment(stream, &zones[machine]);
            let share = u8::try_from(stream.random_range(0..100)).unwrap_or(0);
            drawn.push((machine, at, stream.random::<u32>(), share));
        }
        drawn.sort_by_key(|(machine, at, ..)| (*machine, *at));
        let mut seeded = Seeded { number: flood.count, ..Seeded::default() };
        for group in drawn.chunk_by(|one, other| one.0 == other.0) {
            let id = selling[group[0].0];
            let offers = self.offers(id).unwrap_or_default();
            let mut sales = Vec::with_capacity(group.len());
            for (_, at, draw, share) in group {
                let pick = usize::try_from(*draw).unwrap_or(0) % offers.len();
                let (vend, payment) = sort(mix, *share);
                let offer = &offers[pick];
                let price = if vend == Vend::Paid { offer.price } else { Roubles::default() };
                let sold = Sold {
                    at: Moment(*at),
                    layout: Some(Arc::clone(&offer.layout)),
                    name: Some(Arc::clone(&offer.name)),
                    price,
                    number: 1,
                    discount: Roubles::default(),
                    vend,
                    payment,
                };
                seeded.value.0 = seeded.value.0.saturating_add(price.0);
                if let Some(machine) = self.machines.get_mut(&id) {
                    count(machine, &sold);
                }
                // Two of five pay with a note.
                let note = (draw / 1000 % 5 < 2).then(|| note_for(price)).flatten();
                self.pay(id, &sold, note.filter(|note| self.can_change(id, *note, price)));
                sales.push(Message::Sale(Held { consume: flood.consume, ..Held::new(sold, Some(offer.product)) }));
            }
            let made = u32::try_from(sales.len()).unwrap_or(u32::MAX);
            let sent = self.emit(id, sales);
            *if sent { &mut seeded.delivered } else { &mut seeded.waiting } += made;
        }
        Ok(seeded)
    }

    /// Whether the tubes hold the change of a note for something at this price.
    pub(crate) fn can_change(&self, id: i64, note: Roubles, price: Roubles) -> bool {
        let cash = self.machines.get(&id).and_then(|machine| machine.money.as_ref());
        cash.is_some_and(|cash| cash.change.0 >= note.0.saturating_sub(price.0))
    }

    /// What a machine's planogram offers.
    pub(crate) fn offers(&self, id: i64) -> Option<Vec<Offer>> {
        let planogram = self.planograms.get(&self.machines.get(&id)?.planogram_id?)?;
        let offer = |place: &Place| {
            Some(Offer {
                layout: place.number.as_str().into(),
                product: place.product_id,
                name: self.products.get(&place.product_id)?.name.as_str().into(),
                price: place.price,
            })
        };
        Some(planogram.layout.iter().filter_map(offer).collect())
    }
}

/// The note with which somebody pays a price.
pub(crate) fn note_for(price: Roubles) -> Option<Roubles> {
    [50, 100, 200, 500].map(Roubles::whole).into_iter().find(|note| *note >= price)
}

pub(crate) fn sort(mix: Mix, share: u8) -> (Vend, Payment) {
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
pub(crate) fn count(machine: &mut Machine, sold: &Sold) {
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
