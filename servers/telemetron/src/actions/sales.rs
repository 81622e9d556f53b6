//! Sales, one by one and in numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::service::Act;
use stend_core::{Problem, Span, Timestamp};

use super::one;
use crate::Telemetron;
use crate::state::State;
use crate::state::number::Roubles;
use crate::state::past::{Laid, Past};
use crate::state::sale::{Payment, Vend};
use crate::state::selling::{Flood, Mix, Sale, Seeded};

/// Arguments of `telemetron.sell`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"machine": 123, "layout": "A1", "payment": "cashless"}]))]
pub(super) struct Sell {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// The spiral or button; left out, the machine does not tell what was sold, and a price is needed.
    layout: Option<String>,
    /// What it is paid with.
    #[serde(default)]
    payment: Payment,
    /// What one costs, in roubles; left out, the planogram's price less the discount, and nothing if it is not paid.
    price: Option<Roubles>,
    /// What is taken off the price, in roubles.
    #[serde(default)]
    discount: Roubles,
    /// How it is given out.
    #[serde(rename = "type", default)]
    vend: Vend,
    /// How many.
    #[serde(default = "one")]
    count: u32,
    /// When it happened, at the latest now; left out, now.
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
}

/// What a sale came to.
#[derive(Debug, Serialize)]
pub(super) struct SaleMade {
    name: Option<String>,
    price: Roubles,
    value: Roubles,
    change: Roubles,
    delivered: bool,
}

impl Act<Telemetron> for Sell {
    const NAME: &'static str = "sell";
    const SUMMARY: &'static str =
        "A machine sells something: loading, statistics, time stamps, receipts and counters follow.";
    type Output = SaleMade;

    fn run(self, state: &mut State, now: Timestamp) -> Result<SaleMade, Problem> {
        let sale = Sale {
            layout: self.layout,
            price: self.price,
            discount: self.discount,
            vend: self.vend,
            payment: self.payment,
            count: self.count,
            without: Vec::new(),
        };
        let at = self.at.unwrap_or(now);
        if at > now {
            return Err(Problem::invalid(format!("{at} has not come yet: it is {now}")).under("at"));
        }
        let sold = state.sell(self.machine, &sale, at.into())?;
        let (name, price, value, change) = (sold.name, sold.price, sold.value, sold.change);
        Ok(SaleMade { name, price, value, change, delivered: sold.delivered })
    }
}

/// Arguments of `telemetron.seed_sales`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedSales {
    /// How many sales.
    count: u32,
    /// The machines; left out, all that have a modem and a planogram.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machines: Option<Vec<i64>>,
    /// The period's length.
    over: Span,
    /// The period's end; left out, now.
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
    /// 24 weights, one for each hour of the machine's day; left out, busy by day and quiet by night.
    hours: Option<Vec<f64>>,
    /// Of a hundred sales, how many are of which sort; the rest is sold for cash.
    #[serde(default)]
    mix: Mix,
    /// Whether they take from the loading.
    #[serde(default = "yes")]
    consume: bool,
}

fn yes() -> bool {
    true
}

impl Act<Telemetron> for SeedSales {
    const NAME: &'static str = "seed_sales";
    const SUMMARY: &'static str = "Many sales over a period that ends now or before, drawn by the world's seed.";
    type Output = Seeded;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Seeded, Problem> {
        let flood = Flood {
            machines: self.machines,
            count: self.count,
            over: self.over,
            until: self.until,
            hours: self.hours,
            mix: self.mix,
            consume: self.consume,
        };
        state.seed_sales(&flood, now)
    }
}

/// Arguments of `telemetron.seed_history`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedHistory {
    /// The length of the past, up to 100 days; it ends now.
    over: Span,
    /// The machines; left out, all that have a modem and a planogram.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machines: Option<Vec<i64>>,
    /// How many sales a machine has in a day, if it is not sold out.
    #[serde(default = "twenty")]
    per_day: u32,
    /// Of a hundred sales, how many are of which sort; the rest is sold for cash, some of it for notes.
    #[serde(default)]
    mix: Mix,
}

fn twenty() -> u32 {
    20
}

impl Act<Telemetron> for SeedHistory {
    const NAME: &'static str = "seed_history";
    const SUMMARY: &'static str =
        "A believable past that ends now: sales, refills, collections, failures, reports, drawn by the world's seed.";
    type Output = Laid;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Laid, Problem> {
        let past = Past { machines: self.machines, over: self.over, per_day: self.per_day, mix: self.mix };
        state.lay_past(&past, now)
    }
}
