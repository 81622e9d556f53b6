//! Operators who come by themselves: they fill machines up and collect their cash, so that a world can run for months (T21).

use crate::state::State;
use crate::state::machine::Machine;
use crate::state::number::Roubles;
use crate::state::time::{Moment, seconds};

impl State {
    /// The next moment after `now` at which operators come, if the world wants that.
    pub(crate) fn next_visit(&self, now: Moment) -> Option<Moment> {
        let every = self.settings.visits_every;
        if every.is_zero() {
            return None;
        }
        let every = seconds(every.signed());
        Some(Moment(now.0.div_euclid(every).saturating_add(1).saturating_mul(every)))
    }

    /// An operator comes to every machine that has a modem: fills it up, and collects its cash. What a silent modem has to
    /// tell of it waits.
    pub(crate) fn visit_all(&mut self, at: Moment) -> usize {
        let with_modem = |machine: &&Machine| machine.modem_id.is_some_and(|id| self.modems.contains_key(&id));
        let ids: Vec<i64> = self.machines.values().filter(with_modem).map(|machine| machine.id).collect();
        for id in &ids {
            self.refill(*id, at);
            drop(self.collect(*id, at));
        }
        self.forget_old(at);
        ids.len()
    }

    /// Fills up goods and change; says whether there were goods to fill up.
    pub(crate) fn refill(&mut self, id: i64, at: Moment) -> bool {
        let lines = self.missing_from(id).unwrap_or_default();
        let filled = !lines.is_empty() && self.stock(id, lines, at).is_ok();
        let cash = self.machines.get(&id).and_then(|machine| machine.money.as_ref());
        if cash.is_none_or(|cash| cash.change < self.settings.low_change) {
            // The sum is within what a hand may load.
            drop(self.fill_change(id, Roubles::whole(500), at));
        }
        filled
    }
}
