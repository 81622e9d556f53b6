//! What a scenario can make happen: what customers, operators, machines and modems do. Money is in roubles.

mod cash;
mod fiscal;
pub(crate) mod generate;
mod modem;
mod sales;

use stend_core::Action;

use crate::Telemetron;

use cash::{Collect, InsertCoin, InsertNote, Load};
use fiscal::{IssueCorrection, IssueReceipt};
use modem::{Event, Fail, ModemOffline, ModemOnline, Ping, Recover};
use sales::{SeedHistory, SeedSales, Sell};

pub(crate) static ACTIONS: &[Action<Telemetron>] = &[
    Action::of::<Sell>(),
    Action::of::<InsertCoin>(),
    Action::of::<InsertNote>(),
    Action::of::<Collect>(),
    Action::of::<Load>(),
    Action::of::<Event>(),
    Action::of::<Fail>(),
    Action::of::<Recover>(),
    Action::of::<ModemOffline>(),
    Action::of::<ModemOnline>(),
    Action::of::<Ping>(),
    Action::of::<IssueReceipt>(),
    Action::of::<IssueCorrection>(),
    Action::of::<SeedSales>(),
    Action::of::<SeedHistory>(),
];

/// One, where a count is left out.
fn one() -> u32 {
    1
}
