//! A believable past: sales until something runs out, refills, collections, failures and their repairs, reports (T21).

use std::sync::Arc;

use rand::RngExt;
use serde::Serialize;
use stend_core::{Problem, Span, Timestamp};

use crate::state::State;
use crate::state::link::Message;
use crate::state::machine::Held;
use crate::state::number::Roubles;
use crate::state::sale::{Payment, Sold, Vend};
use crate::state::selling::{Draw, Mix, Offer, count, note_for, sort};
use crate::state::time::{Moment, seconds};

/// What a past is to look like.
#[derive(Debug)]
pub(crate) struct Past {
    pub(crate) machines: Option<Vec<i64>>,
    pub(crate) over: Span,
    /// Sales that are tried on each machine in a day.
    pub(crate) per_day: u32,
    pub(crate) mix: Mix,
}

/// What a past came to.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Laid {
    /// How many sales there were.
    pub(crate) sales: u32,
    /// For how much, in roubles.
    pub(crate) value: Roubles,
    /// How often somebody found something sold out and went away.
    pub(crate) sold_out: u32,
    /// How often a machine was filled up.
    pub(crate) refills: u32,
    /// How often its cash was collected.
    pub(crate) collections: u32,
    /// How often it broke, and was repaired.
    pub(crate) failures: u32,
    /// How many times reports were read.
    pub(crate) readings: u32,
    /// How much of it waits in machines whose modem has no connection.
    pub(crate) waiting: u32,
}

/// The longest past, in days.
const LONGEST: i64 = 100;
/// The most sales in a day on one machine.
const MOST: u32 = 1000;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What happens to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// An operator comes, for the n-th time.
    Visit(i64),
    /// The modem reads the machine.
    Read,
    /// It breaks, in one of the ways in which it can.
    Break(u32),
    Repair,
    /// Somebody wants something: which of its goods, and of which sort the sale is.
    Want(u32, u8),
}

/// Failures that a machine of any kind has, as far as the world's directory knows them.
const WAYS: [&str; 5] = ["EJB", "EAF", "ENA", "EGS", "EDA"];

impl State {
    /// Lays a past that ends now.
    ///
    /// # Errors
    /// A machine that sells nothing, or has something to report; too long a past, or none.
    pub(crate) fn lay_past(&mut self, past: &Past, now: Timestamp) -> Result<Laid, Problem> {
        let length = seconds(past.over.signed());
        if past.over.is_zero() || length > LONGEST * DAY {
            return Err(
                Problem::invalid(format!("a past of {LONGEST} days at the most, and of some time")).under("over")
            );
        }
        if past.per_day > MOST {
            return Err(Problem::invalid(format!("{} sales a day; at most {MOST}", past.per_day)).under("per_day"));
        }
        past.mix.check()?;
        let ids = self.selling(past.machines.as_deref())?;
        for id in &ids {
            if self.machines.get(id).is_some_and(|machine| !machine.waiting.is_empty()) {
                let text = format!("machine {id} has something to report that waits for its modem");
                return Err(Problem::conflict(text)
                    .under("machines")
                    .hint("lay its past before, or when it is back online"));
            }
        }
        let now = Moment::from(now);
        let mut laid = Laid::default();
        for id in ids {
            let steps = self.steps(id, past, now.after(-length), now);
            self.walk(id, now.after(-length), &steps, past.mix, &mut laid);
            if let Some(machine) = self.machines.get_mut(&id) {
                machine.trim(now);
                laid.waiting = laid.waiting.saturating_add(u32::try_from(machine.waiting.len()).unwrap_or(u32::MAX));
            }
        }
        Ok(laid)
    }

    /// What happens to a machine, in time order.
    fn steps(&mut self, id: i64, past: &Past, start: Moment, now: Moment) -> Vec<(Moment, Step)> {
        let zone = self.machines.get(&id).map(|machine| machine.zone(true)).unwrap_or(jiff::tz::TimeZone::UTC);
        let length = (now.0 - start.0).max(1);
        let days = length / DAY;
        let every = self.settings.report_every;
        let draw = Draw::new(start, length, None);
        let stream = self.random.get("history");
        let mut steps = Vec::new();
        for _ in 0..i64::from(past.per_day) * length / DAY {
            let at = draw.moment(stream, &zone);
            steps.push((at, Step::Want(stream.random(), u8::try_from(stream.random_range(0..100)).unwrap_or(0))));
        }
        // An operator comes every third morning or so; not in the last day and a half, so that something is low today.
        let mut visit = start.after(stream.random_range(0..DAY));
        for n in 0.. {
            if visit.0 >= now.0 - 3 * DAY / 2 {
                break;
            }
            steps.push((visit, Step::Visit(n)));
            visit = visit.after(3 * DAY + stream.random_range(-4 * HOUR..4 * HOUR));
        }
        for _ in 0..days / 10 {
            let at = start.after(stream.random_range(0..length));
            let repaired = at.after(stream.random_range(HOUR..6 * HOUR));
            if repaired < now {
                steps.push((at, Step::Break(stream.random())));
                steps.push((repaired, Step::Repair));
            }
        }
        // Of reports only two weeks are kept: one a day, and those of the last day as the settings have it.
        let first = start.0.max(now.0 - 14 * DAY);
        steps.extend((1..).map(|n| now.0 - n * DAY).take_while(|at| *at > first).map(|at| (Moment(at), Step::Read)));
        if !every.is_zero() {
            let every = seconds(every.signed()).max(60);
            let last = now.0.div_euclid(every) * every;
            let today = (0..).map(|n| last - n * every).take_while(|at| *at > first.max(now.0 - DAY));
            steps.extend(today.map(|at| (Moment(at), Step::Read)));
        }
        steps.sort();
        steps
    }

