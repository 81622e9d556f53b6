//! Sums and lists of sales (T14).

use std::sync::Arc;

use stend_core::Timestamp;

use crate::errors::Error;
use crate::state::State;
use crate::state::access::Viewer;
use crate::state::machine::Machine;
use crate::state::number::Roubles;
use crate::state::sale::{Payment, Tallies, Tally, Vend, sorts};
use crate::state::settings::SummaryVends;
use crate::state::time::{Asked, Limits, Moment, SUMMARIES, default_zone};

/// A row of product statistics: what was sold of one thing at one moment at one price.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) time: Moment,
    pub(crate) layout: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) vend: Vend,
    pub(crate) payment: Payment,
    pub(crate) price: Roubles,
    pub(crate) number: u64,
    pub(crate) value: Roubles,
    pub(crate) discount: Roubles,
}

impl State {
    /// All sorts together that sums count.
    pub(crate) fn whole(&self, tallies: &Tallies) -> Tally {
        let counts = |vend| vend == Vend::Paid || self.settings.summary_vends == SummaryVends::All;
        let mut whole = Tally::default();
        sorts()
            .zip(tallies)
            .filter(|((vend, _), _)| counts(*vend))
            .for_each(|(_, tally)| whole.add(tally.number, tally.value));
        whole
    }

    /// Sums over all machines that somebody sees. With `local` every machine's period is that of its own zone.
    pub(crate) fn totals(&self, viewer: &Viewer, asked: &Asked, now: Timestamp) -> Result<Tallies, Error> {
        // What is wrong with the period is wrong without machines too.
        let usual = asked.period(&default_zone(), SUMMARIES, now)?;
        let mut zones: Vec<(&str, crate::state::time::Period)> = Vec::new();
        let mut sums = Tallies::default();
        for machine in self.seen(viewer) {
            let period = match machine.tz.as_deref().filter(|_| asked.local) {
                None => usual,
                Some(zone) => match zones.iter().find(|(known, _)| *known == zone) {
                    Some((_, period)) => *period,
                    None => {
                        let period = asked.period(&machine.zone(true), SUMMARIES, now)?;
                        zones.push((zone, period));
                        period
                    }
                },
            };
            for (sum, tally) in sums.iter_mut().zip(machine.sales.totals(period)) {
                sum.add(tally.number, tally.value);
            }
        }
        Ok(sums)
    }

    /// Sums of one machine.
    pub(crate) fn totals_of(
        &self,
        machine: &Machine,
        asked: &Asked,
        limits: Limits,
        now: Timestamp,
    ) -> Result<Tallies, Error> {
        Ok(machine.sales.totals(asked.period(&machine.zone(asked.local), limits, now)?))
    }

    /// What was sold, product by product, in time order.
    pub(crate) fn rows_of(
        &self,
        machine: &Machine,
        asked: &Asked,
        limits: Limits,
        now: Timestamp,
        wanted: impl Fn(Vend, Payment) -> bool,
    ) -> Result<Vec<Row>, Error> {
        let period = asked.period(&machine.zone(asked.local), limits, now)?;
        let mut rows: Vec<Row> = Vec::new();
        for sold in machine.sales.iter(period).filter(|sold| wanted(sold.vend, sold.payment)) {
            let value = sold.value();
            // A sale of which the machine does not tell the product is in the sums only.
            let (Some(layout), Some(name)) = (sold.layout, sold.name) else { continue };
            let same = rows.iter_mut().rev().take_while(|row| row.time == sold.at).find(|row| {
                row.layout == layout
                    && row.name == name
                    && (row.vend, row.payment) == (sold.vend, sold.payment)
                    && (row.price, row.discount) == (sold.price, sold.discount)
            });
            match same {
                Some(row) => {
                    row.number += u64::from(sold.number);
                    row.value.0 += value.0;
                }
                None => rows.push(Row {
                    time: sold.at,
                    layout,
                    name,
                    vend: sold.vend,
                    payment: sold.payment,
                    price: sold.price,
                    number: u64::from(sold.number),
                    value,
                    discount: sold.discount,
                }),
            }
        }
        Ok(rows)
    }
}

/// The sorts of which anything was sold.
pub(crate) fn by_sort(tallies: &Tallies) -> impl Iterator<Item = (Vend, Payment, Tally)> {
    sorts().zip(tallies).filter(|(_, tally)| tally.number > 0).map(|((vend, payment), tally)| (vend, payment, *tally))
}
