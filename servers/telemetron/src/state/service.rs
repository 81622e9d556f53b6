//! Working state and service flags: both follow from what the machine holds and when things happened (T15).

use std::collections::BTreeMap;

use serde::Serialize;
use stend_core::{Span, Timestamp};

use crate::state::State;
use crate::state::machine::{Cash, Machine};
use crate::state::number::Quantity;
use crate::state::time::{Moment, seconds};

/// The flags that are set; each is printed only when it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Flags {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    low_change: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    need_loading: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_recent_sales: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_bills_in: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_coins_in: bool,
}

impl State {
    /// 0 unknown, 1 works, 2 does not, 3 no connection.
    pub(crate) fn working(&self, machine: &Machine) -> u8 {
        match machine.modem_id.and_then(|id| self.modems.get(&id)) {
            None => 0,
            Some(modem) if modem.offline => 3,
            Some(modem) if modem.heard.is_none() => 0,
            Some(_) if !machine.failures.is_empty() => 2,
            Some(_) => 1,
        }
    }

    /// The moments from which on time alone sets a flag: sales, notes, coins. Without connection nobody knows that
    /// there were none: the printed machine in state 3 has no flags, though its last sale is as old as its neighbour's.
    fn patience(&self, machine: &Machine) -> [Option<Moment>; 3] {
        if !self.is_online(machine) {
            return [None; 3];
        }
        let end = |last: Option<Moment>, patience: Span| Some(last?.after(seconds(patience.signed())));
        let last = &machine.last;
        [
            end(last.sale.or(machine.created_at), self.settings.no_sales),
            end(last.note, self.settings.no_bills),
            end(last.coin, self.settings.no_coins),
        ]
    }

    /// When time alone sets the machine's next flag.
    pub(crate) fn next_flag(&self, machine: &Machine, now: Timestamp) -> Timestamp {
        let ends = self.patience(machine).into_iter().flatten().map(Moment::timestamp);
        ends.filter(|end| *end > now).min().unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn service(&self, machine: &Machine, now: Timestamp) -> Option<Flags> {
        let [sales, notes, coins] = self.patience(machine).map(|end| end.is_some_and(|end| end <= Moment::from(now)));
        let flags = Flags {
            low_change: self.known_money(machine).is_some_and(|money| money.change < self.settings.low_change),
            need_loading: self.needs_loading(machine),
            no_recent_sales: sales,
            no_bills_in: notes,
            no_coins_in: coins,
        };
        Some(flags).filter(|flags| *flags != Flags::default())
    }

    /// The cash that the server knows of: without contact, as it was when there was one; without a modem, none.
    pub(crate) fn known_money<'m>(&self, machine: &'m Machine) -> Option<&'m Cash> {
        machine.modem_id?;
        if self.has_contact(machine) { machine.money.as_ref() } else { machine.last_known_money.as_ref() }
    }

    /// Whether some component is down to its critical level.
    fn needs_loading(&self, machine: &Machine) -> bool {
        let Some(planogram) = machine.planogram_id.and_then(|id| self.planograms.get(&id)) else { return false };
        if planogram.capacity.iter().all(|item| item.critical.is_none()) {
            return false;
        }
        let mut held: BTreeMap<i64, i64> = BTreeMap::new();
        for ((component, _), level) in &machine.loading.0 {
            let held: &mut i64 = held.entry(*component).or_default();
            *held = held.saturating_add(level.value.0);
        }
        planogram.capacity.iter().any(|item| {
            let held = Quantity::thousandths(held.get(&item.component_id).copied().unwrap_or(0));
            item.critical.is_some_and(|critical| held <= critical)
        })
    }
}