    /// Lets it happen. A modem that is silent has been so since it was heard of last.
    fn walk(&mut self, id: i64, start: Moment, steps: &[(Moment, Step)], mix: Mix, laid: &mut Laid) {
        let modem = self.machines.get(&id).and_then(|machine| machine.modem_id);
        let modem = modem.and_then(|modem| self.modems.get_mut(&modem));
        let mut silent = modem.filter(|modem| modem.offline && modem.heard.is_some()).and_then(|modem| {
            modem.offline = false;
            modem.heard
        });
        if let Some(since) = silent.take_if(|since| *since < start) {
            self.go_silent(id, since);
        }
        // Of what is sold nothing changes on the way.
        let offers = self.offers(id).unwrap_or_default();
        laid.refills += u32::from(self.refill(id, start));
        for (at, step) in steps {
            if let Some(since) = silent.take_if(|since| *since < *at) {
                self.go_silent(id, since);
            }
            let failing = self.machines.get(&id).is_some_and(|machine| !machine.failures.is_empty());
            match step {
                Step::Visit(n) => {
                    laid.refills += u32::from(self.refill(id, *at));
                    if n % 2 == 1 && self.collect(id, *at).is_ok() {
                        laid.collections += 1;
                    }
                }
                Step::Read => {
                    self.read(id, *at, false);
                    laid.readings += 1;
                }
                Step::Break(way) if !failing => self.break_down(id, *way, *at, laid),
                Step::Repair if failing => drop(self.recover(id, None, *at)),
                Step::Want(pick, share) if !failing => {
                    let picked = usize::try_from(*pick).ok().and_then(|pick| offers.get(pick % offers.len().max(1)));
                    if let Some(offer) = picked {
                        // Two of five pay with a note.
                        self.want(id, offer, sort(mix, *share), pick / 1000 % 5 < 2, *at, laid);
                    }
                }
                Step::Break(_) | Step::Repair | Step::Want(..) => {}
            }
        }
        if let Some(since) = silent {
            self.go_silent(id, since);
        }
    }

    fn go_silent(&mut self, id: i64, since: Moment) {
        // The modem was not silent a moment ago, so it can go silent.
        drop(self.go_offline(id, since.timestamp()));
    }

    fn break_down(&mut self, id: i64, way: u32, at: Moment, laid: &mut Laid) {
        let known = |code: &&str| self.event_codes.iter().any(|row| row.code == *code);
        let ways: Vec<&str> = WAYS.into_iter().filter(known).collect();
        let Some(code) = usize::try_from(way).ok().and_then(|way| ways.get(way % ways.len().max(1))).copied() else {
            return;
        };
        if self.fail(id, code, None, at).is_ok() {
            laid.failures += 1;
        }
    }

    /// Somebody wants something, and gets it unless it is sold out.
    fn want(
        &mut self,
        id: i64,
        offer: &Offer,
        (vend, payment): (Vend, Payment),
        by_note: bool,
        at: Moment,
        laid: &mut Laid,
    ) {
        if !self.is_in_stock(id, offer) {
            laid.sold_out += 1;
            return;
        }
        let price = if vend == Vend::Paid { offer.price } else { Roubles::default() };
        let sold = Sold {
            at,
            layout: Some(Arc::clone(&offer.layout)),
            name: Some(Arc::clone(&offer.name)),
            price,
            number: 1,
            discount: Roubles::default(),
            vend,
            payment,
        };
        let note = by_note.then(|| note_for(price)).flatten();
        let note = note.filter(|note| self.can_change(id, *note, price));
        self.pay(id, &sold, note);
        if let Some(machine) = self.machines.get_mut(&id) {
            count(machine, &sold);
        }
        laid.sales += 1;
        laid.value.0 = laid.value.0.saturating_add(price.0);
        self.emit(id, [Message::Sale(Held::new(sold, Some(offer.product)))]);
    }

    /// Whether the server's count has enough for one more.
    fn is_in_stock(&self, id: i64, offer: &Offer) -> bool {
        let Some((machine, product)) = self.machines.get(&id).zip(self.products.get(&offer.product)) else {
            return false;
        };
        product.components.iter().all(|part| {
            let layout = (!product.composite).then(|| offer.layout.to_string());
            machine.loading.0.get(&(part.id, layout)).is_some_and(|level| level.value >= part.volume)
        })
    }
}
